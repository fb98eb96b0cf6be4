"""Every case of tests/diffs through the embedded engine and a real OPA."""

from __future__ import annotations

import importlib.resources
import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from egress_policy.diff import Difference, Request, compare, formats
from egress_policy.diff.formats import wording
from egress_policy.engine import Engine
from egress_policy.output import Target
from tests import diffs
from tests.engines import NAMES, Engines, Kept, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from egress_policy.diff.changes import Entry, Namespace, Workload

CASES = diffs.load()


@pytest.fixture(scope="module", autouse=True)
def kept(tool: Callable[[str], Path]) -> Iterator[None]:
    """Comparisons share an engine for each set of parameters."""
    engines = Engines(tool("opa"))

    def lent(name: Name, parameters: dict[str, Any], **_: object) -> Engine:
        return Kept(engines.get(name, parameters))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("egress_policy.diff.comparing.load", lent)
        yield
    engines.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_comparison_says(case: diffs.Case, name: Name, tmp_path: Path) -> None:
    old, new = case.write(tmp_path)
    found = compare(Request(old, new, settings=case.parameters, namespace=case.namespace, engine=name))
    expected = (case.opened, case.closed, case.unjudged, case.errors, case.status or found.status)
    assert said(found) == expected
    assert found.counts["opened"] == len(case.opened)
    assert found.counts["closed"] == len(case.closed)


@pytest.mark.parametrize("case", [case for case in CASES if not case.errors], ids=str)
def test_the_other_way_round_what_opened_closes(case: diffs.Case, tmp_path: Path) -> None:
    old, new = case.write(tmp_path)
    settings = {name: value for name, value in case.parameters.items() if name != "approvedDestinations"}
    there = compare(Request(old, new, settings=settings, namespace=case.namespace))
    back = compare(Request(new, old, settings=settings, namespace=case.namespace))
    assert said(there)[:2] == said(back)[1::-1]


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    """The published one, which refuses here whatever it does not name."""
    text = importlib.resources.files("egress_policy.schemas").joinpath("diff.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(_closed(json.loads(text)))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(one) for key, one in schema.items()}
    return {**closed, "additionalProperties": False} if isinstance(closed.get("properties"), dict) else closed


@pytest.mark.parametrize("case", CASES, ids=str)
def test_json_fits_the_published_schema(
    case: diffs.Case, schema: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    old, new = case.write(tmp_path)
    found = compare(Request(old, new, settings=case.parameters, namespace=case.namespace))
    text = io.BytesIO()
    formats.load("json").render(found, Target(text))
    schema.validate(json.loads(text.getvalue()))


def said(found: Difference) -> tuple[list[str], list[str], list[str], list[str], str]:
    """What differs, in the words of the cases."""
    changed = [(namespace, workload) for namespace in found.namespaces for workload in namespace.workloads]
    return (
        sorted(line(*about, entry) for about in changed for entry in about[1].opened),
        sorted(line(*about, entry) for about in changed for entry in about[1].closed),
        [f"{one.side}: {one.kind} {one.namespace}/{one.name}: {one.reason}" for one in found.unjudged],
        [f"{error.side} {error.file}" for error in found.errors],
        found.status,
    )


def line(namespace: Namespace, workload: Workload, entry: Entry) -> str:
    to = f"{wording.destination(entry.destination)} on {wording.ports([entry])}"
    by = wording.by(entry.sources, 9) if entry.sources else "nobody"
    return f"{namespace.name}: {wording.workload(workload)}: {to}{' approved' if entry.approved else ''} by {by}"


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40
    assert len({case.case for case in CASES}) == len(CASES)
