"""Random policies and firewalls of every dialect: what is left to a workload is what the packet model lets out."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_policy.audit import Request, audit
from tests.engines import NAMES, Engines, Kept, Name, Verdict, verdict
from tests.model import dialect_strategies as drawn
from tests.model import dialects
from tests.model.allowances import NAME_LABEL, Pod, Rules
from tests.model.networkpolicy import all_rules, name_of, struct
from tests.model.packets import Packet, Target, allowed
from tests.model.strategies import workload
from tests.model.verdict import State
from tests.model.width import Limits, any_width, left_over, reach, share, width
from tests.model.workloads import workloads_of
from tests.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.model.networkpolicy import Manifest

KUBERNETES = {
    "cluster network policies": drawn.cluster_network_policies(),
    "Cilium": drawn.cilium_policies(),
    "Calico": drawn.calico_policies(),
    "Antrea": drawn.antrea_policies(),
    "OpenShift": drawn.egress_firewalls(),
}
FIREWALLS: dict[str, tuple[Any, Callable[[Any], Rules]]] = {
    "security groups": (drawn.security_groups(), lambda one: dialects.security_group(one["SecurityGroups"][0])),
    "network ACLs": (drawn.network_acls(), lambda one: dialects.network_acl(one["NetworkAcls"][0])),
    "Google Cloud": (drawn.google_rules(), dialects.google_network),
    "Azure": (drawn.azure_groups(), lambda one: dialects.network_security_group(one[0])),
}
#: OPA takes some milliseconds a question, the embedded engine less than one.
EXAMPLES = {"wasm": 150, "opa": 40}
WIDE = ("open-egress", "any-destination", "broad-destination")
LIMITS = Limits()


@pytest.fixture(scope="module")
def engines(tool: Callable[[str], Path]) -> Iterator[Engines]:
    started = Engines(tool("opa"))
    yield started
    started.close()


class Cluster:
    """Manifests, as the model reads them."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        labels = {
            name_of(one): {**struct(one["metadata"].get("labels")), NAME_LABEL: name_of(one)}
            for one in manifests
            if one["kind"] == "Namespace"
        }
        beside = [m for m in manifests if m["apiVersion"] == "networking.k8s.io/v1"]
        self.workloads = workloads_of(manifests)
        self.rules = dialects.rules_of_all(manifests, labels) + all_rules(beside)

    def states(self) -> dict[str, State]:
        return {str(one): self._state(one.pods) for one in self.workloads}

    def _state(self, pods: Sequence[Pod]) -> State:
        rules = [self.rules.of(pod) for pod in pods]
        if any(width(left_over(one), LIMITS).open for one in rules):
            return State(covered=False, open=True, public_share=1.0)
        everything = [any_width(reach(one), left_over(one)) for one in rules]
        opened = any(width(one, LIMITS).open for one in everything)
        return State(covered=True, open=opened, public_share=max(share(one, LIMITS) for one in everything))

    def widths(self) -> dict[tuple[str, str], str]:
        """What is left of each rule that allows, for the pods that it selects: the worst word by (policy, path)."""
        found: dict[tuple[str, str], list[str]] = {}
        for one in self.workloads:
            for pod in one.pods:
                mine = self.rules.of(pod)
                for rule in mine.allowances:
                    if rule.action == "allow" and rule.source.written:
                        others = tuple(a for a in mine.allowances if a is rule or a.action != "allow")
                        alone = replace(mine, allowances=others)
                        name = rule.source.policy
                        key = name if "/" in name else f"NetworkPolicy/{drawn.HOME}/{name}", rule.source.path
                        found.setdefault(key, []).append(_word(alone))
        return {key: min(words, key=_rank) for key, words in found.items()}


def _word(rules: Rules) -> str:
    measured = width(reach(rules), LIMITS)
    words = (measured.open, measured.any_destination, measured.broad)
    return next((kind for kind, holds in zip(WIDE, words, strict=True) if holds), "")


def _rank(word: str) -> int:
    return (*WIDE, "").index(word)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dialect", KUBERNETES)
