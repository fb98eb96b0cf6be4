"""The lines of fields: each file that matters is read once more, and each document in it looked through once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from egress_policy import reader
from egress_policy.propose.proposal import Evidence, Model, Proposal

# Gives the normalised text of a file, by the name that documents have it under.
Texts = Callable[[str], bytes]


def of(proposal: Proposal, texts: Texts) -> dict[Evidence, int]:
    """The line (from 1) of every piece of evidence."""
    by_document: dict[tuple[str, int, int, tuple[int, ...]], list[Evidence]] = {}
    for one in _all(proposal.models):
        place = one.document
        by_document.setdefault((place.file, place.start, place.end, place.item), []).append(one)
    found: dict[Evidence, int] = {}
    for key in sorted(by_document):
        evidence = by_document[key]
        paths = [one.path for one in evidence]
        found.update(zip(evidence, reader.locate_all(texts(key[0]), evidence[0].document, paths), strict=True))
    return found


def _all(models: Iterable[Model]) -> Iterable[Evidence]:
    for model in models:
        yield from model.dns.evidence
        for entry in (*model.entries, *([model.kube_api] if model.kube_api else [])):
            yield from entry.evidence
        for note in (*model.left_out, *model.unknown):
            yield note.evidence
