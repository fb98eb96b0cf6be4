"""The audit: files → documents → shards → verdicts → report. In two processes where there is enough to do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from egress_policy import reader, workers
from egress_policy.engine import PARAMETERS, REPORT, Engine, load, to_json
from egress_policy.errors import EgressPolicyError
from egress_policy.judging import Verdicts, judge
from egress_policy.locating import locate
from egress_policy.report import Problem, Report, build
from egress_policy.shards import Places, Question, Shards, Source, printable

# Orders of the child's documents; far above what a parent can count.
_SECOND = 1 << 40
# What a second process must save to be worth its start: it reads about 40 MB/s.
_WORTH_FORKING = 1 << 20


class ParametersError(EgressPolicyError):
    """The parameters do not fit their schema; one line a problem, each with the field's path."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Request:
    """What to audit, and how. `settings` are `data.egress.parameters`; `details` lists policies and workloads, `excerpts` quotes."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = ""
    engine: str = "wasm"
    opa_url: str | None = None
    details: bool = True
    excerpts: bool = False
    stdin: IO[bytes] | None = None


class Progress:
    """Told how far the work is; this one tells nobody."""

    def reading(self, done: int, total: int) -> None: ...

    def judging(self, done: int, total: int) -> None: ...


@dataclass(slots=True)
class _Half:
    """What one process has read."""

    shards: Shards
    kubernetes: int = 0
    errors: list[tuple[str, int, str]] = field(default_factory=list)


def audit(request: Request, progress: Progress | None = None) -> Report:
    """Judge what is there. Raises ParametersError, EngineError, or a reader's error where nothing can be judged."""
    now, shown = time.time_ns(), progress or Progress()
    files = reader.find(request.paths, request.exclude, stdin=request.stdin)
    first, second = _split(files) if request.engine == "wasm" else (files, [])
    if not second:
        return _alone(request, first, now, shown)
    with workers.Worker(lambda pipe: _second(pipe, request, second, now)) as worker:
        return _together(request, first, now, worker, shown)


def _split(files: list[reader.File]) -> tuple[list[reader.File], list[reader.File]]:
    """Two runs of files of about the same size; nothing in the second where one process is as fast."""
    total = sum(file.size for file in files)
    if total < _WORTH_FORKING or not workers.available():
        return files, []
    done = 0
    for index, file in enumerate(files):
        if done + file.size / 2 > total / 2:
            return files[:index], files[index:]
        done += file.size
    return files, []


def _alone(request: Request, files: list[reader.File], now: int, progress: Progress) -> Report:
    with _engine(request, now) as engine:
        half = _read(request, files, 0, progress)
        question = Question(request.namespace, b",".join(half.shards.labels))
        verdicts = _judged(engine, request, half.shards, question, [half.shards.places], progress)
        return _report(engine, verdicts, half)


def _engine(request: Request, now: int) -> Engine:
    """The engine, which has accepted the parameters."""
    engine = load(request.engine, request.settings, url=request.opa_url, now=now)
    try:
        problems = engine.ask(PARAMETERS, b"{}")["problems"]
        if problems:
            raise ParametersError("\n".join(f"{one['path']}: {one['message']}" for one in problems))
    except BaseException:
        engine.__exit__(None, None, None)
        raise
    return engine


def _read(request: Request, files: list[reader.File], base: int, progress: Progress) -> _Half:
    half = _Half(Shards(request.namespace or "default", base))
    for done, file in enumerate(files):
        reading = reader.read_file(file)
        half.shards.add(Source(printable(file.name), file.path, file.data), reading.documents)
        half.kubernetes += reading.kubernetes
        half.errors += [(printable(error.file), error.line, error.message) for error in reading.errors]
        progress.reading(done, len(files))
    return half


def _judged(
    engine: Engine,
    request: Request,
    shards: Shards,
    question: Question,
    places: list[Places],
    progress: Progress,
) -> Verdicts:
    done, total = 0, len(shards.documents)

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress.judging(done, total)

    verdicts = judge(engine, shards.documents, question, details=request.details, progress=step)
    locate(verdicts, places, excerpts=request.excerpts)
    return verdicts


def _together(
    request: Request,
    files: list[reader.File],
    now: int,
    worker: workers.Worker,
    progress: Progress,
) -> Report:
    """The parent's part: its half, and what both halves have documents of."""
    with _engine(request, now) as engine:
        half = _read(request, files, 0, progress)
        names, labels, errors, kubernetes = worker.receive()
        question = Question(request.namespace, b",".join([*half.shards.labels, *labels]))
        worker.send((sorted(half.shards.documents.keys() & names), question.labels))
        documents, places = worker.receive()
        half.shards.merge(documents)
        half.errors += errors
        half.kubernetes += kubernetes
        both = [half.shards.places, Places.unpacked(places)]
        verdicts = _judged(engine, request, half.shards, question, both, progress)
        verdicts.extend(Verdicts(*worker.receive()))
        return _report(engine, verdicts, half)


def _second(pipe: workers.Pipe, request: Request, files: list[reader.File], now: int) -> None:
    """The child's part. It has asked about the parameters only if the parent has, too."""
    half = _read(request, files, _SECOND, Progress())
    shards = half.shards
    workers.reply(pipe, (list(shards.documents), shards.labels, half.errors, half.kubernetes))
    shared, labels = pipe.receive()
    workers.reply(pipe, (shards.take(shared), shards.places.packed()))
    with load(request.engine, request.settings, now=now) as engine:
        question = Question(request.namespace, labels)
        verdicts = _judged(engine, request, shards, question, [shards.places], Progress())
    workers.reply(pipe, (verdicts.namespaces, verdicts.policies, verdicts.findings, verdicts.totals))


def _report(engine: Engine, verdicts: Verdicts, half: _Half) -> Report:
    question = {"totals": verdicts.totals, "kubernetes": half.kubernetes, "errors": len(half.errors)}
    answer = engine.ask(REPORT, to_json(question))
    verdicts.totals.clear()
    return build(answer, verdicts, sorted(Problem(*error) for error in half.errors))
