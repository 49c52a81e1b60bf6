"""The sync of a commit fails (EIO, injected by strace): the caller hears `outcome-unknown`, the spool is sick with the cause, said
once; delivery pauses; it recovers by itself. No mail of the refused batch appears, not after a restart either, unless it
was sent again with its key, and then once."""

import shutil
import signal
import subprocess

from harness import MAIL, all_messages, arguments, expect, filed, outbox_gateway, wait_until


class FailingSyncs:
    """While it is entered, sync number `when` of the spool's log (with a +, every later one too) fails in the running daemon:
    strace attaches, counts for each thread from then on, and lets go again."""

    def __init__(self, gateway, when):
        log = gateway.state / "spool" / "spool.db-wal"
        self.command = ["strace", "-f", "-o", "/dev/null", "-P", str(log), "-e", "trace=fdatasync,fsync", "-e",
                        f"inject=fdatasync,fsync:error=EIO:when={when}", "-p", str(gateway.pid())]

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
    for_good(given)


def refused_once(gateway, when, headers=None):
    """A scheduled message is accepted, then syncs begin to fail and one is refused with outcome-unknown."""
    gateway.send(dict(MAIL, send_at="2999-01-01T00:00:00Z"))
    with FailingSyncs(gateway, when):
        refused = gateway.post("/v1/messages", MAIL, headers=headers)
        expect(refused.status == 503, f"expected 503, got {refused!r}")
        expect(refused.json["type"] == "urn:gatepost:outcome-unknown", f"{refused!r}")
        expect("Idempotency-Key" in refused.json["detail"], f"the detail does not say what to do: {refused!r}")
        yield refused


def once(given):
    with outbox_gateway(given) as gateway:
        gateway.start()
        for _ in refused_once(gateway, "1", {"Idempotency-Key": "again"}):
            wait_until(lambda: gateway.get("/v1/health").status == 200, 30, "the spool recovers by itself")
        said = gateway.stderr()
        expect(said.count("spool.sick") == 1, f"the cause is to be logged once:\n{said}")
        gateway.kill()
        gateway.start()
        again = gateway.send(MAIL, {"Idempotency-Key": "again"})
        expect(gateway.send(MAIL, {"Idempotency-Key": "again"}) == again, "the same key gave two messages")
        gateway.wait_for(again, "sent")
        expect(filed(gateway).keys() == {again}, f"filed: {filed(gateway)}, accepted: {again}")
        expect(len(all_messages(gateway)) == 2, f"more than the two accepted: {all_messages(gateway).keys()}")
        print("one failed sync: 503 outcome-unknown, recovered by itself, nothing appeared that was not sent again")


def for_good(given):
    """Every sync fails from here on; the daemon is killed while it is sick; the next one finds a good disk."""
    with outbox_gateway(given) as gateway:
        gateway.start()
        for _ in refused_once(gateway, "1+"):
            sick = wait_until(lambda: (answer := gateway.get("/v1/health")).status == 503 and answer, 10, "health says sick")
            expect("error" in str(sick.json).lower(), f"no cause: {sick!r}")
            more = gateway.post("/v1/messages", MAIL)
            expect(more.status == 503, f"a sick spool took a message: {more!r}")
            gateway.kill()
        gateway.start()
        known = all_messages(gateway)
        expect(len(known) == 1, f"only the scheduled message was accepted, known are {known}")
        expect(not (gateway.folder / "mail/new").exists() or not filed(gateway), "a refused mail was filed")
        print("every sync fails, killed while sick: nothing of the refused batch appeared")


main()
