"""Postfix as a peer: Debian's package unpacked under build/, its own configuration, queue and high port. Nothing is installed,
no service is touched. Needs root (master switches users) and apt's package lists.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

MASTER_CF = """\
{port} inet n - n - {limit} smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
meta_directory = {base}/config
shlib_directory = {root}/usr/lib/postfix
mail_owner = mail
setgid_group = games
default_privs = nobody
myhostname = bench.invalid
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
default_transport = discard
smtpd_recipient_restrictions = permit_mynetworks, reject
maillog_file = {base}/log
maillog_file_prefixes = {base}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH TZ LANG=C
"""

# What people change when they want accepts per second; each mail is still synced before its 250.
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
"""


def unpack(build):
    """Downloads and unpacks the package once; gives its root."""
    root = build / "peers/postfix"
    if not (root / "usr/sbin/smtp-source").exists():
        root.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "postfix"], cwd=root.parent, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        package = next(root.parent.glob("postfix_*.deb"))
        subprocess.run(["dpkg", "-x", package, root], check=True)
    return root


class Postfix:
    def __init__(self, build, base, port, tuned):
        self.root = unpack(build)
        self.base = pathlib.Path(base)
        self.port = port
        self.tuned = tuned
        self.environment = dict(os.environ, LD_LIBRARY_PATH=str(self.root / "usr/lib/postfix"),
                                MAIL_CONFIG=str(self.base / "config"))
        self.master = None

    def __enter__(self):
        self._lay_out()
        self.master = subprocess.Popen([self.root / "usr/lib/postfix/sbin/master", "-c", self.base / "config", "-d"],
                                       env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0 and probe.recv(3) == b"220":
                    return self
            time.sleep(0.05)
        raise RuntimeError("Postfix did not start:\n" + (self.base / "log").read_text(errors="replace")[-2000:])

    def __exit__(self, *_):
        try:
            os.killpg(self.master.pid, signal.SIGTERM)
            self.master.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.master.pid, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)

    def _lay_out(self):
        config = self.base / "config"
        config.mkdir(parents=True)
        limit = 100 if not self.tuned else 200
        (config / "master.cf").write_text(MASTER_CF.format(port=f"127.0.0.1:{self.port}", limit=limit))
        (config / "main.cf").write_text(MAIN_CF.format(base=self.base, root=self.root) + (TUNED if self.tuned else ""))
        for name in ("postfix-files", "dynamicmaps.cf"):
            (config / name).touch()
        self.base.chmod(0o755)
        (self.base / "data").mkdir()
        shutil.chown(self.base / "data", "mail")
        spool = self.base / "spool"
        spool.mkdir()
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                     "trace", "pid", "public", "maildrop"):
            (spool / name).mkdir()
            if name != "pid":
                shutil.chown(spool / name, "mail")

    def accept(self, mails, size, sessions=20):
        """Mails a second that Postfix answers with 250, as smtp-source measures it."""
        begun = time.monotonic()
        subprocess.run([self.root / "usr/sbin/smtp-source", "-s", str(sessions), "-m", str(mails), "-l", str(size), "-f",
                        "a@bench.invalid", "-t", "b@bench.invalid", f"127.0.0.1:{self.port}"], env=self.environment,
                       check=True, timeout=120)
        return mails / (time.monotonic() - begun)
