"""`expires_at`: a recipient that could not be reached by then ends as expired and is not tried again; a message whose time is over
while the daemon is down expires at the next start, unsent."""

import datetime
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, arguments, expect, files, gateway_of, wait_until  # noqa: E402


def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def main():
    with gateway_of(arguments(), plugins=("plugins", "fault-plugins/fault")) as gateway:
        gateway.settings({"default": "outbox"})
        gateway.connection("defers", "fault", {"path": str(gateway.folder / "fault"), "fault": "inside-start"})
        gateway.start()
        # Its next attempt would come after 30 s: too late.
        deferred = gateway.wait_for(gateway.send(dict(MAIL, connection="defers", expires_at=at(8))), "expired", deadline=30)
        expect(len(deferred["attempts"]) == 1, f"tried again: {deferred}")
        in_time = gateway.wait_for(gateway.send(dict(MAIL, expires_at=at(60))), "sent")
        expect(in_time["expires_at"] > in_time["created"], f"{in_time}")

        missed = gateway.send(dict(MAIL, send_at=at(2), expires_at=at(3)))
        over = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        gateway.stop()
        wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) > over, what="its time is over")
        gateway.start()
        gateway.wait_for(missed, "expired")
        expect(missed not in files(gateway), "an expired mail was sent")

        answer = gateway.post("/v1/messages", dict(MAIL, expires_at=at(-1)))
        expect(answer.status == 422 and answer.json["errors"][0]["pointer"] == "/expires_at", f"{answer!r}")
        answer = gateway.post("/v1/messages", dict(MAIL, send_at=at(60), expires_at=at(30)))
        expect(answer.status == 422 and answer.json["errors"][0]["pointer"] == "/expires_at", f"{answer!r}")


main()
