"""Everything a person does from a shell: send, look, test, check; with the words, the tables, the JSON for scripts, and the exit codes
of sysexits(3): 0, 64 usage, 65 data, 66 no such thing, 69 failed or nobody there, 78 configuration."""

import email
import email.policy
import os
import pathlib
import pty
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import Client, arguments, expect, files, gateway_of, without_prefix  # noqa: E402

ENVELOPE = ("--from", "a@example.com", "--to", "b@example.net")


def parsed(gateway, identifier):
    return email.message_from_bytes(without_prefix(files(gateway)[identifier].read_bytes()), policy=email.policy.default)


def send(cli, gateway):
    said = cli("send", *ENVELOPE, "--subject", "Hello", "--text", "It works", "--wait")
    for wait in (["--wait"], ["--wait", "20"], ["--wait=20"]):
        sent = cli.json("send", "--from", "a@example.com", "--text", "x", *wait, "last@example.net")
        expect([one["address"] for one in sent["recipients"]] == ["last@example.net"], f"an address behind {wait}: {sent}")
    identifier = said.split()[0]
    expect(said.splitlines()[0] == f"{identifier}  sent", said)
    expect("b@example.net" in said and "captured, delivered to nobody" in said and "ATTEMPT" in said, said)
    expect(parsed(gateway, identifier)["Subject"] == "Hello", "the subject")

    said = cli("send", *ENVELOPE, "--text", "no waiting")
    identifier, status = said.split()
    expect(status == "queued", said)
    gateway.wait_for(identifier, "sent")

    said = cli("send", *ENVELOPE, stdin="The text comes from\nstandard input ✓\n")  # stdin as text
    gateway.wait_for(said.split()[0], "sent")
    expect(parsed(gateway, said.split()[0]).get_content().replace("\r\n", "\n") == "The text comes from\nstandard input ✓\n", "stdin")

    attached = gateway.folder / "näme.pdf"
    attached.write_bytes(bytes(range(256)))
    html = gateway.folder / "page.html"
    html.write_text("<p>Grüße</p>")
    message = cli.json("send", *ENVELOPE, "--cc", "c@example.net", "--bcc", "d@example.net", "--reply-to", "e@example.net", "--subject",
                       "✓", "--text", "t", "--html-file", html, "--attach", attached, "--header", "X-Campaign: 7", "--tag", "one",
                       "--tag", "two", "--priority", "high", "--connection", "outbox", "--wait", "20")
    expect(message["status"] == "sent" and message["tags"] == ["one", "two"], f"{message}")
    mail = parsed(gateway, message["id"])
    expect(mail["X-Campaign"] == "7" and mail["Cc"] == "c@example.net" and mail["Reply-To"] == "e@example.net", f"{mail.items()}")
    last = [part for part in mail.walk() if part.get_filename()]
    expect(len(last) == 1 and last[0].get_filename() == "näme.pdf" and last[0].get_content() == bytes(range(256)), "attachment")
    expect(last[0].get_content_type() == "application/pdf", last[0].get_content_type())
    expect(mail.get_body(("html",)).get_content().strip() == "<p>Grüße</p>", "HTML")

    raw = gateway.folder / "mail.eml"
    raw.write_text("From: a@example.com\nTo: b@example.net\nSubject: as it is\n\nHello\n")
    for words, stdin in (("--raw", raw), None), (("--raw", "-"), raw.read_text()):
        message = cli.json("send", *words, "--from", "bounce@example.com", "--to", "x@example.net", "--wait", stdin=stdin)
        filed = files(gateway)[message["id"]].read_bytes()
        expect(filed.startswith(b"Return-Path: <bounce@example.com>\r\nX-Original-To: x@example.net\r\n"), f"{filed}")
        expect(b"\r\nSubject: as it is\r\n" in filed and filed.endswith(b"\r\n\r\nHello\r\n"), f"{filed}")

    later = gateway.message(cli.json("send", "--raw", raw, "--send-at", "2999-01-01T00:00:00Z", "--expires-at", "2999-01-02T00:00:00Z",
                                     "--priority", "high", "--tag", "later")["id"])
    expect(later["status"] == "scheduled" and later["tags"] == ["later"], f"{later}")
    expect(later["expires_at"].startswith("2999-01-02T") and later["recipients"][0]["address"] == "b@example.net", f"{later}")
    for words in (("--cc", "c@example.net"), ("--bcc", "c@example.net"), ("--reply-to", "c@example.net"), ("-s", "x"), ("--text", ""),
                  ("--html", "x"), ("--text-file", raw), ("--html-file", raw), ("-a", raw), ("--header", "X-A: 1")):
        said = cli("send", "--raw", raw, *words, code=64)
        expect(re.fullmatch(r"gatepost: --[a-z-]+ does not go with --raw: the message is finished\n", said), said)

    key = ("--key", "once", *ENVELOPE, "--text", "keyed")
    expect(cli.json("send", *key)["id"] == cli.json("send", *key)["id"], "--key")


