"""What a case of the contract test compares: the JSON of the contract plugin against bytes and names."""

import base64
import email
import email.policy
import hashlib

from gatepost_test import Failure

TO, CC, BCC = 1, 2, 3
TEXT, HTML, ATTACHMENT, INLINE = 1, 2, 3, 4
WINDOW = 65536


class Case:
    """Collects differences, so that one run shows them all."""

    def __init__(self):
        self.differences = []

    def same(self, what, seen, wanted):
        if seen != wanted:
            self.differences.append(f"{what}: seen {seen!r}, expected {wanted!r}")

    def true(self, what, condition):
        if not condition:
            self.differences.append(what)

    def finish(self):
        if self.differences:
            raise Failure("\n    ".join(["differences:", *self.differences]))


def box(address, name="", ascii_address=None):
    return {"address": address, "ascii_address": address if ascii_address is None else ascii_address, "name": name}


def recipients(seen):
    return [(one["role"], one["mailbox"]) for one in seen["recipients"]]


def form(part, name):
    return next(one for one in part["forms"] if one["form"] == name)


def whole(seen, name, flags=0):
    return next(one for one in seen["whole"] if one["form"] == name and one["flags"] == flags)


def check_content(case, what, opened, wanted):
    """Length, digest, and the bytes where they are small."""
    case.same(what + " length", opened["length"], len(wanted))
    case.same(what + " read", opened["read"], len(wanted))
    case.same(what + " sha256", opened["sha256"], hashlib.sha256(wanted).hexdigest())
    case.true(f"{what} window of {opened['largest']}", opened["largest"] <= WINDOW)
    if "content" in opened:
        case.same(what + " content", base64.b64decode(opened["content"]), wanted)


def check_parts(case, seen, wanted):
    """`wanted`: (role, type, filename, content_id, content)."""
    case.same("number of parts", len(seen["parts"]), len(wanted))
    for shown, (role, kind, filename, content_id, content) in zip(seen["parts"], wanted):
        what = f"part {shown['id']} ({filename or kind})"
        case.same(what + " role", shown["role"], role)
        case.same(what + " type", shown["type"].split(";")[0], kind)
        case.same(what + " filename", shown["filename"], filename)
        case.same(what + " content_id", shown["content_id"], content_id)
        case.same(what + " content_size", shown["content_size"], len(content))
        check_content(case, what, form(shown, "identity"), content)
        case.same(what + " base64", form(shown, "base64")["length"], (len(content) + 2) // 3 * 4)
        if role in (TEXT, HTML):
            case.same(what + " status as json", form(shown, "json")["status"], 0)
    case.same("ids of the parts", [one["id"] for one in seen["parts"]], list(range(1, len(wanted) + 1)))


def check_every_view(case, seen, identifier):
    """What holds for every message."""
    case.same("id", seen["id"], identifier)
    case.same("problems", seen["problems"], 0)
    case.same("test", seen["test"], 0)
    case.same("request.kind", seen["request"]["kind"], 1)
    case.same("request.attempt", seen["request"]["attempt"], 1)
    case.true("request.idempotency_key is empty", seen["request"]["idempotency_key"])
    case.true("request.deadline is zero", seen["request"]["deadline"] > 0)
    case.true("message_id is empty or in brackets", seen["message_id"] and seen["message_id"][0] != "<")
    count = len(seen["recipients"])
    case.same("indexes", [one["index"] for one in seen["recipients"]], list(range(count)))
    case.same("carry", seen["carry"], list(range(count)))
    plain, seven_bit = whole(seen, "identity"), whole(seen, "identity", 1)
    if seven_bit["status"] == 0 and "content" in seven_bit:
        case.true("8 bits in what was asked for in 7", base64.b64decode(seven_bit["content"]).isascii())
    case.same("whole as base64", whole(seen, "base64").get("length"), (plain["length"] + 2) // 3 * 4)
    case.true("dot-stuffed is shorter", whole(seen, "dot_stuffed").get("length", 0) >= plain["length"])


def rendered(seen):
    """The whole as RFC 5322, parsed by Python's own reader."""
    return email.message_from_bytes(base64.b64decode(whole(seen, "identity")["content"]), policy=email.policy.default)
