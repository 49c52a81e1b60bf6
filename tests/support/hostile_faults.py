"""What a hostile peer does instead of its usual reply: callables (session, usual) for hostile_peer.Script.

Floods and drips stop when the client hangs up, and are bounded besides. A fault that returns lets the session go on politely: it
reads the next command. Over ends it.
"""

import contextlib
import socket
import threading
import time

GIB = 1 << 30
DRIPPED = 60  # bytes at most, one a second
FLOOD_SECONDS = 40


class Over(Exception):
    """The session has nothing more to say."""


# ---- the connection --------------------------------------------------------------------------------


def reset(session, _):
    session.reset()


def close(session, _):
    session.hang_up()


def half_close(session, _):
    session.link.shutdown(socket.SHUT_WR)
    if session.faulty("body") or session.script.step == "parked":
        return  # its own thread reads on
    session.drain()


def silence(session, _):
    """Nothing, while the session stands."""
    if session.script.step == "parked":
        session.mute = True
        return
    session.drain()


def stall(session, _):
    """Does not even read any more."""
    threading.Event().wait(getattr(session.peer, "stalls", FLOOD_SECONDS))
    session.hang_up()


def drip(session, usual):
    """One byte a second; a reply that ends is a reply."""
    short = usual if usual.startswith(b"\x16") else usual[:3] + b" x\r\n"
    for byte in short[:DRIPPED]:
        session.send(bytes([byte]))
        time.sleep(1)  # the fault itself


def drip_on(session, usual):
    """One byte a second, and no end; the side that reads goes on."""
    def trickle():
        end = time.monotonic() + FLOOD_SECONDS
        with contextlib.suppress(OSError, ValueError):
            while time.monotonic() < end:
                session.link.sendall(b"x")
                time.sleep(1)  # the fault itself

    session.link.sendall(usual[:3] + b"-")
    if session.faulty("body"):
        threading.Thread(target=trickle, daemon=True).start()
        return
    trickle()
    session.hang_up()


# ---- too much --------------------------------------------------------------------------------------


def flood(session, piece, most):
    """Sends until the client hangs up; the side that reads goes on, so that neither waits for the other."""
    def pour(sent=0):
        end = time.monotonic() + FLOOD_SECONDS
        with contextlib.suppress(OSError, ValueError):
            while sent < most and time.monotonic() < end:
                session.link.sendall(piece)
                sent += len(piece)
        session.peer.flooded = getattr(session.peer, "flooded", 0) + sent

    if session.faulty("body"):
        session.link.sendall(piece)  # before it reads on
        threading.Thread(target=pour, args=(len(piece),), daemon=True).start()
        return
    pour()
    session.hang_up()


def endless(session, usual):
    flood(session, (usual[:3] + b"-and more\r\n") * 4096, GIB)


def gib_line(session, usual):
    session.send(usual[:3] + b" ")
    flood(session, b"x" * 65536, GIB)


def many(session, usual):
    """The usual answer, and ten thousand more to the same command."""
    session.send(usual + b"250 and one more\r\n" * 10_000)


def asks_on(session, _):
    """One challenge after the other, whatever is answered."""
    while True:
        session.send(b"334 eA==\r\n")
        session.line()


def farewell(session, usual):
    """Half an answer, and the orderly end of TLS; the connection stands, and is read."""
    session.send(usual[:2])
    with contextlib.suppress(OSError):
        session.link.settimeout(2)
        session.link.unwrap()
    with contextlib.suppress(OSError, ValueError):
        session.drain()


# ---- odd bytes ---------------------------------------------------------------------------------------


def nul(session, usual):
    session.send(usual[:4] + b"a\0b\0" + usual[4:])


def eight_bit(session, usual):
    session.send(usual[:4] + b"\xff\xe9\x80 \xc3\xbc " + usual[4:])


def nul_first(session, usual):
    session.send(b"\0" + usual)


def two_digits(session, usual):
    session.send(usual[:2] + usual[3:])


def four_digits(session, usual):
    session.send(usual[:3] + b"0" + usual[3:])


def garbage(session, _):
    session.send(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")


def binary(session, _):
    session.send(bytes(range(256)) * 4 + b"\r\n")


def disagree(session, usual):
    session.send(usual[:3] + b"-x\r\n" + (b"550" if usual[:1] in b"23" else b"250") + b" y\r\n")


# ---- replies -------------------------------------------------------------------------------------------

# What would be the right answer to the next command.
NEXT = {"greeting": b"250 x\r\n", "ehlo": b"250 x\r\n", "starttls": b"250 AUTH PLAIN\r\n", "ehlo2": b"250 x\r\n",
        "auth": b"334 x\r\n", "challenge": b"235 x\r\n", "login": b"250 x\r\n", "mail": b"250 x\r\n", "rcpt": b"354 x\r\n",
        "data": b"250 taken\r\n", "dot": b"250 x\r\n", "bdat": b"250 x\r\n", "quit": b"250 x\r\n"}


def early(session, usual):
    """The answer to the next command too."""
    pipelined = b"PIPELINING" in session.script.offers
    more = NEXT.get(session.script.step, b"")
    if pipelined and session.script.step == "rcpt":
        more = b"354 x\r\n250 taken\r\n"
    if pipelined and session.script.step == "mail":
        more = b"250 x\r\n250 taken\r\n"
    session.send(usual + more)


def says(text, then=None):
    """Another reply than the usual; `then` is what follows on the connection."""
    def play(session, _):
        session.send(text)
        if then is not None:
            then(session, b"")
    return play


closing = says(b"421 4.3.2 Going down\r\n", close)
later = says(b"451 4.3.0 Later\r\n")
never = says(b"550 5.0.0 Never\r\n")
