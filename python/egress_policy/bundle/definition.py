"""`kind: BundleDefinition`: what a bundle holds, written by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress_policy import reader
from egress_policy.bundle import BundleError
from egress_policy.engine import embedded
from egress_policy.errors import EgressPolicyError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*")
_ENTRYPOINT = re.compile(r"[a-z_][a-z0-9_]*(/[a-z_][a-z0-9_]*)+")
_REVISION = re.compile(r"[!-~]{1,100}")
_FIELDS = {
    "apiVersion", "kind", "name", "revision", "description",
    "packages", "entrypoints", "conftest", "models", "parameters", "waivers",
}  # fmt: skip
_POLICY = ("packages", "entrypoints", "conftest")
_DATA = ("models", "parameters", "waivers")


@dataclass(frozen=True, slots=True)
class Definition:
    """One bundle: packages of the policy with everything below them, or the data of some settings files.

    Paths of files are relative to the definition's. An empty `packages` tells a bundle of data. `conftest` are the
    packages that conftest gets instead, which takes no bundles.
    """

    path: str
    name: str
    revision: str
    description: str
    packages: tuple[str, ...]
    entrypoints: tuple[str, ...]
    conftest: tuple[str, ...]
    models: tuple[str, ...]
    parameters: str | None
    waivers: str | None


def read(name: str) -> Definition:
    """The definition of a file, or of a bundle of ours by its name. Raises BundleError, a line for each problem."""
    path = str(embedded.definitions() / f"{name}.yaml") if own(name) and not Path(name).exists() else name
    try:
        loaded = reader.load(Path(path).read_bytes())
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}") from error
    except EgressPolicyError as error:
        raise BundleError(f"{path}: {error}") from error
    value = loaded.value
    problems = _problems(value) if isinstance(value, dict) else [("", "must be a BundleDefinition")]
    if problems:
        lines = (f"{path}:{loaded.line(field)}: {field or 'the document'} {message}" for field, message in problems)
        raise BundleError("\n".join(lines))
    folder = Path(path).parent
    files = {name: str(folder / value[name]) if value.get(name) else None for name in ("parameters", "waivers")}
    return Definition(
        path, value["name"], value["revision"], value.get("description") or "",
        tuple(value.get("packages") or ()), tuple(value.get("entrypoints") or ()), tuple(value.get("conftest") or ()),
        tuple(str(folder / name) for name in value.get("models") or ()), files["parameters"], files["waivers"],
    )  # fmt: skip


def own(name: str) -> bool:
    """Whether a bundle of ours has this name."""
    return is_name(name) and (embedded.definitions() / f"{name}.yaml").is_file()


def is_name(text: str) -> bool:
    """Whether a bundle can have this name."""
    return _NAME.fullmatch(text) is not None


def _problems(value: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(str(field), "is an unknown field") for field in value if field not in _FIELDS]
    found += [
        (field, f"must be {wanted}")
        for field, wanted in (("apiVersion", "egress-policy.dev/v1"), ("kind", "BundleDefinition"))
        if value.get(field) != wanted
    ]
    found += [
        (field, f"must be {what}")
        for field, pattern, what in (
            ("name", _NAME, "lower-case letters, digits and hyphens"),
            ("revision", _REVISION, 'a text without blanks, as "1.4.0"'),
        )
        if not _matches(value.get(field), pattern)
    ]
    found += _list_problems(value, "packages", _PACKAGE, "the name of a package, as egress.main")
    found += _list_problems(value, "conftest", _PACKAGE, "the name of a package, as main")
    found += _list_problems(value, "entrypoints", _ENTRYPOINT, "the path of a rule, as egress/main/report")
    found += _list_problems(value, "models", re.compile(r".+"), "the path of a file")
    found += [
        (field, "must be a text")
        for field in ("description", "parameters", "waivers")
        if value.get(field) is not None and not isinstance(value[field], str)
    ]
    return found or _kind_problems(value)


def _matches(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _list_problems(value: dict[str, Any], field: str, pattern: re.Pattern[str], what: str) -> list[tuple[str, str]]:
    listed = value.get(field)
    if listed is None:
        return []
    if not isinstance(listed, list):
        return [(field, "must be a list")]
    return [(f"{field}[{i}]", f"must be {what}") for i, one in enumerate(listed) if not _matches(one, pattern)]


def _kind_problems(value: dict[str, Any]) -> list[tuple[str, str]]:
    """Of policy or of data: OPA replaces a bundle as a whole, and data changes more often."""
    policy = [field for field in _POLICY if value.get(field)]
    data = [field for field in _DATA if value.get(field)]
    if policy and data:
        return [(data[0], f"must be in a bundle of its own, beside one with {policy[0]}")]
    if not policy and not data:
        return [("", f"must list packages, or name {', '.join(_DATA[:-1])} or {_DATA[-1]}")]
    return [("packages", f"must be listed beside {policy[0]}")] if policy and "packages" not in policy else []
