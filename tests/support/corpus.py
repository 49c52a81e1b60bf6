"""Mails for the peers, generated: the same seed gives the same mails. Each Mail is one POST (JSON, or message/rfc822 with the
envelope in the query) and knows whom it goes to. Every mail carries its number in X-Corpus, so that what arrives can be told.

Kinds, in turn: plain and HTML text in many scripts, UTF-8 names and addresses (addresses only if the peer offers SMTPUTF8), lines
of dots, lines of 998 octets and just beside, lines far longer (handed in as text, so that the gateway encodes them), bare CR and LF
in message/rfc822, headers of all kinds, attachments, empty bodies, 100 recipients, and a few of 10 MB.
"""

import base64
import dataclasses
import random

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SCRIPTS = ("Grüße aus Köln, ñandú, façade ", "Привет, мир. Ёжик ", "日本語のメール、漢字とかな ", "שלום עולם مرحبا ", "emoji 🎈🦀👩‍👩‍👧 and ǆ ",
           "plain words of every day ", "Ελληνικά με τόνους ")
NAMES = ("Åsa Öberg", "山田 太郎", "Łukasz \"Lu\" Żak", "O'Brien, Pat", "a very long name " * 6 + "end", "Ünï (comment) <odd>", "")
BIG = 10 << 20


@dataclasses.dataclass(frozen=True)
class Mail:
    number: int
    kind: str
    sender: str
    recipients: tuple
    body: object  # a dict: JSON; bytes: message/rfc822


def post(gateway, mail):
    """Hands a Mail in; gives the id."""
    if isinstance(mail.body, bytes):
        return gateway.send_raw(mail.body, mail.sender, mail.recipients)
    return gateway.send(mail.body)


