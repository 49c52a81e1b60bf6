"""What tools/setup would do on a machine where everything is missing, seen by programs that stand in for Debian's: it says first what
it will install, then installs, removes nothing and asks nothing; without root it prints the line to run and installs nothing; where
nothing is missing it is silent."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import expect  # noqa: E402

SETUP = pathlib.Path(__file__).resolve().parents[3] / "tools/setup"


def stand_in(folder, name, text):
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def run(folder, wanted, root, state="not-installed"):
    """How it left, what it said, and the calls of apt-get with what they were given."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    stand_in(folder, "dpkg-query", f"printf {state}")
    stand_in(folder, "id", f"echo {0 if root else 1000}")
    stand_in(folder, "apt-get", f'echo "apt-get $* [$DEBIAN_FRONTEND]" >> {calls}; [ -t 0 ] && exit 1; echo installing')
    done = subprocess.run([SETUP, wanted], env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr, calls.read_text().splitlines() if calls.exists() else []


def check_root(folder):
    code, said, calls = run(folder, "test", root=True)
    expect(code == 0 and len(calls) == 2, f"{code} {calls} {said}")
    expect(calls[0].startswith("apt-get update") and calls[1].startswith("apt-get install"), f"{calls}")
    expect("--no-remove" in calls[1] and "--no-install-recommends" in calls[1] and "[noninteractive]" in calls[1], calls[1])
    installed = [word for word in calls[1].split()[2:-1] if not word.startswith("-")]
    announced = said[:said.index("installing")]
    expect(len(installed) > 15 and all(f"  {each}\n" in announced for each in installed), f"{installed}\n{said}")
    for service in ("postfix", "dovecot", "nginx", "exim"):
        expect(not any(service in each for each in installed), f"{service} would start a service")
    return set(installed)


def check_user(folder):
    code, said, calls = run(folder, "demo", root=False)
    lines = [line for line in said.splitlines() if "apt-get" in line]
    expect(code == 1 and not calls and len(lines) == 1, f"{code} {calls} {said}")
    words = lines[0].split()
    expect(words[0] == "sudo" and "update" in words and "--no-remove" in words and "g++" in lines[0], lines[0])


def main():
    with tempfile.TemporaryDirectory(prefix="gatepost-story-") as name:
        folder = pathlib.Path(name)
        tested = check_root(folder)
        expect(not {"nodejs", "postfix"} & set(run(folder, "demo", root=True)[2][1].split()), "the demo needs neither Node nor Postfix")
        expect({"catch2", "strace"} <= tested, f"{tested}")
        check_user(folder)
        code, said, calls = run(folder, "check", root=False, state="installed")
        expect((code, said, calls) == (0, "", []), f"nothing is missing, and it said: {said}")
    print("set-up was told")


main()
