"""The order of system calls: when a 202 leaves, a successful sync has made that message durable; when the first byte of a mail goes to
the provider (here: its file in the Maildir), a successful sync has made its started mark durable.

strace shows every byte that is written to the spool and every sync. From that this test knows what a power cut would have left of the
spool at each departure: what was written before the last sync that had succeeded by then, and nothing later. A gateway is started on
just that, and must know the message, or that an attempt of it had begun."""

import re
import shutil
import threading

from harness import MAIL, Failure, arguments, expect, outbox_gateway

CALLS = "write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync,ftruncate,fallocate,openat,openat2"
LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)", re.S)
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)", re.S)
SOCKET = re.compile(r"\d+<" + "".join(rf"\\x{byte:02x}" for byte in b"socket:"))
NAMES = "spool.db", "spool.db-wal"
UNKNOWN_STAYS = {"retry": {"unknown_delay": "1h"}}


def plain(text):
    """The bytes that strace -xx shows as \\xNN."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("latin-1"))


def calls(trace):
    """(thread, call, its text, True at the end) in the order things happened: a call that others interrupt begins and ends apart."""
    open_calls = {}
    for line in trace:
        line = line.rstrip("\n")
        if match := RESUMED.match(line):
            thread, call, rest = match.groups()
            yield thread, call, open_calls.pop(thread, "") + rest, True
        elif match := LINE.match(line):
            thread, call, text = match.groups()
            unfinished = text.endswith("<unfinished ...>")
            text = text.removesuffix("<unfinished ...>").rstrip()
            yield thread, call, text, False
            if unfinished:
                open_calls[thread] = text
            else:
                yield thread, call, text, True


class Disk:
    """The spool's files as the daemon sees them, and as a power cut would leave them."""

    def __init__(self):
        self.seen = {name: bytearray() for name in NAMES}
        self.durable = {name: b"" for name in NAMES}
        self.syncing = {}
        self.syncs = 0

    def happens(self, thread, call, text, done):
        """True if it is a call on the spool's files; what is written counts at the end of the call, and a sync makes durable what was
        written before it began, if it succeeds."""
        on = re.match(r"\d+<([^>]*)>", text)
        name = plain(on[1]).decode().rpartition("/")[2] if on else None
        if name not in NAMES or call.startswith("openat"):
            return None
        file, good = self.seen[name], re.search(r"\)\s+= (\d+)$", text)
        if call in ("fdatasync", "fsync"):
            if not done:
                self.syncing[thread] = bytes(file)
            elif good:
                self.durable[name] = self.syncing[thread]
                self.syncs += 1
                return "sync"
        elif done and good and call == "pwrite64":
            data, at = re.search(r', "([^"]*)", \d+, (\d+)\)', text).groups()
            data, at = plain(data), int(at)
            expect(len(data) == int(good[1]), f"strace shows {len(data)} of {good[1]} bytes")
            file.extend(bytes(max(0, at + len(data) - len(file))))
            file[at:at + len(data)] = data
            return "row" if name.endswith("-wal") else "moved"
        elif done and good and call == "ftruncate":
            size = int(re.search(r", (\d+)\)", text)[1])
            del file[size:]
            file.extend(bytes(size - len(file)))
        elif done and good and call == "fallocate":
            _, at, size = map(int, re.search(r", (\d+), (\d+), (\d+)\)", text).groups())
            file.extend(bytes(max(0, at + size - len(file))))
        elif done and good:
            raise Failure(f"this test does not know what {call} does to {name}")
        return "other"


def departure(call, text):
    """("answer", id) for a 202 that begins to leave, ("mail", id) for a mail's file that is being made."""
    if call in ("write", "writev", "sendto", "sendmsg") and SOCKET.match(text) and b"HTTP/1.1 202" in (said := plain(text)):
        return "answer", re.search(rb'"id":\s*"(\w+)"', said)[1].decode()
    if call.startswith("openat") and "O_CREAT" in text and b"/mail/tmp" in (said := plain(text)):
        return "mail", re.search(rb'"\d+\.(\w+)\.gatepost', said)[1].decode()
    return None


def departures(trace, disk):
    """Each departure with what is durable when it begins (and the number of syncs until then); what happened as words."""
    found, words = [], []
    for thread, call, text, done in calls(trace):
        word = disk.happens(thread, call, text, done)
        if word in ("row", "sync"):
            words.append(word)
        elif word is None and not done and (left := departure(call, text)):
            found.append((*left, disk.syncs, dict(disk.durable)))
            words.append(left[0])
    return found, words


def after_power_cut(given, durable, questions):
    """Starts a gateway on what was durable, and asks."""
    with outbox_gateway(given) as gateway:
        gateway.settings(UNKNOWN_STAYS)
        spool = gateway.state / "spool"
        spool.mkdir(parents=True)
        for folder in (gateway.state, spool):
            folder.chmod(0o700)
        for name, content in durable.items():
            (spool / name).write_bytes(content)
            (spool / name).chmod(0o600)
        gateway.start()
        for kind, identifier in questions:
            answer = gateway.get("/v1/messages/" + identifier)
            expect(answer.status == 200, f"an {kind} of {identifier} left, and a power cut then would have lost it: {answer!r}")
            if kind == "mail":
                message = answer.json
                begun = message["status"] == "unknown" and len(message["attempts"]) == 1
                expect(begun, f"the mail {identifier} left, and its started mark was not durable: {message}")


def at_once(gateway, clients):
    """As many mails at the same time: they share commits and syncs."""
    barrier, failures = threading.Barrier(clients), []

    def run():
        try:
            barrier.wait()
            gateway.wait_for(gateway.send(MAIL), "sent")
        except Exception as failure:  # noqa: BLE001 told by the thread that waits
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not failures, f"{failures}")


def main():
    if shutil.which("strace") is None:
        raise SystemExit("strace is not installed; tools/setup test installs it")
    given = arguments()
    single, clients = 5, 8
    with outbox_gateway(given) as gateway:
        trace = gateway.folder / "trace"
        # More than SQLite's VFS below the gatherer takes in one write.
        gateway.start(wrapper=["strace", "-f", "-y", "-qq", "-xx", "-s", "140000", "-e", "trace=" + CALLS, "-o", str(trace)], deadline=60)
        for _ in range(single):  # one at a time, so that each 202 and each mail needs a sync of its own
            gateway.wait_for(gateway.send(MAIL), "sent")
        at_once(gateway, clients)
        gateway.stop(60)
        disk = Disk()
        with open(trace, encoding="latin-1") as lines:
            found, words = departures(lines, disk)
        for name in NAMES:
            expect(disk.seen[name] == (gateway.state / "spool" / name).read_bytes(), f"the trace does not explain what is in {name}")
    for kind in ("answer", "mail"):
        left = [identifier for what, identifier, *_ in found if what == kind]
        expect(len(left) == len(set(left)) == single + clients, f"{left} left as {kind}, not {single + clients}")
    by_sync = {}
    for kind, identifier, syncs, durable in found:
        by_sync.setdefault(syncs, (durable, []))[1].append((kind, identifier))
    for durable, questions in by_sync.values():
        after_power_cut(given, durable, questions)
    print(f"{len(found)} departures, each behind its sync: {len(by_sync)} power cuts tried")
    print("order: " + " ".join(words[: words.index("mail") + 1][-12:]))


main()
