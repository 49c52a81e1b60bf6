#!/usr/bin/env python3
"""smtp.so by XOAUTH2 into nodemailer's smtp-server, which asks a token server of ours for every login whether the token is good.

The token server (tests/support/token_server.py) has the real wire format and counts what it is asked. Told here: mail arrives; a
token is renewed before it expires; many lanes get one token together; a token that the server refuses is renewed once, and one that
is refused for ever costs two logins an attempt; a busy token server is waited for; a service account signs for itself; and the
gateway is killed (SIGKILL) around the moments when refresh tokens rotate, again and again: it never loses the one that counts.
"""
import argparse
import contextlib
import json
import pathlib
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from peers_base import USER, certificate, quiet, skipping  # noqa: E402
from peers_recording import Nodemailer  # noqa: E402
from token_server import JWT_BEARER, Reply, TokenServer  # noqa: E402

MAIL = {"from": "noreply@example.com", "to": ["first@example.net"], "subject": "Token", "text": "Told\n"}


class House:
    """A peer, its token server and a gateway between; `more` is for the token server."""

    def __init__(self, given, oauth=None, limits=None, settings=None, **more):
        self.given, self.oauth, self.limits, self.settings = given, oauth or {}, limits or {"concurrency": 1}, settings or {}
        self.made = certificate(given.build)
        self.tokens = TokenServer(certificate=self.made, **more)
        # The mail server's own line to the tokens is in clear: what is under test is the gateway's.
        self.door = TokenServer()
        self.door.active = self.tokens.active
        self.peer = Nodemailer(given.build, tokens=self.door.url.replace("localhost", "127.0.0.1") + "/introspect")
        self.gateway = Gateway(given.gatepostd, given.libraries / "plugins", name="oauth")

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for one in (self.tokens, self.door, self.peer, self.gateway):
                stack.enter_context(one)
            self.begin()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *why):
        return self.stack.__exit__(*why)

    def begin(self):
        here = {"host": "localhost", "port": self.peer.port, "ca_file": str(self.made.ca), "username": USER, **self.settings}
        table = {"refresh_token": self.tokens.consent(), **self.oauth}
        self.gateway.settings({"retry": {"first": "1s"}})
        self.gateway.connection("peer", "smtp", here, self.limits, oauth=self.tokens.table(**table))
        self.gateway.start()

    def send(self, **more):
        return self.gateway.send({**MAIL, **more})

    def attempts(self, identifier, deadline=30):
        return len(self.gateway.wait_for(identifier, "sent", deadline=deadline)["attempts"])

    def logins(self):
        return sum(self.tokens.uses.values())

    def refusals(self):
        """Of /token, but for a device that waits."""
        return [error for _, error in self.tokens.refused]


def arrives(given):
    with House(given) as house:
        expect([house.attempts(house.send()) for _ in range(5)] == [1] * 5, "five mails, an attempt each")
        expect(house.peer.count() == 5, f"{house.peer.count()} arrived")
        expect(house.logins() == 1 and house.tokens.count() == 1, "one session, one login, one token")
        kind, form = house.tokens.seen[0]
        expect(kind == "refresh_token" and set(form) >= {"client_id", "client_secret", "refresh_token"}, f"{form}")
        said = house.gateway.post("/v1/connections/peer/test").json
        expect(said["success"] and {"login"} <= {one["id"] for one in said["stages"] if one["state"] == "passed"}, f"{said}")
        (token,) = house.tokens.access
        trace = json.dumps(house.gateway.post("/v1/connections/peer/test", {"trace": True}).json)
        expect("XOAUTH2" in trace and token not in trace and token not in house.gateway.stderr(), "the token is shown nowhere")
    return "five mails on one login"


def lanes(given):
    with House(given, limits={"concurrency": 6}) as house:
        house.tokens.before_answer = lambda grant: time.sleep(0.5)
        identifiers = [house.send() for _ in range(60)]
        expect({house.attempts(one) for one in identifiers} == {1}, "an attempt each")
        expect(house.logins() >= 2, f"{house.logins()} sessions: the lanes ran beside each other")
        expect(house.tokens.count() == 1, f"{house.tokens.count()} refreshes for {house.logins()} sessions")
        return f"one refresh for {house.logins()} sessions"


def renewed_in_time(given):
    """A session a mail, for longer than three tokens live: none of them is presented too late."""
    with House(given, settings={"max_messages_per_connection": 1}, expires_in=4) as house:
        begin, mails = time.monotonic(), 0
        while time.monotonic() < begin + 13:
            expect(house.attempts(house.send()) == 1, "an attempt each")
            mails += 1
        expect(house.logins() == mails, f"{house.logins()} logins for {mails} sessions: none was refused")
        expect(3 <= house.tokens.count() <= 13, f"{house.tokens.count()} tokens in 13 s, each good for 4")
        return f"{mails} mails, {house.tokens.count()} tokens of 4 s, none refused"


def refused_once(given):
    with House(given, settings={"max_messages_per_connection": 1}) as house:
        house.attempts(house.send())
        house.tokens.revoke_access()
        expect(house.attempts(house.send()) == 1, "the renewed token is said in the same attempt")
        expect(house.tokens.count() == 2 and house.logins() == 3, f"{house.tokens.count()} tokens, {house.logins()} logins")
    return "one refusal, one refresh, the same attempt"


