"""An installation from nothing, as README.md tells it: `cmake --install`, folders that the daemon's user may read, the daemon of the
prefix as that user, a socket for others; and what is said where a right is missing. Run as root; otherwise there is nothing to tell."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, Client, arguments, expect, gateway_of  # noqa: E402

NOBODY, STRANGER = 65534, 65533
NOT_RUN = 77


def as_user(user, group=None):
    return ["setpriv", f"--reuid={user}", f"--regid={group or user}", "--clear-groups"]


def readable(path, group):
    """0750, 0640 below it, and the group: what README.md says of /etc/gatepost."""
    for one in (path, *path.rglob("*")):
        os.chown(one, 0, group)
        one.chmod(0o750 if one.is_dir() else 0o640)


def check_prefix(prefix):
    unit = (prefix / "lib/systemd/system/gatepost.service").read_text()
    expect(f"ExecStart={prefix}/bin/gatepostd " in unit and f"--plugins {prefix}/lib/gatepost/plugins" in unit, unit)
    expect("/usr/" not in unit.replace(str(prefix), ""), unit)
    for file in ("lib/gatepost/plugins/smtp.so", "share/doc/gatepost/config/README.md", "bin/gatepost-check",
                 "share/doc/gatepost/config/connections.d/outbox.toml.example", "share/gatepost/sdk/include/gatepost/abi.h",
                 "share/gatepost/sdk/gatepost-sdk.cmake", "share/gatepost/sdk/template/cpp/CMakeLists.txt"):
        expect((prefix / file).is_file(), f"{file} is not installed")


def refused(gateway, user, *parts):
    left = subprocess.run([*as_user(user), *gateway.command("--check")], capture_output=True, text=True, timeout=60, check=False)
    expect(left.returncode == 78 and all(part in left.stderr for part in parts), f"{left.returncode}: {left.stderr}")


def main():
    given = arguments()
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("cmake"):
        print("not run: needs root, setpriv and cmake")
        sys.exit(NOT_RUN)
    build = given.libraries.parent.parent
    with gateway_of(given) as gateway:
        gateway.folder.chmod(0o755)
        prefix = gateway.folder / "prefix"
        done = subprocess.run(["cmake", "--install", build, "--prefix", prefix], capture_output=True, text=True, check=False)
        expect(done.returncode == 0, done.stdout + done.stderr)
        check_prefix(prefix)

        gateway.binary = str(prefix / "bin/gatepostd")
        gateway.plugins = []  # those beside the program
        for folder in (gateway.state, gateway.folder / "mail"):
            folder.mkdir(mode=0o700)
            os.chown(folder, NOBODY, NOBODY)
        gateway.socket.parent.chmod(0o755)
        os.chown(gateway.socket.parent, NOBODY, NOBODY)
        door = gateway.folder / "run" / "send.sock"
        (gateway.config / "gatepost.toml").write_text(f'[[listen]]\npath = "{door}"\nmode = "0660"\nrole = "send"\n')

        readable(gateway.config, 0)
        refused(gateway, NOBODY, "gatepost.toml", "Permission denied", "give the daemon's user (uid 65534) the right to read it")
        readable(gateway.config, NOBODY)
        gateway.start(wrapper=as_user(NOBODY))
        expect(os.stat(f"/proc/{gateway.pid()}").st_uid == NOBODY, "the daemon is not the other user's")
        gateway.wait_for(gateway.send(MAIL), "sent")

        given.gatepost = prefix / "bin/gatepost"
        cli = Client(given, gateway)
        letter = ("send", "--from", "a@example.com", "--to", "b@example.net", "--text", "x")
        cli.program = as_user(STRANGER) + [cli.program]
        said = cli(*letter, code=77)
        expect(f"you may not open {gateway.socket}: ask for its group" in said and "start it" not in said, said)
        cli(*letter, socket=door, code=77)
        cli.program = as_user(STRANGER, NOBODY) + [given.gatepost]  # a member of the socket's group
        expect(cli.json(*letter, "--wait", socket=door)["status"] == "sent", "a member of the group may send")


main()
