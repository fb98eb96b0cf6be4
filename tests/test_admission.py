"""What a rule's `violation` says of each object, asked as Gatekeeper asks, against what the audit says of them all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import event, given
from hypothesis import strategies as st

from egress_policy.engine import NAMESPACES
from tests.engines import Engines, documents, resource
from tests.model import strategies
from tests.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Json = dict[str, Any]
#: Every rule that has one is asked, as the templates made from them are.
_ASK = """\
said := [[i, one] | some i, request in input.requests
    some rule
    some one in data.egress.rules[rule].violation with input as request]
"""
CONTROLLERS = ("ReplicaSet", "Job", "Pod")


class Gatekeeper:
    """An OPA with an inventory; it is asked about one object after the other, as a webhook and an audit are."""

    def __init__(self, url: str, parameters: Mapping[str, Any]) -> None:
        self._url, self._parameters = url, dict(parameters)
        self._session = requests.Session()

    def sync(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Make these the inventory."""
        self._session.put(f"{self._url}/v1/data/inventory", json=inventory(objects)).raise_for_status()

    def review(self, reviews: Sequence[Mapping[str, Any]]) -> list[tuple[int, Json]]:
        """What all rules say of some reviews, each as (index, finding)."""
        asked = {"requests": [{"review": review, "parameters": self._parameters} for review in reviews]}
        answer = self._session.post(f"{self._url}/v1/query", json={"query": _ASK, "input": asked})
        answer.raise_for_status()
        (row,) = answer.json()["result"]
        assert all(one["msg"] == one["details"]["message"] for _, one in row["said"])
        return [(index, one["details"]) for index, one in row["said"]]

    def close(self) -> None:
        self._session.close()


def inventory(objects: Iterable[Mapping[str, Any]]) -> Json:
    """Objects as Gatekeeper holds them."""
    found: Json = {"namespace": {}, "cluster": {}}
    for thing in objects:
        metadata = thing["metadata"]
        scope = found["cluster"] if thing["kind"] == "Namespace" else found["namespace"]
        place = scope if scope is found["cluster"] else scope.setdefault(metadata["namespace"], {})
        place.setdefault(thing["apiVersion"], {}).setdefault(thing["kind"], {})[metadata["name"]] = thing
    return found


@st.composite
def owned(draw: st.DrawFn, owner: Json, name: str) -> Json:
    """Something that a controller made, with its labels, or not quite."""
    metadata = owner["metadata"]
    kind = draw(st.sampled_from(CONTROLLERS))
    labels = draw(st.one_of(st.just(_labels(owner)), st.dictionaries(_keys, _values, max_size=2)))
    host = draw(st.sampled_from([False] * 5 + [True]))
    made = strategies.workload("Pod" if kind == "Pod" else "Deployment", name, metadata["namespace"], labels, host=host)
    made["kind"] = kind
    made["apiVersion"] = {"ReplicaSet": "apps/v1", "Job": "batch/v1", "Pod": "v1"}[kind]
    controller = draw(st.sampled_from([True] * 4 + [False]))
    reference = {"kind": owner["kind"], "name": metadata["name"], "controller": controller}
    made["metadata"]["ownerReferences"] = [{"apiVersion": owner["apiVersion"], "uid": "1", **reference}]
    return made


_keys, _values = st.sampled_from(strategies.KEYS), st.sampled_from(strategies.VALUES)


def _labels(thing: Json) -> dict[str, str]:
    spec = thing["spec"].get("jobTemplate", thing).get("spec", {})
    of_pod = thing if thing["kind"] == "Pod" else spec.get("template", thing)
    return dict(of_pod["metadata"].get("labels") or {})


@st.composite
def clusters(draw: st.DrawFn) -> list[Json]:
    """Everything in one to three namespaces, some of it made by what is there, or was."""
    manifests: list[Json] = draw(st.one_of(strategies.clusters(), strategies.together()))
    makers = [m for m in manifests if m["kind"] not in ("NetworkPolicy", "Namespace")]
    for number in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        if makers:
            owner = draw(st.sampled_from(makers))
            makers.append(draw(owned(owner, f"made-{number}")))
            manifests = [*manifests, makers[-1]]
    if makers and draw(st.sampled_from([False] * 5 + [True])):
        manifests = [m for m in manifests if m is not makers[0]]
    return manifests


def in_order(manifests: Iterable[Json]) -> list[Json]:
    """As a cluster lists them."""
    return sorted(manifests, key=lambda m: (m["kind"], m["metadata"]["name"]))


