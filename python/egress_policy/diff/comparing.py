"""The comparison: two sides → documents → shards of both → what the policy says differs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from egress_policy import reader
from egress_policy.audit import Progress, check
from egress_policy.diff import revisions
from egress_policy.diff.changes import Difference, Problem, build
from egress_policy.diff.revisions import Revision
from egress_policy.engine import DIFFERENCE_REPORT, DIFFERENCES, Engine, EngineError, load, to_json
from egress_policy.errors import EgressPolicyError
from egress_policy.judging import Verdicts
from egress_policy.locating import locate
from egress_policy.reader import File, Reading
from egress_policy.shards import CLUSTER_WIDE, Shards, Source, printable

# Orders of the new side's documents: far above what an old side can count.
_NEW = 1 << 40
# As for an audit: an evaluation costs something before it compares anything, and takes forty times its input in memory.
_MOST_SHARDS = 64
_MOST_BYTES = 512 << 10
_STDIN = "-"

Json = dict[str, Any]


class NothingToCompareError(EgressPolicyError):
    """The arguments leave nothing that could be compared."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Request:
    """What to compare: `paths` are where manifests lie in revisions, `settings` are `data.egress.parameters`."""

    old: str
    new: str
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = ""
    engine: str = "wasm"
    opa_url: str | None = None
    stdin: IO[bytes] | None = None


def compare(request: Request, progress: Progress | None = None) -> Difference:
    """What differs. Raises RevisionError, ParametersError or EngineError where there is no answer."""
    shown = progress or Progress()
    sources = [_source(name) for name in (request.old, request.new)]
    if request.paths and not any(isinstance(source, Revision) for source in sources):
        raise NothingToCompareError("--path is about revisions, and both sides are files or folders")
    with load(request.engine, request.settings, url=request.opa_url) as engine:
        check(engine)
        old, new = (_Side(name, request.namespace, base) for name, base in (("old", 0), ("new", _NEW)))
        for side, source in zip((old, new), sources, strict=True):
            side.read(_files(source, request))
        if not old.files + new.files:
            raise NothingToCompareError(f"there are no manifests in {request.old}, and none in {request.new}")
        return _compared(engine, request, (old, new), shown)


def _source(name: str) -> Revision | str:
    """A path that exists is meant, whatever git calls the same."""
    return name if name == _STDIN or os.path.lexists(name) else revisions.find(name)


def _files(source: Revision | str, request: Request) -> Iterable[File]:
    if isinstance(source, Revision):
        return source.files(request.paths, request.exclude)
    return reader.find([source], request.exclude, stdin=request.stdin)


class _Side:
    """What was read of one side."""

    def __init__(self, name: str, namespace: str, base: int) -> None:
        self.name = name
        self.shards = Shards(namespace or "default", base)
        self.errors: list[Problem] = []
        self.files = 0

    def read(self, files: Iterable[File]) -> None:
        """Take in all files; what cannot be read is kept as an error."""
        for file in files:
            self.files += 1
            reading = reader.read_file(file)
            self.shards.add(_kept(reading), reading.documents)
            self.errors += [
                Problem(self.name, printable(error.file), error.line, error.message) for error in reading.errors
            ]


def _kept(reading: Reading) -> Source:
    """The text of what cannot be opened again is kept only where lines of it will be looked for."""
    policies = any(document.kind == "NetworkPolicy" for document in reading.documents)
    data = reading.data if policies or reading.data is None else b""
    return Source(printable(reading.file), reading.path, data)


def _compared(engine: Engine, request: Request, sides: tuple[_Side, _Side], progress: Progress) -> Difference:
    old, new = sides
    names = sorted(old.shards.documents.keys() | new.shards.documents.keys())
    found: list[Json] = []
    for batch in _batches(_differing(names, old.shards, new.shards)):
        found += _answers(engine, request.namespace, batch)
        progress.judging(len(found), len(names))
    errors = [*old.errors, *new.errors]
    question = {
        "totals": [one["totals"] for one in found],
        "namespaces": sum(name != CLUSTER_WIDE for name in names),
        "errors": len(errors),
    }
    answer = engine.ask(DIFFERENCE_REPORT, to_json(question))
    locate(Verdicts(findings=list(_placed(found))), [old.shards.places, new.shards.places], excerpts=False)
    shown = (printable(request.old), printable(request.new))
    return build(shown, answer, found, errors)


@dataclass(frozen=True, slots=True)
class _Shard:
    """A namespace, and its part of a question."""

    name: str
    text: bytes


def _differing(names: Sequence[str], old: Shards, new: Shards) -> Iterator[_Shard]:
    """The namespaces whose documents are not the very same; they are given up as it goes."""
    for name in names:
        before, after = old.documents.pop(name, []), new.documents.pop(name, [])
        if sorted(map(_object, before)) != sorted(map(_object, after)):
            parts = (to_json(name), b",".join(before), b",".join(after))
            yield _Shard(name, b'{"namespace":%b,"old":[%b],"new":[%b]}' % parts)


def _object(entry: bytes) -> bytes:
    """The object of a shard's entry, without where it was read: no JSON text holds these quotes as they are."""
    return entry[: entry.rindex(b',"source":{"file":')]


def _batches(shards: Iterator[_Shard]) -> Iterator[list[_Shard]]:
    batch: list[_Shard] = []
    size = 0
    for shard in shards:
        if batch and (size + len(shard.text) > _MOST_BYTES or len(batch) >= _MOST_SHARDS):
            yield batch
            batch, size = [], 0
        batch.append(shard)
        size += len(shard.text)
    if batch:
        yield batch


def _answers(engine: Engine, namespace: str, batch: list[_Shard]) -> list[Json]:
    """One answer a namespace. What goes wrong in company is asked again alone, to say where it lies."""
    try:
        return _asked(engine, namespace, batch)
    except EngineError:
        if len(batch) == 1:
            raise
        return list(itertools.chain.from_iterable(_asked(engine, namespace, [one]) for one in batch))


def _asked(engine: Engine, namespace: str, batch: list[_Shard]) -> list[Json]:
    head = b'{"namespace":%b,"shards":[' % to_json(namespace)
    called = f"namespace {batch[0].name!r}" if batch[0].name else "what is cluster-wide"
    try:
        answers = engine.ask(DIFFERENCES, head + b",".join(shard.text for shard in batch) + b"]}")
    except EngineError as error:
        raise EngineError(
            f"{called} could not be compared: {error}; to compare the rest, --exclude its files"
        ) from error
    if not isinstance(answers, list) or [one["namespace"] for one in answers] != [shard.name for shard in batch]:
        raise EngineError(f"{called} could not be compared: the policy answered about something else")
    return answers


def _placed(found: Iterable[Json]) -> Iterator[Json]:
    """Whatever is to have a location: it names a document and a path in it, which is empty for all of it."""
    for shard in found:
        for one in [*shard["workloads"], *shard["unjudged"]]:
            one["path"] = ""
            yield one
        for workload in shard["workloads"]:
            for entry in [*workload["opened"], *workload["closed"]]:
                yield from entry["sources"]
