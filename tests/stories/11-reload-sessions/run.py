"""A server that allows one session, and a reload while mail flows: it never sees two, every mail comes once, and what was kept open says
QUIT, at a reload and at the end. The dialogue of a test can be looked at."""

import json
import os
import pathlib
import signal
import socketserver
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, Client, arguments, expect, gateway_of, request, wait_until  # noqa: E402


class Session(socketserver.StreamRequestHandler):
    """As little SMTP as a client needs; one command at a time."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        with self.server.lock:
            self.server.open += 1
            self.server.most = max(self.server.most, self.server.open)
            self.server.sessions += 1
        try:
            self.talk()
        except OSError:
            pass
        finally:
            with self.server.lock:
                self.server.open -= 1

    def talk(self):
        self.say("220 sink.example.com ESMTP")
        for line in self.rfile:
            verb = line.strip().upper().split(b" ")[0].split(b":")[0]
            if verb == b"EHLO":
                self.say("250-sink.example.com\r\n250-8BITMIME\r\n250 SIZE 50000000")
            elif verb == b"DATA":
                self.say("354 go on")
                self.server.mails.append(self.data())
                self.say("250 taken")
            elif verb == b"QUIT":
                with self.server.lock:
                    self.server.farewells += 1
                return self.say("221 bye")
            else:
                self.say("250 ok")

    def data(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        return b"".join(lines)


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.lock, self.mails = threading.Lock(), []
        self.open = self.most = self.sessions = self.farewells = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


def connect(gateway, sink, turn=0):
    settings = {"host": "127.0.0.1", "port": sink.server_address[1], "security": "none", "ehlo_name": f"client-{turn}.example.com"}
    gateway.connection("relay", "smtp", settings, {"concurrency": 1}, from_email="noreply@example.com")


def reload(gateway):
    before = gateway.stderr().count("daemon.reloaded")
    os.kill(gateway.pid(), signal.SIGHUP)
    wait_until(lambda: gateway.stderr().count("daemon.reloaded") > before, 20, "the reload is done")


def one_session(gateway, sink):
    sent, stopping = [], threading.Event()

    def load():
        while not stopping.is_set():
            answer = request(gateway.socket, "POST", "/v1/messages", MAIL)
            expect(answer.status == 202, f"{answer}")
            sent.append(answer.json["id"])

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(1, 9):
        before = len(sink.mails)
        wait_until(lambda: len(sink.mails) >= before + 10, 20, "mail flows")
        connect(gateway, sink, turn)
        reload(gateway)
    stopping.set()
    for thread in threads:
        thread.join()
    for identifier in sent:
        done = gateway.wait_for(identifier, "sent", deadline=60)
        expect(len(done["attempts"]) == 1, f"at the first try: {done}")
    expect(len(sink.mails) == len(sent), f"{len(sent)} sent, {len(sink.mails)} came")
    expect(sink.most == 1, f"{sink.most} sessions at once")
    expect(sink.sessions >= 9, f"every reload made a new session: {sink.sessions}")
    wait_until(lambda: sink.sessions - sink.farewells <= 1, 10, "what was replaced said QUIT")
    return len(sent)


def dialogue(gateway, cli):
    answer = gateway.post("/v1/connections/relay/test", {"trace": True}, headers={"Accept": "application/x-ndjson"})
    events = [json.loads(line) for line in answer.body.decode().splitlines()]
    said = [one["trace"] for one in events if "trace" in one]
    expect(any(one["direction"] == ">" and one["text"].startswith("EHLO ") for one in said), f"{said}")
    expect(any(one["direction"] == "<" and one["text"].startswith("220 ") for one in said), f"{said}")
    expect(all(isinstance(one["at_ms"], int) for one in said), f"{said}")
    expect("> EHLO " in cli("test", "relay", "--trace"), "the command line shows it too")
    expect("> EHLO" not in cli("test", "relay"), "but only when asked")


def main():
    given = arguments()
    sink = Sink()
    with gateway_of(given, outbox=False) as gateway:
        connect(gateway, sink)
        gateway.start()
        print(f"{one_session(gateway, sink)} mails over 8 reloads, {sink.sessions} sessions, one at a time")
        dialogue(gateway, Client(given, gateway))
        expect(gateway.stop() == 0, "it stops")
        wait_until(lambda: sink.open == 0, 5, "every session ended")
        expect(sink.farewells == sink.sessions, f"{sink.sessions} sessions, {sink.farewells} said QUIT")


main()
