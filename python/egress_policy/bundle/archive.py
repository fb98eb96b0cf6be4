"""Bundles as files: a gzipped tar. Written the same byte for byte everywhere; read in memory, within limits.

Nothing is unpacked. What two readers might take for two things is refused: a name that is there twice, a
link, something after the end.
"""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from egress_policy.bundle import BundleError

MANIFEST = ".manifest"
SIGNATURES = ".signatures.json"
MOST_PACKED = 32 << 20
_MOST_UNPACKED = 128 << 20
_MOST_FILES = 10_000
_MOST_NAME = 255
_BLOCK = 512
# What compresses better than this holds next to nothing. Small ones may: a folder of tiny files is mostly zeros.
_RATIO = 200
_SMALL = 1 << 20
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_STORED = 65535


def pack(files: Mapping[str, bytes]) -> bytes:
    """A bundle of files by their names, which every machine packs to the same bytes.

    Stored, not compressed: what a compressor makes of it depends on which library, in which version, a machine has.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return _stored(stream.getvalue())


def _stored(data: bytes) -> bytes:
    """Gzip (RFC 1952) of stored blocks (RFC 1951, 3.2.4), without time, name or operating system."""
    parts = [_GZIP]
    for start in range(0, len(data), _STORED):
        part = data[start : start + _STORED]
        last = start + _STORED >= len(data)
        parts += [struct.pack("<BHH", last, len(part), len(part) ^ 0xFFFF), part]
    return b"".join([*parts, struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)])


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal, by which a registry and a lock name a bundle."""
    return hashlib.sha256(data).hexdigest()


def content(path: str) -> bytes:
    """The bytes of a bundle, and of a larger file those that tell. Raises BundleError."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(MOST_PACKED + 1)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}") from error


def read(path: str) -> dict[str, bytes]:
    """The files of a bundle by their names, in the order of the archive. Raises BundleError."""
    data = content(path)
    try:
        return unpack(data)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a bundle. Raises BundleError for whatever a bundle has no need of."""
    if len(data) > MOST_PACKED:
        raise BundleError(f"is larger than {MOST_PACKED >> 20} MiB")
    files: dict[str, bytes] = {}
    for name, content in _entries(_inflated(data)):
        if name in files:
            raise BundleError(f"holds {name!r} twice")
        if len(files) == _MOST_FILES:
            raise BundleError(f"holds more than {_MOST_FILES} files")
        files[name] = content
    if not files:
        raise BundleError("holds no files")
    return files


def _inflated(data: bytes) -> bytes:
    engine = zlib.decompressobj(wbits=31)
    try:
        found = engine.decompress(data, _MOST_UNPACKED + 1)
    except zlib.error as error:
        raise BundleError("is no gzip archive, or a damaged one") from error
    if len(found) > _MOST_UNPACKED:
        raise BundleError(f"unpacks to more than {_MOST_UNPACKED >> 20} MiB")
    if len(found) > max(_SMALL, len(data) * _RATIO):
        raise BundleError(f"unpacks to more than {_RATIO} times its size")
    if not engine.eof:
        raise BundleError("is cut off")
    if engine.unused_data:
        raise BundleError("has something after its end")
    return found


def _entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    stream = io.BytesIO(data)
    end = 0
    try:
        with tarfile.open(fileobj=stream, mode="r:", errors="strict") as tar:
            for entry in tar:
                end = entry.offset_data + -(-entry.size // _BLOCK) * _BLOCK if entry.isreg() else entry.offset_data
                yield from _file(tar, entry)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        raise BundleError(f"is no tar archive, or a damaged one: {error}") from error
    # After a header that cannot be read tarfile just ends; a reader that goes on would see more.
    rest = data[end:]
    if len(rest) < 2 * _BLOCK or rest.count(0) != len(rest):
        raise BundleError("has something behind its last file, or no end")


def _file(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[tuple[str, bytes]]:
    if entry.isdir():
        _checked(entry.name.rstrip("/") or ".")
        return
    name = _checked(entry.name)
    if not entry.isreg() or entry.issparse():
        raise BundleError(f"holds {name!r}, which is neither a file nor a folder")
    content = tar.extractfile(entry)
    read = content.read() if content else b""
    if len(read) != entry.size:
        raise BundleError(f"holds {name!r}, which is cut off")
    yield name, read


def _checked(name: str) -> str:
    """The name without the slash or dot that OPA and tar put before it. Raises BundleError if it leads elsewhere."""
    inside = name.removeprefix("./").removeprefix("/")
    parts = inside.split("/")
    if inside in {".", ""}:
        return "."
    if len(name.encode()) > _MOST_NAME or not name.isprintable() or "\\" in name or ":" in name:
        raise BundleError(f"holds a file with a name that is too long or holds odd characters: {name[:80]!r}")
    if any(part in ("", ".", "..") for part in parts):
        raise BundleError(f"holds {name!r}, a name that leads elsewhere")
    return inside
