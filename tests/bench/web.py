"""The servers and clients that the benchmark of the HTTP providers needs: nginx (Debian; unpacked below build/peers where it is not
installed), node's own HTTP/2 server, and @sendgrid/mail (npm). Each raises Skip with the reason where a machine lacks it.
"""
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from common import ROOT
from gatepost_test import Failure, wait_until
from peers_base import HERE as SUPPORT
from peers_base import certificate, free_port, library_path, unpack
from peers_recording import need_node

NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_max_body_size 100m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    keepalive_timeout 300s;
    server {{
        listen 127.0.0.1:{port};
        location / {{ add_header X-Message-Id 14c5d75ce93e473d9a9a6e always; return 202; }}
        location /v2/ {{ return 200 '{{"MessageId":"0100019ab0000000"}}'; }}
        location = /count {{ stub_status; }}
    }}
}}
"""


class Program:
    """A server that is a process of its own, with a folder of its own."""

    def __init__(self, name):
        base = ROOT / "build/bench"
        base.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=name + "-", dir=base))
        self.name, self.port, self.process, self.environment = name, free_port(), None, {}

    def run(self, *words):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            env={**os.environ, **self.environment}, start_new_session=True)
        wait_until(self.listens, 20, f"{self.name} listens on {self.port}")
        return self

    def listens(self):
        if self.process.poll() is not None:
            said = "".join(file.read_text(errors="replace") for file in self.folder.glob("*") if file.is_file())
            raise Failure(f"{self.name} left with {self.process.returncode}: {said[-2000:]}")
        try:
            return bool(self.counted())
        except (OSError, http.client.HTTPException):
            return False

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Program):
    """Answers 202 to everything, or as SES does below /v2/, and counts."""

    def __init__(self, build):
        program = shutil.which("nginx") or next((one for one in ("/usr/sbin/nginx",) if pathlib.Path(one).exists()), None)
        root = None if program else unpack(build, "nginx", ["nginx"], without=("nginx-common",))
        super().__init__("nginx")
        self.program = program or root / "usr/sbin/nginx"
        self.environment = {"LD_LIBRARY_PATH": library_path(root)} if root else {}

    def __enter__(self):
        user = "user root;" if os.geteuid() == 0 else ""  # it writes into a folder of ours
        (self.folder / "nginx.conf").write_text(NGINX.format(user=user, folder=self.folder, port=self.port))
        self.begun = 0
        return self.run(self.program, "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf")

    def counted(self):
        """Requests that it has taken, this one and those before it among them."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        asked.request("GET", "/count", headers={"Connection": "close"})
        words = asked.getresponse().read().split()
        asked.close()
        self.begun += 1
        return int(words[words.index(b"requests") + 3])

    def count(self):
        return self.counted() - self.begun


class Http2(Program):
    """Node's HTTP/2 server; holds its answers until as many requests stand open."""

    def __init__(self, build, held):
        need_node()
        super().__init__("http2")
        self.certificate, self.held, self.url = certificate(build), held, f"https://localhost:{self.port}"

    def __enter__(self):
        return self.run("node", SUPPORT / "node/http2.js", self.port, self.certificate.chain, self.certificate.key, self.held,
                        self.folder / "count")

    def counted(self):
        return (self.folder / "count").exists()

    def count(self):
        """{"requests", "connections", "most"}, as node/http2.js says."""
        return json.loads((self.folder / "count").read_text())
