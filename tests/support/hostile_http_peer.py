"""An HTTP server of our own that plays one fault at one step, and is polite everywhere else. Standard library and openssl.

    with House() as house:
        peer = house.add(HttpPeer(HttpScript("answer", faults.reset, reply=Reply(202))))
        ... peer.port; peer.seen; peer.sessions

Steps: handshake; connect (before a byte is read); body (once the first 64 KiB of a large body are in); answer (the request is in
whole); kept (like answer, from the second request of a connection on); kept_body. `parked` is a connection that is kept: the test
itself calls peer.disturb(). Steps behind the connection are those of a POST; a GET is a question about a mail and is answered with
`look`. What a fault is given as the usual is the whole reply.
"""

import contextlib
import dataclasses
import email.utils
import gzip
import json
import ssl
import time

import hostile_faults as faults
from hostile_house import BODY_BEFORE_FAULT, Link, Listener

PIECE = 64 * 1024
BOMB_BYTES = 200 << 20  # inflated; 200 KB on the wire


@dataclasses.dataclass
class Reply:
    """An answer. A body that is no bytes becomes JSON; headers and JSON may hold {now+SECONDS}, {epoch+SECONDS}, {millis+SECONDS}."""

    status: object = 200
    body: object = b""
    headers: tuple = ()

    def rendered(self):
        body = self.body if isinstance(self.body, bytes) else timed(json.dumps(self.body)).encode()
        lines = [f"HTTP/1.1 {self.status} x", *(f"{name}: {timed(value)}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


def timed(value):
    """Times that only the moment of the answer knows."""
    for name, shown in (("{now+", lambda when: email.utils.formatdate(when, usegmt=True)), ("{epoch+", lambda when: str(int(when))),
                        ("{millis+", lambda when: str(int(when * 1000)))):
        if name in value:
            before, rest = value.split(name)
            seconds, after = rest.split("}", 1)
            return before + shown(time.time() + int(seconds)) + after
    return value


@dataclasses.dataclass
class HttpScript:
    step: str = ""  # where the fault happens; "" nowhere
    fault: object = None  # callable(session, usual)
    reply: Reply = dataclasses.field(default_factory=Reply)
    first_reply: Reply = None  # to the first request of a kept connection
    look: Reply = dataclasses.field(default_factory=lambda: Reply(404))
    context: ssl.SSLContext = None
    most_faults: int = 1 << 30  # connections in which it happens; later ones are polite
    small_window: bool = False


@dataclasses.dataclass
class Request:
    """One that was begun; `whole` once its last byte was read."""

    session: int
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes = b""
    whole: bool = False


class HttpSession(Link):
    posts = 0

    def talk(self):
        if self.script.context is not None:
            self.handshake()
        if self.faulty("connect"):
            self.script.fault(self, self.script.reply.rendered())
        while True:
            request = self.request()
            if request.method != "POST":
                self.send(self.script.look.rendered())
                continue
            self.posts += 1
            first = self.posts == 1 and self.script.first_reply is not None
            reply = (self.script.first_reply if first else self.script.reply).rendered()
            if self.faulty("answer") or (self.faulty("kept") and self.posts > 1):
                self.script.fault(self, reply)
            elif not (self.faulty("body") or (self.faulty("kept_body") and self.posts > 1)):
                self.send(reply)

    def request(self):
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        made = Request(self.number, method, target, headers)
        self.peer.seen.append(made)
        made.body = self.body(int(headers.get("content-length", 0)))
        made.whole = True
        return made

    def body(self, size):
        got, self.buffer = bytearray(self.buffer), b""
        if self.faulty("body") or (self.faulty("kept_body") and self.posts > 0):
            while len(got) < BODY_BEFORE_FAULT:
                got += self.more()
            self.script.fault(self, self.script.reply.rendered())
        while len(got) < size:
            got += self.more()
        return bytes(got)


class HttpPeer(Listener):
    link = HttpSession

    def __init__(self, script):
        super().__init__(script)
        self.seen = []

    def count(self, method, whole=None):
        return sum(one.method == method and whole in (None, one.whole) for one in self.seen)


# ---- faults of answers ------------------------------------------------------------------------------------


def parts(usual):
    head, _, body = usual.partition(b"\r\n\r\n")
    return head, body


def without_length(head):
    return b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length"))


def cut(at):
    """The first bytes of the answer, up to the place, and the end."""
    def play(session, usual):
        session.send(usual[:at(usual)])
        session.hang_up()
    return play


cut_status = cut(lambda usual: 11)
cut_head = cut(lambda usual: usual.index(b"\r\n\r\n") - 3)
cut_before_body = cut(lambda usual: usual.index(b"\r\n\r\n") + 2)


def cut_body(session, usual):
    """The head whole, half of the body, the end."""
    head, body = parts(usual)
    session.send(without_length(head) + b"\r\nContent-Length: %d\r\n\r\n" % (len(body) + 200) + body[:len(body) // 2])
    session.hang_up()


def with_length(text):
    """Another Content-Length than it has."""
    def play(session, usual):
        head, body = parts(usual)
        session.send(without_length(head) + b"\r\nContent-Length: " + text + b"\r\n\r\n" + body)
        session.drain()
    return play


def too_short(session, usual):
    """More of a body than the Content-Length says."""
    head, body = parts(usual)
    session.send(without_length(head) + b"\r\nContent-Length: %d\r\n\r\n" % (len(body) // 2) + body)


def until_the_end(session, usual):
    """No length: the body ends with the connection."""
    head, body = parts(usual)
    session.send(without_length(head) + b"\r\n\r\n" + body)
    session.hang_up()


def farewell(session, _):
    """A TLS connection that is closed as it should be: something lies on it before its end."""
    session.link.setblocking(False)
    with contextlib.suppress(ssl.SSLError):
        session.link.unwrap()
    session.hang_up()


def first_line(text):
    """Another status line."""
    def play(session, usual):
        session.send(text + usual[usual.index(b"\r\n"):])
    return play


def before(text):
    def play(session, usual):
        session.send(text + usual)
    return play


def behind(text):
    def play(session, usual):
        session.send(usual + text)
    return play


def drip(session, usual):
    for byte in usual:
        session.send(bytes([byte]))
        time.sleep(0.005)  # the fault itself


def drip_on(session, usual):
    """Head lines that come drop by drop and never end."""
    session.send(usual[:usual.index(b"\r\n") + 2])
    for _ in range(400):
        session.send(b"X")
        time.sleep(0.05)  # the fault itself
    session.hang_up()


def chunks(*lines):
    """The body chunked, then lines that are no chunk."""
    def play(session, usual):
        head, body = parts(usual)
        pieces = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body)
        session.send(without_length(head) + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"".join(lines))
        if lines[-1] != b"0\r\n\r\n":
            session.hang_up()
    return play


def ten_megabytes(session, usual):
    """The body, and then ten megabytes of blanks."""
    head, body = parts(usual)
    session.send(without_length(head) + b"\r\nContent-Length: %d\r\n\r\n" % (len(body) + 10_000_000) + body)
    faults.flood(session, b" " * PIECE, 10_000_000)


def ten_megabytes_of_json(session, usual):
    """A JSON that does not end within what anybody reads."""
    head, _ = parts(usual)
    session.send(without_length(head) + b"\r\nContent-Length: 10000010\r\n\r\n" + b'{"words":"')
    faults.flood(session, b"x" * PIECE, 10_000_000)


def endless_head(session, usual):
    session.send(usual[:usual.index(b"\r\n") + 2])
    faults.flood(session, b"X-More: and more\r\n" * 4096, faults.GIB)


def gib_line(session, usual):
    session.send(usual[:usual.index(b"\r\n") + 2] + b"X-Long: ")
    faults.flood(session, b"x" * PIECE, faults.GIB)


def gib_status(session, _):
    session.send(b"HTTP/1.1 202 ")
    faults.flood(session, b"x" * PIECE, faults.GIB)


def endless_body(session, usual):
    head, body = parts(usual)
    session.send(without_length(head) + b"\r\n\r\n" + body)
    faults.flood(session, b" " * PIECE, faults.GIB)


def endless_chunks(session, usual):
    head, _ = parts(usual)
    session.send(without_length(head) + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    faults.flood(session, b"10000\r\n" + b" " * 65536 + b"\r\n", faults.GIB)


def endless_interim(session, _):
    faults.flood(session, b"HTTP/1.1 100 Continue\r\n\r\n" * 2048, faults.GIB)


def inflated_memory():
    return gzip.compress(bytes(BOMB_BYTES), 9)
