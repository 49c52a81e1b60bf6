"""Mail through azure.so to an API of our own, which checks every signature: what arrives there, what the status says, and what happens
at 429, at an answer that never comes (Azure has it; Azure does not), at mail that Azure gives up later, and at mail that it would
refuse."""

import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, gateway_of, wait_until  # noqa: E402

from http_recorder import HttpRecorder, Reply  # noqa: E402
from signatures import azure_fault  # noqa: E402

FILE, LOGO = bytes(range(256)) * 3000, b"\x89PNG\r\n\x1a\n"
KEY = base64.b64encode(b"fake-access-key-for-tests-only-0").decode()
MAIL = {
    "from": "news@example.com", "to": ["Josef Němec <josef@example.org>", {"email": "li@example.net", "name": "李小龙"}],
    "bcc": ["audit@example.com"], "reply_to": ["Support Team <a@example.com>", "b@example.com"], "subject": "Žluťoučký kůň – 你好 ✅",
    "text": "Ahoj světe\r\n", "html": '<p>Héllo</p><img src="cid:logo-1">', "headers": {"X-Campaign": "autumn"},
    "attachments": [
        {"filename": "résumé €.pdf", "content_type": "application/pdf", "content": base64.b64encode(FILE).decode()},
        {"filename": "logo.png", "content_type": "image/png", "content": base64.b64encode(LOGO).decode(), "disposition": "inline",
         "content_id": "logo-1"}],
    "provider_options": {"azure": {"tracking": "off"}}}
SIMPLE = {"from": "news@example.com", "to": ["a@example.org"], "subject": "Story", "text": "Once"}


class Azure:
    """As much of the service as a mail needs: operations by id, and the same id is never a second mail."""

    def __init__(self):
        self.operations, self.next, self.end = {}, [], "Succeeded"

    def __call__(self, one):
        if azure_fault(one, KEY):
            return Reply(401, {"error": {"code": "Denied", "message": "Denied by the resource provider."}})
        if one.method == "GET":
            found = one.path.split("/")[-1].split("?")[0]
            if found not in self.operations:
                return Reply(404, {"error": {"code": "NotFound", "message": "no such operation"}})
            error = {"code": "EmailDropped", "message": "given up"} if self.end == "Failed" else None
            return Reply(200, {"id": found, "status": self.end, "error": error})
        reply = self.next.pop(0) if self.next else None
        if reply is None or reply.status == 0:
            identifier = one.headers["operation-id"]
            if reply is None or reply.keeps:
                self.operations[identifier] = one.json
        return reply or Reply(202, {"id": identifier, "status": "Running", "error": None}, {"retry-after": "1"})


def lost(keeps):
    """No answer; with or without the mail."""
    made = Reply(0)
    made.keeps = keeps
    return made


def sends(api):
    return [one for one in api.seen if one.method == "POST"]


def arrives_whole(gateway, api, azure):
    message = gateway.wait_for(gateway.send(MAIL), "sent")
    (seen,) = sends(api)
    expect(seen.path == "/emails:send?api-version=2025-09-01", f"{seen.path}")
    expect({one["provider_message_id"] for one in message["recipients"]} == {seen.headers["operation-id"]}, f"{message}")
    mail = seen.json
    expect(mail["senderAddress"] == "news@example.com" and mail["content"]["subject"] == MAIL["subject"], f"{mail['content']}")
    expect(mail["recipients"] == {"to": [{"address": "josef@example.org", "displayName": "Josef Němec"},
                                         {"address": "li@example.net", "displayName": "李小龙"}],
                                  "bcc": [{"address": "audit@example.com"}]}, f"{mail['recipients']}")
    expect(mail["replyTo"] == [{"address": "a@example.com", "displayName": "Support Team"}, {"address": "b@example.com"}], f"{mail}")
    expect(mail["headers"]["X-Campaign"] == "autumn" and mail["userEngagementTrackingDisabled"] is True, f"{mail['headers']}")
    files = {one["name"]: one for one in mail["attachments"]}
    expect(base64.b64decode(files["résumé €.pdf"]["contentInBase64"]) == FILE, "the file is whole")
    expect(files["logo.png"]["contentId"] == "logo-1", f"{files['logo.png'].keys()}")


