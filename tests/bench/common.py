"""What the benchmark's parts share: claims, the machine, a gateway whose spool lies on the disk that is measured, its load."""
import base64
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

from gatepost_test import Gateway  # noqa: E402

failed = []


def claim(name, value, limit, unit, at_least):
    holds = value >= limit if at_least else value <= limit
    print(f"{'ok  ' if holds else 'MISS'}  {name}: {value:.2f}{unit} (claim: {'>=' if at_least else '<='} {limit:g}{unit})")
    if not holds:
        failed.append(name)


def not_measured(name, reason):
    """A claim that nobody looked at does not hold."""
    print(f"MISS  {name}: not measured, {reason}")
    failed.append(name)


def machine():
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    disk = subprocess.run(["findmnt", "-no", "SOURCE,FSTYPE,OPTIONS", "-T", ROOT / "build"], capture_output=True, text=True)
    print(f"machine: {os.cpu_count()} x {model}, Linux {platform.release()}, {disk.stdout.strip()}")
    print(f"commit {commit}; gatepostd: SQLite WAL, synchronous=FULL, every accept behind an fdatasync; Postfix: its own fsync")


def new_gateway(build, connection=("outbox", "outbox", None, None)):
    """`connection`: name, provider, settings, limits; by default an outbox."""
    base = ROOT / "build/bench"
    base.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(base)  # the spool shall lie on the disk that is measured, not on a tmpfs
    gateway = Gateway(build / "bin/gatepostd", build / "lib/gatepost/plugins", name="bench")
    name, provider, settings, limits = connection
    gateway.connection(name, provider, settings or {"path": str(gateway.folder / "mail")}, limits)
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


def peak(gateway):
    status = pathlib.Path(f"/proc/{gateway.pid()}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def resident(gateway):
    status = pathlib.Path(f"/proc/{gateway.pid()}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