def test_what_is_left_to_a_workload_is_what_the_model_lets_out(engines: Engines, name: Name, dialect: str) -> None:
    engine = engines.get(name, {})

    @examples(EXAMPLES[name])
    @given(KUBERNETES[dialect])
    def agrees(manifests: list[dict[str, Any]]) -> None:
        found, model = verdict(engine, manifests), Cluster(manifests)
        assert [one for one in found.findings if one["rule"] in ("invalid-resource", "not-evaluated")] == []
        assert found.workloads == model.states()
        check_witnesses(found, model)
        check_rules(found, model)

    agrees()


def check_witnesses(found: Verdict, model: Cluster) -> None:
    """Each witness that names a workload is a packet that the model lets out."""
    for finding in found.findings:
        witness = finding.get("witness")
        senders = [w for w in model.workloads if witness and witness["from"].endswith(f"{w.kind}/{w.name}")]
        if senders and witness:
            packets = [_packet(pod, witness) for one in senders for pod in one.pods]
            assert any(allowed(packet, model.rules) for packet in packets), f"nothing lets {witness} out"


def _packet(pod: Pod, witness: Mapping[str, Any]) -> Packet:
    return Packet(pod, Target(witness["to"]), witness["protocol"], witness["port"])


def check_rules(found: Verdict, model: Cluster) -> None:
    """A rule is as wide as what is left of it; one of a cluster-wide policy at least so."""
    said: dict[tuple[str, str], list[str]] = {}
    for finding in found.findings:
        if finding["rule"] in WIDE:
            resource = finding["resource"]
            policy = f"{resource['kind']}/{resource['namespace']}/{resource['name']}"
            said.setdefault((policy, finding["path"]), []).append(finding["rule"])
    for key, expected in model.widths().items():
        word = min([*said.get(key, []), ""], key=_rank)
        if key[0].split("/")[1]:
            assert word == expected, key
        else:
            assert _rank(word) <= _rank(expected), key


@pytest.mark.parametrize("dialect", FIREWALLS)
def test_what_firewalls_guard_is_what_the_model_lets_out(
    engines: Engines, dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_by, translated = FIREWALLS[dialect]
    settings = {"firewallNamespaces": ["*"]}
    engine = engines.get("wasm", settings)
    monkeypatch.setattr("egress_policy.audit.load", lambda *_, **__: Kept(engine))
    (tmp_path / "web.json").write_text(json.dumps(workload("Deployment", "web", "shop", {"app": "web"})))

    @examples(EXAMPLES["wasm"])
    @given(drawn_by)
    def agrees(written: Any) -> None:
        (tmp_path / "firewall.json").write_text(json.dumps(written))
        report = audit(Request((str(tmp_path),), (), settings))
        rules = translated(written)
        reached = reach(rules)
        guarded = not width(reach(dialects.unasked(rules)), LIMITS).open
        ((workload,),) = (namespace.workloads for namespace in report.namespaces)
        expected = State(
            guarded, width(reached, LIMITS).open if guarded else True, share(reached, LIMITS) if guarded else 1.0
        )
        assert State(workload.covered, workload.open, workload.public_share) == expected

    agrees()


#: What is no part of a rule, or says who it is for alone.
BESIDE = ("kind", "type", "name", "network", "GroupId", "GroupName", "NetworkAclId")


def _leaves(thing: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values that decide something."""
    inside = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, value in inside:
        if key not in BESIDE:
            yield from _leaves(value, (*path, key)) if isinstance(value, (dict, list)) else [(*path, key)]


def _later(written: Any, path: tuple[str | int, ...]) -> Any:
    """The same with one value that is known only later."""
    changed = copy.deepcopy(written)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "${var.unknown}"
    return changed


@pytest.mark.parametrize("dialect", FIREWALLS)
def test_what_fails_never_passes_silently_because_a_value_is_known_only_later(
    engines: Engines, dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines.get("wasm", {})
    monkeypatch.setattr("egress_policy.audit.load", lambda *_, **__: Kept(engine))

    def report(written: Any) -> tuple[str, set[str]]:
        (tmp_path / "firewall.json").write_text(json.dumps(written))
        found = audit(Request((str(tmp_path),), (), {}))
        return found.status, {finding.rule for finding in found.findings}

    @examples(EXAMPLES["wasm"])
    @given(FIREWALLS[dialect][0], st.data())
    def told(written: Any, data: st.DataObject) -> None:
        paths = list(_leaves(written))
        if paths and report(written)[0] == "fail":
            status, found = report(_later(written, data.draw(st.sampled_from(paths))))
            assert status == "fail" or "not-evaluated" in found

    told()
