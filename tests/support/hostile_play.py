"""How a table of cells is played against one gatepostd: many messages at once, each to a peer of its own, and what a caller sees of
each held against the word of its cell.

    d. deferred, r. rejected, u. unknown; then whose fault: N network  P provider  C config  K credential  R recipient  Q quota
    M message  S sender  G plugin. ok: accepted.
"""

import contextlib
import json
import threading
import time

from gatepost_test import UnixConnection, expect

BLAMES = {"N": "network", "P": "provider", "C": "config", "K": "credential", "R": "recipient", "Q": "quota", "M": "message",
          "S": "sender", "G": "plugin"}
VERDICTS = {"d": "deferred", "r": "rejected", "u": "unknown"}
STATUS = {"accepted": "sent", "deferred": "queued", "rejected": "failed", "unknown": "unknown"}
FLOOD_MEGABYTES = 20  # what all floods together may cost the daemon
DEADLINE = 60


def meaning(word):
    """("deferred", "network") of "dN"."""
    return ("accepted", "none") if word == "ok" else (VERDICTS[word[0]], BLAMES[word[1]])


class Played:
    """A cell and its message. Sub-classes set name, cell and wanted, a pair of verdict and blame for each recipient."""

    identifier = message = None

    def submit(self, client, target, mail, kind):
        client.request("POST", target, mail, {"Content-Type": kind})
        answer = client.getresponse()
        text = answer.read()
        expect(answer.status == 202, f"{self.cell.name}: {answer.status} {text!r}")
        self.identifier, self.message = json.loads(text)["id"], None

    def look(self, client):
        """True once an attempt has ended."""
        client.request("GET", "/v1/messages/" + self.identifier)
        found = json.loads(client.getresponse().read())
        if not any("ended" in one and one["results"] for one in found["attempts"]):
            return False
        self.message = found
        return True

    def verdicts_of(self, found):
        """What of the message is not as it shall be, as sentences."""
        out = []
        results = [(one["verdict"], one.get("blame", "none"), one["status"]) for one in found["recipients"]]
        wanted = [(verdict, blame, STATUS[verdict]) for verdict, blame in self.wanted]
        if results != wanted:
            out.append(f"wanted {wanted}, got {results}: {[one.get('text') for one in found['recipients']]}")
        if len(found["attempts"]) != 1:
            out.append(f"{len(found['attempts'])} attempts")
        if any(one.get("possible_duplicate") for one in found["recipients"]):
            out.append("called a possible duplicate")
        return out


def client_of(gateway):
    return UnixConnection(gateway.socket)


def megabytes(gateway, key):
    with open(f"/proc/{gateway.pid()}/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key + ":"))


def wait_for(played, client, what, deadline=DEADLINE):
    """Until an attempt of each has ended; what never does, has no message."""
    left, end = list(played), time.monotonic() + deadline
    while left and time.monotonic() < end:
        left = [one for one in left if not one.look(client)]
        time.sleep(0.1)
    if left:
        print(f"{what}: no attempt ended in {deadline} s: {', '.join(one.cell.name for one in left)}", flush=True)


def disturb(played, client, fault_of):
    """After a first mail each: the fault on the kept connection, so that a second mail meets what is left of it."""
    wait_for(played, client, "the first mails of kept connections")
    for one in played:
        expect(one.message and one.message["status"] == "sent", f"{one.cell.name}: the first mail is {one.message}")
    threads = [threading.Thread(target=one.peer.disturb, args=(fault_of(one),), daemon=True) for one in played if fault_of(one)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)


@contextlib.contextmanager
def within_memory(gateway, most, found):
    """Fails if the daemon's peak grew by more; `found` gets the megabytes."""
    before = megabytes(gateway, "VmHWM")
    yield
    found.append(megabytes(gateway, "VmHWM") - before)
    expect(gateway.sanitized() or found[-1] < most, f"the floods cost the daemon {found[-1]:.1f} MB")


def at_once(jobs):
    """Runs them beside each other; gives all they found, or raises what the first raised."""
    out, failures = [], []

    def keep(job):
        try:
            out.extend(job())
        except BaseException as failure:  # noqa: BLE001 (raised again below)
            failures.append(failure)

    threads = [threading.Thread(target=keep, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for sentence in out:
        print("wrong: " + sentence, flush=True)
    if failures:
        raise failures[0]
    return out
