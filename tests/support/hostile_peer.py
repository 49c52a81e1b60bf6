"""An SMTP server of our own that plays one fault at one step, and is polite everywhere else. Standard library and openssl.

    with House() as house:
        peer = house.add(Peer(Script("rcpt", faults.reset)))
        ... peer.port; peer.mails; peer.commands; peer.sessions

Each peer has a port of its own; a thread plays each session. The steps, in the order of a session: greeting, ehlo, starttls,
handshake, ehlo2 (behind TLS), auth, challenge, login (the first, second and last answer to AUTH), mail, rcpt, data, body (while
the message comes in), dot (the answer to a message after DATA), bdat (after BDAT), quit. `parked` is a session that is kept: the
test itself calls peer.disturb(). Whatever a fault sends, it stops when the other side hangs up.
"""

import dataclasses
import ssl
import time

import hostile_faults as faults
from hostile_house import BODY_BEFORE_FAULT, Link, Listener

PLAIN = (b"SIZE 60000000", b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES")


@dataclasses.dataclass
class Script:
    step: str = ""  # where the fault happens; "" nowhere
    fault: object = None  # callable(session, usual)
    offers: tuple = PLAIN
    offers_tls: tuple = PLAIN
    context: ssl.SSLContext = None
    tls: bool = False  # from the first byte
    most_faults: int = 1 << 30  # sessions in which it happens; later ones are polite
    replies: dict = dataclasses.field(default_factory=dict)  # step -> bytes, or a list of them for one command after the other
    lmtp: bool = False
    small_window: bool = False
    behind_starttls: bytes = b""
    behind_starttls_after: float = 0.0


def unstuffed(content):
    """What came by DATA, without the dots that were doubled."""
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in content.split(b"\r\n"))


