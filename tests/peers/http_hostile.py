#!/usr/bin/env python3
"""Scripted HTTP servers play every fault, and every error that the providers document, against gatepostd and sendgrid.so, mailgun.so,
ses.so and azure.so; the exact verdict, blame and number of requests stand in http_hostile_table.py and http_hostile_said.py.

    tests/peers/http_hostile.py build/release/bin/gatepostd build/release/lib/gatepost [--only TEXT] [--list]

Each cell is a connection of its own to a peer of its own, so that all of them run at once. What is read is what a caller sees:
GET /v1/messages/ID, its attempts and its recipients. Beside the verdicts these hold for every cell:
  * an attempt costs the requests that its cell names, never one more: libcurl re-sends by itself what a kept connection swallowed;
  * what was deferred or rejected without an answer never reached the peer whole, what was accepted reached it whole, once;
  * where a redirect leads, nothing is ever heard;
  * the daemon lives; what is poured at it costs it less than 20 MB in all, and what is compressed stays so.
Then: what becomes of an unknown outcome by each rule, and that Azure is asked before it is sent anything twice.
"""
import argparse
import collections
import contextlib
import functools
import json
import pathlib
import re
import shutil
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import hostile_faults as faults  # noqa: E402
import http_hostile_said as documented  # noqa: E402
import http_hostile_table as table  # noqa: E402
import peers_base  # noqa: E402
from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from hostile_house import Certificates, House  # noqa: E402
from hostile_http_peer import HttpPeer, HttpScript  # noqa: E402
from hostile_play import FLOOD_MEGABYTES, Played, at_once, client_of, disturb, meaning, wait_for, within_memory  # noqa: E402

KEYS = {"sendgrid": {"api_key": "SG.hostile"}, "mailgun": {"api_key": "key-hostile", "domain": "mg.example.com"},
        "ses": {"region": "eu-central-1", "access_key_id": "AKIAHOSTILE", "secret_access_key": "hostile"},
        "azure": {"access_key": "aG9zdGlsZQ==", "lookups": False}}  # the look within the attempt is what counts here


