"""A server of bundles on loopback, as OPA wants one: entity tags, long polling, and whatever it is to get wrong."""

from __future__ import annotations

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TYPE = "application/vnd.openpolicyagent.bundles"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """OPA hangs up when it is ended."""


class Bundles:
    """What is served, by path; each new content is a revision that OPA has not seen."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._changed = threading.Condition()
        self.statuses: list[int] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, data: bytes) -> None:
        """Serve this from now on, also to those who wait for something new."""
        with self._changed:
            self._files[path] = data
            self._changed.notify_all()

    def seen(self, count: int, status: int = 200, within: float = 120) -> None:
        """Wait until so many requests were answered with a status."""
        deadline = time.monotonic() + within
        while self.statuses.count(status) < count:
            assert time.monotonic() < deadline, f"OPA asked {self.statuses}, not {count} times with {status}"
            time.sleep(0.02)

    def get(self, path: str, tag: str, seconds: float) -> tuple[str, bytes] | None:
        """Tag and content; None where there is nothing but what has this tag, after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._tag(path) != tag, timeout=seconds)
            found = self._files.get(path)
            return None if found is None or self._tag(path) == tag else (self._tag(path), found)

    def knows(self, path: str) -> bool:
        return path in self._files

    def _tag(self, path: str) -> str:
        return f'"{hashlib.sha256(self._files.get(path, b"")).hexdigest()}"'

    def close(self) -> None:
        """No one is answered any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(bundles: Bundles) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            if not bundles.knows(path):
                self._answer(404, b"")
                return
            wait = next(
                (part[5:] for part in self.headers.get("Prefer", "").split(";") if part.startswith("wait=")), "0"
            )
            found = bundles.get(path, self.headers.get("If-None-Match", ""), float(wait))
            if found is None:
                self._answer(304, b"")
            else:
                self._answer(200, found[1], found[0])

        def _answer(self, status: int, data: bytes, tag: str = "") -> None:
            bundles.statuses.append(status)
            self.send_response(status)
            self.send_header("Content-Type", _TYPE)
            self.send_header("Content-Length", str(len(data)))
            if tag:
                self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler
