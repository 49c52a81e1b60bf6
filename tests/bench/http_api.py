"""The HTTP providers end to end, in one run on one machine:

api      4 KiB mails from 20 clients, durable in the gateway, through sendgrid.so to an nginx on the loopback that answers 202; against
         @sendgrid/mail in Node, which has no queue, in an application that awaits each send: that is what the claim is of. The ratio
         to the SDK at its best is printed too: a first turn with 1 or 20 and more requests in flight on kept connections finds what
         is best for each. Then all take turns, and medians count. The clock runs from the first mail until nginx has counted the
         last.
streams  `concurrency = 100` to node's HTTP/2 server, which holds its answers until 100 requests stand open on one connection.
memory   one mail with a large attachment: peak over idle. 21 MB through sendgrid.so, as JSON and as raw mail that is taken apart
         (30 MB in base64 is all that SendGrid takes), and 25 MB through ses.so.
"""
import json
import statistics
import time

from common import body, claim, load, new_gateway, not_measured, peak, resident
from end_to_end import CLIENTS, SIZE, Clock, program_to
from gatepost_test import wait_until
from peers_base import HERE as SUPPORT
from peers_base import Skip
from peers_recording import node_modules
from web import Http2, Nginx

LANES, IN_FLIGHT, STREAMS, TURNS = (20, 64), (1, 8, 32, 64), 100, 5
KEYS = {"sendgrid": {"api_key": "SG.benchmark"},
        "ses": {"region": "eu-central-1", "access_key_id": "AKIABENCHMARK", "secret_access_key": "benchmark"}}


def settings_of(provider, url, **more):
    return {**KEYS[provider], "endpoint": url, "allow_http": url.startswith("http:"), **more}


def arrived(server, number, deadline=120):
    wait_until(lambda: server.count() >= number, deadline, f"{server.name} has counted {number}")


def gateway_to(nginx, given, lanes, mails):
    settings = settings_of("sendgrid", f"http://127.0.0.1:{nginx.port}")
    with new_gateway(given.build, ("api", "sendgrid", settings, {"concurrency": lanes})) as gateway:
        gateway.start()
        small = body(gateway, "small.json", SIZE)
        before = nginx.count()
        load(given.build, gateway, small, clients=CLIENTS, requests=1000)
        arrived(nginx, before + 1000)
        with Clock({"gatepostd": gateway.pid(), "nginx": nginx.process.pid}) as clock:
            accepted = load(given.build, gateway, small, clients=CLIENTS, requests=mails)
            arrived(nginx, before + 1000 + mails)
        rate = mails / clock.seconds
        print(f"gatepostd, {lanes} in flight, to nginx: {rate:.0f}/s end to end ({mails} mails; accepted at {accepted['rate']:.0f}/s); CPU {clock.report()}")
        return rate


def node_to(nginx, given, modules, in_flight):
    mails = int(given.seconds * 500)
    words = ["node", SUPPORT / "node/sendgrid.js", f"http://127.0.0.1:{nginx.port}", str(in_flight), str(mails), str(SIZE)]
    return program_to(nginx, f"@sendgrid/mail, {in_flight} in flight,", words, mails, {"NODE_PATH": str(modules)})


def api(given):
    modules = node_modules(given.build.parent, "sdks")
    with Nginx(given.build.parent) as nginx:
        def ours(lanes):
            return gateway_to(nginx, given, lanes, int(given.seconds * 2500))

        def theirs(in_flight):
            return node_to(nginx, given, modules, in_flight)

        lanes, in_flight = max(LANES, key=ours), max(IN_FLIGHT, key=theirs)
        print(f"best: gatepostd with {lanes}, @sendgrid/mail with {in_flight} in flight")
        turns = [(ours(lanes), theirs(in_flight), theirs(1)) for _ in range(TURNS)]
        rate, sdk, awaiting = (statistics.median(each) for each in zip(*turns))
        print(f"medians: {rate:.0f}/s, {sdk:.0f}/s, {awaiting:.0f}/s by an application that awaits each send; of the SDK at its best, {rate / sdk:.2f}x")
        claim("through sendgrid.so against @sendgrid/mail, awaited", rate / awaiting, 5, "x", True)


def streams(given):
    with Http2(given.build.parent, STREAMS) as server:
        settings = settings_of("sendgrid", server.url, ca_file=str(server.certificate.ca))
        with new_gateway(given.build, ("h2", "sendgrid", settings, {"concurrency": STREAMS})) as gateway:
            gateway.start()
            small = body(gateway, "small.json", SIZE)
            begun = time.monotonic()
            load(given.build, gateway, small, clients=CLIENTS, requests=20 * STREAMS)
            wait_until(lambda: server.count()["requests"] >= 20 * STREAMS, 60, "all have arrived")
            seen = server.count()
            print(f"HTTP/2: {20 * STREAMS / (time.monotonic() - begun):.0f}/s; {seen}")
    claim("requests in flight on one HTTP/2 connection", seen["most"], STREAMS, "", True)


def large_mail(megabytes):
    head = ("From: a@example.com\r\nTo: b@example.net\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n--b\r\n"
            "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n")
    lines = (megabytes << 20) * 4 // 3 // 76
    return head.encode() + (b"QUJD" * 19 + b"\r\n") * lines + b"--b--\r\n"


def memory(given):
    with Nginx(given.build.parent) as nginx:
        for provider, megabytes, as_json in (("sendgrid", 21, True), ("sendgrid", 21, False), ("ses", 25, False)):
            settings = settings_of(provider, f"http://127.0.0.1:{nginx.port}")
            with new_gateway(given.build, ("api", provider, settings, None)) as gateway:
                gateway.start()
                end = time.monotonic() + 2.5  # idle: the spool has given its cache back
                wait_until(lambda: time.monotonic() > end, 5)
                idle = resident(gateway)
                if as_json:
                    identifier = gateway.send(json.loads(body(gateway, "big.json", SIZE, megabytes << 20).read_text()))
                else:
                    identifier = gateway.send_raw(large_mail(megabytes), "a@example.com", ["b@example.net"])
                gateway.wait_for(identifier, "sent", deadline=60)
                kind = "JSON" if as_json else "message/rfc822"
                claim(f"peak over idle, {megabytes} MB attachment as {kind} through {provider}.so", peak(gateway) - idle, 40, " MB", False)


def run(given):
    for provider in KEYS:
        if not (given.build / f"lib/gatepost/plugins/{provider}.so").exists():
            raise SystemExit(f"{provider}.so is not built")
    for part in (api, streams, memory):
        try:
            part(given)
        except Skip as reason:
            not_measured(part.__name__, reason)
