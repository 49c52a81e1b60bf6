"""kill -9 at random instants under load. Nothing acknowledged is lost: every such recipient is filed, queued, unknown or held.
Every second attempt follows a started mark without a verdict. Counts are printed."""

import time

from harness import Load, all_messages, arguments, expect, filed, outbox_gateway, random, wait_until


def kill_round(gateway, acked, clients=8):
    gateway.start()
    with Load(gateway, clients) as load:
        before = time.monotonic()
        wait = random.uniform(0.0, 0.15)
        wait_until(lambda: time.monotonic() - before >= wait, 5)
        gateway.kill()
    acked |= load.acked


def verdict_less(attempt):
    return "ended" not in attempt or any(result["verdict"] == "unknown" for result in attempt.get("results", []))


def main():
    given = arguments(kills=200)
    with outbox_gateway(given) as gateway:
        # Unknown recipients shall stay as they are until they are counted.
        gateway.settings({"retry": {"unknown_delay": "1h"}})
        acked = set()
        for _ in range(given.kills):
            kill_round(gateway, acked)
        gateway.start()
        wait_until(lambda: gateway.get("/v1/messages?status=queued&limit=1").json["messages"] == [], 120, "the queue is empty")
        wait_until(lambda: gateway.get("/v1/messages?status=sending&limit=1").json["messages"] == [], 60, "nothing is in flight")
        known, files = all_messages(gateway), filed(gateway)
        states = {}
        for identifier in acked:
            expect(identifier in known, f"{identifier} was acknowledged and is gone")
            state = known[identifier]["recipients"][0]["status"]
            states[state] = states.get(state, 0) + 1
            expect(state in ("sent", "queued", "unknown", "held"), f"{identifier} is {state}")
            expect(state != "sent" or files.get(identifier, 0) == 1, f"{identifier} is sent, and {files.get(identifier, 0)} files")
        expect(set(files) <= set(known), "a file belongs to no message")
        expect(all(count == 1 for count in files.values()), "a message was filed twice")
        unknown = states.get("unknown", 0)
        expect(unknown <= given.kills * 4, f"{unknown} unknown after {given.kills} kills with 4 lanes")
        print(f"kills {given.kills}, acknowledged {len(acked)}, known {len(known)}, filed {len(files)}, states {states}")

        # The unknown ones are tried again by the rule, each behind a mark without a verdict, and end as sent.
        for identifier, message in known.items():
            if message["recipients"][0]["status"] == "unknown":
                gateway.post(f"/v1/messages/{identifier}/retry")
        wait_until(lambda: len(filed(gateway)) == len(known), 60, "everything is filed")
        again = 0
        for identifier, message in known.items():
            if message["recipients"][0]["status"] != "unknown":
                continue
            message = gateway.wait_for(identifier, "sent")
            expect(all(verdict_less(one) for one in message["attempts"][:-1]), f"a duplicate without cause: {message}")
            expect(message["recipients"][0].get("possible_duplicate"), f"not marked as a possible duplicate: {message}")
            again += 1
        print(f"tried again after an unknown outcome: {again}, all marked possible_duplicate")


if __name__ == "__main__":
    main()
