#!/usr/bin/env python3
"""No body becomes a second mail, and no address a command.

    tests/peers/smuggling.py build/release/bin/gatepostd build/release/lib/gatepost [--postfix] [--length 7]

Every string of none to seven letters over CR, LF, dot and "a" is the body of a message/rfc822 upload, 21 845 in all, and leaves once
by DATA and once by BDAT to a sink that records bytes. What left is compared with what slow, obvious twins make of the rules in
core/mail/lines.hpp: CR, LF and CRLF are line ends and leave as CRLF; by DATA a dot at the beginning of a line is doubled and an
unfinished last line is ended. One message for each, in the order of SMTP and with nothing between.

Then addresses, DSN parameters, EHLO names, users and passwords that hold line ends or NUL, by the API and by settings: each is refused,
and nothing reaches the sink.

With --postfix the same 21 845 strings go both ways to Postfix, and that is all: it files one mail for each, for the one recipient, with
those bytes. That takes a minute on two cores, and three where /dev/shm is small; where Postfix cannot be had the test is skipped.
"""
import argparse
import itertools
import pathlib
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import peers_base  # noqa: E402
from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from peers_postfix import Postfix  # noqa: E402
from smuggling_sink import Sink  # noqa: E402

LETTERS = (b"\r", b"\n", b".", b"a")
HEADER = (b"From: noreply@example.com\r\nTo: b@example.net\r\nSubject: Smuggling\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
          b"Message-ID: <%(number)d.%(way)s@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nX-Number: %(number)d\r\n\r\n")
WAYS = ("data", "bdat")
CLIENTS = 12  # keep-alive connections of each way
OTHER = ("queued", "sending", "partial", "failed", "unknown", "held", "expired", "cancelled", "scheduled")


def bodies(length):
    for size in range(length + 1):
        for letters in itertools.product(LETTERS, repeat=size):
            yield b"".join(letters)


# ---- the twins ---------------------------------------------------------------------------------------


def normalised(body):
    out, at = b"", 0
    while at < len(body):
        if body[at:at + 2] == b"\r\n":
            out, at = out + b"\r\n", at + 2
        elif body[at:at + 1] in (b"\r", b"\n"):
            out, at = out + b"\r\n", at + 1
        else:
            out, at = out + body[at:at + 1], at + 1
    return out


def ended(text):
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def stuffed(text):
    lines = ended(text).split(b"\r\n")[:-1]
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def lone_ends(text):
    """Places of CR without LF and LF without CR."""
    return [match.start() for match in re.finditer(rb"\r(?!\n)|(?<!\r)\n", text)]


# ---- handing in ----------------------------------------------------------------------------------------


class Client:
    """A keep-alive connection that does no more than it must: 43 690 uploads are a lot for http.client."""

    def __init__(self, path):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.link.settimeout(120)
        self.link.connect(str(path))

    def upload(self, target, mail):
        self.link.sendall(b"POST %s HTTP/1.1\r\nHost: gatepost\r\nContent-Type: message/rfc822\r\nContent-Length: %d\r\n\r\n"
                          % (target, len(mail)) + mail)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        size = int(re.search(rb"(?i)content-length: *(\d+)", answer[:end])[1])
        while len(answer) < end + 4 + size:
            answer += self._more()
        return int(answer.split(b" ", 2)[1]), answer[end + 4:]

    def _more(self):
        got = self.link.recv(4096)
        if not got:
            raise OSError("the gateway hung up")
        return got


def hand_in(path, way, texts, first, step, failures):
    client = Client(path)
    target = b"/v1/messages?from=noreply%40example.com&to=b%40example.net&connection=" + way.encode()
    for number in range(first, len(texts), step):
        status, answer = client.upload(target, HEADER % {b"number": number, b"way": way.encode()} + texts[number])
        if status != 202:
            failures.append(f"{texts[number]!r} by {way}: {status} {answer!r}")


