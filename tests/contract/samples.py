"""The mails of the contract test: what is posted, as JSON and as RFC 5322."""

import base64

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 600
HTML = '<p>Grüße <img src="cid:logo@example.org"></p>\r\n.\r\n<p>"quoted" \\ back</p>'
TEXT = "Grüße an alle\r\n.dot at the beginning\r\n\r\nEnde \U0001f4e7"


def full_json(connection):
    """Every member of the example in the design, and sender."""
    return {
        "from": "Acme Größe <noreply@example.com>",
        "sender": {"email": "office@example.com", "name": "Büro, innen"},
        "to": ["first@example.net", {"email": "second@example.net", "name": "Zweite Empfängerin"}],
        "cc": ['"Last, First" <third@bücher.example>'],
        "bcc": ["blind@example.net", "jörg@example.net"],
        "reply_to": ["Antworten <answers@example.com>", "more@example.com"],
        "subject": "Hello – 50 % günstiger \U0001f4e7",
        "text": TEXT,
        "html": HTML,
        "headers": {"X-Campaign": "7", "List-Id": "Größe <list.example.com>", "X-Empty": ""},
        "attachments": [
            {"filename": "a.pdf", "content_type": "application/pdf", "content": base64.b64encode(PDF).decode()},
            {
                "filename": "Übersicht € 2026.txt",
                "content_type": "text/plain; charset=utf-8",
                "content": base64.b64encode("Zahlen: äöü\n".encode()).decode(),
                "disposition": "attachment",
            },
            {
                "filename": "logo.png",
                "content_type": "image/png",
                "content": base64.b64encode(PNG).decode(),
                "disposition": "inline",
                "content_id": "logo@example.org",
            },
            {"filename": "empty.bin", "content_type": "application/octet-stream", "content": ""},
        ],
        "tags": ["signup", "größe"],
        "metadata": {"user": "42", "leer": "", "größe": "XL"},
        "organization": "acme",
        "connection": connection,
        "priority": "high",
        "provider_options": {connection: {"note": "für dich", "sandbox": True}},
        "dsn": {"notify": ["failure", "delay"], "ret": "headers", "envid": "QQ314159"},
        "expires_at": "2099-12-02T08:00:00Z",
    }


def plain_json(connection):
    return {"from": "a@example.com", "to": "b@example.net", "subject": "", "text": "x", "connection": connection}


def lines(text, encoding="utf-8"):
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode(encoding)


# multipart/mixed of multipart/alternative of multipart/related, attachments in base64 and quoted-printable, a nested mail,
# RFC 2231 and RFC 2047 names.
NESTED = lines(
    """From: inner@example.org
To: somebody@example.org
Subject: =?utf-8?q?Innen_=C3=BC?=
Date: Tue, 01 Dec 2026 08:00:00 +0000
Message-ID: <inner@example.org>

Inner body
"""
)
QUOTED = "Ein langer Text = mit Gleichheitszeichen und Umlauten äöü.\r\n"
MIXED = (
    lines(
        """From: =?utf-8?q?Acme_Gr=C3=B6=C3=9Fe?= <noreply@example.com>
Sender: "Office, The" <office@example.com>
To: First <first@example.net>, second@example.net
Cc: Copy <third@example.net>
Bcc: blind@example.net
Reply-To: answers@example.com
Subject: =?utf-8?b?SGFsbG8gw7xiZXJhbGw=?=
Date: Tue, 01 Dec 2026 08:00:00 +0100
Message-ID: <mixed-1@example.com>
X-Campaign: 7
X-Folded: one
\ttwo
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="mixed"

The preamble is for nobody.
--mixed
Content-Type: multipart/alternative; boundary="alternative"

--alternative
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe an =
alle
--alternative
Content-Type: multipart/related; boundary="related"

--related
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>Grüße <img src="cid:logo@example.org"></p>
--related
Content-Type: image/png; name="logo.png"
Content-ID: <logo@example.org>
Content-Disposition: inline; filename="logo.png"
Content-Transfer-Encoding: base64

"""
    )
    + lines(base64.encodebytes(PNG).decode())
    + lines(
        """--related--
--alternative--
--mixed
Content-Type: application/pdf
Content-Disposition: attachment; filename*0*=utf-8''%C3%9Cbersicht; filename*1*=%20%E2%82%AC.pdf
Content-Transfer-Encoding: base64

"""
    )
    + lines(base64.encodebytes(PDF).decode())
    + lines(
        """--mixed
Content-Type: text/plain; charset=utf-8; name="=?utf-8?q?gr=C3=BC=C3=9Fe=2Etxt?="
Content-Disposition: attachment
Content-Transfer-Encoding: quoted-printable

Ein langer Text =3D mit Gleichheitszeichen und =
Umlauten =C3=A4=C3=B6=C3=BC.

--mixed
Content-Type: message/rfc822

"""
    )
    + NESTED
    + lines("--mixed--\n")
)

# 8bit, latin-1, no Date, no Message-ID, lone LF lines, a line that begins with a dot.
LATIN1 = (
    "From: a@example.com\nTo: b@example.net\nSubject: plain\nMIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n"
    "Gr\xfc\xdfe\n.dot\n"
).encode("latin-1")

SIGNED = lines(
    """From: a@example.com
To: b@example.net
Subject: signed
Date: Tue, 01 Dec 2026 08:00:00 +0000
Message-ID: <signed@example.com>
MIME-Version: 1.0
Content-Type: multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256; boundary="s"

--s
Content-Type: text/plain

Signed.
--s
Content-Type: application/pgp-signature; name="signature.asc"

-----BEGIN PGP SIGNATURE-----
x
-----END PGP SIGNATURE-----
--s--
"""
)