class Corpus:
    def __init__(self, seed, mails=1000, smtputf8=True, big=3):
        self.random, self.mails, self.smtputf8, self.big = random.Random(seed), mails, smtputf8, big

    def __iter__(self):
        makers = [self._text, self._html, self._dots, self._widths, self._bare, self._headers, self._attachment, self._empty,
                  self._long, self._raw_8bit, self._names]
        if self.smtputf8:
            makers.append(self._international)
        crowds = set(self.random.sample(range(self.mails), max(1, self.mails // 200)))
        giants = set(self.random.sample(sorted(set(range(self.mails)) - crowds), min(self.big, self.mails // 100)))
        for number in range(self.mails):
            maker = self._crowd if number in crowds else self._giant if number in giants else makers[number % len(makers)]
            yield maker(number)

    # ---- pieces -------------------------------------------------------------------------------

    def _word(self, least=1, most=12):
        return "".join(self.random.choices(LETTERS, k=self.random.randint(least, most)))

    def _address(self, domain="example.net"):
        local = self.random.choice(["{0}", "{0}.{1}", "{0}+{1}", "{0}_{1}", "{0}-{1}", "{0}=x"]).format(self._word(2), self._word(2))
        return f"{local}@{self.random.choice(['', 'mail.', 'a-b.'])}{domain}"

    def _recipients(self, count=None):
        return tuple(dict.fromkeys(self._address() for _ in range(count or self.random.choice([1, 1, 1, 1, 2, 3]))))

    def _prose(self, lines=12):
        return "\n".join(self.random.choice(SCRIPTS) * self.random.randint(0, 4) for _ in range(self.random.randint(1, lines)))

    def _json(self, number, kind, recipients=None, **more):
        recipients = recipients or self._recipients()
        mail = {"from": "Corpus <noreply@example.com>", "to": list(recipients), "subject": f"Corpus {number} {kind}",
                **more}
        mail["headers"] = {"X-Corpus": str(number), **more.get("headers", {})}
        return Mail(number, kind, "noreply@example.com", recipients, mail)

    def _raw(self, number, kind, body, fields=(), newline=b"\r\n"):
        recipients = self._recipients()
        head = [b"From: Corpus <noreply@example.com>", b"To: " + recipients[0].encode(), b"Subject: Corpus " + kind.encode(),
                b"Date: Sun, 22 Nov 2026 10:00:00 +0000", b"Message-ID: <%d.corpus@example.com>" % number,
                b"X-Corpus: %d" % number, *fields]
        return Mail(number, kind, "noreply@example.com", recipients, newline.join([*head, b"", body]))

    # ---- kinds --------------------------------------------------------------------------------

    def _text(self, number):
        return self._json(number, "text", text=self._prose(), subject=f"{self.random.choice(SCRIPTS).strip()} {number}")

    def _html(self, number):
        return self._json(number, "html", text=self._prose(4), html=f"<p>{self._prose()}</p>\n" * self.random.randint(1, 5))

    def _names(self, number):
        mail = self._json(number, "names", recipients=self._recipients(3), text=self._prose(3))
        mail.body["from"] = {"email": "noreply@example.com", "name": self.random.choice(NAMES)}
        mail.body["to"] = [{"email": one, "name": self.random.choice(NAMES)} for one in mail.recipients]
        mail.body["reply_to"] = [{"email": "réponse@example.com" if self.smtputf8 else "answer@example.com", "name": "Réponse"}]
        return mail

    def _international(self, number):
        recipients = (f"ünï{self._word()}@example.net", f"{self._word()}@bücher.example", self._address())
        return self._json(number, "international", recipients=recipients[:self.random.randint(1, 3)], text=self._prose(3))

    def _dots(self, number):
        lines = [b"." * self.random.randint(0, 4) + self._word(0, 3).encode() for _ in range(40)]
        body = b"\r\n".join([b".", b"..", *lines, b".", b""])
        return self._raw(number, "dots", body + self.random.choice([b"", b".", b"..", b"\r\n.\r\n", b"."]))

    def _widths(self, number):
        widths = self.random.sample([996, 997, 998, 998, 76, 77, 78], 4)
        lines = [self.random.choice([b"x", b"."]) * width for width in widths]
        return self._raw(number, "widths", b"\r\n".join([*lines, b""]))

    def _long(self, number):
        line = self._word(50, 50) * self.random.choice([20, 40, 200])
        return self._json(number, "long", text=f"{line}\n{line} {self.random.choice(SCRIPTS)}\n")

    def _bare(self, number):
        breaks = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\r", b"."]
        pieces = [self._word().encode() + self.random.choice(breaks) for _ in range(30)]
        newline = self.random.choice([b"\n", b"\r\n"])
        return self._raw(number, "bare", b"".join(pieces) + self.random.choice([b"", b"\r", b"\n", b"."]), newline=newline)

    def _raw_8bit(self, number):
        fields = [b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: 8bit"]
        return self._raw(number, "8bit", self._prose().encode() + b"\xff\xfe\x80 latin \xe9\r\n", fields)

    def _headers(self, number):
        wide = " ".join(self._word(3) for _ in range(self.random.choice([20, 60])))
        headers = {"X-Wide": wide, "X-Script": self.random.choice(SCRIPTS), "X-Empty-Ish": ".", "List-Unsubscribe": "<mailto:out@example.com>",
                   "References": " ".join(f"<{self._word(20, 20)}@example.com>" for _ in range(12)), "Precedence": "bulk"}
        chosen = dict(self.random.sample(sorted(headers.items()), 4))
        if number % 2:
            return self._json(number, "headers", headers=chosen, text="Headers\n")
        fields = [b"Received: from a.example by b.example;\r\n\tSun, 22 Nov 2026 09:00:00 +0000", b"X-Folded: one\r\n two\r\n\tthree",
                  b"X-No-Space:value", b"X-Tab: a\tb\t", b"x-lower: %s" % self._word().encode(), b"X-Long: " + b"y" * 985, b"Received: from c.example; now"]
        self.random.shuffle(fields)
        return self._raw(number, "headers", b"Headers\r\n", fields)

    def _attachment(self, number):
        files = [{"filename": self.random.choice(["a.bin", "Übersicht 2026.pdf", "長い名前のファイル.txt", "q\"uote.csv"]),
                  "content_type": "application/octet-stream",
                  "content": base64.b64encode(self.random.randbytes(self.random.randint(0, 20_000))).decode()}
                 for _ in range(self.random.randint(1, 3))]
        return self._json(number, "attachment", text=self._prose(3), html="<b>See below</b>", attachments=files)

    def _empty(self, number):
        if number % 2:
            return self._raw(number, "empty", self.random.choice([b"", b"\r\n", b"\n\n"]))
        return self._json(number, "empty", text=self.random.choice(["", "\n", " "]))

    def _crowd(self, number):
        return self._json(number, "crowd", recipients=tuple(f"{one}.{self._word()}@example.net" for one in range(100)), text=self._prose(2))

    def _giant(self, number):
        content = base64.b64encode(self.random.randbytes(BIG)).decode()
        return self._json(number, "giant", text="A big one\n", attachments=[
            {"filename": "big.bin", "content_type": "application/octet-stream", "content": content}])
