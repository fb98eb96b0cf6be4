"""Which of the six policies are there, missing, or others than the model says."""

from __future__ import annotations

from typing import Any

import pytest

from egress_policy.engine import embedded
from egress_policy.verify import layers

Policy = dict[str, Any]


def policy(name: str = "allow-database", **spec: Any) -> Policy:
    return {"metadata": {"name": name}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], **spec}}


RULE: Policy = {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"protocol": "TCP", "port": 5432}]}
OTHER: Policy = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"protocol": "TCP", "port": 5432}]}


def test_the_six_names_are_those_of_the_policy() -> None:
    assert list(layers.LAYERS) == embedded.metadata()["model"]["layers"]


def test_without_a_model_the_six_names_are_looked_for() -> None:
    found = layers.states([policy("allow-dns"), policy("extra")], None)
    assert [(one.name, one.state) for one in found if one.state != "missing"] == [("allow-dns", "present")]
    assert len(found) == 6
    assert layers.others([policy("allow-dns"), policy("extra")], None) == ("extra",)


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        pytest.param({"egress": [RULE]}, {"egress": [RULE]}, "present", id="the same"),
        pytest.param({"egress": [RULE, OTHER]}, {"egress": [OTHER, RULE]}, "present", id="in another order"),
        pytest.param(
            {"egress": [{**RULE, "ports": [{"port": 5432}]}]}, {"egress": [RULE]}, "present", id="TCP is the default"
        ),
        pytest.param({"egress": []}, {}, "present", id="no rule and no field is the same"),
        pytest.param({"podSelector": {"matchLabels": {}}}, {}, "present", id="no labels and an empty selector"),
        pytest.param({"egress": [RULE]}, {"egress": [RULE, OTHER]}, "differs", id="one rule more"),
        pytest.param({"egress": [RULE]}, {"egress": []}, "differs", id="one rule less"),
        pytest.param({"egress": [RULE]}, {"egress": [{}]}, "differs", id="a rule for everything"),
        pytest.param({"egress": [RULE]}, {"egress": [{**RULE, "ports": []}]}, "differs", id="on every port"),
        pytest.param({"egress": [RULE]}, {"egress": [{**RULE, "to": [{"podSelector": {}}]}]}, "differs", id="all pods"),
        pytest.param({}, {"podSelector": {"matchLabels": {"a": "b"}}}, "differs", id="for some pods only"),
        pytest.param({}, {"policyTypes": ["Ingress"]}, "differs", id="of the other direction"),
        pytest.param(
            {"podSelector": {"matchLabels": {"port": "a"}}},
            {"podSelector": {"matchLabels": {"port": "a", "protocol": "TCP"}}},
            "differs",
            id="a label is no port",
        ),
        pytest.param(
            {"egress": [{"to": [{"namespaceSelector": {}}]}]},
            {"egress": [{"to": [{"podSelector": {}}]}]},
            "differs",
            id="empty selectors of different kinds",
        ),
    ],
)
def test_a_policy_is_compared_by_what_it_means(wanted: Policy, there: Policy, expected: str) -> None:
    [state] = layers.states([policy(**there)], [policy(**wanted)])
    assert state == layers.State("allow-database", expected)


def test_a_policy_that_nobody_made_is_missing() -> None:
    assert layers.states([], [policy("allow-dns")]) == (layers.State("allow-dns", "missing"),)
