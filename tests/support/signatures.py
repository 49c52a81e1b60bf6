"""Azure's and Amazon's request signatures, recomputed from the bytes that arrived, by the providers' documents alone. `one` is a
Seen of http_recorder. Each gives None, or what is wrong."""

import base64
import hashlib
import hmac
import re
import urllib.parse


def azure_fault(one, key):
    """HMAC-SHA256 over verb, path and query, date, host and the hash of the body."""
    digest = base64.b64encode(hashlib.sha256(one.body).digest()).decode()
    if one.headers.get("x-ms-content-sha256") != digest:
        return f"x-ms-content-sha256 is {one.headers.get('x-ms-content-sha256')}, the body's is {digest}"
    text = f"{one.method}\n{one.path}\n{one.headers['x-ms-date']};{one.headers['host']};{digest}"
    signature = base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()
    wanted = f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}"
    return None if one.headers.get("authorization") == wanted else f"Authorization is {one.headers.get('authorization')}, not {wanted}"


def sigv4_fault(one, secrets, service="ses"):
    """Signature Version 4; `secrets` is {access key id: secret}."""
    given = one.headers.get("authorization", "")
    fields = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?"
                          r"Signature=([0-9a-f]{64})", given)
    if not fields:
        return f"Authorization is {given!r}"
    key, day, region, named, names, signature = fields.groups()
    signed = names.split(";")
    wanted = {"host", "x-amz-date"} | {name for name in one.headers if name == "x-amz-security-token"}
    if named != service or key not in secrets or signed != sorted(signed) or not wanted <= set(signed):
        return f"service, key or signed headers are wrong in {given}"
    digest = hashlib.sha256(one.body).hexdigest()
    if one.headers.get("x-amz-content-sha256", digest) != digest:
        return "x-amz-content-sha256 is not the body's"
    path, _, query = one.path.partition("?")
    path = "/".join(urllib.parse.quote(part, safe="") for part in path.split("/"))  # once on the wire, once here
    query = "&".join(sorted(query.split("&")))
    lines = "".join(f"{name}:{' '.join(one.headers[name].split())}\n" for name in signed)
    canonical = f"{one.method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{one.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = ("AWS4" + secrets[key]).encode()
    for part in (day, region, service, "aws4_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    ours = hmac.digest(secret, text.encode(), "sha256").hex()
    return None if signature == ours else f"the signature is {signature}, not {ours}, over {canonical!r}"
