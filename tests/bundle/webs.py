"""An HTTP server on loopback that takes PUT, as an object store does, and whatever it is to get wrong."""

from __future__ import annotations

import functools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Web:
    """Files by path. `token` is asked for if it is set; `redirects` leads paths elsewhere."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.token = ""
        self.redirects: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, web: Web, *given: Any) -> None:
        self._web = web
        super().__init__(*given)

    def do_PUT(self) -> None:
        self._web.asked.append(("PUT", self.path))
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._refused():
            self._web.files[self.path] = data
            self._answer(201)

    def do_GET(self) -> None:
        self._web.asked.append(("GET", self.path))
        if self._refused():
            return
        if self.path in self._web.files:
            self._answer(200, self._web.files[self.path])
        else:
            self._answer(404)

    def _refused(self) -> bool:
        if self.path in self._web.redirects:
            self._answer(302, b"", {"Location": self._web.redirects[self.path]})
            return True
        if self._web.token and self.headers.get("Authorization") != f"Bearer {self._web.token}":
            self._answer(401)
            return True
        return False

    def _answer(self, status: int, data: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""
