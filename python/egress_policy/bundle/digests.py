"""What a signature has of a bundle's files: SHA-256 of their bytes, but of data and the manifest of what they say.

Source: OPA's `bundle/hash.go` and https://www.openpolicyagent.org/docs/management-bundles#signature-format. Objects are
written with sorted keys and without blanks, strings as Go's encoder writes them, numbers as they stand there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from egress_policy.bundle import BundleError
from egress_policy.bundle.archive import MANIFEST

_DATA = "data.json"
# OPA reads these as well. Two YAML readers may see two things, so that a signature of one says little.
_YAML = ("data.yaml", "data.yml")
ALGORITHMS = {"SHA-256": hashlib.sha256, "SHA-384": hashlib.sha384, "SHA-512": hashlib.sha512}
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_DEEP = 500


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def of(name: str, content: bytes, algorithm: str = "SHA-256") -> str:
    """The digest of one file, in hexadecimal. Raises BundleError for data that is not JSON."""
    digest = ALGORITHMS[algorithm]()
    base = name.rpartition("/")[2]
    if base in _YAML:
        raise BundleError(f"{name}: write it as data.json: YAML means different things to different readers")
    if base in (_DATA, MANIFEST):
        for part in _written(parsed(name, content)):
            digest.update(part)
    else:
        digest.update(content)
    return digest.hexdigest()


def parsed(name: str, content: bytes) -> Any:
    """A JSON file of a bundle, its numbers as they are written. Raises BundleError."""
    try:
        found = json.loads(
            content.decode("utf-8"), parse_int=_Number, parse_float=_Number, parse_constant=_no_constant,
            object_pairs_hook=_without_twins,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name}: is no JSON: {error}") from error
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _written(value: Any, depth: int = 0) -> Iterator[bytes]:
    if depth > _MOST_DEEP:
        raise BundleError(f"data is nested deeper than {_MOST_DEEP}")
    if isinstance(value, dict):
        yield b"{"
        for index, key in enumerate(sorted(value, key=_bytes)):
            yield b"," if index else b""
            yield _string(key)
            yield b":"
            yield from _written(value[key], depth + 1)
        yield b"}"
    elif isinstance(value, list):
        yield b"["
        for index, item in enumerate(value):
            yield b"," if index else b""
            yield from _written(item, depth + 1)
        yield b"]"
    elif isinstance(value, _Number):
        yield value.encode()
    elif isinstance(value, str):
        yield _string(value)
    else:
        yield json.dumps(value).encode()


def _bytes(text: str) -> bytes:
    return _SURROGATE.sub("\ufffd", text).encode()


def _string(text: str) -> bytes:
    """As Go writes it: half a surrogate pair is U+FFFD, and the two line ends that JavaScript knows are escaped."""
    written = json.dumps(_SURROGATE.sub("\ufffd", text), ensure_ascii=False)
    return written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()
