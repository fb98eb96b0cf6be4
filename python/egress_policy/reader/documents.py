"""What reading gives: documents, errors, and what one file held."""

from __future__ import annotations

from dataclasses import dataclass

from egress_policy.errors import EgressPolicyError


@dataclass(frozen=True, slots=True)
class Document:
    """One Kubernetes object, as Kubernetes decodes it.

    `text` is the object as compact JSON. `namespace` is None if none is written. `file` is what a report shows,
    `folder` tells folders apart, `line` (from 1) is the first line of content. `start` and `end` are the part of the
    file's text (`normalise`) that holds it: usually itself alone; if that part is a List, `item` are the indices that
    lead to it. `duplicates` are the keys written twice in one mapping, of which the last counts: the path, as in
    `spec.egress[0].to`, and the line where it is written last.
    """

    text: bytes
    api_version: str
    kind: str
    namespace: str | None
    name: str
    file: str
    folder: str
    line: int
    start: int
    end: int
    item: tuple[int, ...] = ()
    duplicates: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadError:
    """A file, or the rest of one, that cannot be read: an entry of the report, not an exception."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file held. `kubernetes` counts its objects with apiVersion and kind, also those that cannot matter.

    `path` can be opened; what can be read only once (standard input, a pipe) is in `data`.
    """

    file: str
    path: str
    documents: tuple[Document, ...] = ()
    errors: tuple[ReadError, ...] = ()
    kubernetes: int = 0
    data: bytes | None = None


class UnreadableError(EgressPolicyError):
    """A text that cannot be read; `line` counts from 0. The reader turns it into a ReadError."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
