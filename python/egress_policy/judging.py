"""Ask the engine about shards, batch by batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from egress_policy.engine import NAMESPACES, Engine, EngineError
from egress_policy.shards import CLUSTER_WIDE, Batch, Question, batches


@dataclass(slots=True)
class Verdicts:
    """What the policy said of some shards, still as plain JSON: it may have to travel to another process."""

    namespaces: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    totals: list[Any] = field(default_factory=list)
    # What guards the cluster, for what is judged later.
    firewalls: Mapping[str, float] | None = None

    def add(self, answer: dict[str, Any]) -> None:
        """Take in the answer about one shard."""
        if answer["namespace"] is not None:
            self.namespaces.append(answer["namespace"])
        self.policies += answer["policies"]
        self.findings += answer["findings"]
        self.totals.append(answer["totals"])

    def extend(self, other: Verdicts) -> None:
        """Add what another process was told."""
        self.namespaces += other.namespaces
        self.policies += other.policies
        self.findings += other.findings
        self.totals += other.totals


def judge(engine: Engine, documents: dict[str, list[bytes]], question: Question, verdicts: Verdicts) -> Iterator[int]:
    """Add to `verdicts` all that the policy says of the documents, which are given up on the way.

    Yields, after each evaluation, how many namespaces it was about.
    """
    around = {CLUSTER_WIDE: documents.pop(CLUSTER_WIDE)} if CLUSTER_WIDE in documents else {}
    for batch in itertools.chain(batches(around), batches(documents)):
        for answer in _answers(engine, batch, question):
            verdicts.add(answer)
            if batch.names == (CLUSTER_WIDE,):  # which comes first: firewalls may cover namespaces
                question = question.with_firewalls(answer["totals"]["firewalls"])
                verdicts.firewalls = question.firewalls
        yield len(batch.names)


def _answers(engine: Engine, batch: Batch, question: Question) -> Iterable[dict[str, Any]]:
    """One answer a shard. What goes wrong in company is asked again alone, to say where it lies."""
    try:
        return _asked(engine, batch, question)
    except EngineError:
        if len(batch.names) == 1:
            raise
        alone = (Batch((name,), (shard,)) for name, shard in zip(batch.names, batch.shards, strict=True))
        return list(itertools.chain.from_iterable(_asked(engine, one, question) for one in alone))


def _asked(engine: Engine, batch: Batch, question: Question) -> list[dict[str, Any]]:
    try:
        answers = engine.ask(NAMESPACES, question.about(batch))
    except EngineError as error:
        hint = "to judge the rest, leave its files out with --exclude, or take a cluster's namespaces one by one"
        raise EngineError(f"{_called(batch.names)} could not be judged: {error}; {hint}") from error
    if not isinstance(answers, list) or len(answers) != len(batch.names):
        raise EngineError(f"{_called(batch.names)} could not be judged: the policy answered about something else")
    return answers


def _called(names: tuple[str, ...]) -> str:
    first = f"namespace '{names[0]}'" if names[0] else "what is cluster-wide"
    return first if len(names) == 1 else f"{first} (or one of {len(names) - 1} more)"
