"""An OAuth2 provider on the loopback with the wire format of Google's and Microsoft's: tokens, device codes, consent with PKCE.
Standard library, and openssl to check a service account's signature; a thread a connection.

    with TokenServer(flavour="microsoft", rotate=True) as tokens:
        refresh = tokens.consent()              # a refresh token, as after a login
        tokens.table(refresh_token=refresh)     # for [oauth]
        tokens.expires_in = 2                   # from the next answer on
        tokens.next.append(Reply(503))          # instead of the next answer of /token
        tokens.active(token)                    # may a mail server take it? This counts as its use
        tokens.count("refresh_token"), tokens.refused

Rotation: with rotate=True every refresh gives a new refresh token, and the one before is good only until the new one is known to
have arrived: until it is presented, or an access token that came with it is used. That is all the grace that a client needs which
may die between the answer and the disk, and no more than that: one that uses an access token before its refresh token is safe, and
then dies, finds itself locked out here. grace=False takes even that away."""

import base64
import collections
import dataclasses
import hashlib
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclasses.dataclass
class Reply:
    status: int = 200
    body: object = b""
    headers: dict = dataclasses.field(default_factory=dict)


class Family:
    """The refresh tokens that follow from one consent."""

    def __init__(self):
        self.current, self.previous = "1//" + secrets.token_urlsafe(24), None


