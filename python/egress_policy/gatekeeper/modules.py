"""Rego files as OPA parses them: packages, their METADATA, and which rule refers to what."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from egress_policy.gatekeeper import ConvertError

Path_ = tuple[str, ...]
_PARSE = ("parse", "--format", "json", "--json-include", "locations,-comments")
_MOST_FILES = 2000
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, as messages name it."""

    file: str
    row: int

    def __str__(self) -> str:
        return f"{self.file}:{self.row}"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a rule refers to, as the path that it writes: `data.lib.a.b`, an alias and what follows, or one name.

    `overlooked` tells that Gatekeeper, which gives libraries other names, does not look for them there.
    """

    path: Path_
    place: Place
    overlooked: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule or function, as it is written. `partial_set` tells `violation contains …` from all else."""

    name: str
    text: str
    place: Place
    partial_set: bool
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """An import, and the name by which the module knows it."""

    path: Path_
    alias: str
    place: Place


@dataclass(slots=True)
class Package:
    """All modules of one package together; `annotations` are its METADATA, empty where it has none."""

    name: str
    place: Place
    annotations: dict[str, Any] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    @property
    def path(self) -> Path_:
        """The path in data, as in ("lib", "egress", "cidr")."""
        return tuple(self.name.split("."))


def program() -> str:
    """The path of `opa`, which parses: nothing else reads Rego as OPA does."""
    found = shutil.which("opa")
    if found is None:
        raise ConvertError(
            "no program `opa` on PATH, which reads the rules: install OPA 1.22.2 or newer"
            " (https://www.openpolicyagent.org/docs#1-download-opa)"
        )
    return found


def read(folder: Path) -> dict[str, Package]:
    """The packages of a folder by name, without tests. Raises ConvertError for what cannot be parsed."""
    files = _files(folder)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parsed = list(pool.map(partial(_parsed, program(), folder), files))
    if problems := [problem for problem in parsed if isinstance(problem, str)]:
        raise ConvertError("\n".join(problems))
    packages: dict[str, Package] = {}
    for file, tree in zip(files, parsed, strict=True):
        if isinstance(tree, dict) and tree:
            _add(packages, file, tree, (folder / file).read_text(encoding="utf-8").splitlines())
    return packages


def _files(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise ConvertError(f"{folder}: no such folder")
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.rego") if path.is_file()]
    files = sorted(name for name in names if not name.endswith("_test.rego"))
    if not files:
        raise ConvertError(f"{folder} has no .rego files")
    if len(files) > _MOST_FILES:
        raise ConvertError(f"{folder} has {len(files)} .rego files, more than {_MOST_FILES}: name the folder of rules")
    return files


def _parsed(opa: str, folder: Path, file: str) -> dict[str, Any] | str:
    """What OPA makes of a file, or what it says against it."""
    try:
        done = subprocess.run(
            [opa, *_PARSE, "--", file], cwd=folder, capture_output=True, check=False, timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{file}:1: opa parse: {error}"
    if done.returncode != 0:
        return _said(done.stderr.decode(errors="replace"), file)
    parsed: dict[str, Any] = json.loads(done.stdout or b"{}")
    return parsed


def _said(text: str, file: str) -> str:
    """OPA's first complaint, a line of ours."""
    try:
        first = json.loads(text)["errors"][0]
        return f"{file}:{max(1, first['location']['row'])}: {first['code']}: {first['message']}"
    except (ValueError, LookupError, TypeError):
        return f"{file}:1: {' '.join(text.split())[:300]}"


def _add(packages: dict[str, Package], file: str, tree: Mapping[str, Any], lines: list[str]) -> None:
    head = tree["package"]
    name = ".".join(str(part["value"]) for part in head["path"][1:])
    package = packages.setdefault(name, Package(name, Place(file, head["location"]["row"])))
    package.imports += [_import(one, file) for one in tree.get("imports") or []]
    rules = tree.get("rules") or []
    starts = [one["location"]["row"] for one in rules] + [len(lines) + 1]
    package.rules += [_rule(one, file, lines[starts[i] - 1 : starts[i + 1] - 1]) for i, one in enumerate(rules)]
    for one in tree.get("annotations") or []:
        if one.get("scope") == "package":
            package.annotations = one
            package.place = Place(file, one["location"]["row"])


def _import(one: Mapping[str, Any], file: str) -> Import:
    path = tuple(str(part["value"]) for part in one["path"]["value"])
    return Import(path, one.get("alias") or path[-1], Place(file, one["path"]["location"]["row"]))


def _rule(one: Mapping[str, Any], file: str, lines: list[str]) -> Rule:
    head = one["head"]
    name = head.get("name") or str(head["ref"][0]["value"])
    contains = "key" in head and "value" not in head
    # OPA tells where a rule starts; of some (a default, a function without a body) the text that it gives is too short.
    return Rule(
        name, _uncommented(lines), Place(file, one["location"]["row"]), contains, tuple(_references(one, file, 1))
    )


def _uncommented(lines: list[str]) -> str:
    """The lines up to the next rule, without the comments that belong to that."""
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines = lines[:-1]
    return "\n".join(lines)


def _references(node: Any, file: str, row: int, *, overlooked: bool = False) -> Iterator[Reference]:
    """Every reference and every name below a node of the syntax tree; names of variables are among them."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item, file, row, overlooked=overlooked)
    elif isinstance(node, dict):
        row = (node.get("location") or {}).get("row", row)
        if node.get("type") == "ref" and node["value"][0].get("type") == "var":
            yield Reference(_written(node["value"]), Place(file, row), overlooked)
            yield from _references(node["value"][1:], file, row, overlooked=overlooked)
        elif node.get("type") == "var":
            yield Reference((str(node["value"]),), Place(file, row), overlooked)
        else:
            for key, value in node.items():
                if key not in ("location", "annotations"):
                    # What `some … in` goes through, and what stands in $"…".
                    deeper = overlooked or key == "symbols" or node.get("type") == "templatestring"
                    yield from _references(value, file, row, overlooked=deeper)


def _written(parts: list[Mapping[str, Any]]) -> Path_:
    """The head and the constant steps after it; a step that is worked out ends the path, as ``*``."""
    path = [str(parts[0].get("value"))]
    for part in parts[1:]:
        if part.get("type") != "string":
            return (*path, "*")
        path.append(part["value"])
    return tuple(path)
