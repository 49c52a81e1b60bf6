"""50 000 messages wait when the daemon is killed: only those in a lane may be unknown, never the queue."""

from harness import Load, arguments, expect, wait_until

from gatepost_test import Gateway


def main():
    given = arguments(waiting=50_000, concurrency=4)
    gateway = Gateway(given.gatepostd, given.libraries / "fault-plugins" / "fault")
    with gateway:
        # A plugin that never completes: every lane is taken, everything else waits.
        gateway.connection("stuck", "fault", {"path": str(gateway.folder), "fault": "never"}, {"concurrency": given.concurrency})
        gateway.start()
        with Load(gateway, clients=16) as load:
            wait_until(lambda: len(load.acked) >= given.waiting, 300, f"{given.waiting} are accepted")
        in_flight = lambda: gateway.get("/v1/connections").json["connections"][0]["in_flight"]
        wait_until(lambda: in_flight() == given.concurrency, 20, "every lane is taken")
        gateway.kill()
        gateway.start()
        wait_until(lambda: in_flight() == given.concurrency, 20, "every lane is taken again")
        unknown = [m for m in gateway.get("/v1/messages?status=unknown&limit=200").json["messages"]]
        expect(len(unknown) == given.concurrency, f"{len(unknown)} unknown, {given.concurrency} were in flight")
        # What is in a lane does not wait, once its mark is on disk; everything else does, the unknown ones for their second try.
        waiting = lambda: gateway.get("/v1/health").json["waiting"]
        wait_until(lambda: waiting() + in_flight() == len(load.acked), 20, f"{len(load.acked)} acknowledged, all wait or are in a lane")
        print(f"acknowledged {len(load.acked)}, waiting {waiting()}, unknown {len(unknown)}, lanes {given.concurrency}")
        gateway.kill()  # a plugin that never completes would hold the stop for its grace


main()
