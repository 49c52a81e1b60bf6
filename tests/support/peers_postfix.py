"""Postfix as a peer: Debian's package unpacked under build/peers, its own configuration, queue and high ports. Nothing is
installed, no service is touched. Needs root (master switches users) and apt's package lists.

PostfixMaster runs it; Postfix files every recipient's copy into one Maildir (virtual), offers STARTTLS, TLS on a second port,
SASL by Dovecot, SMTPUTF8, CHUNKING, PIPELINING and DSN; the benchmark's Postfix are in tests/bench/postfix.py.
"""

import collections
import os
import re
import shutil
import subprocess

from peers_base import Peer, Skip, certificate, free_port, library_path, maildir, need_root, open_to_peers, unpack
from peers_dovecot import Dovecot

SERVICES = """\
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
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
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
myhostname = peer.invalid
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtpd_recipient_restrictions = permit_mynetworks, reject
maillog_file = {base}/log
maillog_file_prefixes = {base}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH TZ LANG=C
"""

# One Maildir for every address. Nothing rewrites what came in, and 10 MB attachments fit.
FILING = """\
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:mail/
virtual_mailbox_base = {base}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
virtual_minimum_uid = 1
virtual_destination_recipient_limit = 1
local_header_rewrite_clients =
message_size_limit = 60000000
header_size_limit = 1000000
smtputf8_enable = yes
smtputf8_autodetect_classes = all
append_at_myorigin = no
smtpd_client_connection_count_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = {key}, {chain}
smtpd_tls_loglevel = 1
tls_random_source = dev:/dev/urandom
in_flow_delay = 0
disable_dns_lookups = yes
"""

LOGINS = """\
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = yes
"""

FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace", "pid",
           "public", "maildrop")


class PostfixMaster(Peer):
    """The master process with the master.cf and main.cf it is given."""

    name = "postfix"

    def __init__(self, build, scratch=None):
        need_root("Postfix")
        super().__init__(build, scratch)
        open_to_peers(self.base)
        self.root = unpack(self.build, "postfix", ["postfix"])
        self.environment = {"LD_LIBRARY_PATH": library_path(self.root, "usr/lib/postfix"), "MAIL_CONFIG": str(self.base / "config")}

    def listeners(self):
        return f"127.0.0.1:{self.port} inet n - n - 100 smtpd\n"

    def settings(self):
        return ""

    def _command(self):
        self.lay_out()
        return [self.root / "usr/lib/postfix/sbin/master", "-c", self.base / "config", "-d"], self.environment

    def lay_out(self):
        config, spool, data = self.base / "config", self.base / "spool", self.base / "data"
        config.mkdir(exist_ok=True)
        (config / "master.cf").write_text(self.listeners() + SERVICES)
        (config / "main.cf").write_text(MAIN_CF.format(base=self.base, root=self.root) + self.settings())
        for name in ("postfix-files", "dynamicmaps.cf"):
            (config / name).touch()
        data.mkdir(exist_ok=True)
        shutil.chown(data, "mail")
        spool.mkdir(exist_ok=True)
        for name in FOLDERS:
            (spool / name).mkdir(exist_ok=True)
            if name != "pid":
                shutil.chown(spool / name, "mail")

    def run(self, program, *words, **more):
        """One of the package's own programs (smtp-source, postqueue), with its libraries and configuration."""
        return subprocess.run([self.root / "usr/sbin" / program, *words], env={**os.environ, **self.environment}, **more)

    def waiting(self):
        """Files of the queue."""
        return sum(len(files) for name in ("incoming", "active", "deferred", "maildrop")
                   for _, _, files in os.walk(self.base / "spool" / name))

    def idle(self):
        return self.waiting() == 0


class Postfix(PostfixMaster):
    mechanisms = ("plain", "login", "cram-md5")

    def __init__(self, build, scratch=None):
        super().__init__(build, scratch)
        self.certificate = certificate(self.build)
        self.tls_port = free_port()
        try:
            self.sasl = Dovecot(self.build, self.base / "sasl")
        except Skip as reason:
            self.sasl, self.mechanisms = None, ()
            print(f"Postfix without logins: {reason}", flush=True)
        mail = self.base / "mail"
        mail.mkdir(exist_ok=True)
        shutil.chown(mail, "mail", "mail")

    def listeners(self):
        return super().listeners() + f"127.0.0.1:{self.tls_port} inet n - n - 100 smtpd -o smtpd_tls_wrappermode=yes\n"

    def settings(self):
        mail = (self.base / "mail").stat()
        text = FILING.format(base=self.base, uid=mail.st_uid, gid=mail.st_gid, key=self.certificate.key,
                             chain=self.certificate.chain)
        return text + (LOGINS.format(auth=self.sasl.auth_socket) if self.sasl else "")

    def start(self):
        if self.sasl:
            self.sasl.start()
        return super().start()

    def stop(self):
        super().stop()
        if self.sasl:
            self.sasl.stop()

    def ways_seen(self):
        methods = re.findall(r"sasl_method=(\S+?),", self.log.read_text(errors="replace"))
        return "logins of mails: " + ", ".join(f"{name} {count}" for name, count in sorted(collections.Counter(methods).items()))

    def contents_heard(self):
        """Of the sessions that are over."""
        taken = {"data": 0, "bdat": 0}
        for words in re.findall(r" disconnect from \S+ (.*)", self.log.read_text(errors="replace")):
            for name, count in re.findall(r"\b(data|bdat)=(\d+)", words):
                taken[name] += int(count)
        return taken

    def received(self):
        return maildir(self.base / "mail", {"return-path", "x-original-to", "delivered-to", "received"})

    def count(self):
        new = self.base / "mail/new"
        return len(os.listdir(new)) if new.exists() else 0
