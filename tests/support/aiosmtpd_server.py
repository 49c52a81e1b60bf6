"""aiosmtpd as a program: aiosmtpd_server.py PORT TLS-PORT FOLDER CHAIN KEY USER PASSWORD. Every mail that it answers with 250
becomes a file in FOLDER: one line of JSON with the envelope, then the bytes as they came (dots taken off). Port 0 of the two: none.
"""
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Recorder:
    def __init__(self, folder):
        self.folder, self.number = folder, 0

    async def handle_DATA(self, server, session, envelope):
        self.number += 1
        name = os.path.join(self.folder, f"{os.getpid()}-{self.number:07d}")
        with open(name + ".new", "wb") as file:
            head = {"sender": envelope.mail_from, "recipients": envelope.rcpt_tos, "tls": session.ssl is not None,
                    "user": getattr(session.auth_data, "login", b"").decode() if session.auth_data else None}
            file.write(json.dumps(head).encode() + b"\n" + envelope.original_content)
        os.rename(name + ".new", name)
        return "250 2.0.0 Recorded"


class Lenient(SMTP):
    # Mail handed in as RFC 5322 may have longer lines than the 998 octets of the standard, and leaves as it came.
    line_length_limit = 1 << 20


def main():
    port, tls_port, folder, chain, key, user, password = sys.argv[1:8]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    recorder = Recorder(folder)

    def authenticate(_server, _session, _envelope, mechanism, data):
        good = data.login == user.encode() and data.password == password.encode()
        # handled: somebody else has answered; without it a wrong password would never be.
        return AuthResult(success=good, handled=good, auth_data=data if good else None)

    def session(tls):
        return lambda: Lenient(recorder, hostname="aiosmtpd.invalid", data_size_limit=60_000_000, enable_SMTPUTF8=True,
                               tls_context=None if tls else context, authenticator=authenticate, auth_require_tls=not tls,
                               decode_data=False, timeout=120)

    async def serve():
        loop = asyncio.get_running_loop()
        await loop.create_server(session(False), "127.0.0.1", int(port))
        if int(tls_port):
            await loop.create_server(session(True), "127.0.0.1", int(tls_port), ssl=context)
        await asyncio.Event().wait()

    asyncio.run(serve())


main()