@functools.cache
def mail(size):
    """A message's JSON but for its connection."""
    made = {"from": "noreply@example.com", "to": ["first@example.net"], "cc": ["second@example.net"], "subject": "Hostile",
            "text": "x" * table.SMALL}
    if size > table.SMALL:
        made["attachments"] = [{"filename": "a.bin", "content_type": "application/octet-stream", "content": "QUJD" * (size // 3)}]
    return json.dumps(made).encode()[:-1]


def nobody_there():
    """A port that is taken, and where nobody listens."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


class Running(Played):
    """A cell with its peer, its message and what was found."""

    def __init__(self, number, cell, house, certificates):
        self.cell, self.name, self.before = cell, f"c{number:03d}", 0
        self.target = house.add(HttpPeer(HttpScript())) if cell.redirect else None
        self.closed = nobody_there() if cell.refused else None
        self.peer = house.add(HttpPeer(self.script(certificates)))
        self.settings = {**KEYS[cell.provider], "timeout_seconds": cell.patience, **self.place(certificates)}
        self.wanted = [meaning(cell.verdict)] * 2

    def script(self, certificates):
        cell = self.cell
        made = HttpScript(cell.step, cell.fault, self.redirecting(cell.reply), small_window=cell.size > table.SMALL)
        if cell.look:
            made.look = cell.look
        if cell.step.startswith("kept"):
            made.first_reply = table.GOOD[cell.provider]
        if cell.certificate:
            made.context = certificates.context(*cell.certificate)
        return made

    def redirecting(self, reply):
        if self.target is None:
            return reply
        return table.Reply(reply.status, reply.body, (("Location", f"http://127.0.0.1:{self.target.port}/v3/mail/send"),))

    def place(self, certificates):
        if self.cell.tls:
            return {"endpoint": f"https://localhost:{self.peer.port}", "ca_file": str(certificates.ca)}
        port = self.closed.getsockname()[1] if self.closed else self.peer.port
        return {"endpoint": f"http://127.0.0.1:{port}", "allow_http": True}

    def post(self, client, size=None):
        tail = f', "connection": "{self.name}"}}'.encode()
        self.submit(client, "/v1/messages", mail(size or self.cell.size) + tail, "application/json")

    def look(self, client):
        return super().look(client) and self.message["status"] == (self.cell.until or self.message["status"])

    def complaints(self):
        """What is not as it shall be, as sentences."""
        if self.message is None:
            return ["no attempt ended"]
        return self.verdicts_of(self.message) + self.at_the_peer(self.message) + self.waits(self.message)

    def at_the_peer(self, found):
        out, cell = [], self.cell
        posts, looks, whole = self.peer.count("POST"), self.peer.count("GET"), self.peer.count("POST", whole=True)
        first = 1 if cell.kept else 0
        if posts != cell.posts + first or looks != cell.looks:
            out.append(f"{posts - first} requests and {looks} looks, not {cell.posts} and {cell.looks}")
        unanswered = not any("code" in one for one in found["recipients"])
        if cell.verdict[0] in "dr" and unanswered and whole != first:
            out.append(f"certainly not taken over, but {whole - first} arrived whole")
        if cell.verdict == "ok" and whole != 1 + first:
            out.append(f"accepted, and {whole - first} arrived whole")
        if self.target is not None and self.target.sessions:
            out.append("it went where the redirect led")
        return out

    def waits(self, found):
        if not self.cell.wait or "next_attempt" not in found:
            return ["no next attempt"] if self.cell.wait else []
        seconds = when(found["next_attempt"]) - when(found["attempts"][0]["ended"])
        least, most = self.cell.wait - self.cell.slack - 0.05, self.cell.wait + 1.5
        return [] if least <= seconds <= most else [f"waits {seconds:.2f} s, not {self.cell.wait}"]


def when(text):
    """Seconds since 1970 of "2026-11-22T22:06:25.553Z"."""
    whole, fraction = text.rstrip("Z").split(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction)


def play(given, cells, certificates, what, memory=False, first="1d"):
    """Runs cells at once; gives the sentences about those that came out otherwise."""
    if not cells:
        return []
    begun = time.monotonic()
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as gateway:
        running = [Running(number, cell, house, certificates) for number, cell in enumerate(cells)]
        gateway.settings({"retry": {"first": first, "max": "7d", "unknown_delay": "1d"}})
        for one in running:
            gateway.connection(one.name, one.cell.provider, one.settings)
        warm = house.add(HttpPeer(HttpScript(reply=table.GOOD["sendgrid"])))
        gateway.connection("warm", "sendgrid", {**KEYS["sendgrid"], "endpoint": f"http://127.0.0.1:{warm.port}", "allow_http": True})
        gateway.start()
        politely(gateway, 3)
        client, grown = client_of(gateway), []
        with within_memory(gateway, FLOOD_MEGABYTES, grown) if memory else contextlib.nullcontext():
            wrong = judged(running, client, what)
        if memory:
            poured = sum(getattr(one.peer, "flooded", 0) for one in running) / 1e6
            what += f" ({grown[0]:.1f} MB more at the most; {poured:.1f} MB were poured before it hung up)"
        politely(gateway, 1)
        print(f"{what}: {len(cells)} cells, {len(wrong)} wrong, {time.monotonic() - begun:.1f} s", flush=True)
        return wrong


def politely(gateway, times):
    for _ in range(times):
        gateway.wait_for(gateway.send({"from": "a@example.com", "to": ["b@example.net"], "subject": "Warm", "text": "x",
                                       "connection": "warm"}), "sent")


def judged(running, client, what):
    kept = [one for one in running if one.cell.kept]
    for one in running:
        one.post(client, table.SMALL if one.cell.kept else None)
    disturb(kept, client, lambda one: one.cell.fault if one.cell.step == "parked" else None)
    for one in kept:
        one.post(client)  # the second mail is the one that is judged
    wait_for(running, client, what)
    return [f"{one.cell.name}: {sentence}" for one in running for sentence in one.complaints()]


# ---- after an unknown outcome ----------------------------------------------------------------------------------


def ended(gateway, identifier):
    message = gateway.message(identifier)
    return message if message["attempts"] and "ended" in message["attempts"][0] and message["recipients"][0].get("verdict") else None


def is_sent(gateway, identifier):
    message = gateway.message(identifier)
    return message if message["status"] == "sent" else None


def by_the_rule(given):
    """The second copy of a mail whose end is unknown: not before unknown_delay and marked, or never; never where Azure has it."""
    delay = 3
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as gateway:
        gateway.settings({"retry": {"first": "1s", "unknown_delay": f"{delay}s"}})
        peers = {}
        for provider in table.PROVIDERS:
            for rule in ("retry", "hold"):
                name = f"{provider}-{rule}"
                script = HttpScript("answer", faults.reset, table.GOOD[provider], most_faults=1)
                peers[name] = house.add(HttpPeer(script))
                settings = {**KEYS[provider], "endpoint": f"http://127.0.0.1:{peers[name].port}", "allow_http": True}
                gateway.connection(name, provider, settings, on_unknown=rule)
        gateway.start()
        sent = {name: gateway.send({"from": "a@example.com", "to": ["b@example.net"], "subject": "Rule", "text": "x", "connection": name})
                for name in peers}
        for name, identifier in sent.items():
            message = wait_until(lambda one=identifier: ended(gateway, one), 20, name)
            status = "held" if name.endswith("hold") else "unknown"
            expect(message["status"] == status and message["attempts"][0]["results"][0]["verdict"] == "unknown", f"{name}: {message}")
        peers["azure-retry"].script.look = documented.operation("Succeeded")
        for name in (name for name in peers if name.endswith("retry")):
            second_copy(gateway, name, sent[name], peers[name], delay)
        for name in (name for name in peers if name.endswith("hold")):
            expect(gateway.message(sent[name])["status"] == "held" and peers[name].count("POST") == 1, f"{name}: tried again")
    print(f"unknown: retry gave one marked copy, not before {delay} s, and none where Azure had it; hold gave none", flush=True)
    return []


def second_copy(gateway, name, identifier, peer, delay):
    message = wait_until(lambda: is_sent(gateway, identifier), 30, f"{name}: the second attempt")
    begun, again = (when(one["started"]) for one in message["attempts"])
    expect(again - begun >= delay, f"{name}: tried again after {again - begun:.2f} s, {delay} s are the least")
    posts = [one for one in peer.seen if one.method == "POST"]
    if name.startswith("azure"):
        expect(len(posts) == 1 and peer.count("GET") == 2, f"{name}: {[(one.method, one.target) for one in peer.seen]}")
        return
    expect(len(posts) == 2 and posts[0].body == posts[1].body, f"{name}: the copies differ")
    expect(message["recipients"][0].get("possible_duplicate"), f"{name}: not marked: {message}")


# ---- all of it ---------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path, help="lib/gatepost of the build folder")
    parser.add_argument("--only", default="", help="a regular expression; plays the cells whose name has it")
    parser.add_argument("--list", action="store_true", help="show the cells and play none")
    given = parser.parse_args()
    cells = [cell for cell in [*table.cells(), *documented.cells()] if re.search(given.only, cell.name)]
    if given.list:
        for cell in cells:
            print(f"{cell.name:60} {cell.verdict} {cell.posts}+{cell.looks}")
        return
    if not shutil.which("openssl"):
        raise peers_base.Skip("the certificates are made by the openssl program, which is not installed")
    run(given, cells)


def run(given, cells):
    begun = time.monotonic()
    with Gateway(given.gatepostd, given.libraries / "plugins", name="hostile") as scratch:
        certificates = Certificates(scratch.folder / "certificates")
        groups = {"floods": [one for one in cells if one.flood], "waits": [one for one in cells if one.wait],
                  "faults": [one for one in cells if not one.flood and not one.wait]}
        jobs = [lambda: play(given, groups["faults"], certificates, "fault x provider"),
                lambda: play(given, groups["floods"], certificates, "flood x provider", memory=True),
                lambda: play(given, groups["waits"], certificates, "429 x provider", first="10s")]
        if not given.only:
            jobs.append(lambda: by_the_rule(given))
        wrong = at_once(jobs)
    counted = collections.Counter(cell.verdict for cell in cells)
    print(f"{len(cells)} cells in {time.monotonic() - begun:.1f} s: " + ", ".join(f"{name} {n}" for name, n in sorted(counted.items())))
    expect(not wrong, f"{len(wrong)} wrong:\n  " + "\n  ".join(wrong))


with peers_base.skipping():
    main()