def refused_for_ever(given):
    with House(given) as house:
        house.tokens.active = lambda token: house.tokens.uses.update([token])
        house.door.active = house.tokens.active
        identifier = house.send()
        message = wait_until(lambda: judged(house, identifier), 20, "an attempt")
        expect(message["status"] == "queued" and message["attempts"][0]["results"][0]["blame"] == "credential", f"{message}")
        tried = 1
        for again in (2, 3):  # the connection is held; who retries by hand may try
            house.gateway.post(f"/v1/messages/{identifier}/retry")
            tried = wait_until(lambda: attempts_of(house, identifier, again), 20, f"{again} attempts")
        expect(house.logins() <= 2 * tried, f"{house.logins()} logins in {tried} attempts")
        expect(house.tokens.count() <= 1 + tried, f"{house.tokens.count()} tokens in {tried} attempts")
        return f"{house.logins()} logins and {house.tokens.count()} tokens in {tried} attempts, and the mail waits"


def attempts_of(house, identifier, least):
    """Those that are begun, asked for after those that are over: a login under way is counted."""
    over = [one for one in house.gateway.message(identifier)["attempts"] if one["results"]]
    return len(house.gateway.message(identifier)["attempts"]) if len(over) >= least else 0


def judged(house, identifier):
    message = house.gateway.message(identifier)
    return message if any(one["results"] for one in message["attempts"]) and message["status"] != "sending" else None


def busy(given):
    """429 with Retry-After, and 503: waited for, and the mail goes then."""
    with House(given) as house:
        house.tokens.next = [Reply(429, {"error": "temporarily_unavailable"}, {"Retry-After": "2"}), Reply(503, b"<html>busy</html>")]
        begin = time.monotonic()
        attempts = house.attempts(house.send(), deadline=90)
        expect(time.monotonic() - begin >= 2 and attempts >= 2, f"after {time.monotonic() - begin:.1f} s")
        return f"sent after {time.monotonic() - begin:.0f} s, attempt {attempts}"


def service_account(given):
    folder = given.build / "peers"
    code, said = quiet("openssl", "genrsa", "-out", "account.key", "2048", cwd=folder)
    expect(code == 0, said)
    subprocess.run(["openssl", "rsa", "-in", "account.key", "-pubout", "-out", "account.pub"], cwd=folder, check=True, capture_output=True)
    house = House(given, account_key=folder / "account.pub")
    key = {"type": "service_account", "client_email": "gate@project.iam.gserviceaccount.com", "private_key_id": "k1",
           "private_key": (folder / "account.key").read_text(), "token_uri": house.tokens.url + "/token"}
    secrets = house.gateway.config / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "account.json").write_text(json.dumps(key))
    (secrets / "account.json").chmod(0o600)
    house.oauth = {"grant": "service_account", "subject": USER, "service_account": {"file": "account.json"}, "refresh_token": None,
                   "client_id": None, "client_secret": None}
    with house:
        expect(house.attempts(house.send()) == 1, "it signs for itself")
        expect(house.tokens.seen[0][0] == JWT_BEARER and not house.refusals(), f"{house.tokens.seen}")
    return "a JWT, verified by openssl"


def killed(given):
    """SIGKILL around the rotation. The token server forgets the token before the last as soon as it sees that the last has
    arrived: presented itself, or an access token that came with it used. So a gateway that uses what it has not kept is found out."""
    chance = random.Random(given.seed)
    with House(given, rotate=True, expires_in=2, settings={"max_messages_per_connection": 1}) as house:
        asked = threading.Event()
        house.tokens.before_answer = lambda grant: asked.set()
        house.attempts(house.send())

        def rotation():
            """Returns between the provider's answer and the disk, or a little later."""
            asked.clear()
            end = time.monotonic() + 5
            while not asked.is_set() and time.monotonic() < end:
                house.send(on_unknown="hold")
                asked.wait(0.2)
            time.sleep(chance.random() * chance.choice((0.002, 0.01, 0.05)))
            return asked.is_set()

        kills, around, probes = 0, 0, 1
        while kills < given.kills:
            # The first that a new life needs, one of its renewals, or any moment.
            which = ("first", "renewal", "any")[kills % 3]
            if which == "any":
                house.send(on_unknown="hold")
                time.sleep(chance.random() * 1.5)
            else:
                around += rotation()
            house.gateway.kill()
            kills += 1
            house.gateway.start()
            expect(not house.refusals(), f"after {kills} kills: {house.refusals()}")
            if which == "first":
                continue
            expect(house.attempts(house.send()) == 1, "what is sent after a crash is sent at once")
            probes += 1
        wait_until(lambda: house.gateway.get("/v1/health").json["waiting"] == 0, 60, "all mail is sent, or known to be unknown")
        expect(not house.refusals(), f"{house.refusals()}")
        return (f"{kills} kills, {around} of them at a rotation; {probes} mails of {probes} sent at once, {house.tokens.count()} refreshes, "
                "none refused")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--only")
    given = parser.parse_args()
    for chapter in (arrives, lanes, renewed_in_time, refused_once, refused_for_ever, busy, service_account, killed):
        if given.only in (None, chapter.__name__):
            print(f"{chapter.__name__}: {chapter(given)}", flush=True)


with skipping():
    main()
