"""Dovecot as a peer: LMTP over TCP and over a Unix socket, filing into a Maildir for each delivery; and, when asked, the SASL
service that Postfix's smtpd asks (PLAIN, LOGIN, CRAM-MD5). Debian's packages unpacked, own configuration, no root needed: as
root it runs under the user `mail`, else under the caller's.

Every recipient has a Maildir, named as the address. Dovecot
2.3 only (Debian 12): 2.4 (Debian 13) refuses to start where its own user `dovenull` does not exist, whatever the settings say.
"""

import grp
import os
import pwd
import shutil
import subprocess

from gatepost_test import Failure, wait_until
from peers_base import PASSWORD, USER, Peer, Skip, library_path, maildir, open_to_peers, relocation, unpack

SETTINGS = """\
protocols = lmtp
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
libexec_dir = {root}/usr/lib/dovecot
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
ssl = no
default_vsz_limit = 1G
recipient_delimiter =
lmtp_save_to_detail_mailbox = no
auth_mechanisms = plain login cram-md5
service anvil {{
  chroot =
  user = {user}
}}
service stats {{
  chroot =
}}
service lmtp {{
  chroot =
  user = {user}
  process_limit = 40
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener {base}/lmtp.sock {{
    mode = 0666
    user = {user}
  }}
}}
service auth {{
  chroot =
  user = {user}
  unix_listener {base}/auth {{
    mode = 0666
    user = {user}
  }}
}}
mail_plugin_dir = {root}/usr/lib/dovecot/modules
mail_location = maildir:{base}/mail/%u
auth_username_format = %u
mail_home = {base}/home
import_environment = LD_LIBRARY_PATH LD_PRELOAD RELOCATE RELOCATE_ROOT
ssl_dh =
auth_username_chars =
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {base}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/home allow_all_users=yes
}}
"""

class Dovecot(Peer):
    name = "dovecot"
    lmtp = True
    smtputf8 = False

    def __init__(self, build, scratch=None):
        super().__init__(build, scratch)
        self.root = unpack(self.build, "dovecot", ["dovecot-core", "dovecot-lmtpd"])
        self.socket = self.base / "lmtp.sock"
        self.auth_socket = self.base / "auth"
        self.environment = {"LD_LIBRARY_PATH": library_path(self.root, "usr/lib/dovecot", "usr/lib/dovecot/modules/old-stats"),
                            **relocation(self.build, self.root, ["/usr/lib/dovecot", "/usr/bin/doveconf"])}
        if self.version() >= "2.4":
            raise Skip(f"Dovecot {self.version()} runs only where its package is installed (it wants its user dovenull)")
        if os.geteuid() == 0:
            open_to_peers(self.base)
            self.user, self.group, self.login = "mail", "mail", "nobody"
        else:
            self.user = self.login = pwd.getpwuid(os.geteuid()).pw_name
            self.group = grp.getgrgid(os.getegid()).gr_name
        self._lay_out()

    def version(self):
        said = subprocess.run([self.root / "usr/sbin/dovecot", "--version"], env={**os.environ, **self.environment},
                              capture_output=True, text=True)
        if said.returncode != 0:
            raise Failure(f"the unpacked dovecot does not run: {said.stderr}")
        return said.stdout.split()[0]

    def _lay_out(self):
        words = {"base": self.base, "root": self.root, "user": self.user, "group": self.group, "login": self.login,
                 "port": self.port}
        (self.base / "dovecot.conf").write_text(SETTINGS.format(**words))
        (self.base / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        for name in ("run", "state", "home", "mail"):
            (self.base / name).mkdir()
        if os.geteuid() == 0:
            for name in ("home", "mail"):
                shutil.chown(self.base / name, self.user, self.group)

    def _command(self):
        return [self.root / "usr/sbin/dovecot", "-F", "-c", self.base / "dovecot.conf"], self.environment

    def start(self):
        super().start()
        wait_until(self.socket.exists, 10, "Dovecot's LMTP socket")
        return self

    def received(self):
        return [one for folder in self._maildirs() for one in maildir(folder, {"return-path", "delivered-to", "received"}, folder.name)]

    def count(self):
        return sum(len(os.listdir(folder / "new")) for folder in self._maildirs() if (folder / "new").exists())

    def _maildirs(self):
        return sorted((self.base / "mail").iterdir())
