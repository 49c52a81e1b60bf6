"""Mail through sendgrid.so to an API of our own: what arrives there, what the status says, and what happens at 429, at an answer
that never comes, and at mail that SendGrid would refuse."""

import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, gateway_of  # noqa: E402

from http_recorder import HttpRecorder, Reply  # noqa: E402

FILE, LOGO = bytes(range(256)) * 300, b"\x89PNG\r\n\x1a\n"
MAIL = {
    "from": "Zprávy ✅ <news@example.com>", "to": ["Josef Němec <josef@example.org>", {"email": "li@example.net", "name": "李小龙"}],
    "bcc": ["audit@example.com"], "reply_to": ["a@example.com", "b@example.com"], "subject": "Žluťoučký kůň – 你好 ✅",
    "text": "Ahoj světe\r\n", "html": '<p>Héllo</p><img src="cid:logo-1">', "headers": {"X-Campaign": "ünïcode"}, "tags": ["invoices"],
    "metadata": {"user": "42"},
    "attachments": [
        {"filename": "résumé €.pdf", "content_type": "application/pdf", "content": base64.b64encode(FILE).decode()},
        {"filename": "logo.png", "content_type": "image/png", "content": base64.b64encode(LOGO).decode(), "disposition": "inline",
         "content_id": "logo-1"}],
    "provider_options": {"sendgrid": {"custom_args": {"tenant": "t1"}, "tracking_settings": {"open_tracking": {"enable": False}}}}}
SIMPLE = {"from": "news@example.com", "to": ["a@example.org"], "subject": "Story", "text": "Once"}


def queued(_):
    return Reply(202, headers={"X-Message-Id": "14c5d75ce93e473d9a9a6e"})


def arrives_whole(gateway, api):
    message = gateway.wait_for(gateway.send(MAIL), "sent")
    expect({one["provider_message_id"] for one in message["recipients"]} == {"14c5d75ce93e473d9a9a6e"}, f"{message}")
    (seen,) = api.seen
    expect((seen.method, seen.path) == ("POST", "/v3/mail/send"), f"{seen}")
    expect(seen.headers["authorization"] == "Bearer SG.story" and seen.headers["content-type"] == "application/json", f"{seen.headers}")
    mail = seen.json
    expect(mail["from"] == {"email": "news@example.com", "name": "Zprávy ✅"} and mail["subject"] == MAIL["subject"], f"{mail}")
    expect(mail["personalizations"] == [{"to": [{"email": "josef@example.org", "name": "Josef Němec"},
                                                {"email": "li@example.net", "name": "李小龙"}],
                                         "bcc": [{"email": "audit@example.com"}]}], f"{mail['personalizations']}")
    expect([one["email"] for one in mail["reply_to_list"]] == ["a@example.com", "b@example.com"], f"{mail}")
    expect([one["type"] for one in mail["content"]] == ["text/plain", "text/html"], f"{mail['content']}")
    expect([one["value"].rstrip() for one in mail["content"]] == [MAIL["text"].rstrip(), MAIL["html"]], f"{mail['content']}")
    files = {one["filename"]: one for one in mail["attachments"]}
    expect(set(files) == {"résumé €.pdf", "logo.png"}, f"{list(files)}")
    file, logo = files["résumé €.pdf"], files["logo.png"]
    expect(base64.b64decode(file["content"], validate=True) == FILE, "the file is whole")
    expect((logo["disposition"], logo["content_id"]) == ("inline", "logo-1") and base64.b64decode(logo["content"]) == LOGO, f"{logo}")
    expect(mail["headers"]["X-Campaign"] == "=?UTF-8?B?w7xuw69jb2Rl?=", f"{mail['headers']}")
    expect(mail["categories"] == ["invoices"] and mail["custom_args"]["user"] == "42" and mail["custom_args"]["tenant"] == "t1", f"{mail}")
    expect(mail["custom_args"]["gatepost_id"] == message["id"], "events name the gateway's id")


def waits_as_told(gateway, api):
    answers = [Reply(429, {"errors": [{"message": "too many requests", "field": None}]}, {"Retry-After": "1"})]
    api.seen.clear()
    api.answer = lambda one: answers.pop() if answers else queued(one)
    message = gateway.wait_for(gateway.send(SIMPLE), "sent", deadline=90)
    expect(len(api.seen) == 2 and len(message["attempts"]) == 2, f"{message}")


