"""What every peer shares: Debian packages unpacked under build/peers (never installed), a certificate made at run time, free
ports, processes with their own log, and the shape of what arrived. Standard library, openssl, apt-get and dpkg-deb only.

A peer is a context manager with start(), stop() and received(). received() gives the Arrived that came since start, with the
trace headers that the peer itself put on top taken off. What a machine cannot run raises Skip with the reason: a test that
catches it prints `skipped: REASON` and ends with 77.
"""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from gatepost_test import Failure, wait_until

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
USER, PASSWORD = "noreply@example.com", "correct horse=battery"


class Skip(Exception):
    """Why this machine cannot run a peer."""


@dataclasses.dataclass(frozen=True)
class Arrived:
    """One delivery: a peer that files a copy for each recipient gives one of these for each."""

    sender: str
    recipients: tuple
    content: bytes


@contextlib.contextmanager
def skipping():
    """Turns a Skip into the exit code that ctest knows."""
    try:
        yield
    except Skip as reason:
        print(f"skipped: {reason}", flush=True)
        sys.exit(SKIPPED)


@contextlib.contextmanager
def locked(folder):
    """Two tests shall not unpack at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def need_root(what):
    if os.geteuid() != 0:
        raise Skip(f"{what} needs root; this is user {os.geteuid()}")


# ---- packages ------------------------------------------------------------------------------------


def quiet(*words, cwd=None):
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"})
    return done.returncode, done.stdout + done.stderr


def with_dependencies(packages):
    """The packages, and those of their dependencies that this machine lacks. Nothing is installed: apt only says what it would."""
    _, said = quiet("apt-get", "install", "--simulate", "--no-install-recommends", *packages)
    return sorted({*packages, *re.findall(r"^Inst (\S+)", said, re.M)})


def unpack(build, name, packages, without=()):
    """Downloads and unpacks packages once below build/peers/NAME; gives that folder, to be read as a root."""
    peers = pathlib.Path(build).resolve() / "peers"
    root, mark = peers / name, peers / f"{name}.unpacked"
    with locked(peers):
        if mark.exists() and mark.read_text().split() == sorted(packages):
            return root
        if not shutil.which("apt-get"):
            raise Skip(f"{name} comes from Debian's archive, and there is no apt-get here")
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        with tempfile.TemporaryDirectory(dir=peers) as folder:
            wanted = [one for one in with_dependencies(packages) if one not in without]
            code, said = quiet("apt-get", "download", *wanted, cwd=folder)
            if code != 0:
                raise Skip(f"apt-get download {' '.join(packages)} failed (no network, or no package lists): {said[-300:]}")
            for package in sorted(pathlib.Path(folder).glob("*.deb")):
                subprocess.run(["dpkg-deb", "-x", package, root], check=True)
        mark.write_text("\n".join(sorted(packages)))
    return root


def library_path(root, *more):
    """LD_LIBRARY_PATH for the programs below an unpacked root."""
    found = [root / one for one in more]
    found += [folder for base in ("usr/lib", "lib") for folder in sorted((root / base).glob("*-linux-gnu*"))]
    return ":".join(str(folder) for folder in found if folder.exists())


def relocation(build, root, folders):
    """The environment in which a program below `root` finds what it expects in `folders`, absolute paths compiled into it."""
    library, source = pathlib.Path(build).resolve() / "peers/relocate.so", HERE / "relocate.c"
    with locked(library.parent):
        if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
            compiler = next((one for one in ("cc", "gcc", "clang") if shutil.which(one)), None)
            if compiler is None:
                raise Skip("a small library has to be compiled, and there is no C compiler")
            subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "RELOCATE": ":".join(folders), "RELOCATE_ROOT": str(root)}


# ---- certificates --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Certificate:
    ca: pathlib.Path
    chain: pathlib.Path
    key: pathlib.Path


def certificate(build):
    """A CA and a server certificate for localhost and 127.0.0.1 below build/peers; made again when a day old."""
    folder = pathlib.Path(build).resolve() / "peers/certificate"
    made = Certificate(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    with locked(folder.parent):
        if made.chain.exists() and time.time() - made.chain.stat().st_mtime < 86400:
            return made
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if not shutil.which("openssl"):
            raise Skip("the certificates are made by the openssl program, which is not installed")
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3"]
        for words in (
            [*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Gatepost test CA",
             "-addext", "keyUsage=critical,keyCertSign"],
            [*new, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ):
            code, said = quiet(*words, cwd=folder)
            if code != 0:
                shutil.rmtree(folder)
                raise Failure(f"openssl made no certificate: {said}")
        # Nothing here is worth a secret, and a peer that dropped its rights shall read it.
        for file in folder.iterdir():
            file.chmod(0o644)
    return made


# ---- processes -----------------------------------------------------------------------------------


def free_port():
    """A port for a program that binds it later. Out of those that the kernel gives to connections: another test's connection
    would take it meanwhile, and Postfix then leaves without a word."""
    given_from = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10000, max(given_from, 20000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def open_to_peers(folder):
    """A peer that drops its rights has to pass through every folder above its own; fails early if it cannot."""
    for above in pathlib.Path(folder).resolve().parents:
        if not above.stat().st_mode & 0o001:
            raise Skip(f"{above} is closed to other users, and the peer gives up root's rights")


def unquoted(value):
    return value.strip().strip("<>").strip('"')


class Peer:
    """A program that takes mail on 127.0.0.1. Sub-classes fill in _command, offers and received()."""

    name = "peer"
    lmtp = False
    mechanisms = ()  # what it offers for AUTH once TLS stands
    smtputf8 = True

    def __init__(self, build, scratch=None):
        self.build = pathlib.Path(build).resolve()
        base = self.build / "peers/run"
        base.mkdir(parents=True, exist_ok=True)
        self.base = pathlib.Path(scratch or tempfile.mkdtemp(prefix=self.name + "-", dir=base))
        self.base.mkdir(exist_ok=True)
        self.base.chmod(0o755)
        self.port = free_port()
        self.tls_port = None
        self.socket = None
        self.process = None
        self.log = self.base / "log"

    def _command(self):
        """(words, environment) of the program in the foreground."""
        raise NotImplementedError

    def start(self):
        words, environment = self._command()
        with open(self.base / "output", "ab") as output:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env={**os.environ, **environment}, cwd=self.base, start_new_session=True)
        wait_until(self._greets, 20, f"{self.name} greets on port {self.port}")
        return self

    def _greets(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} left with {self.process.returncode}:\n{self.said()}")
        with socket.socket() as probe:
            probe.settimeout(5)
            try:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0 and probe.recv(3) == b"220"
            except OSError:
                return False

    def said(self):
        files = [self.base / "output", self.log]
        return "\n".join(file.read_text(errors="replace")[-3000:] for file in files if file.is_file())

    def stop(self):
        if self.process is None:
            return
        process, self.process = self.process, None
        try:
            process.terminate()
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        # Whatever it left behind: the group is its own session.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)

    def received(self):
        raise NotImplementedError

    def count(self):
        """How many deliveries there are; cheap, to be asked often."""
        return len(self.received())

    def ways_seen(self):
        """How mails came in, as the peer tells it: TLS, mechanisms."""
        return ""

    def contents_heard(self):
        """{"data": n, "bdat": m}: how many mails came by each, as the peer's own log has it. For SMTP peers that offer CHUNKING."""
        raise NotImplementedError

    def idle(self):
        """True when nothing that was taken still waits inside the peer."""
        return True

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self._leave(True)
            raise

    def __exit__(self, kind, *_):
        self._leave(kind is not None)

    def _leave(self, failed):
        self.stop()
        if failed:
            print(f"---- what {self.name} said ----\n{self.said()}\n----", flush=True)
        if not os.environ.get("GATEPOST_TEST_KEEP"):
            shutil.rmtree(self.base, ignore_errors=True)


