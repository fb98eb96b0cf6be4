"""Kustomize folders: each kustomization that no other one uses is built, by kustomize or by kubectl."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
# What kustomize says of a component whose patches are for what is in another kustomization: by itself it is nothing.
_WITHOUT_BASE = ("no resource matches", "no matches for Id")
_MOST_BYTES = 16 << 20
_MOST_DEPTH = 100


@dataclass(frozen=True, slots=True)
class _Kustomization:
    """One of them: its folder (a real path), the files that it takes, the folders that it takes others from.

    `patches` are files that change objects, and are none. `plugins` are those of both that configure kustomize's own
    generators and transformers, which may name files as well. `remote` is what it would fetch, "" for nothing.
    """

    folder: str
    component: bool
    files: frozenset[str]
    patches: frozenset[str]
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
    objects: Sequence[File]
    component: bool
    refused: str = ""

    def rendered(self, budget: Budget) -> list[File]:
        """One file, which is named as the kustomization is. Raises RenderError."""
        if self.refused:
            raise RenderError(self.refused)
        command = "build" if os.path.basename(self.program).startswith("kustomize") else "kustomize"
        try:
            printed = run([self.program, command, self.folder], budget)
        except RenderError as error:
            if self.component and any(text in str(error) for text in _WITHOUT_BASE):
                return self.instead()
            raise
        # The name stays, and the path is one that nobody takes for a kustomization.
        return [replace(self.file, path=f"{self.file.path}#", data=printed, size=len(printed))]

    def instead(self) -> list[File]:
        """The manifests as they stand there. A patch that is not applied is none."""
        return list(self.objects)


def roots(files: Sequence[File]) -> tuple[list[Root], list[File]]:
    """All kustomizations to build, so that each one is in what is built, and the patches besides.

    There is none to build where no program is.
    """
    own = {os.path.realpath(file.folder): file for file in files if file.kustomization and not file.problem}
    if not own:
        return [], []
    read, program = _Read(), find("kustomize", "kubectl")
    own = {folder: file for folder, file in own.items() if read.of(folder) is not None}
    if program is None:
        patches = {path for folder in own for below in read.below(folder) for path in read.patches(below)}
        return [], [file for file in files if os.path.realpath(file.path) in patches]
    used = {folder for one in own for folder in read.below(one) if folder != one}
    by_path = {os.path.realpath(file.path): file for file in files if file.data is None and not file.chart}
    found, covered = [], set[str]()
    # Those that nobody uses come first; of what is left, all are in circles.
    for folder in sorted(own, key=lambda one: (one in used, one)):
        if folder not in used or folder not in covered:
            covered |= read.below(folder)
            found.append(_root(own[folder], folder, program, read, by_path))
    return found, []


def _root(file: File, folder: str, program: str, read: _Read, by_path: Mapping[str, File]) -> Root:
    inside = [one for below in sorted(read.below(folder)) if (one := read.of(below))]
    objects = {path for one in inside for path in one.files}
    taken = objects | {path for one in inside for path in one.patches}
    taken |= {os.path.join(one.folder, name) for one in inside for name in KUSTOMIZATIONS}
    remote = next((one.remote for one in inside if one.remote), "") or _fetched_by_plugins(inside, read)
    refused = f"it refers to {remote}, and nothing is fetched; render it: {HINT}" if remote else ""
    component = any(one.component for one in inside if one.folder == folder)
    held, written = ([by_path[path] for path in sorted(paths) if path in by_path] for paths in (taken, objects))
    return Root(file, folder, program, held, written, component, refused)


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

    def patches(self, folder: str) -> frozenset[str]:
        """The files that only change what others are."""
        known = self.of(folder)
        return known.patches - known.files if known else frozenset()

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
    names = list(_names(written, _TAKEN))
    there = [path for name in names if os.path.exists(path := _path(folder, name))]
    missing = (name for name in names if not os.path.exists(_path(folder, name)))
    patches = [path for name in _patches(written) if os.path.isfile(path := _path(folder, name))]
    texts = (text for key in _PLUGINS for text in _list(written, key) if isinstance(text, str) and _is_inline(text))
    inline = ("a URL in a plugin" for text in texts if _speaks_of_url(text.encode()))
    return _Kustomization(
        folder,
        written.get("kind") == COMPONENT,
        frozenset(path for path in there if os.path.isfile(path)),
        frozenset(patches),
        tuple(path for path in there if os.path.isdir(path)),
        frozenset(_path(folder, name) for name in _names(written, _PLUGINS)),
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
    if not os.path.isfile(path):  # nobody writes to a pipe
        return None
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES)
    except (OSError, ValueError):
        return None


def _names(written: Mapping[str, Any], keys: Iterable[str]) -> Iterator[str]:
    """The files and folders in some lists."""
    for key in keys:
        yield from (name for name in _list(written, key) if isinstance(name, str) and not _is_inline(name))


def _patches(written: Mapping[str, Any]) -> Iterator[str]:
    yield from _names(written, ["patchesStrategicMerge"])
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
