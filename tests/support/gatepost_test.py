"""A gateway for tests: temporary folders, a running gatepostd, HTTP over its socket. Standard library only.

    with Gateway("build/release/bin/gatepostd", plugins=["build/release/lib/gatepost/plugins"]) as gateway:
        gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
        gateway.start()
        identifier = gateway.send({"to": ["a@example.net"], "from": "b@example.org", "text": "Hello"})
        message = gateway.wait_for(identifier, "sent")

Everything lives below gateway.folder and is removed at the end, unless GATEPOST_TEST_KEEP is set. The daemon is stopped
with SIGTERM, then SIGKILL; what it wrote to standard error is in gateway.stderr() and in every failure. Nothing here sleeps
for a fixed time: it waits for a condition until a deadline.
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

FINAL = {"sent", "partial", "failed", "unknown", "held", "expired", "cancelled"}


class Failure(AssertionError):
    """What a test did not find; its text says what it found instead."""


def wait_until(condition, deadline=20.0, what="the condition"):
    """Gives the first true value of condition(); fails after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not so after {deadline:g} s, last value {value!r}")
        time.sleep(0.02)


def expect(condition, text):
    if not condition:
        raise Failure(text)


def toml(value):
    """A TOML value; tables are inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value)).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + " }"
    raise TypeError(f"no TOML for {type(value).__name__}")


def toml_table(values):
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in values.items())


class UnixConnection(http.client.HTTPConnection):
    """http.client over a Unix socket; keep-alive as usual."""

    def __init__(self, path, timeout=60):
        super().__init__("gatepost", timeout=timeout)
        self.unix_path = os.fspath(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix_path)


class Answer:
    """An HTTP answer, read whole."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"HTTP {self.status}: {self.body[:2000].decode(errors='replace')}"


