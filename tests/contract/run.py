#!/usr/bin/env python3
"""Holds what a plugin is shown of a message against what was posted, field by field.

    run.py GATEPOSTD TEST_PLUGINS [CASE ...]

The contract plugin (plugin/contract.c) writes the structured view and all contents as JSON; `contract` takes raw mail
as it is, `contract-parts` gets it taken apart by the host. Each case says what it expects; all differences of a case are
shown at once.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import samples
from compare import (
    ATTACHMENT, BCC, CC, HTML, INLINE, TEXT, TO, WINDOW, Case, box, check_content, check_every_view, check_parts, form,
    recipients, rendered, whole,
)
from gatepost_test import Failure, Gateway, expect, wait_until


class Contract:
    def __init__(self, gateway, folders):
        self.gateway = gateway
        self.folders = folders

    def seen(self, identifier, connection):
        path = self.folders[connection] / f"{identifier}.json"
        self.gateway.wait_for(identifier, "sent")
        return json.loads(wait_until(lambda: path.read_text() if path.exists() else None, 10, str(path)))

    # ---- cases --------------------------------------------------------------------------------

    def json_with_every_field(self):
        self.every_field("contract")

    def json_with_every_field_for_a_provider_without_raw_mime(self):
        self.every_field("contract-parts")

    def every_field(self, connection):
        posted = samples.full_json(connection)
        identifier = self.gateway.send(posted)
        seen, case = self.seen(identifier, connection), Case()
        check_every_view(case, seen, identifier)
        case.same("raw", (seen["raw"], seen["raw_only"], seen["smtputf8"]), (0, 0, 1))
        case.same("from", seen["from"], box("noreply@example.com", "Acme Größe"))
        case.same("sender", seen["sender"], box("office@example.com", "Büro, innen"))
        case.same("reply_to", seen["reply_to"], [box("answers@example.com", "Antworten"), box("more@example.com")])
        case.same(
            "recipients",
            recipients(seen),
            [
                (TO, box("first@example.net")),
                (TO, box("second@example.net", "Zweite Empfängerin")),
                (CC, box("third@bücher.example", "Last, First", "third@xn--bcher-kva.example")),
                (BCC, box("blind@example.net")),
                (BCC, box("jörg@example.net", "", "")),
            ],
        )
        case.same("subject", seen["subject"], posted["subject"])
        case.same("headers", seen["headers"], [[key, value] for key, value in posted["headers"].items()])
        case.same("tags", seen["tags"], posted["tags"])
        case.same("metadata", seen["metadata"], [[key, value] for key, value in posted["metadata"].items()])
        case.same("options", json.loads(seen["options_json"]), posted["provider_options"][connection])
        case.same("priority", seen["priority"], 3)
        case.same("dsn", (seen["dsn_ret"], seen["dsn_envid"]), (2, "QQ314159"))
        case.same("dsn_notify", [one["dsn_notify"] for one in seen["recipients"]], [4 | 8] * 5)
        case.same("dsn_orcpt", [one["dsn_orcpt"] for one in seen["recipients"]], [""] * 5)
        case.same("envelope_from", seen["envelope_from"]["address"], "office@example.com")  # Sender is who speaks
        message = self.gateway.message(identifier)
        case.same("message_id", "<" + seen["message_id"] + ">", "<" + message["message_id"].strip("<>") + ">")
        created = datetime.datetime.fromisoformat(message["created"].replace("Z", "+00:00")).timestamp() * 1000
        case.true(f"date {seen['date']} is not when it was accepted, {created}", abs(seen["date"] - created) < 2000)
        case.true(f"accepted_at {seen['accepted_at']} is not {created}", abs(seen["accepted_at"] - created) < 2000)
        case.same("type with its parameters", seen["parts"][3]["type"], "text/plain; charset=utf-8")
        check_parts(case, seen, self.parts_of_full_json(posted))
        self.check_rendering(case, seen, posted)
        case.finish()

    @staticmethod
    def parts_of_full_json(posted):
        files = [base64.b64decode(one["content"]) for one in posted["attachments"]]
        return [
            (TEXT, "text/plain", "", "", samples.TEXT.encode()),
            (HTML, "text/html", "", "", samples.HTML.encode()),
            (ATTACHMENT, "application/pdf", "a.pdf", "", files[0]),
            (ATTACHMENT, "text/plain", "Übersicht € 2026.txt", "", files[1]),
            (INLINE, "image/png", "logo.png", "logo@example.org", files[2]),
            (ATTACHMENT, "application/octet-stream", "empty.bin", "", files[3]),
        ]

    def check_rendering(self, case, seen, posted):
        opened = whole(seen, "identity")
        if "content" not in opened:  # larger than the plugin keeps
            case.true("the whole is smaller than its attachments", opened["length"] > len(samples.PDF))
            return
        case.same("rendered subject", rendered(seen)["Subject"], posted["subject"])

    def a_small_json_mail_is_rendered_as_posted(self):
        posted = {
            **samples.plain_json("contract"),
            "from": {"email": "a@example.com", "name": "Grüße, Größe"},
            "cc": ["Zweite <c@example.net>"],
            "bcc": ["secret@example.net"],
            "subject": "Über 50 %",
            "text": samples.TEXT,
            "html": samples.HTML,
            "attachments": [{"filename": "Übersicht €.txt", "content_type": "text/plain", "content": "SGFsbG8="}],
        }
        identifier = self.gateway.send(posted)
        seen, case = self.seen(identifier, "contract"), Case()
        check_every_view(case, seen, identifier)
        mail = rendered(seen)
        case.same("Subject", mail["Subject"], posted["subject"])
        case.same("From", str(mail["From"].addresses[0].display_name), "Grüße, Größe")
        case.same("To", mail["To"].addresses[0].addr_spec, "b@example.net")
        case.same("Message-ID", mail["Message-ID"], f"<{seen['message_id']}>")
        case.same("Date", int(mail["Date"].datetime.timestamp()), seen["date"] // 1000)
        case.same("Bcc", mail["Bcc"], None)
        case.true("the Bcc's address is in the mail", b"secret@" not in base64.b64decode(whole(seen, "identity")["content"]))
        text = mail.get_body(("plain",)).get_content()
        case.same("text", text.replace("\r\n", "\n").rstrip("\n"), samples.TEXT.replace("\r\n", "\n"))
        html = mail.get_body(("html",)).get_content()
        case.same("html", html.replace("\r\n", "\n").rstrip("\n"), samples.HTML.replace("\r\n", "\n"))
        files = list(mail.iter_attachments())
        case.same("file names", [one.get_filename() for one in files], ["Übersicht €.txt"])
        case.same("file", files[0].get_payload(decode=True) if files else None, b"Hallo")
        case.finish()

    def a_small_json_mail_has_defaults(self):
        identifier = self.gateway.send(samples.plain_json("contract"))
        seen, case = self.seen(identifier, "contract"), Case()
        check_every_view(case, seen, identifier)
        case.same("envelope_from", seen["envelope_from"]["address"], "a@example.com")
        case.same("sender", seen["sender"]["address"], "")
        for field in ("reply_to", "headers", "tags", "metadata"):
            case.same(field, seen[field], [])
        case.same("options", seen["options_json"], "{}")
        case.same("rest", (seen["priority"], seen["dsn_ret"], seen["dsn_envid"], seen["flags"]), (2, 0, "", 0))
        case.same("subject", seen["subject"], "")
        check_parts(case, seen, [(TEXT, "text/plain", "", "", b"x")])
        case.finish()

    def settings_arrive_as_json_and_flat(self):
        identifier = self.gateway.send(samples.plain_json("contract"))
        seen, case = self.seen(identifier, "contract"), Case()
        settings = seen["settings"]
        case.same("connection", settings["connection"], "contract")
        wanted = {"path": str(self.folders["contract"]), "mode": "windows", "password": "geheim ☃", "count": 7}
        wanted |= {"ratio": 2.5, "enabled": True, "words": ["eins", "zwei"], "nested": {"inner": "tief"}}
        case.same("settings", json.loads(settings["json"]), wanted)
        flat = {one["path"]: one for one in settings["values"]}
        names = {"path", "mode", "password", "count", "ratio", "enabled", "words.0", "words.1", "nested.inner"}
        case.same("flat names", set(flat), names)
        case.same("password", (flat["password"]["text"], flat["password"]["flags"] & 1), ("geheim ☃", 1))
        case.same("path is no secret", flat["path"]["flags"] & 1, 0)
        case.same("count", (flat["count"]["type"], flat["count"]["integer"]), (2, 7))
        case.same("ratio", (flat["ratio"]["type"], flat["ratio"]["number"]), (3, 2))
        case.same("enabled", (flat["enabled"]["type"], flat["enabled"]["integer"]), (4, 1))
        case.same("words.1", flat["words.1"]["text"], "zwei")
        case.finish()

    def raw_mail_goes_through_as_it_is(self):
        identifier = self.gateway.send_raw(
            samples.MIXED, "bounce@example.com", ["First <first@example.net>", "third@example.net", "unnamed@example.net"],
            connection="contract", tag="raw", priority="low", ret="full", envid="E1", notify="success",
        )
        seen, case = self.seen(identifier, "contract"), Case()
        check_every_view(case, seen, identifier)
        self.check_raw_envelope(case, seen)
        case.same("tags", seen["tags"], ["raw"])
        case.same("rest", (seen["priority"], seen["dsn_ret"], seen["dsn_envid"]), (1, 1, "E1"))
        case.same("dsn_notify", {one["dsn_notify"] for one in seen["recipients"]}, {2})
        case.same("whole", whole(seen, "identity")["sha256"], hashlib.sha256(self.without_bcc(samples.MIXED)).hexdigest())
        case.finish()

    @staticmethod
    def without_bcc(mail):
        return mail.replace(b"Bcc: blind@example.net\r\n", b"")

    def check_raw_envelope(self, case, seen):
        case.same("raw", (seen["raw"], seen["raw_only"]), (1, 0))
        case.same("envelope_from", seen["envelope_from"]["address"], "bounce@example.com")
        case.same("from", seen["from"], box("noreply@example.com", "Acme Größe"))
        case.same("sender", seen["sender"], box("office@example.com", "Office, The"))
        case.same("reply_to", seen["reply_to"], [box("answers@example.com")])
        case.same("subject", seen["subject"], "Hallo überall")
        case.same("message_id", seen["message_id"], "mixed-1@example.com")
        case.same("date", seen["date"], 1_796_108_400_000)
        case.true("accepted_at is the clock's, not the header's", abs(seen["accepted_at"] - time.time() * 1000) < 60_000)
        case.same("headers", seen["headers"], [["X-Campaign", "7"], ["X-Folded", "one two"]])
        case.same(
            "recipients",
            recipients(seen),
            [(TO, box("first@example.net", "First")), (CC, box("third@example.net")), (BCC, box("unnamed@example.net"))],
        )

    def raw_mail_is_taken_apart(self):
        identifier = self.gateway.send_raw(
            samples.MIXED, "bounce@example.com", ["First <first@example.net>", "third@example.net", "unnamed@example.net"],
            connection="contract-parts", tag="parts", priority="low", notify="never", envid="E2", ret="full",
        )
        seen, case = self.seen(identifier, "contract-parts"), Case()
        check_every_view(case, seen, identifier)
        case.same("tags and priority", (seen["tags"], seen["priority"]), (["parts"], 1))
        case.same("dsn", (seen["dsn_ret"], seen["dsn_envid"], [one["dsn_notify"] for one in seen["recipients"]]), (1, "E2", [1] * 3))
        self.check_raw_envelope(case, seen)
        html = '<p>Grüße <img src="cid:logo@example.org"></p>'
        check_parts(
            case,
            seen,
            [
                (TEXT, "text/plain", "", "", "Grüße an alle".encode()),
                (HTML, "text/html", "", "", html.encode()),
                (INLINE, "image/png", "logo.png", "logo@example.org", samples.PNG),
                (ATTACHMENT, "application/pdf", "Übersicht €.pdf", "", samples.PDF),
                (ATTACHMENT, "text/plain", "grüße.txt", "", samples.QUOTED.encode()),
                # The line break before a boundary belongs to the boundary.
                (ATTACHMENT, "message/rfc822", "", "", samples.NESTED.removesuffix(b"\r\n")),
            ],
        )
        case.finish()

    def latin1_with_lone_line_feeds(self):
        for connection in ("contract", "contract-parts"):
            identifier = self.gateway.send_raw(samples.LATIN1, "", ["b@example.net"], connection=connection)
            seen, case = self.seen(identifier, connection), Case()
            check_every_view(case, seen, identifier)
            case.same("envelope_from", seen["envelope_from"]["address"], "")
            mail = base64.b64decode(whole(seen, "identity")["content"])
            case.true("a lone LF in the whole", b"\n" not in mail.replace(b"\r\n", b""))
            case.true("the body is not as it was", mail.endswith("\r\n\r\nGrüße\r\n.dot\r\n".encode("latin-1")))
            case.true("no Date", b"\r\nDate: " in b"\r\n" + mail)
            case.true("no Message-ID", f"<{seen['message_id']}>".encode() in mail)
            # 8-bit mail is not written anew for a 7-bit server; it is refused in words.
            case.true("no words for the refusal of 7bit", whole(seen, "identity", 1)["text"])
            stuffed = whole(seen, "dot_stuffed")["length"]
            case.same("dot-stuffed", stuffed, whole(seen, "identity")["length"] + 1)
            if connection == "contract-parts":
                check_parts(case, seen, [(TEXT, "text/plain", "", "", "Grüße\r\n.dot\r\n".encode())])
            case.finish()

    def signed_mail_is_raw_only(self):
        identifier = self.gateway.send_raw(samples.SIGNED, "a@example.com", ["b@example.net"], connection="contract")
        seen, case = self.seen(identifier, "contract"), Case()
        check_every_view(case, seen, identifier)
        case.same("flags", (seen["raw"], seen["raw_only"]), (1, 1))
        case.same("whole", base64.b64decode(whole(seen, "identity")["content"]), samples.SIGNED)
        case.finish()

    def signed_mail_is_refused_where_it_cannot_go_whole(self):
        answer = self.gateway.post(
            "/v1/messages?from=a@example.com&to=b@example.net&connection=contract-parts",
            samples.SIGNED,
            headers={"Content-Type": "message/rfc822"},
        )
        expect(answer.status == 422, f"expected 422, got {answer!r}")

    def results_of_each_recipient_come_back(self):
        posted = {**samples.plain_json("contract"), "to": ["b@example.net", "c@example.net"]}
        message = self.gateway.wait_for(self.gateway.send(posted), "sent")
        case = Case()
        results = message["attempts"][-1].get("results") or message["attempts"][-1].get("recipients")
        case.same("codes", [one["code"] for one in results], [2000, 2001])
        case.same("captured", [one.get("captured") for one in results], [True, True])
        case.finish()

    def attachment_of_25_mb_passes_in_windows(self):
        content = hashlib.sha256(b"seed").digest() * (25_000_000 // 32)
        posted = samples.plain_json("contract")
        posted["attachments"] = [{"filename": "big.bin", "content": base64.b64encode(content).decode()}]
        identifier = self.gateway.send(posted)
        self.gateway.wait_for(identifier, "sent", deadline=120)
        seen, case = self.seen(identifier, "contract"), Case()
        check_every_view(case, seen, identifier)
        check_content(case, "big.bin", form(seen["parts"][1], "identity"), content)
        for opened in seen["whole"] + seen["parts"][1]["forms"]:
            what = f"{opened['form']} {opened['flags']}"
            case.same(what + " status", opened["status"], 0)
            case.same(what + " read", opened.get("read"), opened.get("length"))
            case.same(what + " largest window", opened.get("largest"), WINDOW)
        case.finish()


CASES = [
    "json_with_every_field",
    "json_with_every_field_for_a_provider_without_raw_mime",
    "a_small_json_mail_is_rendered_as_posted",
    "a_small_json_mail_has_defaults",
    "settings_arrive_as_json_and_flat",
    "raw_mail_goes_through_as_it_is",
    "raw_mail_is_taken_apart",
    "latin1_with_lone_line_feeds",
    "signed_mail_is_raw_only",
    "signed_mail_is_refused_where_it_cannot_go_whole",
    "results_of_each_recipient_come_back",
    "attachment_of_25_mb_passes_in_windows",
]


def main(binary, plugins, *wanted):
    failed = 0
    with Gateway(binary, plugins, name="gatepost-contract") as gateway:
        folders = {name: gateway.folder / name for name in ("contract", "contract-parts")}
        more = {"password": "geheim ☃", "words": ["eins", "zwei"], "nested": {"inner": "tief"}}
        gateway.connection("contract", "contract", {"path": folders["contract"], "mode": "windows", **more})
        gateway.connection("contract-parts", "contract-parts", {"path": folders["contract-parts"]})
        gateway.start()
        contract = Contract(gateway, folders)
        for name in wanted or CASES:
            try:
                getattr(contract, name)()
                print(f"passed  {name}", flush=True)
            except Exception as failure:  # each case speaks for itself
                failed += 1
                print(f"FAILED  {name}: {failure}", flush=True)
                if not isinstance(failure, Failure):
                    traceback.print_exc()
        if failed:
            print(f"---- what gatepostd said ----\n{gateway.stderr()[-10000:]}", flush=True)
    print(f"{len(wanted or CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
