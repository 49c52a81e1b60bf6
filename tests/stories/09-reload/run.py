"""SIGHUP reads the configuration again while mail flows: nothing is lost or sent twice, what did not change is not touched, a broken file
changes nothing and is told, a removed connection's mail waits, and a connection never has more calls open than it may."""

import os
import pathlib
import signal
import sys

STORIES = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(STORIES), str(STORIES.parent / "faults")]

from harness import Load  # noqa: E402
from story import MAIL, arguments, expect, files, gateway_of, wait_until  # noqa: E402


def reload(gateway, says="daemon.reloaded"):
    """SIGHUP, and waits until the log says what became of it."""
    before = gateway.stderr().count(says)
    os.kill(gateway.pid(), signal.SIGHUP)
    wait_until(lambda: gateway.stderr().count(says) > before, 20, f"the log says {says}")


def settings_of(gateway, name):
    return gateway.get(f"/v1/connections/{name}").json


def under_load(gateway):
    folders = ["mail", "mail-1", "mail-2"]
    with Load(gateway, clients=3, mail=dict(MAIL, connection="outbox")) as load:
        for turn in range(12):
            wanted = len(load.acked) + 40
            wait_until(lambda: len(load.acked) >= wanted, 20, "mail flows")
            folder, lanes = folders[turn % 3], 1 + turn % 4
            gateway.connection("outbox", "outbox", {"path": str(gateway.folder / folder)}, {"concurrency": lanes})
            reload(gateway)
            wait_until(lambda: settings_of(gateway, "outbox")["concurrency"] == lanes, 10, "the new concurrency is shown")
    expect(set(load.answers) == {202}, f"nothing is refused meanwhile: {load.answers}")
    for sent in load.acked:
        done = gateway.wait_for(sent, "sent")
        expect(len(done["attempts"]) == 1 and not done["recipients"][0].get("possible_duplicate"), f"sent once, at once: {done}")
    filed = [name for folder in folders for name in files(gateway, folder)]
    expect(sorted(filed) == sorted(load.acked), f"{len(load.acked)} sent, {len(filed)} filed")
    expect(all(files(gateway, folder) for folder in folders), "every folder was in use")
    return len(load.acked)


def broken(gateway):
    good = settings_of(gateway, "outbox")
    path = gateway.config / "connections.d" / "outbox.toml"
    kept = path.read_text()
    path.write_text(kept.replace('"path"', '"paht"'))
    reload(gateway, says="the new configuration is refused")
    said = [line for line in gateway.stderr().splitlines() if "daemon.reload" in line][-1]
    expect(str(path) in said and "paht" in said, f"file, line and key are told: {said}")
    expect(settings_of(gateway, "outbox") == good, "the old configuration stays")
    gateway.wait_for(gateway.send(dict(MAIL, connection="outbox")), "sent")
    path.write_text(kept)
    gateway.settings({"default": "nobody"})
    reload(gateway, says="the new configuration is refused")
    gateway.settings({})


def refused_by_its_provider(gateway):
    """The schema has no objection; the provider has: then nothing changes either, also not the other connection."""
    fault = {"path": str(gateway.folder / "fault"), "fault": "none"}
    gateway.connection("other", "fault", fault)
    reload(gateway)
    gateway.wait_for(gateway.send(dict(MAIL, connection="other")), "sent")
    gateway.connection("other", "fault", dict(fault, fault="throw-create"))
    gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail-3")}, {"concurrency": 9})
    reload(gateway, says="the new configuration is refused")
    said = [line for line in gateway.stderr().splitlines() if "daemon.reload:" in line][-1]
    expect("other.toml" in said, f"the file is told: {said}")
    expect(settings_of(gateway, "outbox")["concurrency"] != 9, "nothing is taken over")
    gateway.wait_for(gateway.send(dict(MAIL, connection="other")), "sent")
    (gateway.config / "connections.d" / "other.toml").unlink()
    reload(gateway)
    expect(settings_of(gateway, "outbox")["concurrency"] == 9, "now it is")


def removed_and_added(gateway):
    second = gateway.config / "connections.d" / "second.toml"
    gateway.connection("second", "outbox", {"path": str(gateway.folder / "second")})
    reload(gateway)
    gateway.wait_for(gateway.send(dict(MAIL, connection="second")), "sent")
    later = gateway.send(dict(MAIL, connection="second", send_at="2099-01-01T00:00:00Z"))
    kept = second.read_text()
    second.unlink()
    reload(gateway)
    expect(gateway.get("/v1/connections/second").status == 404, "it is gone")
    expect(gateway.post("/v1/messages", dict(MAIL, connection="second")).json["type"].endswith("no-connection"), "and takes nothing")
    expect(gateway.message(later)["status"] == "scheduled", "its mail waits visibly")
    second.write_text("active = false\n" + kept)
    reload(gateway)
    expect(not settings_of(gateway, "second")["running"], "not active: not running")
    second.write_text(kept)
    reload(gateway)
    wait_until(lambda: settings_of(gateway, "second")["running"], 10, "it runs again")
    gateway.post(f"/v1/messages/{later}/cancel")
    gateway.wait_for(gateway.send(dict(MAIL, connection="second")), "sent")


def untouched(gateway):
    before = gateway.stderr().count("connection.replaced")
    gateway.settings({"default_domain": "example.com", "default": "outbox", "aliases": {"root": "admin"}, "retry": {"first": "7s"}})
    reload(gateway)
    sent = gateway.wait_for(gateway.send(dict(MAIL, to=["root"])), "sent")
    expect(sent["recipients"][0]["address"] == "admin@example.com", f"the API sees the new settings: {sent}")
    expect(gateway.stderr().count("connection.replaced") == before, "no connection was touched")
    gateway.settings({"host_name": "other.example.com"})
    reload(gateway)
    expect("host_name" in gateway.stderr(), "what needs a restart is told")


def main():
    with gateway_of(arguments(), plugins=("plugins", "fault-plugins/fault")) as gateway:
        gateway.start()
        print(f"{under_load(gateway)} mails over 12 reloads")
        broken(gateway)
        refused_by_its_provider(gateway)
        removed_and_added(gateway)
        untouched(gateway)


main()
