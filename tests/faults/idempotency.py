"""Idempotency-Key: the same key never sends twice, however often, however much at once, and across kill -9; other content under it is
refused; a refusal never uses a key up. (Keys belong to a caller; other callers are in stories/05-rights.)"""

import http.client
import json
import threading
import time

from harness import (MAIL, Filings, Load, UnixConnection, all_messages, arguments, expect, explain_copies, filed, outbox_gateway, random,
                     wait_until)


def keyed(key):
    return {"Idempotency-Key": key}


def twice(gateway):
    first = gateway.send(MAIL, keyed("twice"))
    expect(gateway.send(MAIL, keyed("twice")) == first, "the same key gave another id")
    gateway.wait_for(first, "sent")
    expect(gateway.send(MAIL, keyed("twice")) == first, "the same key gave another id after the end")
    # Order of members and white space are no other content: the parsed request is compared.
    shuffled = json.dumps(dict(reversed(list(MAIL.items()))), indent=4).encode()
    again = gateway.post("/v1/messages", shuffled, headers=keyed("twice"))
    expect(again.status == 202 and again.json["id"] == first, f"{again!r}")
    expect(gateway.send(MAIL, keyed("Twice")) != first, "keys differ by case")
    expect(gateway.send(MAIL) != first, "without a key every send is a new one")
    return 3


def other_content(gateway):
    first = gateway.send(MAIL, keyed("other"))
    for change in ({"subject": "Other"}, {"text": "y"}, {"to": ["second@example.net"]}, {"cc": ["second@example.net"]},
                   {"headers": {"X-A": "b"}}, {"metadata": {"a": "b"}}, {"tags": ["a"]}, {"send_at": "2999-01-01T00:00:00Z"},
                   {"attachments": [{"filename": "a", "content": "YQ=="}]}, {"connection": "outbox"}):
        refused = gateway.post("/v1/messages", dict(MAIL, **change), headers=keyed("other"))
        expect(refused.status == 422 and refused.json["type"] == "urn:gatepost:idempotency-mismatch", f"{change}: {refused!r}")
    expect(gateway.send(MAIL, keyed("other")) == first, "the mismatch changed what the key stands for")
    return 1


def raw(gateway):
    mail = b"From: a@example.com\r\nTo: b@example.net\r\nSubject: raw\r\n\r\nHello\r\n"

    def post(body, target="/v1/messages?from=a@example.com"):
        return gateway.post(target, body, headers={"Content-Type": "message/rfc822", **keyed("raw")})

    first = post(mail)
    expect(first.status == 202, f"{first!r}")
    expect(post(mail).json["id"] == first.json["id"], "the same raw mail gave another id")
    for answer in (post(mail + b"more\r\n"), post(mail, "/v1/messages?from=c@example.com"),
                   gateway.post("/v1/messages", MAIL, headers=keyed("raw"))):
        expect(answer.status == 422 and answer.json["type"] == "urn:gatepost:idempotency-mismatch", f"{answer!r}")
    return 1


def refusals(gateway):
    """422, 400 and 413 leave the key free."""
    before = len(all_messages(gateway))
    for number, body in enumerate((b"{", b'{"to":["nobody"]}', json.dumps(dict(MAIL, connection="nowhere")).encode(),
                                   b'{"to":["a@example.net"],"text":"' + b"x" * (51 << 20) + b'"}')):
        key = f"refused-{number}"
        try:
            answer = gateway.post("/v1/messages", body, headers={"Content-Type": "application/json", **keyed(key)})
            expect(answer.status in (400, 413, 422), f"{answer!r}")
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while the body was still on its way: the answer is checked in input.py
        expect(len(all_messages(gateway)) == before + number, "a refused send left a message")
        gateway.send(MAIL, keyed(key))
    return 4


