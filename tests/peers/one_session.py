#!/usr/bin/env python3
"""concurrency = 1 means one session: the peer never sees two at once, while mails come from two clients and while SIGHUP
reloads change the connection's settings. A session counts, as at a real server, until the peer has read its QUIT or its end: who
dials again before the old session has answered QUIT, shows two. Every mail arrives once."""
import argparse
import os
import pathlib
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "faults")]

from gatepost_test import Gateway, expect, wait_until  # noqa: E402
from harness import Load, all_messages  # noqa: E402
from recorder import Recorder  # noqa: E402


def settle(gateway):
    for status in ("queued", "sending"):
        wait_until(lambda: not gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"], 60, f"nothing is {status}")


def configure(gateway, peer, name):
    settings = {"host": "127.0.0.1", "port": peer.port, "security": "none", "ehlo_name": name, "idle_seconds": 60}
    gateway.connection("peer", "smtp", settings, {"concurrency": 1})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd")
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--reloads", type=int, default=20)
    given = parser.parse_args()
    with Recorder(seconds=0.002) as peer, Gateway(given.gatepostd, given.libraries / "plugins", name="one-session") as gateway:
        configure(gateway, peer, "first.example")
        gateway.start()
        with Load(gateway, clients=2, patient=True) as load:
            wait_until(lambda: len(peer.mails()) >= 200, 30, "mails arrive")
        settle(gateway)
        expect(peer.most_at_once() == 1, f"{peer.most_at_once()} sessions at once without a reload")
        acked, sessions = set(load.acked), peer.sessions_begun()
        with Load(gateway, clients=2, patient=True) as load:
            for number in range(given.reloads):
                before, names = len(peer.mails()), peer.names()
                configure(gateway, peer, f"reload-{number}.example")
                os.kill(gateway.pid(), signal.SIGHUP)
                wait_until(lambda: len(peer.mails()) >= before + 5 and f"reload-{number}.example" in peer.names(), 30,
                           f"reload {number} is in force: {names}")
        settle(gateway)
        acked |= load.acked
        statuses = {message["status"] for message in all_messages(gateway).values()}
        expect(statuses == {"sent"}, f"statuses {statuses}")
        expect(peer.most_at_once() == 1, f"{peer.most_at_once()} sessions at once over {given.reloads} reloads")
        expect(len(peer.mails()) == len(acked), f"{len(peer.mails())} arrived, {len(acked)} were acknowledged")
        print(f"{len(acked)} mails, {sessions} sessions before and {peer.sessions_begun() - sessions} over {given.reloads} reloads, "
              f"never two at once")


main()
