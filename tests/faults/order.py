"""The order of system calls: a successful fdatasync stands between a row's write and the write of its 202, and between the
started mark and the first byte that goes to the provider (here: the file of the mail)."""

import re
import shutil

from harness import MAIL, arguments, expect, outbox_gateway

CALLS = "write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync,openat,openat2,rename,renameat,renameat2"
LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)")
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)")


def calls(trace):
    """(call, its text, True at the end) in the order things happened: a call that others interrupt begins and ends apart."""
    open_calls = {}
    for line in trace.splitlines():
        if match := RESUMED.match(line):
            thread, call, rest = match.groups()
            yield call, open_calls.pop(thread, "") + rest, True
        elif match := LINE.match(line):
            thread, call, text = match.groups()
            yield call, text, False
            if text.endswith("<unfinished ...>"):
                open_calls[thread] = text.removesuffix("<unfinished ...>")
            else:
                yield call, text, True


def events(trace):
    """`row` a write to the spool's log and `sync` of it, when they are done; `answer` a 202 and `mail` the mail's file, when
    they begin."""
    for call, text, done in calls(trace):
        if done and call.startswith("pwrite") and "-wal>" in text:
            yield "row"
        elif done and call in ("fdatasync", "fsync") and "-wal>" in text and text.endswith("= 0"):
            yield "sync"
        elif not done and "HTTP/1.1 202" in text:
            yield "answer"
        elif not done and call.startswith("openat") and "/mail/tmp" in text and "O_CREAT" in text:
            yield "mail"


def main():
    if shutil.which("strace") is None:
        raise SystemExit("strace is not installed; tools/setup test installs it")
    given = arguments()
    with outbox_gateway(given) as gateway:
        trace = gateway.folder / "trace"
        gateway.start(wrapper=["strace", "-f", "-y", "-qq", "-s", "64", "-e", "trace=" + CALLS, "-o", str(trace)], deadline=60)
        for _ in range(5):  # one at a time, so that each 202 and each mail needs a sync of its own
            gateway.wait_for(gateway.send(MAIL), "sent")
        gateway.stop(60)
        seen = list(events(trace.read_text(errors="replace")))
        expect(seen.count("answer") == 5, f"{seen.count('answer')} answers traced, not 5: {seen}")
        expect(seen.count("mail") >= 5, f"{seen.count('mail')} mail files traced, not 5: {seen}")
        # Between one departure (a 202, a mail's file) and the next of its kind there is a row and behind it a sync.
        for departure in ("answer", "mail"):
            since = []
            for kind in seen:
                if kind != departure:
                    since.append(kind)
                    continue
                expect("row" in since, f"an {departure} without a row before it: {seen}")
                expect("sync" in since[since.index("row"):], f"an {departure} without a sync behind its row: {seen}")
                since = []
        print("order: " + " ".join(seen[: seen.index("mail") + 1][-12:]))


main()
