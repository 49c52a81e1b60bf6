"""A provider's request as a flat dict, {"header.accept": ..., "body.from.email": ...}: what means the same looks the same.

JSON: the order of members is free, that of lists is not. Forms: the parts of one name in their order, file parts by name, type and
content; the boundary is free. Mail in MIME is parsed: headers unfolded and decoded, texts, files; how it is encoded is free.
Addresses are "name|address", decoded; header values for a provider that wants ASCII are decoded too.
"""

import base64
import email
import email.header
import email.policy
import email.utils
import hashlib
import json
import re


def flat(value, at, out):
    """JSON as {path: leaf}; empty lists and objects are leaves."""
    if isinstance(value, (dict, list)) and value:
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            flat(one, f"{at}.{key}" if at else str(key), out)
    else:
        out[at] = value
    return out


def decoded(text):
    """Encoded words as what they say; text without them as it is."""
    if "=?" not in text:
        return text
    return "".join(piece if isinstance(piece, str) else piece.decode(charset or "ascii", "replace")
                   for piece, charset in email.header.decode_header(text))


def addresses(texts):
    """(name, address) of address fields. Newer Pythons have a strict way too, which gives up on a whole list at once."""
    lenient = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
    return email.utils.getaddresses(texts, **lenient)


def people(texts):
    """Of address fields: ["name|address"]."""
    return [f"{decoded(name)}|{address}" for name, address in addresses(texts)]


def content(data):
    """Bytes in short, equal if and only if they are."""
    return f"{len(data)} octets {hashlib.sha256(data).hexdigest()[:16]}" if len(data) > 200 else data


def unfolded(text):
    return re.sub(r"\r?\n(?=[ \t])", "", text).strip(" ")


ADDRESSES = {"from", "to", "cc", "bcc", "reply-to", "sender"}
STRUCTURE = {"content-type", "content-transfer-encoding", "content-disposition", "mime-version", "content-id"}


def mime(data, at):
    """A mail in RFC 5322."""
    out, mail = {}, email.message_from_bytes(data, policy=email.policy.compat32)
    for name, value in mail.items():
        plain = unfolded(str(value))
        if name.lower() in ADDRESSES:
            flat(people([plain]), f"{at}.{name.lower()}", out)
        elif name.lower() not in STRUCTURE:
            out[f"{at}.header.{name.lower()}"] = decoded(plain)
    files = []
    for part in mail.walk():
        if part.is_multipart():
            continue
        payload, disposition = part.get_payload(decode=True), part.get_content_disposition()
        if disposition is None and part.get_content_type() in ("text/plain", "text/html"):
            out[f"{at}.{part.get_content_subtype()}"] = payload.decode(part.get_content_charset() or "ascii")
        else:
            name = part.get_filename()
            files.append({"name": decoded(name) if name else name, "type": part.get_content_type(), "disposition": disposition,
                          "id": (part["Content-ID"] or "").strip("<>"), "content": content(payload)})
    # Images that the html shows stand beside it, before the other files; each kind keeps its order.
    flat(sorted(files, key=lambda one: one["disposition"] != "inline"), f"{at}.file", out)
    return out


def form(parts, at):
    """multipart/form-data as Mailgun takes it."""
    out, seen = {}, {}
    for name, filename, kind, data in parts:
        number = seen[name] = seen.get(name, -1) + 1
        here = f"{at}.{name}.{number}"
        if name == "message":
            out.update(mime(data, f"{at}.mime"))
            out[f"{here}.filename"], out[f"{here}.type"] = filename, kind
        elif filename or name in ("attachment", "inline"):
            out[f"{here}.filename"], out[f"{here}.type"], out[f"{here}.content"] = filename, kind, content(data)
        elif name in ("from", "to", "cc", "bcc", "h:Reply-To"):
            flat(people([data.decode()]), here, out)
        else:
            out[here] = data.decode()
    return out


def ses_body(body):
    """SES's JSON: addresses parsed, header values decoded, tags and template data as objects, Raw as mail."""
    body = json.loads(json.dumps(body))
    out = {}
    for name in ("ToAddresses", "CcAddresses", "BccAddresses"):
        if name in body.get("Destination", {}):
            body["Destination"][name] = [people([one]) for one in body["Destination"][name]]
    if "ReplyToAddresses" in body:
        body["ReplyToAddresses"] = [people([one]) for one in body["ReplyToAddresses"]]
    if "FromEmailAddress" in body:
        body["FromEmailAddress"] = people([body["FromEmailAddress"]])
    if "EmailTags" in body:
        body["EmailTags"] = {one["Name"]: one["Value"] for one in body["EmailTags"]}
    for kind in body["Content"].values():
        for one in kind.get("Headers", []):
            one["Value"] = decoded(one["Value"])
        if "TemplateData" in kind:
            kind["TemplateData"] = json.loads(kind["TemplateData"])
        for one in kind.get("Attachments", []):
            one["RawContent"] = content(base64.b64decode(one["RawContent"], validate=True))
        if "Data" in kind:
            out.update(mime(base64.b64decode(kind.pop("Data"), validate=True), "body.Content.Raw"))
    return flat(body, "body", out)


def json_body(body):
    """Azure's and SendGrid's JSON: header values decoded, files in short."""
    body = json.loads(json.dumps(body))
    for name, value in body.get("headers", {}).items():
        body["headers"][name] = decoded(value)
    for one in body.get("attachments", []):
        for name in {"content", "contentInBase64"} & set(one):
            one[name] = content(base64.b64decode(one[name], validate=True))
    return flat(body, "body", {})


def request(provider, one):
    """The whole of it. Header names are in lower case."""
    path, _, query = one.path.partition("?")
    out = {"method": one.method, "path": path, "query": query}
    kind = one.headers.get("content-type", "")
    for name, value in one.headers.items():
        out[f"header.{name}"] = value.split("boundary=")[0] if name == "content-type" else value
    if kind.startswith("multipart/form-data"):
        out.update(form(one.parts, "body"))
    else:
        out.update(ses_body(one.json) if provider == "ses" else json_body(one.json))
    return out
