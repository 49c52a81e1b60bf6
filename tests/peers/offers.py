#!/usr/bin/env python3
"""A server gets what it offers to take: 8 bits only with 8BITMIME, wishes for delivery reports only with DSN.

    tests/peers/offers.py build/release/bin/gatepostd build/release/lib/gatepost

The same mails go to servers that differ in one keyword, by DATA and by BDAT. What arrives without 8BITMIME has 7 bits in every octet and
decodes to the very same text, HTML and attachment as what arrives with it; MAIL says BODY=8BITMIME to the one and nothing to the
other. A mail that was handed in with 8 bits and may not be rewritten is rejected in words where only 7 are taken.
"""
import argparse
import base64
import email
import email.policy
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from hostile_house import House  # noqa: E402
from hostile_peer import Peer, Script  # noqa: E402

TEXT = "Grüße aus Köln, ñandú\r\n日本語のメール\r\n.dot, Привет 🎈\r\n"
HTML = "<p>Größe: 5 €, façade</p>\r\n"
BYTES = bytes(range(256)) * 3
STRUCTURED = {"from": {"email": "noreply@example.com", "name": "Åsa Öberg"}, "to": ["b@example.net"], "subject": "Größe 日本語",
              "text": TEXT, "html": HTML,
              "attachments": [{"filename": "Übersicht.bin", "content_type": "application/octet-stream",
                               "content": base64.b64encode(BYTES).decode()}]}
RAW = (b"From: noreply@example.com\r\nTo: b@example.net\r\nSubject: raw\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
       b"Message-ID: <raw@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
       b"Content-Transfer-Encoding: 8bit\r\n\r\n" + TEXT.encode())
REPORTS = {"from": "noreply@example.com", "to": ["b@example.net", "c@example.net"], "subject": "reports", "text": "x",
           "dsn": {"ret": "headers", "envid": "QQ314159", "notify": ["failure", "delay"]}}
WAYS = {"data": (b"PIPELINING",), "bdat": (b"PIPELINING", b"CHUNKING")}
USUAL = "MAIL FROM:<noreply@example.com>"


class Servers:
    """A connection for each set of keywords, and what its server saw."""

    def __init__(self, house, gateway):
        self.house, self.gateway, self.peers = house, gateway, {}

    def add(self, name, offers):
        self.peers[name] = self.house.add(Peer(Script(offers=offers)))
        self.gateway.connection(name, "smtp", {"host": "127.0.0.1", "port": self.peers[name].port, "security": "none"})

    def said(self, name, verb):
        return [line.decode() for _, _, line in self.peers[name].commands if line.upper().startswith(verb)]

    def only_mail(self, name):
        (mail,) = self.peers[name].mails
        return mail


def pieces(mail):
    """(type, file name, decoded octets) of every part, and the decoded subject and sender."""
    read = email.message_from_bytes(mail, policy=email.policy.default)
    leaves = [one for one in read.walk() if not one.is_multipart()]
    found = [(one.get_content_type(), one.get_filename(), one.get_payload(decode=True)) for one in leaves]
    return str(read["Subject"]), str(read["From"]), found


def with_and_without_8bitmime(house, gateway):
    """Connections seven-WAY and eight-WAY; the gateway is started."""
    servers = Servers(house, gateway)
    for way, offers in WAYS.items():
        servers.add(f"seven-{way}", offers)
        servers.add(f"eight-{way}", (*offers, b"8BITMIME"))
    gateway.start()
    return servers


def eight_bits(given):
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="offers") as gateway:
        servers = with_and_without_8bitmime(house, gateway)
        for way in WAYS:
            contents = {}
            for bits in ("seven", "eight"):
                sent = gateway.send({**STRUCTURED, "connection": f"{bits}-{way}"})
                gateway.wait_for(sent, "sent")
                contents[bits] = servers.only_mail(f"{bits}-{way}")
                expect(len(servers.said(f"{bits}-{way}", b"BDAT")) == (way == "bdat"), f"{bits}: not by {way}")
            expect(max(contents["seven"]) < 128, f"{way}: 8 bits for a server without 8BITMIME: {contents['seven']!r}")
            expect(TEXT.encode() in contents["eight"], f"{way}: 8BITMIME is offered and not used: {contents['eight']!r}")
            begun = [servers.said(f"{bits}-{way}", b"MAIL") for bits in contents]
            expect(begun == [[USUAL], [USUAL + " BODY=8BITMIME"]], f"{way}: {begun}")
            wanted = ("Größe 日本語", "Åsa Öberg <noreply@example.com>",
                      [("text/plain", None, TEXT.encode()), ("text/html", None, HTML.encode()),
                       ("application/octet-stream", "Übersicht.bin", BYTES)])
            for bits, content in contents.items():
                expect(pieces(content) == wanted, f"{bits} bits by {way}: {pieces(content)}, not {wanted}")
    print("8BITMIME: by DATA and BDAT the same mail in 7 bits and in 8")


def handed_in_with_eight(given):
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="offers") as gateway:
        servers = with_and_without_8bitmime(house, gateway)
        sent = {name: gateway.send_raw(RAW, "noreply@example.com", ["b@example.net"], connection=name) for name in servers.peers}
        for way in WAYS:
            gateway.wait_for(sent[f"eight-{way}"], "sent")
            expect(servers.only_mail(f"eight-{way}") == RAW, f"{way}: {servers.only_mail(f'eight-{way}')!r}")
            message = wait_until(lambda: tried(gateway, sent[f"seven-{way}"]), 20, "the attempt")
            (told,) = message["recipients"]
            expect(not servers.said(f"seven-{way}", b"MAIL"), f"{way}: it was sent all the same")
            expect("the server does not offer 8BITMIME" in told["text"], f"{way}: {told}")
            expect((told["verdict"], told["blame"], message["status"]) == ("rejected", "message", "failed"),
                   f"{way}: it can never go this way, and yet: {message}")
    print("what may not be rewritten left as it was where 8 bits are taken, and was rejected where they are not")


def tried(gateway, identifier):
    message = gateway.message(identifier)
    return message if message["attempts"] and "ended" in message["attempts"][0] else None


def reports(given):
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="offers") as gateway:
        servers = Servers(house, gateway)
        servers.add("with", (b"PIPELINING", b"DSN"))
        servers.add("without", (b"PIPELINING",))
        gateway.start()
        for name in servers.peers:
            gateway.wait_for(gateway.send({**REPORTS, "connection": name}), "sent")
        wanted = {"with": ([USUAL + " RET=HDRS ENVID=QQ314159"],
                           [f"RCPT TO:<{one}@example.net> NOTIFY=FAILURE,DELAY" for one in "bc"]),
                  "without": ([USUAL], [f"RCPT TO:<{one}@example.net>" for one in "bc"])}
        for name, lines in wanted.items():
            heard = servers.said(name, b"MAIL"), servers.said(name, b"RCPT")
            expect(heard == lines, f"{name} DSN: {heard}, not {lines}")
    print("DSN: RET, ENVID and NOTIFY where it is offered, nothing of them where it is not")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd")
    parser.add_argument("libraries", type=pathlib.Path)
    given = parser.parse_args()
    eight_bits(given)
    reports(given)
    handed_in_with_eight(given)


main()
