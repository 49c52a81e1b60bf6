#!/usr/bin/env python3
"""A scripted SMTP server plays every step x every fault against gatepostd and smtp.so; the exact verdict, blame and certainty of
each stands in hostile_table.py.

    tests/peers/hostile.py build/release/bin/gatepostd build/release/lib/gatepost [--stalled] [--only TEXT] [--list]

Each cell is a connection of its own to a peer of its own, so that all of them run at once. What is read is what a caller sees:
GET /v1/messages/ID, its attempts and its recipients. Beside the verdicts these hold for every cell:
  * what was deferred or rejected without an answer never reached the peer whole; what was accepted reached it once;
  * whatever reached it whole, accepted or not, has the bytes of GET /v1/messages/ID/content, which are those that were handed in;
  * with security = "starttls" or "tls" neither a login nor a mail is said in clear, and a login only where the settings allow it;
  * the daemon lives, and a flood costs it less than 20 MB in all.
Then: replies cut at every byte, by a pause and by the end; what becomes of an unknown outcome by each rule; and what a login,
a mail and a message are told, in the words of real servers.
"""
import argparse
import collections
import contextlib
import pathlib
import re
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import hostile_table as table  # noqa: E402
import peers_base  # noqa: E402
from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from hostile_house import Certificates, House  # noqa: E402
from hostile_peer import Peer, Script, spoken  # noqa: E402
from hostile_play import DEADLINE, FLOOD_MEGABYTES, Played, at_once, client_of, disturb, meaning, wait_for, within_memory  # noqa: E402


STALLED = 180  # seconds that a block of the message may take


