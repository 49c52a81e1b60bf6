"""What the fault tests share: arguments, clients that load the gateway, a look into the Maildir and into every message, a count of
every filing, and what a second copy must have behind it."""

import argparse
import collections
import ctypes
import json
import os
import pathlib
import random
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gatepost_test import Failure, Gateway, UnixConnection, expect, request, wait_until  # noqa: E402,F401

MAIL = {"from": "noreply@example.com", "to": ["first@example.net"], "subject": "Fault", "text": "x" * 500}


def arguments(**more):
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd")
    parser.add_argument("libraries", help="lib/gatepost of the build folder")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    for name, default in more.items():
        parser.add_argument("--" + name, type=type(default), default=default)
    given = parser.parse_args()
    given.libraries = pathlib.Path(given.libraries)
    random.seed(given.seed)
    print(f"seed {given.seed}", flush=True)
    return given


def outbox_gateway(given, **more):
    """A gateway with one connection, `outbox`, that files into gateway.folder/mail."""
    gateway = Gateway(given.gatepostd, given.libraries / "plugins", **more)
    gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
    return gateway


class Load:
    """Clients that POST on kept connections until told to stop; `acked` are the ids they were given. Patient ones wait until each
    mail is sent, so that no queue builds up."""

    def __init__(self, gateway, clients=8, mail=None, patient=False):
        self.gateway = gateway
        self.headers = {"Content-Type": "application/json"} | ({"Prefer": "wait=30"} if patient else {})
        self.mail = json.dumps(mail or MAIL).encode()
        self.acked = set()
        self.answers = {}
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def _run(self):
        connection = UnixConnection(self.gateway.socket, 30)
        try:
            while not self.stopping:
                connection.request("POST", "/v1/messages", self.mail, self.headers)
                answer = connection.getresponse()
                body = answer.read()
                with self.lock:
                    self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
                    if answer.status in (200, 202):
                        self.acked.add(json.loads(body)["id"])
        except OSError:
            pass  # the daemon was killed, or is not there: that is what the test is about
        except Exception as failure:  # noqa: BLE001 a cut answer is an answer that never came
            if "IncompleteRead" not in repr(failure) and "RemoteDisconnected" not in repr(failure) \
                    and "BadStatusLine" not in repr(failure) and "JSONDecodeError" not in repr(failure):
                raise
        finally:
            connection.close()


def all_messages(gateway):
    """Every message the gateway knows, by id; without attempts, which only `details` shows."""
    found, cursor = {}, ""
    while True:
        page = gateway.get("/v1/messages?limit=200" + cursor).json
        for message in page["messages"]:
            found[message["id"]] = message
        if not page.get("next"):
            return found
        cursor = "&cursor=" + page["next"]


def details(gateway, identifiers):
    """The messages with their attempts, by id; asked one after the other on one connection."""
    found, connection = {}, UnixConnection(gateway.socket)
    for identifier in identifiers:
        connection.request("GET", "/v1/messages/" + identifier)
        answer = connection.getresponse()
        body = answer.read()
        expect(answer.status == 200, f"message {identifier}: {answer.status} {body[:500]}")
        found[identifier] = json.loads(body)
    connection.close()
    return found


def verdict_less(attempt):
    return "ended" not in attempt or any(result["verdict"] == "unknown" for result in attempt.get("results", []))


def explain_copies(message, copies):
    """No copy without an attempt; every attempt but the last ended without a verdict; who was tried twice is marked as a possible
    duplicate; who is sent has a copy."""
    attempts = message["attempts"]
    expect(copies <= len(attempts), f"{copies} copies and {len(attempts)} attempts: {message}")
    expect(all(verdict_less(one) for one in attempts[:-1]), f"tried again without a cause: {message}")
    for recipient in message["recipients"]:
        expect(len(attempts) < 2 or recipient.get("possible_duplicate"), f"not marked as a possible duplicate: {message}")
    expect(message["status"] != "sent" or copies > 0, f"sent, and there is no copy: {message}")


def filed(gateway, folder="mail"):
    """Gateway id -> number of files in the Maildir's new. A second filing replaces the first: `Filings` counts those, too."""
    counts = {}
    for file in (gateway.folder / folder / "new").glob("*"):
        identifier = file.name.split(".")[1]
        counts[identifier] = counts.get(identifier, 0) + 1
    return counts


class Filings:
    """Counts every filing into a gateway's Maildir, also one that replaces a file: each is a rename into `new`, which inotify tells.
    Made before the gateway starts; `counts` is asked now and then, so that the kernel's queue does not overflow."""

    MODIFIED_NAMES = 0x80 | 0x100  # IN_MOVED_TO, IN_CREATE
    OVERFLOW = 0x4000

    def __init__(self, gateway, folder="mail"):
        maildir = gateway.folder / folder
        for name in ("tmp", "new", "cur"):
            (maildir / name).mkdir(mode=0o700, parents=True)
        libc = ctypes.CDLL(None, use_errno=True)
        self.file = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        watch = libc.inotify_add_watch(self.file, os.fsencode(maildir / "new"), self.MODIFIED_NAMES)
        expect(self.file >= 0 and watch >= 0, f"inotify: {os.strerror(ctypes.get_errno())}")
        self.seen = collections.Counter()

    def counts(self):
        """Gateway id -> how often it was filed until now."""
        while True:
            try:
                events = os.read(self.file, 1 << 20)
            except BlockingIOError:
                return self.seen
            while events:
                _, mask, _, length = struct.unpack_from("iIII", events)
                expect(not mask & self.OVERFLOW, "inotify lost events: ask for counts more often")
                self.seen[events[16:16 + length].rstrip(b"\0").decode().split(".")[1]] += 1
                events = events[16 + length:]
