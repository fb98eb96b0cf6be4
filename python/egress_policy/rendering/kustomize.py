"""Kustomize folders: each kustomization that no other one uses is built, by kustomize or by kubectl."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from egress_policy.reader import File
from egress_policy.reader.files import KUSTOMIZATIONS
from egress_policy.reader.kustomization import COMPONENT, parse
from egress_policy.rendering.programs import Budget, RenderError, find, run

HINT = "kubectl kustomize FOLDER | egress audit -"
MISSING = f"install kustomize, or render it: {HINT}"
# What a kustomization takes objects from: files, or folders with a kustomization.
_PLUGINS = ("generators", "transformers", "validators")
_TAKEN = ("resources", "bases", "components", *_PLUGINS)
_PATCHES = ("patches", "patchesJson6902", "replacements")
# Texts of the user's own, which are not opened.
_TEXTS = ("annotations", "commonAnnotations", "labels", "commonLabels", "patch", "literals", "metadata")
_REMOTE = ("http://", "https://")
_MOST_BYTES = 16 << 20
_MOST_DEPTH = 100


@dataclass(frozen=True, slots=True)
class _Kustomization:
    """One of them: its folder (a real path), the files that it takes, the folders that it takes others from.

    `plugins` are those of both that configure kustomize's own generators and transformers, which may name files as
    well. `remote` is what it would fetch, "" for nothing.
    """

    folder: str
    component: bool
    files: frozenset[str]
    folders: tuple[str, ...]
    plugins: frozenset[str]
    remote: str


@dataclass(frozen=True, slots=True)
class Root:
    """A kustomization that nobody else uses, and the files of the audit that it takes, its own among them."""

    file: File
    folder: str
    program: str
    taken: Sequence[File]
    refused: str = ""

    @property
    def consumed(self) -> Iterator[str]:
        """The paths of files that are no manifests beside it."""
        return (file.path for file in self.taken)

    def rendered(self, budget: Budget) -> list[File]:
        """One file, which is named as the kustomization is. Raises RenderError."""
        if self.refused:
            raise RenderError(self.refused)
        command = "build" if os.path.basename(self.program).startswith("kustomize") else "kustomize"
        printed = run([self.program, command, self.folder], budget)
        # The name stays, and the path is one that nobody takes for a kustomization.
        return [replace(self.file, path=f"{self.file.path}#", data=printed, size=len(printed))]

    def instead(self) -> list[File]:
        """The manifests as they stand there."""
        return [file for file in self.taken if os.path.basename(file.path) not in KUSTOMIZATIONS]


def roots(files: Sequence[File]) -> list[Root]:
    """All kustomizations to build, so that each one is in what is built; none if no program is there."""
    own = {os.path.realpath(f.folder): f for f in files if os.path.basename(f.path) in KUSTOMIZATIONS and not f.problem}
    program = find("kustomize", "kubectl") if own else None
    if program is None:
        return []
    read = _Read()
    own = {folder: file for folder, file in own.items() if read.of(folder) is not None}
    used = {folder for one in own for folder in read.below(one) if folder != one}
    by_path = {os.path.realpath(file.path): file for file in files if file.data is None and not file.chart}
    found, covered = [], set[str]()
    # Those that nobody uses come first; of what is left, all are in circles.
    for folder in sorted(own, key=lambda one: (one in used, one)):
        if folder not in used or folder not in covered:
            covered |= read.below(folder)
            found.append(_root(own[folder], folder, program, read, by_path))
    return found


def _root(file: File, folder: str, program: str, read: _Read, by_path: Mapping[str, File]) -> Root:
    inside = [one for below in sorted(read.below(folder)) if (one := read.of(below))]
    taken = {path for one in inside for path in one.files}
    taken |= {os.path.join(one.folder, name) for one in inside for name in KUSTOMIZATIONS}
    remote = next((one.remote for one in inside if one.remote), "") or _fetched_by_plugins(inside, read)
    refused = f"it refers to {remote}, and nothing is fetched; render it: {HINT}" if remote else ""
    if (known := read.of(folder)) and known.component:
        refused = "a Component is rendered by the kustomizations that use it, and none is here"
    return Root(file, folder, program, [by_path[path] for path in sorted(taken) if path in by_path], refused)


def _fetched_by_plugins(inside: Sequence[_Kustomization], read: _Read) -> str:
    """The first file with a URL among what configures plugins, also where a kustomization gathers that."""
    plugins = {path for one in inside for path in one.plugins}
    below = {folder for path in plugins for folder in read.below(path)}
    plugins |= {path for folder in below if (one := read.of(folder)) for path in one.files}
    return next((f"a URL in {os.path.basename(path)}" for path in sorted(plugins) if _has_url(path)), "")


@dataclass(frozen=True, slots=True)
class _Read:
    """Kustomizations by folder, each read once."""

    known: dict[str, _Kustomization | None] = field(default_factory=dict)
    reached: dict[str, set[str]] = field(default_factory=dict)

    def of(self, folder: str) -> _Kustomization | None:
        """None where there is none that can be read."""
        if folder not in self.known:
            self.known[folder] = _kustomization(folder)
        return self.known[folder]

    def below(self, folder: str) -> set[str]:
        """The folder, and all that it takes something from."""
        if folder not in self.reached:
            seen, ahead = set[str](), [folder]
            while ahead:
                one = ahead.pop()
                if one not in seen and (known := self.of(one)):
                    seen.add(one)
                    ahead += known.folders
            self.reached[folder] = seen
        return self.reached[folder]


def _kustomization(folder: str) -> _Kustomization | None:
    written = _parsed(folder)
    if written is None:
        return None
    there = [path for name in _names(written) if os.path.exists(path := _path(folder, name))]
    taken = {key: [name for name in _list(written, key) if isinstance(name, str)] for key in _TAKEN}
    plugins = [name for key in _PLUGINS for name in taken[key]]
    files = [name for names in taken.values() for name in names if not _is_inline(name)]
    missing = (name for name in files if not os.path.exists(_path(folder, name)))
    inline = ("a URL in a plugin" for name in plugins if _is_inline(name) and _speaks_of_url(name.encode()))
    return _Kustomization(
        folder,
        written.get("kind") == COMPONENT,
        frozenset(path for path in there if os.path.isfile(path)),
        tuple(path for path in there if os.path.isdir(path)),
        frozenset(_path(folder, name) for name in plugins if not _is_inline(name)),
        next(iter([*_urls(written), *inline, *missing]), ""),
    )


def _path(folder: str, name: str) -> str:
    """What a kustomization means by a name; a name with a null byte is none."""
    return os.path.realpath(os.path.join(folder, name.replace("\0", "")))


def _is_inline(name: str) -> bool:
    """Whether this is YAML in the place of a file's name."""
    return "\n" in name


