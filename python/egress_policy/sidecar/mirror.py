"""A mirror of bundles beside OPA: it pulls them, verifies more than OPA does, and serves what it holds to this machine.

OPA takes an older revision that is signed, and one whose signature has expired, and asks for no attestations.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from egress_policy import output
from egress_policy.bundle import BundleError, archive, places, publication, pulling, signatures

HEALTH = "/health"
# What asks is on this machine, and is done at once.
_SECONDS = 10


class Mirror:
    """One bundle: where it comes from, what it has to be, and the newest that was."""

    def __init__(
        self,
        name: str,
        place: places.Place,
        asked: Callable[[], signatures.Expected],
        state: Path | None = None,
        *,
        attested: bool = True,
    ) -> None:
        self.name = name
        self._place, self._asked, self._attested = place, asked, attested
        self._state = None if state is None else state / places.file_name(name)
        self.held: pulling.Trusted | None = None

    def restore(self) -> str | None:
        """Take up what an earlier run has kept, if it is still good; says what it is. Raises BundleError if not."""
        if self._state is None or not self._state.exists():
            return None
        kept = places.Pulled(archive.content(str(self._state)), {})
        self.held = pulling.trusted(kept, self._asked(), attested=False)
        return f"{self.name}: revision {self.held.revision}, as it was kept"

    def pull(self) -> str | None:
        """Ask the place; says what is new. Raises BundleError for what is not taken: what is held stays."""
        pulled = self._place.pull()
        if self.held is not None and pulled.bundle == self.held.bundle:
            return None
        found = pulling.trusted(pulled, self._asked(), attested=self._attested)
        if self.held is not None and (wrong := _steps_back(self.held, found)):
            raise BundleError(wrong)
        if self._state is not None:
            output.save(str(self._state), found.bundle)
        self.held = found
        return f"{self.name}: revision {found.revision}, sha256:{found.digest}"


def _steps_back(held: pulling.Trusted, found: pulling.Trusted) -> str | None:
    """Why a bundle does not come after the one that is held; None if it does."""
    if found.revision == held.revision:
        changed = publication.different(held.files, found.files)
        return f"revision {found.revision} has changed: raise the revision" if changed else None
    newer = signatures.older(held.revision, found.revision)
    if newer is None:
        return f"revision {found.revision!r} cannot be compared with {held.revision!r}: both must be numbers, as 1.4.0"
    return None if newer else f"revision {found.revision} is older than {held.revision}"


def serving(mirrors: Mapping[str, Mirror], port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1, not yet running, that has each bundle as NAME.tar.gz. Raises BundleError."""
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), _handler(mirrors))
    except OSError as error:
        raise BundleError(f"127.0.0.1:{port}: {error.strerror or error}") from error


def _handler(mirrors: Mapping[str, Mirror]) -> type[BaseHTTPRequestHandler]:
    files = {f"/{places.file_name(name)}": mirror for name, mirror in mirrors.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _SECONDS

        def do_GET(self) -> None:
            if self.path == HEALTH:
                ready = all(mirror.held for mirror in mirrors.values())
                self._answer(200 if ready else 503)
                return
            mirror = files.get(self.path)
            held = mirror.held if mirror else None
            if held is None:
                self._answer(404)
                return
            tag = f'"{held.digest}"'
            unchanged = self.headers.get("If-None-Match") == tag
            self._answer(304 if unchanged else 200, b"" if unchanged else held.bundle, tag)

        def _answer(self, status: int, data: bytes = b"", tag: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Content-Type", "application/gzip")
            if tag:
                self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Only what changes is told."""

    return Handler


class Watch:
    """Pulls all, again and again, and tells what changes: good news once, and each refusal until it is another."""

    def __init__(self, mirrors: Mapping[str, Mirror], say: Callable[[str], None], warn: Callable[[str], None]) -> None:
        self._mirrors, self._say, self._warn = mirrors, say, warn
        self._told: dict[str, str] = {}

    def restore(self) -> None:
        """What earlier runs have kept."""
        for mirror in self._mirrors.values():
            self._tell(mirror, mirror.restore)

    def once(self) -> None:
        """Ask each place."""
        for mirror in self._mirrors.values():
            self._tell(mirror, mirror.pull)

    def _tell(self, mirror: Mirror, do: Callable[[], str | None]) -> None:
        try:
            news = do()
        except BundleError as error:
            if self._told.get(mirror.name) != str(error):
                self._told[mirror.name] = str(error)
                self._warn("\n".join(f"{mirror.name}: not taken: {line}" for line in str(error).splitlines()))
            return
        self._told.pop(mirror.name, None)
        if news:
            self._say(news)


def run(server: ThreadingHTTPServer, watch: Watch, every: float, stop: threading.Event) -> None:
    """Serve and pull until somebody sets `stop`."""
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        watch.once()
        while not stop.wait(every):
            watch.once()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_SECONDS)
