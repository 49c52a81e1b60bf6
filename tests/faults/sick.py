"""The sync of a commit fails (EIO, injected by strace): every caller of that commit hears `outcome-unknown`, the spool is sick with the
cause, said once; delivery pauses, also of mail that falls due meanwhile, until it recovers by itself. No mail of the refused batch
appears, not after a restart either, unless it was sent again with its key, and then once."""

import datetime
import json
import re
import shutil
import signal
import subprocess
import threading
import time

from harness import MAIL, Filings, UnixConnection, all_messages, arguments, details, expect, explain_copies, outbox_gateway, wait_until

from gatepost_test import Answer

LATER = "2999-01-01T00:00:00Z"
CAUSE = "Input/output error"  # EIO, as the system says it
causes = []  # every cause that was told, in the log or by health; looked at when all stories have ended


class FailingSyncs:
    """While it is entered, sync number `when` of the spool's log (with a +, every later one too) fails in the running daemon:
    strace attaches, counts for each thread from then on, and lets go again. `held` is a write to the log behind which the daemon's
    thread is held for some seconds."""

    def __init__(self, gateway, when, held=None, seconds=3):
        log = gateway.state / "spool" / "spool.db-wal"
        slow = ["-e", f"inject=pwrite64:delay_exit={seconds * 1_000_000}:when={held}"] if held else []
        self.command = ["strace", "-f", "-o", "/dev/null", "-P", str(log), "-e", "trace=fdatasync,fsync,pwrite64", "-e",
                        f"inject=fdatasync,fsync:error=EIO:when={when}", *slow, "-p", str(gateway.pid())]

    def __enter__(self):
        self.strace = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        expect("attached" in self.strace.stderr.readline(), "strace did not attach")

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate(timeout=20)


def main():
    if shutil.which("strace") is None:
        raise SystemExit("strace is not installed; tools/setup test installs it")
    given = arguments()
    once(given)
    for_a_while(given)
    for_good(given)
    several(given, killed=False)
    several(given, killed=True)
    for told in causes:
        expect(CAUSE in told, f"the cause does not hold {CAUSE!r}: {told}")


# ---- what the stories share ---------------------------------------------------------------------


def holds(gateway, name, subject):
    return subject.encode() in (gateway.state / "spool" / name).read_bytes()


def at_rest(gateway, subject="at rest"):
    """Accepts a message for much later and waits until the idle spool has moved its log into the main file: from then on the log is
    synced only by who sends; first its header, then the commit. Gives the id."""
    identifier = gateway.send(dict(MAIL, subject=subject, send_at=LATER))
    wait_until(lambda: holds(gateway, "spool.db", subject), 20, "the idle spool moves its log")
    return identifier


def due_in(seconds):
    """(send_at, the time it stands for)"""
    at = int(time.time()) + seconds
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), at


def expect_unknown(refused):
    expect(refused.status == 503, f"expected 503, got {refused!r}")
    expect(refused.json["type"] == "urn:gatepost:outcome-unknown", f"{refused!r}")
    expect("Idempotency-Key" in refused.json["detail"], f"the detail does not say what to do: {refused!r}")


def health_is(gateway, status):
    return wait_until(lambda: (answer := gateway.get("/v1/health")).status == status and answer, 30, f"health says {status}")


def expect_sick(gateway):
    """It refuses, and names the cause."""
    causes.append(repr(health_is(gateway, 503)))
    more = gateway.post("/v1/messages", MAIL)
    expect(more.status == 503 and more.json["type"] == "urn:gatepost:storage", f"a sick spool took a message: {more!r}")


def expect_told_once(gateway):
    lines = [line for line in gateway.stderr().splitlines() if "spool.sick" in line]
    expect(len(lines) == 1 and "cause=" in lines[0], f"one line with the cause was meant: {lines}")
    causes.extend(lines)


def recovered_at(gateway):
    health_is(gateway, 200)
    lines = re.findall(r"^(\S+) \w+ spool\.recovered:", gateway.stderr(), re.M)
    expect(len(lines) == 1, f"recovered {len(lines)} times:\n{gateway.stderr()}")
    return datetime.datetime.fromisoformat(lines[0])


def filed_once(gateway, filings, identifiers):
    """They are sent, at the first attempt, filed once, and nothing else is. Gives their messages."""
    for identifier in identifiers:
        gateway.wait_for(identifier, "sent")
    messages = details(gateway, identifiers)
    for identifier, message in messages.items():
        explain_copies(message, filings.counts()[identifier])
        expect(len(message["attempts"]) == 1, f"more than one attempt: {message}")
    expect(dict(filings.counts()) == dict.fromkeys(identifiers, 1), f"filed: {filings.counts()}, meant: {identifiers}")
    return messages


# ---- stories ------------------------------------------------------------------------------------


def once(given):
    with outbox_gateway(given) as gateway:
        filings = Filings(gateway)
        gateway.start()
        later = at_rest(gateway)
        with FailingSyncs(gateway, "2"):
            expect_unknown(gateway.post("/v1/messages", MAIL, headers={"Idempotency-Key": "again"}))
            health_is(gateway, 200)
        expect_told_once(gateway)
        gateway.kill()
        gateway.start()
        expect(all_messages(gateway).keys() == {later}, f"accepted was {later} only: {all_messages(gateway)}")
        again = gateway.send(MAIL, {"Idempotency-Key": "again"})
        expect(gateway.send(MAIL, {"Idempotency-Key": "again"}) == again, "the same key gave two messages")
        filed_once(gateway, filings, {again})
        expect(all_messages(gateway).keys() == {later, again}, f"more than the two accepted: {all_messages(gateway).keys()}")
        expect_told_once(gateway)
    print("one failed sync: 503 outcome-unknown, recovered by itself, nothing appeared that was not sent again", flush=True)


def with_mail_to_come(gateway):
    """Starts it with a mail that is tried much later, and three that fall due in a moment: (filings, the one, the three, when)."""
    filings = Filings(gateway)
    gateway.start()
    later = at_rest(gateway)
    at, due = due_in(4)
    return filings, later, {gateway.send(dict(MAIL, send_at=at)) for _ in range(3)}, due


def sick_beyond(gateway, filings, due):
    """The next send is refused, and the spool stays sick until mail has been due for a while: none of it leaves."""
    expect_unknown(gateway.post("/v1/messages", MAIL))
    expect_sick(gateway)
    expect(time.time() < due, "the mail was due before the spool was sick: this machine is too slow")
    wait_until(lambda: time.time() > due + 2, 30, "the mail has been due for a while")
    expect_sick(gateway)
    expect(not filings.counts(), f"filed while the spool was sick: {filings.counts()}")


def for_a_while(given):
    """Syncs fail until mail that waited has become due: it leaves after the recovery, and then once."""
    with outbox_gateway(given) as gateway:
        filings, later, waiting, due = with_mail_to_come(gateway)
        with FailingSyncs(gateway, "1+"):
            sick_beyond(gateway, filings, due)
        well = recovered_at(gateway)
        for message in filed_once(gateway, filings, waiting).values():
            started = datetime.datetime.fromisoformat(message["attempts"][0]["started"])
            expect(started >= well, f"it left at {started}, and the spool was well at {well}: {message}")
        expect(all_messages(gateway).keys() == {later, *waiting}, f"known: {all_messages(gateway).keys()}")
        expect_told_once(gateway)
    print("every sync fails for a while: what fell due left after the recovery, once", flush=True)


def for_good(given):
    """Every sync fails from here on; the daemon is killed while it is sick; the next one finds a good disk."""
    with outbox_gateway(given) as gateway:
        filings, later, waiting, due = with_mail_to_come(gateway)
        with FailingSyncs(gateway, "1+"):
            sick_beyond(gateway, filings, due)
            expect_told_once(gateway)
            gateway.kill()
        gateway.start()
        expect(all_messages(gateway).keys() == {later, *waiting}, f"known: {all_messages(gateway).keys()}")
        filed_once(gateway, filings, waiting)
        expect_told_once(gateway)
    print("every sync fails, killed while sick: nothing of the refused batch appeared, what was due left once", flush=True)


def senders(gateway, count):
    """So many threads, each with a connection that stands: let them go, and join them for their answers, by the key they sent with
    (every second has one)."""
    barrier, answers = threading.Barrier(count), {}

    def run(number):
        client = UnixConnection(gateway.socket)
        client.connect()
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": f"key-{number}"} if number % 2 else {})
        barrier.wait()
        client.request("POST", "/v1/messages", json.dumps(dict(MAIL, subject=f"Sender {number}")), headers)
        answers[number] = Answer(client.getresponse())
        client.close()

    return [threading.Thread(target=run, args=(number,)) for number in range(count)], answers


def several(given, killed):
    """Many senders share the commit that fails, half of them with a key. A commit before is held between its write and its sync until
    they all wait for the next. Then the spool recovers by itself, or is killed while it is sick."""
    with outbox_gateway(given) as gateway:
        filings, count = Filings(gateway), 12
        gateway.start()
        accepted = [at_rest(gateway)]
        threads, answers = senders(gateway, count)
        first = threading.Thread(target=lambda: accepted.append(gateway.send(dict(MAIL, subject="the one before", send_at=LATER))))
        # Syncs and writes of the log: its header, the one before, the senders'.
        with FailingSyncs(gateway, "3+" if killed else "3", held=2):
            first.start()
            wait_until(lambda: holds(gateway, "spool.db-wal", "the one before"), 10, "the one before is written, and not synced")
            for thread in threads:
                thread.start()
            for thread in (first, *threads):
                thread.join()
            expect(len(accepted) == 2, "the one before was to be accepted")
            for number in range(count):
                expect_unknown(answers[number])
            if killed:
                expect_sick(gateway)
                gateway.kill()
            else:
                health_is(gateway, 200)
                expect(all_messages(gateway).keys() == set(accepted), f"of a refused batch: {all_messages(gateway)}")
        if not killed:
            gateway.kill()
        gateway.start()
        expect(all_messages(gateway).keys() == set(accepted), f"of a refused batch, after a restart: {all_messages(gateway)}")
        again = set()
        for number in range(1, count, 2):
            mail, key = dict(MAIL, subject=f"Sender {number}"), {"Idempotency-Key": f"key-{number}"}
            again.add(gateway.send(mail, key))
            expect(gateway.send(mail, key) in again, f"key-{number} gave two messages")
        expect(len(again) == count // 2, f"{again}")
        filed_once(gateway, filings, again)
        expect(all_messages(gateway).keys() == again | set(accepted), f"known: {all_messages(gateway).keys()}")
        expect_told_once(gateway)
    print(f"{count} senders in a commit that failed{', killed while sick' if killed else ''}: 503 outcome-unknown each; what was sent "
          f"again with its key was kept once, nothing else appeared", flush=True)


main()
