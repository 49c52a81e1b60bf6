"""Where our requests and those of the providers' SDKs differ on purpose, and why. Whatever else differs is a failure, and so is a row
that explains nothing any more. A row: providers, the path in the flat request (support/flat_request.py), the reason, and what
has to hold of (ours, the SDK's, the mail and its id); None stands for what is not there."""

import dataclasses
import re
import typing

import flat_request

ALL = ("azure", "sendgrid", "mailgun", "ses")


@dataclasses.dataclass
class Row:
    providers: tuple
    path: str  # a regular expression for the whole of it
    reason: str
    holds: typing.Callable = lambda ours, theirs, mail: True
    used: int = 0


def only_theirs(ours, theirs, mail):
    return ours is None and theirs is not None


def lines(text):
    """Text with CRLF for every end of a line."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text or "")


def as_given(ours, theirs, mail):
    given = [lines(mail.get(one)) for one in ("text", "html")]
    return theirs is not None and ours in (*given, *(one + "\r\n" for one in given))


def without_separators(ours, theirs, mail):
    return ours == " ".join(re.sub("[,;]", " ", theirs).split())


def a_label(ours, theirs, mail):
    name, _, domain = (theirs or "").rpartition("@")
    return ours == f"{name}@{domain.encode('idna').decode()}" != theirs


def bare_type(ours, theirs, mail):
    return ours == theirs.split(";")[0] != theirs


def own_id(ours, theirs, mail):
    return theirs is None and re.fullmatch(r"<[0-9a-z]+@([a-z]+[.])?example[.]com>", ours)


def kept(ours, theirs, mail):
    return ours == mail["subject"] and ours != theirs


def undisclosed(ours, theirs, mail):
    return ours == "|" and theirs is None and not mail.get("to") and not mail.get("cc")


RAW = r"body\.(mime|Content\.Raw)\."
ROWS = [
    Row(ALL, r"header\.(user-agent|x-amz-user-agent|x-ms-client-request-id|amz-sdk-.*)", "each says who it is; no provider needs it"),
    Row(("azure", "sendgrid", "mailgun"), r"header\.accept-encoding", "the host asks for no content coding", only_theirs),
    Row(ALL, r"header\.content-length", "the bodies differ in what stands below"),
    Row(ALL, r"header\.connection", "HTTP/1.1 keeps connections without being told", only_theirs),
    Row(("azure", "ses"), r"header\.(authorization|x-(ms|amz)-date|x-(ms|amz)-content-sha256)",
        "each signs its own bytes at its own second; both signatures are recomputed"),
    Row(("mailgun",), r"header\.accept", "JSON is all that is understood",
        lambda ours, theirs, mail: ours == "application/json" and theirs == "application/json, text/plain, */*"),
    Row(("azure",), r"header\.operation-id", "a retry is no second mail",
        lambda ours, theirs, mail: theirs is None and re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ours)),
    Row(("azure", "sendgrid", "mailgun"), r"body\.(headers\.Message-ID|h:Message-Id\.0)",
        "the same at every attempt, so that a mailbox may find a duplicate", own_id),
    Row(("sendgrid",), r"body\.custom_args\.gatepost_id", "the gateway's id comes back in every event: the safe way to correlate",
        lambda ours, theirs, mail: ours == mail["id"] and theirs is None),
    Row(("sendgrid",), r"body\.personalizations\.0\.(to|cc|bcc)\.\d+\.name", "the documentation forbids ';' and ',' there", without_separators),
    Row(("sendgrid",), r"header\..*", "the SDK repeats the mail's headers as headers of the request; no part of the contract",
        lambda ours, theirs, mail: ours is None and flat_request.decoded(theirs) in mail.get("headers", {}).values()),
    Row(ALL, r"body\..*(to|ToAddresses|address|email).*", "a domain goes as DNS has it: the SDKs leave that to their caller", a_label),
    Row(("azure", "sendgrid"), r"body\.attachments\.\d+\.(type|contentType)", "a type there has no parameters", bare_type),
    Row(("mailgun", "ses"), RAW + r"header\.(message-id|date)", "each made its own mail", lambda ours, theirs, mail: ours and theirs),
    Row(("mailgun", "ses"), RAW + r"(plain|html)", "lines end in CRLF (RFC 5322), in a mail of one part the last one too; nodemailer "
        "has it otherwise in parts that it encodes", as_given),
    Row(("mailgun", "ses"), RAW + r"header\.subject", "the subject arrives as it was given; nodemailer trims it, and takes text that looks like "
        "encoded words for them", kept),
    Row(("mailgun", "ses"), RAW + r"to\.0", "mail that names nobody says so: undisclosed-recipients", undisclosed),
]


def explain(provider, path, ours, theirs, mail):
    """The row that allows this difference, or None."""
    for row in ROWS:
        if provider in row.providers and re.fullmatch(row.path, path) and row.holds(ours, theirs, mail):
            row.used += 1
            return row
    return None


def stale(provider):
    return [row for row in ROWS if provider in row.providers and not row.used]
