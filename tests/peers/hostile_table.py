"""The exact verdict and blame that the gateway has to give for each step x fault, and for what real servers say.

Two letters a recipient: what, and who is to blame (support/hostile_play.py); -- is not played.

The rule behind it (DESIGN 2 and 3, plugins/smtp/README.md): before the message was handed over whole, nothing is unknown; after it,
without an answer, nothing else is. An answer that can be read counts; one that cannot is the provider's fault, no answer the
network's. Bytes that nobody asked for are no answer.
"""

import dataclasses
import functools

import hostile_faults as faults
from hostile_peer import PLAIN

# Steps: rcptP: MAIL, RCPT and DATA in one write. bdatP: MAIL, RCPT, BDAT and the message in one write, the fault at the answer to
# MAIL. body, bodyB: while a message comes in by DATA, by BDAT. parkB: a kept session where the next mail goes in one write.
TABLE = """
               greet ehlo  stls  hand  ehlo2 auth  chal  login mail  rcpt  rcptP data  body  dot   bdat  bdatP bodyB quit  park  parkB
reset          dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    uN    uN    uN    dN    ok    ok    ok
close          dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    uN    uN    uN    dN    ok    ok    ok
half_close     dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    uN    uN    uN    dN    ok    ok    ok
silence        dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    --    uN    uN    uN    --    ok    ok    uN
drip           ok    ok    ok    dN    ok    ok    ok    ok    ok    ok    ok    ok    dP    ok    ok    ok    dP    ok    ok    ok
drip_on        dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dN    dP    uN    uN    uN    dP    ok    ok    ok
endless        dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
gib_line       dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
nul            ok    ok    ok    dN    ok    ok    ok    ok    ok    ok    ok    ok    dP    ok    ok    ok    dP    ok    ok    ok
eight_bit      ok    ok    ok    dN    ok    ok    ok    ok    ok    ok    ok    ok    dP    ok    ok    ok    dP    ok    ok    ok
nul_first      dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
two_digits     dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
four_digits    dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
garbage        dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
binary         dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
disagree       dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    uP    uP    uP    dP    ok    ok    ok
early          dP    dP    dN    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    ok    ok    ok    dP    ok    ok    ok
closing        dP    dP    dP    dN    dP    dP    dP    dP    dP    dP    dP    dP    dP    dP    dP    dP    dP    ok    ok    ok
later          dP    dP    dP    dN    dP    dP    dP    dP    dP    dR    dR    dP    dP    dP    dP    dP    dP    ok    ok    ok
never          dP    ok    dP    dN    dC    dK    dK    dK    rS    rR    rR    rM    rM    rM    rM    rS    rM    ok    ok    ok
"""
# never at ehlo: HELO will do where neither TLS nor a login is wanted. silence in a body: such a peer reads on, and is the one at dot;
# one that stops reading has a table of its own, stalled_cells. body, bodyB: what is said before the end of the message (the final dot,
# the last octet that BDAT counts) is no answer to it, and where somebody speaks that end is not written, so that the mail is certainly
# not taken over.

