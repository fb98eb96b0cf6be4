"""What a workload is told when it starts: environment, arguments, and the files of ConfigMaps and Secrets.

The values are looked at by `addresses` and never kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy.propose.inventory import Inventory, Thing, Workload
from egress_policy.propose.objects import at, listing, mapping, strings, text
from egress_policy.reader.paths import Step

# A reference to an earlier variable, as the kubelet expands it; $$ is a dollar.
_REFERENCE = re.compile(r"\$\$|\$\(([^()\s$]{1,253})\)")
_MOST_REFERENCES = 64
_LONGEST_EXPANDED = 1 << 16
_FLAG = re.compile(r"--?([A-Za-z][A-Za-z0-9_.-]*)(?:=(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a workload is told. `value` is None where no manifest has it; `problem` says why.

    `steps` lead to it in the workload's document, `what` names it for people: env URL, from Secret db, key url.
    `secret` is whether it comes from a Secret, `file` whether it is a file's content.
    """

    name: str
    value: str | None
    steps: tuple[Step, ...]
    what: str
    problem: str = ""
    secret: bool = False
    file: bool = False


def settings(workload: Workload, found: Inventory) -> Iterator[Setting]:
    """All of a workload's, container by container, then its mounted files."""
    for steps, container in workload.containers:
        environment = _environment(workload.namespace, steps, container, found)
        yield from environment.values()
        values = {name: one.value for name, one in environment.items() if one.value is not None}
        yield from _arguments(steps, container, values)
    yield from _files(workload, found)


def _environment(
    namespace: str, steps: tuple[Step, ...], container: Mapping[str, Any], found: Inventory
) -> dict[str, Setting]:
    """By name: of two the later counts, and `env` over `envFrom`."""
    every: dict[str, Setting] = {}
    for index, source in enumerate(listing(container.get("envFrom"))):
        for one in _whole(namespace, source, (*steps, "envFrom", index), found):
            every[one.name] = one
    values = {name: one.value for name, one in every.items() if one.value is not None}
    for index, variable in enumerate(listing(container.get("env"))):
        name = text(mapping(variable).get("name"))
        if name:
            one = _variable(namespace, variable, (*steps, "env", index), found, values)
            every[name] = one
            if one.value is not None:
                values[name] = one.value
    return every


def _variable(
    namespace: str, variable: Mapping[str, Any], steps: tuple[Step, ...], found: Inventory, values: Mapping[str, str]
) -> Setting:
    name = text(variable.get("name"))
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        reference = mapping(at(variable, "valueFrom", field))
        if reference:
            thing, key = text(reference.get("name")), text(reference.get("key"))
            value, problem = _value(found, kind, namespace, thing, key)
            what = f"env {name} from {kind} {thing}, key {key}"
            return Setting(name, value, steps, what, problem, secret=kind == "Secret")
    if isinstance(at(variable, "valueFrom"), dict):
        return Setting(name, None, steps, f"env {name}", "it is known only when the pod runs (valueFrom)")
    given = variable.get("value")
    value = _expanded(given, values) if isinstance(given, str) else None
    return Setting(name, value, steps, f"env {name}")


def _whole(namespace: str, source: Any, steps: tuple[Step, ...], found: Inventory) -> Iterator[Setting]:
    """All entries of a ConfigMap or Secret."""
    prefix = text(mapping(source).get("prefix"))
    for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if not isinstance(at(source, field), dict):
            continue
        name = text(at(source, field, "name"))
        thing = found.get(kind, namespace, name)
        if thing is None:
            problem = f"{kind} {name} is not in the manifests"
            yield Setting(f"envFrom {kind} {name}", None, steps, "envFrom", problem)
            continue
        for key, value in _entries(thing, kind).items():
            what = f"env {prefix}{key} from {kind} {name}"
            yield Setting(f"{prefix}{key}", value, steps, what, secret=kind == "Secret")


def _value(found: Inventory, kind: str, namespace: str, name: str, key: str) -> tuple[str | None, str]:
    """The value, or why it is not known."""
    thing = found.get(kind, namespace, name)
    if thing is None:
        return None, f"{kind} {name} is not in the manifests"
    value = _entry(thing, kind, key)
    return value, "" if value is not None else f"{kind} {name} has no text under the key {key}"


def _entries(thing: Thing, kind: str) -> dict[str, str]:
    keys = [*mapping(thing.value.get("data")), *mapping(thing.value.get("stringData"))]
    return {key: value for key in keys if (value := _entry(thing, kind, key)) is not None}


def _entry(thing: Thing, kind: str, key: str) -> str | None:
    if kind == "ConfigMap":
        return strings(thing.value.get("data")).get(key) if _is_text(thing, "data", key) else None
    if _is_text(thing, "stringData", key):
        return text(at(thing.value, "stringData", key))
    encoded = at(thing.value, "data", key)
    return _decoded(encoded) if isinstance(encoded, str) else None


def _is_text(thing: Thing, field: str, key: str) -> bool:
    return isinstance(at(thing.value, field, key), str)


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _expanded(value: str, values: Mapping[str, str]) -> str:
    """References filled in, as far as they are known; what would grow without end is left as it is."""
    if "$" not in value or value.count("$") > _MOST_REFERENCES:
        return value
    result = _REFERENCE.sub(lambda match: "$" if match[0] == "$$" else values.get(match[1], match[0]), value)
    return result if len(result) <= max(_LONGEST_EXPANDED, len(value)) else value


def _arguments(steps: tuple[Step, ...], container: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Setting]:
    """Command and arguments; the name of each is the flag that it belongs to."""
    flag = ""
    for field in ("command", "args"):
        for index, argument in enumerate(listing(container.get(field))):
            if not isinstance(argument, str):
                continue
            match = _FLAG.fullmatch(argument)
            name, given = (match[1], match[2] or "") if match else (flag, argument)
            flag = name if match and match[2] is None else ""
            yield Setting(name, _expanded(given, values), (*steps, field, index), f"{field}[{index}]")


def _files(workload: Workload, found: Inventory) -> Iterator[Setting]:
    """What is mounted from ConfigMaps and Secrets."""
    for index, volume in enumerate(listing(workload.spec.get("volumes"))):
        steps = (*workload.steps, "volumes", index)
        sources = [volume, *listing(at(volume, "projected", "sources"))]
        for source in sources:
            for kind, name in _mounted(source):
                thing = found.get(kind, workload.namespace, name)
                for key, value in _entries(thing, kind).items() if thing else ():
                    what = f"file {key} of {kind} {name}"
                    yield Setting(key, value, steps, what, secret=kind == "Secret", file=True)


def _mounted(source: Any) -> Iterator[tuple[str, str]]:
    if name := text(at(source, "configMap", "name")):
        yield "ConfigMap", name
    # A volume has secretName, a projected source name.
    if name := text(at(source, "secret", "secretName")) or text(at(source, "secret", "name")):
        yield "Secret", name
