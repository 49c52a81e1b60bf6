#!/usr/bin/env python3
"""1000 mails of the corpus through gatepostd and smtp.so into a real peer: all arrive, once, byte-equal to what the gateway rendered.

    tests/peers/run.py PEER build/release/bin/gatepostd build/release/lib/gatepost [--mails 1000] [--seed N]

PEER: postfix, aiosmtpd, exim, nodemailer, dovecot. The mails of each kind are dealt in turn to one connection for each way in:
STARTTLS with each mechanism that the peer offers, TLS from the first byte, no TLS; for LMTP, which smtp.so speaks by DATA alone, TCP
and the Unix socket. Where an SMTP peer offers CHUNKING each way is there twice, by BDAT and by DATA, and the peer's log has to tell
of the one and the other as often as mails were dealt to them. First the peer shows with Python's smtplib that it takes a mail and
keeps its bytes: what fails then is the peer, not the gateway.

Equal means: GET /v1/messages/ID/content, against what the peer filed without the trace fields it put on top; where the peer offers
SMTPUTF8 and the mail needs it, /content?smtputf8=true. One difference is allowed and counted: a last line without CRLF gets one
(DATA has no other way to say it, and after BDAT a file of lines needs it). (Postfix, Exim and Dovecot would also take a Return-Path
out of a mail, and file LF for CRLF; the gateway sends no Return-Path, and lone LF and CR never leave it, so LF reads back as CRLF.)
"""
import argparse
import collections
import pathlib
import random
import re
import smtplib
import ssl
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import peers_base  # noqa: E402
from corpus import Corpus, post  # noqa: E402
from gatepost_test import Failure, Gateway, expect, wait_until  # noqa: E402
from peers_dovecot import Dovecot  # noqa: E402
from peers_exim import Exim  # noqa: E402
from peers_postfix import Postfix  # noqa: E402
from peers_recording import Aiosmtpd, Nodemailer  # noqa: E402

PEERS = {one.name: one for one in (Postfix, Aiosmtpd, Exim, Nodemailer, Dovecot)}
PROOF = (b"From: a@example.com\r\nTo: proof@example.net\r\nSubject: proof\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
         b"Message-ID: <proof@example.com>\r\n\r\n.\r\n..dots\r\n" + b"\xc3\xbc" * 400 + b"\r\n" + b"x" * 998 + b"\r\n")


def ways(peer, chunking):
    """Connection name -> settings of smtp.so; with BDAT each twice, those by DATA first: they have the first mail of each kind."""
    found = plain_ways(peer)
    if not chunking:
        return found
    return {name + "-data": {**settings, "chunking": False} for name, settings in found.items()} | found


def plain_ways(peer):
    ca = str(peers_base.certificate(peer.build).ca)
    here = {"host": "localhost", "port": peer.port}
    if peer.lmtp:
        return {"tcp": {**here, "protocol": "lmtp", "security": "none"},
                "unix": {"host": f"unix:{peer.socket}", "protocol": "lmtp", "security": "none"}}
    found = {"starttls": {**here, "security": "starttls", "ca_file": ca}, "clear": {**here, "security": "none"}}
    for method in peer.mechanisms:
        found[method] = {**here, "security": "starttls", "ca_file": ca, "auth_method": method, "username": peers_base.USER,
                         "password": peers_base.PASSWORD}
    if peer.tls_port:
        found["tls"] = {"host": "localhost", "port": peer.tls_port, "security": "tls", "ca_file": ca}
    return found


def prove(peer):
    """smtplib alone: one mail, the same bytes. Gives whether it may be sent to by BDAT."""
    with (smtplib.LMTP if peer.lmtp else smtplib.SMTP)("localhost", peer.port, local_hostname="proof.example") as session:
        if not peer.lmtp:
            session.starttls(context=ssl.create_default_context(cafile=peers_base.certificate(peer.build).ca))
        session.sendmail("a@example.com", ["proof@example.net"], PROOF, ["BODY=8BITMIME"])
        chunking = session.has_extn("chunking") and not peer.lmtp
    wait_until(lambda: peer.count() == 1 and peer.idle(), 20, "the proof arrives")
    (arrived,) = peer.received()
    expect(arrived == peers_base.Arrived("a@example.com", ("proof@example.net",), PROOF), f"the peer itself changes mail: {arrived}")
    return chunking


def hand_in(gateway, corpus, names):
    """Posts all, each to the connection that is next for its kind; gives {id: Mail}, {name: kinds} and the seconds it took."""
    begun, sent, dealt, turns = time.monotonic(), {}, {name: [] for name in names}, collections.Counter()
    for mail in corpus:
        name = names[turns[mail.kind] % len(names)]
        turns[mail.kind] += 1
        dealt[name].append(mail.kind)
        if isinstance(mail.body, bytes):
            sent[gateway.send_raw(mail.body, mail.sender, mail.recipients, connection=name)] = mail
        else:
            mail.body["connection"] = name
            sent[post(gateway, mail)] = mail
    return sent, dealt, time.monotonic() - begun


