"""Two users on one gateway: root administers; another user on a `send` listener sends, and sees, cancels and reads its own mail only.
Its idempotency keys are its own. Run as root; otherwise there is nothing to tell."""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import MAIL, arguments, expect, gateway_of, request  # noqa: E402

STRANGER = 65534  # nobody
NOT_RUN = 77


def as_stranger(socket, method, target, body=None, headers=None):
    """A request from a process of the other user: (status, JSON)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(STRANGER)
        os.setuid(STRANGER)
        try:
            answer = request(socket, method, target, body, headers, timeout=30)
            said = [answer.status, answer.body.decode()]
        except OSError as failure:
            said = [failure.errno, str(failure)]
        with os.fdopen(write, "w") as out:
            json.dump(said, out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        status, text = json.load(pipe)
    os.waitpid(child, 0)
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def main():
    given = arguments()
    if os.geteuid() != 0:
        print("not run: needs root, to become another user")
        sys.exit(NOT_RUN)
    with gateway_of(given) as gateway:
        gateway.folder.chmod(0o755)  # so that the other user reaches its socket
        gateway.socket.parent.chmod(0o755)
        everyone = gateway.folder / "run" / "send.sock"
        own = f'[[listen]]\npath = "{everyone}"\nmode = "0666"\nrole = "send"\n'
        (gateway.config / "gatepost.toml").write_text(own)
        gateway.start()
        roots = gateway.send(MAIL, {"Idempotency-Key": "same"})
        gateway.wait_for(roots, "sent")

        status, text = as_stranger(gateway.socket, "GET", "/v1/version")
        expect(status == 13, f"the admin socket let another user in: {status} {text}")

        status, answer = as_stranger(everyone, "POST", "/v1/messages", MAIL, {"Idempotency-Key": "same"})
        expect(status == 202 and answer["id"] != roots, f"a key of another caller: {status} {answer}")
        own = answer["id"]
        gateway.wait_for(own, "sent")
        status, page = as_stranger(everyone, "GET", "/v1/messages")
        expect([one["id"] for one in page["messages"]] == [own], f"sees {page}")
        for method, target in (("GET", ""), ("GET", "/content"), ("POST", "/cancel"), ("POST", "/retry")):
            status, text = as_stranger(everyone, method, f"/v1/messages/{roots}{target}")
            expect(status == 404, f"{method} {target} of somebody else's message: {status} {text}")
        expect(as_stranger(everyone, "GET", f"/v1/messages/{own}")[1]["status"] == "sent", "its own message")
        expect(as_stranger(everyone, "GET", f"/v1/messages/{own}/content")[0] == 200, "its own content")

        status, answer = as_stranger(everyone, "POST", "/v1/messages", dict(MAIL, send_at="2999-01-01T00:00:00Z"))
        expect(as_stranger(everyone, "POST", f"/v1/messages/{answer['id']}/cancel")[1]["status"] == "cancelled", "cancels its own")
        roots_later = gateway.send(dict(MAIL, send_at="2999-01-01T00:00:00Z"))
        expect(as_stranger(everyone, "POST", f"/v1/messages/{roots_later}/cancel")[0] == 404, "cancelled somebody else's")
        expect(gateway.message(roots_later)["status"] == "scheduled", "cancelled somebody else's")

        for method, target in (("POST", "/v1/connections/outbox/test"), ("POST", "/v1/test")):
            status, answer = as_stranger(everyone, method, target, {})
            expect(status == 403, f"{method} {target}: {status} {answer}")
        status, answer = as_stranger(everyone, "GET", "/v1/connections/outbox")
        expect(status == 200 and "settings" not in answer, f"settings are for administrators: {answer}")

        # Root through the send socket has the lesser right of the two: it sends, and administers nothing.
        expect(request(everyone, "POST", "/v1/connections/outbox/test", {}).status == 403, "an administrator on a send socket")
        expect(len(gateway.get("/v1/messages").json["messages"]) == 4, "root sees all")
        expect(time.time() > 0 and gateway.alive(), "alive")


main()
