"""Helm charts and Kustomize folders become what their own programs make of them, where these are there.

What comes of one is a world of its own: two overlays may describe one Deployment for two clusters, and a policy that
only the first one has guards nothing in the second. So each is judged by itself, and never with files beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from egress_policy.reader import File
from egress_policy.rendering import helm, kustomize
from egress_policy.rendering.programs import Budget, RenderError

__all__ = ["Plan", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read as it is, and what is to be rendered: `worlds` does it, one at a time."""

    plain: Sequence[File]
    sources: Sequence[helm.Chart | kustomize.Root]

    def worlds(self) -> Iterator[list[File]]:
        """What each chart and each kustomization comes to; of one that cannot be rendered, why, and its files."""
        budget = Budget()
        for source in self.sources:
            try:
                yield source.rendered(budget)
            except RenderError as error:
                yield [replace(source.file, unrendered=str(error)), *source.instead()]


def plan(files: Sequence[File], given: Sequence[str], namespace: str) -> Plan:
    """Tell apart what is rendered from what is read. Files that were `given` by their own path are always read.

    Where a program is missing everything but patches is read as it is, and the file that would be rendered says so.
    """
    named = {os.path.normpath(path) for path in given}
    charts = helm.charts(files, namespace)
    folders, patches = kustomize.roots(files)
    taken = [*patches, *(file for root in folders for file in root.taken)]
    rendered = {chart.file.path for chart in charts}
    rendered |= {file.path for file in taken if file.kustomization or os.path.normpath(file.path) not in named}
    plain = [_explained(file) for file in files if file.path not in rendered]
    return Plan(plain, [*charts, *folders])


def _explained(file: File) -> File:
    """A file that would be rendered says what is missing."""
    if file.chart is not None:
        return replace(file, unrendered=helm.MISSING)
    return replace(file, unrendered=kustomize.MISSING) if file.kustomization else file
