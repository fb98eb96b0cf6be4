"""The one module that opens files."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace
from typing import IO, Any, NamedTuple

import orjson

from egress_policy.reader import careful, kustomization
from egress_policy.reader.documents import Document, ReadError, Reading, UnreadableError
from egress_policy.reader.files import HCL, STDIN, File
from egress_policy.reader.locate import line_below
from egress_policy.reader.nodes import Node
from egress_policy.reader.output import dumps
from egress_policy.reader.paths import written
from egress_policy.reader.reading import read_bytes
from egress_policy.reader.stream import chunks

_MOST_BYTES = 1 << 28
_PART = 1 << 16
_CHART = ("egress-policy/v1", "HelmChart")


def with_input(file: File, stdin: IO[bytes] | None) -> File:
    """Standard input can be read only once, so that its bytes go along with the file."""
    if file.path != STDIN or file.data is not None:
        return file
    source = stdin or getattr(sys.stdin, "buffer", None)
    if source is None:
        return replace(file, problem="cannot be read: it is closed", data=b"")
    try:
        data = _limited(source)
    except (OSError, ValueError, UnreadableError) as error:
        return replace(file, problem=f"cannot be read: {error}", data=b"")
    return replace(file, data=data, size=len(data))


def read_file(file: File, *, everything: bool = False) -> Reading:
    """What one file holds; kinds that no rule looks at only if `everything`. Never raises for what is in it."""
    if file.problem is not None:
        return Reading(file.name, file.path, errors=(ReadError(file.name, 1, file.problem),))
    if file.chart is not None:
        return _unrendered(file, *_CHART, file.chart)
    try:
        data = file.data
        if data is None:
            data, again = _content(file.path)
            file = file if again else replace(file, data=data)
    except (OSError, UnreadableError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Reading(file.name, file.path, errors=(ReadError(file.name, 1, f"cannot be read: {reason}"),))
    if file.path.lower().endswith(HCL):
        from egress_policy.reader import hcl  # with it comes a grammar, which most audits do without

        return hcl.read_text(data, replace(file, size=len(data)))
    if file.kustomization and kustomization.parse(data) is not None:
        folder = os.path.basename(os.path.dirname(os.path.abspath(file.path)))
        return _unrendered(file, kustomization.API_VERSION, kustomization.KIND, folder)
    return read_bytes(data, file, everything=everything)


class Loaded(NamedTuple):
    """A document of our own, such as parameters: its value, and where each of its fields stands."""

    value: Any
    root: Node | None

    def line(self, path: str) -> int:
        """The line (from 1) of a path, or of the nearest field above it."""
        return line_below(self.root, path) if self.root else 1


def load(data: bytes) -> Loaded:
    """The one YAML or JSON document in `data`, its value None if there is none. Raises UnreadableError.

    Also for a key that is written twice: it is a setting of ours, so that nobody else says which one counts.
    """
    found = load_all(data)
    if len(found) > 1:
        raise UnreadableError(0, "holds more than one document")
    return found[0] if found else Loaded(None, None)


def load_all(data: bytes) -> list[Loaded]:
    """The same for any number of documents; empty ones are none."""
    found = [tree for chunk in chunks(data) for tree in careful.trees(chunk)]
    for tree in found:
        for path, line in tree.duplicates:
            raise UnreadableError(line, f"line {line + 1}: {written(path)} is written twice")
    return [Loaded(orjson.loads(dumps(tree.root.value)), tree.root) for tree in found]


def _content(path: str) -> tuple[bytes, bool]:
    """The bytes, and whether they can be read again, which those of a pipe cannot."""
    with open(path, "rb", buffering=0) as file:
        return _limited(file), stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _limited(file: Any) -> bytes:
    """All of it; a device that never ends is given up."""
    parts: list[bytes] = []
    left = _MOST_BYTES
    while part := file.read(_PART):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise UnreadableError(0, f"it is larger than {_MOST_BYTES >> 20} MB; split it")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _unrendered(file: File, api_version: str, kind: str, name: str) -> Reading:
    """What stands for objects that a program would render is in the report as one object."""
    why = {"reason": file.unrendered} if file.unrendered else {}
    text = dumps({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **why})
    document = Document(text, api_version, kind, None, name, file.name, file.folder, 1, 0, 0)
    return Reading(file.name, file.path, (document,), kubernetes=1)
