"""Providers that repeat what was said to them, keys and passwords too: none of it stands in a mail's status, in a test's result, in its
trace, or in the log. With the keys of the settings, and with those that a plugin got while it ran."""

import base64
import json
import pathlib
import socketserver
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import Client, arguments, expect, gateway_of, wait_until  # noqa: E402

from http_recorder import HttpRecorder, Reply  # noqa: E402

MAIL = {"from": "news@example.com", "to": ["a@example.org", "b@example.org"], "subject": "Story", "text": "Once"}
KEY = "SG.topsecretkey0123456789"
PASSWORD = "correct horse/battery+staple"
SETTINGS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "settingsSecret/0123456789", "session_token": "SETTINGS-SESSION-TOKEN=="}
ROLE = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "roleSecret/0123456789", "Token": "ROLE-SESSION-TOKEN+" + "x" * 900 + "=="}


def sendgrid_echo(one):
    return Reply(400, {"errors": [{"message": "you sent " + one.headers["authorization"], "field": "authorization"}]})


def mailgun_echo(one):
    login = one.headers["authorization"]
    return Reply(400, {"message": f"you sent {login}, that is {base64.b64decode(login[6:]).decode()}"})


def amazon_echo(one):
    """What AWS says of a signature that does not fit: all that was signed."""
    if one.path == "/v2/credentials/story":
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return Reply(200, {**ROLE, "Expiration": expires})
    said = "\n".join(f"{name}:{value}" for name, value in sorted(one.headers.items()))
    text = f"The request signature we calculated does not match. The Canonical String should have been\n'{one.method}\n{said}'"
    return Reply(403, {"message": text}, {"x-amzn-ErrorType": "InvalidSignatureException"})


class SmtpEcho(socketserver.StreamRequestHandler):
    """Refuses every login by repeating it, line by line, and what it meant."""

    def say(self, *lines):
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())

    def handle(self):
        self.say("220 echo.invalid ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                self.say("250-echo.invalid", "250 AUTH PLAIN LOGIN")
            elif verb == "AUTH":
                self.login(line)
            elif verb == "QUIT":
                return self.say("221 Bye")
            else:
                self.say("530 5.7.0 Authentication required")

    def login(self, line):
        said = line
        for _ in range(2 if line.upper() == "AUTH LOGIN" else 0):
            self.say("334 UGFzc3dvcmQ6")
            said = self.rfile.readline().decode().strip()
        meant = base64.b64decode(said.split(" ")[-1]).decode().replace("\0", " ")
        self.say(f"535-5.7.8 No: you sent {said}", f"535 5.7.8 that is {meant}")


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.shutdown()
        super().__exit__(*why)


def pieces(secret):
    """It, and its base64 without the ends that depend on what stands around it."""
    for before in range(3):
        coded = base64.b64encode(b"x" * before + secret.encode()).decode()
        yield coded[4 if before else 0:len(coded) - 4]
    yield secret


def clean(what, text, secrets):
    for secret in secrets:
        for piece in pieces(secret):
            expect(piece not in text and json.dumps(piece)[1:-1] not in text, f"{what} holds {secret!r} as {piece!r}:\n{text}")


def nothing_leaks(gateway, cli, connection, echoed, *secrets):
    """`echoed` are words of the echo that must be there: else nothing was echoed, and nothing shown."""
    identifier = gateway.send({**MAIL, "connection": connection})

    def tried():
        found = gateway.message(identifier)
        return json.dumps(found) if any(one["results"] for one in found.get("attempts", [])) else None

    status = wait_until(tried, what=f"an attempt by {connection} that has ended")
    expect(echoed in status and "(secret)" in status, f"{connection}: the provider's words are shown: {status}")
    clean(f"the status by {connection}", status, secrets)
    tested = gateway.post(f"/v1/connections/{connection}/test", {"to": "me@example.com", "from": "news@example.com"})
    expect(echoed in str(tested.json) and not tested.json["success"], f"{connection}: {tested}")
    clean(f"the test of {connection}", tested.body.decode(), secrets)
    traced = cli.run("--json", "test", connection, "--trace").stdout
    expect(len(json.loads(traced)["trace"]) > 3 and echoed in traced, f"{connection}: {traced}")
    clean(f"the trace of {connection}", traced, secrets)
    shown = cli.run("test", connection, "--trace")
    clean(f"the command line's test of {connection}", shown.stdout + shown.stderr, secrets)


def main():
    given = arguments()
    with HttpRecorder(sendgrid_echo) as sendgrid, HttpRecorder(mailgun_echo) as mailgun, HttpRecorder(amazon_echo) as amazon, \
            Listener(("127.0.0.1", 0), SmtpEcho) as smtp, gateway_of(given, outbox=False) as gateway:
        cli = Client(given, gateway)
        gateway.connection("sendgrid", "sendgrid", {"api_key": KEY, "endpoint": sendgrid.url, "allow_http": True}, trace=True)
        gateway.connection("mailgun", "mailgun", {"api_key": "key-0123456789abcdef", "domain": "example.com", "endpoint": mailgun.url,
                                                  "allow_http": True}, trace=True)
        usual = {"region": "eu-west-1", "endpoint": amazon.url, "allow_http": True}
        gateway.connection("session", "ses", {**usual, **SETTINGS}, trace=True)
        gateway.connection("role", "ses", {**usual, "credentials": "container", "container_path": "/v2/credentials/story",
                                           "role_endpoint": amazon.url}, trace=True)
        for method in ("plain", "login"):
            gateway.connection(method, "smtp", {"host": "127.0.0.1", "port": smtp.server_address[1], "security": "none", "username": "me",
                                                "password": PASSWORD, "auth_method": method, "allow_plaintext_auth": True}, trace=True)
        gateway.start()
        nothing_leaks(gateway, cli, "sendgrid", "you sent Bearer", KEY)
        nothing_leaks(gateway, cli, "mailgun", "you sent Basic", "key-0123456789abcdef")
        nothing_leaks(gateway, cli, "session", "Canonical String", SETTINGS["secret_access_key"], SETTINGS["session_token"])
        nothing_leaks(gateway, cli, "role", "Canonical String", ROLE["SecretAccessKey"], ROLE["Token"][:40])
        for method in ("plain", "login"):
            nothing_leaks(gateway, cli, method, "No: you sent", PASSWORD)
        log = gateway.stderr()
        expect("provider.trace" in log and "(secret)" in log, f"the traces stand in the log: {log}")
        clean("the log", log, (KEY, "key-0123456789abcdef", PASSWORD, SETTINGS["session_token"], ROLE["SecretAccessKey"], ROLE["Token"][:40]))


main()
