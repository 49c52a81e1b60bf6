"""Mails for the providers' APIs, generated: the same seed and provider give the same mails. A mail is what is posted to a gateway;
a provider's own SDK gets the same one. The first ones are hand-made: each holds one of the odd but legal things that random mails
would meet too rarely. No mail holds what its provider refuses: what is refused is proven elsewhere.

Names, texts and headers in many scripts; one recipient, a few, or the provider's limit in To, Cc and Bcc; files and inline images;
headers that nobody expects; and the provider's own options, each of them in turn.
"""

import base64
import dataclasses
import random
import time
import uuid

from corpus import LETTERS, SCRIPTS

NAMES = ("Åsa Öberg", "山田 太郎", "Łukasz \"Lu\" Żak", "O'Brien, Pat", "a very long name " * 6 + "end", "Ünï (comment) <odd>", "Doe; Jane",
         "back\\slash", "J. R. Dot",
         "محمد علي", "👩‍👩‍👧 family 🎈", "user@example.com", "plain", "Ana Mª [x]", "Zprávy ✅", "")
FILES = ("a.bin", "Übersicht 2026.pdf", "長い名前のファイル.txt", "q\"uote.csv", "semi; colon=1.txt", "per%20cent.dat", "two  spaces.png")
TYPES = ("application/pdf", "image/png", "text/csv", "application/octet-stream", "text/calendar", "application/zip")
HEADERS = {
    "X-Campaign": "autumn", "x-lower": "UPPER and lower", "X-Odd.Name_1": "dots.and_lines", "X-!#$%&'*+-.^_`|~": "marks of a token",
    "X-Wide": " ".join(["words"] * 60), "X-One-Word": "y" * 700, "X-Script": "Žluťoučký kůň – 你好 ✅", "X-Long-Script": "Привет, мир. " * 12,
    "X-Quotes": "\"a \\\" b\", <c@d>; e=f (g)", "X-Colon": "a: b: c", "X-Dot": ".", "X-Json": "{\"to\": [\"a\"]}", "Precedence": "bulk",
    "List-Unsubscribe": "<mailto:out@example.com>, <https://example.com/u?id=1&x=%20>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "References": " ".join(f"<{letter * 20}@example.com>" for letter in "abcdefgh"), "In-Reply-To": "<a.b@example.com>",
    "Auto-Submitted": "auto-generated", "Feedback-ID": "1:2:3:gate"}
ARN = "arn:aws:ses:eu-west-1:111122223333:identity/example.com"


@dataclasses.dataclass(frozen=True)
class Sample:
    number: int
    mode: str  # how the provider gets it, where it has several ways: form, mime; simple, raw, template
    session: bool  # SES: with temporary keys
    mail: dict


