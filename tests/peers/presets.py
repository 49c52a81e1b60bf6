#!/usr/bin/env python3
"""A preset's limits hold without a word in the connection's file, and a word there goes before them.

    tests/peers/presets.py build/release/bin/gatepostd build/release/lib/gatepost

Office 365: never more than three sessions, and 30 mails a minute; what is over waits, with no attempt made. Gmail: 100 recipients a
transaction, the rest in the next. The connections name a host of their own, so the preset's is not asked.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from hostile_house import House  # noqa: E402
from hostile_peer import Peer, Script, spoken  # noqa: E402
from recorder import Recorder  # noqa: E402

MAIL = (b"From: noreply@example.com\r\nTo: first@example.net\r\nSubject: Preset\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
        b"Message-ID: <preset@example.com>\r\n\r\nHello\r\n")
A_MINUTE = 30


def settings(preset, port):
    return {"preset": preset, "host": "127.0.0.1", "port": port, "security": "none", "ehlo_name": "client.example"}


def send(gateway, connection, mails):
    return [gateway.send_raw(MAIL, "noreply@example.com", ["first@example.net"], connection=connection) for _ in range(mails)]


def office365(given):
    with Recorder(seconds=0.05) as peer, Recorder(seconds=0.05) as free, \
            Gateway(given.gatepostd, given.libraries / "plugins", name="presets") as gateway:
        gateway.connection("office", "smtp", settings("office365", peer.port))
        gateway.connection("own", "smtp", settings("office365", free.port), {"concurrency": 5, "per_minute": 1000})
        gateway.start()
        sent, own = send(gateway, "office", A_MINUTE + 10), send(gateway, "own", A_MINUTE + 10)
        wait_until(lambda: len(free.mails()) == len(own), 20, "the connection's own limits let all mails pass")
        expect(3 < free.most_at_once() <= 5, f"{free.most_at_once()} sessions at once, where the file allows 5")
        wait_until(lambda: len(peer.mails()) == A_MINUTE, 20, f"{A_MINUTE} mails arrive")
        expect(peer.most_at_once() == 3, f"{peer.most_at_once()} sessions at once, the preset says 3")
        states = [gateway.message(one) for one in sent]
        waiting = [one for one in states if one["status"] == "queued" and not one["attempts"]]
        expect(len(waiting) == 10 and len(peer.mails()) == A_MINUTE, f"{len(waiting)} wait, {len(peer.mails())} arrived")
        told = gateway.get("/v1/connections/office").json
        expect(told["concurrency"] == 3, f"the API shows {told['concurrency']} as concurrency")
        print(f"office365: {A_MINUTE} of {len(sent)} mails in the first minute over 3 sessions; with limits of its own all {len(own)} "
              f"over {free.most_at_once()}")


def gmail(given):
    with House() as house, Gateway(given.gatepostd, given.libraries / "plugins", name="presets") as gateway:
        peer = house.add(Peer(Script()))
        gateway.connection("gmail", "smtp", settings("gmail", peer.port))
        gateway.start()
        to = [f"r{number}@example.net" for number in range(150)]
        gateway.wait_for(gateway.send_raw(MAIL, "noreply@example.com", to, connection="gmail"), "sent")
        verbs = spoken(peer)
        transactions = "".join(verb[0] for verb in verbs if verb in ("MAIL", "RCPT", "DATA"))
        expect(transactions == "M" + "R" * 100 + "D" + "M" + "R" * 50 + "D", f"it said {verbs}")
        print("gmail: 150 recipients in transactions of 100 and 50")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd")
    parser.add_argument("libraries", type=pathlib.Path)
    given = parser.parse_args()
    office365(given)
    gmail(given)


main()
