"""Paths from the command line to files, in the order in which they are read. Nothing is opened here but folders."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

TERRAFORM = (".tf", ".tf.json", ".tofu", ".tofu.json")
NOMAD = (".nomad", ".nomad.hcl")
HCL = (*TERRAFORM, *NOMAD)
SUFFIXES = (".yaml", ".yml", ".json", ".tfstate", *HCL)
CHART = "Chart.yaml"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# What Helm renders: these belong to the chart, and are not manifests before.
RENDERED = ("templates", "charts")

STDIN = "-"


@dataclass(frozen=True, slots=True)
class File:
    """Something to read. `name` is what a report shows, `path` can be opened, `folder` tells folders apart.

    `problem` says why it cannot be read, if that is known already; `chart` is the chart's name if it is a Chart.yaml,
    `unrendered` why that, or a kustomization, is not rendered, where something else is to be said than how to do it;
    `data` is what standard input gave; `terraform` are the paths of all such files, as they may call each other.
    """

    name: str
    path: str
    folder: str
    size: int = 0
    problem: str | None = None
    chart: str | None = None
    unrendered: str = ""
    data: bytes | None = None
    terraform: tuple[str, ...] = ()

    @property
    def kustomization(self) -> bool:
        """Whether kustomize would take it for one, by its name."""
        return os.path.basename(self.path) in KUSTOMIZATIONS


def find(paths: Sequence[str], exclude: Sequence[str] = ()) -> list[File]:
    """All files of the paths, each once: a folder's sorted, with names relative to it."""
    seen: set[str] = set()
    found = [file for path in paths for file in _Walk(path, exclude, seen).files()]
    return _named_apart(_with_callers(found))


def _with_callers(files: list[File]) -> list[File]:
    paths = tuple(file.path for file in files if file.path.lower().endswith(TERRAFORM))
    return [replace(file, terraform=paths) if file.path.lower().endswith(TERRAFORM) else file for file in files]


def _named_apart(files: list[File]) -> list[File]:
    """Where two folders hold the same relative name, the path as given."""
    count = Counter(file.name for file in files)
    return [replace(file, name=file.path) if count[file.name] > 1 else file for file in files]


class _Walk:
    """One path from the command line. `seen` are the real paths that need not be read again."""

    def __init__(self, path: str, exclude: Sequence[str], seen: set[str]) -> None:
        self._path = path
        self._exclude = exclude
        self._seen = seen
        self._root = os.path.realpath(path)

    def files(self) -> Iterator[File]:
        if self._path == STDIN:
            if STDIN not in self._seen:
                self._seen.add(STDIN)
                yield File(STDIN, STDIN, STDIN)
        elif os.path.isdir(self._path):
            above = self._above()
            yield from self._folder(self._path, "", self._root) if above is None else above
        elif self._first(self._root):
            yield self._named()

    def _named(self) -> File:
        try:
            size = os.stat(self._path).st_size
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return File(self._path, self._path, _folder_of(self._path), problem=f"cannot be read: {reason}")
        return File(self._path, self._path, _folder_of(self._path), size)

    def _above(self) -> list[File] | None:
        """The chart, unless it was named before, if the folder given is (in) what a chart renders."""
        parts = self._root.split(os.sep)
        for depth in range(len(parts) - 1, 0, -1):
            if parts[depth] in RENDERED and os.path.isfile(os.sep.join([*parts[:depth], CHART])):
                up = os.path.join(self._path, *[os.pardir] * (len(parts) - depth))
                chart = os.path.normpath(os.path.join(up, CHART))
                first = self._first(os.sep.join([*parts[:depth], CHART]))
                return [_chart(chart, chart, parts[depth - 1])] if first else []
        return None

    def _folder(self, path: str, relative: str, real: str) -> Iterator[File]:
        try:
            with os.scandir(path) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield File(relative or path, path, path, problem=f"cannot be read: {error.strerror}")
            return
        chart = any(entry.name == CHART and not _is_folder(entry) for entry in inside)
        if chart and not self._excluded(os.path.join(relative, CHART), os.path.join(path, CHART)):
            inside = [entry for entry in inside if entry.name not in RENDERED]
            yield from self._chart(path, relative, real)
        for entry in inside:
            yield from self._entry(entry, os.path.join(relative, entry.name), os.path.join(real, entry.name))

    def _chart(self, path: str, relative: str, real: str) -> Iterator[File]:
        if self._first(os.path.join(real, CHART)):
            yield _chart(os.path.join(relative, CHART), os.path.join(path, CHART), os.path.basename(real))

    def _entry(self, entry: os.DirEntry[str], relative: str, real: str) -> Iterator[File]:
        if self._excluded(relative, entry.path):
            return
        if entry.is_symlink():
            real = os.path.realpath(entry.path)
            if not _inside(real, self._root):
                return
        if _is_folder(entry):
            if not entry.name.startswith(".") and (not entry.is_symlink() or self._first(real)):
                yield from self._folder(entry.path, relative, real)
        elif entry.name.lower().endswith(SUFFIXES) or entry.name in KUSTOMIZATIONS:
            yield from self._file(entry, relative, real)

    def _file(self, entry: os.DirEntry[str], relative: str, real: str) -> Iterator[File]:
        try:
            status = entry.stat()
        except OSError as error:
            yield File(relative, entry.path, _folder_of(entry.path), problem=f"cannot be read: {error.strerror}")
            return
        if stat.S_ISREG(status.st_mode) and self._first(real):
            yield File(relative, entry.path, _folder_of(entry.path), status.st_size)

    def _first(self, real: str) -> bool:
        if real in self._seen:
            return False
        self._seen.add(real)
        return True

    def _excluded(self, relative: str, path: str) -> bool:
        """By its name, by its path, or by that of a folder that holds it (those are not entered)."""
        names = (relative, os.path.basename(relative), path)
        return any(fnmatchcase(name, glob.rstrip("/")) for glob in self._exclude for name in names)


def _chart(name: str, path: str, chart: str) -> File:
    return File(name, path, _folder_of(path), chart=chart)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; whoever opens it gets the error
        return False


def _folder_of(path: str) -> str:
    return os.path.dirname(os.path.normpath(path)) or os.curdir


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)
