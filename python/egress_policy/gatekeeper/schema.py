"""The schema of a constraint's parameters: what the rule takes of the published one, made structural for Kubernetes.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_FILE = Path(__file__).parents[1] / "schemas" / "parameters.schema.json"
# Every rule has a profile, may be waived, and looks at a date for that.
_ALWAYS = ("profile", "waivers", "now")
# What is no part of a structural schema, or would say of a value what is not so (defaults are the policy's).
_DROPPED = ("additionalProperties", "default", "examples", "$schema", "title")
_LEVELS: Json = {
    "type": "array",
    "items": {"type": "string", "enum": ["fail", "warn"]},
    "description": "Report findings of these levels only; all if absent",
}


class SchemaError(ValueError):
    """A schema that cannot be said in Kubernetes' words."""


@functools.cache
def published() -> Json:
    """The JSON Schema of the parameters document."""
    loaded: Json = json.loads(_FILE.read_bytes())
    return loaded


def known() -> frozenset[str]:
    """The names of all parameters."""
    return frozenset(published()["properties"])


def of(parameters: Iterable[str] | Mapping[str, Any]) -> Json:
    """The structural schema of the parameters of a rule: names of published ones, or schemas by name.

    Names that the schema does not know are kept for the rule to refuse: pruned, a misspelt one would be without effect.
    Raises SchemaError.
    """
    properties = {**by_name(parameters), **{name: _published(name) for name in _ALWAYS}, "levels": _LEVELS}
    return {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {name: _of_one(name, written) for name, written in sorted(properties.items())},
    }


def by_name(parameters: Iterable[str] | Mapping[str, Any]) -> Json:
    """The JSON Schemas of the parameters of a rule, by name."""
    return dict(parameters) if isinstance(parameters, Mapping) else {name: _published(name) for name in parameters}


def _of_one(name: str, written: Mapping[str, Any]) -> Json:
    try:
        return structural(written)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SchemaError(f"{name} has a schema of which none for Kubernetes can be made ({error})") from error


def _published(name: str) -> Json:
    found: Json = published()["properties"][name]
    return found


def structural(schema: Mapping[str, Any]) -> Json:
    """A JSON Schema without references, alternatives and null, which Kubernetes says in other words."""
    if "$ref" in schema:
        return structural(published()["$defs"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return _alternatives(schema)
    found: Json = {name: value for name, value in schema.items() if name not in _DROPPED}
    _types(found)
    _map_values(found, schema.get("additionalProperties"))
    if found.get("type") == "object" and not {"properties", "additionalProperties"} & set(schema):
        found["x-kubernetes-preserve-unknown-fields"] = True  # or all that is in it would be pruned
    if "properties" in found:
        found["properties"] = {name: structural(value) for name, value in found["properties"].items()}
    if "items" in found:
        found["items"] = structural(found["items"])
    return found


def _alternatives(schema: Mapping[str, Any]) -> Json:
    others = [one for one in schema["anyOf"] if one != {"type": "null"}]
    if len(others) == 1:
        return {**structural(others[0]), "nullable": True}
    # A number or an object: no type says that, so that the rule alone judges it.
    return {"x-kubernetes-preserve-unknown-fields": True}


def _types(found: Json) -> None:
    if isinstance(found.get("type"), list):
        (found["type"],) = [one for one in found["type"] if one != "null"]
        found["nullable"] = True
    if "enum" in found:
        found.setdefault("type", "string")
        if None in found["enum"]:
            found["nullable"] = True
    if "exclusiveMinimum" in found:
        found["minimum"], found["exclusiveMinimum"] = found["exclusiveMinimum"], True


def _map_values(found: Json, values: object) -> None:
    if isinstance(values, Mapping):
        found["additionalProperties"] = structural(values)
