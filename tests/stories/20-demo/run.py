"""The first minute of a newcomer: tools/demo shows a mail arrive, ends by itself and leaves nothing; `--keep` leaves a daemon that can
be talked to and stopped with the lines it prints. Told where build/release is built, since it would build for minutes otherwise."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import expect, request, wait_until  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
NOT_RUN = 77


def demo(folder, *words):
    done = subprocess.run([ROOT / "tools/demo", *words], env={**os.environ, "TMPDIR": folder}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=280, check=False, umask=0o002)
    expect(done.returncode == 0, done.stdout + done.stderr)
    return done.stdout


def check_tale(said):
    """The id, what became of each recipient, the mail's path and its headers."""
    identifier = re.search(r'"id": *"([^"]+)"', said)[1]
    for part in (f"gatepost messages {identifier}", "first@example.net", "second@example.net", "/mail/new/",
                 "From: Gatepost demo <noreply@example.com>", "MIME-Version: 1.0", "delivers to nobody"):
        expect(part in said, f"{part} is missing in\n{said}")
    expect(len(re.findall(r"@example\.net.* sent\b", said)) == 2, said)


def main():
    if not (ROOT / "build/release/bin/gatepostd").exists():
        print("not run: build/release is not built")
        sys.exit(NOT_RUN)
    with tempfile.TemporaryDirectory(prefix="gatepost-story-") as folder:
        check_tale(demo(folder))
        expect(not os.listdir(folder), f"left behind: {os.listdir(folder)}")

        said = demo(folder, "--keep")
        check_tale(said)
        socket = pathlib.Path(re.search(r"GATEPOST_SOCKET=(\S+)", said)[1])
        try:
            expect(request(socket, "GET", "/v1/health").status == 200, "the kept daemon does not answer")
            send = re.search(r"^ *(\S+/gatepost send .*)$", said, re.MULTILINE)[1]
            sent = subprocess.run(["bash", "-c", send], env={**os.environ, "GATEPOST_SOCKET": str(socket)}, capture_output=True, text=True,
                                  timeout=60, check=False)
            expect(sent.returncode == 0 and "sent" in sent.stdout, sent.stdout + sent.stderr)
        finally:
            process = re.search(r"\(process (\d+)\)", said)[1]
            subprocess.run(["bash", "-c", re.search(r"^Stop it: *(.*)$", said, re.MULTILINE)[1]], check=True)
        wait_until(lambda: not pathlib.Path(f"/proc/{process}").exists(), 30, "the kept daemon is gone")
        wait_until(lambda: not os.listdir(folder), 10, "its folder is gone")
    print("the demo was told twice")


main()
