"""What the providers document, each status and error once: the exact verdict and blame, in the notation of http_hostile_table.py;
what Azure's operation says after an unclear end; and how long a 429 waits, in each form it may say so.
"""

import dataclasses

import hostile_faults as faults
from hostile_http_peer import Reply
from http_hostile_table import GOOD, OPERATION, Cell, expected, refusing

SAID = {
    "sendgrid": """
        rM 400 Bad Request
        rM 400 Bad Request @null
        rM 400 reply_to and reply_to_list must not both be there @reply_to
        rM 400 Over 1000 personalizations @personalizations
        rM 400 Each email address in the personalization block should be unique between to, cc, and bcc. @personalizations.0
        rM 400 Scheduled more than 72 hours ahead @send_at
        rR 400 Does not contain a valid address. @personalizations.0.to.0.email
        rS 400 Does not contain a valid address. @from.email
        dK 401 The provided authorization grant is invalid, expired, or revoked
        dK 401 authorization required
        dQ 401 Maximum credits exceeded
        rS 403 The from address does not match a verified Sender Identity. Mail cannot be sent until this is resolved. @from
        dK 403 access forbidden
        dK 403 You are not authorized to access this resource
        dK 403 The requestor's IP Address is not on the access list
        dK 403 The account is suspended
        dC 404 not found
        dG 405 method not allowed
        rM 413 too large
        dG 415 content-type invalid
        dQ 429 too many requests
        uP 500 internal error
        uP 502 bad gateway
        dP 503 service unavailable
        uP 504 gateway timeout
    """,
    "mailgun": """
        rR 400 to parameter is not a valid address. please check documentation
        rS 400 from parameter is missing
        rM 400 Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified
        rM 400 Too many recipients, max is 1000
        rM 400 Send options (parameters starting with o:, h:, v:, or t:) are limited to 16KB total
        rM 400 Header name must be pure ASCII
        rM 400 invalid delivery time format
        rG 400 malformed multipart/form-data request
        rG 400 'message' parameter is not a file
        dC 400 Domain mg.example.com is not allowed to send: The domain is unverified and requires DNS configuration.
        dC 400 Domain mg.example.com is not allowed to send: Sandbox subdomains are for test purposes only.
        dC 400 Domain mg.example.com is not allowed to send: Please activate your Mailgun account.
        dK 401 plain Forbidden
        dK 401 Invalid private key
        rM 402 Request failed
        dQ 403 Domain mg.example.com is not allowed to send large batches yet
        dC 403 Rejected: IP 192.0.2.1 can't be used to send the message
        dC 403 The account is disabled
        dC 404 Domain not found: mg.example.com
        dC 404 plain <html><h1>Not Found</h1></html>
        rM 413 request size exceeds 52.4MiB limit
        dQ 420 plain Enhance your calm
        dQ 429 Domain mg.example.com is not allowed to send: request limit exceeded, try again after Mon, 20 Dec 2021 20:33:21 UTC
        dQ 429 account-requests-per-sec limit exceeded, try again after 120 seconds
        dC 200 plain Mailgun Magnificent API
        uC 200 Queued, without an id
        uP 500 plain <html>Internal Server Error</html>
        uP 502 plain <html>Bad Gateway</html>
        dP 503 plain <html>Service Unavailable</html>
        uP 504 plain <html>Gateway Time-out</html>
    """,
    "ses": """
        dQ 429 TooManyRequestsException: Maximum sending rate exceeded.
        dQ 429 TooManyRequestsException: Daily message quota exceeded.
        dQ 400 LimitExceededException: Daily message quota exceeded.
        dQ 400 ThrottlingException: Daily message quota exceeded.
        dQ 400 Throttling: Rate exceeded
        dQ 429 ThrottlingException: Rate exceeded
        dS 400 MessageRejected: Email address is not verified. These identities failed the check: noreply@example.com
        rR 400 MessageRejected: Email address is not verified. These identities failed the check: first@example.net
        rM 400 MessageRejected: Illegal filename 'a.exe'.
        dS 400 MailFromDomainNotVerifiedException: Domain is not verified
        rM 400 BadRequestException: Local address contains control or whitespace
        rM 400 ValidationException: 1 validation error detected
        dC 404 NotFoundException: Configuration set <a> does not exist.
        dK 400 AccountSuspendedException: suspended
        dC 400 SendingPausedException: paused
        dK 403 AccessDeniedException: User is not authorized to perform ses:SendEmail
        dK 403 UnrecognizedClientException: The security token included in the request is invalid.
        dK 403 InvalidClientTokenId: The security token included in the request is invalid.
        dK 403 InvalidSignatureException: The request signature we calculated does not match
        dK 403 SignatureDoesNotMatch: The request signature we calculated does not match
        dK*2 403 InvalidSignatureException: Signature not yet current Date={now+7200}
        dK 400 IncompleteSignature: incomplete
        dK 403 ExpiredTokenException: The security token included in the request is expired
        dC 400 RequestExpired: Request has expired
        dC*2 400 RequestExpired: Request has expired Date={now+7200}
        rM 413 RequestEntityTooLarge: too large
        uP 500 InternalServiceErrorException: internal
        uP 500 InternalFailure: internal
        uP 502 BadGateway: Bad gateway
        dP 503 ServiceUnavailable: unavailable
        uP 504 GatewayTimeout: Gateway time-out
    """,
    "azure": """
        rM 400 BadRequest: Request body validation error. See property 'senderAddress'
        rM 400 BadRequest: ContentBytes invalid. Should be base64
        rM 400 InvalidEmailAddress: Invalid format for email address
        dS 400 InvalidSenderUserName: The sender username is unknown.
        dK*2 401 Denied: Denied by the resource provider.
        dK*2 401 Denied: The request date is too far from now. Date={now+7200}
        dK 403 Forbidden: The role is missing
        dS 404 DomainNotLinked: The specified sender domain has not been linked.
        dS 403 DomainNotLinked: The specified sender domain has not been linked.
        dC 404 NotFound: Resource not found
        uP+1 409 Conflict: The operation exists
        rM 413 RequestTooLarge: too large
        rM 422 Unprocessable: The body cannot be processed
        dQ 429 TooManyRequests: Too many requests
        uP+1 500 InternalServerError: internal
        uP+1 502 BadGateway: Bad gateway
        dP 503 ServiceUnavailable: unavailable
        uP+1 504 GatewayTimeout: Gateway time-out
    """,
}


