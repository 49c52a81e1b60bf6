"""End to end through smtp.so, in one run on one machine:

relay      4 KiB mails from 20 clients, durable in the gateway, to Postfix's smtp-sink; against Postfix relaying to the same
           smtp-sink (stock and tuned, the better counts), against nodemailer's pooled transport, which has no queue, and beside
           bare_client.cpp. The clock runs from the first mail until smtp-sink has counted the last. Everybody has 20 sessions:
           the gateway's connection gets `concurrency = 20` (smtp.so's own default, 5, is made for servers of others). Each line
           says what share of one CPU every process took.
round_trips one session at 20 ms there and back, through tests/support/delay_proxy.py, to tests/support/recorder.py: time for
           a mail over the round trip of a NOOP, with PIPELINING and with CHUNKING.
memory     one mail with a 25 MB attachment to smtp-sink: peak over idle.
"""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

from common import ROOT, body, claim, load, new_gateway, not_measured, peak, resident
from delay_proxy import DelayProxy
from gatepost_test import wait_until
from peers_base import HERE as SUPPORT
from peers_base import Skip
from peers_recording import node_modules
from postfix import Postfix, Sink
from recorder import Recorder

SIZE, CLIENTS = 4096, 20
TICKS = os.sysconf("SC_CLK_TCK")


def ticks(session):
    """CPU ticks of every process of a session, and of those it has waited for."""
    total = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session or int(folder.name) == session:
                total += sum(map(int, fields[11:15]))
    return total


class Clock:
    """with Clock({"sink": pid}) as clock: ...; clock.report() says seconds and each process's share of one CPU."""

    def __init__(self, processes):
        self.processes = dict(processes)

    def __enter__(self):
        self.before = {name: ticks(pid) for name, pid in self.processes.items()}
        self.own = os.times()
        self.begun = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begun
        self.shares = {name: (ticks(pid) - self.before[name]) / TICKS / self.seconds for name, pid in self.processes.items()}
        now = os.times()
        self.shares["client"] = (now.children_user + now.children_system - self.own.children_user - self.own.children_system) / self.seconds

    def report(self):
        return ", ".join(f"{name} {share * 100:.0f} %" for name, share in self.shares.items())


def arrived(sink, number, deadline=180):
    wait_until(lambda: sink.count() >= number, deadline, f"smtp-sink has counted {number}")


def gateway_to(sink, given, mails):
    settings = {"host": "127.0.0.1", "port": sink.port, "security": "none"}
    with new_gateway(given.build, ("sink", "smtp", settings, {"concurrency": CLIENTS})) as gateway:
        gateway.start()
        small = body(gateway, "small.json", SIZE)
        before = sink.count()
        load(given.build, gateway, small, clients=CLIENTS, requests=1000)
        arrived(sink, before + 1000)
        with Clock({"gatepostd": gateway.pid(), "smtp-sink": sink.process.pid}) as clock:
            accepted = load(given.build, gateway, small, clients=CLIENTS, requests=mails)
            arrived(sink, before + 1000 + mails)
        rate = mails / clock.seconds
        print(f"gatepostd to smtp-sink: {rate:.0f}/s end to end ({mails} mails; accepted at {accepted['rate']:.0f}/s); CPU {clock.report()}")
        return rate


def postfix_to(sink, given, mails, tuned):
    with Postfix(given.build.parent, tuned, relay=sink.port) as peer:
        before = sink.count()
        peer.accept(200, SIZE, CLIENTS)
        arrived(sink, before + 200)
        with Clock({"postfix": peer.process.pid, "smtp-sink": sink.process.pid}) as clock:
            accepted = peer.accept(mails, SIZE, CLIENTS)
            arrived(sink, before + 200 + mails)
        rate = mails / clock.seconds
        print(f"Postfix {'tuned' if tuned else 'stock'} to smtp-sink: {rate:.0f}/s end to end (accepted at {accepted:.0f}/s); "
              f"CPU {clock.report()}")
        return rate


