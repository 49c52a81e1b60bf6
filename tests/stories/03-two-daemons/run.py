"""Somebody starts a second daemon on the same state: it leaves and names the first one's process. The first keeps its socket, its
spool and its mail. A second daemon with a state of its own does not take the socket either."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, arguments, expect, files, gateway_of  # noqa: E402


def second(gateway, state, socket):
    command = [gateway.binary, "--config", gateway.config, "--state", state, "--socket", socket, "--plugins", gateway.plugins[0]]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode not in (0, -6, -11), f"the second daemon left with {done.returncode}: {done.stderr}")
    return done.stderr


def unharmed(gateway, inode):
    expect(gateway.alive() and os.stat(gateway.socket).st_ino == inode, "the first daemon or its socket is gone")
    identifier = gateway.send(MAIL)
    gateway.wait_for(identifier, "sent")
    expect(identifier in files(gateway), "the mail was not filed")


def main():
    with gateway_of(arguments()) as gateway:
        gateway.start()
        inode = os.stat(gateway.socket).st_ino
        unharmed(gateway, inode)
        said = second(gateway, gateway.state, gateway.socket)
        expect(str(gateway.pid()) in said, f"the first one's pid {gateway.pid()} is not named: {said}")
        unharmed(gateway, inode)
        said = second(gateway, gateway.state, gateway.folder / "run" / "other.sock")
        expect(str(gateway.pid()) in said, f"the first one's pid {gateway.pid()} is not named: {said}")
        expect(not (gateway.folder / "run" / "other.sock").exists(), "the second daemon left a socket behind")
        unharmed(gateway, inode)
        said = second(gateway, gateway.folder / "state of its own", gateway.socket)
        expect("another process listens on" in said and str(gateway.socket) in said, said)
        unharmed(gateway, inode)

        gateway.kill()  # its socket and its lock's file stay behind, and hinder nobody
        expect(gateway.socket.exists(), "the test wants a socket that nobody listens on")
        gateway.start()
        unharmed(gateway, os.stat(gateway.socket).st_ino)
        gateway.stop()
        expect(not gateway.socket.exists(), "a stopped daemon leaves its socket behind")


main()
