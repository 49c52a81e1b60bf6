"""Plugins that misbehave (plugins/modes.hpp and plugins/load.c say how). Faulty files are shown as refused, each with its reason. A
fault at run time harms its own message only, which gets the state that the certainty rules name; the daemon lives, mail of other
connections goes out meanwhile, and a fault that repeats is logged once. A .so that is overwritten while in use harms nothing."""

import json
import os
import shutil
import time

from harness import MAIL, Failure, arguments, expect, filed, outbox_gateway, wait_until

from gatepost_test import Gateway, UnixConnection

# ---- files --------------------------------------------------------------------------------------

# The plugin of tests/faults/plugins, and what the reason says; none: it loads and works.
BUILT = {
    "wrong-major": "upgrade the gateway",
    "later-minor": "upgrade the gateway",
    "tiny-table": "too short",
    "no-symbol": "does not export gatepost_plugin_v1",
    "null-entry": "declined to work with this gateway",
    "no-start": "a function missing",
    "wrong-id": "somebody-else",
    "bad-id": "must be lower case letters",
    "bad-manifest": "manifest",
    "bad-schema": "$ref",
    "larger-table": None,
    "shorter-table": None,
}


def faulty_files(given, folder):
    """Fills the folder; gives file name -> part of the reason."""
    outbox = (given.libraries / "plugins/outbox.so").read_bytes()
    expected = {}

    def file(name, content, reason, mode=0o755):
        (folder / name).write_bytes(content)
        (folder / name).chmod(mode)
        expected[name] = reason

    for name, reason in BUILT.items():
        file(f"{name}.so", (given.libraries / "fault-plugins" / name / f"{name}.so").read_bytes(), reason)
    file("text.so", b"#!/bin/sh\necho I am no library\n", "no shared library (ELF)")
    file("empty.so", b"", "is empty")
    file("wrong-class.so", outbox[:4] + bytes([3 - outbox[4]]) + outbox[5:], "another kind of machine")
    file("wrong-machine.so", outbox[:18] + b"\x08\x00" + outbox[20:], "another kind of machine")
    file("cut.so", outbox[: len(outbox) // 2], "cut off or damaged")
    file("program.so", shutil.which("true") and open(shutil.which("true"), "rb").read(), "does not export")
    file("writable.so", outbox, "may be written by every user", mode=0o777)
    file("again.so", outbox, 'has the id "outbox"')
    os.mkfifo(folder / "fifo.so")
    expected["fifo.so"] = "not a regular file"
    (folder / "folder.so").mkdir()
    expected["folder.so"] = "not a regular file"
    (folder / "dangling.so").symlink_to("nowhere.so")
    expected["dangling.so"] = "nowhere.so"
    (folder / "README").write_text("not a plugin and not called one: passed over\n")
    return expected


def loading(given):
    with outbox_gateway(given) as gateway:
        folder, open_folder = gateway.folder / "plugins", gateway.folder / "open"
        folder.mkdir()
        expected = faulty_files(given, folder)
        open_folder.mkdir()
        shutil.copy(given.libraries / "fault-plugins/fault/fault.so", open_folder / "fault.so")
        open_folder.chmod(0o777)
        (folder / "through-link.so").symlink_to(open_folder / "fault.so")
        gateway.plugins += [str(folder), str(open_folder)]
        for name in ("larger-table", "shorter-table"):
            gateway.connection(name, name, {"path": str(gateway.folder / name)})
        gateway.settings({"default": "outbox"})
        gateway.start()

        catalogue = gateway.get("/v1/providers").json
        refused = {entry["file"]: entry["reason"] for entry in catalogue["refused"]}
        loaded = {entry["id"] for entry in catalogue["providers"]}
        own = {file.stem for file in (given.libraries / "plugins").glob("*.so")}  # those that come with it
        expect(loaded == own | {"larger-table", "shorter-table"}, f"loaded are {loaded}; refused: {refused}")
        for name, reason in expected.items():
            said = refused.pop(str(folder / name), None)
            expect((reason is None) == (said is None), f"{name}: {said}")
            expect(reason is None or reason in said, f"{name}: the reason {said!r} does not say {reason!r}")
        for name in (folder / "through-link.so", open_folder / "fault.so"):
            said = refused.pop(str(name), "")
            expect(f"{open_folder} may be written by every user; take that away with chmod o-w" in said, f"{name}: {said!r}")
        expect(refused == {}, f"refused besides: {refused}")
        lines = [line for line in gateway.stderr().splitlines() if "plugin.refused" in line]
        expect(len(lines) == len(catalogue["refused"]), f"one log line a refused file: {lines}")
        for connection in ("larger-table", "shorter-table", "outbox"):
            gateway.wait_for(gateway.send(dict(MAIL, connection=connection)), "sent")
        return len(expected) + 2


# ---- running ------------------------------------------------------------------------------------

# mode -> (status of the recipient, verdict, blame, part of its text, part of the fault in the log)
DEFERRED = "queued", "deferred"
MODES = {
    "none": ("sent", "accepted", None, "written", None),
    "throw-send": (*DEFERRED, "plugin", "the plugin throws in start", "it threw an exception in start"),
    "throw-done": (*DEFERRED, "plugin", "the plugin throws in a callback", "it threw an exception in done"),
    "throw-destroy": ("sent", "accepted", None, "written", None),
    "complete-twice": (*DEFERRED, "provider", "first", "a call that is not open"),
    "complete-null": (*DEFERRED, "plugin", "too short to be read", "too short to be read"),
    "inside-start": (*DEFERRED, "provider", "inside start", None),
    "verdict-77": (*DEFERRED, "plugin", "seventy-seven", "a verdict that does not exist"),
    "recipient-verdict-77": (*DEFERRED, "plugin", "", "a verdict that does not exist"),
    "blame-99": (*DEFERRED, None, "", None),
    "stranger": (*DEFERRED, "provider", "", "a recipient it was not asked to carry"),
    "recipients-flood": (*DEFERRED, "plugin", "cannot be read", "list of results cannot be read"),
    "gigabyte": (*DEFERRED, "provider", "", None),
    "bad-utf8": (*DEFERRED, "provider", "X-Injected: 1", None),
    "large-state": (*DEFERRED, "provider", "", "larger than 4096 bytes"),
    "flood": (*DEFERRED, "provider", "64 of 100000 were accepted", None),
    "log-flood": (*DEFERRED, "provider", "logged", None),
    "foreign": (*DEFERRED, "provider", "mine", "a call that is not open"),
    "dead-call": (*DEFERRED, "provider", "over", "a call that is not open"),
    "accepted-without-commit": ("sent", "accepted", None, "believe me", "sent nothing marked as commits"),
    # The write was answered: the plugin says what the answer meant.
    "deferred-after-commit": (*DEFERRED, "provider", "written", None),
    "rejected-after-commit": ("failed", "rejected", "provider", "written", None),
    "unsupported": (*DEFERRED, "plugin", "does not know how to send", "does not know how to send"),
    "outside": ("sent", "accepted", None, "written", None),
}
# A send that never ends by itself is cut by its deadline, after ten minutes. This test does not wait for that.
ENDLESS = ("never", "late", "throw-cancel")
BROKEN = {"throw-create": "the plugin throws in create", "gigabyte-diagnostic": "did not accept the settings"}
ROUNDS = 3
GRACE = 2  # seconds that a cancelled call has to end (limits::cancel_grace)
LATE = 2500  # milliseconds after its cancel in which `late` completes: the call is given up by then


def beside(gateway):
    """An outbox mail goes out, quickly."""
    gateway.wait_for(gateway.send(MAIL), "sent", deadline=5)


def settled(gateway, identifier):
    message = gateway.message(identifier)
    attempts = message["attempts"]
    return message if attempts and "ended" in attempts[0] and message["status"] != "sending" else None


def judge(mode, message):
    status, verdict, blame, text, _ = MODES[mode]
    for recipient, result in zip(message["recipients"], message["attempts"][0]["results"], strict=True):
        got = recipient["status"], result["verdict"], result.get("blame")
        expect(got == (status, verdict, blame), f"{mode}: {got}, expected {(status, verdict, blame)}: {json.dumps(message)}")
        said = result.get("text", "")
        expect(text in said, f"{mode}: {text!r} is not in {said!r}")
        expect(len(said.encode()) <= 1100 and not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in said), f"{mode}: {said!r}")
    expect(status != "queued" or "next_attempt" in message, f"{mode}: it will not be tried again: {message}")


def memory(gateway):
    with open(f"/proc/{gateway.pid()}/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def run_modes(gateway):
    two = dict(MAIL, to=["first@example.net", "second@example.net"])
    for mode in MODES:
        before = memory(gateway)
        for _ in range(ROUNDS):
            identifier = gateway.send(dict(two, connection=mode))
            judge(mode, wait_until(lambda: settled(gateway, identifier), 20, f"{mode} is settled"))
        beside(gateway)
        expect(gateway.alive(), f"{mode} ended the daemon")
        expect(gateway.sanitized() or memory(gateway) - before < 60, f"{mode}: memory grew from {before:.0f} to {memory(gateway):.0f} MB")


def read_log(gateway):
    log = gateway.stderr().splitlines()
    for mode, (*_, fault) in MODES.items():
        lines = [line for line in log if f"connection={mode} " in line + " "]
        if fault:
            about = [line for line in lines if "plugin.fault" in line and fault in line]
            expect(len(about) == 1, f"{mode}: {ROUNDS} times the same fault, and {len(about)} lines: {about}")
        elif mode != "log-flood":
            expect(not [line for line in lines if "plugin.fault" in line], f"{mode} is no fault: {lines}")
    flood = [line for line in log if "plugin.says" in line and "connection=log-flood" in line]
    expect(0 < len(flood) <= 100 * ROUNDS, f"{len(flood)} lines of {ROUNDS} floods with 100 000 lines each")
    expect(all(len(line) < 2000 and "\x1b" not in line for line in log), "a log line is too long, or holds an escape")
    for path in ("/etc/gatepost-fault", "relative"):
        expect(not os.path.exists(path), f"{path} was made, outside of the folder that was lent")


def run_endless(gateway):
    identifiers = {mode: [gateway.send(dict(MAIL, connection=mode)) for _ in range(3)] for mode in ENDLESS}
    for mode, mails in identifiers.items():  # two lanes each
        wait_until(lambda: [gateway.message(one)["status"] for one in mails] == ["sending", "sending", "queued"], 10, mode)
    for _ in range(20):
        beside(gateway)
    return identifiers


def faults_of(gateway, mode):
    return [line for line in gateway.stderr().splitlines() if "plugin.fault" in line and f"connection={mode} " in line + " "]


def hang_up(gateway, mode):
    """A test call whose client leaves is cancelled."""
    client = UnixConnection(gateway.socket)
    client.request("POST", f"/v1/connections/{mode}/test", "{}", {"Accept": "application/x-ndjson"})
    client.getresponse().readline()  # it has begun
    client.close()


def given_up(gateway, endless):
    """Test calls that are cancelled and do not end cost one log line each. `late` would complete half a second after the host gave it
    up: its timer went with the call, so nothing of that is heard, and nothing happens to the mails in the lanes."""
    not_ended = "it did not end when it was asked to"
    calls = {"never": not_ended, "throw-cancel": "it threw an exception in cancel", "late": not_ended}
    for mode in calls:
        hang_up(gateway, mode)
    for mode, fault in calls.items():
        wait_until(lambda: fault in "".join(faults_of(gateway, mode)), 10, f"{mode}: the log says {fault!r}")
    then = time.monotonic() + LATE / 1000
    wait_until(lambda: beside(gateway) or time.monotonic() > then, 20, "the late completion has had its time")
    for mode, fault in calls.items():
        lines = faults_of(gateway, mode)
        expect(len(lines) == 1 and fault in lines[0], f"{mode}: one line with {fault!r} was meant: {lines}")
    for mode, mails in endless.items():
        states = [gateway.message(one)["status"] for one in mails]
        expect(states == ["sending", "sending", "queued"], f"{mode}: a test call changed the mails: {states}")


def broken_instances(gateway):
    for name, text in BROKEN.items():
        problem = gateway.get(f"/v1/connections/{name}").json["problem"]
        expect(text in problem and len(problem) < 2000, f"{name}: {problem!r}")
        message = gateway.message(gateway.send(dict(MAIL, connection=name)))
        expect(message["status"] == "queued" and message["attempts"] == [], f"{name}: {message}")


def running(given):
    with Gateway(given.gatepostd, [given.libraries / "plugins", given.libraries / "fault-plugins/fault"]) as gateway:
        gateway.settings({"default": "outbox", "retry": {"unknown_delay": "1h"}})
        gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
        for mode in (*MODES, *ENDLESS, *BROKEN):
            limits = {"concurrency": 2} if mode in ENDLESS else None
            settings = {"path": str(gateway.folder / "fault"), "fault": mode, "delay_ms": LATE}
            gateway.connection(mode, "fault", settings, limits)
        gateway.start()
        run_modes(gateway)
        read_log(gateway)
        broken_instances(gateway)
        endless = run_endless(gateway)
        given_up(gateway, endless)
        beside(gateway)
        gateway.kill()
        gateway.start()
        for mode, mails in endless.items():  # a mark without a verdict: unknown, and nothing else is
            states = lambda: [gateway.message(one)["status"] for one in mails]  # noqa: E731
            wait_until(lambda: states() == ["unknown", "unknown", "sending"], 10, f"{mode} after kill -9")
        beside(gateway)
        gateway.kill()  # calls that never end would hold the stop for its grace
        return len(MODES) + len(ENDLESS) + len(BROKEN)


# ---- a file that is replaced --------------------------------------------------------------------


def replaced(given):
    with outbox_gateway(given) as gateway:
        folder = gateway.folder / "plugins"
        folder.mkdir()
        plugin = folder / "outbox.so"
        shutil.copy(given.libraries / "plugins/outbox.so", plugin)
        good = plugin.read_bytes()
        gateway.plugins = [str(folder)]
        gateway.start()
        beside(gateway)
        for content in (b"", b"not a plugin\n", bytes(len(good)), (given.libraries / "fault-plugins/fault/fault.so").read_bytes(), good):
            inode = plugin.stat().st_ino
            plugin.write_bytes(content)  # as cp does: the same file, cut and written anew
            expect(plugin.stat().st_ino == inode, "the test wants the same file")
            for _ in range(5):
                beside(gateway)
            expect(gateway.post("/v1/connections/outbox/test", {}).json["success"], "the test of the connection")
        plugin.unlink()
        beside(gateway)
        plugin.write_bytes(good)
        plugin.chmod(0o755)
        gateway.stop()
        # A copy in the state folder that was tampered with is not loaded: it is written anew from the file.
        copies = list((gateway.state / "plugins").glob("*.so"))
        expect(len(copies) == 1, f"{copies}")
        copies[0].chmod(0o700)
        copies[0].write_bytes(b"tampered")
        gateway.start()
        beside(gateway)
        expect(copies[0].read_bytes() == good, "the tampered copy is still there")
        expect(len(filed(gateway)) == 28, f"{len(filed(gateway))} mails are filed, 28 were sent")


def main():
    given = arguments()
    if os.geteuid() != 0 and not os.access(given.libraries, os.R_OK):
        raise Failure("the libraries cannot be read")
    print(f"files: {loading(given)} as expected", flush=True)
    print(f"modes: {running(given)} as expected", flush=True)
    replaced(given)
    print("a plugin that was overwritten in use: mail went on")


main()
