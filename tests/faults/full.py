"""The storage is full (a small tmpfs): 503, nothing lost, and it recovers by itself when there is room again."""

import errno
import os
import subprocess

from harness import MAIL, arguments, expect, filed, outbox_gateway, wait_until

NOT_RUN = 77  # ctest shows it as skipped


def main():
    given = arguments()
    if os.geteuid() != 0:
        print("not run: needs root to mount a small tmpfs")
        raise SystemExit(NOT_RUN)
    with outbox_gateway(given) as gateway:
        gateway.state.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=700", "none", gateway.state], check=False)
        if mounted.returncode != 0:
            print("not run: this machine does not let us mount a tmpfs")
            raise SystemExit(NOT_RUN)
        try:
            story(gateway)
            to_the_last_byte(gateway)
        finally:
            if gateway.alive():
                gateway.stop()
            subprocess.run(["umount", "-l", gateway.state], check=False)


def story(gateway):
    gateway.start()
    ballast = gateway.state / "ballast"
    acked = [gateway.send(MAIL)]
    fill(gateway, ballast, 10 << 20)  # 6 MiB of it are the reserve
    big = dict(MAIL, text="y" * (200 << 10))
    answer = None
    for _ in range(200):
        answer = gateway.post("/v1/messages", big)
        if answer.status != 202:
            break
        acked.append(answer.json["id"])
    expect(answer.status == 503, f"a full disk was to be answered with 503, got {answer!r}")
    expect(answer.json["type"] == "urn:gatepost:storage", f"{answer!r}")
    expect(int(answer.headers["Retry-After"]) > 0, f"no Retry-After: {answer.headers}")
    for identifier in acked:
        gateway.wait_for(identifier, "sent")  # what was accepted goes out on a full disk, too
    ballast.unlink()
    wait_until(lambda: gateway.post("/v1/messages", MAIL).status == 202, 15, "there is room again and mail is taken")
    wait_until(lambda: len(filed(gateway)) >= len(acked) + 1, 20, "everything accepted is filed")
    print(f"accepted before the disk was full: {len(acked)}, all filed; recovered by itself")


def to_the_last_byte(gateway):
    """Somebody else fills the disk while mail is on its way: the daemon still leaves when it is told to, and loses nothing."""
    acked = gateway.send(MAIL)
    fill(gateway, gateway.state / "ballast", 0)
    answers = [gateway.post("/v1/messages", MAIL) for _ in range(20)]
    expect(all(answer.status == 503 for answer in answers), f"a full disk was to be answered with 503, got {answers!r}")
    gateway.stop()
    (gateway.state / "ballast").unlink()
    gateway.start()
    # The verdict of one that was on its way could not be written down: it says so, and is tried again later.
    gateway.wait_for(acked, "sent", "unknown")
    print("filled to the last byte: what was accepted is not lost")


def fill(gateway, ballast, left):
    """In steps: the spool writes at the same time, and a write that fails half-way would leave less than `left`."""
    with open(ballast, "wb", buffering=0) as file:
        while (free := os.statvfs(gateway.state).f_bavail * os.statvfs(gateway.state).f_frsize) > left:
            try:
                file.write(b"\0" * min(free - left, 256 << 10))
            except OSError as full:
                expect(full.errno == errno.ENOSPC, f"{full}")


main()
