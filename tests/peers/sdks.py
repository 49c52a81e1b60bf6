#!/usr/bin/env python3
"""A provider's own SDK from npm and our plugin, side by side: the same generated mails through both to the same recorder on the
loopback, and every request compared field by field.

    tests/peers/sdks.py PROVIDER build/release/bin/gatepostd build/release/lib/gatepost [--mails 150] [--seed N] [--show]

PROVIDER: azure, sendgrid, mailgun, ses. A mail's two requests are found by the id that the recorder answered with, so what each side
makes of an answer is checked too. Signatures of both are recomputed. What differs on purpose stands in sdk_table.py. Out of scope,
because they are one request for several different mails: bulk sends and variables by recipient. Needs Node 20 and npm.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = HERE.parent / "support"
sys.path.insert(0, str(SUPPORT))

import flat_request  # noqa: E402
import peers_base  # noqa: E402
import sdk_table  # noqa: E402
from gatepost_test import Failure, Gateway, expect  # noqa: E402
from http_recorder import HttpRecorder, Reply  # noqa: E402
from peers_recording import node_modules  # noqa: E402
from sdk_mails import Samples  # noqa: E402
from signatures import azure_fault, sigv4_fault  # noqa: E402

KEYS = json.loads((SUPPORT / "node/sdks/keys.json").read_text())


class Api:
    """Answers as the provider would, each send with an id of its own."""

    def __init__(self, provider):
        self.provider, self.sends, self.recorder = provider, {}, HttpRecorder(self.answer)

    def answer(self, one):
        if self.provider == "azure" and one.method == "GET":
            return Reply(200, {"id": one.path.split("/")[-1].split("?")[0], "status": "Succeeded"})
        number = len(self.sends)
        made = {"azure": one.headers.get("operation-id") or str(uuid.uuid4()), "sendgrid": f"recorded-{number}",
                "mailgun": f"<2026.{number}@mg.example.com>", "ses": f"0100-{number}"}[self.provider]
        expect(made not in self.sends, f"{made} was sent twice")
        self.sends[made] = one
        where = f"{self.recorder.url}/emails/operations/{made}?api-version=2025-09-01"
        return {"azure": Reply(202, {"id": made, "status": "Running", "error": None}, {"Operation-Location": where, "retry-after": "0"}),
                "sendgrid": Reply(200 if b'"sandbox_mode":{"enable":true}' in one.body else 202, b"", {"X-Message-Id": made}),
                "mailgun": Reply(200, {"id": made, "message": "Queued. Thank you."}),
                "ses": Reply(200, {"MessageId": made})}[self.provider]

    def taken(self):
        sends, self.sends = self.sends, {}
        return sends


def environment(modules):
    """Of this machine's settings for proxies and AWS nothing may reach the SDKs."""
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("AWS_")}
    return {**plain, "NODE_PATH": str(modules), "NODE_NO_WARNINGS": "1", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def by_sdk(given, api, samples, modules):
    """Each sample through the SDK; {number: request}."""
    lines = [json.dumps({"mail": one.mail, "mode": one.mode, "session": one.session}) for one in samples]
    done = subprocess.run(["node", SUPPORT / "node/sdks/send.js", given.provider, api.recorder.url], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, timeout=240, env=environment(modules))
    said = [json.loads(line) for line in done.stdout.splitlines()]
    expect(done.returncode == 0 and len(said) == len(lines), f"the SDK's program ended after {len(said)} mails:\n{done.stderr[-3000:]}")
    wrong = [f"{one.number}: {words['error']}" for one, words in zip(samples, said) if "id" not in words]
    expect(not wrong, "the SDK did not send " + "\n".join(wrong[:5]))
    sends = api.taken()
    return {one.number: sends[words["id"]] for one, words in zip(samples, said)}


def connections(gateway, given, url):
    """One for the provider, and for SES one more with temporary keys."""
    usual = {"endpoint": url, "allow_http": True}
    fast = {"concurrency": 8, "per_second": 100_000, "per_minute": 1_000_000, "per_hour": 10_000_000}
    settings = {"azure": {"access_key": KEYS["azure"], "display_name": "Zprávy ✅", "lookups": False},
                "sendgrid": {"api_key": KEYS["sendgrid"]}, "mailgun": {"api_key": KEYS["mailgun"], "domain": "mg.example.com"},
                "ses": {"region": "eu-west-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": KEYS["ses"]}}[given.provider]
    gateway.connection(given.provider, given.provider, {**settings, **usual}, limits=fast)
    if given.provider == "ses":
        gateway.connection("session", "ses", {**settings, **usual, "session_token": KEYS["session"]}, limits=fast)


def by_gateway(given, api, samples):
    """Each sample through gatepostd; ({number: request}, {number: the message})."""
    with Gateway(given.gatepostd, given.libraries / "plugins", name="sdks") as gateway:
        connections(gateway, given, api.recorder.url)
        gateway.start()
        ids = {}
        for one in samples:
            try:
                ids[one.number] = gateway.send({**one.mail, "connection": "session" if one.session else given.provider})
            except Failure as why:
                raise Failure(f"sample {one.number} ({one.mode}): {why}\n{str(one.mail)[:3000]}") from None
        messages = {number: gateway.wait_for(identifier, "sent", deadline=60) for number, identifier in ids.items()}
    sends, found = api.taken(), {}
    for number, message in messages.items():
        (provider_id,) = {one.get("provider_message_id") for one in message["recipients"]}
        if provider_id is None:  # checked in SendGrid's sandbox: there is no such mail
            (provider_id,) = [made for made, one in sends.items() if message["id"].encode() in one.body]
        found[number] = sends.get(provider_id) or sends.get(f"<{provider_id}>")
        expect(found[number], f"no request was answered with {provider_id}: {message}")
        expect(len(message["attempts"]) == 1, f"{message}")
    expect(len(sends) == len(samples), f"{len(samples)} mails became {len(sends)} requests")
    return found, messages


def signature_fault(provider, one):
    if provider == "azure":
        return azure_fault(one, KEYS["azure"])
    return sigv4_fault(one, {"AKIDEXAMPLE": KEYS["ses"]}) if provider == "ses" else None


def compare(given, sample, ours, theirs, message):
    """What no row of the table explains: ["path: ours | theirs"]."""
    wrong = [f"the signature of {who}: {fault}" for who, one in (("ours", ours), ("the SDK's", theirs))
             if (fault := signature_fault(given.provider, one))]
    mine, its = (flat_request.request(given.provider, one) for one in (ours, theirs))
    known = {**sample.mail, "id": message["id"]}
    for path in sorted(set(mine) | set(its)):
        one, other = mine.get(path), its.get(path)
        if one != other and not sdk_table.explain(given.provider, path, one, other, known):
            wrong.append(f"{path}:\n      ours {str(one)[:400]!r}\n      SDK  {str(other)[:400]!r}")
    return wrong, len(mine)


def run(given, modules):
    samples, api, begun = list(Samples(given.provider, given.seed, given.mails)), Api(given.provider), time.monotonic()
    with api.recorder:
        theirs = by_sdk(given, api, samples, modules)
        middle = time.monotonic()
        ours, messages = by_gateway(given, api, samples)
    failures, fields = {}, 0
    for one in samples:
        wrong, count = compare(given, one, ours[one.number], theirs[one.number], messages[one.number])
        fields += count
        if wrong:
            failures[one.number] = f"sample {one.number} ({one.mode}):\n    " + "\n    ".join(wrong[:20 if given.show else 5])
    rows = collections.Counter({row.reason: row.used for row in sdk_table.ROWS if row.used})
    print(f"{given.provider}: {len(samples)} mails, {sum(len(one['recipients']) for one in messages.values())} recipients, {fields} fields; "
          f"SDK {middle - begun:.1f} s, gateway {time.monotonic() - middle:.1f} s. Different on purpose:")
    for reason, count in rows.most_common():
        print(f"  {count:5} {reason}")
    shown = list(failures.values())[:None if given.show else 5]
    expect(not failures, f"{len(failures)} mails differ from what the SDK sends:\n" + "\n".join(shown))
    if given.mails >= 100:
        unused = [row.reason for row in sdk_table.stale(given.provider)]
        expect(not unused, f"nothing differs here any more: {unused}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("provider", choices=sorted(Samples.limit))
    parser.add_argument("gatepostd", type=pathlib.Path)
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--mails", type=int, default=150)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", help="packages are kept in BUILD/peers")
    parser.add_argument("--show", action="store_true", help="every difference, not the first ones")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with peers_base.skipping():
        modules = node_modules(given.build.resolve(), "sdks")
        run(given, modules)


main()