def request(path, method, target, body=None, headers=None, timeout=60):
    """One request on a connection of its own. A dict or list becomes JSON."""
    connection = UnixConnection(path, timeout)
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, target, body=body, headers=headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Gateway:
    def __init__(self, binary, plugins, name="gatepost-test", environment=None):
        self.binary = os.fspath(binary)
        self.plugins = [os.fspath(one) for one in ([plugins] if isinstance(plugins, (str, os.PathLike)) else plugins)]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=name + "-"))
        self.config = self.folder / "config"
        self.state = self.folder / "state"
        self.socket = self.folder / "run" / "gatepost.sock"
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.wrapped = False
        self.log = self.folder / "stderr"
        (self.config / "connections.d").mkdir(parents=True)
        self.socket.parent.mkdir(mode=0o700)
        self.settings({})

    # ---- configuration ------------------------------------------------------------------------

    def settings(self, values):
        """Writes gatepost.toml. Tables are dicts."""
        plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
        text = toml_table(plain)
        for key, value in values.items():
            if isinstance(value, dict):
                text += f"\n[{key}]\n{toml_table(value)}"
        self._write(self.config / "gatepost.toml", text)

    def connection(self, name, provider, settings=None, limits=None, oauth=None, **more):
        """Writes connections.d/NAME.toml; `more` are its plain keys (active, from_email ...)."""
        text = toml_table({"provider": provider, **more})
        if limits:
            text += f"\n[limits]\n{toml_table(limits)}"
        text += f"\n[settings]\n{toml_table(settings or {})}"
        if oauth:
            text += f"\n[oauth]\n{toml_table(oauth)}"
        self._write(self.config / "connections.d" / f"{name}.toml", text)

    @staticmethod
    def _write(path, text):
        path.write_text(text)
        path.chmod(0o600)

    # ---- the process --------------------------------------------------------------------------

    def command(self, *more):
        out = [self.binary, "--config", str(self.config), "--state", str(self.state), "--socket", str(self.socket)]
        for folder in self.plugins:
            out += ["--plugins", folder]
        return out + list(more)

    def start(self, *more, wrapper=(), deadline=30.0):
        """Starts gatepostd (below `wrapper`, e.g. strace) and waits until it answers."""
        expect(self.process is None, "the gateway runs already")
        self.wrapped = bool(wrapper)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, *self.command(*more)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )
        wait_until(self._answers, deadline, "gatepostd answers")
        return self

    def _answers(self):
        code = self.process.poll()
        if code is not None:
            self.process = None
            raise Failure(f"gatepostd left with {code}:\n{self.stderr()}")
        try:
            return self.get("/v1/version").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self, deadline=30.0):
        """SIGTERM, and its exit code; SIGKILL and a failure if it does not leave."""
        if self.process is None:
            return None
        daemon, (process, self.process) = self.pid(), (self.process, None)
        os.kill(daemon, signal.SIGTERM)
        try:
            return process.wait(deadline)
        except subprocess.TimeoutExpired:
            os.kill(daemon, signal.SIGKILL)
            process.wait()
            raise Failure(f"gatepostd did not leave within {deadline:g} s of SIGTERM:\n{self.stderr()}") from None

    def kill(self):
        """kill -9, as a power cut would."""
        daemon, (process, self.process) = self.pid(), (self.process, None)
        os.kill(daemon, signal.SIGKILL)
        return process.wait()

    def sanitized(self):
        """Built with a sanitizer: then its memory is mostly that one's."""
        program = pathlib.Path(self.binary).read_bytes()
        return b"__asan_init" in program or b"__tsan_init" in program

    def pid(self):
        """The daemon's own process, also below a wrapper (which would keep a signal to itself)."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if self.wrapped and children else self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stderr(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process is not None and self.process.poll() is not None and kind is None:
                raise Failure(f"gatepostd left by itself with {self.process.returncode}:\n{self.stderr()}")
            if self.process is not None:
                self.stop()
        finally:
            if kind is not None:
                print(f"---- what gatepostd said ----\n{self.stderr()[-20000:]}\n----", flush=True)
            if not os.environ.get("GATEPOST_TEST_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    # ---- HTTP ---------------------------------------------------------------------------------

    def request(self, method, target, body=None, headers=None, timeout=60):
        return request(self.socket, method, target, body, headers, timeout)

    def get(self, target, **more):
        return self.request("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.request("POST", target, body, **more)

    # ---- messages -----------------------------------------------------------------------------

    def send(self, message, headers=None):
        """POSTs JSON, expects the 202, gives the id."""
        return self._accepted(self.post("/v1/messages", message, headers=headers))

    def send_raw(self, mail, sender=None, to=(), **query):
        """POSTs RFC 5322 bytes with the envelope in the query, expects the 202, gives the id."""
        pairs = [] if sender is None else [("from", sender)]
        pairs += [("to", one) for one in to]
        pairs += list(query.items())
        target = "/v1/messages" + ("?" + urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote) if pairs else "")
        return self._accepted(self.post(target, mail, headers={"Content-Type": "message/rfc822"}))

    @staticmethod
    def _accepted(answer):
        expect(answer.status == 202, f"expected 202, got {answer!r}")
        identifier = answer.json["id"]
        location = answer.headers.get("Location", "")
        expect(location.endswith("/v1/messages/" + identifier), f"Location {location!r} does not name {identifier}")
        return identifier

    def message(self, identifier):
        answer = self.get("/v1/messages/" + identifier)
        expect(answer.status == 200, f"message {identifier}: {answer!r}")
        return answer.json

    def wait_for(self, identifier, *statuses, deadline=30.0):
        """The message once its status is one of `statuses` (none given: any final one)."""
        wanted = set(statuses) or FINAL

        def there():
            message = self.message(identifier)
            if message["status"] in FINAL and message["status"] not in wanted:
                raise Failure(f"{identifier} ended as {message['status']}: {json.dumps(message)}")
            return message if message["status"] in wanted else None

        return wait_until(there, deadline, f"{identifier} becomes {' or '.join(sorted(wanted))}")
