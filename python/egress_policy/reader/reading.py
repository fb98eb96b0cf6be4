"""One text to its documents: each chunk is skipped, read fast, or read carefully."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from egress_policy.reader import careful, fast, infrastructure, json_fast, paths, spans
from egress_policy.reader.documents import Document, ReadError, Reading, UnreadableError
from egress_policy.reader.files import File
from egress_policy.reader.nodes import Tree
from egress_policy.reader.objects import flatten, identify, is_list, typed
from egress_policy.reader.output import dumps
from egress_policy.reader.relevance import irrelevant
from egress_policy.reader.stream import Chunk, chunks

_BATCH = 1 << 20


def read_bytes(data: bytes, file: File, *, everything: bool = False) -> Reading:
    """All documents of a file's bytes, or those that may matter; after the first that cannot be read, no more."""
    reader = _Reader(file, everything=everything)
    try:
        for batch in reader.batches(data):
            reader.take(batch)
    except UnreadableError as error:
        reader.errors.append(ReadError(file.name, error.line + 1, error.message))
    return Reading(file.name, file.path, tuple(reader.documents), tuple(reader.errors), reader.kubernetes, file.data)


class _Reader:
    """Collects what one file holds."""

    def __init__(self, file: File, *, everything: bool) -> None:
        self.file = file
        self.everything = everything
        self.documents: list[Document] = []
        self.errors: list[ReadError] = []
        self.kubernetes = 0

    def batches(self, data: bytes) -> Iterator[list[Chunk]]:
        """Runs of chunks that may matter, small enough that a large file is not held in memory thrice."""
        batch: list[Chunk] = []
        size = 0
        try:
            for chunk in chunks(data):
                if not self.everything and irrelevant(chunk.text):
                    self.kubernetes += 1
                    continue
                batch.append(chunk)
                size += len(chunk.text)
                if size > _BATCH:
                    yield batch
                    batch, size = [], 0
        except UnreadableError:
            yield batch
            raise
        yield batch

    def take(self, batch: list[Chunk]) -> None:
        """Read these chunks. Raises UnreadableError at the first that cannot be."""
        for chunk, parsed in zip(batch, fast.parse([chunk.text for chunk in batch]), strict=True):
            taken = parsed or (json_fast.parse(chunk.text) if chunk.text[:1] in (b"{", b"[") else None)
            if taken is None or (is_list(taken[0]) and not self._list(chunk, taken[0])):
                self._carefully(chunk)
            elif not is_list(taken[0]):
                self._add(taken[0], taken[1], chunk.line, (chunk.start, chunk.start + len(chunk.text)))

    def _list(self, chunk: Chunk, value: dict[str, Any]) -> bool:
        """Take the items of a list, if it is surely known where each of them stands."""
        items = value["items"]
        if not isinstance(items, list):
            return False
        found = spans.of_json(chunk.text) if chunk.text[:1] == b"{" else spans.of_yaml(chunk.text)
        if len(found) != len(items) or any(not isinstance(item, dict) or is_list(item) for item in items):
            return False
        for item, (start, end, line) in zip(items, found, strict=True):
            whole = typed(item, value)
            self._add(whole, dumps(whole), chunk.line + line, (chunk.start + start, chunk.start + end))
        return True

    def _carefully(self, chunk: Chunk) -> None:
        for tree in careful.trees(chunk):
            part = (chunk.start + tree.start, chunk.start + tree.end)
            root = tree.root
            if infrastructure.known(root.value):  # which may be a list, and holds no objects of Kubernetes
                self._add(
                    root.value, dumps(_of_template(chunk, root.value)), root.line, part, (), _duplicates(tree, ())
                )
                continue
            for item in flatten(root):
                written = dumps(item.value)
                self._add(item.value, written, item.node.line, part, item.indices, _duplicates(tree, item.path))

    def _add(
        self,
        value: Any,
        text: bytes,
        line: int,
        part: tuple[int, int],
        item: tuple[int, ...] = (),
        duplicates: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """A document, if it is one; `line` counts from 0, `part` is where the text has it."""
        identity = identify(value)
        if identity is None:
            return
        self.kubernetes += 1
        file = self.file
        self.documents.append(Document(text, *identity, file.name, file.folder, line + 1, *part, item, duplicates))


def _of_template(chunk: Chunk, value: Any) -> Any:
    """What a template of CloudFormation says; all else says what it is read as."""
    if b"!" not in chunk.text or b"AWS::" not in chunk.text:
        return value
    from egress_policy.reader import cloudformation  # PyYAML takes long to import, and most audits do without it

    return cloudformation.value(chunk.text)


def _duplicates(tree: Tree, below: tuple[str | int, ...]) -> tuple[tuple[str, int], ...]:
    length = len(below)
    return tuple((paths.written(path[length:]), line + 1) for path, line in tree.duplicates if path[:length] == below)