def refused_before_acceptance(gateway, api, azure):
    before = len(api.seen)
    answer = gateway.post("/v1/messages", {**SIMPLE, "from": "Acme <news@example.com>"})
    expect(answer.status == 422 and answer.json["errors"][0]["pointer"] == "/from", f"{answer}")
    answer = gateway.post("/v1/messages", {**SIMPLE, "provider_options": {"azure": {"trackin": "off"}}})
    expect([one["pointer"] for one in answer.json["errors"]] == ["/provider_options/azure/trackin"], f"{answer.json}")
    expect(len(api.seen) == before, "nobody was asked")


def a_lost_answer_is_settled(gateway, api, azure):
    before = len(sends(api))
    azure.next, azure.end = [lost(keeps=True)], "Succeeded"
    message = gateway.wait_for(gateway.send(SIMPLE), "sent")
    expect(len(sends(api)) == before + 1 and len(message["attempts"]) == 1, f"Azure had it: {message}")
    azure.next = [lost(keeps=False)]
    gateway.wait_for(gateway.send({**SIMPLE, "on_unknown": "hold"}), "held")
    expect(len(sends(api)) == before + 2, "what Azure does not know yet is unknown")
    azure.next, azure.end = [lost(keeps=True)], "Failed"
    message = gateway.wait_for(gateway.send({**SIMPLE, "on_unknown": "hold"}), "failed", "held")
    message = wait_until(lambda: in_state(gateway, message["id"], "failed"), 30, "the lookup a second later settles it")
    expect("EmailDropped" in message["recipients"][0]["text"], f"{message}")
    azure.end = "Succeeded"


def in_state(gateway, identifier, status):
    message = gateway.message(identifier)
    return message if message["status"] == status else None


def fails_late(gateway, api, azure):
    """Azure takes it, says so, and a second later gives it up; also when the gateway was not there meanwhile."""
    for restart in (False, True):
        before = len(sends(api))
        azure.end = "Failed"
        identifier = gateway.send(SIMPLE)
        sent = wait_until(lambda: in_state(gateway, identifier, "sent") or in_state(gateway, identifier, "failed"), 30, "it is taken")
        if restart:
            gateway.stop()
            gateway.start()
        message = wait_until(lambda: in_state(gateway, identifier, "failed"), 30, "what was sent turns out to have failed")
        expect("EmailDropped" in message["recipients"][0]["text"], f"{message}")
        expect(len(sends(api)) == before + 1 and len(message["attempts"]) == 1, f"and is not tried again: {sent}, {message}")
        azure.end = "Succeeded"


def tested(gateway, api, azure):
    said = gateway.post("/v1/connections/azure/test", {"to": "me@example.com", "from": "news@example.com"})
    expect(said.status == 200 and said.json["success"], f"{said}")
    expect({"credentials", "sender", "message"} <= {one["id"] for one in said.json["stages"]}, f"{said.json}")
    for detail in ("resource group mail-group", "service mail-service", "region eastus"):
        expect(detail in str(said.json), f"{said.json}")
    azure.next = [Reply(404, {"error": {"code": "DomainNotLinked", "message": "The specified sender domain has not been linked."}})]
    said = gateway.post("/v1/connections/azure/test", {"to": "me@example.com", "from": "news@example.com"})
    expect(not said.json["success"] and "Connect" in str(said.json), f"{said}")


def waits_as_told(gateway, api, azure):
    before = len(sends(api))
    azure.next = [Reply(429, {"error": {"code": "TooManyRequests", "message": "slow down"}}, {"Retry-After": "1"})]
    message = gateway.wait_for(gateway.send(SIMPLE), "sent", deadline=90)
    first, second = sends(api)[before:]
    expect(len(message["attempts"]) == 2, f"{message}")
    expect(first.headers["operation-id"] == second.headers["operation-id"] and first.body == second.body, "one operation, the same bytes")


def main():
    given = arguments()
    azure = Azure()
    with HttpRecorder(azure) as api, gateway_of(given, outbox=False) as gateway:
        gateway.settings({"retry": {"first": "1s"}})
        settings = {"connection_string": f"endpoint={api.url}/;accesskey={KEY}", "allow_http": True, "resource_group": "mail-group",
                    "service_name": "mail-service"}
        gateway.connection("azure", "azure", settings)
        gateway.start()
        for chapter in (arrives_whole, refused_before_acceptance, a_lost_answer_is_settled, fails_late, tested, waits_as_told):
            chapter(gateway, api, azure)
        expect(KEY not in gateway.stderr(), "the key stands in no log")


main()
