#!/usr/bin/env python3
"""Holds gatepost-check against the plugins that misbehave: each fault must be named by the check that is there for it.

    check_finds_faults.py GATEPOST_CHECK FAULT_PLUGINS
"""

import json
import pathlib
import subprocess
import sys
import tempfile

# mode of the plugin `fault` -> (check, words of its finding)
MODES = {
    "throw-create": ("create-destroy", "an exception came through"),
    "throw-send": ("send", "an exception came through"),
    "throw-done": ("send", "an exception came through"),
    "throw-cancel": ("cancelled", "an exception came through"),
    "throw-destroy": ("create-destroy", ""),
    "complete-twice": ("send", "complete-once"),
    "complete-null": ("send", "the outcome is NULL"),
    "never": ("send", "was never completed"),
    "late": ("cancelled", ""),
    "verdict-77": ("send", "verdict 77"),
    "recipient-verdict-77": ("send", "verdict 77"),
    "blame-99": ("send", "blame 99"),
    "stranger": ("send", "was not carried"),
    "recipients-flood": ("send", "more than there can be"),
    "gigabyte": ("send", "larger than 16 MiB"),
    "gigabyte-diagnostic": ("create-destroy", "said nothing"),
    "bad-utf8": ("send", "not UTF-8"),
    "large-state": ("send", "larger than 4096"),
    "foreign": ("send", "which never was"),
    "dead-call": ("send", "which is over"),
    "accepted-without-commit": ("send", "no request carried GATEPOST_COMMITS"),
    "unsupported": ("send", "outcome kind 1"),
    "outside": ("send", "path:"),
    "stall-test": ("test", "was never completed"),
}
# plugin whose fault shows at load -> (check, words); None: nothing is wrong with it
FILES = {
    "wrong-major": ("table", "abi_major is 2"),
    "later-minor": ("table", "minor 4000"),
    "tiny-table": ("table", "ends before"),
    "no-start": ("table", "must be there"),
    "bad-id": ("table", "the id is not"),
    "no-symbol": ("table", "does not export"),
    "null-entry": ("table", "not with this host"),
    "wrong-id": ("manifest", "/id is not"),
    "bad-manifest": ("manifest", ""),
    "bad-schema": ("settings-schema", "$ref"),
    "larger-table": (None, ""),
    "shorter-table": (None, ""),
}


def run(check, plugin, only=None, settings=None):
    command = [check, plugin, "--json"]
    if only:
        command += ["--only", only]
    if settings:
        command += ["--settings", settings]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, json.loads(done.stdout)


def found(code, report, words):
    rows = [one for one in report["checks"] if one["status"] in ("failed", "crashed")]
    return code == 1 and any(words in one["text"] for one in rows)


def main(check, folder):
    folder, wrong = pathlib.Path(folder), []
    with tempfile.TemporaryDirectory() as temporary:
        settings = pathlib.Path(temporary) / "settings.json"
        for mode, (name, words) in MODES.items():
            settings.write_text(json.dumps({"path": "/mail", "fault": mode}))
            code, report = run(check, str(folder / "fault" / "fault.so"), name, str(settings))
            if not found(code, report, words):
                wrong.append(f"{mode}: {name} should have said {words!r}: {report['checks']}")
        settings.write_text(json.dumps({"path": "/mail", "fault": "none"}))
        code, report = run(check, str(folder / "fault" / "fault.so"), None, str(settings))
        if code != 0:
            wrong.append(f"without a fault: {report['checks']}")
    for name, (which, words) in FILES.items():
        code, report = run(check, str(folder / name / f"{name}.so"), which)
        if (code != 0) if which is None else not found(code, report, words):
            wrong.append(f"{name}: {which} should have said {words!r}: {report['checks']}")
    print("\n".join(wrong) or f"{len(MODES) + 1 + len(FILES)} plugins, all as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
