"""Postfix as the benchmark runs it: accepting from smtp-source, or relaying what it accepted to smtp-sink, stock and tuned. How it is
unpacked and started without touching the machine stands in tests/support/peers_postfix.py. Needs root.
"""
import subprocess
import time

from gatepost_test import wait_until
from peers_base import free_port
from peers_postfix import PostfixMaster

# What people change when they want mails per second; each mail is still synced before its 250.
TUNED = """\
default_process_limit = 200
in_flow_delay = 0
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_tls_security_level = none
disable_dns_lookups = yes
qmgr_message_active_limit = 100000
smtpd_delay_reject = no
smtpd_timeout = 60
default_destination_concurrency_limit = 20
initial_destination_concurrency = 20
smtp_destination_concurrency_limit = 20
smtp_connection_cache_destinations = static:all
smtp_connection_cache_time_limit = 30s
smtp_connection_reuse_count_limit = 1000
smtp_tls_security_level = none
"""


class Postfix(PostfixMaster):
    """`relay`: the port that takes everything; without it mail is discarded once accepted."""

    def __init__(self, build, tuned, relay=None):
        super().__init__(build)
        self.tuned, self.relay = tuned, relay

    def listeners(self):
        return f"127.0.0.1:{self.port} inet n - n - {200 if self.tuned else 100} smtpd\n"

    def settings(self):
        way = f"default_transport = smtp:[127.0.0.1]:{self.relay}\n" if self.relay else "default_transport = discard\n"
        return way + (TUNED if self.tuned else "")

    def accept(self, mails, size, sessions=20):
        """Mails a second that Postfix answers with 250, as smtp-source measures it."""
        begun = time.monotonic()
        self.run("smtp-source", "-s", str(sessions), "-m", str(mails), "-l", str(size), "-f", "a@bench.invalid", "-t",
                 "b@bench.invalid", f"127.0.0.1:{self.port}", check=True, timeout=120)
        return mails / (time.monotonic() - begun)


class Sink:
    """Postfix's smtp-sink, in C: answers, forgets, and counts."""

    def __init__(self, postfix, folder):
        self.name, self.port, self.postfix = "smtp-sink", free_port(), postfix
        self.output = folder / f"sink-{self.port}"
        self.process = None

    def __enter__(self):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([self.postfix.root / "usr/sbin/smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{self.port}", "512"],
                                            env={"PATH": "/usr/bin:/bin", **self.postfix.environment}, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=subprocess.STDOUT)
        wait_until(self._listens, 10, "smtp-sink listens")
        return self

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"smtp-sink left: {self.output.read_text()}")
        table = open("/proc/net/tcp").read()
        return f"0100007F:{self.port:04X} 00000000:0000 0A" in table

    def count(self):
        with open(self.output, "rb") as output:
            size = output.seek(0, 2)
            output.seek(max(0, size - 400))
            whole = output.read().split(b"\r")[:-1]  # the last piece may be cut
        return int(whole[-1].split(b"mesg=")[1]) if whole and b"mesg=" in whole[-1] else 0

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.output.unlink()
