"""The storage is full (a small tmpfs): 503, nothing lost, and it recovers by itself when there is room again."""

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
        finally:
            if gateway.alive():
                gateway.stop()
            subprocess.run(["umount", "-l", gateway.state], check=False)


def story(gateway):
    gateway.start()
    ballast = gateway.state / "ballast"
    acked = [gateway.send(MAIL)]
    free = os.statvfs(gateway.state).f_bavail * os.statvfs(gateway.state).f_frsize
    ballast.write_bytes(b"\0" * max(0, free - (4 << 20)))
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


main()
