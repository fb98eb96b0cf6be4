"""A folder, as a web server or a volume has one."""

from __future__ import annotations

from pathlib import Path

from egress_policy import output
from egress_policy.bundle import archive, attestations
from egress_policy.bundle.places import Attest, NotThereError, PlaceError, Pulled, beside, in_folder
from egress_policy.bundle.publication import Publication


class Folder:
    """A bundle's file, and the envelopes beside it."""

    def __init__(self, text: str, name: str) -> None:
        path = Path(text)
        self._file = path / in_folder(text, name) if text.endswith("/") or path.is_dir() else path

    def publish(self, published: Publication, attest: Attest) -> list[str]:
        envelopes = attest({published.digest: self._file.name})
        files = {beside(kind, published.digest): text for kind, text in envelopes.items()}
        files[self._file.name] = published.bundle
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PlaceError(f"{self._file.parent}: {error.strerror or error}") from error
        for name, content in files.items():
            output.save(str(self._file.with_name(name)), content)
        return [f"{self._file}: sha256:{published.digest}"]

    def pull(self) -> Pulled:
        if not self._file.exists():
            raise NotThereError(f"{self._file}: is not there")
        data = archive.content(str(self._file))
        digest = archive.digest(data)
        found = {kind: self._file.with_name(beside(kind, digest)) for kind in attestations.KINDS}
        return Pulled(data, {kind: [_read(path)] for kind, path in found.items() if path.exists()})


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(attestations.MOST_BYTES + 1)
    except OSError as error:
        raise PlaceError(f"{path}: {error.strerror or error}") from error
