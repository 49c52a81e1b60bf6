"""Mail through mailgun.so to an API of our own, whole and as a form: what arrives there, what the status says, and what happens at
429, at an answer that never comes, and at mail that Mailgun would refuse."""

import base64
import email
import email.policy
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, gateway_of  # noqa: E402

from http_recorder import HttpRecorder, Reply  # noqa: E402

FILE, LOGO = bytes(range(256)) * 300, b"\x89PNG\r\n\x1a\n"
MAIL = {
    "from": "Zprávy ✅ <news@mg.example.com>", "to": ["Josef Němec <josef@example.org>"], "cc": ["\"Doe, John\" <cc@example.org>"],
    "bcc": ["audit@example.com"], "reply_to": ["a@example.com"], "subject": "Žluťoučký kůň – 你好 ✅", "text": "Ahoj světe\r\n",
    "html": '<p>Héllo</p><img src="cid:logo-1">', "headers": {"X-Campaign": "autumn"}, "tags": ["invoices"], "metadata": {"user": "42"},
    "attachments": [
        {"filename": "résumé €.pdf", "content_type": "application/pdf", "content": base64.b64encode(FILE).decode()},
        {"filename": "logo.png", "content_type": "image/png", "content": base64.b64encode(LOGO).decode(), "disposition": "inline",
         "content_id": "logo-1"}]}
SIMPLE = {"from": "news@mg.example.com", "to": ["a@example.org"], "subject": "Story", "text": "Once"}
ID = "20261122134500.1.0123456789abcdef@mg.example.com"


def queued(_):
    return Reply(200, {"id": f"<{ID}>", "message": "Queued. Thank you."})


def values(seen, name):
    return [content.decode() for part, _, _, content in seen.parts if part == name]


def file_of(seen, name):
    return next(part for part in seen.parts if part[0] == name)


def whole(gateway, api):
    message = gateway.wait_for(gateway.send(MAIL), "sent")
    expect({one["provider_message_id"] for one in message["recipients"]} == {ID}, f"{message}")
    (seen,) = api.seen
    expect((seen.method, seen.path) == ("POST", "/v3/mg.example.com/messages.mime"), f"{seen}")
    expect(seen.headers["authorization"] == "Basic " + base64.b64encode(b"api:key-story").decode(), f"{seen.headers}")
    expect(values(seen, "to") == ["josef@example.org", "cc@example.org", "audit@example.com"], f"{values(seen, 'to')}")
    expect(values(seen, "o:tag") == ["invoices"] and values(seen, "v:user") == ["42"], "tags and metadata")
    _, filename, kind, content = file_of(seen, "message")
    expect((filename, kind) == ("MimeMessage", "application/octet-stream"), f"{filename} {kind}")
    mail = email.message_from_bytes(content, policy=email.policy.default)
    expect(mail["subject"] == MAIL["subject"] and "audit" not in content.decode("latin-1"), "the mail, and no Bcc in it")
    files = {part.get_filename(): part.get_content() for part in mail.walk() if part.get_filename()}
    expect(files == {"résumé €.pdf": FILE, "logo.png": LOGO}, f"{list(files)}")


def as_form(gateway, api):
    api.seen.clear()
    options = {"mailgun": {"mode": "form", "tracking": "no", "variables": {"n": 1}}}
    gateway.wait_for(gateway.send({**MAIL, "provider_options": options}), "sent")
    (seen,) = api.seen
    expect(seen.path == "/v3/mg.example.com/messages", f"{seen.path}")
    expected = {"from": "Zprávy ✅ <news@mg.example.com>", "to": "Josef Němec <josef@example.org>", "cc": '"Doe, John" <cc@example.org>',
                "bcc": "audit@example.com", "subject": MAIL["subject"], "h:Reply-To": "a@example.com", "h:X-Campaign": "autumn",
                "o:tag": "invoices", "o:tracking": "no", "v:user": "42", "v:n": "1", "html": MAIL["html"]}
    for name, value in expected.items():
        expect(values(seen, name) == [value], f"{name}: {values(seen, name)}")
    expect(file_of(seen, "attachment")[1:] == ("résumé €.pdf", "application/pdf", FILE), "the file, its name in UTF-8")
    expect(file_of(seen, "inline")[1:] == ("logo-1", "image/png", LOGO), "the image, by its Content-ID")


def refused_before_acceptance(gateway, api):
    api.seen.clear()
    answer = gateway.post("/v1/messages", {**SIMPLE, "tags": ["größe"]})
    expect(answer.status == 422 and [one["pointer"] for one in answer.json["errors"]] == ["/tags"], f"{answer}")
    form = {"provider_options": {"mailgun": {"mode": "form"}}}
    answer = gateway.post("/v1/messages", {**SIMPLE, **form, "to": [], "bcc": ["a@example.org"]})
    expect(answer.status == 422 and [one["pointer"] for one in answer.json["errors"]] == ["/to"], f"{answer}")
    expect(api.seen == [], "nobody was asked")


def tested(gateway, api):
    def sending_key(one):
        if one.method == "GET":
            return Reply(401, {"message": "Invalid private key"})
        return queued(one) if b"MimeMessage" in one.body else Reply(400, {"message": "to parameter is missing"})

    asked = {"to": "me@example.com", "from": "news@mg.example.com"}
    api.answer = sending_key
    said = gateway.post("/v1/connections/mailgun/test", asked)
    expect(said.status == 200 and said.json["success"], f"{said}")
    api.answer = lambda _: Reply(200, {"domain": {"state": "unverified"}})
    said = gateway.post("/v1/connections/mailgun/test", asked)
    expect(not said.json["success"] and "DNS" in str(said.json), f"{said}")


def unknown_is_held(gateway, api):
    api.seen.clear()
    api.answer = lambda _: Reply(0)
    gateway.wait_for(gateway.send({**SIMPLE, "on_unknown": "hold"}), "held")
    expect(len(api.seen) == 1, f"one request, never two: {len(api.seen)}")


def waits_as_told(gateway, api):
    answers = [Reply(429, {"message": "account-requests-per-sec limit exceeded, try again after 1 seconds"})]
    api.seen.clear()
    api.answer = lambda one: answers.pop() if answers else queued(one)
    message = gateway.wait_for(gateway.send(SIMPLE), "sent", deadline=90)
    expect(len(api.seen) == 2 and len(message["attempts"]) == 2, f"{message}")


def main():
    given = arguments()
    with HttpRecorder(queued) as api, gateway_of(given, outbox=False) as gateway:
        gateway.settings({"retry": {"first": "1s"}})
        settings = {"api_key": "key-story", "domain": "mg.example.com", "endpoint": api.url, "allow_http": True}
        gateway.connection("mailgun", "mailgun", settings)
        gateway.start()
        whole(gateway, api)
        as_form(gateway, api)
        refused_before_acceptance(gateway, api)
        tested(gateway, api)
        unknown_is_held(gateway, api)
        waits_as_told(gateway, api)
        expect("key-story" not in gateway.stderr(), "the key stands in no log")


main()
