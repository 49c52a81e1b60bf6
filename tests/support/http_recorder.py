"""A provider's API on the loopback: it keeps every request and answers as it is told. Standard library, a thread a connection.

    with HttpRecorder(lambda request: Reply(202, headers={"X-Message-Id": "a"})) as api:
        api.url; api.seen
        api.answer = ...                 # from the next request on

A Reply with status 0 reads the request whole and hangs up without a word."""

import dataclasses
import http.server
import json
import re
import threading


@dataclasses.dataclass
class Seen:
    method: str
    path: str
    headers: dict  # names in lower case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def parts(self):
        """Of multipart/form-data: [(name, filename, type, content)], file names as they stand on the wire."""
        mark = b"--" + self.headers["content-type"].split("boundary=")[1].strip('"').encode()
        found = []
        for piece in self.body.split(mark)[1:-1]:
            head, content = piece[2:-2].split(b"\r\n\r\n", 1)
            lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            lines = {name.lower(): value for name, value in lines.items()}
            plain = dict(re.findall(r'; (\w+)="([^"]*)"', lines["content-disposition"]))
            found.append((plain["name"], plain.get("filename", ""), lines.get("content-type", ""), content))
        return found


@dataclasses.dataclass
class Reply:
    status: int = 200
    body: object = b""
    headers: dict = dataclasses.field(default_factory=dict)


class HttpRecorder:
    def __init__(self, answer):
        self.answer, self.seen, self.turn = answer, [], threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                names = {name.lower(): value for name, value in self.headers.items()}
                one = Seen(self.command, self.path, names, body)
                with recorder.turn:
                    recorder.seen.append(one)
                    reply = recorder.answer(one)
                if reply.status == 0:
                    self.close_connection = True
                    return
                data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                # Beside a Date of the reply there is no other.
                (self.send_response_only if "Date" in reply.headers else self.send_response)(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = serve

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.server.shutdown()
        self.server.server_close()
