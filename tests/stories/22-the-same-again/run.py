"""A mail keeps its bytes: what is tried a second time, by a daemon that was started anew in between, is what was tried the first time,
with the Date, Message-ID and boundaries that it got when it was accepted. Who compares copies (and every reader's mail program does, by
Message-ID) sees one mail."""

import email
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from story import arguments, expect, gateway_of, wait_until  # noqa: E402

from recorder import Recorder  # noqa: E402

MAIL = {"from": "Jörg <noreply@example.com>", "to": [{"email": "first@example.net", "name": "Ünal"}], "subject": "Grüße", "text": "Größe\n.\n",
        "html": "<p>Größe <img src='cid:a'></p>", "metadata": {"order": "1"}, "headers": {"X-Order": "4711"},
        "attachments": [{"filename": "näme.txt", "content": "QQ=="}, {"filename": "a.png", "content": "Qg==", "content_id": "a"}]}


def tell(given, chunking):
    with Recorder(chunking=chunking, deferrals=2) as peer, gateway_of(given, outbox=False) as gateway:
        gateway.connection("relay", "smtp", {"host": "127.0.0.1", "port": peer.port, "security": "none"})
        gateway.start()
        identifier = gateway.send(MAIL)
        wait_until(lambda: len(peer.mails()) == 1, 20, "the first attempt")
        gateway.wait_for(identifier, "queued")
        gateway.stop()
        gateway.start()
        expect(gateway.post(f"/v1/messages/{identifier}/retry").status == 200, "cannot be tried again")
        wait_until(lambda: len(peer.mails()) == 2, 20, "the second attempt")
        gateway.wait_for(identifier, "queued")
        expect(gateway.post(f"/v1/messages/{identifier}/retry").status == 200, "cannot be tried again")
        gateway.wait_for(identifier, "sent")
        contents = [mail[-1] for mail in peer.mails()]
        expect(len(contents) == 3 and len(set(contents)) == 1, f"{contents}")
        expect(contents[0] == gateway.get(f"/v1/messages/{identifier}/content").body, "the API shows another mail")
        parsed = email.message_from_bytes(contents[0])
        expect(parsed["Date"] and parsed["Message-ID"] and parsed.is_multipart(), contents[0])


def main():
    given = arguments()
    for chunking in (False, True):
        tell(given, chunking)
    print("three attempts, one mail, by DATA and by BDAT")


main()
