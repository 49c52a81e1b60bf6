"""Mail through ses.so to an API of our own, which checks every signature: what arrives there, what the status says, and what happens at
429, at an answer that never comes, at a wrong clock, with the keys of a container, and at mail that SES would refuse."""

import base64
import email
import email.policy
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, gateway_of  # noqa: E402

from http_recorder import HttpRecorder, Reply  # noqa: E402
from signatures import sigv4_fault  # noqa: E402

FILE, LOGO = bytes(range(256)) * 3000, b"\x89PNG\r\n\x1a\n"
KEYS = {"AKIDEXAMPLE": "fakeSecretKey/ForTests+Only", "AKIDROLE": "roleSecret"}
MAIL = {
    "from": "Zprávy ✅ <news@example.com>", "to": ["Josef Němec <josef@example.org>", {"email": "li@example.net", "name": "李小龙"}],
    "bcc": ["audit@example.com"], "reply_to": ["a@example.com"], "subject": "Žluťoučký kůň – 你好 ✅",
    "text": "Ahoj světe\r\n", "html": '<p>Héllo</p><img src="cid:logo-1">', "headers": {"X-Campaign": "ünïcode"}, "tags": ["invoices"],
    "metadata": {"user": "42"},
    "attachments": [
        {"filename": "résumé €.pdf", "content_type": "application/pdf", "content": base64.b64encode(FILE).decode()},
        {"filename": "logo.png", "content_type": "image/png", "content": base64.b64encode(LOGO).decode(), "disposition": "inline",
         "content_id": "logo-1"}],
    "provider_options": {"ses": {"configuration_set": "prod-set"}}}
