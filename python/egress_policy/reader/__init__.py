"""The reader: files, folders and standard input to Kubernetes objects, as Kubernetes decodes them.

`find` lists the files of the paths given, `read_file` reads one of them, `read` does both. Nothing raises for what is
in a file: that is a `ReadError` in the `Reading`. `locate` finds the line of a field in a text (`normalise`) that was
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

from egress_policy.reader.documents import Document, ReadError, Reading, UnreadableError
from egress_policy.reader.files import File
from egress_policy.reader.files import find as _find
from egress_policy.reader.loading import Loaded, load, load_all, read_file, with_input
from egress_policy.reader.locate import locate, locate_all
from egress_policy.reader.text import normalise

__all__ = [
    "Document",
    "File",
    "Loaded",
    "ReadError",
    "Reading",
    "UnreadableError",
    "find",
    "load",
    "load_all",
    "locate",
    "locate_all",
    "normalise",
    "read",
    "read_file",
]


def find(paths: Sequence[str], exclude: Sequence[str] = (), *, stdin: IO[bytes] | None = None) -> list[File]:
    """The files of the paths, each once; `-` is standard input (`stdin`, or the process's), which is read here."""
    return [with_input(file, stdin) for file in _find(paths, exclude)]


def read(paths: Sequence[str], exclude: Sequence[str] = (), *, stdin: IO[bytes] | None = None) -> Iterator[Reading]:
    """Every file of the paths, one after the other."""
    return map(read_file, find(paths, exclude, stdin=stdin))
