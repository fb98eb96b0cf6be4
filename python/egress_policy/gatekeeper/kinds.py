"""The kinds that rules look at, by a word of their METADATA (`match`, `requires_inventory`) or as Gatekeeper does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress_policy.engine import embedded
from egress_policy.gatekeeper import ConvertError

Json = dict[str, Any]
#: The words that stand for several kinds.
WORDS = ("workload", "unjudged")
# Of clusters no more, but of files: the rule says that it is refused.
_FORMER = {"NetworkPolicy": "extensions"}
# As clusters store them; Gatekeeper syncs versions, not kinds.
_VERSIONS = {"": "v1", "apps": "v1", "batch": "v1", "networking.k8s.io": "v1"}


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the policy knows, {group: {kind: {"role"}}}, and kinds of workloads besides, as KIND.GROUP or `*`."""

    known: Mapping[str, Mapping[str, Any]]
    workloads: Sequence[str] = ()

    def matched(self, words: Iterable[Any]) -> list[Json]:
        """The `match.kinds` of a constraint."""
        found: dict[str, set[str]] = {}
        others = [dict(word) for word in words if isinstance(word, Mapping)]
        for group, kind in self._meant_by(words):
            found.setdefault(group, set()).add(kind)
        if "*" in found:
            return [{"apiGroups": ["*"], "kinds": ["*"]}]
        return [{"apiGroups": [group], "kinds": sorted(kinds)} for group, kinds in sorted(found.items())] + others

    def synced(self, words: Iterable[Any]) -> list[Json]:
        """What has to be in the inventory, each kind as {group, version, kind}."""
        pairs = sorted({pair for pair in self._meant_by(words) if pair[0] in _VERSIONS})
        return [{"group": group, "version": _VERSIONS[group], "kind": kind} for group, kind in pairs]

    def resources(self, group: str, kinds: Iterable[str]) -> list[str]:
        """The resources of those kinds of a group that the policy knows, as an API server names them."""
        known = self.known.get(group, {})
        return sorted(known[kind]["resource"] for kind in kinds if kind in known)

    def _meant_by(self, words: Iterable[Any]) -> Iterator[tuple[str, str]]:
        for word in words:
            if word == "workload":
                yield from map(_parsed, self.workloads)
            if isinstance(word, str):
                yield from self._of_role(word) if word in WORDS else self._named(word)

    def _of_role(self, role: str) -> Iterator[tuple[str, str]]:
        return ((group, kind) for group, kinds in self.known.items() for kind in kinds if kinds[kind]["role"] == role)

    def _named(self, word: str) -> Iterator[tuple[str, str]]:
        listed = [(group, word) for group in _VERSIONS if word in self.known.get(group, ())]
        if not listed:
            raise ConvertError(f"{word}: no kind that the policy knows; write it as {{apiGroups: [...], kinds: [...]}}")
        yield from listed
        if word in _FORMER:
            yield _FORMER[word], word


def embedded_kinds(workloads: Sequence[str] = ()) -> Kinds:
    """Those of the policy that the package brings along."""
    return Kinds(embedded.metadata()["kinds"], tuple(workloads))


def _parsed(name: str) -> tuple[str, str]:
    kind, _, group = name.partition(".")
    if name != "*" and (not kind.isalnum() or (group and not all(group.split(".")))):
        raise ConvertError(f"{name!r} is no kind: write KIND.GROUP, as in Rollout.argoproj.io, or * for every kind")
    return ("*", "*") if name == "*" else (group, kind)
