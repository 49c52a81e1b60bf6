"""Logins by OAuth2, told with azure.so and a token server with the real wire format: an application's own secret (Entra ID), a
person's consent by device code, by a browser and by pasting; what `status` says when the consent is gone; and that no token and no
secret stands in a log, an answer or, in clear, on the disk."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import Client, Failure, arguments, expect, gateway_of, request, wait_until  # noqa: E402

from http_recorder import HttpRecorder, Reply  # noqa: E402
from token_server import TokenServer  # noqa: E402

SIMPLE = {"from": "news@example.com", "to": ["a@example.org"], "subject": "Story", "text": "Once"}
SCOPE = "https://communication.azure.com/.default"
SECRET = "a-secret-of-the-application"


class Azure:
    """Takes what comes with a token that is active."""

    def __init__(self, tokens):
        self.tokens, self.bearers = tokens, []

    def __call__(self, one):
        bearer = one.headers.get("authorization", "")
        self.bearers.append(bearer)
        if not bearer.startswith("Bearer ") or not self.tokens.active(bearer[7:]):
            return Reply(401, {"error": {"code": "Denied", "message": "Denied by the resource provider."}})
        if one.method == "GET":
            return Reply(404, {"error": {"code": "NotFound", "message": "no such operation"}})
        return Reply(202, {"id": one.headers["operation-id"], "status": "Running", "error": None})


def sent(gateway, connection):
    message = gateway.wait_for(gateway.send({**SIMPLE, "connection": connection}), "sent")
    expect(len(message["attempts"]) == 1, f"{message['attempts']}")


def restart(gateway):
    """Tokens in hand are gone, and so is what was learned of refusals."""
    gateway.stop()
    gateway.start()


def waits(gateway, identifier):
    """It was tried, and is not lost."""
    wait_until(lambda: [one for one in gateway.message(identifier)["attempts"] if one["results"]], 20, "an attempt")
    message = wait_until(lambda: in_state(gateway, identifier, "queued"), 20, "it waits")
    expect(message["attempts"][-1]["results"][0]["blame"] == "credential", f"{message}")


def in_state(gateway, identifier, status):
    message = gateway.message(identifier)
    return message if message["status"] == status else None


def oauth_of(gateway, name):
    return gateway.get("/v1/connections/" + name).json["oauth"]


def begin(client, *words):
    """`gatepost` while it runs, with pipes."""
    own = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.Popen([client.program, *words], env={**own, "GATEPOST_SOCKET": str(client.socket)}, text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def end(process, code, stdin=None):
    output, problem = process.communicate(stdin, timeout=60)
    expect(process.returncode == code, f"left with {process.returncode}, not {code}:\n{output}\n{problem}")
    return output + problem


def line_with(process, *words):
    for line in process.stdout:
        if all(word in line for word in words):
            return line.strip()
    raise Failure(f"it ended without {words}: {process.stderr.read()}")


def an_application(gateway, client, tokens, azure):
    """Entra ID: one token for many mails, renewed before it expires and after a 401."""
    for _ in range(3):
        sent(gateway, "entra")
    expect(tokens.count() == 1, f"{tokens.count()} tokens for three mails")
    kind, form = tokens.seen[0]
    expect(kind == "client_credentials" and form["scope"] == SCOPE and form["client_secret"] == SECRET, f"{kind} {form}")
    shown = oauth_of(gateway, "entra")
    expect(shown["grant"] == "client_credentials" and shown["logged_in"] and "expires_at" in shown and "problem" not in shown, f"{shown}")
    expect(shown["settings"]["client_secret"] == {"set": True} and shown["settings"]["tenant"] == "contoso.example", f"{shown}")
    expect(f"token until {shown['expires_at']}" in client("status"), client("status"))
    (azure_so,) = [one for one in gateway.get("/v1/providers").json["providers"] if one["id"] == "azure"]
    expect("microsoft" in azure_so["oauth_profiles"], f"{azure_so}")
    tokens.revoke_access()
    sent(gateway, "entra")
    expect(tokens.count() == 2 and azure.bearers[-1] != azure.bearers[-2], "one refusal, one new token, one more try")
    expect(client("oauth", "login", "entra", code=65).count("needs no login"), "nobody has to log an application in")


def refused_for_good(gateway, client, tokens, azure):
    """A wrong secret: the mail waits, the provider is asked once, and status says what is wrong."""
    tokens.client_secret, before = "another", tokens.count()
    restart(gateway)
    identifier = gateway.send({**SIMPLE, "connection": "entra"})
    waits(gateway, identifier)
    wait_until(lambda: "AADSTS7000215" in client("status"), 10, "status names the reason")
    expect(tokens.count() == before + 1, f"asked {tokens.count() - before} times")
    shown = oauth_of(gateway, "entra")
    expect(shown["permanent"] and "invalid_client" in shown["problem"], f"{shown}")
    tokens.client_secret = SECRET
    restart(gateway)
    gateway.wait_for(identifier, "sent")
    expect("AADSTS" not in client("status"), "and all is well again")


def device(gateway, client, tokens, azure):
    expect("OAuth: nobody has logged in" in client("status") and "gatepost oauth login person" in client("status"), client("status"))
    shown = oauth_of(gateway, "person")
    expect(not shown["logged_in"], f"{shown}")
    process = begin(client, "--json", "oauth", "login", "person")
    begun = json.loads(process.stdout.readline())["device"]
    expect(begun["verification_uri"] == tokens.url + "/device", f"{begun}")
    wait_until(lambda: tokens.count("urn:ietf:params:oauth:grant-type:device_code") >= 2, 20, "it asks whether somebody agreed")
    expect(oauth_of(gateway, "person")["login"]["state"] == "pending", "and shows that it waits")
    tokens.approve(begun["user_code"])
    done = json.loads(end(process, 0).splitlines()[-1])["oauth"]
    expect(done["logged_in"] and done["token_source"] == "login" and done["login"]["state"] == "done", f"{done}")
    sent(gateway, "person")
    restart(gateway)
    sent(gateway, "person")  # the consent is kept, the settings hold none
    (line,) = [line for line in client("status").splitlines() if line.startswith("person ")]
    expect("OAuth" not in line, line)


def device_refused(gateway, client, tokens, azure):
    process = begin(client, "oauth", "login", "person", "--device")
    code = wait_until(lambda: next((one["user_code"] for one in tokens.devices.values() if one["state"] == "pending"), None), 20, "a code")
    tokens.approve(code, yes=False)
    said = end(process, 69)
    expect(code in said and "refused" in said, said)
    sent(gateway, "person")  # what was kept before is kept


def consent_gone(gateway, client, tokens, azure):
    tokens.revoke()
    restart(gateway)
    before = tokens.count("refresh_token")
    identifier = gateway.send({**SIMPLE, "connection": "person"})
    wait_until(lambda: "invalid_grant" in client("status"), 20, "status says it")
    waits(gateway, identifier)
    expect(tokens.count("refresh_token") == before + 1, "asked once")
    said = client("--json", "test", "person", code=69)
    expect("gatepost oauth login" in said, said)
    return identifier


def pasted(gateway, client, tokens, azure, waiting):
    """A server without a browser: the address is opened elsewhere, and the one it ends at is pasted."""
    process = begin(client, "oauth", "login", "person", "--paste")
    line_with(process, tokens.url + "/authorize?")
    end(process, 65, "https://example.com/\n")
    process = begin(client, "oauth", "login", "person", "--paste")
    address = line_with(process, tokens.url + "/authorize?")
    ending = end_of_redirect(address)
    expect(ending.startswith("http://localhost:"), ending)
    end(process, 0, ending + "\n")
    gateway.wait_for(waiting, "sent", deadline=60)
    # The same address is good for nothing once more.
    process = begin(client, "oauth", "login", "person", "--paste")
    line_with(process, tokens.url + "/authorize?")
    end(process, 65, ending + "\n")


def without_a_device_flow(gateway, client, tokens, azure):
    """What the provider does not offer is not asked for: the default falls back to pasting."""
    expect("device" in client("oauth", "login", "second", "--device", code=65), "asked for by name it is refused")
    process = begin(client, "oauth", "login", "second")
    end(process, 0, end_of_redirect(line_with(process, tokens.url + "/authorize?")) + "\n")
    sent(gateway, "second")


def end_of_redirect(address):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *what):
            return None

    try:
        urllib.request.build_opener(Stay).open(address)
    except urllib.error.HTTPError as answer:
        expect(answer.code == 302, f"{answer.code} {answer.read()}")
        return answer.headers["Location"]
    raise Failure("no redirect")


def with_a_browser(gateway, client, tokens, azure):
    process = begin(client, "oauth", "login", "person", "--browser")
    address = line_with(process, tokens.url + "/authorize?")
    place = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["redirect_uri"][0]
    for stranger in ("favicon.ico", "?code=stolen&state=guessed"):
        try:
            urllib.request.urlopen(place + stranger)
            raise Failure(f"{stranger} was taken")
        except urllib.error.HTTPError as answer:
            expect(answer.code == 404, f"{answer.code}")
    with urllib.request.urlopen(address) as page:  # follows the redirect, as a browser does
        expect(b"Logged in" in page.read(), "a page says so")
    expect("logged in" in end(process, 0), "")
    sent(gateway, "person")


def rights(gateway, client, tokens, azure):
    """Whoever may only send sees no login and begins none."""
    here = gateway.folder / "run" / "send.sock"
    for path in ("device", "authorize", "finish"):
        answer = request(here, "POST", f"/v1/connections/person/oauth/{path}", {})
        expect(answer.status == 403, f"{answer}")
    expect("oauth" not in request(here, "GET", "/v1/connections/person").json, "")
    expect("oauth" not in json.dumps(request(here, "GET", "/v1/connections").json), "")
    answer = gateway.post("/v1/connections/person/oauth/authorize", {"redirect_uri": "https://evil.example/"})
    expect(answer.status == 422, f"{answer}")
    answer = gateway.post("/v1/connections/person/oauth/finish", {"state": "x"})
    expect([one["pointer"] for one in answer.json["errors"]] == ["/code"], f"{answer.json}")
    expect(gateway.post("/v1/connections/nobody/oauth/device").status == 404, "")


def nothing_leaks(gateway, tokens):
    secrets = [SECRET, *tokens.families, *tokens.access]
    secrets += [form[name] for _, form in tokens.seen for name in ("refresh_token", "code", "device_code", "code_verifier") if name in form]
    shown = gateway.stderr() + json.dumps([gateway.get("/v1/connections/" + name).json for name in ("entra", "person", "second")])
    disk = b"".join(file.read_bytes() for file in gateway.state.rglob("*") if file.is_file() and "plugins" not in file.parts)
    for one in secrets:
        expect(one not in shown, f"{one} is shown")
        expect(one.encode() not in disk, f"{one} stands on the disk")


def main():
    given = arguments()
    with TokenServer(flavour="microsoft", client_secret=SECRET, rotate=True) as tokens:
        azure = Azure(tokens)
        with HttpRecorder(azure) as api, gateway_of(given, outbox=False) as gateway:
            gateway.settings({"retry": {"first": "1s"}})
            with open(gateway.config / "gatepost.toml", "a") as file:
                file.write(f'\n[[listen]]\npath = "{gateway.folder}/run/send.sock"\nrole = "send"\n')
            settings = {"endpoint": api.url, "allow_http": True, "lookups": False}
            gateway.connection("entra", "azure", settings, oauth=tokens.table(
                profile="microsoft", tenant="contoso.example", grant="client_credentials", scope=None, authorize_url=None, device_url=None))
            gateway.connection("person", "azure", settings, oauth=tokens.table())
            gateway.connection("second", "azure", settings, oauth=tokens.table(device_url=None))
            gateway.start()
            client = Client(given, gateway)
            an_application(gateway, client, tokens, azure)
            refused_for_good(gateway, client, tokens, azure)
            device(gateway, client, tokens, azure)
            device_refused(gateway, client, tokens, azure)
            waiting = consent_gone(gateway, client, tokens, azure)
            pasted(gateway, client, tokens, azure, waiting)
            without_a_device_flow(gateway, client, tokens, azure)
            with_a_browser(gateway, client, tokens, azure)
            rights(gateway, client, tokens, azure)
            nothing_leaks(gateway, tokens)


main()
