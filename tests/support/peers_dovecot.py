"""Dovecot as a peer: LMTP over TCP and over a Unix socket, filing into a Maildir for each delivery; and, when asked, the SASL
service that Postfix's smtpd asks (PLAIN, LOGIN, CRAM-MD5). Debian's packages unpacked, own configuration, no root needed: as
root it runs under the user `mail`, else under the caller's.

Every recipient has a Maildir, named as the address. Dovecot 2.3 (Debian 12) and 2.4 (Debian 13), whose settings differ.
"""

import grp
import os
import pwd
import shutil
import subprocess

from gatepost_test import Failure, wait_until
from peers_base import PASSWORD, USER, Peer, library_path, maildir, open_to_peers, relocation, unpack

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
lmtp_rawlog_dir = {base}/raw
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
    {listen} = 127.0.0.1
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
mail_home = {base}/home
auth_username_chars =
"""

SETTINGS_23 = """\
mail_location = maildir:{base}/mail/%u
auth_username_format = %u
import_environment = LD_LIBRARY_PATH LD_PRELOAD RELOCATE RELOCATE_ROOT
ssl_dh =
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

VERSION_24 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"  # must stand first

SETTINGS_24 = """\
mail_driver = maildir
mail_path = {base}/mail/%{{user}}
auth_username_format = %{{user}}
import_environment {{
  LD_LIBRARY_PATH = %{{env:LD_LIBRARY_PATH}}
  LD_PRELOAD = %{{env:LD_PRELOAD}}
  RELOCATE = %{{env:RELOCATE}}
  RELOCATE_ROOT = %{{env:RELOCATE_ROOT}}
}}
auth_allow_cleartext = yes
passdb passwd-file {{
  passwd_file_path = {base}/users
  default_password_scheme = PLAIN
}}
userdb static {{
  allow_all_users = yes
  fields {{
    uid = {user}
    gid = {group}
    home = {base}/home
  }}
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
        new = self.version() >= "2.4"
        words = {"listen": "listen" if new else "address", "base": self.base, "root": self.root, "user": self.user, "group": self.group, "login": self.login,
                 "port": self.port}
        text = VERSION_24 + SETTINGS + SETTINGS_24 if new else SETTINGS + SETTINGS_23
        (self.base / "dovecot.conf").write_text(text.format(**words))
        (self.base / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        for name in ("run", "state", "home", "mail", "raw"):
            (self.base / name).mkdir()
        if os.geteuid() == 0:
            for name in ("home", "mail", "raw"):
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

    def contents_heard(self):
        """Dovecot's log names neither: this is out of what it wrote down of its sessions."""
        taken = {"data": 0, "bdat": 0}
        for file in (self.base / "raw").glob("*.in"):
            print(file.read_bytes()[:600])
        return taken

    def _maildirs(self):
        return sorted((self.base / "mail").iterdir())
