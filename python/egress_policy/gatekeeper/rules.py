"""Which packages are rules, what their METADATA says, and what of the libraries they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy.gatekeeper import ConvertError
from egress_policy.gatekeeper.modules import Package, Path_, Reference

#: The rule that Gatekeeper asks, and what it may read (Gatekeeper's own check says less about where).
ENTRY = "violation"
_READABLE = ("lib", "inventory")
_NEEDED = ("title", "description")
_CUSTOM = ("levels", "match", "parameters", "requires_inventory")
_LEVELS = ("fail", "warn")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule to convert. `source` is its own package, `libraries` what it reaches of others, each as one module."""

    name: str
    package: Package
    source: str
    libraries: tuple[str, ...]

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The package's METADATA."""
        return self.package.annotations

    @property
    def custom(self) -> Mapping[str, Any]:
        """What its METADATA says below `custom`."""
        found: Mapping[str, Any] = self.annotations["custom"]
        return found

    @property
    def kind(self) -> str:
        """`EgressOpenEgress` for egress.rules.open_egress: the first name tells whose rule it is."""
        first, words = self.package.path[0], self.name.split("-")
        return "".join(word.capitalize() for word in (words if words[0] == first else (first, *words)))


@dataclass(frozen=True, slots=True)
class Found:
    """The rules of a folder, and those that no cluster can break, with the reason."""

    rules: tuple[Rule, ...]
    left_out: Mapping[str, str]


def find(packages: Mapping[str, Package]) -> Found:
    """The rules of the packages. Raises ConvertError with a line for each thing that cannot be converted."""
    candidates = {name: package for name, package in packages.items() if _is_rule(package)}
    left_out = {_name(package): why for package in candidates.values() if (why := _left_out(package))}
    chosen = [package for package in candidates.values() if _name(package) not in left_out]
    if problems := [problem for package in chosen for problem in _problems(package, packages)]:
        raise ConvertError("\n".join(dict.fromkeys(problems)))
    rules = tuple(_converted(package, packages) for package in sorted(chosen, key=_name))
    check_kinds(rules)
    if not rules:
        raise ConvertError("no package here is a rule: a rule has METADATA with custom.match, and defines `violation`")
    return Found(rules, left_out)


def _is_rule(package: Package) -> bool:
    custom = package.annotations.get("custom") or {}
    return not _is_library(package) and ("match" in custom or any(rule.name == ENTRY for rule in package.rules))


def _is_library(package: Package) -> bool:
    return package.path[0] == "lib"


def _name(package: Package) -> str:
    return package.path[-1].replace("_", "-")


def _left_out(package: Package) -> str:
    return str((package.annotations.get("custom") or {}).get("not_in_cluster") or "")


