"""The published schema of parameters: about waivers it says what the policy says."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

import jsonschema
import pytest

from egress_policy.engine import PARAMETERS, embedded, load

_RESOURCE = {"kind": "NetworkPolicy", "namespace": "shop", "name": "app"}
_WAIVER = {
    "rule": "open-egress", "resource": _RESOURCE, "owner": "team", "reason": "migration", "expires": "2026-12-31",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    text = importlib.resources.files("egress_policy.schemas").joinpath("parameters.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))


def test_it_knows_the_rules_that_there_are(schema: jsonschema.Draft202012Validator) -> None:
    written: Any = schema.schema
    assert written["$defs"]["waiver"]["properties"]["rule"]["enum"] == sorted(embedded.metadata()["rules"])


def _waiver(**changed: Any) -> list[Any]:
    return [{**_WAIVER, **changed}]


def _without(field: str) -> list[Any]:
    return [{name: value for name, value in _WAIVER.items() if name != field}]


def _of(**changed: Any) -> list[Any]:
    return _waiver(resource={**_RESOURCE, **changed})


@pytest.mark.parametrize(
    "waivers",
    [
        None, [], {}, "a", [None], [1], _waiver(), _waiver(path="spec"), _waiver(path=None), _waiver(path=""),
        _waiver(path=1), _waiver(x=1), _waiver(rule="x"), _waiver(rule=None), _waiver(owner=""), _waiver(owner=" \t\n"),
        _waiver(owner="\u00a0"), _waiver(owner=1), _waiver(reason=None), _waiver(reason="  "), _waiver(reason="a\nb"),
        _waiver(expires=None), _waiver(expires="never"), _waiver(expires="2026-13-01"), _waiver(expires="2026-12-31x"),
        _waiver(expires="2026-12-31T00:00:00Z"), *map(_without, _WAIVER), _waiver(resource=None), _waiver(resource="a"),
        _waiver(resource={}), _waiver(resource={"kind": "Namespace", "name": "shop"}), _of(x=1), _of(kind=""),
        _of(kind="*"), _of(kind=1), _of(name=""), _of(name="a*"), _of(name="a?"), _of(name="a\n*"), _of(name=None),
        _of(namespace=None), _of(namespace=""), _of(namespace="*"), _of(namespace=1), _of(apiVersion="v1"),
        _of(apiVersion=None), _of(apiVersion=""), _of(apiVersion=1),
    ],
    ids=json.dumps,
)  # fmt: skip
def test_it_refuses_what_the_policy_refuses(schema: jsonschema.Draft202012Validator, waivers: Any) -> None:
    with load("wasm", {"waivers": waivers}) as engine:
        problems = engine.ask(PARAMETERS, b"{}")["problems"]
    assert schema.is_valid({"waivers": waivers}) == (problems == [])