def by_both(peer, dealt):
    """All kinds went by DATA, and the peer heard DATA and BDAT as often as it had to; `dealt` is what hand_in gave."""
    by_data = [kind for name, kinds in dealt.items() if name.endswith("-data") for kind in kinds]
    by_bdat = [kind for name, kinds in dealt.items() if not name.endswith("-data") for kind in kinds]
    expect(set(by_data) >= set(by_bdat), f"by DATA there was no {set(by_bdat) - set(by_data)}")
    wanted = {"data": len(by_data) + 1, "bdat": len(by_bdat)}  # smtplib's proof came by DATA
    wait_until(lambda: peer.contents_heard() == wanted, 20, f"{peer.name} heard {wanted}")
    return f"{len(by_data)} of them by DATA; "


def difference(arrived, rendered):
    at = next((i for i, (a, b) in enumerate(zip(arrived, rendered)) if a != b), min(len(arrived), len(rendered)))
    return (f"{len(arrived)} octets arrived, {len(rendered)} were rendered; from octet {at}:\n"
            f"  arrived  {arrived[max(0, at - 40):at + 80]!r}\n  rendered {rendered[max(0, at - 40):at + 80]!r}")


def compare(gateway, sent, arrived, smtputf8):
    """Every recipient of every mail once, with the rendered bytes. Counts what went in UTF-8, and what differed as it may."""
    copies = collections.defaultdict(list)
    for one in arrived:
        number = re.search(rb"^X-Corpus:\s*(\d+)\r\n", one.content, re.M | re.I)
        expect(number, f"no X-Corpus in {one.content[:300]!r}")
        for recipient in one.recipients:
            copies[int(number[1]), recipient].append(one)
    counted = collections.Counter(ended=0, utf8=0)
    for identifier, mail in sent.items():
        utf8 = smtputf8 and mail.kind in ("international", "names")
        rendered = gateway.get(f"/v1/messages/{identifier}/content?smtputf8={'true' if utf8 else 'false'}").body
        counted["utf8"] += utf8
        for recipient in mail.recipients:
            found = copies.pop((mail.number, recipient), [])
            expect(len(found) == 1, f"mail {mail.number} ({mail.kind}) reached {recipient} {len(found)} times")
            (one,) = found
            expect(one.sender == mail.sender, f"mail {mail.number} came from {one.sender!r}")
            ended = not rendered.endswith(b"\r\n") and one.content == rendered + b"\r\n"
            counted["ended"] += ended
            expect(ended or one.content == rendered,
                   f"mail {mail.number} ({mail.kind}) for {recipient} is not what was rendered: {difference(one.content, rendered)}")
    expect(not copies, f"nobody sent these: {list(copies)[:5]}")
    return counted


def run(given, peer):
    chunking = prove(peer)
    before = peer.count()
    with Gateway(given.gatepostd, given.libraries / "plugins", name="peers") as gateway:
        connections = ways(peer, chunking)
        for name, settings in connections.items():
            gateway.connection(name, "smtp", settings)
        gateway.start()
        corpus = Corpus(given.seed, given.mails, smtputf8=peer.smtputf8)
        sent, dealt, posting = hand_in(gateway, corpus, list(connections))
        begun = time.monotonic()
        wait_until(lambda: drained(gateway), 120, "the gateway has carried everything out")
        wait_until(peer.idle, 60, f"{peer.name} has filed everything")
        drain = time.monotonic() - begun
        for identifier in sent:
            message = gateway.message(identifier)
            expect(message["status"] == "sent", f"{identifier} ({sent[identifier].kind}) is {message['status']}: {message}")
            expect(len(message["attempts"]) == 1, f"{identifier} took {len(message['attempts'])} attempts: {message['attempts']}")
        arrived = [one for one in peer.received() if one.recipients != ("proof@example.net",)]
        counted = compare(gateway, sent, arrived, peer.smtputf8)
        gateway.stop()  # what counts sessions counts them at their end
        heard = by_both(peer, dealt) if chunking else ""
        recipients = sum(len(mail.recipients) for mail in sent.values())
        print(f"{peer.name}: {len(sent)} mails, {recipients} recipients, {peer.count() - before} deliveries, each once and byte-equal "
              f"({counted['ended']} with a CRLF after the last line; {counted['utf8']} mails with headers in UTF-8); "
              f"posted in {posting:.1f} s, the rest left after {drain:.1f} s; "
              f"{heard}ways in: {', '.join(connections)}; {peer.ways_seen()}")


def drained(gateway):
    for status in ("queued", "sending"):
        if gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"]:
            return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=sorted(PEERS))
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", help="peers are unpacked in BUILD/peers")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with peers_base.skipping():
        peer = PEERS[given.peer](given.build)
        if not (given.libraries / "plugins/smtp.so").exists():
            raise Failure("smtp.so is not built")
        with peer:
            run(given, peer)


main()
