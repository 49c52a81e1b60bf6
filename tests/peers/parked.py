#!/usr/bin/env python3
"""A kept session that went stale is no attempt: the peer hangs up on every parked session, again and again, and each mail still
is sent with one attempt, once. Hung up before the next mail, and at the very moment when it comes.

With BDAT the whole mail stands in the first write. If the peer hangs up at the moment when that is on its way, nobody can know
whether it was taken over: such a mail may be `unknown`, and then was not recorded; it never fails. With DATA that cannot be.
"""
import argparse
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from recorder import Recorder  # noqa: E402

MAIL = {"from": "noreply@example.com", "to": ["first@example.net"], "subject": "Kept", "text": "Kept\n"}


def one_attempt(gateway, identifier):
    message = gateway.wait_for(identifier, "sent")
    expect(len(message["attempts"]) == 1, f"a stale session became an attempt: {message['attempts']}")


def in_turn(gateway, peer, mails):
    """Mail, hang up, mail ...: every mail needs a session of its own, and none a second attempt."""
    for number in range(mails):
        one_attempt(gateway, gateway.send(MAIL))
        wait_until(lambda: peer.close_idle() > 0 or peer.sessions_open() == 0, 10, "a session is kept")
        wait_until(lambda: peer.sessions_open() == 0, 10, "the session is gone")
    expect(peer.sessions_begun() == mails, f"{peer.sessions_begun()} sessions for {mails} mails")


def at_once(gateway, peer, mails, wanted):
    """Somebody hangs up on kept sessions all the time while mails come; what is taken, is taken once."""
    stop = threading.Event()

    def nag():
        while not stop.wait(0.003):
            peer.close_idle()

    nagging = threading.Thread(target=nag)
    nagging.start()
    identifiers = [gateway.send(MAIL) for _ in range(mails)]
    try:
        wait_until(lambda: all(gateway.message(one)["status"] in wanted for one in identifiers), 60, f"all are {wanted}")
    finally:
        stop.set()
        nagging.join()
    messages = [gateway.message(one) for one in identifiers]
    unknown = sum(message["status"] == "unknown" for message in messages)
    expect(all(len(message["attempts"]) == 1 for message in messages), "a stale session became an attempt")
    return unknown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd")
    parser.add_argument("libraries", type=pathlib.Path)
    given = parser.parse_args()
    for chunking in (False, True):
        with Recorder(chunking=chunking) as peer, Gateway(given.gatepostd, given.libraries / "plugins", name="parked") as gateway:
            gateway.connection("peer", "smtp", {"host": "127.0.0.1", "port": peer.port, "security": "none"}, {"concurrency": 2})
            gateway.start()
            in_turn(gateway, peer, 30)
            before = peer.sessions_begun()
            unknown = at_once(gateway, peer, 300, ("sent", "unknown") if chunking else ("sent",))
            expect(len(peer.mails()) == 330 - unknown, f"{len(peer.mails())} mails arrived, 330 were sent, {unknown} unknown")
            print(f"{'BDAT' if chunking else 'DATA'}: 330 mails, one attempt each, {unknown} unknown; sessions hung up on while they "
                  f"were kept: 30 in turn, {peer.sessions_begun() - before} while mails came")


main()
