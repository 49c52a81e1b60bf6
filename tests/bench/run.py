#!/usr/bin/env python3
"""What we claim, measured: ratios within one run, with machine, commit and flush settings. Run as root on a quiet machine.

    tests/bench/run.py [--build build/release] [--seconds 8] [--skip-postfix] [--only accept,fairness,memory,smtp,http]

accept   4 KiB HTML, 20 keep-alive clients, delivery to the outbox running, against Postfix accepting from smtp-source with 20
         sessions (stock and tuned; the ratio is against the better). Both sync every mail before they answer.
fairness p99 of accepting small mail while 25 MB mails arrive, against its own p99 without; medians of five turns each.
memory   peak over idle for one mail with a 25 MB attachment, as message/rfc822 and as JSON; idle Pss and private memory
         (clean and dirty pages; both are printed).
smtp     end to end through smtp.so, its round trips and its memory: end_to_end.py says how.
http     through sendgrid.so against @sendgrid/mail, HTTP/2, and its memory: http_api.py says how.
Exit 1 if a claim does not hold, or could not be looked at (but for --skip-postfix).
"""
import argparse
import base64
import json
import os
import pathlib
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests/support")]

import end_to_end  # noqa: E402
import http_api  # noqa: E402
from common import body, claim, failed, load, machine, new_gateway, peak, resident  # noqa: E402
from gatepost_test import wait_until  # noqa: E402
from postfix import Postfix  # noqa: E402

def accept(given):
    with new_gateway(given.build) as gateway:
        gateway.start()
        small = body(gateway, "small.json", 4096)
        load(given.build, gateway, small, clients=20, requests=2000)
        ours = load(given.build, gateway, small, clients=20, requests=1_000_000, seconds=given.seconds)
        print(f"gatepostd accepts {ours['rate']:.0f}/s, p50 {ours['p50_ms']:.2f} ms, p99 {ours['p99_ms']:.2f} ms")
        gateway.kill()
    if given.skip_postfix:
        return
    rates = {}
    for name, tuned in (("stock", False), ("tuned", True)):
        with Postfix(given.build.parent, tuned) as peer:
            peer.accept(500, 4096)
            rates[name] = max(peer.accept(int(given.seconds * 400), 4096) for _ in range(2))
            print(f"Postfix {name} accepts {rates[name]:.0f}/s")
    claim("accept against the better Postfix", ours["rate"] / max(rates.values()), 8, "x", True)


def settle(gateway):
    """What the turn before has left must not count in the next: carried out, on the disk, and no gigabytes of it."""
    wait_until(lambda: not any(gateway.get(f"/v1/messages?status={status}&limit=1").json["messages"] for status in ("queued", "sending")),
               60, "everything is carried out")
    for mail in gateway.folder.glob("**/new/*"):
        mail.unlink()
    os.sync()


def fairness(given):
    alone, beside = [], []
    with new_gateway(given.build) as gateway:
        gateway.start()
        small, big = body(gateway, "small.json", 4096), body(gateway, "big.json", 4096, 25 << 20)
        options = {"clients": 4, "requests": 1_000_000, "seconds": given.seconds / 3}
        for _ in range(5):
            settle(gateway)
            alone.append(load(given.build, gateway, small, **options)["p99_ms"])
            settle(gateway)
            stream = threading.Thread(target=load, args=(given.build, gateway, big),
                                      kwargs={"clients": 1, "requests": 1000, "seconds": given.seconds / 3 + 1})
            stream.start()
            beside.append(load(given.build, gateway, small, **options)["p99_ms"])
            stream.join()
        gateway.kill()
    print("small mail, p99 in ms: " + "; ".join(f"{a:.2f} alone, {b:.2f} beside 25 MB mails" for a, b in zip(alone, beside)))
    claim("p99 beside big mails", statistics.median(beside) / statistics.median(alone), 3, "x", False)


def memory_of(gateway):
    rollup = pathlib.Path(f"/proc/{gateway.pid()}/smaps_rollup").read_text()
    values = {line.split()[0].rstrip(":"): int(line.split()[1]) for line in rollup.splitlines()[1:]}
    return [values[kind] / 1024 for kind in ("Pss", "Private_Dirty", "Private_Clean")]


def memory(given):
    for kind, limit in (("message/rfc822", 40), ("JSON", 80)):
        with new_gateway(given.build) as gateway:
            gateway.start()
            # Idle is two seconds after the last work: then the spool has given its cache back.
            end = time.monotonic() + 2.5
            wait_until(lambda: time.monotonic() > end, 5)
            pss, dirty, clean = memory_of(gateway)
            idle = resident(gateway)
            if kind == "JSON":
                identifier = gateway.send(json.loads(body(gateway, "big.json", 4096, 25 << 20).read_text()))
                claim("idle Pss", pss, 25, " MB", False)
                print(f"idle: {dirty:.1f} MB of dirty pages, {clean:.1f} MB of clean ones that no other process maps now")
                claim("idle private memory", clean + dirty, 8, " MB", False)
            else:
                content = base64.encodebytes(os.urandom(25 << 20)).decode()
                mail = ("From: a@example.com\nTo: b@example.net\nSubject: big\nMIME-Version: 1.0\n"
                        f"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{content}")
                identifier = gateway.send_raw(mail.encode(), "a@example.com", ["b@example.net"])
            gateway.wait_for(identifier, "sent", deadline=60)
            claim(f"peak over idle, 25 MB attachment as {kind}", peak(gateway) - idle, limit, " MB", False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--skip-postfix", action="store_true")
    parser.add_argument("--only", default="accept,fairness,memory,smtp,http", help="which parts, with commas")
    given = parser.parse_args()
    given.build = given.build.resolve()
    machine()
    parts = {"accept": accept, "fairness": fairness, "memory": memory, "smtp": end_to_end.run, "http": http_api.run}
    for name in given.only.split(","):
        parts[name](given)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