class Session(Link):
    def __init__(self, peer, link, number):
        super().__init__(peer, link, number)
        self.secure = False
        self.taken = 0  # octets of the body
        self.recipients = 0
        self.said = {}

    # ---- bytes ------------------------------------------------------------------------------------

    def line(self):
        while b"\n" not in self.buffer:
            self.buffer += self.more()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r")

    # ---- steps ------------------------------------------------------------------------------------

    def answer(self, step, usual):
        """The usual reply to a step, another one that the script names, or the fault."""
        wanted = self.script.replies.get(step, usual)
        if isinstance(wanted, list):
            at = self.said[step] = self.said.get(step, -1) + 1
            wanted = wanted[min(at, len(wanted) - 1)]
        if self.faulty(step):
            self.script.fault(self, wanted)
        else:
            self.send(wanted)
        return wanted[:1] in b"23"

    def talk(self):
        if self.script.tls:
            self.handshake()
        self.answer("greeting", b"220 peer.invalid ESMTP\r\n")
        while True:
            line = self.line()
            self.peer.commands.append((self.number, self.secure, line))
            verb = line.upper().split(b" ")[0]
            if verb == b"QUIT":
                self.answer("quit", b"221 2.0.0 Bye\r\n")
                return
            handler = getattr(self, "on_" + verb.decode("ascii", "replace").lower(), None)
            if handler is None:
                self.send(b"502 5.5.1 What?\r\n")
            else:
                handler(line)

    def on_ehlo(self, _):
        offers = self.script.offers_tls if self.secure else self.script.offers
        lines = [b"peer.invalid", *offers]
        usual = b"".join(b"250" + (b"-" if one is not lines[-1] else b" ") + one + b"\r\n" for one in lines)
        self.answer("ehlo2" if self.secure and not self.script.tls else "ehlo", usual)

    on_lhlo = on_ehlo

    def on_helo(self, _):
        self.answer("helo", b"250 peer.invalid\r\n")

    def on_starttls(self, _):
        if not self.answer("starttls", b"220 2.0.0 Go\r\n"):
            return
        if self.script.behind_starttls:
            time.sleep(self.script.behind_starttls_after)  # so that it is a segment of its own
            self.send(self.script.behind_starttls)
        self.handshake()

    def handshake(self):
        super().handshake()
        self.secure = True

    def on_auth(self, line):
        self.peer.logins.append(self.secure)
        words = line.split(b" ")
        if words[1].upper() == b"LOGIN":
            if not self.answer("auth", b"334 VXNlcm5hbWU6\r\n"):
                return
            self.line()
            if not self.answer("challenge", b"334 UGFzc3dvcmQ6\r\n"):
                return
            self.line()
            self.answer("login", b"235 2.7.0 Welcome\r\n")
        else:
            self.answer("login", b"235 2.7.0 Welcome\r\n")

    def on_mail(self, line):
        self.recipients = 0
        if "cut" in self.script.replies:
            return self.cut(int(line.split(b"cut-")[1].split(b"@")[0]), *self.script.replies["cut"])
        self.answer("mail", b"250 2.1.0 Ok\r\n")

    def on_rcpt(self, _):
        self.recipients += self.answer("rcpt", b"250 2.1.5 Ok\r\n")

    def on_rset(self, _):
        self.answer("rset", b"250 2.0.0 Ok\r\n")

    def on_data(self, _):
        if not self.answer("data", b"354 Go\r\n" if self.recipients else b"503 5.5.1 No recipients\r\n"):
            return
        # Nothing is pipelined behind a final dot, so it is the end of what is there.
        content = self.body(lambda got: got[-5:] == b"\r\n.\r\n" or got == b".\r\n")
        whole = len(content) > 3
        if whole:
            self.peer.mails.append(unstuffed(content[:-3]))
        else:
            self.peer.lone_dots += 1
        self.after_message("dot", whole)

    def on_bdat(self, line):
        size = int(line.split()[1])
        content = self.body(lambda got: len(got) >= size)
        self.buffer = content[size:]
        if self.recipients:
            self.peer.mails.append(content[:size])
        self.after_message("bdat", self.recipients > 0)

    def after_message(self, step, whole):
        if self.faulty("body"):
            return  # what there was to say has been said
        if not whole:
            self.send(b"554 5.5.1 No valid recipients\r\n")
        elif self.script.lmtp:
            for _ in range(self.recipients):
                self.answer(step, b"250 2.0.0 Taken\r\n")
        else:
            self.answer(step, b"250 2.0.0 Ok: queued as HOSTILE\r\n")

    def cut(self, at, answers, ends):
        """The answers to a pipelined group in two pieces, or the first piece and the end. The sender's address says where."""
        self.line()  # RCPT
        content = self.line().split(b" ")
        if content[0] == b"BDAT":
            self.buffer = self.body(lambda got: len(got) >= int(content[1]))[int(content[1]):]
        self.send(answers[:at])
        if ends:
            self.hang_up()
        time.sleep(0.03)  # so that the rest is a segment of its own
        self.send(answers[at:])
        if content[0] == b"DATA":
            self.body(lambda got: got[-5:] == b"\r\n.\r\n")
            self.send(b"250 2.0.0 Taken\r\n")

    def body(self, whole):
        """Reads until whole(what is there); the fault of a body happens once its first part is in."""
        got, self.buffer = bytearray(self.buffer), b""
        if self.faulty("body"):
            while len(got) < BODY_BEFORE_FAULT:
                got += self.more()
            self.script.fault(self, b"250 2.0.0 Ok: queued as HOSTILE\r\n")
        while not whole(got):
            got += self.more()
        return bytes(got)


class Peer(Listener):
    link = Session

    def __init__(self, script):
        super().__init__(script)
        self.mails, self.commands, self.logins = [], [], []
        self.lone_dots = 0


def spoken(peer, session=0, secure=None):
    """The verbs that a session heard, in order."""
    return [line.split(b" ")[0].upper().decode("ascii", "replace") for number, safe, line in peer.commands
            if number == session and secure in (None, safe)]
