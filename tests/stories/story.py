"""What the stories share: their arguments, the command line client, and the little that more than one of them looks at.

Every story is a folder NN-name with a run.py that takes `gatepostd` and the libraries' folder (lib/gatepost of the build) and ends
with 0, or with what was not as told. `gatepost` stands beside gatepostd."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gatepost_test import Failure, Gateway, expect, request, wait_until  # noqa: E402,F401

MAIL = {"from": "noreply@example.com", "to": ["first@example.net"], "subject": "Story", "text": "Once upon a time"}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path, help="lib/gatepost of the build folder")
    given = parser.parse_args()
    given.gatepostd = given.gatepostd.resolve()
    given.gatepost = given.gatepostd.parent / "gatepost"
    given.libraries = given.libraries.resolve()
    return given


def gateway_of(given, outbox=True, plugins=("plugins",)):
    """A gateway, not started; with one connection `outbox` that files into gateway.folder/mail."""
    gateway = Gateway(given.gatepostd, [given.libraries / one for one in plugins])
    if outbox:
        gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
    return gateway


def files(gateway, folder="mail"):
    """Gateway id -> the file in the Maildir's new."""
    return {file.name.split(".")[1]: file for file in (gateway.folder / folder / "new").glob("*")}


def without_prefix(mail):
    """The mail in an outbox file: the lines before it show the envelope."""
    lines = mail.split(b"\r\n")
    while lines[0].startswith((b"Return-Path:", b"X-Original-To:")):
        lines.pop(0)
    return b"\r\n".join(lines)


class Client:
    """`gatepost` against one gateway."""

    def __init__(self, given, gateway):
        self.program, self.socket = given.gatepost, gateway.socket  # the program may be a list: below setpriv

    def __call__(self, *words, stdin=None, code=0, socket=None, environment=None):
        """Runs it, expects the exit code, gives its standard output."""
        done = self.run(*words, stdin=stdin, socket=socket, environment=environment)
        expect(done.returncode == code, f"gatepost {words} left with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
        return done.stdout if code == 0 or done.stdout else done.stderr

    def json(self, *words, **more):
        return json.loads(self("--json", *words, **more))

    def run(self, *words, stdin=None, socket=None, environment=None):
        own = {**os.environ, "GATEPOST_SOCKET": str(socket or self.socket), **(environment or {})}
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        program = self.program if isinstance(self.program, list) else [self.program]
        return subprocess.run([*program, *map(str, words)], capture_output=True, text=True, env=own, timeout=120, **given)