def unknown_is_held(gateway, api):
    api.seen.clear()
    api.answer = lambda _: Reply(0)
    message = gateway.wait_for(gateway.send({**SIMPLE, "on_unknown": "hold"}), "held")
    expect(len(api.seen) == 1, f"one request, never two: {len(api.seen)}")
    expect("did not answer" in message["recipients"][0]["text"], f"{message}")
    api.answer = lambda _: Reply(400, {"errors": [{"message": "Bad Request", "field": None}]})
    failed = gateway.wait_for(gateway.send(SIMPLE), "failed")
    expect("SendGrid answered 400: Bad Request" in failed["recipients"][0]["text"], f"{failed}")


def the_template_says_it_all(gateway, api):
    api.seen.clear()
    api.answer = queued
    mail = {"from": "news@example.com", "to": ["a@example.org"], "provider_options": {"sendgrid": {"template_id": "d-0123456789"}}}
    gateway.wait_for(gateway.send(mail), "sent")
    (seen,) = api.seen
    expect(seen.json["template_id"] == "d-0123456789" and not {"subject", "content"} & set(seen.json), f"{seen.json}")


def refused_before_acceptance(gateway, api):
    api.seen.clear()
    answer = gateway.post("/v1/messages", {**SIMPLE, "cc": ["A@example.org"], "headers": {"X-SG-ID": "1"}})
    expect(answer.status == 422, f"{answer}")
    expect({one["pointer"] for one in answer.json["errors"]} == {"/cc/0", "/headers/X-SG-ID"}, f"{answer.json}")
    answer = gateway.post("/v1/messages", {**SIMPLE, "provider_options": {"sendgrid": {"sandbx": True}}})
    expect([one["pointer"] for one in answer.json["errors"]] == ["/provider_options/sendgrid/sandbx"], f"{answer.json}")
    logo = {"filename": "logo.png", "content": "aGk=", "disposition": "inline", "content_id": "logo"}
    answer = gateway.post("/v1/messages", {**SIMPLE, "attachments": [logo, {"filename": "a.txt", "content": ""}, logo | {"content_id": "b"}]})
    expect([one["pointer"] for one in answer.json["errors"]] == ["/attachments/1"], f"the caller's own count: {answer.json}")
    answer = gateway.post("/v1/messages", {**SIMPLE, "dsn": {"notify": ["failure", "delay"], "ret": "full", "envid": "QQ314159"}})
    expect([one["pointer"] for one in answer.json["errors"]] == ["/dsn/notify", "/dsn/ret", "/dsn/envid"], f"{answer.json}")
    raw = gateway.post("/v1/messages?to=a@example.org&from=news@example.com&ret=headers", b"From: news@example.com\r\nTo: a@example.org\r\nSubject: x\r\n\r\nx\r\n",
                       headers={"Content-Type": "message/rfc822"})
    expect([one["pointer"] for one in raw.json["errors"]] == ["/query/ret"], f"{raw.json}")
    expect(api.seen == [], "nobody was asked")
    gateway.wait_for(gateway.send({**SIMPLE, "dsn": {"notify": ["never"]}}), "sent")


def tested(gateway, api):
    def answer(one):
        if one.method == "GET":
            return Reply(200, {"scopes": ["mail.send"]})
        return Reply(200) if b"sandbox_mode" in one.body else queued(one)

    api.answer = answer
    said = gateway.post("/v1/connections/sendgrid/test", {"to": "me@example.com", "from": "news@example.com"})
    expect(said.status == 200 and said.json["success"], f"{said}")
    stages = {one["id"] for one in said.json["stages"]}
    expect({"credentials", "sender", "message"} <= stages, f"{said.json}")
    api.answer = lambda _: Reply(401, {"errors": [{"message": "authorization required", "field": None}]})
    said = gateway.post("/v1/connections/sendgrid/test", {})
    expect(not said.json["success"] and "API key" in str(said.json), f"{said}")


def main():
    given = arguments()
    with HttpRecorder(queued) as api, gateway_of(given, outbox=False) as gateway:
        gateway.settings({"retry": {"first": "1s"}})
        gateway.connection("sendgrid", "sendgrid", {"api_key": "SG.story", "endpoint": api.url, "allow_http": True})
        gateway.start()
        arrives_whole(gateway, api)
        the_template_says_it_all(gateway, api)
        refused_before_acceptance(gateway, api)
        tested(gateway, api)
        unknown_is_held(gateway, api)
        waits_as_told(gateway, api)
        expect("SG.story" not in gateway.stderr(), "the key stands in no log")


main()
