"""Settings are tried before anybody saves them: POST /v1/test with a real provider. Nothing of it is kept or queued, every mistake has
its pointer, and only administrators may."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import Client, arguments, expect, files, gateway_of, request  # noqa: E402


def pointers(answer):
    expect(answer.status == 422, f"{answer}")
    return [one["pointer"] for one in answer.json["errors"]]


def works(gateway):
    asked = {"provider": "outbox", "settings": {"path": str(gateway.folder / "unsaved")}}
    answer = gateway.post("/v1/test", asked)
    expect(answer.status == 200 and answer.json["success"], f"{answer}")
    expect(answer.json["stages"][0]["id"] == "settings" and "trace" not in answer.json, f"{answer}")
    expect(not files(gateway, "unsaved"), "without `to` no mail is filed")
    answer = gateway.post("/v1/test", {**asked, "to": "me@example.com", "from": "a@example.com", "trace": True})
    expect(answer.json["success"] and answer.json["trace"] == [], f"a provider without a dialogue has none to show: {answer}")
    lines = gateway.post("/v1/test", asked, headers={"Accept": "application/x-ndjson"}).body.decode().splitlines()
    events = [json.loads(line) for line in lines]
    expect(all("stage" in one for one in events[:-1]) and events[-1]["result"]["success"], f"{events}")


def refused(gateway):
    post = lambda body: pointers(gateway.post("/v1/test", body))  # noqa: E731
    expect(post({"provider": "outbox"}) == ["/settings/path"], "what is required is said")
    expect(post({"provider": "outbox", "settings": {"path": "relative", "paht": 1}}) == ["/settings/paht", "/settings/path"]
           or post({"provider": "outbox", "settings": {"path": "relative", "paht": 1}}) == ["/settings/path", "/settings/paht"],
           "every mistake at once")
    expect(post({"provider": "nobody", "settings": {}}) == ["/provider"], "no such provider")
    expect(post({"provider": "outbox", "settings": {"path": {"env": "HOME"}}}) != [], "the environment is not for the API")
    failing = gateway.post("/v1/test", {"provider": "outbox", "settings": {"path": "/proc/no/such/folder"}})
    expect(failing.status == 200 and not failing.json["success"] and failing.json["message"], f"{failing}")


def administrators_only(gateway, cli):
    send = gateway.folder / "run" / "send.sock"
    asked = {"provider": "outbox", "settings": {"path": str(gateway.folder / "unsaved")}}
    answer = request(send, "POST", "/v1/test", asked)
    expect(answer.status == 403 and "admin" in answer.json["detail"], f"{answer}")
    expect(request(send, "POST", "/v1/connections/outbox/test", {}).status == 403, "nor the saved one")
    said = cli("test", "outbox", "--trace")
    expect("ok" in said, said)
    expect("trace" in cli.json("test", "outbox", "--trace"), "--json holds the dialogue")


def main():
    given = arguments()
    with gateway_of(given) as gateway:
        listen = f'[[listen]]\npath = "{gateway.folder}/run/send.sock"\nrole = "send"\n'
        (gateway.config / "gatepost.toml").write_text(listen)
        (gateway.state / "plugins").mkdir(parents=True)
        old = gateway.state / "plugins" / ("0" * 64 + ".so")
        old.write_bytes(b"a plugin of long ago")
        gateway.start()
        expect(not old.exists() and list(old.parent.iterdir()), "copies of plugins that are gone are removed at start")
        works(gateway)
        refused(gateway)
        administrators_only(gateway, Client(given, gateway))
        expect(gateway.get("/v1/messages").json["messages"] == [], "a test is never queued")
        expect([one["name"] for one in gateway.get("/v1/connections").json["connections"]] == ["outbox"], "nor saved")


main()
