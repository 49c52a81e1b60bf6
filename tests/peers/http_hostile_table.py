"""The exact verdict and blame that the gateway has to give for each fault of an HTTP API and for all that the providers document, and
how many requests one attempt may cost. Two letters as in support/hostile_play.py, then

    *N  so many POSTs of the message were begun at the server, where it is not one (none, if it was not reached)
    +N  so many GETs asked what became of it (azure, after an unclear end)

The rule behind it (DESIGN 2 and 3): a request that was not sent whole was not taken over; one that was, is unknown until an answer
says what it is. An answer is a head that came whole: what breaks off behind it takes nothing back from a status that speaks for
itself, which is each from 400 on, and SendGrid's and Azure's 202. Mailgun and SES mean a success only with an id, so a 200 without
one is unknown: a wrong path of Mailgun's (config), something that is not SES (provider), or an answer that broke off (network). 429
and 503 are said before anything is queued; 500, 502 and 504 say nothing certain. What is no HTTP is no answer.
"""

import dataclasses
import re

import hostile_faults as faults
import hostile_http_peer as http
from hostile_http_peer import Reply

PROVIDERS = ("sendgrid", "mailgun", "ses", "azure")
SMALL, HUGE = 400, 6_000_000  # HUGE: more than a kernel keeps for anyone

OPERATION = "8540c0de-899f-5cce-acb5-3ec493af3800"
GOOD = {
    "sendgrid": Reply(202, b"", (("X-Message-Id", "14c5d75ce93e473d9a9a6e"),)),
    "mailgun": Reply(200, {"id": "<20261122134500.1.0123456789abcdef@mg.example.com>", "message": "Queued. Thank you."}),
    "ses": Reply(200, {"MessageId": "0100019ab0000000-00000000-0000-4000-8000-000000000000-000000"}),
    "azure": Reply(202, {"id": OPERATION, "status": "Running", "error": None},
                   (("Operation-Location", f"https://host/emails/operations/{OPERATION}"), ("Retry-After", "60"))),
}


def refusing(status, code="", words="no", field=None):
    """A provider's error in its own form."""
    def made(provider):
        if provider == "sendgrid":
            return Reply(status, {"errors": [{"message": words, "field": field, "help": None}]})
        if provider == "mailgun":
            return Reply(status, {"message": words})
        if provider == "ses":
            return Reply(status, {"message": words}, (("x-amzn-ErrorType", code),) if code else ())
        return Reply(status, {"error": {"code": code, "message": words}}, (("x-ms-error-code", code),) if code else ())
    return made


def good(provider):
    return GOOD[provider]


def good_with(body, *headers):
    return lambda provider: dataclasses.replace(GOOD[provider], body=body, headers=(*GOOD[provider].headers, *headers))


def plain(status, body=b"", *headers):
    return lambda _: Reply(status, body, headers)


bad, failing, busy = refusing(400), refusing(500), refusing(429)
bomb = http.inflated_memory()
WRONG_TYPES = {"sendgrid": {"errors": "none"}, "mailgun": {"id": 7, "message": []}, "ses": {"MessageId": {}},
               "azure": {"id": [], "status": 7, "error": "none"}}
WRONG_ERRORS = {"sendgrid": {"errors": [{"message": {}, "field": 7}, 3]}, "mailgun": {"message": {"a": 1}},
                "ses": {"__type": 7, "message": []}, "azure": {"error": ["x"]}}


@dataclasses.dataclass
class Fault:
    """What a row of the table does; `reply` makes the usual reply of a provider."""

    step: str
    play: object = None
    reply: object = good
    size: int = SMALL
    patience: int = 25  # seconds of timeout_seconds
    posts: int = 1
    refused: bool = False
    redirect: bool = False
    flood: bool = False


def answering(reply, **more):
    return Fault("", None, reply, **more)


def large(step, play, **more):
    return Fault(step, play, size=HUGE, **more)