def program_to(server, name, words, mails, environment=None):
    """A client that prints its rate as JSON; no queue, so its own clock counts. `server`: its name and process."""
    with Clock({server.name: server.process.pid}) as clock:
        done = subprocess.run(words, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed: {done.stderr}")
    rate = json.loads(done.stdout)["rate"]
    print(f"{name} to {server.name}: {rate:.0f}/s ({mails} mails, nothing kept); CPU {clock.report()}")
    return rate


def relay(given):
    folder = ROOT / "build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    seconds = given.seconds
    with contextlib.ExitStack() as stack:
        package = Postfix(given.build.parent, False)  # only unpacked: its smtp-sink serves all
        stack.callback(package._leave, False)
        sink = stack.enter_context(Sink(package, folder))
        ours = max(gateway_to(sink, given, int(seconds * 2500)) for _ in range(2))
        bare_words = [given.build / "bin/bare-client", str(sink.port), "--sessions", str(CLIENTS), "--size", str(SIZE), "--mails"]
        bare = max(program_to(sink, "bare client", [*bare_words, str(int(seconds * 10000))], int(seconds * 10000)) for _ in range(2))
        print(f"gatepostd's share of the bare client: {ours / bare:.2f}")
        try:
            modules, mails = node_modules(given.build.parent), int(seconds * 1000)
            words = ["node", SUPPORT / "node/pool.js", str(sink.port), str(CLIENTS), str(mails), str(SIZE)]
            node = max(program_to(sink, "nodemailer, pooled,", words, mails, {"NODE_PATH": str(modules)}) for _ in range(2))
            claim("end to end against nodemailer", ours / node, 3, "x", True)
        except Skip as reason:
            not_measured("against nodemailer", reason)
        if not given.skip_postfix:
            better = max(postfix_to(sink, given, int(seconds * 400), tuned) for tuned in (False, True))
            claim("end to end against the better Postfix", ours / better, 8, "x", True)


def noop_round_trip(port, times=20):
    with socket.create_connection(("127.0.0.1", port)) as link:
        file = link.makefile("rb")
        file.readline()
        begun = time.monotonic()
        for _ in range(times):
            link.sendall(b"NOOP\r\n")
            file.readline()
        return (time.monotonic() - begun) / times


def round_trips(given, mails=200):
    for chunking, limit in ((False, 2.3), (True, 1.3)):
        with Recorder(chunking=chunking) as peer, DelayProxy(peer.port, 10) as proxy:
            trip = noop_round_trip(proxy.port)
            settings = {"host": "127.0.0.1", "port": proxy.port, "security": "none", "max_messages_per_connection": 10_000}
            with new_gateway(given.build, ("far", "smtp", settings, {"concurrency": 1})) as gateway:
                gateway.start()
                small = body(gateway, "small.json", SIZE)
                load(given.build, gateway, small, clients=4, requests=20)
                wait_until(lambda: len(peer.mails()) == 20, 30, "the session is warm")
                begun = time.monotonic()
                load(given.build, gateway, small, clients=8, requests=mails)
                wait_until(lambda: len(peer.mails()) == 20 + mails, 60, "all have arrived")
                each = (time.monotonic() - begun) / mails
            name = "CHUNKING" if chunking else "PIPELINING"
            print(f"{name}: {each * 1000:.1f} ms a mail on {peer.sessions_begun() - 2} session at {trip * 1000:.1f} ms there and back")
            claim(f"round trips a mail with {name}", each / trip, limit, "", False)


def memory(given):
    package = Postfix(given.build.parent, False)
    with contextlib.ExitStack() as stack:
        stack.callback(package._leave, False)
        sink = stack.enter_context(Sink(package, ROOT / "build/bench"))
        settings = {"host": "127.0.0.1", "port": sink.port, "security": "none"}
        gateway = stack.enter_context(new_gateway(given.build, ("sink", "smtp", settings, None)))
        gateway.start()
        end = time.monotonic() + 2.5  # idle: the spool has given its cache back
        wait_until(lambda: time.monotonic() > end, 5)
        idle = resident(gateway)
        lines = ("From: a@example.com\nTo: b@example.net\nSubject: big\nMIME-Version: 1.0\nContent-Type: application/octet-stream\n"
                 "Content-Transfer-Encoding: base64\n\n").encode() + (b"QUJD" * 19 + b"\n") * ((25 << 20) * 4 // 3 // 76)
        gateway.wait_for(gateway.send_raw(lines, "a@example.com", ["b@example.net"]), "sent", deadline=60)
        claim("peak over idle, 25 MB attachment through smtp.so", peak(gateway) - idle, 40, " MB", False)


def run(given):
    if not (given.build / "lib/gatepost/plugins/smtp.so").exists():
        raise SystemExit("smtp.so is not built")
    relay(given)
    round_trips(given)
    memory(given)
