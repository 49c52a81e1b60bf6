"""A mail for later waits visibly, over a restart too, and goes when its time comes; what waits can be cancelled, what went cannot; what
failed or is held can be tried again by hand."""

import datetime
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, arguments, expect, files, gateway_of, wait_until  # noqa: E402


def at(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def scheduled(gateway):
    when = time.time() + 3
    soon = gateway.send(dict(MAIL, send_at=at(3)))
    later = gateway.send(dict(MAIL, send_at=at(3600)))
    first = gateway.message(soon)
    expect(first["status"] == "scheduled" and "send_at" in first and first["attempts"] == [], f"{first}")
    gateway.stop()
    gateway.start()
    gateway.wait_for(soon, "sent")
    expect(time.time() >= when - 0.1, f"it went {when - time.time():.1f} s too early")
    expect(gateway.message(later)["status"] == "scheduled", "the later one did not wait")
    past = gateway.wait_for(gateway.send(dict(MAIL, send_at="2001-01-01T00:00:00Z")), "sent")  # the past is now
    expect(past["status"] == "sent", f"{past}")
    return soon, later


def cancelled(gateway, sent, waiting):
    answer = gateway.post(f"/v1/messages/{waiting}/cancel")
    expect(answer.status == 200 and answer.json["status"] == "cancelled", f"{answer!r}")
    for identifier in (waiting, sent):
        answer = gateway.post(f"/v1/messages/{identifier}/cancel")
        expect(answer.status == 409 and answer.json["type"] == "urn:gatepost:conflict", f"{answer!r}")
    expect(gateway.post(f"/v1/messages/{sent}/retry").status == 409, "a sent message was to be tried again")
    expect(gateway.post(f"/v1/messages/{waiting}/retry").status == 409, "a cancelled message was to be tried again")
    expect(gateway.post("/v1/messages/0000000000000/cancel").status == 404, "nobody's message")
    expect(waiting not in files(gateway), "a cancelled mail was filed")


def deferred_and_cancelled(gateway):
    """A recipient that waits for its next attempt is cancelled; one that failed is tried again."""
    gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
    identifier = gateway.send(dict(MAIL, connection="defers"))
    message = wait_until(lambda: (now := gateway.message(identifier))["attempts"] and "ended" in now["attempts"][-1] and now,
                         what="the first attempt is over")
    expect(message["status"] == "queued" and "next_attempt" in message, f"{message}")
    expect(gateway.post(f"/v1/messages/{identifier}/retry").status == 200, "retry of a waiting one brings it forward")
    wait_until(lambda: len(gateway.message(identifier)["attempts"]) >= 2, what="the second attempt")
    wait_until(lambda: gateway.message(identifier)["status"] == "queued", what="it waits again")
    expect(gateway.post(f"/v1/messages/{identifier}/cancel").json["status"] == "cancelled", "cancel")

    identifier = gateway.send(dict(MAIL, connection="rejects"))
    gateway.wait_for(identifier, "failed")
    expect(gateway.post(f"/v1/messages/{identifier}/retry").status == 200, "retry of a failed one")
    wait_until(lambda: len(gateway.message(identifier)["attempts"]) == 2, what="the second attempt")
    gateway.wait_for(identifier, "failed")


def main():
    with gateway_of(arguments(), plugins=("plugins", "fault-plugins/fault")) as gateway:
        gateway.settings({"default": "outbox"})
        gateway.connection("rejects", "fault", {"path": str(gateway.folder / "fault"), "fault": "rejected-after-commit"})
        gateway.connection("defers", "fault", {"path": str(gateway.folder / "fault"), "fault": "inside-start"})
        gateway.start()
        sent, waiting = scheduled(gateway)
        cancelled(gateway, sent, waiting)
        deferred_and_cancelled(gateway)


main()