NEVER_IN_CLEAR = ("HELO", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET")

SMALL, HUGE = 400, 6 << 20  # HUGE: not before the answers to RCPT, and more than a kernel keeps for anyone
PIPELINED, CHUNKED, BOTH = (*PLAIN, b"PIPELINING"), (*PLAIN, b"CHUNKING"), (*PLAIN, b"PIPELINING", b"CHUNKING")
STARTTLS = {"offers": (*PLAIN, b"STARTTLS"), "offers_tls": PLAIN}
LOGIN = {"username": "noreply@example.com", "password": "correct horse=battery", "allow_plaintext_auth": True,
         "auth_method": "login"}
WITH_LOGIN = {"offers": (*PLAIN, b"AUTH LOGIN PLAIN")}


@dataclasses.dataclass
class Cell:
    name: str
    expected: str  # a word a recipient
    script: dict = dataclasses.field(default_factory=dict)
    settings: dict = dataclasses.field(default_factory=dict)
    certificate: tuple = ()  # (name, old)
    size: int = SMALL
    patience: int = 25  # seconds until no answer is none
    parked: object = None  # the fault on the kept session
    flood: bool = False
    copies: int = 1
    sessions: int = None
    text: str = ""  # what the verdict says, among other things
    stalls: bool = False


def word(cell):
    return cell.expected if " " not in cell.expected else "several recipients"


# step of the table -> (step of the peer, script, settings, certificate, size)
STEPS = {
    "greet": ("greeting", {}, {}, (), SMALL),
    "ehlo": ("ehlo", {}, {}, (), SMALL),
    "stls": ("starttls", STARTTLS, {"security": "starttls"}, ("good",), SMALL),
    "hand": ("handshake", STARTTLS, {"security": "starttls"}, ("good",), SMALL),
    "ehlo2": ("ehlo2", STARTTLS, {"security": "starttls"}, ("good",), SMALL),
    "auth": ("auth", WITH_LOGIN, LOGIN, (), SMALL),
    "chal": ("challenge", WITH_LOGIN, LOGIN, (), SMALL),
    "login": ("login", WITH_LOGIN, LOGIN, (), SMALL),
    "mail": ("mail", {}, {}, (), SMALL),
    "rcpt": ("rcpt", {}, {}, (), SMALL),
    "rcptP": ("rcpt", {"offers": PIPELINED}, {}, (), SMALL),
    "data": ("data", {}, {}, (), SMALL),
    "body": ("body", {}, {}, (), HUGE),
    "dot": ("dot", {}, {}, (), SMALL),
    "bdat": ("bdat", {"offers": CHUNKED}, {}, (), SMALL),
    "bdatP": ("mail", {"offers": BOTH}, {}, (), SMALL),
    "bodyB": ("body", {"offers": BOTH}, {}, (), HUGE),
    "quit": ("quit", {}, {"max_messages_per_connection": 1}, (), SMALL),
    "park": ("parked", {"offers": PIPELINED}, {}, (), SMALL),
    "parkB": ("parked", {"offers": BOTH}, {}, (), SMALL),
}
PATIENCE = {"silence": 3, "drip": 8, "drip_on": 4}
# What no answer was waited for.
WAITED = {"greet": "the greeting", "ehlo": "the answer to EHLO", "stls": "the answer to STARTTLS", "ehlo2": "the answer to EHLO",
          "auth": "the answer to AUTH", "chal": "the answer to AUTH", "login": "the answer to AUTH", "mail": "the answer to MAIL",
          "rcpt": "the answer to RCPT", "rcptP": "the answer to RCPT", "data": "the answer to DATA",
          "dot": "the answer to the message", "bdat": "the answer to the message", "bdatP": "the answer to MAIL"}
ENDS = {"silence": "did not answer in time", "drip_on": "did not answer in time"}


def table_cells():
    lines = TABLE.strip().splitlines()
    steps = lines[0].split()
    for line in lines[1:]:
        name, *words = line.split()
        if len(words) != len(steps):
            raise ValueError(f"{name}: {len(words)} words for {len(steps)} steps")
        for step, expected in zip(steps, words):
            if expected != "--":
                yield table_cell(step, name, expected)


def table_cell(step, name, expected):
    where, script, settings, certificate, size = STEPS[step]
    fault = getattr(faults, name)
    cell = Cell(f"{step} {name}", expected, {**script, "step": where, "fault": fault}, settings, certificate, size,
                PATIENCE.get(name, 25), flood=name in ("endless", "gib_line"))
    # So that some of it has not left when the fault happens.
    cell.script["small_window"] = where == "body"
    if name in ENDS and step in WAITED:
        cell.text = f"{ENDS[name]} (waiting for {WAITED[step]})"
    if where == "parked":
        cell.parked = fault
    return cell


# ---- TLS -----------------------------------------------------------------------------------------------------


def tls_cells():
    for name, expected in (("expired", "dC"), ("self-signed", "dC"), ("wrong-name", "dC"), ("unknown-ca", "dC"), ("good", "ok")):
        yield Cell(f"starttls, certificate {name}", expected, STARTTLS, {"security": "starttls"}, (name,))
        yield Cell(f"tls, certificate {name}", expected, {"tls": True}, {"security": "tls"}, (name,))
        yield Cell(f"opportunistic, certificate {name}", "ok", STARTTLS, {"security": "opportunistic"}, (name,))
        yield Cell(f"starttls, never verified, certificate {name}", "ok", STARTTLS, {"security": "starttls", "tls_verify": "never"},
                   (name,))
    old = "it offers no TLS 1.2 or newer"
    yield Cell("starttls, TLS 1.0", "dP", STARTTLS, {"security": "starttls"}, ("good", True), text=old)
    yield Cell("tls, TLS 1.0", "dP", {"tls": True}, {"security": "tls"}, ("good", True), text=old)
    yield Cell("tls, TLS 1.0, never verified", "dP", {"tls": True}, {"security": "tls", "tls_verify": "never"}, ("good", True),
               text=old)
    yield Cell("opportunistic, TLS 1.0: in clear, in another session", "ok", STARTTLS, {"security": "opportunistic"},
               ("good", True), sessions=2)
    for name in ("reset", "close", "half_close", "silence", "garbage", "binary", "nul", "drip"):
        script = {"tls": True, "step": "handshake", "fault": getattr(faults, name)}
        yield Cell(f"tls, handshake {name}", "dN", script, {"security": "tls"}, ("good",), patience=4)
    yield Cell("tls, a server that begins in clear", "dN", {}, {"security": "tls"})
    yield Cell("STARTTLS stripped", "dC", {"offers": PLAIN}, {"security": "starttls"})
    yield Cell("STARTTLS stripped, login wanted", "dC", WITH_LOGIN, {"security": "starttls", **LOGIN})
    yield Cell("STARTTLS stripped, opportunistic", "ok", {"offers": PLAIN}, {"security": "opportunistic"})
    yield Cell("STARTTLS 454", "dP", refusing(STARTTLS, "starttls", b"454 4.7.0 TLS not available now\r\n"),
               {"security": "starttls"}, ("good",))
    yield Cell("STARTTLS 454, opportunistic", "ok", refusing(STARTTLS, "starttls", b"454 4.7.0 TLS not available now\r\n"),
               {"security": "opportunistic"}, ("good",))
    injected = b"250-peer.invalid\r\n250 AUTH PLAIN LOGIN\r\n"
    together = refusing(STARTTLS, "starttls", b"220 2.0.0 Go\r\n" + injected)
    for name, settings in (("", {}), (", login wanted", LOGIN)):
        yield Cell("an EHLO reply behind the 220" + name, "dN", together, {"security": "starttls", **settings}, ("good",))
        yield Cell("an EHLO reply behind the 220, a segment later" + name, "dN",
                   {**STARTTLS, "behind_starttls": injected, "behind_starttls_after": 0.1}, {"security": "starttls", **settings},
                   ("good",))
    yield Cell("what was offered before TLS is forgotten", "dC", {"offers": (*PLAIN, b"STARTTLS", b"AUTH LOGIN PLAIN")},
               {"security": "starttls", **LOGIN}, ("good",))
    yield Cell("CHUNKING was offered before TLS only", "ok", {"offers": (*BOTH, b"STARTTLS")}, {"security": "starttls"}, ("good",))
    yield Cell("a mechanism that nobody knows", "dC", {"offers": (*PLAIN, b"AUTH GSSAPI NTLM")}, LOGIN)


def refusing(script, step, text):
    return {**script, "replies": {step: text}}


# ---- what real servers say (facts of the providers) --------------------------------------------------------------

SAID = """
dK login 535 5.7.8 Username and Password not accepted
dK login 535 5.7.3 Authentication unsuccessful [AM0PR01CA0101.eurprd01.prod.exchangelabs.com]
dK login 535 5.7.139 Authentication unsuccessful, basic authentication is disabled.
dK login 534 5.7.9 Application-specific password required
dK login 534 5.7.14 Please log in via your web browser
dK login 550 5.7.30 Basic authentication is not supported for Client Submission.
dC login 538 5.7.11 Encryption required for requested authentication mechanism
dP login 454 4.7.0 Temporary authentication failure
dQ login 454 4.7.0 Too many login attempts, please try again later.
dQ login 454 Throttling failure: Maximum sending rate exceeded
dQ login 454 Throttling failure: Daily message quota exceeded
dQ login 451 Authentication failed: Maximum credits exceeded
dQ login 432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending
dC login 421 4.7.66 TLS 1.0 and 1.1 are not supported
dC mail 421 4.7.66 TLS 1.0 and 1.1 are not supported
dK mail 530 5.7.0 Authentication required
dC mail 530 5.7.0 Must issue a STARTTLS command first
dK mail 550 5.7.30 Basic authentication is not supported for Client Submission.
dQ mail 421 4.4.2 Message submission rate for this client has exceeded the configured limit
dP mail 452 4.3.1 Insufficient system storage
rM mail 552 5.3.4 Message size exceeds fixed limit
rS mail 555 5.5.2 Syntax error
dR rcpt 450 4.2.1 The user is receiving mail too quickly
dR rcpt 451 4.3.0 Try again
dR rcpt 452 4.2.2 Mailbox full
rR rcpt 550 5.1.1 No such user
rR rcpt 551 5.1.6 User has moved
rR rcpt 553 5.1.3 Bad address
rR rcpt 552 5.2.2 Mailbox full
rR rcpt 555 5.5.2 Syntax error
dP data 451 4.3.0 Later
dP data 452 4.3.1 Insufficient system storage
dP dot 451 4.3.0 Later
dP dot 452 4.3.1 Insufficient system storage
rM dot 550 5.7.1 Message rejected as spam
rM dot 554 Transaction failed
rM dot 554 5.3.4 Message too big
rM dot 552 5.2.3 Message length exceeds administrative limit
dQ dot 550 5.4.5 Daily user sending limit exceeded
dQ dot 432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded
dQ dot 554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException
dQ dot 550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit
rS dot 554 5.2.252 SendAsDenied; noreply@example.com not allowed to send as other@example.com
rS dot 550 5.7.60 SMTP; Client does not have permissions to send as this sender
rS dot 554 Message rejected: Email address is not verified.
dP dot 421 4.4.2 Connection dropped due to timeout
"""


def said_cells():
    for line in SAID.strip().splitlines():
        expected, step, text = line.split(" ", 2)
        login = step == "login"
        then = faults.close if text.startswith("421") else None
        script = {**(WITH_LOGIN if login else {}), "step": step, "fault": faults.says(text.encode() + b"\r\n", then)}
        yield Cell(f"{step} {text}", expected, script, LOGIN if login else {})


# ---- several recipients -------------------------------------------------------------------------------------------

OK, NO, LATER = b"250 2.1.5 Ok\r\n", b"550 5.1.1 No such user\r\n", b"451 4.3.0 Later\r\n"
MANY = b"452 4.5.3 Too many recipients\r\n"


def recipient_cells():
    for name, offers in (("in turn", PLAIN), ("pipelined", PIPELINED), ("BDAT", CHUNKED), ("BDAT, pipelined", BOTH)):
        step = "bdat" if b"CHUNKING" in offers else "dot"
        named = functools.partial(recipient_cell, offers, name)
        yield named("one is refused", "rR ok", [NO, OK])
        yield named("one waits, one is refused", "dR ok rR", [LATER, OK, NO])
        yield named("one is refused, the message not answered", "rR uN", [NO, OK], step, faults.reset)
        yield named("one is refused, the message too", "rR rM", [NO, OK], step, faults.never)
        yield named("one is refused, the message later", "rR dP", [NO, OK], step, faults.later)
        yield named("one is refused, then 421", "rR dP", [NO, OK], step, faults.closing)
        yield named("all are refused", "rR rR", [NO, NO])
        yield named("too many: in two transactions", "ok ok", [OK, MANY, OK], copies=2)
    go = {"data": b"354 Go on, whoever it is for\r\n"}
    yield Cell("all are refused, and 354: a lone dot", "rR rR", {"offers": PIPELINED, "replies": {"rcpt": [NO, NO], **go}})
    yield Cell("MAIL is refused, and 354: a lone dot", "rS", {"offers": PIPELINED, "replies": {
        "mail": b"550 5.1.8 No\r\n", "rcpt": b"503 5.5.1 MAIL first\r\n", **go}})
    for name, reply, expected in (("MAIL", "mail", "rS"), ("RCPT", "rcpt", "rR")):
        yield Cell(f"BDAT, pipelined: {name} is refused, then nothing", expected,
                   {"offers": BOTH, "replies": {reply: b"550 5.0.0 No\r\n"}, "step": "bdat", "fault": faults.reset})
    yield from lmtp_cells()


def recipient_cell(offers, name, what, expected, replies, step="", fault=None, copies=1):
    return Cell(f"{name}: {what}", expected, {"offers": offers, "replies": {"rcpt": replies}, "step": step, "fault": fault},
                copies=copies)


def lmtp_cells():
    settings = {"protocol": "lmtp"}
    for name, answers, expected in (("taken and later", [b"250 2.0.0 Ok\r\n", LATER], "ok dR"),
                                    ("taken and never", [b"250 2.0.0 Ok\r\n", NO], "ok rR"),
                                    ("never and taken", [NO, b"250 2.0.0 Ok\r\n"], "rR ok")):
        yield Cell(f"LMTP: {name}", expected, {"lmtp": True, "replies": {"dot": answers}}, settings)
    yield Cell("LMTP: no answer for anyone", "uN uN", {"lmtp": True, "step": "dot", "fault": faults.reset}, settings)
    yield Cell("LMTP: an answer for the first only", "ok uN", {"lmtp": True, "step": "dot", "fault": faults.says(
        b"250 2.0.0 Ok\r\n", faults.close)}, settings)
    yield Cell("LMTP: an answer for the first, then 421", "ok dP", {"lmtp": True, "step": "dot", "fault": faults.says(
        b"250 2.0.0 Ok\r\n421 4.3.2 Going down\r\n", faults.close)}, settings)


# ---- answers that make no sense ----------------------------------------------------------------------------------


def odd_cells():
    go = b"354 Go on\r\n"
    for step, expected, script, settings in (
            ("greeting", "dP", {}, {}), ("ehlo", "dP", {}, {}), ("starttls", "dP", STARTTLS, {"security": "starttls"}),
            ("auth", "dP", WITH_LOGIN, LOGIN), ("login", "dP", WITH_LOGIN, LOGIN), ("mail", "dP", {}, {}), ("rcpt", "dP", {}, {}),
            ("dot", "uP", {}, {}), ("bdat", "uP", {"offers": CHUNKED}, {}), ("bdat", "uP", {"offers": BOTH}, {})):
        certificate = ("good",) if step == "starttls" else ()
        yield Cell(f"354 to {step}, {len(script.get('offers', PLAIN))} extensions", expected,
                   {**script, "step": step, "fault": faults.says(go)}, settings, certificate)
    for name, reply, expected in (("220", b"220 Hello\r\n", "dP"), ("250", b"250 Taken\r\n", "dP"), ("334", b"334 x\r\n", "dP")):
        yield Cell(f"{name} to DATA", expected, {"step": "data", "fault": faults.says(reply)})
    yield Cell("LMTP: 354 for the first", "uP uP", {"lmtp": True, "replies": {"dot": [go, b"250 2.0.0 Ok\r\n"]}},
               {"protocol": "lmtp"})
    for step, expected in (("greeting", "dP"), ("ehlo", "dP"), ("mail", "dP"), ("rcpt", "dP"), ("data", "dP"), ("dot", "ok")):
        yield Cell(f"ten thousand answers to {step}", expected, {"step": step, "fault": faults.many}, flood=True)
    for name, keywords, expected in (("a keyword of 1 MB", b"250-" + b"A" * (1 << 20) + b"\r\n", "dP"),
                                     ("1 MB of keywords", b"250-KEYWORD x\r\n" * 70_000, "dP"),
                                     ("500 keywords", (b"250-X-KEYWORD " + b"x" * 90 + b"\r\n") * 500, "ok")):
        yield Cell(name, expected, {"replies": {"ehlo": b"250-x\r\n" + keywords + b"250 SIZE\r\n"}}, flood=True)
    yield Cell("codes of one class that differ", "ok", {"replies": {"mail": b"250-x\r\n251-y\r\n250 z\r\n"}})
    yield Cell("421 in the middle of an answer", "dP", {"replies": {"mail": b"250-x\r\n421-y\r\n250 z\r\n"}})
    yield Cell("AUTH: one challenge after the other", "dP", {**WITH_LOGIN, "step": "auth", "fault": faults.asks_on}, LOGIN)
    yield Cell("a mail a session, a recipient a mail", "ok ok ok", {"offers": (*PLAIN, b"LIMITS MAILMAX=1 RCPTMAX=1")},
               copies=3, sessions=3)
    yield from farewell_cells()


def farewell_cells():
    """TLS ends in good order where SMTP does not; and TLS begins before it was asked to."""
    for step, expected in (("greeting", "dN"), ("ehlo", "dN"), ("mail", "dN"), ("rcpt", "dN"), ("data", "dN"), ("dot", "uN")):
        yield Cell(f"close_notify at {step}", expected, {"tls": True, "step": step, "fault": faults.farewell}, {"security": "tls"},
                   ("good",))
    hello = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(40)
    yield Cell("a ServerHello behind the 220", "dN", refusing(STARTTLS, "starttls", b"220 2.0.0 Go\r\n" + hello),
               {"security": "starttls"}, ("good",))


# ---- a peer that stops reading -------------------------------------------------------------------------------------


def stalled_cells():
    """A block of the message has three minutes (RFC 5321 4.5.3.2.5): what was not handed over whole is not taken over, by DATA
    and by BDAT."""
    text = "did not take what was sent in time (waiting for the answer to the message)"
    for name, offers in (("DATA", PLAIN), ("DATA, pipelined", PIPELINED), ("BDAT", CHUNKED), ("BDAT, pipelined", BOTH)):
        yield Cell(f"stops reading: {name}", "dN", {"offers": offers, "step": "body", "fault": faults.stall, "small_window": True},
                   size=HUGE, text=text, stalls=True)
        yield Cell(f"stops reading: {name}, one of two is refused", "rR dN", {
            "offers": offers, "step": "body", "fault": faults.stall, "small_window": True, "replies": {"rcpt": [NO, OK]}},
            size=HUGE, stalls=True)
    yield Cell("stops reading: LMTP", "dN dN", {"lmtp": True, "step": "body", "fault": faults.stall, "small_window": True},
               {"protocol": "lmtp"}, size=HUGE, text=text, stalls=True)
    yield Cell("stops reading: TLS", "dN", {"tls": True, "step": "body", "fault": faults.stall, "small_window": True},
               {"security": "tls"}, ("good",), size=HUGE, text=text, stalls=True)


def cells():
    return [*table_cells(), *tls_cells(), *said_cells(), *recipient_cells(), *odd_cells()]