def _parsed(folder: str) -> dict[str, Any] | None:
    for name in KUSTOMIZATIONS:
        if (data := _content(os.path.join(folder, name))) is not None:
            return parse(data)
    return None


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES)
    except (OSError, ValueError):
        return None


def _names(written: Mapping[str, Any]) -> Iterator[str]:
    """The files and folders that objects, or parts of them, come from."""
    for key in _TAKEN:
        yield from (name for name in _list(written, key) if isinstance(name, str) and not _is_inline(name))
    for patch in _list(written, "patchesStrategicMerge"):
        if isinstance(patch, str) and not _is_inline(patch):
            yield patch
    for key in _PATCHES:
        for one in _list(written, key):
            path = one.get("path") if isinstance(one, dict) else None
            if isinstance(path, str):
                yield path


def _has_url(path: str) -> bool:
    return _speaks_of_url(_content(path) or b"")


def _speaks_of_url(text: bytes) -> bool:
    return any(word.encode() in text.lower() for word in _REMOTE)


def _urls(value: Any, depth: int = 0) -> Iterator[str]:
    """What would be fetched: kustomize takes any path that begins so for a URL."""
    if isinstance(value, str) and (value := value.strip()).lower().startswith(_REMOTE):
        yield value
    elif isinstance(value, str) and value.partition("=")[2].lower().startswith(_REMOTE):
        yield value  # after the key that a generator gives a file
    elif isinstance(value, list) and depth < _MOST_DEPTH:
        for one in value:
            yield from _urls(one, depth + 1)
    elif isinstance(value, dict) and depth < _MOST_DEPTH:
        for key, one in value.items():
            if key not in _TEXTS:
                yield from _urls(one, depth + 1)


def _list(written: Mapping[str, Any], key: str) -> list[Any]:
    found = written.get(key)
    return found if isinstance(found, list) else []
