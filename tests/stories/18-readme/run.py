"""README.md and config/README.md do what they say: every block of JSON, TOML, Python and shell that a reader would copy is run against
a daemon, with its socket's path in place of /run/gatepost/gatepost.sock."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, gateway_of, request  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]


def blocks(file, language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / file).read_text(), re.MULTILINE | re.DOTALL)
    expect(found, f"{file} has no block of {language}")
    return found


def check_sending(given, gateway):
    (document,) = blocks("README.md", "json")
    answer = gateway.post("/v1/messages", json.loads(document))
    expect(answer.status == 202, f"the JSON of README.md: {answer!r}")
    gateway.wait_for(answer.json["id"], "sent")
    (gateway.folder / "mail.json").write_text(document)
    (gateway.folder / "mail.eml").write_text("From: a@example.com\nTo: b@example.net\n\nHello\n")
    own = {**os.environ, "PATH": f"{given.gatepost.parent}:{os.environ['PATH']}", "GATEPOST_SOCKET": str(gateway.socket)}
    ran = 0
    for language, program in (("sh", ["bash", "-euc"]), ("python", [sys.executable, "-c"])):
        for script in blocks("README.md", language):
            if "./tools/" in script or "cmake" in script:  # the demo, the tests, the installation: not here
                continue
            script = script.replace("/run/gatepost/gatepost.sock", str(gateway.socket))
            done = subprocess.run([*program, script], cwd=gateway.folder, env=own, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=60, check=False)
            expect(done.returncode == 0 and "urn:gatepost" not in done.stdout, f"{script}\n{done.stdout}\n{done.stderr}")
            ran += 1
    expect(ran == 4, f"{ran} scripts")
    expect(len(request(gateway.socket, "GET", "/v1/messages").json["messages"]) == 5, "five mails")


def checked(given, gateway, main_file, connections):
    folder = gateway.folder / "told"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "connections.d").mkdir(parents=True)
    (folder / "secrets").mkdir()
    for name in ("smtp-password", "sendgrid-key", "google-client", "entra-secret", "service-account.json"):
        (folder / "secrets" / name).write_text("secret\n")
        (folder / "secrets" / name).chmod(0o600)
    for path, text in [(folder / "gatepost.toml", main_file), *((folder / f"connections.d/{k}.toml", v) for k, v in connections.items())]:
        path.write_text(text)
        path.chmod(0o600)
    done = subprocess.run([given.gatepostd, "--check", "--config", folder, "--plugins", gateway.plugins[0]], capture_output=True, text=True,
                          timeout=60, check=False)
    expect(done.returncode == 0 and f"connections: {len(connections)}" in done.stdout, done.stdout + done.stderr)


def check_files(given, gateway):
    ways = {}
    for block in blocks("README.md", "toml"):
        if "[[listen]]" in block:
            listen = re.sub(r'(?m)^group = "mailers"', 'group = ""', block)
        else:
            ways[f"way{len(ways)}"] = block
    relay = ways["way0"]
    checked(given, gateway, listen, ways)
    logins = [block for block in blocks("config/README.md", "toml") if "[oauth]" in block]
    expect(len(logins) == 4, f"{len(logins)} logins")
    without = relay.replace('password = { file = "smtp-password" }\n', "")
    checked(given, gateway, listen, {**ways, **{f"oauth{i}": without + block for i, block in enumerate(logins)
                                               if "service_account" not in block}})  # that wants a real key
    aliases, sender = [block for block in blocks("config/README.md", "toml") if "[oauth]" not in block]
    checked(given, gateway, aliases, {**ways, "relay": 'provider = "outbox"\n' + sender + '[settings]\npath = "/var/mail/x"\n'})


def main():
    given = arguments()
    with gateway_of(given) as gateway:
        gateway.settings({"default_domain": "example.com"})
        gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")}, from_email="noreply@example.com")
        gateway.start()
        check_sending(given, gateway)
        check_files(given, gateway)


main()
