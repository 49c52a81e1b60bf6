#!/usr/bin/env python3
"""ses.so's sends into aws-ses-v2-local, somebody else's copy of SES that reads every request and shows what it understood.

    tests/peers/ses_local.py build/release/bin/gatepostd build/release/lib/gatepost [--mails 60] [--seed N]

Generated mails, Simple and Raw; Raw mail it takes apart with mailparser. Sender, recipients, answers, subject, texts and files are
compared with what was posted. Of Raw it looks at the mail only, not at Destination: a Bcc must not show there. It does not look at
signatures (sdks.py does). Needs Node 20 and npm.
"""
import argparse
import base64
import http.client
import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import peers_base  # noqa: E402
from flat_request import addresses, decoded  # noqa: E402
from gatepost_test import Failure, Gateway, expect  # noqa: E402
from peers_recording import node_modules  # noqa: E402
from sdk_mails import Samples  # noqa: E402


class LocalSes(peers_base.Peer):
    name = "aws-ses-v2-local"

    def __init__(self, build, scratch=None):
        self.modules = node_modules(pathlib.Path(build).resolve(), "sdks")
        super().__init__(build, scratch)
        self.url = f"http://127.0.0.1:{self.port}"

    def _command(self):
        return ["node", self.modules / "aws-ses-v2-local/dist/cli.js", "--host", "127.0.0.1", "--port", self.port], {}

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _greets(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} left with {self.process.returncode}:\n{self.said()}")
        try:
            return self._get("/health-check")[0] == 200
        except OSError:
            return False

    def received(self):
        """{MessageId: what it understood}."""
        return {one["messageId"]: one for one in json.loads(self._get("/store")[1])["emails"]}


def a_label(address):
    """As DNS has the domain; mailparser shows it in its own letters."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}".lower()


def people(texts):
    """Simple keeps the encoded words of names, mailparser has decoded those of Raw. The group undisclosed-recipients is nobody."""
    return sorted((decoded(name), a_label(address)) for name, address in addresses([one for one in texts if one]) if address)


def given_people(mail, field):
    some = [mail["from"]] if field == "from" else mail.get(field, [])
    return sorted(("", a_label(one)) if isinstance(one, str) else (one.get("name", ""), a_label(one["email"])) for one in some)


def text_of(text):
    """Ends of lines do not count, nor those behind the last line."""
    return None if text is None else "\n".join(text.splitlines()).rstrip("\n")


def files_of_mail(mail):
    return sorted((one["filename"], base64.b64decode(one["content"]), one.get("content_id") or "") for one in mail.get("attachments", []))


def files_of_peer(one):
    return sorted((file["filename"], base64.b64decode(file["content"]), file.get("cid") or file.get("contentId") or "")
                  for file in one.get("attachments", []))


def check(sample, one):
    """What the peer understood, against what was posted."""
    mail, wrong = sample.mail, []

    def same(what, found, wanted):
        if found != wanted:
            found, wanted = ([one for one in first if one not in second] if isinstance(first, list) else first
                             for first, second in ((found, wanted), (wanted, found)))
            wrong.append(f"{what}: {str(found)[:300]!r}, and {str(wanted)[:300]!r} was sent")

    same("from", people([one["from"]]), given_people(mail, "from"))
    for field in ("to", "cc"):
        same(field, people(one["destination"][field]), given_people(mail, field))
    same("bcc", people(one["destination"]["bcc"]), given_people(mail, "bcc") if sample.mode == "simple" else [])
    same("reply_to", people(one["replyTo"]), given_people(mail, "reply_to"))
    same("subject", one["subject"].strip(), mail["subject"].strip())
    for ours, theirs in (("text", "text"), ("html", "html")):
        if ours in mail or sample.mode == "simple":  # mailparser makes a text of an html that stands alone
            same(ours, text_of(one["body"].get(theirs)), text_of(mail.get(ours)))
    same("attachments", files_of_peer(one), files_of_mail(mail))
    if sample.mode == "simple":
        same("headers", {header["name"]: decoded(header["value"]) for header in one.get("headers") or []}, mail.get("headers", {}))
    return wrong


def run(given, peer):
    samples = [one for one in Samples("ses", given.seed, given.mails) if one.mode in ("simple", "raw")]
    with Gateway(given.gatepostd, given.libraries / "plugins", name="ses-local") as gateway:
        gateway.connection("ses", "ses", {"region": "eu-west-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "fake-secret",
                                          "endpoint": peer.url, "allow_http": True}, limits={"concurrency": 4, "per_second": 100_000})
        gateway.start()
        ids = [gateway.send(one.mail) for one in samples]
        messages = [gateway.wait_for(one, "sent", deadline=60) for one in ids]
    store, failures = peer.received(), []
    expect(len(store) == len(samples), f"{len(samples)} mails were sent, {len(store)} are in the store")
    for sample, message in zip(samples, messages):
        (made,) = {one["provider_message_id"] for one in message["recipients"]}
        failures += [f"sample {sample.number} ({sample.mode}): {one}" for one in check(sample, store[made])]
    expect(not failures, f"{len(failures)} differences:\n" + "\n".join(failures[:10]))
    print(f"{peer.name}: {len(samples)} mails ({sum(one.mode == 'raw' for one in samples)} Raw), each understood as it was sent")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--mails", type=int, default=120)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", help="packages are kept in BUILD/peers")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with peers_base.skipping(), LocalSes(given.build) as peer:
        run(given, peer)


main()
