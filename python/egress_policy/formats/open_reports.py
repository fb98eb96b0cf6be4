"""`--format open-reports`: Reports and a ClusterReport of openreports.io/v1alpha1, for kubectl."""

from __future__ import annotations

from egress_policy.formats.results import SOURCE, Api, write
from egress_policy.output import Target
from egress_policy.report import Report

DETAILS, EXCERPTS = False, False

_API = Api("openreports.io/v1alpha1", "Report", "ClusterReport", {"source": SOURCE})


def render(report: Report, target: Target) -> None:
    """One report a namespace, and one for the cluster."""
    write(report, _API, target)
