"""The manifests of a git revision, read out of the repository. It is the only module that starts git.

Nothing is checked out: trees are listed by `git ls-tree`, and files come raw out of `git cat-file`, so that no hook,
filter or attribute of the repository has a say. Names never stand where git would take an option.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import IO

from egress_policy.errors import EgressPolicyError
from egress_policy.reader.files import CHART, RENDERED, SUFFIXES, File

# What the reader takes of one file at most.
_MOST_BYTES = 1 << 28
_SECONDS = 120.0
_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# No question to the user, no network, no other object in place of one.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


class RevisionError(EgressPolicyError):
    """No such revision, no repository, or no git."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of the tree: its path from the root, its object, and its size in bytes."""

    path: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of the repository around the current folder."""

    name: str
    commit: str

    def files(self, paths: Sequence[str], exclude: Sequence[str]) -> Iterator[File]:
        """The manifests below the paths (from the current folder; none is everything), each with its content.

        As in a folder: `.yaml`, `.yml`, `.json`, not in hidden folders, and of a chart only that it is one. Links are
        left out.
        """
        below = [_from_root(path) for path in paths] or [""]
        chosen = list(_chosen(_entries(self.commit), below, exclude))
        with _contents() as read:
            for entry, chart in chosen:
                yield _file(self.name, entry, chart, read)


def find(name: str) -> Revision:
    """The revision of this name. Raises RevisionError."""
    if name.startswith("-"):  # git would take it for an option
        raise RevisionError(f"{name!r} is neither a file nor a folder, and no revision begins with -")
    try:
        said = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode(errors="replace").strip()
    except (RevisionError, ValueError) as error:
        reason = f": {error}" if str(error) else ""
        raise RevisionError(
            f"{name!r} is neither a file nor a folder, nor a revision that git knows here{reason}"
        ) from error
    if not _HASH.fullmatch(said):
        raise RevisionError(f"{name!r} is no single revision: name a commit, a branch or a tag")
    return Revision(name, said)


def _program() -> str:
    program = shutil.which("git")
    if program is None:
        raise RevisionError("no program `git` on PATH")
    return program


def _command(*arguments: str) -> list[str]:
    return [_program(), "--no-replace-objects", "--no-pager", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, **_QUIET}


def _git(*arguments: str) -> bytes:
    """What git says; RevisionError with its complaint, which may be empty."""
    try:
        done = subprocess.run(
            _command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, env=_environment(), check=False,
            timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise RevisionError(f"git {arguments[0]} took longer than {_SECONDS:g} seconds") from error
    if done.returncode != 0:
        raise RevisionError(" ".join(done.stderr.decode(errors="replace").split())[:500])
    return done.stdout


def _from_root(path: str) -> str:
    """A path from the current folder as one from the root of the repository, "" for the root."""
    prefix = os.fsdecode(_git("rev-parse", "--show-prefix")).rstrip("\n")
    whole = posixpath.normpath(posixpath.join(prefix, path.replace(os.sep, "/")))
    if posixpath.isabs(path) or whole == ".." or whole.startswith("../"):
        raise RevisionError(f"--path {path}: must lie in the repository, as seen from the current folder")
    return "" if whole == "." else whole


def _entries(commit: str) -> Iterator[_Entry]:
    """The plain files of a commit; links and submodules are none."""
    for record in _git("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
        facts, _, path = record.partition(b"\t")
        if facts.startswith(b"100"):
            _, _, blob, size = facts.split()
            yield _Entry(path.decode("utf-8", "surrogateescape"), blob.decode(), int(size))


def _chosen(
    entries: Iterator[_Entry], below: Sequence[str], exclude: Sequence[str]
) -> Iterator[tuple[_Entry, str | None]]:
    """The entries to read; with the name of the chart instead, once, for what Helm would render."""
    listed = [entry for entry in entries if not _excluded(entry.path, exclude)]
    charts = {posixpath.dirname(entry.path): entry for entry in listed if posixpath.basename(entry.path) == CHART}
    told: set[str] = set()
    for entry in listed:
        if not any(_wanted(entry.path, folder) for folder in below):
            continue
        chart = _chart(entry.path, charts)
        if chart is None:
            yield entry, None
        elif chart not in told:
            told.add(chart)
            yield charts[chart], posixpath.basename(chart) or "."


def _wanted(path: str, below: str) -> bool:
    """A file that is named is read whatever its name."""
    if path == below:
        return True
    inside = path.removeprefix(f"{below}/") if below else path
    if below and inside == path:
        return False
    hidden = any(folder.startswith(".") for folder in inside.split("/")[:-1])
    return not hidden and inside.lower().endswith(SUFFIXES)


def _chart(path: str, charts: dict[str, _Entry]) -> str | None:
    """The folder of the outermost chart that renders a file, or that it makes a chart."""
    parts = path.split("/")
    for depth, part in enumerate(parts):
        folder = "/".join(parts[:depth])
        if folder in charts and (part in RENDERED or parts[depth:] == [CHART]):
            return folder
    return None


def _excluded(path: str, exclude: Sequence[str]) -> bool:
    """By its name, by its path, or by that of a folder that holds it."""
    parts = path.split("/")
    names = [name for depth, part in enumerate(parts, 1) for name in (part, "/".join(parts[:depth]))]
    return any(fnmatchcase(name, glob.rstrip("/")) for glob in exclude for name in names)


def _file(revision: str, entry: _Entry, chart: str | None, read: _Reader) -> File:
    path, folder = f"{revision}:{entry.path}", posixpath.dirname(entry.path) or "."
    if chart is not None:
        return File(entry.path, path, folder, chart=chart)
    if entry.size > _MOST_BYTES:
        return File(
            entry.path, path, folder, problem=f"cannot be read: it is larger than {_MOST_BYTES >> 20} MB; split it"
        )
    data = read(entry.blob)
    if data is None:
        return File(entry.path, path, folder, problem="cannot be read: the repository has no such object")
    return File(entry.path, path, folder, len(data), data=data)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Asks one `git cat-file --batch` for the content of objects."""

    asked: IO[bytes]
    answers: IO[bytes]

    def __call__(self, blob: str) -> bytes | None:
        try:
            self.asked.write(f"{blob}\n".encode())
            self.asked.flush()
        except OSError as error:
            raise RevisionError("git cat-file ended early") from error
        head = self.answers.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            return None
        data = self.answers.read(int(head[2]))
        if self.answers.read(1) != b"\n":
            raise RevisionError("git cat-file ended early")
        return data


@contextlib.contextmanager
def _contents() -> Iterator[_Reader]:
    process = subprocess.Popen(
        _command("cat-file", "--batch"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_environment(),
    )  # fmt: skip
    try:
        if process.stdin is None or process.stdout is None:
            raise RevisionError("git cat-file cannot be talked to")
        yield _Reader(process.stdin, process.stdout)
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.kill()
        process.wait()
