#!/usr/bin/env python3
"""Follows "First provider" of sdk/README.md word for word: the template, its two files replaced by the blocks of that
section, then CMake, and gatepost-check on what comes out.

    readme.py GATEPOST_CHECK SDK CXX
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HEADERS = "include/gatepost"


def block(text, kind):
    found = re.findall(r"^```" + kind + r"\n(.*?)^```", text, re.M | re.S)
    assert len(found) == 1, f"one block of {kind} was expected in the section, {len(found)} are there"
    return found[0]


def run(where, *words):
    done = subprocess.run(words, cwd=where, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def undeclared(check, plugin):
    """A provider that declares another host cannot work in the daemon, and one check says so."""
    # The manifest lies in the file as text; building it once more would only take time.
    said = plugin.read_bytes()
    assert said.count(b'"api.acme.example:443"') == 1
    other = plugin.with_name("other.so")
    other.write_bytes(said.replace(b'"api.acme.example:443"', b'"api.acme.example:444"'))
    done = subprocess.run([check, str(other), "--json"], capture_output=True, text=True, timeout=300)
    wrong = {row["name"]: row["text"] for row in json.loads(done.stdout)["checks"] if row["status"] == "failed"}
    assert done.returncode == 1 and list(wrong) == ["declared"], wrong
    assert wrong["declared"].startswith("api.acme.example:443 is not among"), wrong
    assert wrong["declared"].endswith('add it to "destinations" of manifest.json'), wrong


def main(check, sdk, compiler):
    sdk = pathlib.Path(sdk)
    text = (sdk / "README.md").read_text()
    section = text.split("## First provider", 1)[1].split("\n## ", 1)[0]
    commands = block(section, "sh").splitlines()
    with tempfile.TemporaryDirectory() as temporary:
        here = pathlib.Path(temporary) / "acme"
        shutil.copytree(sdk / "template/cpp", here)
        run(here, "sh", "-c", next(line for line in commands if line.startswith("sed ")))
        (here / "manifest.json").write_text(block(section, "json"))
        (here / "provider.cpp").write_text(block(section, "cpp"))
        run(here, "cmake", "-G", "Ninja", "-S", ".", "-B", "build", f"-DGATEPOST_SDK={sdk}", f"-DCMAKE_CXX_COMPILER={compiler}",
            "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wconversion -Werror")
        run(here, "cmake", "--build", "build")
        plugin = here / "build/lib/gatepost/plugins/acme.so"
        report = json.loads(run(here, check, str(plugin), "--json"))
        skipped = [row["name"] for row in report["checks"] if row["status"] == "skipped"]
        # It has no message options, takes no raw mail and no check/1: nothing else is left out.
        allowed = {"options-schema", "send-raw", "check-extension"}
        assert set(skipped) <= allowed, f"skipped: {skipped}"
        undeclared(check, plugin)
    named = set(re.findall(r"`(?:include/gatepost/)?(\w+)(?:\.hpp|\.h)?`", text))
    missing = [one.name for one in (sdk / HEADERS).iterdir() if one.stem not in named]
    assert not missing, f"the table names no {missing}"
    print(f"{report['passed']} checks passed")


if __name__ == "__main__":
    main(*sys.argv[1:])