def at_once(gateway, key="at once", twins=32):
    """Twins on connections that are open already, let go by one barrier."""
    barrier, answers = threading.Barrier(twins), []
    body = json.dumps(MAIL)

    def run():
        client = UnixConnection(gateway.socket)
        client.connect()
        barrier.wait()
        client.request("POST", "/v1/messages", body, {"Content-Type": "application/json", **keyed(key)})
        answer = client.getresponse()
        answers.append((answer.status, json.loads(answer.read())))
        client.close()

    threads = [threading.Thread(target=run) for _ in range(twins)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(all(status == 202 for status, _ in answers) and len(answers) == twins, f"{answers}")
    expect(len({answer["id"] for _, answer in answers}) == 1, f"{twins} at once made several: {answers}")
    return 1


def after_the_rules_changed(given):
    """What was accepted is answered the same when it could not be accepted any more: its time is over, its connection is switched off.
    Only the same: other content, and a key nobody used, are refused as they would have been."""
    with outbox_gateway(given) as gateway:
        gateway.connection("other", "outbox", {"path": str(gateway.folder / "other")})
        gateway.settings({"default": "other"})
        gateway.start()
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
        brief, mail = dict(MAIL, expires_at=soon), dict(MAIL, connection="outbox")
        first, second = gateway.send(brief, keyed("brief")), gateway.send(mail, keyed("gone"))
        wait_until(lambda: gateway.post("/v1/messages", brief).status == 422, 10, "the time is over")
        known = len(all_messages(gateway))
        expect(gateway.send(brief, keyed("brief")) == first, "the key was forgotten when the mail's time was over")
        gateway.wait_for(second, "sent")
        gateway.stop()
        gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")}, active=False)
        gateway.start()
        expect(gateway.send(mail, keyed("gone")) == second, "the key was forgotten when the connection was switched off")
        changed = gateway.post("/v1/messages", dict(mail, subject="Other"), headers=keyed("gone"))
        expect(changed.status == 422 and changed.json["type"] == "urn:gatepost:idempotency-mismatch", f"{changed!r}")
        fresh = gateway.post("/v1/messages", mail, headers=keyed("fresh"))
        expect(fresh.status == 422 and fresh.json["type"] == "urn:gatepost:no-connection", f"{fresh!r}")
        expect(len(all_messages(gateway)) == known, "a repetition left a message")


def cut_off(gateway, mail, key, pause):
    """A keyed send on a connection that stands already, and a kill -9 so many seconds after its last byte; the id if the 202 had left."""
    client = UnixConnection(gateway.socket)
    client.connect()
    client.request("POST", "/v1/messages", json.dumps(mail), {"Content-Type": "application/json", **keyed(key)})
    time.sleep(pause)
    gateway.kill()
    try:
        return json.loads(client.getresponse().read())["id"]
    except (OSError, http.client.HTTPException):
        return None  # cut off: that is what the test is about
    finally:
        client.close()


def across_kills(given, least=40, most=400):
    """The daemon is killed while a keyed send is under way, beside others; sent again after the restart it is kept once, with the id it
    had if it was answered, or was kept without an answer. Kills are aimed at the time around the answer, until some came between the
    commit and the 202."""
    with outbox_gateway(given) as gateway:
        gateway.settings({"retry": {"unknown_delay": "1s"}})
        filings = Filings(gateway)
        gateway.start()
        known, answered, silent, aim = {}, 0, 0, 0.0015
        while len(known) < least or (silent < 3 and len(known) < most):
            key = f"kill-{len(known)}"
            mail = dict(MAIL, tags=[key])
            with Load(gateway, clients=2):
                said = cut_off(gateway, mail, key, random.uniform(0, 2 * aim))
            aim = min(max(aim * (0.9 if said else 1.1), 0.0001), 0.02)
            gateway.start()
            kept = [message["id"] for message in gateway.get(f"/v1/messages?tag={key}").json["messages"]]
            expect(len(kept) <= 1, f"{key} became several: {kept}")
            expect(not said or kept == [said], f"{key} was answered with {said}, and is {kept} after the kill")
            known[key] = gateway.send(mail, keyed(key))
            expect(not kept or kept == [known[key]], f"{key} was kept as {kept}, and became {known[key]}")
            answered, silent = answered + bool(said), silent + bool(kept and not said)
            filings.counts()
        for number, (key, identifier) in enumerate(known.items()):
            expect(gateway.send(dict(MAIL, tags=[f"kill-{number}"]), keyed(key)) == identifier, f"{key} became another message")
        for key, identifier in known.items():  # what was in flight at a kill is unknown first, and is tried again
            wait_until(lambda: gateway.message(identifier)["status"] == "sent", 60, f"{identifier} is sent")
            kept = gateway.get(f"/v1/messages?tag={key}").json["messages"]
            expect([message["id"] for message in kept] == [identifier], f"{key} is {kept}")
            message = gateway.message(identifier)
            explain_copies(message, filings.counts()[identifier])
        unanswered = len(known) - answered
        expect(min(answered, unanswered) >= least / 5, f"{answered} answered, {unanswered} not: the kills came at the wrong time")
        expect(silent >= 1, f"no kill of {len(known)} came between the commit and the 202")
        twice = sum(filings.counts()[identifier] > 1 for identifier in known.values())
        print(f"across kill -9: {len(known)} keys, {answered} answered before the kill, {silent} kept and not answered; each kept once, "
              f"{twice} filed twice, behind an unknown outcome")


def main():
    given = arguments()
    with outbox_gateway(given) as gateway:
        gateway.start()
        count = twice(gateway) + other_content(gateway) + raw(gateway) + refusals(gateway)
        for number in range(10):
            count += at_once(gateway, f"at once {number}")
        expect(len(all_messages(gateway)) == count, f"{len(all_messages(gateway))} messages, {count} were meant")
        wait_until(lambda: len(filed(gateway)) == count, 60, f"{count} mails are filed")
        gateway.stop()
        gateway.start()  # keys outlive a stop, too
        expect(at_once(gateway, "at once 0") == 1 and len(all_messages(gateway)) == count, "a key was forgotten by a restart")
    print(f"{count} mails by key, each once")
    after_the_rules_changed(given)
    across_kills(given)


main()