FAULTS = {
    # before the request
    "refused": Fault("", posts=0, refused=True),
    "connect_close": Fault("connect", faults.close, posts=0),
    "connect_close_large": large("connect", faults.close, posts=0),
    "connect_reset_large": large("connect", faults.reset, posts=0),
    "connect_stall": Fault("connect", faults.stall, posts=0, patience=3),
    "connect_stall_large": large("connect", faults.stall, posts=0, patience=3),
    "connect_smtp": Fault("connect", faults.says(b"220 smtp.example.com ESMTP\r\n", faults.silence), posts=0),
    # in the middle of it
    "body_reset": large("body", faults.reset),
    "body_close": large("body", faults.close),
    "body_stall": large("body", faults.stall, patience=3),
    "body_silence": large("body", faults.silence, patience=10),
    "body_400": large("body", http.behind(b""), reply=bad),
    "body_429": large("body", http.behind(b""), reply=busy),
    "body_good": large("body", http.behind(b"")),
    # after it, without an answer
    "answer_reset": Fault("answer", faults.reset),
    "answer_close": Fault("answer", faults.close),
    "answer_half_close": Fault("answer", faults.half_close),
    "answer_silence": Fault("answer", faults.silence, patience=3),
    "large_close": large("answer", faults.close),
    # in the middle of the answer
    "status_cut": Fault("answer", http.cut_status),
    "head_cut": Fault("answer", http.cut_head),
    "head_cut_at_its_end": Fault("answer", http.cut_before_body),
    "body_cut": Fault("answer", http.cut_body),
    "400_body_cut": Fault("answer", http.cut_body, bad),
    "429_body_cut": Fault("answer", http.cut_body, busy),
    "500_body_cut": Fault("answer", http.cut_body, failing),
    "drip": Fault("answer", http.drip),
    "drip_on": Fault("answer", http.drip_on, patience=3),
    # odd answers
    "garbage": Fault("answer", faults.says(b"220 smtp.example.com ESMTP\r\n", faults.close)),
    "binary": Fault("answer", faults.says(bytes(range(256)) * 4, faults.close)),
    "tls_alert": Fault("answer", faults.says(b"\x15\x03\x01\x00\x02\x02\x46", faults.close)),
    "two_digits": Fault("answer", http.first_line(b"HTTP/1.1 20 x")),
    "four_digits": Fault("answer", http.first_line(b"HTTP/1.1 2020 x")),
    "status_999": Fault("answer", http.first_line(b"HTTP/1.1 999 x")),
    "http_1_0": Fault("answer", lambda session, usual: http.until_the_end(session, usual.replace(b"HTTP/1.1", b"HTTP/1.0"))),
    "interim": Fault("answer", http.before(b"HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 x\r\nLink: <a>\r\n\r\n")),
    "interim_only": Fault("answer", faults.says(b"HTTP/1.1 100 x\r\n\r\n", faults.close)),
    "switching": Fault("answer", faults.says(b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", faults.silence),
                       patience=3),
    "two_answers": Fault("answer", http.behind(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n")),
    "until_the_end": Fault("answer", http.until_the_end),
    "too_short": Fault("answer", http.too_short),
    "length_negative": Fault("answer", http.with_length(b"-1")),
    "length_words": Fault("answer", http.with_length(b"many")),
    "chunked": Fault("answer", http.chunks(b"0\r\n\r\n")),
    "chunks_cut": Fault("answer", http.chunks(b"ff\r\nx")),
    "chunks_garbage": Fault("answer", http.chunks(b"no chunk\r\n\r\n")),
    "chunks_overflow": Fault("answer", http.chunks(b"ffffffffffffffffff\r\nx")),
    "400_chunks_garbage": Fault("answer", http.chunks(b"no chunk\r\n\r\n"), bad),
    # odd bodies, whole
    "empty_body": answering(good_with(b"")),
    "json_cut": answering(good_with(b'{"id":"<a@b>","MessageId":"0100')),
    "json_types": answering(lambda provider: dataclasses.replace(GOOD[provider], body=WRONG_TYPES[provider])),
    "json_deep": answering(good_with(b"[" * 100_000)),
    "html": answering(good_with(b"<html><h1>It works!</h1></html>")),
    "400_empty": answering(plain(400)),
    "400_json_types": answering(lambda provider: Reply(400, WRONG_ERRORS[provider])),
    "400_binary": answering(plain(400, bytes(range(256)))),
    "portal": answering(plain(200, b"<html>Log in to the Wi-Fi</html>")),
    "204": answering(plain(204)),
    # too much
    "ten_megabytes": Fault("answer", http.ten_megabytes, flood=True),
    "ten_megabytes_of_json": Fault("answer", http.ten_megabytes_of_json, flood=True),
    "400_ten_megabytes": Fault("answer", http.ten_megabytes, bad, flood=True),
    "gzip_bomb": answering(good_with(bomb, ("Content-Encoding", "gzip")), flood=True),
    "400_gzip_bomb": answering(plain(400, bomb, ("Content-Encoding", "gzip")), flood=True),
    "endless_head": Fault("answer", http.endless_head, flood=True),
    "400_endless_head": Fault("answer", http.endless_head, bad, flood=True),
    "gib_line": Fault("answer", http.gib_line, flood=True),
    "gib_status": Fault("answer", http.gib_status, flood=True),
    "endless_body": Fault("answer", http.endless_body, flood=True),
    "endless_chunks": Fault("answer", http.endless_chunks, flood=True),
    "endless_interim": Fault("answer", http.endless_interim, flood=True),
    # a second request on a kept connection
    "kept": Fault("kept"),
    "kept_reset": Fault("kept", faults.reset),
    "kept_close": Fault("kept", faults.close),
    "kept_half_close": Fault("kept", faults.half_close),
    "kept_silence": Fault("kept", faults.silence, patience=3),
    "kept_large_close": large("kept", faults.close),
    "kept_body_reset": large("kept_body", faults.reset),
    # a kept connection that ends before the second request
    "parked_reset": Fault("parked", faults.reset),
    "parked_close": Fault("parked", faults.close),
    "parked_half_close": Fault("parked", faults.half_close),
    "parked_408": Fault("parked", faults.says(b"HTTP/1.1 408 x\r\nConnection: close\r\n\r\n", faults.close)),
    "parked_good": Fault("parked", lambda session, _: session.send(session.script.reply.rendered())),
    "parked_garbage": Fault("parked", faults.says(b"\0\1\2\3")),
    **{f"redirect_{status}": answering(plain(status, b"", ("Location", "{target}")), redirect=True)
       for status in (301, 302, 303, 307, 308)},
}

TABLE = """
                      sendgrid mailgun ses   azure
refused               dN       dN      dN    dN
connect_close         uN       uN      uN    uN
connect_close_large   dN       dN      dN    dN
connect_reset_large   dN       dN      dN    dN
connect_stall         uN       uN      uN    uN
connect_stall_large   dN       dN      dN    dN
connect_smtp          uN       uN      uN    uN
body_reset            dN       dN      dN    dN
body_close            dN       dN      dN    dN
body_stall            dN       dN      dN    dN
body_silence          uN       uN      uN    uN+1
body_400              rM       rM      rM    rM
body_429              dQ       dQ      dQ    dQ
body_good             ok       ok      ok    ok
answer_reset          uN       uN      uN    uN+1
answer_close          uN       uN      uN    uN+1
answer_half_close     uN       uN      uN    uN+1
answer_silence        uN       uN      uN    uN+1
large_close           uN       uN      uN    uN+1
status_cut            uN       uN      uN    uN+1
head_cut              uN       uN      uN    uN+1
head_cut_at_its_end   uN       uN      uN    uN+1
body_cut              ok       uN      uN    ok
400_body_cut          rM       rM      rM    rM
429_body_cut          dQ       dQ      dQ    dQ
500_body_cut          uP       uP      uP    uP+1
drip                  ok       ok      ok    ok
drip_on               uN       uN      uN    uN+1
garbage               uN       uN      uN    uN+1
binary                uN       uN      uN    uN+1
tls_alert             uN       uN      uN    uN+1
two_digits            uN       uN      uN    uN+1
four_digits           uN       uN      uN    uN+1
status_999            uP       uP      uP    uP+1
http_1_0              ok       ok      ok    ok
interim               ok       ok      ok    ok
interim_only          uN       uN      uN    uN+1
switching             uN       uN      uN    uN+1
two_answers           ok       ok      ok    ok
until_the_end         ok       ok      ok    ok
too_short             ok       uC      uP    ok
length_negative       uN       uN      uN    uN+1
length_words          uN       uN      uN    uN+1
chunked               ok       ok      ok    ok
chunks_cut            ok       uN      uN    ok
chunks_garbage        ok       ok      ok    ok
chunks_overflow       ok       ok      ok    ok
400_chunks_garbage    rM       rM      rM    rM
empty_body            ok       uC      uP    ok
json_cut              ok       uC      uP    ok
json_types            ok       uC      uP    ok
json_deep             ok       uC      uP    ok
html                  ok       uC      uP    ok
400_empty             rM       rM      rM    rM
400_json_types        rM       rM      rM    rM
400_binary            rM       rM      rM    rM
portal                uP       uC      uP    uP+1
204                   uP       uC      uP    uP+1
ten_megabytes         ok       ok      ok    ok
ten_megabytes_of_json ok       uC      uP    ok
400_ten_megabytes     rM       rM      rM    rM
gzip_bomb             ok       uC      uP    ok
400_gzip_bomb         rM       rM      rM    rM
endless_head          ok       uC      uP    ok
400_endless_head      rM       rM      rM    rM
gib_line              uN       uN      uN    uN+1
gib_status            uN       uN      uN    uN+1
endless_body          ok       ok      ok    ok
endless_chunks        ok       uC      uP    ok
endless_interim       uN       uN      uN    uN+1
kept                  ok       ok      ok    ok
kept_reset            uN       uN      uN    uN+1
kept_close            uN       uN      uN    uN+1
kept_half_close       uN       uN      uN    uN+1
kept_silence          uN       uN      uN    uN+1
kept_large_close      uN       uN      uN    uN+1
kept_body_reset       dN       dN      dN    dN
parked_reset          ok       ok      ok    ok
parked_close          ok       ok      ok    ok
parked_half_close     ok       ok      ok    ok
parked_408            ok       ok      ok    ok
parked_good           ok       ok      ok    ok
parked_garbage        ok       ok      ok    ok
redirect_301          dC       dC      dC    dC
redirect_302          dC       dC      dC    dC
redirect_303          dC       dC      dC    dC
redirect_307          dC       dC      dC    dC
redirect_308          dC       dC      dC    dC
"""
# connect_close, connect_stall: a small request is on its way before anyone sees that nobody reads it. In connect_*, what Azure is
# asked about afterwards meets the same fault. chunks_*, endless_body: where the whole JSON had come, its id counts. endless_head:
# the status stood in it, and its sender was still there. parked_*: what a server says unasked is never the answer to the next
# request: parked_good would lose a mail.


@dataclasses.dataclass
class Cell:
    name: str
    provider: str
    verdict: str
    step: str = ""
    fault: object = None
    reply: Reply = None
    look: Reply = None
    size: int = SMALL
    patience: int = 25
    posts: int = 1
    looks: int = 0
    refused: bool = False
    redirect: bool = False
    flood: bool = False
    tls: bool = False
    certificate: tuple = ()  # (name, old)
    wait: int = 0  # seconds until the next attempt
    slack: int = 0  # a date has whole seconds
    until: str = ""  # judged once the message has this status; empty: once an attempt has ended

    @property
    def kept(self):
        return self.step.startswith("kept") or self.step == "parked"


def expected(word):
    """"uN*2+1" -> {verdict, posts, looks}; posts only where it is said."""
    verdict, posts, looks = re.fullmatch(r"(ok|[a-z][A-Z])(?:\*(\d))?(?:\+(\d))?", word).groups()
    return {"verdict": verdict, "looks": int(looks or 0), **({"posts": int(posts)} if posts else {})}


def table_cells():
    lines = TABLE.strip().splitlines()
    for line in lines[1:]:
        name, *words = line.split()
        for provider, word in zip(PROVIDERS, words, strict=True):
            does = FAULTS[name]
            yield Cell(**{"name": f"{provider} {name}", "provider": provider, "step": does.step, "fault": does.play,
                          "reply": does.reply(provider), "size": does.size, "patience": does.patience, "posts": does.posts,
                          "refused": does.refused, "redirect": does.redirect, "flood": does.flood, **expected(word)})


# ---- TLS ------------------------------------------------------------------------------------------------------


def tls_cells():
    for provider in PROVIDERS:
        def cell(name, verdict, certificate=("good",), step="", fault=None, posts=0, provider=provider, **more):
            return Cell(f"{provider} TLS, {name}", provider, verdict, step, fault, GOOD[provider], posts=posts, tls=True,
                        certificate=certificate, **more)
        yield cell("a good certificate", "ok", posts=1)
        for name in ("expired", "self-signed", "wrong-name", "unknown-ca"):
            yield cell(f"certificate {name}", "dC", (name,))
        yield cell("TLS 1.0", "dN", ("good", True))
        yield cell("a server that speaks in clear", "dN", (), step="connect", fault=faults.says(
            b"HTTP/1.1 400 x\r\nConnection: close\r\n\r\n", faults.silence))
        for name in ("reset", "close", "half_close", "silence", "garbage", "binary", "drip"):
            yield cell(f"handshake {name}", "dN", step="handshake", fault=getattr(faults, name), patience=4)
        yield cell("no answer", "uN", step="answer", fault=faults.close, posts=1, looks=1 if provider == "azure" else 0)
        yield cell("kept, then closed with a farewell", "ok", step="parked", fault=http.farewell, posts=1)
        yield cell("no farewell behind an answer without a length", "ok", step="answer", fault=http.until_the_end, posts=1)


def cells():
    return [*table_cells(), *tls_cells()]
