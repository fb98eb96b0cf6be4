"""`--format policy-report`: PolicyReports and a ClusterPolicyReport of wgpolicyk8s.io/v1alpha2, for kubectl."""

from __future__ import annotations

from egress_policy.formats.results import Api, write
from egress_policy.output import Target
from egress_policy.report import Report

DETAILS, EXCERPTS = False, False

_API = Api("wgpolicyk8s.io/v1alpha2", "PolicyReport", "ClusterPolicyReport", {})


def render(report: Report, target: Target) -> None:
    """One report a namespace, and one for the cluster."""
    write(report, _API, target)