def refusals(cli, gateway):
    said = cli("send", "--from", "a@example.com", "--to", "nobody", "--text", "x", code=65)
    expect(said.startswith("gatepost: --to ") and said.count("default_domain") == 1, said)
    said = cli("send", "--to", "nobody", "--from", "none", "--text", "x", code=65)
    expect("2 values are wrong" in said and "  --to: " in said and "  --from: " in said, said)
    problem = cli.json("send", "--to", "nobody", "--from", "a@example.com", "--text", "x", code=65)
    expect(problem["type"] == "urn:gatepost:invalid" and problem["errors"][0]["pointer"] == "/to/0", f"{problem}")
    cli("send", *ENVELOPE, "--key", "once", "--text", "other", code=65)
    cli("send", *ENVELOPE, "--connection", "nowhere", "--text", "x", code=78)
    cli("send", *ENVELOPE, "--header", "no colon", "--text", "x", code=65)
    cli("send", *ENVELOPE, "--text-file", gateway.folder, code=74)
    expect("/nowhere" in cli("send", *ENVELOPE, "--attach", "/nowhere", "--text", "x", code=66), "the file's name")
    cli("messages", "nope", code=66)
    expect(cli("messages", "--status", "bogus", code=65).startswith("gatepost: --status "), "--status")
    expect(cli("sned", "--to", "x", code=64) == 'gatepost: "sned" is no command; did you mean "send"?\n', "a command that there is not")
    expect("gatepost help lists" in cli("--json", "frob", code=64) and "Subcommands" in cli(code=64), "no command")
    expect(cli("help") == cli("--help") and "--send-at" in cli("help", "send") and "78 wrong" in cli("help"), "help")
    cli("connections", "nope", code=66)
    cli("test", "nope", code=66)
    for words in ((), ("frob",), ("send", "--frob"), ("messages", "x", "explode"), ("config",), ("test",)):
        cli(*words, code=64)
    nobody = gateway.folder / "nobody.sock"
    for words in (("status",), ("messages",), ("send", *ENVELOPE, "--text", "x"), ("test", "outbox")):
        said = cli(*words, socket=nobody, code=69)
        expect(f"no gatepostd answers at {nobody}" in said and "--socket" in said, said)
    expect(cli.json("status", socket=nobody, code=69)["type"] == "urn:gatepost:not-running", "--json of a daemon that is not there")


def look(cli, gateway):
    table = cli("messages").splitlines()
    expect(table[0].split() == ["ID", "STATUS", "CREATED", "TO", "SUBJECT"], table[0])
    columns = [table[0].index(word) for word in ("STATUS", "CREATED", "TO")]
    expect(all(line[column - 1] == " " and line[column] != " " for line in table[1:] for column in columns), "\n".join(table))
    expect(any("b@example.net +2" in line for line in table), "the other recipients are counted")
    short = cli("messages", "--limit", "2")
    expect("more: gatepost messages --cursor " in short, short)
    cursor = short.split("--cursor ")[1].strip()
    expect(cli("messages", "--limit", "2", "--cursor", cursor).splitlines()[1].split() == table[3].split(), "the second page")
    expect(cli("messages", "--status", "failed") == "no messages\n", "an empty table")
    tagged = cli.json("messages", "--tag", "two")["messages"]
    expect(len(tagged) == 1, f"{tagged}")
    identifier = tagged[0]["id"]
    expect(cli("messages", identifier).startswith(f"{identifier}  sent\n  from: a@example.com\n  subject: ✓\n"), "one message")
    expect(cli.json("messages", identifier) == gateway.message(identifier), "one message as JSON")
    content = subprocess.run([cli.program, "--socket", cli.socket, "messages", identifier, "content"], capture_output=True, check=True)
    expect(content.stdout == without_prefix(files(gateway)[identifier].read_bytes()), "content")
    expect("nothing is left to cancel" in cli("messages", identifier, "cancel", code=65), "cancel of a sent one")
    later = cli.json("send", *ENVELOPE, "--text", "x", "--send-at", "2999-01-01T00:00:00Z")
    expect(cli("messages", later["id"], "cancel").startswith(f"{later['id']}  cancelled"), "cancel")

    said = cli("providers")
    expect(said.startswith("ID ") and re.search(r"\noutbox +0\.1\.0 +Outbox", said) and "refused" in said and "text.so" in said, said)
    expect({"fault", "outbox", "smtp"} <= {one["id"] for one in cli.json("providers")["providers"]}, "providers")
    said = cli("providers", "smtp")
    expect(re.match(r"smtp  .*\n  .+\n  SETTING +TYPE +DEFAULT +WHAT IT IS\n  preset +choice +custom +Fills", said), said)
    expect(re.search(r"\n  password +string, secret +An app", said), said)
    expect("settings_schema" in cli.json("providers", "smtp"), "one provider as JSON")
    said = cli("providers", "smpt", code=66)
    expect('there is no provider "smpt"; did you mean "smtp"? There are: ' in said and "outbox" in said, said)
    expect("was not loaded: " in cli("providers", "text", code=66), "a refused one")
    for command in ("test", "connections"):
        said = cli(command, "outbx", code=66)
        expect('there is no connection "outbx"; did you mean "outbox"? There are: broken, ' in said, said)
    said = cli("connections")
    expect(said.splitlines()[0].split() == ["NAME", "PROVIDER", "WAITING", "IN", "FLIGHT", "STATE"], said)
    expect('the connection "outbox" files mail and delivers to nobody' in said, said)
    expect('"path"' in cli("connections", "outbox"), "one connection")
    expect(cli.json("connections", "outbox")["settings"] == {"path": str(gateway.folder / "mail")}, "its settings")
    said = cli("status")
    expect(said.startswith(f"gatepostd {gateway.get('/v1/version').json['version']} at {gateway.socket}: ok, "), said)
    expect("warning: " in said and "delivers to nobody" in said, said)
    expect(set(cli.json("status")) == {"health", "version", "connections"}, "status")
    expect(cli("--version").startswith("gatepost ") and "send" in cli("--help"), "--version, --help")


