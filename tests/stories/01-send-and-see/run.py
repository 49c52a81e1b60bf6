"""An application sends a mail over HTTP: text, HTML, an inline image and an attachment, to three people, one of them blind. It sees
what became of each, finds the file, and the gateway's own view of the content is the mail that was filed, byte for byte."""

import base64
import email
import email.policy
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, files, gateway_of, request, without_prefix  # noqa: E402

PICTURE = bytes(range(256)) * 40
MAIL = {
    "from": "Acme Grüße <noreply@example.com>",
    "to": ["first@example.net", {"email": "second@example.net", "name": "Second, the “Récipient”"}],
    "bcc": ["hidden@example.net"],
    "reply_to": "answers@example.com",
    "subject": "Grüße: ein Brief ✓ " + "lang " * 30 + "Ende",
    "text": "Hello\n.\n..\nFrom me\n" + "a line that is longer than RFC 5322 likes " * 60 + "\n",
    "html": '<p>Hello <img src="cid:logo"></p>',
    "headers": {"X-Campaign": "7"},
    "attachments": [
        {"filename": "näme ✓.bin", "content_type": "application/octet-stream", "content": base64.b64encode(PICTURE).decode()},
        {"filename": "logo.png", "content_type": "image/png", "content": "iVBORw==", "disposition": "inline", "content_id": "logo"},
    ],
    "tags": ["signup"],
    "metadata": {"user": "42"},
}


def look_at(mail):
    """The filed mail as Python's own parser reads it."""
    parsed = email.message_from_bytes(mail, policy=email.policy.default)
    expect(not parsed.defects, f"defects: {parsed.defects}")
    expect(parsed["Subject"] == MAIL["subject"], f"{parsed['Subject']!r}")
    expect(parsed["From"].addresses[0].display_name == "Acme Grüße", f"{parsed['From']!r}")
    to = parsed["To"].addresses
    expect([one.addr_spec for one in to] == ["first@example.net", "second@example.net"], f"{to}")
    expect(to[1].display_name == "Second, the “Récipient”", f"{to[1]!r}")
    expect(parsed["Reply-To"].addresses[0].addr_spec == "answers@example.com", f"{parsed['Reply-To']}")
    expect(parsed["X-Campaign"] == "7" and parsed["Message-ID"] and parsed["Date"], f"{parsed.items()}")
    expect(parsed["Bcc"] is None and b"hidden@example.net" not in mail, "the blind recipient is named in the mail")
    parts = {part.get_content_type(): part for part in parsed.walk() if not part.is_multipart()}
    expect(set(parts) == {"text/plain", "text/html", "image/png", "application/octet-stream"}, f"{parts.keys()}")
    expect(parts["text/plain"].get_content().replace("\r\n", "\n") == MAIL["text"], "the text changed")
    expect(parts["text/html"].get_content().rstrip() == MAIL["html"], "the HTML changed")
    attached = parts["application/octet-stream"]
    expect(attached.get_filename() == "näme ✓.bin" and attached.get_content() == PICTURE, "the attachment changed")
    expect(parts["image/png"]["Content-ID"] == "<logo>", f"{parts['image/png'].items()}")
    expect(all(len(line) <= 998 for line in mail.split(b"\r\n")), "a line is longer than 998 bytes")
    expect(b"\n" not in mail.replace(b"\r\n", b"") and b"\r" not in mail.replace(b"\r\n", b""), "a lone CR or LF")


