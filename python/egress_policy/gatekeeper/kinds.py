"""The kinds that rules look at: by a word of their METADATA (`match`, `requires_inventory`), or as Gatekeeper writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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


def matched(words: Iterable[Any], more: Iterable[str] = ()) -> list[Json]:
    """The `match.kinds` of a constraint; `more` are workloads of other kinds, as KIND.GROUP."""
    found: dict[str, list[str]] = {}
    others: list[Json] = []
    for word in words:
        if isinstance(word, Mapping):
            others.append(dict(word))
        for group, kind in _meant(word, more) if isinstance(word, str) else ():
            found.setdefault(group, []).append(kind)
    return [{"apiGroups": [group], "kinds": sorted(set(kinds))} for group, kinds in sorted(found.items())] + others


def synced(words: Iterable[Any]) -> list[Json]:
    """What has to be in the inventory, each kind as {group, version, kind}."""
    pairs = sorted({pair for word in words for pair in _meant(word, ()) if pair[0] in _VERSIONS})
    return [{"group": group, "version": _VERSIONS[group], "kind": kind} for group, kind in pairs]


def _meant(word: str, more: Iterable[str]) -> Iterator[tuple[str, str]]:
    if word in WORDS:
        yield from _of_role(word)
        if word == "workload":
            yield from (_parsed(name) for name in more)
        return
    listed = [(group, kind) for group, kind, _ in _all() if kind == word and group in _VERSIONS]
    if not listed:
        raise ConvertError(f"{word}: no kind that the policy knows; write it as {{apiGroups: [...], kinds: [...]}}")
    yield from listed
    if word in _FORMER:
        yield _FORMER[word], word


def _of_role(role: str) -> Iterator[tuple[str, str]]:
    return ((group, kind) for group, kind, found in _all() if found == role)


def _all() -> Iterator[tuple[str, str, str]]:
    for group, kinds in embedded.metadata()["kinds"].items():
        for kind, said in kinds.items():
            yield group, kind, said["role"]


def _parsed(name: str) -> tuple[str, str]:
    kind, _, group = name.partition(".")
    if not kind or (group and not all(group.split("."))):
        raise ConvertError(f"{name!r} is no kind: write KIND.GROUP, as in Rollout.argoproj.io, or * for every kind")
    return ("*", "*") if name == "*" else (group, kind)
