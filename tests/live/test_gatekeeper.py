"""Gatekeeper is asked about every write, and audits what was there before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.live.client import RefusedError
from tests.live.gatekeeper import CONSTRAINTS, IngestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.client import Client, Object
    from tests.live.gatekeeper import Gatekeeper

REGO = """
package needsowner

violation contains {"msg": msg} if {
	not input.review.object.metadata.labels.owner
	msg := sprintf("%s of a policy without an owner", [input.review.operation])
}
"""
AUDITED = """
package needsowner

violation contains {"msg": "no owner"} if not input.review.object.metadata.labels.owner
"""


def template(rego: str = REGO) -> Object:
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": "needsowner"},
        "spec": {
            "crd": {"spec": {"names": {"kind": "NeedsOwner"}}},
            "targets": [
                {
                    "target": "admission.k8s.gatekeeper.sh",
                    "code": [{"engine": "Rego", "source": {"version": "v1", "rego": rego}}],
                }
            ],
        },
    }


def constraint(namespace: str) -> Object:
    kinds = [{"apiGroups": ["networking.k8s.io"], "kinds": ["NetworkPolicy"]}]
    return {
        "apiVersion": CONSTRAINTS,
        "kind": "NeedsOwner",
        "metadata": {"name": "policies"},
        "spec": {"match": {"kinds": kinds, "namespaces": [namespace]}},
    }


def policy(namespace: str, **labels: str) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": namespace, "labels": labels},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
    }


@pytest.fixture
def enforced(gatekeeper: Gatekeeper, namespace: str) -> Iterator[Gatekeeper]:
    with gatekeeper.enforcing(template(), constraint(namespace)):
        yield gatekeeper


def refusal(write: Callable[..., Any], manifest: Object, **how: bool) -> str:
    with pytest.raises(RefusedError) as refused:
        write(manifest, **how)
    assert (refused.value.status, refused.value.reason) == (403, "Forbidden")
    return refused.value.message


@pytest.mark.usefixtures("enforced")
def test_a_bad_policy_is_refused_however_it_comes(client: Client, namespace: str) -> None:
    good, bad = policy(namespace, owner="team"), policy(namespace)
    for write in (client.create, client.apply):
        for dry_run in (False, True):
            assert "[policies] CREATE of a policy without an owner" in refusal(write, bad, dry_run=dry_run)
    client.create(good)
    for dry_run in (False, True):
        assert "UPDATE of a policy without an owner" in refusal(client.replace, bad, dry_run=dry_run)
    assert client.get(good)["metadata"]["labels"] == {"owner": "team"}


def test_a_bad_policy_cannot_be_deleted(gatekeeper: Gatekeeper, client: Client, namespace: str) -> None:
    """For a rule that does not look at the operation; Gatekeeper shows it what is about to be deleted."""
    client.create(policy(namespace))
    with gatekeeper.enforcing(template(), constraint(namespace)):
        assert "DELETE of a policy without an owner" in refusal(client.delete, policy(namespace))
    client.delete(policy(namespace))


@pytest.mark.usefixtures("enforced")
def test_another_namespace_is_left_alone(client: Client) -> None:
    client.create(policy("default"))
    client.delete(policy("default"))


@pytest.mark.parametrize(
    ("rego", "reason"),
    [
        pytest.param("violation contains", "rego_parse_error", id="no Rego"),
        pytest.param('violation contains {"msg": no.such(1)}', "undefined function no.such", id="no such function"),
        pytest.param('import data.other\nviolation contains {"msg": "no"}', "invalid import", id="another import"),
        pytest.param('import rego.v1\nviolation contains {"msg": "no"}', "invalid import", id="rego.v1"),
        pytest.param('deny contains {"msg": "no"}', "violation", id="no violation"),
    ],
)
def test_a_template_that_is_admitted_and_of_no_use(gatekeeper: Gatekeeper, rego: str, reason: str) -> None:
    with (
        pytest.raises(IngestError, match=reason),
        gatekeeper.enforcing(template(f"package bad\n{rego}\n")),
    ):
        pass


def test_what_was_there_before_is_audited(gatekeeper: Gatekeeper, client: Client, namespace: str) -> None:
    client.create(policy(namespace))
    with gatekeeper.enforcing(template(AUDITED), constraint(namespace)):
        found = gatekeeper.audit(constraint(namespace))
        assert [(entry["kind"], entry["namespace"], entry["name"], entry["message"]) for entry in found] == [
            ("NetworkPolicy", namespace, "deny", "no owner")
        ]
        client.apply(policy(namespace, owner="team"))
        assert gatekeeper.audit(constraint(namespace)) == []


def test_a_changed_template_is_in_force_when_it_is_installed(
    enforced: Gatekeeper, client: Client, namespace: str
) -> None:
    enforced.install(template(AUDITED))
    assert "[policies] no owner" in refusal(client.create, policy(namespace))


def test_without_its_webhook_nothing_is_admitted(enforced: Gatekeeper, client: Client, namespace: str) -> None:
    good = policy(namespace, owner="team")
    with enforced.without_webhook(), pytest.raises(RefusedError, match="failed calling webhook") as refused:
        client.create(good)
    assert refused.value.status == 500
    # The new process knows the constraint as soon as it is ready.
    refusal(client.create, policy(namespace))
    client.create(good)


def test_what_is_removed_is_forgotten(gatekeeper: Gatekeeper, client: Client, namespace: str) -> None:
    with gatekeeper.enforcing(template(), constraint(namespace)):
        pass
    client.create(policy(namespace))
    assert not client.serves(CONSTRAINTS, "NeedsOwner")