def see(gateway, identifier):
    message = gateway.wait_for(identifier, "sent")
    states = {one["address"]: (one["role"], one["status"], one["captured"]) for one in message["recipients"]}
    expect(states == {"first@example.net": ("to", "sent", True), "second@example.net": ("to", "sent", True),
                      "hidden@example.net": ("bcc", "sent", True)}, f"{states}")
    expect(message["tags"] == ["signup"] and message["connection"] == "outbox", f"{message}")
    expect([one["number"] for one in message["attempts"]] == [1] and "ended" in message["attempts"][0], f"{message['attempts']}")
    file = files(gateway)[identifier]
    expect(str(file) in message["recipients"][0]["text"], f"the status does not say where it is: {message}")
    whole = file.read_bytes()
    expect(whole.startswith(b"Return-Path: <noreply@example.com>\r\n"), f"{whole[:200]!r}")
    expect(b"\r\nX-Original-To: hidden@example.net\r\n" in whole, "the envelope's blind recipient is not shown before the mail")
    expect(oct(file.stat().st_mode & 0o777) == "0o600", f"others may read {file}")
    content = gateway.get(f"/v1/messages/{identifier}/content")
    expect(content.status == 200 and content.headers["Content-Type"] == "message/rfc822", f"{content!r}")
    expect(content.body == without_prefix(whole), "the content is not the mail that was filed")
    look_at(content.body)


def lists(gateway, identifier):
    page = gateway.get("/v1/messages?tag=signup").json
    expect([one["id"] for one in page["messages"]] == [identifier], f"{page}")
    expect([one["id"] for one in gateway.get("/v1/messages?recipient=hidden@example.net").json["messages"]] == [identifier], "by recipient")
    expect(gateway.get("/v1/messages?status=failed").json["messages"] == [], "by status")
    more = [gateway.send(dict(MAIL, tags=[])) for _ in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        page = gateway.get("/v1/messages?limit=3" + cursor).json
        expect(len(page["messages"]) <= 3, f"{page}")
        seen += [one["id"] for one in page["messages"]]
        cursor = "&cursor=" + page["next"] if page.get("next") else None
    expect(seen == [*reversed(more), identifier], f"the list is not newest first, each once: {seen}")


def waiting(gateway):
    """Prefer: wait answers with the message once it is final, and with the 202 when the time is over before."""
    answer = gateway.post("/v1/messages", MAIL, headers={"Prefer": "wait=20"})
    expect(answer.status == 200 and answer.json["status"] == "sent", f"{answer!r}")
    begun = time.monotonic()
    answer = gateway.post("/v1/messages", dict(MAIL, send_at="2999-01-01T00:00:00Z"), headers={"Prefer": "respond-async, wait=1"})
    expect(answer.status == 202 and time.monotonic() - begun >= 0.9, f"{answer!r} after {time.monotonic() - begun:.2f} s")
    expect(answer.headers["Preference-Applied"] == "wait=1", f"{answer.headers}")


def raw(gateway):
    mail = b"From: a@example.com\r\nTo: b@example.net\r\nBcc: c@example.net\r\nSubject: raw\r\nX-Mine: 1\r\n\r\n.\r\nHello\r\n"
    identifier = gateway.send_raw(mail, "bounce@example.com", ["d@example.net"])
    message = gateway.wait_for(identifier, "sent")
    expect([one["address"] for one in message["recipients"]] == ["d@example.net"], f"{message}")
    filed = files(gateway)[identifier].read_bytes()
    expect(filed.startswith(b"Return-Path: <bounce@example.com>\r\nX-Original-To: d@example.net\r\n"), f"{filed[:200]!r}")
    expect(b"X-Mine: 1\r\n" in filed and filed.endswith(b"\r\n\r\n.\r\nHello\r\n") and b"Bcc" not in filed, f"{filed!r}")
    everyone = gateway.wait_for(gateway.send_raw(mail), "sent")  # without `to`, whom the mail names
    expect(sorted(one["address"] for one in everyone["recipients"]) == ["b@example.net", "c@example.net"], f"{everyone}")


def main():
    with gateway_of(arguments()) as gateway:
        gateway.start()
        identifier = gateway.send(MAIL)  # a 202 and its Location
        see(gateway, identifier)
        lists(gateway, identifier)
        waiting(gateway)
        raw(gateway)
        expect(gateway.get("/v1/messages/0000000000000").status == 404, "a message that is not there")
        expect(request(gateway.socket, "DELETE", "/v1/messages").status == 405, "DELETE /v1/messages")
        paths = gateway.get("/v1/openapi.json").json["paths"]
        expect("/v1/messages" in paths, f"{paths.keys()}")


main()
