"""What is in a bundle, for people and for programs. Who signed it is what it claims, no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from egress_policy.bundle import BundleError, digests, signatures
from egress_policy.bundle.archive import MANIFEST, SIGNATURES


@dataclass(frozen=True, slots=True)
class Held:
    """One file: bytes, and its digest as a signature has it, empty where it has none."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A bundle: what its manifest says, its files, and header and claims of the signature, None without one."""

    manifest: dict[str, Any]
    files: tuple[Held, ...]
    signature: dict[str, Any] | None


def inspect(files: Mapping[str, bytes]) -> Inspected:
    """Look into a bundle's files. Raises BundleError for a manifest or signature that cannot be read."""
    manifest = digests.parsed(MANIFEST, files[MANIFEST]) if MANIFEST in files else {}
    if not isinstance(manifest, dict):
        raise BundleError(f"{MANIFEST}: is no object")
    held = tuple(Held(name, len(content), _digest(name, content)) for name, content in sorted(files.items()))
    return Inspected(manifest, held, _signature(files) if SIGNATURES in files else None)


def _digest(name: str, content: bytes) -> str:
    return "" if name == SIGNATURES else digests.of(name, content)


def _signature(files: Mapping[str, bytes]) -> dict[str, Any]:
    header, claims = signatures.claimed(files)
    return {"header": header, "claims": {name: value for name, value in claims.items() if name != "files"}}


def as_json(found: Inspected) -> str:
    """{"manifest", "files": [{"name", "size": bytes, "sha256"}], "signature": null or {"header", "claims"}}."""
    return json.dumps(asdict(found), indent=2, ensure_ascii=False) + "\n"


def lines(found: Inspected) -> Iterator[str]:
    """The same to read."""
    manifest = found.manifest
    yield f"revision  {manifest.get('revision', '')}"
    yield f"roots     {', '.join(map(str, _list(manifest.get('roots'))))}"
    for name, value in sorted(_object(manifest.get("metadata")).items()):
        yield f"{name}  {', '.join(map(str, value)) if isinstance(value, list) else value}"
    for one in found.files:
        yield f"{one.sha256[:12]:12}  {one.size:>9}  {one.name}"
    yield from _signed(found.signature)


def _signed(signature: dict[str, Any] | None) -> Iterator[str]:
    if signature is None:
        yield "not signed"
        return
    said = signature["header"] | signature["claims"]
    yield f"signature, not verified: {', '.join(f'{name} {value}' for name, value in sorted(said.items()))}"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
