"""What hostile servers share, whatever they speak: certificates that are right or wrong, a connection with a thread of its own, a
listening peer that keeps what its connections saw, and the house that accepts for all of them. Standard library and openssl.

A fault is a callable (link, usual): it is played instead of the usual reply. Whatever it sends, it stops when the other side hangs
up. Over ends a connection.
"""

import contextlib
import pathlib
import select
import selectors
import socket
import ssl
import threading
import time

import hostile_faults as faults
from gatepost_test import Failure, wait_until
from peers_base import quiet

BODY_BEFORE_FAULT = 64 * 1024
PATIENCE = 100  # seconds; nobody waits longer than this for a client that does not leave


class Certificates:
    """One right certificate, and one for each way to be wrong. `ca` is the authority that a client shall know."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self._authority("ca", "Gatepost test CA")
        self._authority("stranger", "An authority that nobody knows")
        self.ca = self.folder / "ca.pem"
        self._server("good", "ca", "DNS:localhost,IP:127.0.0.1")
        self._server("expired", "ca", "DNS:localhost,IP:127.0.0.1", days=0)  # over within this second
        self._server("wrong-name", "ca", "DNS:other.example")
        self._server("unknown-ca", "stranger", "DNS:localhost,IP:127.0.0.1")
        self._openssl("req", "-x509", *self._new("self-signed"), "-days", "3", "-out", "self-signed.pem", "-addext",
                      "subjectAltName=DNS:localhost,IP:127.0.0.1")
        wait_until(self._is_expired, what="the end of the certificate that expires")

    def _is_expired(self):
        return quiet("openssl", "x509", "-checkend", "0", "-noout", "-in", "expired.pem", cwd=self.folder)[0] == 1

    @staticmethod
    def _new(name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key", "-subj",
                "/CN=localhost"]

    def _openssl(self, *words):
        code, said = quiet("openssl", *words, cwd=self.folder)
        if code != 0:
            raise Failure(f"openssl {' '.join(words)}: {said}")

    def _authority(self, name, title):
        self._openssl("req", "-x509", *self._new(name)[:-1], f"/CN={title}", "-days", "3", "-out", f"{name}.pem", "-addext",
                      "keyUsage=critical,keyCertSign")

    def _server(self, name, authority, names, days=3):
        (self.folder / "extensions").write_text(f"basicConstraints=critical,CA:FALSE\nsubjectAltName={names}\n")
        self._openssl("req", *self._new(name), "-out", "request")
        self._openssl("x509", "-req", "-in", "request", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-days", str(days),
                      "-extfile", "extensions", "-out", f"{name}.pem", "-CAcreateserial")

    def context(self, name, old=False):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        if old:
            made.set_ciphers("ALL:@SECLEVEL=0")
            made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1
        return made


class Link(threading.Thread):
    """One connection. Sub-classes talk()."""

    def __init__(self, peer, link, number):
        super().__init__(daemon=True)
        self.peer, self.script, self.link, self.number = peer, peer.script, link, number
        self.buffer = b""
        self.mute = False
        self.order = None  # a fault for a kept connection; its own thread plays it
        self.played = threading.Event()

    def run(self):
        try:
            self.link.settimeout(PATIENCE)
            self.talk()
        except (faults.Over, OSError, ValueError):
            pass
        finally:
            with contextlib.suppress(OSError):
                self.link.close()

    def send(self, data):
        if not self.mute:
            self.link.sendall(data)

    def more(self):
        if self.script.step == "parked":
            self.wait_for_orders()
        got = self.link.recv(65536)
        if not got:
            raise faults.Over
        return got

    def wait_for_orders(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not select.select([self.link], [], [], 0.02)[0]:
            if self.order is None:
                continue
            order, self.order = self.order, None
            try:
                order(self, b"250 2.0.0 x\r\n")
            finally:
                self.played.set()

    def drain(self):
        """Reads until the client leaves."""
        self.buffer = b""
        while True:
            self.more()

    def reset(self):
        """RST instead of FIN."""
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.link.close()
        raise faults.Over

    def hang_up(self):
        self.link.close()
        raise faults.Over

    def faulty(self, step):
        return self.script.fault is not None and self.script.step == step and self.number < self.script.most_faults

    def handshake(self):
        """TLS, or what happens instead."""
        if self.faulty("handshake"):
            self.more()  # the ClientHello
            # The head of a record that never comes whole; dripped, it keeps a client waiting.
            self.script.fault(self, b"\x16\x03\x03\x40\x00" + bytes(60) if self.script.fault in (faults.drip, faults.drip_on)
                              else b"220 x\r\n")
            self.drain()
        self.link = self.script.context.wrap_socket(self.link, server_side=True)
        self.buffer = b""


class Listener:
    """What one script did and saw. Sub-classes name their `link`."""

    link = Link

    def __init__(self, script):
        self.script = script
        self.listener = socket.socket()
        if script.small_window:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.arrivals, self.sessions = [], []

    def accept(self):
        with contextlib.suppress(OSError):
            link, _ = self.listener.accept()
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = self.link(self, link, len(self.sessions))
            self.sessions.append(session)
            self.arrivals.append(time.monotonic())
            session.start()

    def disturb(self, fault):
        """Has the fault played on the first session, which is kept and silent; returns when it is done."""
        self.sessions[0].order = fault
        if not self.sessions[0].played.wait(20):
            raise Failure("the first session ended by itself")


class House:
    """Peers with one thread that accepts for all of them."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.over = threading.Event()
        self.peers = []

    def add(self, made):
        self.peers.append(made)
        self.selector.register(made.listener, selectors.EVENT_READ, made)
        return made

    def __enter__(self):
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        return self

    def _accept(self):
        while not self.over.is_set():
            for key, _ in self.selector.select(0.2):
                key.data.accept()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        for peer in self.peers:
            peer.listener.close()
            for session in peer.sessions:
                with contextlib.suppress(OSError):
                    session.link.shutdown(socket.SHUT_RDWR)