SIMPLE = {"from": "news@example.com", "to": ["a@example.org"], "subject": "Story", "text": "Once"}
ACCOUNT = {"SendingEnabled": True, "ProductionAccessEnabled": True, "EnforcementStatus": "HEALTHY",
           "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 7.0}}


def refusal(status, kind, message, headers=None):
    return Reply(status, {"message": message}, {"x-amzn-ErrorType": kind, **(headers or {})})


def taken(one):
    if one.method == "GET" and one.path == "/v2/email/account":
        return Reply(200, ACCOUNT)
    if one.method == "GET" and "/identities/" in one.path:
        return Reply(200, {"VerifiedForSendingStatus": True})
    if one.path == "/v2/credentials/story":
        return Reply(200, {"AccessKeyId": "AKIDROLE", "SecretAccessKey": "roleSecret", "Token": "role-token",
                           "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))})
    return Reply(200, {"MessageId": "0100019ab0000000-1"}) if sigv4_fault(one, KEYS) is None else refusal(403, "InvalidSignatureException", "no")


def begin(api, answer=taken):
    api.seen.clear()
    api.answer = answer


def arrives_whole_raw(gateway, api):
    begin(api)
    message = gateway.wait_for(gateway.send({**MAIL, "connection": "raw"}), "sent")
    expect({one["provider_message_id"] for one in message["recipients"]} == {"0100019ab0000000-1"}, f"{message}")
    (seen,) = api.seen
    expect((seen.method, seen.path) == ("POST", "/v2/email/outbound-emails"), f"{seen}")
    body = seen.json
    expect(body["Destination"] == {"ToAddresses": ["josef@example.org", "li@example.net"], "BccAddresses": ["audit@example.com"]}, f"{body}")
    expect(body["ConfigurationSetName"] == "prod-set", f"{list(body)}")
    tags = {one["Name"]: one["Value"] for one in body["EmailTags"]}
    expect(tags == {"invoices": "true", "user": "42"}, f"{tags}")
    mail = email.message_from_bytes(base64.b64decode(body["Content"]["Raw"]["Data"]), policy=email.policy.default)
    expect(mail["Subject"] == MAIL["subject"] and mail["Bcc"] is None, f"{mail.items()}")
    expect(mail["From"].addresses[0].display_name == "Zprávy ✅", f"{mail['From']}")
    parts = {one.get_filename(): one for one in mail.walk() if one.get_filename()}
    expect(parts["résumé €.pdf"].get_payload(decode=True) == FILE, "the file is whole")
    expect(parts["logo.png"]["Content-ID"] == "<logo-1>" and parts["logo.png"].get_payload(decode=True) == LOGO, "the image is inline")


def arrives_whole_simple(gateway, api):
    begin(api)
    gateway.wait_for(gateway.send({**MAIL, "connection": "simple"}), "sent")
    (seen,) = api.seen
    simple = seen.json["Content"]["Simple"]
    expect(simple["Subject"] == {"Data": MAIL["subject"], "Charset": "UTF-8"}, f"{simple['Subject']}")
    expect(simple["Body"]["Html"]["Data"] == MAIL["html"], f"{simple['Body']}")
    expect(simple["Headers"] == [{"Name": "X-Campaign", "Value": "=?UTF-8?B?w7xuw69jb2Rl?="}], f"{simple['Headers']}")
    files = {one["FileName"]: one for one in simple["Attachments"]}
    expect(base64.b64decode(files["résumé €.pdf"]["RawContent"]) == FILE, "the file is whole")
    expect((files["logo.png"]["ContentDisposition"], files["logo.png"]["ContentId"]) == ("INLINE", "logo-1"), f"{files['logo.png'].keys()}")
    many = gateway.post("/v1/messages", {**SIMPLE, "connection": "simple", "headers": {f"X-{n}": "x" for n in range(16)}})
    expect(many.status == 422 and many.json["errors"][0]["pointer"] == "/headers", f"{many}")


def refused_before_acceptance(gateway, api):
    begin(api)
    answer = gateway.post("/v1/messages", {**SIMPLE, "connection": "raw", "tags": ["größe"]})
    expect(answer.status == 422 and answer.json["errors"][0]["pointer"] == "/tags/0", f"{answer}")
    expect(api.seen == [], "nobody was asked")


def a_template_brings_its_own_text(gateway, api):
    begin(api)
    mail = {"from": "news@example.com", "to": ["a@example.org"], "connection": "raw",
            "provider_options": {"ses": {"template": {"name": "welcome", "data": {"who": "Ada"}}}}}
    gateway.wait_for(gateway.send(mail), "sent")
    (seen,) = api.seen
    expect(seen.json["Content"] == {"Template": {"TemplateName": "welcome", "TemplateData": '{"who":"Ada"}'}}, f"{seen.json}")
    answer = gateway.post("/v1/messages", {**mail, "text": "Once"})
    expect(answer.status == 422 and answer.json["errors"][0]["pointer"] == "/text", f"{answer}")


def the_clock_is_corrected(gateway, api):
    refusals = [refusal(403, "InvalidSignatureException", "Signature expired", {"Date": "Sun, 22 Nov 2020 13:45:00 GMT"})]
    begin(api, lambda one: refusals.pop() if refusals else taken(one))
    message = gateway.wait_for(gateway.send({**SIMPLE, "connection": "clock"}), "sent")
    dates = [one.headers["x-amz-date"][:8] for one in api.seen]
    expect(len(message["attempts"]) == 1 and dates[1] == "20201122" and dates[0] != dates[1], f"{dates}")


def a_container_gives_keys(gateway, api):
    begin(api)
    for _ in range(2):
        gateway.wait_for(gateway.send({**SIMPLE, "connection": "role"}), "sent")
    paths = [one.path for one in api.seen]
    expect(paths == ["/v2/credentials/story"] + ["/v2/email/outbound-emails"] * 2, f"{paths}")
    expect(all(one.headers["x-amz-security-token"] == "role-token" for one in api.seen[1:]), "the token is sent")


def tested(gateway, api):
    begin(api)
    said = gateway.post("/v1/connections/raw/test", {"to": "me@example.com", "from": "news@example.com"})
    expect(said.status == 200 and said.json["success"], f"{said}")
    expect({"credentials", "sender", "message"} <= {one["id"] for one in said.json["stages"]}, f"{said.json}")
    expect("7 of 50000 recipients" in str(said.json), f"{said.json}")
    begin(api, lambda _: refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid."))
    said = gateway.post("/v1/connections/raw/test", {})
    expect(not said.json["success"] and "access_key_id" in str(said.json), f"{said}")


def unknown_is_held(gateway, api):
    begin(api, lambda _: Reply(0))
    message = gateway.wait_for(gateway.send({**SIMPLE, "connection": "raw", "on_unknown": "hold"}), "held")
    expect(len(api.seen) == 1, f"one request, never two: {len(api.seen)}")
    expect("did not answer" in message["recipients"][0]["text"], f"{message}")


def waits_as_told(gateway, api):
    answers = [refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.")]
    begin(api, lambda one: answers.pop() if answers else taken(one))
    message = gateway.wait_for(gateway.send({**SIMPLE, "connection": "raw"}), "sent", deadline=90)
    # What the account allows is read before the mail goes out again.
    expect([one.method for one in api.seen] == ["POST", "GET", "POST"] and len(message["attempts"]) == 2, f"{message}")


def main():
    given = arguments()
    with HttpRecorder(taken) as api, gateway_of(given, outbox=False) as gateway:
        gateway.settings({"retry": {"first": "1s"}})
        usual = {"region": "eu-west-1", "endpoint": api.url, "allow_http": True}
        keys = {**usual, "access_key_id": "AKIDEXAMPLE", "secret_access_key": KEYS["AKIDEXAMPLE"]}
        gateway.connection("raw", "ses", keys)
        gateway.connection("clock", "ses", keys)
        gateway.connection("simple", "ses", {**keys, "mode": "simple"})
        gateway.connection("role", "ses", {**usual, "credentials": "container", "container_path": "/v2/credentials/story",
                                           "role_endpoint": api.url})
        gateway.start()
        arrives_whole_raw(gateway, api)
        arrives_whole_simple(gateway, api)
        refused_before_acceptance(gateway, api)
        a_template_brings_its_own_text(gateway, api)
        the_clock_is_corrected(gateway, api)
        a_container_gives_keys(gateway, api)
        tested(gateway, api)
        unknown_is_held(gateway, api)
        waits_as_told(gateway, api)
        for secret in (*KEYS.values(), "role-token"):
            expect(secret not in gateway.stderr(), "no secret stands in a log")


main()
