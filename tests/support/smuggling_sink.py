"""An SMTP server that takes everything and keeps the bytes, in a process of its own so that it is fast enough for tens of thousands of
mails. It knows one end of data, CRLF dot CRLF; what comes in a place where no command belongs is kept as a stray.

    with Sink(chunking=True) as sink:
        ... sink.port
        mails, strays = sink.stop()     # raw bytes of each mail (with the final dot line after DATA), and strays
        sink.sessions
"""

import multiprocessing
import re
import socket
import threading

MAIL = re.compile(rb"MAIL FROM:<[^<>\s]+>( [A-Z0-9]+(=[!-~]+)?)*\r\n\Z")
RCPT = re.compile(rb"RCPT TO:<[^<>\s]+>( [A-Z0-9]+(=[!-~]+)?)*\r\n\Z")
BDAT = re.compile(rb"BDAT (\d+) LAST\r\n\Z")


class Session:
    def __init__(self, link, offer, mails, strays):
        self.link, self.offer, self.mails, self.strays = link, offer, mails, strays
        self.buffer, self.out, self.stage = b"", b"", "hello"

    def more(self):
        """Answers leave when nothing more is there to be read."""
        if self.out:
            self.link.sendall(self.out)
            self.out = b""
        got = self.link.recv(65536)
        if not got:
            raise EOFError
        self.buffer += got

    def run(self):
        try:
            self.out = b"220 sink.invalid ESMTP\r\n"
            while self.command():
                pass
            self.link.sendall(self.out)
        except (EOFError, OSError):
            if self.buffer:
                self.strays.append((self.stage, self.buffer))
        finally:
            self.link.close()

    def command(self):
        while (end := self.buffer.find(b"\n")) < 0:
            self.more()
        line, self.buffer = self.buffer[:end + 1], self.buffer[end + 1:]
        if line == b"QUIT\r\n" and self.stage == "mail":
            self.out += b"221 2.0.0 Bye\r\n"
            return False
        if self.stage == "hello" and line.startswith(b"EHLO ") and line.endswith(b"\r\n"):
            self.reply(self.offer, "mail")
        elif self.stage == "mail" and MAIL.match(line):
            self.reply(b"250 2.1.0 Ok\r\n", "rcpt")
        elif self.stage == "rcpt" and RCPT.match(line):
            self.reply(b"250 2.1.5 Ok\r\n", "content")
        elif self.stage == "content" and line == b"DATA\r\n":
            self.reply(b"354 Go\r\n", "content")
            self.take_until_dot()
        elif self.stage == "content" and (found := BDAT.match(line)):
            self.take(int(found[1]))
        else:
            self.strays.append((self.stage, line))
            self.out += b"502 5.5.1 Not here\r\n"
        return True

    def reply(self, text, stage):
        self.out += text
        self.stage = stage

    def take_until_dot(self):
        while (end := self.buffer.find(b"\r\n.\r\n")) < 0 and not self.buffer.startswith(b".\r\n"):
            self.more()
        self.take(3 if self.buffer.startswith(b".\r\n") else end + 5)

    def take(self, size):
        while len(self.buffer) < size:
            self.more()
        self.mails.append(self.buffer[:size])
        self.buffer = self.buffer[size:]
        self.reply(b"250 2.0.0 Kept\r\n", "mail")


def serve(listener, offer, results):
    """In the sink's own process; until somebody asks for the results."""
    mails, strays, sessions = [], [], []

    def accept():
        while True:
            link, _ = listener.accept()
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sessions.append(link)
            threading.Thread(target=Session(link, offer, mails, strays).run, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    results.recv()
    results.send((mails, strays, len(sessions)))


class Sink:
    def __init__(self, chunking=False):
        words = [b"sink.invalid", b"PIPELINING", b"8BITMIME", b"ENHANCEDSTATUSCODES", b"SIZE 60000000"]
        words += [b"CHUNKING"] if chunking else []
        self.offer = b"".join(b"250" + (b" " if word is words[-1] else b"-") + word + b"\r\n" for word in words)
        self.sessions = None

    def __enter__(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = listener.getsockname()[1]
        self.results, other = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=serve, args=(listener, self.offer, other), daemon=True)
        self.process.start()
        listener.close()
        return self

    def stop(self):
        """What came, and the end of the sink."""
        self.results.send("now")
        mails, strays, self.sessions = self.results.recv()
        self.process.join(10)
        return mails, strays

    def __exit__(self, *_):
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(10)
