#!/usr/bin/env python3
"""What we claim, measured: ratios within one run, with machine, commit and flush settings. Run as root on a quiet machine.

    tests/bench/run.py [--build build/release] [--seconds 8] [--skip-postfix]

accept   4 KiB HTML, 20 keep-alive clients, delivery to the outbox running, against Postfix accepting from smtp-source with 20
         sessions (stock and tuned; the ratio is against the better). Both sync every mail before they answer.
fairness p99 of accepting small mail while 25 MB mails arrive, against its own p99 without.
memory   peak over idle for one mail with a 25 MB attachment, as message/rfc822 and as JSON; idle Pss and private memory.
Exit 1 if a claim does not hold.
"""
import argparse
import base64
import json
import os
import pathlib
import platform
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests/support")]

from gatepost_test import Gateway, wait_until  # noqa: E402
from postfix import Postfix  # noqa: E402

failed = []


def claim(name, value, limit, unit, at_least):
    holds = value >= limit if at_least else value <= limit
    print(f"{'ok  ' if holds else 'MISS'}  {name}: {value:.2f}{unit} (claim: {'>=' if at_least else '<='} {limit:g}{unit})")
    if not holds:
        failed.append(name)


def machine():
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    disk = subprocess.run(["findmnt", "-no", "SOURCE,FSTYPE,OPTIONS", "-T", ROOT / "build"], capture_output=True, text=True)
    print(f"machine: {os.cpu_count()} x {model}, Linux {platform.release()}, {disk.stdout.strip()}")
    print(f"commit {commit}; gatepostd: SQLite WAL, synchronous=FULL, every accept behind an fdatasync; Postfix: its own fsync")


def new_gateway(build):
    base = ROOT / "build/bench"
    base.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(base)  # the spool shall lie on the disk that is measured, not on a tmpfs
    gateway = Gateway(build / "bin/gatepostd", build / "lib/gatepost/plugins", name="bench")
    gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
    return gateway


def body(gateway, name, size, attachment=0):
    mail = {"from": "Acme <noreply@example.com>", "to": ["first@example.net"], "subject": "Bench",
            "html": "<p>" + "x" * (size - 7) + "</p>"}
    if attachment:
        content = base64.b64encode(os.urandom(attachment)).decode()
        mail["attachments"] = [{"filename": "a.bin", "content_type": "application/octet-stream", "content": content}]
    file = gateway.folder / name
    file.write_text(json.dumps(mail))
    return file


def load(build, gateway, file, **options):
    words = [str(build / "bin/gatepost-load"), str(gateway.socket), str(file)]
    for key, value in options.items():
        words += ["--" + key, str(value)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"the load failed: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


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
        with Postfix(given.build.parent, ROOT / f"build/bench/postfix-{name}", 2526, tuned) as peer:
            peer.accept(500, 4096)
            rates[name] = max(peer.accept(int(given.seconds * 400), 4096) for _ in range(2))
            print(f"Postfix {name} accepts {rates[name]:.0f}/s")
    claim("accept against the better Postfix", ours["rate"] / max(rates.values()), 8, "x", True)


def fairness(given):
    with new_gateway(given.build) as gateway:
        gateway.start()
        small, big = body(gateway, "small.json", 4096), body(gateway, "big.json", 4096, 25 << 20)
        alone = load(given.build, gateway, small, clients=4, requests=1_000_000, seconds=given.seconds)
        stream = threading.Thread(target=load, args=(given.build, gateway, big),
                                  kwargs={"clients": 1, "requests": 1000, "seconds": given.seconds + 1})
        stream.start()
        beside = load(given.build, gateway, small, clients=4, requests=1_000_000, seconds=given.seconds)
        stream.join()
        print(f"small mail: p99 {alone['p99_ms']:.2f} ms alone, {beside['p99_ms']:.2f} ms beside 25 MB mails")
        claim("p99 beside big mails", beside["p99_ms"] / alone["p99_ms"], 3, "x", False)
        gateway.kill()


def memory_of(gateway):
    rollup = pathlib.Path(f"/proc/{gateway.pid()}/smaps_rollup").read_text()
    values = {line.split()[0].rstrip(":"): int(line.split()[1]) for line in rollup.splitlines()[1:]}
    return values["Pss"] / 1024, (values["Private_Clean"] + values["Private_Dirty"]) / 1024


def peak(gateway):
    status = pathlib.Path(f"/proc/{gateway.pid()}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def resident(gateway):
    status = pathlib.Path(f"/proc/{gateway.pid()}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def memory(given):
    for kind, limit in (("message/rfc822", 40), ("JSON", 80)):
        with new_gateway(given.build) as gateway:
            gateway.start()
            # Idle is two seconds after the last work: then the spool has given its cache back.
            end = time.monotonic() + 2.5
            wait_until(lambda: time.monotonic() > end, 5)
            pss, private = memory_of(gateway)
            idle = resident(gateway)
            if kind == "JSON":
                identifier = gateway.send(json.loads(body(gateway, "big.json", 4096, 25 << 20).read_text()))
                claim("idle Pss", pss, 25, " MB", False)
                claim("idle private memory", private, 8, " MB", False)
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
    given = parser.parse_args()
    given.build = given.build.resolve()
    machine()
    accept(given)
    fairness(given)
    memory(given)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