def check_kinds(rules: Iterable[Rule]) -> None:
    """Raises ConvertError where two have the same kind."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        other = seen.setdefault(rule.kind.lower(), rule)
        if other is not rule:
            raise ConvertError(
                f"{rule.package.place}: {rule.package.name} and {other.package.name} are both {rule.kind}"
            )


def _problems(package: Package, packages: Mapping[str, Package]) -> Iterator[str]:
    yield from _metadata_problems(package)
    entries = [rule for rule in package.rules if rule.name == ENTRY]
    if not entries:
        yield f"{package.place}: package {package.name} has no rule `{ENTRY}`, which is what Gatekeeper asks"
    for rule in entries:
        if not rule.partial_set:
            yield f'{rule.place}: `{ENTRY}` must be a set: `{ENTRY} contains {{"msg": …}} if {{ … }}`'
    for one in (package, *_libraries(package, packages)):
        yield from _import_problems(one, packages)
        yield from _reading_problems(one)


def _metadata_problems(package: Package) -> Iterator[str]:
    custom = package.annotations.get("custom") or {}
    lacking = [name for name in _NEEDED if not package.annotations.get(name)]
    lacking += [f"custom.{name}" for name in _CUSTOM if name not in custom]
    if lacking:
        yield f"{package.place}: the METADATA of {package.name} lacks {', '.join(lacking)}"
        return
    levels = custom["levels"]
    if not isinstance(levels, dict) or not levels or not all(level in _LEVELS for level in levels.values()):
        yield f"{package.place}: custom.levels of {package.name} must give fail or warn for each profile"
    for name in ("match", "requires_inventory"):
        if not isinstance(custom[name], list):
            yield f"{package.place}: custom.{name} of {package.name} must be a list"
    if not _are_parameters(custom["parameters"]):
        yield f"{package.place}: custom.parameters of {package.name} must be a list of names, or {{name: schema}}"


def _are_parameters(given: object) -> bool:
    if isinstance(given, dict):
        return all(isinstance(schema, dict) for schema in given.values())
    return isinstance(given, list) and all(isinstance(name, str) for name in given)


def _import_problems(package: Package, packages: Mapping[str, Package]) -> Iterator[str]:
    for one in package.imports:
        written = ".".join(one.path)
        if one.path[0] in ("rego", "future"):
            yield f"{one.place}: `import {written}` is refused by Gatekeeper: take it out, templates are Rego v1 here"
        elif one.path[:2] != ("data", "lib"):
            yield f"{one.place}: `import {written}`: a template may import data.lib.… only"
        elif _package_of(one.path[1:], packages) is None:
            yield f"{one.place}: `import {written}`: there is no such package in the folder"


def _reading_problems(package: Package) -> Iterator[str]:
    for rule in package.rules:
        for reference in rule.references:
            path = reference.path
            if path[0] == "data" and path[1:2] not in ((), *((name,) for name in _READABLE)):
                yield f"{reference.place}: `{'.'.join(path)}`: a template may read data.lib.… and data.inventory only"
            elif path[:2] == ("data", "lib") and reference.overlooked:
                written = ".".join(path)
                yield f'{reference.place}: `{written}` is lost to Gatekeeper in `some … in` and in $"…": import it'
            elif path == ("http", "send"):
                yield f"{reference.place}: `http.send`: Gatekeeper has it turned off"


def _package_of(path: Path_, packages: Mapping[str, Package]) -> Package | None:
    """The package that a path below data leads into."""
    for length in range(len(path), 0, -1):
        if found := packages.get(".".join(path[:length])):
            return found
    return None


def _libraries(package: Package, packages: Mapping[str, Package]) -> list[Package]:
    """The libraries that a package imports, those that these import, and so on."""
    waiting, seen = [package], {package.name: package}
    while waiting:
        for target in _targets(waiting.pop(), packages):
            if target.name not in seen:
                seen[target.name] = target
                waiting.append(target)
    return sorted((found for name, found in seen.items() if name != package.name), key=lambda found: found.name)


def _targets(package: Package, packages: Mapping[str, Package]) -> Iterator[Package]:
    paths = [one.path for one in package.imports]
    paths += [reference.path for rule in package.rules for reference in rule.references]
    for path in paths:
        if path[:2] == ("data", "lib") and (found := _package_of(path[1:], packages)) is not None:
            yield found


def _converted(package: Package, packages: Mapping[str, Package]) -> Rule:
    modules = reached([package], packages)
    return Rule(_name(package), package, modules.pop(package.name), tuple(modules.values()))


def reached(chosen: Iterable[Package], packages: Mapping[str, Package]) -> dict[str, str]:
    """What of the packages the rules in the chosen ones reach, each as one module, by the name of the package."""
    kept = _kept(chosen, packages)
    return {name: _module(packages[name], kept[name]) for name in sorted(kept)}


def _kept(chosen: Iterable[Package], packages: Mapping[str, Package]) -> dict[str, set[str]]:
    """The names of the rules that `violation` reaches, by package."""
    kept: dict[str, set[str]] = {}
    waiting = [(package.name, ENTRY) for package in chosen]
    while waiting:
        name, rule = waiting.pop()
        if rule in kept.setdefault(name, set()):
            continue
        kept[name].add(rule)
        owner = packages[name]
        references = (reference for one in owner.rules if one.name == rule for reference in one.references)
        for reference in references:
            waiting += _meant(owner, reference, packages)
    return kept


def _meant(owner: Package, reference: Reference, packages: Mapping[str, Package]) -> list[tuple[str, str]]:
    """The rules that a reference may mean: more rather than less, where a variable has the name of one."""
    path = _absolute(owner, reference.path)
    if path[:2] != ("data", "lib"):
        names = {rule.name for rule in owner.rules}
        return [(owner.name, path[0])] if path[0] in names else []
    target = _package_of(path[1:], packages)
    if target is None:
        return []
    names = {rule.name for rule in target.rules}
    step = path[1 + len(target.path) :][:1]
    wanted = set(step) & names if step and step != ("*",) else names
    return [(target.name, name) for name in sorted(wanted)]


def _absolute(owner: Package, path: Path_) -> Path_:
    alias = next((one for one in owner.imports if one.alias == path[0]), None)
    return path if alias is None else (*alias.path, *path[1:])


def _module(package: Package, names: set[str]) -> str:
    """The package with these of its rules only, and the imports that they use."""
    rules = [rule for rule in package.rules if rule.name in names]
    used = {reference.path[0] for rule in rules for reference in rule.references}
    imports = sorted({_import(one.path, one.alias) for one in package.imports if one.alias in used})
    head = f"package {package.name}\n"
    return "\n".join(
        filter(None, [head, "\n".join([*imports, ""]) if imports else "", *(f"{r.text}\n" for r in rules)])
    )


def _import(path: Path_, alias: str) -> str:
    written = f"import {'.'.join(path)}"
    return written if alias == path[-1] else f"{written} as {alias}"