@dataclasses.dataclass
class Access:
    expires: float
    family: object = None
    refresh: str = ""  # that came with it


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TokenServer:
    def __init__(self, flavour="google", client_id="client-1", client_secret="secret-1", expires_in=3599, rotate=False, grace=True,
                 certificate=None, account_key=None):
        self.flavour, self.client_id, self.client_secret = flavour, client_id, client_secret
        self.expires_in, self.rotate, self.grace, self.account_key = expires_in, rotate, grace, account_key
        self.interval, self.device_expires_in, self.certificate = 1, 300, certificate
        self.turn = threading.RLock()
        self.seen = []  # of /token: (grant_type, form)
        self.uses = collections.Counter()  # access token -> times that a mail server asked
        self.refused = []  # (grant_type, error)
        self.next = []  # replies instead of our own, for /token
        self.before_answer = lambda grant: None  # outside the lock; a test may sleep here
        self.families, self.access, self.devices, self.codes = {}, {}, {}, {}
        self.revoked_access = set()
        self.server = self._listen()
        self.url = f"{'https' if certificate else 'http'}://localhost:{self.server.server_address[1]}"

    # ---- the test's side ----------------------------------------------------------------------

    def consent(self):
        with self.turn:
            family = Family()
            self.families[family.current] = family
            return family.current

    def table(self, **more):
        """For a connection's [oauth]."""
        found = {"token_url": self.url + "/token", "authorize_url": self.url + "/authorize", "device_url": self.url + "/devicecode",
                 "client_id": self.client_id, "client_secret": self.client_secret, "scope": "mail offline_access"}
        found.update({"ca_file": str(self.certificate.ca)} if self.certificate else {"allow_http": True})
        found.update(more)
        return {name: value for name, value in found.items() if value is not None}

    def count(self, grant=None):
        with self.turn:
            return sum(grant in (None, one) for one, _ in self.seen)

    def revoke(self):
        """Every refresh token is dead, as after a change of the password."""
        with self.turn:
            self.families.clear()

    def revoke_access(self):
        """The access tokens that are out are refused from now on, and nobody told their owners."""
        with self.turn:
            self.revoked_access.update(self.access)

    def active(self, token):
        with self.turn:
            self.uses[token] += 1
            found = self.access.get(token)
            if found is None or token in self.revoked_access or found.expires < time.monotonic():
                return False
            if found.family is not None and found.family.current == found.refresh:
                found.family.previous = None  # it has arrived
            return True

    def approve(self, user_code, yes=True):
        with self.turn:
            (found,) = [one for one in self.devices.values() if one["user_code"] == user_code]
            found["state"] = "approved" if yes else "denied"

    # ---- answers ------------------------------------------------------------------------------

    def error(self, code, status=400, number=None, text="as told"):
        body = {"error": code, "error_description": text}
        if self.flavour == "microsoft":
            number = number or {"invalid_grant": 700082, "invalid_client": 7000215}.get(code, 900000)
            body = {"error": code, "error_description": f"AADSTS{number}: {text}", "error_codes": [number],
                    "timestamp": "2026-11-22 12:00:00Z", "trace_id": "0", "correlation_id": "0"}
        return Reply(status, body)

    def grant(self, family=None, with_refresh=False, scope="mail"):
        token = ("ya29." if self.flavour == "google" else "eyJ0.") + secrets.token_urlsafe(32)
        self.access[token] = Access(time.monotonic() + self.expires_in, family, family.current if family else "")
        body = {"access_token": token, "expires_in": self.expires_in, "token_type": "Bearer", "scope": scope}
        if self.flavour == "microsoft":
            body["ext_expires_in"] = self.expires_in
        if family and with_refresh:
            body["refresh_token"] = family.current
        return Reply(200, body, {"Cache-Control": "no-store"})

    def token(self, form):
        kind = form.get("grant_type", "")
        with self.turn:
            self.seen.append((kind, form))
            if self.next:
                return self.next.pop(0)
            makers = {"refresh_token": self.refresh, "client_credentials": self.application, JWT_BEARER: self.account,
                      DEVICE_CODE: self.device, "authorization_code": self.code}
            wrong = None if kind == JWT_BEARER else self.client_error(form)
            reply = wrong or makers.get(kind, lambda form: self.error("unsupported_grant_type"))(form)
            if reply.status >= 400:
                self.refused.append((kind, reply.body["error"]))
            return reply

    def client_error(self, form):
        if form.get("client_id") != self.client_id:
            return self.error("invalid_client", 401, 700016, "unknown application")
        if self.client_secret and form.get("client_secret") != self.client_secret:
            return self.error("invalid_client", 401)
        return None

    def refresh(self, form):
        token = form.get("refresh_token", "")
        family = self.families.get(token)
        known = family and (token == family.current or (self.grace and token == family.previous))
        if not known:
            return self.error("invalid_grant", text="Token has been expired or revoked.")
        if not self.rotate:
            return self.grant(family)
        # Presented: it has arrived, and what was before it is dead. A predecessor that comes again
        # takes the place of the successor that was lost.
        family.previous, family.current = token, "1//" + secrets.token_urlsafe(24)
        self.families[family.current] = family
        return self.grant(family, with_refresh=True)

    def application(self, form):
        return self.grant(scope=form["scope"]) if form.get("scope") else self.error("invalid_scope")

    def account(self, form):
        """A JWT that the key of the service account has signed (RS256)."""
        parts = form.get("assertion", "").split(".")
        if len(parts) != 3 or json.loads(decoded(parts[0])).get("alg") != "RS256":
            return self.error("invalid_grant", text="no RS256 assertion")
        claims, now = json.loads(decoded(parts[1])), time.time()
        fits = claims["aud"] == self.url + "/token" and claims["iat"] <= now + 60 and now < claims["exp"] <= claims["iat"] + 3600
        if not fits or not self.signed(".".join(parts[:2]).encode(), decoded(parts[2])):
            return self.error("invalid_grant", text="Invalid JWT")
        return self.grant(scope=claims["scope"])

    def signed(self, text, signature):
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            (at / "text").write_bytes(text)
            (at / "signature").write_bytes(signature)
            words = ["openssl", "dgst", "-sha256", "-verify", self.account_key, "-signature", at / "signature", at / "text"]
            return subprocess.run(words, capture_output=True).returncode == 0

    def begin_device(self, form):
        with self.turn:
            if form.get("client_id") != self.client_id:
                return self.error("invalid_client", 401)
            code, user_code = secrets.token_urlsafe(24), secrets.token_hex(4).upper()
            self.devices[code] = {"user_code": user_code, "state": "pending", "last": 0.0, "interval": self.interval,
                                  "until": time.monotonic() + self.device_expires_in}
            place = "verification_url" if self.flavour == "google" else "verification_uri"  # Google's own spelling
            return Reply(200, {"device_code": code, "user_code": user_code, place: self.url + "/device", "interval": self.interval,
                               "expires_in": self.device_expires_in})

    def device(self, form):
        found = self.devices.get(form.get("device_code", ""))
        if found is None or found["until"] < time.monotonic():
            return self.error("expired_token")
        early = time.monotonic() - found["last"] < found["interval"] * 0.9
        found["last"] = time.monotonic()
        if found["state"] == "denied":
            return self.error("access_denied")
        if early:
            found["interval"] += 5
            return self.error("slow_down")
        if found["state"] == "pending":
            return self.error("authorization_pending")
        return self.grant(self.families[self.consent()], with_refresh=True)

    def authorize(self, query):
        """Somebody who says yes at once: the redirect, with what the login asked for."""
        with self.turn:
            good = (query.get("client_id") == self.client_id and query.get("response_type") == "code" and query.get("scope")
                    and query.get("code_challenge_method") == "S256" and query.get("redirect_uri") and query.get("state"))
            if not good:
                return Reply(400, b"a request that a provider would not take")
            code = "4/" + secrets.token_urlsafe(16)
            self.codes[code] = query
            ending = urllib.parse.urlencode({"state": query["state"], "code": code})
            return Reply(302, b"", {"Location": query["redirect_uri"] + "?" + ending})

    def code(self, form):
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri") or asked["code_challenge"] != challenge:
            return self.error("invalid_grant", text="the code, the redirect or the verifier is wrong")
        return self.grant(self.families[self.consent()], with_refresh=True)

    def introspect(self, query):
        return Reply(200, {"active": self.active(query.get("token", ""))})

    # ---- HTTP ---------------------------------------------------------------------------------

    def post(self, path, form):
        # Microsoft's paths hold the tenant: /{tenant}/oauth2/v2.0/token
        last = path.rstrip("/").rsplit("/", 1)[-1]
        if last == "devicecode":
            return self.begin_device(form)
        if last != "token":
            return Reply(404, b"")
        reply = self.token(form)
        self.before_answer(form.get("grant_type"))
        return reply

    def _listen(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                path, _, query = self.path.partition("?")
                form = self.headers.get("Content-Type", "").split(";")[0].strip() == "application/x-www-form-urlencoded"
                self.give(outer.post(path, dict(urllib.parse.parse_qsl(text, strict_parsing=True))) if form and not query
                          else outer.error("invalid_request"))

            def do_GET(self):
                path, _, text = self.path.partition("?")
                query = dict(urllib.parse.parse_qsl(text))
                answers = {"/authorize": outer.authorize, "/introspect": outer.introspect}
                self.give(answers[path](query) if path in answers else Reply(404, b""))

            def give(self, reply):
                data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                try:
                    self.send_response(reply.status)
                    if not isinstance(reply.body, bytes):
                        self.send_header("Content-Type", "application/json; charset=utf-8")
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:  # the client died meanwhile: a test kills it on purpose
                    self.close_connection = True

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *what):  # a client that is killed resets its connections
                pass

        server = Server(("127.0.0.1", 0), Handler)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate.chain, self.certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.server.shutdown()
        self.server.server_close()
