"""kill -9 at random instants: while the daemon starts and recovers, soon after, deep in a load. Nothing acknowledged is lost: every
such recipient is filed, queued, unknown or held. Every filing is counted, also one that replaces a file: a second one, of any message,
has an attempt without a verdict behind it, and the message is marked as a possible duplicate. Counts are printed."""

import collections
import subprocess
import time

from harness import Filings, Load, all_messages, arguments, details, expect, explain_copies, outbox_gateway, random, wait_until


class Kills:
    """So many rounds of a start, clients that load the daemon, and a kill -9. One kill in eight comes before the daemon answers, one in
    twenty deep in a load (0.3 to 1 s), the others within 0.3 s. In half of the rounds the clients are patient, so that kills meet
    attempts; in the others fewer ones only post, so that kills meet a queue. `acked` are the ids that clients were given."""

    def __init__(self, gateway, count, clients):
        self.gateway, self.clients = gateway, clients
        self.acked, self.unready, self.start_time = set(), 0, 0.2
        early, deep = count // 8, count // 20
        self.rounds = [self.while_starting] * early + [self.deep] * deep + [self.soon] * (count - early - deep)
        random.shuffle(self.rounds)

    def all(self, after_each=lambda: None):
        for kill in self.rounds:
            kill()
            after_each()
        expect(len(self.rounds) < 100 or self.unready > 0, "no kill came before the daemon was ready")

    def while_starting(self):
        """From its first instruction to a little after it is ready."""
        gateway = self.gateway
        ready = gateway.stderr().count("daemon.ready")
        with open(gateway.log, "ab") as log:
            process = subprocess.Popen(gateway.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=gateway.environment)
        time.sleep(random.uniform(0, self.start_time))
        process.kill()
        process.wait()
        self.unready += gateway.stderr().count("daemon.ready") == ready

    def soon(self, shortest=0.0, longest=0.3):
        before = time.monotonic()
        self.gateway.start()
        self.start_time = time.monotonic() - before
        patient = random.random() < 0.5
        with Load(self.gateway, self.clients if patient else max(1, self.clients // 4), patient=patient) as load:
            time.sleep(random.uniform(shortest, longest))
            self.gateway.kill()
        self.acked |= load.acked

    def deep(self):
        self.soon(0.3, 1.0)


def check_acked(acked, known, filings, kills, lanes):
    """Nothing that was acknowledged is lost. Gives the states' counts."""
    states = collections.Counter()
    for identifier in acked:
        expect(identifier in known, f"{identifier} was acknowledged and is gone")
        state = known[identifier]["recipients"][0]["status"]
        states[state] += 1
        expect(state in ("sent", "queued", "unknown", "held"), f"{identifier} is {state}")
    expect(states["unknown"] <= kills * lanes, f"{states['unknown']} unknown after {kills} kills with {lanes} lanes")
    expect(set(filings) <= set(known), f"filed, and no message: {set(filings) - set(known)}")
    return states


def main():
    given = arguments(kills=200)
    with outbox_gateway(given) as gateway:
        # Unknown recipients shall stay as they are until they are counted.
        gateway.settings({"retry": {"unknown_delay": "1h"}})
        filings = Filings(gateway)
        kills = Kills(gateway, given.kills, clients=4)
        kills.all(filings.counts)
        gateway.start()
        for status in ("queued", "sending"):
            wait_until(lambda: gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"] == [], 120, f"nothing is {status}")
        known, before = details(gateway, all_messages(gateway)), dict(filings.counts())
        states = check_acked(kills.acked, known, before, given.kills, lanes=4)
        for identifier, message in known.items():  # nothing was tried again yet
            expect(len(message["attempts"]) == 1, f"tried again, and it was unknown for an hour: {message}")
            explain_copies(message, before.get(identifier, 0))
        print(f"kills {given.kills}, {kills.unready} before it was ready, acknowledged {len(kills.acked)}, known {len(known)}, "
              f"filed {len(before)}, states {dict(states)}", flush=True)

        # The unknown ones are tried again, each behind a mark without a verdict, and end as sent.
        unknown = {identifier for identifier, message in known.items() if message["recipients"][0]["status"] == "unknown"}
        for identifier in unknown:
            gateway.post(f"/v1/messages/{identifier}/retry")
        for identifier in unknown:
            gateway.wait_for(identifier, "sent")
        known, after = details(gateway, known), filings.counts()
        for identifier, message in known.items():
            explain_copies(message, after[identifier])
            expect(message["status"] == "sent", f"{identifier} is {message['status']}")
            again = identifier in unknown
            expect(len(message["attempts"]) == 1 + again, f"{1 + again} attempts were meant: {message}")
            expect(after[identifier] == before.get(identifier, 0) + again, f"filed {after[identifier]} times: {message}")
        twice = {identifier for identifier, count in after.items() if count > 1}
        expect(given.kills < 100 or twice, "no kill came between a filing and its verdict: this test has not seen a duplicate")
        print(f"tried again after an unknown outcome: {len(unknown)}, of which {len(twice)} had been filed: these were filed twice, "
              f"all marked possible_duplicate; every other once")


if __name__ == "__main__":
    main()
