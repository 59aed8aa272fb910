"""A service that knows nothing of tokens: it tells what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOR_CACHES = [
    "Cache-Control",
    "Expires",
    "Pragma",
    "Surrogate-Control",
    "CDN-Cache-Control",
    "Cloudflare-CDN-Cache-Control",
    "Akamai-Cache-Control",
    "Edge-Control",
    "X-Accel-Expires",
    "X-LiteSpeed-Cache-Control",
]
"""What caches on the way go by, each by its own."""


class Echo(BaseHTTPRequestHandler):  # pragma: no cover - with nginx alone
    """Answers with the headers and the body that came; sets a cookie, and has caches keep it."""

    def do_GET(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = {"headers": dict(self.headers), "body": body.decode()}
        self.send_response(200)
        self.send_header("Set-Cookie", "theme=dark")
        for name in FOR_CACHES:
            self.send_header(name, "public, max-age=60")
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
