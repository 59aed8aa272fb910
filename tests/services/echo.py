"""A service that knows nothing of tokens: it tells what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):  # pragma: no cover - with nginx alone
    """Answers with the headers and the body that came; sets a cookie of its own."""

    def do_GET(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = {"headers": dict(self.headers), "body": body.decode()}
        self.send_response(200)
        self.send_header("Set-Cookie", "theme=dark")
        self.end_headers()
        self.wfile.write(json.dumps(words).encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def echoing() -> Iterator[int]:  # pragma: no cover - with nginx alone
    """Serve; return the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
