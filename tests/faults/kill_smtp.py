"""kill -9 at random instants while a real server receives (Postfix as root, aiosmtpd else), counted at the receiver. Every
acknowledged recipient arrived or waits visibly; nothing arrived that the gateway does not know; a second copy follows only a
started mark without a verdict and is marked as a possible duplicate. Counts are printed."""

import collections
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import peers_base  # noqa: E402
from gatepost_test import Gateway  # noqa: E402
from harness import all_messages, arguments, details, expect, explain_copies, wait_until  # noqa: E402
from kill import Kills  # noqa: E402
from peers_postfix import Postfix  # noqa: E402
from peers_recording import Aiosmtpd  # noqa: E402


def copies(peer):
    """Message-ID -> how often the receiver has it, once everything that it took is filed."""
    wait_until(peer.idle, 120, f"{peer.name} has filed everything")
    found = collections.Counter()
    for one in peer.received():
        found[re.search(rb"^Message-ID:\s*(\S+)\r\n", one.content, re.M | re.I)[1].decode()] += len(one.recipients)
    return found


def settle(gateway):
    for status in ("queued", "sending"):
        wait_until(lambda: gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"] == [], 240, f"nothing is {status}")


def check_first(acked, known, names, found, kills, lanes):
    """Before anything unknown is tried again: no copy twice, everything sent has arrived. Gives the states' counts."""
    states = collections.Counter()
    for identifier in acked:
        expect(identifier in known, f"{identifier} was acknowledged and is gone")
        state = known[identifier]["recipients"][0]["status"]
        states[state] += 1
        expect(state in ("sent", "unknown", "held"), f"{identifier} is {state}")
        expect(state != "sent" or found[names[identifier]] == 1, f"{identifier} is sent and arrived {found[names[identifier]]} times")
    expect(set(found) <= set(names.values()), "something arrived that no message explains")
    expect(all(count == 1 for count in found.values()), "a copy arrived twice before anything was tried again")
    expect(states["unknown"] <= kills * lanes, f"{states['unknown']} unknown after {kills} kills with {lanes} lanes")
    return states


def try_again(gateway, known, names, found, peer):
    """The unknown ones, now: each ends as sent, marked, behind an attempt without a verdict. Gives how many, and how many twice."""
    unknown = [identifier for identifier, message in known.items() if message["recipients"][0]["status"] == "unknown"]
    for identifier in unknown:
        gateway.post(f"/v1/messages/{identifier}/retry")
    for identifier in unknown:
        gateway.wait_for(identifier, "sent", deadline=60)
    after = copies(peer)
    for identifier, message in details(gateway, known).items():
        explain_copies(message, after[names[identifier]])
    expect(set(after) == set(names.values()), f"{len(set(names.values()) - set(after))} never arrived")
    twice = {name for name, count in after.items() if count == 2}
    expect(all(count <= 2 for count in after.values()), "a copy arrived three times")
    expect(twice == {names[one] for one in unknown if found[names[one]]}, "a duplicate that no unknown outcome explains")
    return len(unknown), len(twice)


def run(given, peer):
    lanes = 5
    with Gateway(given.gatepostd, given.libraries / "plugins") as gateway:
        gateway.connection("peer", "smtp", {"host": "127.0.0.1", "port": peer.port, "security": "none"}, {"concurrency": lanes})
        # Unknown recipients shall stay as they are until they are counted.
        gateway.settings({"retry": {"unknown_delay": "1h"}})
        kills = Kills(gateway, given.kills, clients=4)
        kills.all()
        gateway.start()
        settle(gateway)
        known = all_messages(gateway)
        names = {identifier: "<" + message["message_id"].strip("<>") + ">" for identifier, message in known.items()}
        found = copies(peer)
        states = check_first(kills.acked, known, names, found, given.kills, lanes)
        print(f"{peer.name}: kills {given.kills}, {kills.unready} before it was ready, acknowledged {len(kills.acked)}, "
              f"known {len(known)}, arrived {len(found)}, {dict(states)}", flush=True)
        unknown, twice = try_again(gateway, known, names, found, peer)
        print(f"tried again after an unknown outcome: {unknown}, of which {twice} had arrived: these came twice, all marked "
              f"possible_duplicate; every other once")


def main():
    given = arguments(kills=200, peer="")
    with peers_base.skipping():
        name = given.peer or ("postfix" if os.geteuid() == 0 else "aiosmtpd")
        with {"postfix": Postfix, "aiosmtpd": Aiosmtpd}[name](HERE.parent.parent / "build") as peer:
            run(given, peer)


main()
