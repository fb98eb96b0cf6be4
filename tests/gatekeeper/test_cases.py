"""Every case through `gator test`: templates say of each object what the audit says of the same, to the letter."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from egress_policy.engine import embedded
from egress_policy.gatekeeper import rules, together
from egress_policy.gatekeeper.constraints import Settings
from egress_policy.gatekeeper.kinds import embedded_kinds
from egress_policy.gatekeeper.modules import Package
from egress_policy.gatekeeper.rules import Rule
from egress_policy.gatekeeper.templates import template
from tests import cases
from tests.engines import Engines, resource, verdict
from tests.gatekeeper import clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.gatekeeper.clusters import Held

CASES = cases.load()
# In strict each rule has a constraint; the parameters of each case are put in later. Workloads are of any kind here.
EVERY = Settings({"profile": "strict"}, embedded_kinds(["*"]))
Line = tuple[str, str, str, str, str]
#: The kinds of the constraints where all rules of a control are in one template.
IN_ONE = ("EgressRestricted", "EgressModel")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def held(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Held | None]:
    """What a cluster holds of each case that was selected."""
    functions = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mine = [f for f in functions if f.originalname == "test_gatekeeper_says"]
    selected: list[cases.Case] = [function.callspec.params["case"] for function in mine]  # type: ignore[misc]
    root = tmp_path_factory.mktemp("held")
    return clusters.hold_all(selected, root)


@pytest.fixture(scope="module")
def answers(
    tool: Callable[[str], Path],
    found: rules.Found,
    packages: dict[str, Package],
    held: dict[str, Held | None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[list[tuple[bool, Line]]]]]:
    """What gator says of each case: of most in a few runs, of the rest in one run each."""
    there = [one for one in held.values() if one is not None]
    plain = [one for one in there if one.prefix and "models" not in one.settings]
    modelled = [one for one in there if one.prefix and "models" in one.settings]
    batches = [plain[i::4] for i in range(4)] + [modelled[i::2] for i in range(2)]
    batches += [[one] for one in there if not one.prefix]
    places = [{rule.name: rule for rule in found.rules}, together.find(found.rules, packages)]
    program, root = tool("gator"), tmp_path_factory.mktemp("gator")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [
            (batch, pool.submit(run, program, found, places, batch, root / str(i))) for i, batch in enumerate(batches)
        ]
        yield {one.case.case: future for batch, future in runs for one in batch}
        pool.shutdown(cancel_futures=True)


def run(
    program: Path, found: rules.Found, places: Sequence[dict[str, Rule]], batch: Sequence[Held], folder: Path
) -> list[tuple[bool, Line]]:
    """One run of `gator test` over templates, constraints for these cases, and their objects.

    What is said comes with whether the template of all rules said it.
    """
    folder.mkdir()
    # Compiling templates takes most of the time: those of rules that nobody asks say nothing.
    given = {name for one in batch for name in one.settings}
    asked = [rule for rule in found.rules if set(rule.custom.get("asks_for", ())) <= given]
    made = [
        constraint
        for place in places
        for rule in asked
        for constraint in together.made_constraints(rule, place[rule.name], EVERY)
    ]
    distinct = {one.kind: one for place in places for name, one in place.items() if name in {r.name for r in asked}}
    objects = [
        *(template(one, "1.0.0", EVERY.kinds) for one in distinct.values()),
        *clusters.constraints(made, batch, {rule.name: rule.custom.get("asks_for", ()) for rule in found.rules}),
        *(thing for one in batch for thing in one.objects),
    ]
    said = clusters.gator(program, objects, folder)
    return [(one["constraint"]["kind"] in IN_ONE, line(one["metadata"]["details"])) for one in said]


def line(finding: Json) -> Line:
    return finding["rule"], finding["level"], resource(finding["resource"]), finding["path"], finding["message"]


@pytest.fixture(scope="module")
def engines(tool: Callable[[str], Path]) -> Iterator[Engines]:
    started = Engines(tool("opa"))
    yield started
    started.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gatekeeper_says(
    case: cases.Case,
    held: dict[str, Held | None],
    answers: dict[str, Future[list[tuple[bool, Line]]]],
    engines: Engines,
    found: rules.Found,
) -> None:
    mine = held[case.case]
    if mine is None:  # how many those are is another test's matter
        return
    audited = verdict(engines.get("wasm", mine.settings), mine.objects).findings
    expected = [line(one) for one in audited if one["rule"] in {rule.name for rule in found.rules}]
    for asked in (False, True):
        said = [one for in_one, one in answers[case.case].result() if in_one is asked and is_of(one, mine)]
        assert sorted(said) == sorted(expected)


def is_of(one: Line, mine: Held) -> bool:
    """Whether a line is about this case; what is cluster-wide is so where the case was alone."""
    namespace = one[2].split("/")[1]
    return namespace.startswith(mine.prefix) or not namespace


def test_a_cluster_could_hold_nearly_every_case(tmp_path: Path) -> None:
    """Not two objects of one name, nor one without a name or a version, nor a chart."""
    asked = [case for case in CASES if case.table not in cases.DIALECTS]
    held = clusters.hold_all(asked, tmp_path)
    assert sum(1 for one in held.values() if one is None) < len(asked) / 20


def test_every_rule_that_is_not_left_out_is_converted(found: rules.Found) -> None:
    assert {rule.name for rule in found.rules} | set(found.left_out) == set(embedded.metadata()["rules"])
