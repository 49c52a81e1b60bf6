"""Exim as a second opinion: Debian's exim4-daemon-light unpacked, its own configuration, files every recipient's copy into one
Maildir. Exim looks up its own user by name, which exists only where the package is installed: libnss-wrapper shows it a passwd
file in which Debian-exim is the caller, or `mail` when the caller is root. So it runs without root too.

STARTTLS (GnuTLS), TLS on a second port, PIPELINING, CHUNKING, 8BITMIME and SMTPUTF8; the light daemon has no SASL that is worth
a test here.
"""

import os
import pwd
import shutil

from peers_base import Peer, certificate, free_port, library_path, maildir, open_to_peers, unpack

CONFIG = """\
primary_hostname = exim.invalid
spool_directory = {base}/spool
log_file_path = {base}/exim-%slog
pid_file_path = {base}/exim.pid
exim_path = {root}/usr/sbin/exim4
never_users =
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
pipelining_advertise_hosts = *
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
accept_8bitmime = true
smtp_accept_max = 0
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
smtp_connect_backlog = 100
recipients_max = 0
message_size_limit = 60M
header_maxsize = 4M
header_line_maxsize = 1M
rfc1413_query_timeout = 0s
host_lookup =
keep_environment = LD_LIBRARY_PATH : LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
queue_run_max = 4
log_selector = -retry_defer
deliver_drop_privilege = true
acl_smtp_rcpt = accept
acl_smtp_data = accept

begin routers

all:
  driver = accept
  transport = file

begin transports

file:
  driver = appendfile
  directory = {base}/mail
  maildir_format
  user = {user}
  group = {group}
  return_path_add
  envelope_to_add
  mode = 0644
"""


class Exim(Peer):
    name = "exim"

    def __init__(self, build, scratch=None):
        super().__init__(build, scratch)
        self.root = unpack(self.build, "exim", ["exim4-daemon-light", "libnss-wrapper"])
        self.certificate = certificate(self.build)
        self.tls_port = free_port()
        self.log = self.base / "exim-mainlog"
        if os.geteuid() == 0:
            open_to_peers(self.base)
            own = pwd.getpwnam("mail")
        else:
            own = pwd.getpwuid(os.geteuid())
        self.user, self.group = own.pw_uid, own.pw_gid
        wrapper = next(self.root.glob("usr/lib/*/libnss_wrapper.so"))
        self.environment = {"LD_LIBRARY_PATH": library_path(self.root), "LD_PRELOAD": str(wrapper),
                            "NSS_WRAPPER_PASSWD": str(self.base / "passwd"), "NSS_WRAPPER_GROUP": str(self.base / "group")}

    def _command(self):
        (self.base / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                          f"Debian-exim:x:{self.user}:{self.group}::{self.base}:/bin/false\n")
        (self.base / "group").write_text(f"root:x:0:\nDebian-exim:x:{self.group}:\n")
        for name in ("spool", "mail"):
            (self.base / name).mkdir(exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(self.base / name, self.user, self.group)
        if os.geteuid() == 0:
            shutil.chown(self.base, self.user, self.group)  # its logs lie here
        config = self.base / "exim.conf"
        config.write_text(CONFIG.format(base=self.base, root=self.root, port=self.port, tls_port=self.tls_port,
                                        chain=self.certificate.chain, key=self.certificate.key, user=self.user,
                                        group=self.group))
        return [self.root / "usr/sbin/exim4", "-C", config, "-bdf", "-q1m"], self.environment

    def contents_heard(self):
        """K stands in the line of a mail's arrival if it came by BDAT."""
        arrivals = [line.split(" S=")[0].split() for line in self.log.read_text(errors="replace").splitlines() if " <= " in line]
        by_bdat = sum("K" in words for words in arrivals)
        return {"data": len(arrivals) - by_bdat, "bdat": by_bdat}

    def received(self):
        return maildir(self.base / "mail", {"return-path", "envelope-to", "received"})

    def count(self):
        new = self.base / "mail/new"
        return len(os.listdir(new)) if new.exists() else 0

    def idle(self):
        return not any(name.endswith("-H") for _, _, files in os.walk(self.base / "spool/input") for name in files)