def test(cli):
    said = cli("test", "outbox")
    expect("ok     Read the settings\nok     Maildir: " in said, said)
    expect(said.splitlines()[-1].endswith("can be used"), said)
    said = cli("test", "outbox", "--to", "b@example.net", code=65)
    expect("from_email is missing: the connection has no sender of its own" in said, said)
    expect("a@example.com" not in cli("test", "named", "--to", "b@example.net"), "the test's own words")
    expect(cli.json("test", "outbox")["success"] is True, "--json")
    said = cli("test", "broken", code=69)
    expect("FAILED Read the settings: " in said and "it threw an exception" in said, said)
    expect(cli.json("test", "broken", code=69)["success"] is False, "--json")


def failed(cli):
    """The exit code of --wait speaks of the delivery; without --wait 0 means accepted."""
    words = ("send", *ENVELOPE, "--text", "x", "--connection", "rejects")
    cli(*words)
    said = cli(*words, "--wait", code=69)
    expect("  failed\n" in said, said)
    expect(cli.json(*words, "--wait", code=69)["status"] == "failed", "--json")
    said = cli("send", *ENVELOPE, "--text", "x", "--connection", "defers", "--wait", "1")
    expect(said.split()[1] == "queued" and "WHAT WAS SAID" in said, said)  # accepted though unfinished: never 75


def colours(cli, gateway):
    """Colour on a terminal only, and not with NO_COLOR."""

    def on_terminal(**environment):
        main, side = pty.openpty()
        own = {**os.environ, "GATEPOST_SOCKET": str(gateway.socket), **environment}
        with subprocess.Popen([cli.program, "messages"], stdout=side, stdin=subprocess.DEVNULL, env=own):
            os.close(side)
            text = b""
            try:
                while piece := os.read(main, 65536):
                    text += piece
            except OSError:
                pass  # the other side is closed
        os.close(main)
        return text

    os.environ.pop("NO_COLOR", None)
    expect(b"\x1b[32msent\x1b[0m" in on_terminal(), "no colour on a terminal")
    expect(b"\x1b" not in on_terminal(NO_COLOR="1"), "colour in spite of NO_COLOR")
    expect("\x1b" not in cli("messages"), "colour in a pipe")


def main():
    given = arguments()
    with gateway_of(given, plugins=("plugins", "fault-plugins/fault")) as gateway:
        text = gateway.folder / "more-plugins"
        text.mkdir(mode=0o755)
        (text / "text.so").write_text("not a plugin\n")
        gateway.plugins.append(str(text))
        gateway.settings({"default": "outbox"})
        gateway.connection("named", "outbox", {"path": str(gateway.folder / "named")}, from_email="a@example.com")
        gateway.connection("broken", "fault", {"path": str(gateway.folder), "fault": "throw-create"})
        gateway.connection("rejects", "fault", {"path": str(gateway.folder), "fault": "rejected-after-commit"})
        gateway.connection("defers", "fault", {"path": str(gateway.folder), "fault": "inside-start"})
        gateway.start()
        cli = Client(given, gateway)
        send(cli, gateway)
        refusals(cli, gateway)
        look(cli, gateway)
        test(cli)
        failed(cli)
        colours(cli, gateway)
        check = ["config", "check", "--config", gateway.config, *[word for one in gateway.plugins for word in ("--plugins", one)]]
        expect("broken.toml:3" in cli(*check, code=78), "the plugin is asked what it says of its settings")
        (gateway.config / "connections.d" / "broken.toml").unlink()
        said = cli(*check)
        expect("all is well; connections: 4" in said, said)


main()
