"""An SMTP server of our own for what real ones cannot be made to do: it counts the sessions that are open at once, closes kept
sessions when told to, and waits before it answers a mail. Standard library, a thread a session.

    with Recorder() as peer:
        peer.port; peer.most_at_once(); peer.mails(); peer.close_idle()
"""

import re
import socket
import threading
import time

OFFER = "250-recorder.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 {more}\r\n"


class Session(threading.Thread):
    def __init__(self, peer, link):
        super().__init__(daemon=True)
        self.peer, self.link = peer, link
        self.file = link.makefile("rb")
        self.transactions = 0
        self.sender, self.recipients = None, []
        self.turn = threading.Lock()
        self.waiting = True  # between mails; under `turn`, so that a mail is hung up on before it begins or not at all

    def run(self):
        try:
            self._say("220 recorder.invalid ESMTP\r\n")
            while self._command(self.file.readline(65536)):
                pass
        except OSError:
            pass  # the client, or close_idle, ended it
        finally:
            self.peer.left(self)
            self.link.close()

    def hang_up(self, anyway):
        with self.turn:
            if not (self.waiting or anyway):
                return False
            try:
                self.link.shutdown(socket.SHUT_RDWR)
            except OSError:
                return False  # it left by itself
            return True

    def _say(self, text):
        self.link.sendall(text.encode())

    def _command(self, line):
        verb = line[:4].upper()
        if not line or verb == b"QUIT":
            if line:
                self._say("221 Bye\r\n")
            return False
        if verb in (b"EHLO", b"LHLO"):
            self.peer.heard(line[4:].strip().decode("ascii", "replace"))
            self._say(OFFER.format(more="CHUNKING" if self.peer.chunking else "HELP"))
        elif verb == b"MAIL":
            with self.turn:
                self.waiting = False
            self.sender, self.recipients = address(line), []
            self._say("250 2.1.0 Ok\r\n")
        elif verb == b"RCPT":
            self.recipients.append(address(line))
            self._say("250 2.1.5 Ok\r\n")
        elif verb == b"DATA":
            self._say("354 Go\r\n")
            self._take(self._dotted())
        elif verb == b"BDAT":
            self._take(self.file.read(int(line.split()[1])))
        else:
            self._say("250 2.0.0 Ok\r\n")
        return True

    def _dotted(self):
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise OSError("cut within DATA")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _take(self, content):
        if self.peer.seconds:
            time.sleep(self.peer.seconds)  # what a slow server does; no test waits for it
        self.transactions += 1
        self.peer.took(self.sender, tuple(self.recipients), content)
        self._say("451 4.3.0 Later\r\n" if self.peer.defers() else "250 2.0.0 Recorded\r\n")
        with self.turn:
            self.waiting = True


def address(line):
    return re.search(rb"<(.*?)>", line)[1].decode("utf-8", "replace")


class Recorder:
    def __init__(self, seconds=0.0, chunking=False, deferrals=0):
        """`deferrals`: so many contents are recorded, and put off by 451."""
        self.seconds, self.chunking, self.deferrals = seconds, chunking, deferrals
        self.lock = threading.Lock()
        self.open, self.most, self.begun, self.taken, self.hellos = set(), 0, 0, [], set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.close_idle(everyone=True)

    def _accept(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, link)
            with self.lock:
                self.open.add(session)
                self.begun += 1
                self.most = max(self.most, len(self.open))
            session.start()

    def defers(self):
        with self.lock:
            self.deferrals -= 1
            return self.deferrals >= 0

    def left(self, session):
        with self.lock:
            self.open.discard(session)

    def heard(self, name):
        with self.lock:
            self.hellos.add(name)

    def names(self):
        """What clients called themselves."""
        with self.lock:
            return set(self.hellos)

    def took(self, *mail):
        with self.lock:
            self.taken.append(mail)

    def mails(self):
        with self.lock:
            return list(self.taken)

    def most_at_once(self):
        return self.most

    def sessions_begun(self):
        return self.begun

    def sessions_open(self):
        with self.lock:
            return len(self.open)

    def close_idle(self, everyone=False):
        """Hangs up on kept sessions, without a word; gives how many."""
        with self.lock:
            chosen = [one for one in self.open if everyone or one.transactions]
        return sum(session.hang_up(everyone) for session in chosen)