def mail(size, number):
    """Some lines begin with dots, which are doubled by DATA and not by BDAT."""
    line = b"%08d " % number + b"x" * 63 + b"\r\n"
    return (b"From: noreply@example.com\r\nTo: first@example.net\r\nSubject: Hostile\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <%d@example.com>\r\n\r\n.\r\n..dots\r\n" % number) + line * (size // len(line) + 1)


class Running(Played):
    """A cell with its peer, its message and what was found."""

    def __init__(self, number, cell, house, certificates, gateway):
        self.number, self.cell, self.gateway = number, cell, gateway
        script = Script(**cell.script)
        if cell.certificate:
            script.context = certificates.context(*cell.certificate)
        self.peer = house.add(Peer(script))
        if cell.stalls:
            self.peer.stalls = STALLED + 60
        self.name = f"c{number:03d}"
        self.settings = {"host": "127.0.0.1", "port": self.peer.port, "security": "none", "ehlo_name": "client.example",
                         "greeting_timeout": cell.patience, "command_timeout": cell.patience, "data_timeout": cell.patience,
                         "final_timeout": cell.patience, "connect_timeout": min(cell.patience, 10), **cell.settings}
        if self.settings["security"] != "none":
            self.settings |= {"host": "localhost", "ca_file": str(certificates.ca)}
        self.wanted = [meaning(word) for word in cell.expected.split()]

    def post(self, client):
        to = [f"{name}@example.net" for name in ("first", "second", "third")[:len(self.wanted)]]
        query = "&".join(["from=noreply@example.com", f"connection={self.name}", *(f"to={one}" for one in to)])
        self.posted = mail(self.cell.size, self.number)
        self.submit(client, "/v1/messages?" + query, self.posted, "message/rfc822")

    def complaints(self):
        """What is not as it shall be, as sentences."""
        if self.message is None:
            return ["no attempt ended"]
        return self.verdicts_of(self.message) + self.at_the_peer(self.message)

    def copies(self):
        return self.cell.copies + (1 if self.cell.parked else 0)

    def arrived(self):
        """A peer that said yes too early may still be reading."""
        end = time.monotonic() + 5
        while len(self.peer.mails) < self.copies() and time.monotonic() < end:
            time.sleep(0.02)
        return len(self.peer.mails) == self.copies()

    def at_the_peer(self, found):
        out, peer = [], self.peer
        verdicts = {one["verdict"] for one in found["recipients"]}
        texts = [one.get("text", "") for one in found["recipients"]]
        if not any(self.cell.text in one for one in texts):
            out.append(f"says {texts}, not {self.cell.text!r}")
        mails = len(peer.mails) - (1 if self.cell.parked else 0)
        unanswered = not any("code" in one for one in found["recipients"])
        if verdicts <= {"deferred", "rejected"} and unanswered and mails != 0:
            out.append(f"certainly not taken over, but {mails} arrived whole")
        if "accepted" in verdicts and not self.arrived():
            out.append(f"accepted, and {len(peer.mails)} arrived, not {self.copies()}")
        out += self.other_bytes()
        if self.settings["security"] in ("starttls", "tls"):
            clear = {verb for number in range(len(peer.sessions)) for verb in spoken(peer, number, secure=False)}
            if clear & set(table.NEVER_IN_CLEAR):
                out.append(f"in clear it said {sorted(clear)}")
        if peer.logins and "username" not in self.settings:
            out.append("it logged in without a username")
        if self.cell.sessions is not None and len(peer.sessions) != self.cell.sessions:
            out.append(f"{len(peer.sessions)} sessions, not {self.cell.sessions}")
        return out

    def other_bytes(self):
        """Of the mails that arrived whole."""
        rendered = self.gateway.get(f"/v1/messages/{self.identifier}/content").body
        out = [] if rendered == self.posted else [f"the gateway shows {rendered[:300]!r} ... as content, not what it was given"]
        for arrived in self.peer.mails:
            if arrived != rendered:
                at = next((i for i, (a, b) in enumerate(zip(arrived, rendered)) if a != b), min(len(arrived), len(rendered)))
                out.append(f"{len(arrived)} octets arrived of {len(rendered)}; from octet {at} {arrived[at:at + 60]!r}, "
                           f"not {rendered[at:at + 60]!r}")
        return out


def play(given, cells, certificates, what, memory=False):
    """Runs cells at once; gives the sentences about those that came out otherwise."""
    if not cells:
        return []
    begun = time.monotonic()
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as gateway:
        running = [Running(number, cell, house, certificates, gateway) for number, cell in enumerate(cells)]
        gateway.settings({"retry": {"first": "1d", "max": "7d", "unknown_delay": "1d"}})
        for one in running:
            gateway.connection(one.name, "smtp", one.settings)
        warm = house.add(Peer(Script()))
        gateway.connection("warm", "smtp", {"host": "127.0.0.1", "port": warm.port, "security": "none"})
        gateway.start()
        for _ in range(3):
            gateway.wait_for(gateway.send_raw(mail(500, 0), "a@example.com", ["b@example.net"], connection="warm"), "sent")
        client, grown = client_of(gateway), []
        with within_memory(gateway, FLOOD_MEGABYTES, grown) if memory else contextlib.nullcontext():
            for one in running:
                one.post(client)
            parked = [one for one in running if one.cell.parked]
            disturb(parked, client, lambda one: one.cell.parked)
            for one in parked:
                one.post(client)  # the second mail is the one that is judged
            wait_for(running, client, what, STALLED + 40 if any(one.cell.stalls for one in running) else DEADLINE)
            wrong = [f"{one.cell.name}: {sentence}" for one in running for sentence in one.complaints()]
        if memory:
            poured = sum(getattr(one.peer, "flooded", 0) for one in running) / 1e6
            what += f" ({grown[0]:.1f} MB more at the most; {poured:.1f} MB were poured before it hung up)"
        alive = gateway.send_raw(mail(500, 1), "a@example.com", ["b@example.net"], connection="warm")
        gateway.wait_for(alive, "sent")
        whole = sum(len(one.peer.mails) for one in running)
        print(f"{what}: {len(cells)} cells, {whole} mails arrived whole and were compared, {len(wrong)} wrong, "
              f"{time.monotonic() - begun:.1f} s", flush=True)
        return wrong


# ---- cut at every byte -------------------------------------------------------------------------------------


def cut_everywhere(given, chunking):
    """Pipelined answers in two pieces, the cut at every byte: sent. Only the first piece, and then the end: deferred before the
    message was handed over, unknown after it."""
    offers = (b"PIPELINING", b"8BITMIME", *((b"CHUNKING",) if chunking else ()))
    answers = b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n" + (b"250 2.0.0 Taken\r\n" if chunking else b"354 Go\r\n")
    wrong = []
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as gateway:
        gateway.settings({"retry": {"first": "1d", "max": "7d", "unknown_delay": "1d"}})
        for name, ends in (("pause", False), ("end", True)):
            peer = house.add(Peer(Script(offers=offers, replies={"cut": (answers, ends)})))
            gateway.connection(name, "smtp", {"host": "127.0.0.1", "port": peer.port, "security": "none"}, {"concurrency": 8})
        gateway.start()
        sent = {(name, at): gateway.send_raw(mail(100, at), f"cut-{at}@example.com", ["b@example.net"], connection=name)
                for at in range(1, len(answers)) for name in ("pause", "end")}
        for (name, at), identifier in sent.items():
            message = wait_until(lambda one=identifier: ended(gateway, one), 30, f"{name} at {at}")
            verdict = message["recipients"][0]["verdict"], message["recipients"][0].get("blame", "none")
            wanted = ("accepted", "none") if name == "pause" else ("unknown", "network") if chunking else ("deferred", "network")
            if verdict != wanted or len(message["attempts"]) != 1:
                wrong.append(f"{'BDAT' if chunking else 'DATA'}, {name} at byte {at}: {verdict}, {len(message['attempts'])} attempts")
        print(f"{'BDAT' if chunking else 'DATA'}: answers cut at {len(answers) - 1} places, by a pause and by the end: "
              f"{len(sent)} mails, {len(wrong)} wrong", flush=True)
    return wrong


def ended(gateway, identifier):
    message = gateway.message(identifier)
    return message if message["attempts"] and "ended" in message["attempts"][0] and message["recipients"][0].get("verdict") else None


def is_sent(gateway, identifier):
    message = gateway.message(identifier)
    return message if message["status"] == "sent" else None


# ---- after an unknown outcome ----------------------------------------------------------------------------------


def by_the_rule(given):
    """The second copy of a mail whose end is unknown: retry not before unknown_delay and marked; hold never."""
    delay = 3
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as gateway:
        gateway.settings({"retry": {"first": "1s", "unknown_delay": f"{delay}s"}})
        peers = {}
        for rule in ("retry", "hold"):
            peers[rule] = house.add(Peer(Script(step="dot", fault=lambda session, _: session.reset(), most_faults=1)))
            gateway.connection(rule, "smtp", {"host": "127.0.0.1", "port": peers[rule].port, "security": "none"}, on_unknown=rule)
        gateway.start()
        sent = {rule: gateway.send_raw(mail(100, 1), "a@example.com", ["b@example.net"], connection=rule) for rule in peers}
        first = {rule: wait_until(lambda one=identifier: ended(gateway, one), 10, rule) for rule, identifier in sent.items()}
        for rule, message in first.items():
            status = "held" if rule == "hold" else "unknown"
            expect(message["status"] == status, f"{rule}: {message}")
            expect(message["attempts"][0]["results"][0]["verdict"] == "unknown", f"{rule}: {message}")
        message = wait_until(lambda: is_sent(gateway, sent["retry"]), 20, "the second copy")
        apart = peers["retry"].arrivals[1] - peers["retry"].arrivals[0]
        expect(apart >= delay, f"the second copy came after {apart:.2f} s, {delay} s are the least")
        expect(message["recipients"][0].get("possible_duplicate"), f"not marked: {message}")
        expect(len(message["attempts"]) == 2, f"{message['attempts']}")
        copies = peers["retry"].mails
        expect(copies == [mail(100, 1)] * 2, f"these are not two copies of what was handed in: {copies}")
        expect(gateway.message(sent["hold"])["status"] == "held" and len(peers["hold"].sessions) == 1, "what is held was tried again")
        told = gateway.post(f"/v1/messages/{sent['hold']}/retry")
        expect(told.status in (200, 202), f"{told!r}")
        wait_until(lambda: is_sent(gateway, sent["hold"]), 20, "what was held is tried when somebody says so")
        print(f"unknown: retry gave one marked copy with the same bytes, not before {delay} s; hold gave none until it "
              "was told to", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--only", default="", help="cells whose name matches this")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--stalled", action="store_true", help="peers that stop reading, which takes three minutes")
    given = parser.parse_args()
    listed = list(table.stalled_cells()) if given.stalled else table.cells()
    cells = [cell for cell in listed if re.search(given.only, cell.name)]
    if given.list:
        for cell in cells:
            print(f"{cell.name:40} {cell.expected}")
        return
    if not shutil.which("openssl"):
        raise peers_base.Skip("the certificates are made by the openssl program, which is not installed")
    run(given, cells)


def run(given, cells):
    begun, wrong = time.monotonic(), []
    with Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as scratch:
        certificates = Certificates(scratch.folder / "certificates")
        jobs = [lambda: play(given, [one for one in cells if not one.flood], certificates, "step x fault"),
                lambda: play(given, [one for one in cells if one.flood], certificates, "step x flood", memory=True)]
        if not given.only and not given.stalled:
            jobs += [lambda: cut_everywhere(given, False) + cut_everywhere(given, True), lambda: by_the_rule(given) or []]
        wrong = at_once(jobs)
    counted = collections.Counter(table.word(cell) for cell in cells)
    print(f"{len(cells)} cells in {time.monotonic() - begun:.1f} s: " + ", ".join(f"{name} {n}" for name, n in sorted(counted.items())))
    expect(not wrong, f"{len(wrong)} wrong:\n  " + "\n  ".join(wrong))


with peers_base.skipping():
    main()
