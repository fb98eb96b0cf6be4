"""Reports to show, one of them written by an attacker."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

from egress_policy.output import Target
from egress_policy.report import (
    Declared,
    Excerpt,
    Finding,
    Location,
    Namespace,
    Policy,
    Problem,
    Report,
    Resource,
    Waived,
    Waiver,
    Witness,
    Workload,
)

COUNTS = {
    "egress_rules": 2,
    "restricted_rules": 1,
    "open_rules": 1,
    "application_namespaces": 2,
    "restricted_namespaces": 1,
    "workloads": 1,
    "covered_workloads": 1,
}
PATCH = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: app-egress
  namespace: shop
spec:
  egress: []
"""
OPEN = Finding(
    rule="open-egress",
    level="fail",
    message="NetworkPolicy 'app-egress' allows egress to 0.0.0.0/0 on all ports",
    path="spec.egress[0]",
    resource=Resource("networking.k8s.io/v1", "NetworkPolicy", "shop", "app-egress"),
    location=Location("k8s/shop.yaml", 9),
    witness=Witness("Deployment shop/web", "93.184.215.14", 4444, "TCP"),
    remediation=PATCH,
    excerpt=Excerpt(
        7,
        (
            "  policyTypes: [Egress]",
            "  egress:",
            "    - to:",
            "        - ipBlock:",
            "            cidr: 0.0.0.0/0",
            "    - to: []",
            "---",
        ),
    ),
)
DANGLING = Finding(
    rule="dangling-policy",
    level="warn",
    message="NetworkPolicy 'old' selects no workload",
    path="spec.podSelector",
    resource=Resource("networking.k8s.io/v1", "NetworkPolicy", "shop", "old"),
    location=Location("k8s/shop.yaml", 20),
    witness=None,
    remediation="Remove it, or correct its podSelector.",
)
GRANTED = Waived("shop team", "until the gateway\nis there", "2026-12-31")
WAIVED = dataclasses.replace(OPEN, level="warn", waived=GRANTED)
JUDGED = Declared("shop", "shop", "")
NOTHING = Declared("shop", "shpo", "Nothing is there")
USED = Waiver("open-egress", WAIVED.resource, "spec.egress[0]", GRANTED, "used", 1, "", Location("waivers.yaml", 2))
UNUSED = dataclasses.replace(
    USED,
    path="",
    status="unused",
    findings=0,
    message="The waiver waives nothing",
    location=Location("waivers.yaml", 8),
)
EXPIRED = dataclasses.replace(UNUSED, status="expired", message="The waiver expired", location=None)


def report(**changed: Any) -> Report:
    """A failing report, with other values where given."""
    values: dict[str, Any] = {
        "control": "egress-restricted",
        "control_version": "1.0.0",
        "severity": "medium",
        "profile": "baseline",
        "status": "fail",
        "summary": "2 egress rules found, 1 restrict to specific destinations; "
        "1 of 2 application namespaces are not restricted.",
        "parameters": {},
        "counts": COUNTS,
        "namespaces": (
            Namespace("bank", "pass", 1, 1, ()),
            Namespace("shop", "fail", 1, 0, (Workload("Deployment", "web", True, True, 1.0),)),
        ),
        "policies": (Policy("NetworkPolicy", "shop", "app-egress", 1, 0, 1, Location("k8s/shop.yaml", 1)),),
        "findings": (OPEN, DANGLING),
        "errors": (),
    }
    return Report(**{**values, **changed})


ATTACK = "x\n::error::pwned\r\x1b[2J\x1b]0;title\x07\u202eevil\u2028##[add-mask]a\x00\ufffe\udc80%0A"


def hostile() -> Report:
    """Every text that a manifest or a file name can choose."""
    finding = Finding(
        rule="open-egress",
        level="fail",
        message=ATTACK,
        path=ATTACK,
        resource=Resource(ATTACK, ATTACK, ATTACK, ATTACK),
        location=Location(ATTACK, 1),
        witness=Witness(ATTACK, "2001:db8::1", None, "TCP"),
        remediation=f"{ATTACK}\n{ATTACK}",
        excerpt=Excerpt(1, (ATTACK.replace("\n", ""),)),
        waived=Waived(ATTACK, ATTACK, ATTACK),
    )
    waiver = Waiver(
        ATTACK, finding.resource, ATTACK, Waived(ATTACK, ATTACK, ATTACK), "unused", 0, ATTACK, finding.location
    )
    return report(
        summary=ATTACK,
        findings=(finding,),
        errors=(Problem(ATTACK, 1, ATTACK),),
        namespaces=(Namespace(ATTACK, "fail", 0, 0, ()),),
        policies=(),
        waivers=(waiver,),
        models=(Declared(ATTACK, ATTACK, ATTACK),),
    )


def shown(render: Callable[[Report, Target], None], given: Report, *, terminal: bool = False) -> str:
    """What a format writes, as UTF-8."""
    stream = io.BytesIO()
    render(given, Target(stream, terminal=terminal))
    return stream.getvalue().decode()
