"""The audit: files → documents → shards → verdicts → report. In two processes where there is enough to do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from egress_policy import reader, workers
from egress_policy.engine import PARAMETERS, REPORT, Engine, load, to_json
from egress_policy.errors import EgressPolicyError
from egress_policy.judging import Verdicts, judge
from egress_policy.locating import locate
from egress_policy.reader import File
from egress_policy.report import Problem, Report, build
from egress_policy.shards import Places, Question, Shards, Source, printable

# Orders of the child's documents: far above what a parent can count.
_SECOND = 1 << 40
# A second process costs some 30 ms; below this many bytes it saves less.
_WORTH_FORKING = 2 << 20


class ParametersError(EgressPolicyError):
    """The parameters do not fit their schema; `problems` are (path, message), and there is one line for each."""

    exit_code = 2

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{path} {message}".replace("\n", "\\n") for path, message in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Request:
    """What to audit, and how.

    `settings` are `data.egress.parameters`, `namespace` is where objects without one go. `details` lists policies and
    workloads, `excerpts` quotes lines: both cost time and memory, so that they are made only to be shown.
    """

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
    """Told how far the work is. This one tells nobody."""

    def reading(self, done: int, total: int) -> None:
        """So many files of all."""

    def judging(self, done: int, total: int) -> None:
        """So many namespaces of all."""


def audit(request: Request, progress: Progress | None = None) -> Report:
    """Judge what is there. Raises ParametersError or EngineError where there is no answer."""
    run = _Run(request, time.time_ns(), progress or Progress())
    files = reader.find(request.paths, request.exclude, stdin=request.stdin)
    first, second = _split(files) if request.engine == "wasm" else (files, [])
    if not second:
        return run.alone(first)
    # Before the engine starts: it has a thread, and a fork copies only the one that calls it.
    silent = _Run(request, run.now, Progress())
    with workers.Worker(lambda pipe: silent.second(pipe, second)) as worker:
        return run.first(first, worker)


def _split(files: list[File]) -> tuple[list[File], list[File]]:
    """Two runs of files of about the same size; nothing in the second where one process is as fast."""
    total = sum(file.size for file in files)
    if total < _WORTH_FORKING or not workers.available():
        return files, []
    done = 0
    for index, file in enumerate(files):
        if index and done + file.size / 2 > total / 2:
            return files[:index], files[index:]
        done += file.size
    return files, []


@dataclass(slots=True)
class _Half:
    """What one process has read."""

    shards: Shards
    kubernetes: int = 0
    errors: list[tuple[str, int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Run:
    """One audit: what was asked, and when it began."""

    request: Request
    now: int
    progress: Progress

    def alone(self, files: Sequence[File]) -> Report:
        """In one process."""
        with self._engine() as engine:
            half = self._read(files, 0)
            verdicts = self._judged(engine, half.shards, b",".join(half.shards.labels), [half.shards.places])
            return _report(engine, verdicts, half)

    def first(self, files: Sequence[File], worker: workers.Worker) -> Report:
        """The parent's part: its half, and the namespaces of which both halves have documents."""
        with self._engine() as engine:
            half = self._read(files, 0)
            shards = half.shards
            names, labels, errors, kubernetes = worker.receive()
            half.errors += errors
            half.kubernetes += kubernetes
            known = b",".join([*shards.labels, *labels])
            worker.send((sorted(shards.documents.keys() & names), known))
            documents, places = worker.receive()
            shards.merge(documents)
            verdicts = self._judged(engine, shards, known, [shards.places, Places.unpacked(places)])
            verdicts.extend(Verdicts(*worker.receive()))
            return _report(engine, verdicts, half)

    def second(self, pipe: workers.Pipe, files: Sequence[File]) -> None:
        """The child's part. It is the parent that asks about the parameters."""
        half = self._read(files, _SECOND)
        shards = half.shards
        workers.reply(pipe, (list(shards.documents), shards.labels, half.errors, half.kubernetes))
        with self._loaded() as engine:
            shared, labels = pipe.receive()
            workers.reply(pipe, (shards.take(shared), shards.places.packed()))
            verdicts = self._judged(engine, shards, labels, [shards.places])
        workers.reply(pipe, (verdicts.namespaces, verdicts.policies, verdicts.findings, verdicts.totals))

    def _loaded(self) -> Engine:
        return load(self.request.engine, self.request.settings, url=self.request.opa_url, now=self.now)

    def _engine(self) -> Engine:
        """The engine, after it has accepted the parameters."""
        engine = self._loaded()
        try:
            problems = engine.ask(PARAMETERS, b"{}")["problems"]
            if problems:
                raise ParametersError([(one["path"], one["message"]) for one in problems])
        except BaseException:
            engine.__exit__(None, None, None)
            raise
        return engine

    def _read(self, files: Sequence[File], base: int) -> _Half:
        half = _Half(Shards(self.request.namespace or "default", base))
        for done, file in enumerate(files, 1):
            reading = reader.read_file(file)
            half.shards.add(Source(printable(reading.file), reading.path, reading.data), reading.documents)
            half.kubernetes += reading.kubernetes
            half.errors += [(printable(error.file), error.line, error.message) for error in reading.errors]
            self.progress.reading(done, len(files))
        return half

    def _judged(self, engine: Engine, shards: Shards, labels: bytes, places: Iterable[Places]) -> Verdicts:
        verdicts = Verdicts()
        done, total = 0, len(shards.documents)
        question = Question(self.request.namespace, labels, self.request.details)
        for count in judge(engine, shards.documents, question, verdicts):
            done += count
            self.progress.judging(done, total)
        locate(verdicts, places, excerpts=self.request.excerpts)
        return verdicts


def _report(engine: Engine, verdicts: Verdicts, half: _Half) -> Report:
    question = {"totals": verdicts.totals, "kubernetes": half.kubernetes, "errors": len(half.errors)}
    answer = engine.ask(REPORT, to_json(question))
    verdicts.totals.clear()
    return build(answer, verdicts, sorted(Problem(*error) for error in half.errors))
