"""What the fault tests share: arguments, clients that load the gateway, a look into the Maildir and into every message."""

import argparse
import json
import pathlib
import random
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gatepost_test import Failure, Gateway, UnixConnection, expect, request, wait_until  # noqa: E402,F401

MAIL = {"from": "noreply@example.com", "to": ["first@example.net"], "subject": "Fault", "text": "x" * 500}


def arguments(**more):
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd")
    parser.add_argument("libraries", help="lib/gatepost of the build folder")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    for name, default in more.items():
        parser.add_argument("--" + name, type=type(default), default=default)
    given = parser.parse_args()
    given.libraries = pathlib.Path(given.libraries)
    random.seed(given.seed)
    print(f"seed {given.seed}", flush=True)
    return given


def outbox_gateway(given, **more):
    """A gateway with one connection, `outbox`, that files into gateway.folder/mail."""
    gateway = Gateway(given.gatepostd, given.libraries / "plugins", **more)
    gateway.connection("outbox", "outbox", {"path": str(gateway.folder / "mail")})
    return gateway


class Load:
    """Clients that POST on kept connections until told to stop; `acked` are the ids they were given. Patient ones wait until each
    mail is sent, so that no queue builds up."""

    def __init__(self, gateway, clients=8, mail=None, patient=False):
        self.gateway = gateway
        self.headers = {"Content-Type": "application/json"} | ({"Prefer": "wait=30"} if patient else {})
        self.mail = json.dumps(mail or MAIL).encode()
        self.acked = set()
        self.answers = {}
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def _run(self):
        connection = UnixConnection(self.gateway.socket, 30)
        try:
            while not self.stopping:
                connection.request("POST", "/v1/messages", self.mail, self.headers)
                answer = connection.getresponse()
                body = answer.read()
                with self.lock:
                    self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
                    if answer.status in (200, 202):
                        self.acked.add(json.loads(body)["id"])
        except OSError:
            pass  # the daemon was killed, or is not there: that is what the test is about
        except Exception as failure:  # noqa: BLE001 a cut answer is an answer that never came
            if "IncompleteRead" not in repr(failure) and "RemoteDisconnected" not in repr(failure) \
                    and "BadStatusLine" not in repr(failure) and "JSONDecodeError" not in repr(failure):
                raise
        finally:
            connection.close()


def all_messages(gateway):
    """Every message the gateway knows, by id; with attempts."""
    found, cursor = {}, ""
    while True:
        page = gateway.get("/v1/messages?limit=200" + cursor).json
        for message in page["messages"]:
            found[message["id"]] = message
        if not page.get("next"):
            return found
        cursor = "&cursor=" + page["next"]


def filed(gateway, folder="mail"):
    """Gateway id -> number of files in the Maildir's new."""
    counts = {}
    for file in (gateway.folder / folder / "new").glob("*"):
        identifier = file.name.split(".")[1]
        counts[identifier] = counts.get(identifier, 0) + 1
    return counts
