"""Peers that write each mail they answer into a file of its own, envelope and bytes: aiosmtpd (Debian's python3-aiosmtpd,
unpacked where it is not installed) and nodemailer's smtp-server (npm, Node 20 or newer, versions pinned in node/package.json).
Both run as any user.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys

from peers_base import HERE, PASSWORD, USER, Arrived, Peer, Skip, certificate, free_port, locked, unpack


class RecordingPeer(Peer):
    def __init__(self, build, scratch=None):
        super().__init__(build, scratch)
        self.certificate = certificate(self.build)
        self.tls_port = free_port()
        self.mail = self.base / "mail"
        self.mail.mkdir(exist_ok=True)

    def words(self):
        return [self.port, self.tls_port, self.mail, self.certificate.chain, self.certificate.key, USER, PASSWORD]

    def received(self):
        out = []
        for file in sorted(self.mail.iterdir()):
            if file.suffix != ".new":
                head, content = file.read_bytes().split(b"\n", 1)
                envelope = json.loads(head)
                out.append(Arrived(envelope["sender"] or "", tuple(envelope["recipients"]), content))
        return out

    def ways_seen(self):
        heads = [json.loads(file.read_bytes().split(b"\n", 1)[0]) for file in self.mail.iterdir()]
        seen = collections.Counter(("TLS" if head["tls"] else "clear") + (f" as {head['user']}" if head["user"] else "") for head in heads)
        return "seen: " + ", ".join(f"{way} {count}" for way, count in sorted(seen.items()))

    def count(self):
        return sum(not name.endswith(".new") for name in os.listdir(self.mail))


class Aiosmtpd(RecordingPeer):
    name = "aiosmtpd"
    mechanisms = ("plain", "login")

    def __init__(self, build, scratch=None):
        super().__init__(build, scratch)
        self.environment = {}
        if subprocess.run([sys.executable, "-c", "import aiosmtpd"], capture_output=True).returncode != 0:
            root = unpack(self.build, "aiosmtpd", ["python3-aiosmtpd"])
            self.environment = {"PYTHONPATH": str(root / "usr/lib/python3/dist-packages")}

    def _command(self):
        return [sys.executable, HERE / "aiosmtpd_server.py", *self.words()], self.environment


def need_node():
    """The major version of Node, at least 20."""
    if not shutil.which("node"):
        raise Skip("Node is not installed; nodemailer wants version 20 or newer")
    major = int(re.match(r"v(\d+)", subprocess.run(["node", "--version"], capture_output=True, text=True).stdout)[1])
    if major < 20:
        raise Skip(f"Node {major}")
    return major


def node_modules(build, name="node"):
    """npm install of node/package.json (or of NAME's, below node/) in build/peers/NAME, once for each state of that file."""
    need_node()
    folder, source = build / "peers" / name, HERE / "node" / ("" if name == "node" else name) / "package.json"
    with locked(build / "peers"):
        mark = folder / "installed.json"
        if not mark.exists() or mark.read_text() != source.read_text():
            if not shutil.which("npm"):
                raise Skip("npm is not installed")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            shutil.copy(source, folder)
            # By itself npm waits more than two minutes for a registry that cannot be had, and others wait for us.
            patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=5000"]
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *patience], cwd=folder,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if done.returncode != 0:
                raise Skip(f"npm install failed (no network?): {done.stderr[-300:]}")
            shutil.copy(source, mark)
    return folder / "node_modules"


class Nodemailer(RecordingPeer):
    name = "nodemailer"
    mechanisms = ("plain", "login", "cram-md5")

    def __init__(self, build, scratch=None, tokens=None):
        """`tokens`: an introspection endpoint; then XOAUTH2 is the only way in."""
        need_node()
        super().__init__(build, scratch)
        self.tokens = [tokens] if tokens else []
        self.environment = {"NODE_PATH": str(node_modules(self.build))}

    def _command(self):
        return ["node", HERE / "node/server.js", *self.words(), *self.tokens], self.environment