def said(provider, status, text):
    """The reply that a line of SAID describes."""
    text, _, date = text.partition(" Date=")
    dated = (("Date", date),) if date else ()
    if text.startswith("plain "):
        return Reply(status, text[6:].encode())
    if provider in ("ses", "azure"):
        code, _, text = text.partition(": ")
        made = refusing(status, code, text)(provider)
        return dataclasses.replace(made, headers=made.headers + dated)
    text, _, field = text.partition(" @")
    return refusing(status, words=text, field=field or None)(provider)


def said_cells():
    for provider, lines in SAID.items():
        for line in lines.strip().splitlines():
            word, status, text = line.strip().split(" ", 2)
            yield Cell(name=f"{provider} {status} {text}", provider=provider, reply=said(provider, int(status), text), **expected(word))


# ---- Azure after an unclear end: what the operation says ------------------------------------------------------------


def operation(status, code=None):
    return Reply(200, {"id": OPERATION, "status": status, "error": {"code": code} if code else None})


def look_cells():
    # A send without an answer may not be called rejected; the lookup a second later says so.
    for name, look, lost, unclear in (
            ("runs", operation("Running"), "ok+1", "ok+1"), ("has ended well", operation("Succeeded"), "ok+1", "ok+1"),
            ("failed", operation("Failed", "EmailDropped"), "rR+2", "rR+1"),
            ("is not there", refusing(404, "NotFound")("azure"), "uN+1", "uP+1"),
            ("is not told", refusing(500)("azure"), "uN+1", "uP+1"), ("is not told: quota", refusing(429)("azure"), "uN+1", "uP+1")):
        yield Cell(name=f"azure no answer, and the operation {name}", provider="azure", step="answer", fault=faults.close,
                   reply=GOOD["azure"], look=look, until="failed" if lost == "rR+2" else "", **expected(lost))
        yield Cell(name=f"azure 500, and the operation {name}", provider="azure", reply=refusing(500)("azure"), look=look,
                   **expected(unclear))


# ---- how long a 429 waits -------------------------------------------------------------------------------------------

# Provider, seconds, headers, words; ~ where a date without our own clock's fraction may be a second less.
WAITS = """
sendgrid 60
sendgrid 90   Retry-After=90
sendgrid 90~  Retry-After={now+90}
sendgrid 90   Retry-After={now+7290};Date={now+7200}
sendgrid 90~  X-RateLimit-Reset={epoch+90}
sendgrid 90~  X-RateLimit-Reset={millis+90}
sendgrid 90   X-RateLimit-Reset={epoch+7290};Date={now+7200}
sendgrid 90   Retry-After=90;X-RateLimit-Reset={epoch+300}
sendgrid 60   Retry-After=soon
sendgrid 60   Retry-After=-5
sendgrid 86400 Retry-After=99999999
mailgun  60
mailgun  90   Retry-After=90
mailgun  90~  Retry-After={now+90}
mailgun  90~  X-RateLimit-Reset={epoch+90}
mailgun  120   ;words=account-requests-per-sec limit exceeded, try again after 120 seconds
mailgun  90~   ;words=Domain mg.example.com is not allowed to send: request limit exceeded, try again after {now+90}
mailgun  300  Retry-After=300;words=try again after 120 seconds
ses      90   Retry-After=90
ses      90~  Retry-After={now+90}
ses      600   ;words=Daily message quota exceeded
azure    60
azure    90   Retry-After=90
azure    3600 Retry-After=3600
azure    90~  Retry-After={now+90}
azure    90   Retry-After={now+7290};Date={now+7200}
azure    90   retry-after-ms=90000
azure    90   x-ms-retry-after-ms=90000
azure    90   retry-after-ms=90000;Retry-After=300
azure    60   Retry-After=soon
azure    86400 Retry-After=99999999
"""


def wait_cells():
    for line in WAITS.strip().splitlines():
        provider, seconds, *rest = line.split(None, 2)
        pairs = [pair.split("=", 1) for pair in "".join(rest).split(";") if "=" in pair]
        words = next((value for name, value in pairs if name == "words"), "too many requests")
        code = {"ses": "TooManyRequestsException", "azure": "TooManyRequests"}.get(provider, "")
        made = refusing(429, code, words)(provider)
        headers = tuple((name, value) for name, value in pairs if name != "words")
        yield Cell(f"{provider} 429 {''.join(rest) or 'and no more'}", provider, "dQ", reply=dataclasses.replace(
            made, headers=made.headers + headers), wait=int(seconds.rstrip("~")), slack=seconds.count("~"))


def cells():
    return [*said_cells(), *look_cells(), *wait_cells()]
