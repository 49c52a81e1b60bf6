#!/usr/bin/env python3
"""How gatepost-check speaks to people: exit codes, and one cause told once.

    check_speaks.py GATEPOST_CHECK PLUGIN_WITH_FOLDER PLUGIN_THAT_FAULTS
"""

import json
import pathlib
import subprocess
import sys
import tempfile


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def usage(check, plugin, _faulty, _folder):
    code, out, err = run(check, "--help")
    assert (code, err) == (0, "") and out.startswith("usage: "), (code, out, err)
    code, out, err = run(check)
    assert (code, out) == (64, "") and err.startswith("usage: "), (code, out, err)
    code, out, err = run(check, plugin, "--only", "nope")
    assert (code, out, err) == (64, "", "there is no check nope; see --list\n"), (code, out, err)


def no_plugin(check, _plugin, _faulty, folder):
    file = folder / "text.so"
    file.write_text("this is no library\n" * 100)
    code, out, err = run(check, str(file))
    assert code == 1 and out.count("->") == 1 and out.count("invalid ELF header") == 1, (code, out, err)
    code, out, err = run(check, str(file), "--json")
    assert code == 1 and json.loads(out)["failed"] == 1, (code, out)


def wrong_settings(check, plugin, _faulty, folder):
    file = folder / "settings.json"
    file.write_text('{"folder": "/mail",}')
    code, out, err = run(check, plugin, "--settings", str(file))
    assert (code, out, err) == (66, "", f"{file} is not JSON: byte 20\n"), (code, out, err)
    file.write_text('{"folder": "mail", "colour": "red"}')
    code, out, err = run(check, plugin, "--settings", str(file))
    assert code == 1 and out.count("/colour") == 1 and "; )" not in out, out
    assert out.count("->") < 6 and "The other checks need an instance." in out, out
    code, out, err = run(check, plugin, "--settings", str(file), "--json")
    rows = json.loads(out)["checks"]
    assert sum(row["text"] == "the settings do not fit" for row in rows) > 20, out


def repeated(check, _plugin, faulty, folder):
    file = folder / "settings.json"
    file.write_text(json.dumps({"path": "/mail", "fault": "throw-create"}))
    code, out, err = run(check, faulty, "--settings", str(file))
    assert code == 1 and out.count("an exception came through") == 1, out
    assert out.count("the same as create-destroy") > 10, out


def main(*words):
    for one in (usage, no_plugin, wrong_settings, repeated):
        with tempfile.TemporaryDirectory() as temporary:
            one(*words, pathlib.Path(temporary))
    print("gatepost-check says what it should")


if __name__ == "__main__":
    main(*sys.argv[1:])