def comparable(finding: Mapping[str, Any]) -> str:
    """A finding without what depends on who else was looked at: its order, and how a witness names the pods."""
    kept = {key: value for key, value in finding.items() if key not in ("order", "location", "witness", "once")}
    witness = dict(finding.get("witness", {}))
    if finding["resource"]["kind"] == "NetworkPolicy":
        witness.pop("from", None)
    return json.dumps({**kept, "witness": witness}, sort_keys=True)


@pytest.fixture(scope="module")
def engines(tool: Callable[[str], Path]) -> Iterator[Engines]:
    started = Engines(tool("opa"))
    yield started
    started.close()


PARAMETERS: list[Json] = [
    {},
    {"profile": "strict"},
    {"openAddressShare": 0.001, "openPortShare": 0.0001, "systemNamespaces": []},
    {
        "profile": "strict",
        "now": "2026-06-01",
        "approvedDestinations": [
            {"name": "web", "cidrs": ["0.0.0.0/1"], "podLabels": {"app": "web"}, "expires": "2026-01-01"},
            {"name": "gateway", "cidrs": ["0.0.0.0/0"], "ports": [443], "podLabels": {"tier": "db"}, "open": True},
            {"name": "all", "cidrs": ["64.0.0.0/2", "2600::/12"], "namespaces": ["sh*"]},
        ],
    },
]


def audited(engines: Engines, parameters: Json, manifests: list[Json]) -> list[Json]:
    """What the audit finds."""
    answers = engines.get("opa", parameters).ask(NAMESPACES, documents(in_order(manifests)))
    found: list[Json] = [finding for answer in answers for finding in answer["findings"]]
    return found


@pytest.mark.parametrize("parameters", PARAMETERS, ids=json.dumps)
def test_an_audit_of_each_object_finds_what_the_audit_of_all_finds(engines: Engines, parameters: Json) -> None:
    gatekeeper = Gatekeeper(engines.url(), parameters)

    @examples(25)
    @given(clusters())
    def agrees(manifests: list[Json]) -> None:
        gatekeeper.sync(manifests)
        said = gatekeeper.review([{"object": thing} for thing in manifests])
        wanted = audited(engines, parameters, manifests)
        for finding in wanted:
            event(finding["rule"])
        assert sorted(comparable(one) for _, one in said) == sorted(comparable(one) for one in wanted)
        for index, one in said:
            assert (one["resource"]["kind"], one["resource"]["name"]) == named(manifests[index])

    agrees()
    gatekeeper.close()


def named(thing: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and name."""
    return thing["kind"], thing["metadata"]["name"]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Json]]:
    """Objects that are applied one after the other, some again with another spec; some policies go in between."""
    manifests = [m for m in draw(clusters()) if m["kind"] != "Namespace"]
    steps = [("apply", thing) for thing in draw(st.permutations(manifests))]
    policies = [thing for thing in manifests if thing["kind"] == "NetworkPolicy"]
    for _ in range(draw(st.integers(0, 4)) if policies else 0):
        old = draw(st.sampled_from(policies))
        if draw(st.booleans()):
            steps.append(("delete", old))
        else:
            other = draw(strategies.policies(old["metadata"]["name"], [old["metadata"]["namespace"]]))
            steps.append(("apply", other))
    again = draw(st.lists(st.sampled_from(manifests), max_size=3)) if manifests else []
    return [*steps, *(("apply", thing) for thing in again)]


@pytest.mark.parametrize("parameters", PARAMETERS[:3], ids=json.dumps)
def test_what_was_admitted_step_by_step_passes_the_audit(engines: Engines, parameters: Json) -> None:
    """A cluster in which every step that fails is refused never comes to fail."""
    gatekeeper = Gatekeeper(engines.url(), parameters)

    @examples(25)
    @given(histories())
    def keeps_clean(steps: list[tuple[str, Json]]) -> None:
        held: dict[tuple[str, ...], Json] = {}
        gatekeeper.sync([])
        for verb, thing in steps:
            key = (thing["apiVersion"], thing["kind"], thing["metadata"]["namespace"], thing["metadata"]["name"])
            old = held.get(key)
            if verb == "delete" and old is None:
                continue
            operation = "DELETE" if verb == "delete" else "UPDATE" if old else "CREATE"
            review = {"operation": operation, "object": None if verb == "delete" else thing, "oldObject": old}
            fails = [one for _, one in gatekeeper.review([review]) if one["level"] == "fail"]
            event(f"{operation} {'refused' if fails else 'admitted'}")
            if not fails:
                held = {k: v for k, v in held.items() if k != key}
                if verb != "delete":
                    held[key] = thing
                gatekeeper.sync(held.values())
                left = [one for one in audited(engines, parameters, list(held.values())) if one["level"] == "fail"]
                assert not left, (
                    f"admitted {operation} of {key}: {[(o['rule'], resource(o['resource'])) for o in left]}"
                )

    keeps_clean()
    gatekeeper.close()