def hand_in_all(gateway, texts):
    """Returns when every upload was acknowledged."""
    failures, threads = [], []
    for way in WAYS:
        for first in range(CLIENTS):
            threads.append(threading.Thread(target=hand_in, args=(gateway.socket, way, texts, first, CLIENTS, failures)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not failures, f"{len(failures)} uploads were not taken: {failures[:3]}")


def all_sent(gateway):
    return not any(gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"] for status in ("queued", "sending"))


def none_other(gateway):
    for status in OTHER:
        found = gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"]
        expect(not found, f"{status}: {found}")


# ---- the sink --------------------------------------------------------------------------------------------


def to_the_sink(given):
    texts = list(bodies(given.length))
    with Sink() as plain, Sink(chunking=True) as chunked, \
            Gateway(given.gatepostd, given.libraries / "plugins", name="smuggling") as gateway:
        for way, sink in zip(WAYS, (plain, chunked)):
            gateway.connection(way, "smtp", {"host": "127.0.0.1", "port": sink.port, "security": "none",
                                             "max_messages_per_connection": 2000}, {"concurrency": 8})
        gateway.start()
        begun = time.monotonic()
        hand_in_all(gateway, texts)
        posted = time.monotonic()
        wait_until(lambda: all_sent(gateway), 120, "everything left")
        none_other(gateway)
        print(f"{len(texts)} bodies by {' and '.join(WAYS)}: handed in in {posted - begun:.1f} s, all sent "
              f"{time.monotonic() - posted:.1f} s later", flush=True)
        compare(texts, "data", plain.stop(), lambda mail: stuffed(mail) + b".\r\n")
        compare(texts, "bdat", chunked.stop(), lambda mail: mail)


def compare(texts, way, found, on_the_wire):
    """Each text once, with the bytes that shall be on the wire; nothing but the commands of SMTP around it."""
    mails, strays = found
    expect(not strays, f"{way}: not the commands of one mail after another: {strays[:3]}")
    seen = {}
    for raw in mails:
        number = int(re.search(rb"X-Number: (\d+)\r\n", raw)[1])
        expect(number not in seen, f"{way}: {texts[number]!r} came twice")
        seen[number] = raw
    expect(len(seen) == len(texts), f"{way}: {len(seen)} mails of {len(texts)}")
    for number, text in enumerate(texts):
        wanted = on_the_wire(HEADER % {b"number": number, b"way": way.encode()} + normalised(text))
        expect(not lone_ends(seen[number]), f"{way}: a lone CR or LF left for {text!r}: {seen[number]!r}")
        expect(seen[number] == wanted, f"{way}: {text!r} left as {seen[number]!r}, not as {wanted!r}")
    print(f"{way}: {len(seen)} mails, each once and as the twin writes it; no lone CR or LF", flush=True)


# ---- Postfix ---------------------------------------------------------------------------------------------


def in_memory():
    """A folder of its own in memory, for 43 690 files that would wait for a disk at birth and at death; None where that is small."""
    shared = pathlib.Path("/dev/shm")
    if not shared.is_dir() or shutil.disk_usage(shared).free < 1 << 30:
        return None
    return tempfile.mkdtemp(prefix="gatepost-postfix-", dir=shared)


def to_postfix(given):
    texts, begun = list(bodies(given.length)), time.monotonic()
    with Postfix(given.build, in_memory()) as peer, Gateway(given.gatepostd, given.libraries / "plugins", name="smuggling") as gateway:
        for way in WAYS:
            gateway.connection(way, "smtp", {"host": "127.0.0.1", "port": peer.port, "security": "none", "chunking": way == "bdat",
                                             "max_messages_per_connection": 2000})
        gateway.start()
        hand_in_all(gateway, texts)
        wait_until(lambda: all_sent(gateway), 400, "everything left")
        none_other(gateway)
        wait_until(lambda: peer.idle() and peer.count() >= 2 * len(texts), 100, "Postfix has filed everything")
        filed = time.monotonic() - begun
        by_the_twin(texts, peer.received())
        gateway.stop()  # Postfix counts its commands when a session ends
        wait_until(lambda: peer.contents_heard() == dict.fromkeys(WAYS, len(texts)), 20, "each body once by DATA and once by BDAT")
    print(f"Postfix: {len(texts)} bodies by {' and '.join(WAYS)}, each filed once and as the twin writes it; in {filed:.1f} s", flush=True)


def by_the_twin(texts, arrived):
    """Each text once for each way, in an envelope of its own."""
    seen = set()
    for one in arrived:
        found = re.search(rb"Message-ID: <(\d+)\.(data|bdat)@", one.content)
        expect(found, f"Postfix has what nobody sent: {one}")
        number, way = int(found[1]), found[2].decode()
        expect((number, way) not in seen, f"{way}: Postfix has {texts[number]!r} twice")
        seen.add((number, way))
        wanted = peers_base.Arrived("noreply@example.com", ("b@example.net",),
                                    ended(HEADER % {b"number": number, b"way": way.encode()} + normalised(texts[number])))
        expect(one == wanted, f"{way}: {texts[number]!r} was filed as {one}, not as {wanted}")
    expect(len(seen) == 2 * len(texts), f"Postfix has {len(seen)} mails of {2 * len(texts)}")


# ---- envelopes and settings ----------------------------------------------------------------------------------

BREAKS = ("\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\x7f", "\r\nRCPT TO:<evil@example.net>\r\nX: ", ">\r\nDATA\r\n")
MAIL = {"from": "noreply@example.com", "to": ["b@example.net"], "subject": "x", "text": "x"}
RAW = b"From: noreply@example.com\r\nTo: b@example.net\r\nSubject: x\r\n\r\nx\r\n"


def bad_addresses(bad):
    yield f"a{bad}@example.net"
    yield f"a@example{bad}.net"
    yield f"a@example.net{bad}"
    yield f"{bad}a@example.net"
    yield f'"a{bad}b"@example.net'
    yield f"a@example.net>{bad}"


def by_json(bad):
    for address in bad_addresses(bad):
        for field in ("from", "sender"):
            yield dict(MAIL, **{field: {"email": address}})
            yield dict(MAIL, **{field: address.strip() + bad + "x"})
        for field in ("to", "cc", "bcc"):
            yield dict(MAIL, **{field: ["c@example.net", {"email": address}]})
        yield dict(MAIL, reply_to=[{"email": address}])
    yield dict(MAIL, dsn={"envid": f"a{bad}b"})
    yield dict(MAIL, dsn={"ret": f"full{bad}"})
    yield dict(MAIL, dsn={"notify": [f"failure{bad}"]})
    yield dict(MAIL, dsn={"orcpt": f"rfc822;a{bad}@example.net"})
    yield dict(MAIL, to=[{"email": "a@example.net", "orcpt": f"rfc822;a{bad}@example.net"}])


def by_query(bad):
    for address in bad_addresses(bad):
        yield [("from", address), ("to", "b@example.net")]
        yield [("from", "noreply@example.com"), ("to", address)]
    for name in ("envid", "ret", "notify", "orcpt"):
        yield [("from", "noreply@example.com"), ("to", "b@example.net"), (name, f"failure{bad}")]


def by_settings(bad):
    login = {"username": "noreply@example.com", "password": "secret", "allow_plaintext_auth": True}
    yield {"ehlo_name": f"client{bad}.example"}
    yield {"ehlo_name": f"client.example{bad}"}
    if bad[-1] < " ":  # what is not a control travels as base64
        yield {**login, "username": f"user{bad}@example.com"}
        yield {**login, "username": f"user@example.com{bad}"}
        yield {**login, "password": f"sec{bad}ret"}
        yield {**login, "token": f"tok{bad}en", "auth_method": "xoauth2"}
        yield {"host": f"127.0.0.1{bad}"}
        yield {"host": f"{bad}127.0.0.1"}


def injections(given):
    """Every one is refused, and the sink is never even connected to."""
    counts, wrong = {"JSON": 0, "query": 0, "settings": 0}, []
    with Sink() as sink, Gateway(given.gatepostd, given.libraries / "plugins", name="smuggling") as gateway:
        usual = {"host": "127.0.0.1", "port": sink.port, "security": "none"}
        gateway.connection("data", "smtp", usual)
        evil = [{**usual, **settings} for bad in BREAKS for settings in by_settings(bad)]
        for number, settings in enumerate(evil):
            gateway.connection(f"evil-{number}", "smtp", settings)
        gateway.start()
        for bad in BREAKS:
            for message in by_json(bad):
                counts["JSON"] += 1
                refused(gateway.post("/v1/messages", message), message, wrong)
            for pairs in by_query(bad):
                counts["query"] += 1
                refused(upload(gateway, pairs), pairs, wrong)
        expect(gateway.get("/v1/messages").json["messages"] == [], "a message was accepted")
        for number, settings in enumerate(evil):
            counts["settings"] += 1
            never_used(gateway, f"evil-{number}", settings, wrong)
        expect(not wrong, f"{len(wrong)} were not refused:\n  " + "\n  ".join(wrong[:20]))
        mails, strays = sink.stop()
        expect(not mails and not strays and not sink.sessions, f"it reached the wire: {sink.sessions} sessions, {mails} {strays}")
        print("injections refused, nothing on the wire: " + ", ".join(f"{name} {count}" for name, count in counts.items()), flush=True)


def refused(answer, what, wrong):
    if answer.status not in (400, 422):
        wrong.append(f"{what!r}: {answer!r}")


def upload(gateway, pairs):
    query = urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)
    return gateway.post("/v1/messages?" + query, RAW, headers={"Content-Type": "message/rfc822"})


def never_used(gateway, name, settings, wrong):
    """Settings in a file: the connection is refused with a reason, and mail for it waits. The same by the API: a failed test."""
    reason = f"connection.refused: the provider refused the settings; mail for it waits connection={name} "
    if reason not in gateway.stderr():
        wrong.append(f"{settings!r} are not refused")
    gateway.send(dict(MAIL, connection=name))
    answer = gateway.post("/v1/test", {"provider": "smtp", "settings": settings, "to": "b@example.net", "from": "a@example.com"})
    if answer.status == 200 and answer.json["success"]:
        wrong.append(f"a test with {settings!r} succeeds")


def dropped(given):
    """Line ends at the brackets of an address are refused, or white space: then the address is said without them."""
    with Sink() as sink, Gateway(given.gatepostd, given.libraries / "plugins", name="smuggling") as gateway:
        gateway.connection("data", "smtp", {"host": "127.0.0.1", "port": sink.port, "security": "none"})
        gateway.start()
        taken = 0
        for bad in ("\r\n", "\n", "\r", " ", "\t"):
            for address in (f"<a@example.net{bad}>", f"<{bad}a@example.net>", f"a@example.net ({bad})"):
                answer = upload(gateway, [("from", "noreply@example.com"), ("to", address)])
                expect(answer.status in (202, 422), f"{address!r}: {answer!r}")
                taken += answer.status == 202
        wait_until(lambda: all_sent(gateway), 20, "what was taken left")
        mails, strays = sink.stop()
        expect(len(mails) == taken and not strays, f"{len(mails)} mails of {taken}, strays {strays}")
        print(f"line ends and spaces beside an address: {taken} of 15 taken, each one mail to the plain address", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--length", type=int, default=7, help="of the longest body")
    parser.add_argument("--postfix", action="store_true", help="to Postfix instead of the sink")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", help="peers are unpacked in BUILD/peers")
    given = parser.parse_args()
    begun = time.monotonic()
    if given.postfix:
        with peers_base.skipping():
            to_postfix(given)
    else:
        injections(given)
        dropped(given)
        to_the_sink(given)
    print(f"{time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