# ---- what a peer put on top ----------------------------------------------------------------------


def without_trace(content, wanted):
    """Takes the fields `wanted` (lower case) off the top, each once at most: a mail may hold the same fields of earlier hops.
    Gives (fields, rest); folded lines go with their field, line ends stay as they are."""
    fields, at, wanted = {}, 0, set(wanted)
    while True:
        end = content.find(b":", at)
        name = content[at:end].decode("ascii", "replace").lower() if end >= 0 else ""
        if name not in wanted:
            return fields, content[at:]
        wanted.remove(name)
        begin = at
        while True:
            line = content.find(b"\n", at)
            at = line + 1
            if line < 0 or content[at:at + 1] not in (b" ", b"\t"):
                break
        fields[name] = content[begin:at].split(b":", 1)[1].decode("utf-8", "replace").strip()


def maildir(folder, wanted, recipient=None):
    """The deliveries of a Maildir whose program wrote LF lines and put the fields `wanted` on top. On the wire every line ended
    in CRLF, which is what comes back. The recipient is the Maildir's, or what the program wrote."""
    out = []
    for file in sorted((pathlib.Path(folder) / "new").glob("*")):
        fields, rest = without_trace(file.read_bytes(), wanted)
        owner = recipient or fields.get("x-original-to") or fields.get("envelope-to") or ""
        out.append(Arrived(unquoted(fields.get("return-path", "")), (unquoted(owner),), rest.replace(b"\n", b"\r\n")))
    return out
