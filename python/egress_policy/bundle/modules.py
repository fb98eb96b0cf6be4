"""The modules of a bundle: the packages that it answers with, and what they need, below a root of the bundle's own.

Two bundles in one OPA may not share a root, and every one needs the same libraries. So each brings its own copy, below
`egress.within.NAME`: there only the words `package` and `import` of the libraries differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from egress_policy.bundle import BundleError

_PACKAGE = re.compile(r"^package +([a-z0-9_.]+) *$", re.MULTILINE)
_IMPORT = re.compile(r"^import +data\.([a-z0-9_.]+)(?= |$)", re.MULTILINE)
_WITHIN = "egress.within"


def within(name: str) -> str:
    """The package below which the bundle of this name has its libraries."""
    return f"{_WITHIN}.{name.replace('-', '_')}"


def files(folder: Path, name: str | None, packages: Iterable[str]) -> dict[str, str]:
    """The modules of a bundle by their path in it; without a name, libraries stay where they are.

    Raises BundleError for a package that is not in the folder.
    """
    texts = _read(folder)
    own = {package for package in texts if any(_below(package, wanted) for wanted in packages)}
    if missing := [wanted for wanted in packages if not any(_below(package, wanted) for package in texts)]:
        raise BundleError(f"{folder} has no package {', '.join(missing)}")
    reached = _reached(texts, own)
    moved = f"{within(name)}." if name else ""
    places = {package: package if package in own else f"{moved}{package}" for package in reached}
    return {
        f"{places[package].replace('.', '/')}/{file}": _moved(text, places)
        for package in sorted(reached)
        for file, text in texts[package].items()
    }


def _below(package: str, wanted: str) -> bool:
    return f"{package}.".startswith(f"{wanted}.")


def _read(folder: Path) -> dict[str, dict[str, str]]:
    """{package: {file: text}}, without tests."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.rglob("*.rego")):
        if path.name.endswith("_test.rego"):
            continue
        text = path.read_text(encoding="utf-8")
        package = _PACKAGE.search(text)
        if package is None:
            raise BundleError(f"{path}: names no package")
        found.setdefault(package[1], {})[path.name] = text
    return found


def _reached(texts: Mapping[str, Mapping[str, str]], own: Iterable[str]) -> set[str]:
    """The packages and all that they import, themselves or by others. An import may be of all packages below it."""
    todo, found = list(own), set(own)
    while todo:
        for text in texts[todo.pop()].values():
            for imported in _IMPORT.findall(text):
                new = {package for package in texts if _below(package, imported) or _below(imported, package)} - found
                found |= new
                todo += new
    return found


def _moved(text: str, places: Mapping[str, str]) -> str:
    """A module whose package and imports are where the bundle has them."""
    text = _PACKAGE.sub(lambda found: f"package {places[found[1]]}", text)
    return _IMPORT.sub(lambda found: f"import data.{_new(found[1], places)}", text)


def _new(imported: str, places: Mapping[str, str]) -> str:
    if imported in places:
        return places[imported]
    below = next((package for package in places if _below(package, imported)), "")
    # What no package is stays: it is data.
    return f"{places[below].removesuffix(below)}{imported}" if below else imported
