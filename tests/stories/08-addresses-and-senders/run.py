"""Cron sends as root to root: names without a domain are completed, aliases put in their place, and a connection may write its own
address into every mail. A name that nobody knows is refused at the door."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, arguments, expect, files, gateway_of, without_prefix  # noqa: E402

CRON = b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> backup\n\nall is well\n"
TARGETS = ["admin@example.com", "second@example.net"]


def addresses(message):
    return sorted(one["address"] for one in message["recipients"])


def headers(mail):
    block = without_prefix(mail).split(b"\r\n\r\n")[0].decode()
    return dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)


def unknown_names(gateway):
    answer = gateway.post("/v1/messages", dict(MAIL, to=["nobody"]))
    expect(answer.status == 422 and answer.json["errors"][0]["pointer"] == "/to/0", f"{answer}")
    expect("default_domain" in answer.json["errors"][0]["detail"], f"{answer}")
    answer = gateway.post("/v1/messages?to=root", CRON, headers={"Content-Type": "message/rfc822"})
    expect(answer.status == 422 and "default_domain" in answer.json["detail"] and "From" in answer.json["detail"], f"{answer}")
    known = gateway.message(gateway.send(dict(MAIL, to=["root"])))
    expect(addresses(known) == TARGETS, f"{known}")


def completed(gateway):
    for sent in (gateway.send_raw(CRON, sender="root", to=["root"]), gateway.send_raw(CRON)):
        done = gateway.wait_for(sent, "sent")
        expect(addresses(done) == TARGETS, f"{done}")
        got = headers(files(gateway)[sent].read_bytes())
        expect(got["From"] == "root@example.com" and got["To"] == ", ".join(TARGETS), f"{got}")
    sent = gateway.send({"from": "Backup <root>", "to": ["old@example.com", "bob"], "cc": ["ROOT"], "text": "done"})
    done = gateway.wait_for(sent, "sent")
    expect(addresses(done) == sorted(TARGETS + ["bob@example.com"]), f"{done}")
    expect(headers(files(gateway)[sent].read_bytes())["From"] == "Backup <root@example.com>", "the sender is completed")


def forced(gateway):
    sent = gateway.send_raw(CRON, sender="root", to=["root"])
    gateway.wait_for(sent, "sent")
    mail = files(gateway)[sent].read_bytes()
    got = headers(mail)
    expect(got["From"] == "Gateway <noreply@example.com>" and got["Reply-To"] == "root@example.com", f"{got}")
    expect(mail.startswith(b"Return-Path: <noreply@example.com>\r\n"), f"{mail[:200]}")
    sent = gateway.send(dict(MAIL, **{"from": "Shop <shop@example.net>", "reply_to": ["help@example.net"]}))
    done = gateway.wait_for(sent, "sent")
    got = headers(files(gateway)[sent].read_bytes())
    expect(got["From"] == "Shop <noreply@example.com>" and got["Reply-To"] == "help@example.net", f"{got}")
    expect(done["from"] == "Shop <shop@example.net>", f"the message is shown as it was given: {done}")


def main():
    given = arguments()
    aliases = {"root": TARGETS, "old@example.com": "root"}
    with gateway_of(given) as gateway:
        gateway.settings({"aliases": aliases})
        gateway.start()
        unknown_names(gateway)
        gateway.stop()
        gateway.settings({"default_domain": "example.com", "aliases": aliases})
        gateway.start()
        completed(gateway)
        gateway.stop()
        mail = {"path": str(gateway.folder / "mail")}
        gateway.connection("outbox", "outbox", mail, from_email="noreply@example.com", from_name="Gateway", sender="force")
        gateway.start()
        forced(gateway)


main()