class Samples:
    limit = {"azure": 50, "sendgrid": 1000, "mailgun": 1000, "ses": 50}
    modes = {"azure": ("json",), "sendgrid": ("json",), "mailgun": ("form", "mime"), "ses": ("simple", "raw")}

    def __init__(self, provider, seed, count=150):
        self.provider, self.count = provider, count
        self.random = random.Random(f"{provider} {seed}")

    def __iter__(self):
        made = self._handmade()
        for number in range(self.count):
            mode = self.modes[self.provider][number % len(self.modes[self.provider])]
            changes = next(made, None)
            mode, mail = (mode, self._mail(number, mode)) if changes is None else self._handed(number, mode, changes)
            yield Sample(number, mode, self.provider == "ses" and number % 3 == 0, mail)

    # ---- pieces -------------------------------------------------------------------------------

    def _word(self, least=2, most=12):
        return "".join(self.random.choices(LETTERS, k=self.random.randint(least, most)))

    def _address(self):
        local = self.random.choice(["{0}", "{0}.{1}", "{0}+{1}", "{0}_{1}", "{0}-{1}", "{0}=x", "{0}'s", "{0}/{1}", "{0}&{1}"])
        domain = self.random.choice(["example.net", "mail.example.org", "a-b.example.com", "xn--bcher-kva.example"])
        return local.format(self._word(6), self._word()) + "@" + domain

    def _person(self):
        name = self.random.choice(NAMES)
        return {"email": self._address(), "name": name} if name else self._address()

    def _people(self, least, most):
        return [self._person() for _ in range(self.random.randint(least, most))]

    def _prose(self, lines=10):
        end = self.random.choice(["\r\n", "\n"])
        some = [self.random.choice(SCRIPTS) * self.random.randint(0, 4) for _ in range(self.random.randint(1, lines))]
        return end.join([*some, self.random.choice([".", "..", "last", "x" * 1200])]) + self.random.choice(["", end])

    def _file(self, size=None):
        content = self.random.randbytes(self.random.randint(1, 20_000) if size is None else size)
        return {"filename": self.random.choice(FILES), "content_type": self.random.choice(TYPES),
                "content": base64.b64encode(content).decode()}

    def _image(self, number):
        return {**self._file(), "content_type": "image/png", "disposition": "inline", "content_id": f"logo-{number}.{self._word()}"}

    # ---- mails --------------------------------------------------------------------------------

    def _plain(self, number):
        domain = "mg.example.com" if self.provider == "mailgun" else "example.com"
        return {"from": {"email": f"news@{domain}"}, "to": [self._address()], "subject": f"Sample {number}", "text": "Hello"}

    def _handed(self, number, mode, changes):
        mode = changes.pop("mode", mode)
        mail = {**self._plain(number), **changes}
        return mode, self._in_mode({name: value for name, value in mail.items() if value is not None}, mode)

    def _mail(self, number, mode):
        pick, mail = self.random, self._plain(number)
        if self.provider != "azure":
            mail["from"]["name"] = pick.choice(NAMES)
        mail["to"] = self._people(1, 4)
        for field in ("cc", "bcc", "reply_to"):
            if pick.random() < 0.4:
                mail[field] = self._people(1, 3)
        mail["subject"] = pick.choice([pick.choice(SCRIPTS).strip(), "Re: \"x\" <y>; z=1, (c)", "S " * 120]) + f" {number}"
        kind = pick.choice(["text", "html", "both"])
        mail.pop("text")
        if kind != "html":
            mail["text"] = self._prose()
        if kind != "text":
            mail["html"] = f"<p>{self._prose()}</p>"
        mail["headers"] = {name: HEADERS[name] for name in pick.sample(sorted(HEADERS), pick.randint(0, 6))}
        mail["attachments"] = [self._file() for _ in range(pick.choice([0, 0, 1, 3]))]
        if "html" in mail:
            mail["attachments"] += [self._image(one) for one in range(pick.choice([0, 0, 1, 2]))]
        pick.shuffle(mail["attachments"])
        mail["tags"] = [self._word() for _ in range(pick.randint(0, 3))]
        mail["metadata"] = {self._word(): self._word() for _ in range(pick.randint(0, 3))}
        options = {name: value for one in pick.sample(self._options(), 2) for name, value in one.items() if pick.random() < 0.7}
        if options:
            mail["provider_options"] = {self.provider: options}
        return self._in_mode(mail, mode)

    def _in_mode(self, mail, mode):
        asked = {"form": "form", "simple": "simple"}.get(mode)
        if asked:
            mail["provider_options"] = {self.provider: {**mail.get("provider_options", {}).get(self.provider, {}), "mode": asked}}
        return mail

    # ---- what a random mail rarely is ---------------------------------------------------------

    def _handmade(self):
        """Members that differ from the plainest mail; None takes one away."""
        yield {}
        yield from self._crowds()
        yield {"text": None, "html": "<p>Only html</p>"}
        yield {"text": "no end of line"}
        yield {"text": "ends\r\n\r\n\r\n"}
        yield {"text": "a\nb\r\nc\rd\n"}
        yield {"text": " leading, trailing \t \n\n  \n\t", "html": "\n<p>\t</p>\n"}
        yield {"text": "\u2028 \u00a0 \ufeff \x7f \u0085 \ufffd"}
        yield {"text": "z" * 3000 + "\n" + "ž" * 3000}
        yield {"text": "\"quotes\" \\backslashes\\ /slashes/ \b\f </script> \u0001"}
        yield {"subject": "  two  spaces  "}
        yield {"subject": "ž" * 300}
        yield {"subject": "=?UTF-8?Q?not_meant_as_such?="}
        for name in NAMES[:-1]:
            yield {"to": [{"email": self._address(), "name": name}], "reply_to": [{"email": self._address(), "name": name}],
                   **({} if self.provider == "azure" else {"from": {"email": self._plain(0)["from"]["email"], "name": name}})}
        yield {"to": [{"email": "a@bücher.example", "name": "IDN"}, "b@münchen.example"]}
        for name in FILES:
            yield {"attachments": [{**self._file(40), "filename": name}]}
        yield {"attachments": [{**self._file(40), "content_type": "text/plain; charset=utf-8"}]}
        yield {"attachments": [{**self._file(0), "content_type": "text/plain", "content": base64.b64encode(b"a\nb\r\nc\rd").decode()}]}
        yield {"attachments": [self._file(600_000)]}
        yield {"html": "<img src=\"cid:x@y\">", "attachments": [{**self._image(0), "content_id": "x@y"}]}
        yield {"headers": dict(list(HEADERS.items())[:10])}
        yield {"headers": dict(list(HEADERS.items())[10:])}
        yield {"reply_to": [self._person() for _ in range(2)]}
        if self.provider == "azure":
            yield {"from": {"email": "news@example.com", "name": "Zprávy ✅"}}
        if self.provider in ("azure", "ses", "mailgun"):
            yield {"tags": ["one.tag"], "metadata": {"user": "42"}}
        if self.provider in ("ses", "mailgun"):
            yield {"to": [], "bcc": [self._person()], "mode": {"ses": "simple", "mailgun": "mime"}[self.provider]}
            yield {"to": [], "bcc": [self._person()], "mode": {"ses": "raw", "mailgun": "mime"}[self.provider]}
            yield {"attachments": [self._file(0)], "mode": {"ses": "raw", "mailgun": "mime"}[self.provider]}
        for options in self._options():
            yield {"provider_options": {self.provider: options}}
        yield from self._templates()

    def _crowds(self):
        most = self.limit[self.provider]
        third = most // 3
        for modes in self.modes[self.provider]:
            yield {"mode": modes, "to": [self._person() for _ in range(most)]}
            yield {"mode": modes, "to": [self._person() for _ in range(most - 2 * third)], "cc": [self._person() for _ in range(third)],
                   "bcc": [self._person() for _ in range(third)]}

    def _templates(self):
        data = {"name": "Ána", "total": 12.5, "list": [1, {"deep": None}], "yes": True}
        if self.provider == "sendgrid":
            yield {"text": None, "provider_options": {"sendgrid": {
                "template_id": "d-0123456789abcdef0123456789abcdef", "dynamic_template_data": data}}}
        if self.provider == "mailgun":
            chosen = {"template": "welcome", "template_version": "v2", "template_text": True, "template_variables": data}
            yield {"text": None, "mode": "form", "provider_options": {"mailgun": chosen}}
            yield {"mode": "form", "provider_options": {"mailgun": {"amp_html": "<html ⚡4email></html>"}}}
        if self.provider == "ses":
            for named in ({"name": "welcome"}, {"arn": ARN.replace("identity", "template")}):
                yield {"text": None, "mode": "template", "headers": {"X-A": "ü"}, "attachments": [self._file(50)],
                       "provider_options": {"ses": {"template": {**named, "data": data}}}}

    # ---- options ------------------------------------------------------------------------------

    def _options(self):
        return {"azure": self._azure, "sendgrid": self._sendgrid, "mailgun": self._mailgun, "ses": self._ses}[self.provider]()

    def _azure(self):
        return [{"tracking": "off"}, {"tracking": "domain"}, {"operation_id": str(uuid.UUID(int=self.random.getrandbits(128), version=4))},
                {"ignore_duplicate_content_id": True, "suppress_invalid_attachment": True}, {"validate_message_id": True}]

    def _sendgrid(self):
        on, off = {"enable": True}, {"enable": False}
        return [{"sandbox": True}, {"categories": ["prod", "größe"]}, {"custom_args": {"tenant": "t1", "ключ": "\"wert\""}},
                {"send_at": int(time.time()) + 3600, "batch_id": "fakebatchid"}, {"ip_pool_name": "transactional"},
                {"asm": {"group_id": 42, "groups_to_display": [42, 43]}},
                {"mail_settings": {"bypass_spam_management": on, "bypass_bounce_management": off, "bypass_unsubscribe_management": on}},
                {"mail_settings": {"bypass_list_management": on, "footer": {"enable": True, "text": "füß", "html": "<p>füß</p>"}}},
                {"tracking_settings": {"click_tracking": {"enable": True, "enable_text": False}, "open_tracking": off}},
                {"tracking_settings": {"open_tracking": {"enable": True, "substitution_tag": "%open%"},
                                       "subscription_tracking": {"enable": True, "text": "t", "html": "<% u %>", "substitution_tag": "%u%"},
                                       "ganalytics": {"enable": True, "utm_source": "s", "utm_medium": "m", "utm_campaign": "ç"}}}]

    def _mailgun(self):
        soon = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() + 7200))
        return [{"tags": ["prod", "b c"]}, {"variables": {"json": {"tenant": "t1", "n": [1, 2]}, "text": "wört", "number": 7}}, {"testmode": True},
                {"deliverytime": soon}, {"deliver_within": "1h30m"}, {"deliverytime_optimize_period": "24h", "time_zone_localize": "14:30"},
                {"tracking": "no", "tracking_clicks": "htmlonly", "tracking_opens": False}, {"tracking": "htmlonly", "tracking_opens": True},
                {"tracking_pixel_location_top": "yes", "dkim": False}, {"dkim": True, "require_tls": True, "skip_verification": False},
                {"secondary_dkim": "example.com/s1", "secondary_dkim_public": "pub.example.com/s1"}, {"sending_ip": "192.0.2.1"},
                {"sending_ip_pool": "pool-1", "archive_to": "https://example.com/archive?a=b&c=d", "suppress_headers": "X-Mailgun-Sid"}]

    def _ses(self):
        return [{"configuration_set": "prod-set"}, {"tenant": "tenant-1"}, {"tags": {"campaign": "autumn", "who": "a.b@c"}},
                {"from_identity_arn": ARN}, {"feedback_address": "bounces@example.com", "feedback_identity_arn": ARN},
                {"list_management": {"contact_list": "main", "topic": "news"}}, {"list_management": {"contact_list": "main"}}]
