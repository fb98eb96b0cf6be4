"""The audit: files, or a cluster → documents → shards → verdicts → report. In two processes where files are large."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from egress_policy import reader, workers
from egress_policy.engine import PARAMETERS, REPORT, Engine, load, to_json
from egress_policy.errors import EgressPolicyError
from egress_policy.judging import Verdicts, judge
from egress_policy.locating import locate
from egress_policy.reader import Document, File, Reading
from egress_policy.report import Cluster, Problem, Report, build
from egress_policy.shards import CLUSTER_WIDE, Around, Places, Question, Shards, Source, printable

if TYPE_CHECKING:
    from egress_policy.cluster import Access, Server
    from egress_policy.rendering import Plan

# Orders of the child's documents: far above what a parent can count.
_SECOND = 1 << 40
# Orders of a world's documents: between what the files before can count.
_WORLD = 1 << 32
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
    workloads, `excerpts` quotes lines: both cost time and memory, so that they are made only to be shown. `render` asks
    helm and kustomize what charts and kustomizations come to, where these programs are there. With
    `cluster` there are no paths, and `namespace` is the only one that is read.
    """

    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = ""
    engine: str = "wasm"
    opa_url: str | None = None
    details: bool = True
    excerpts: bool = False
    stdin: IO[bytes] | None = None
    render: bool = False
    cluster: Access | None = None


class Progress:
    """Told how far the work is. This one tells nobody."""

    def reading(self, done: int, total: int) -> None:
        """So many files of all."""

    def listing(self, resource: str, done: int) -> None:
        """So many objects of a cluster's list."""

    def judging(self, done: int, total: int) -> None:
        """So many namespaces of all."""


def audit(request: Request, progress: Progress | None = None) -> Report:
    """Judge what is there. Raises ParametersError, EngineError or ClusterError where there is no answer."""
    run = _Run(request, time.time_ns(), progress or Progress())
    report = _audited(run)
    return replace(report, moment=_moment(request.settings.get("now"), run.now))


def check(engine: Engine) -> None:
    """Raise ParametersError if the engine's policy finds fault with the parameters that it was given."""
    if problems := engine.ask(PARAMETERS, b"{}")["problems"]:
        raise ParametersError([(one["path"], one["message"]) for one in problems])


def _moment(given: object, now: int) -> int:
    """Nanoseconds: the parameter `now`, which the policy has accepted, or the clock's."""
    if not isinstance(given, str):
        return now
    seconds = datetime.fromisoformat(given).replace(tzinfo=UTC).timestamp()
    return int(seconds) * 1_000_000_000


def _audited(run: _Run) -> Report:
    request = run.request
    if request.cluster is not None:
        return run.live(request.cluster)
    files = reader.find(request.paths, request.exclude, stdin=request.stdin)
    plan = _plan(request, files)
    plain = plan.plain if plan else files
    # What firewalls cover depends on all of them, so that one process judges them and then the rest.
    alone = request.engine != "wasm" or bool(request.settings.get("firewallNamespaces"))
    first, second = (plain, []) if alone or (plan and plan.sources) else _split(plain)
    if not second:
        return run.alone(first, plan.worlds() if plan else ())
    # Before the engine starts: it has a thread, and a fork copies only the one that calls it.
    silent = _Run(request, run.now, Progress())
    with workers.Worker(lambda pipe: silent.second(pipe, second)) as worker:
        return run.first(first, worker)


def _plan(request: Request, files: Sequence[File]) -> Plan | None:
    """What is to be rendered; None where nothing is."""
    if not request.render or not any(file.chart is not None or file.kustomization for file in files):
        return None
    from egress_policy import rendering  # with it comes what starts programs, which most audits do without

    return rendering.plan(files, request.paths, request.namespace)


def _split(files: Sequence[File]) -> tuple[Sequence[File], Sequence[File]]:
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

    def add(self, reading: Reading) -> None:
        """Count what was seen, and keep what could not be read."""
        self.kubernetes += reading.kubernetes
        self.errors += [(printable(error.file), error.line, error.message) for error in reading.errors]


@dataclass(frozen=True, slots=True)
class _Run:
    """One audit: what was asked, and when it began."""

    request: Request
    now: int
    progress: Progress

    def alone(self, files: Sequence[File], worlds: Iterable[Sequence[File]]) -> Report:
        """In one process. Each world is judged by itself, with what is cluster-wide in the files."""
        with self._engine() as engine:
            half = self._read(files, 0)
            around = half.shards.around
            verdicts = self._judged(engine, half.shards, around, [half.shards.places])
            for number, world in enumerate(worlds, 1):
                other = self._read(world, number * _WORLD)
                other.shards.around.merge(*around.packed())
                places = [other.shards.places]
                verdicts.extend(self._judged(engine, other.shards, other.shards.around, places, verdicts.firewalls))
                half.kubernetes += other.kubernetes
                half.errors += other.errors
            return _report(engine, verdicts, half)

    def live(self, access: Access) -> Report:
        """A cluster instead of files."""
        from egress_policy import cluster  # with it comes the client, which takes longer to import than we do

        with self._engine() as engine:
            server = cluster.connect(access)
            half = self._listed(server)
            verdicts = self._judged(engine, half.shards, half.shards.around, [half.shards.places])
            report = _report(engine, verdicts, half)
            # Of one namespace that was read nothing follows about the others of a model.
            only = self.request.namespace
            models = tuple(one for one in report.models if only in ("", one.namespace))
            return replace(report, cluster=Cluster(server.url, only), models=models)

    def first(self, files: Sequence[File], worker: workers.Worker) -> Report:
        """The parent's part: its half, and the namespaces of which both halves have documents."""
        with self._engine() as engine:
            half = self._read(files, 0)
            shards = half.shards
            names, around, errors, kubernetes = worker.receive()
            half.errors += errors
            half.kubernetes += kubernetes
            shards.around.merge(*around)
            worker.send((sorted(shards.documents.keys() & names), shards.around.packed()))
            documents, places = worker.receive()
            shards.merge(documents)
            verdicts = self._judged(engine, shards, shards.around, [shards.places, Places.unpacked(places)])
            verdicts.extend(Verdicts(*worker.receive()))
            return _report(engine, verdicts, half)

    def second(self, pipe: workers.Pipe, files: Sequence[File]) -> None:
        """The child's part. It is the parent that asks about the parameters."""
        half = self._read(files, _SECOND)
        shards = half.shards
        workers.reply(pipe, (list(shards.documents), shards.around.packed(), half.errors, half.kubernetes))
        with self._loaded() as engine:
            both, around = pipe.receive()
            workers.reply(pipe, (shards.take(both), shards.places.packed()))
            verdicts = self._judged(engine, shards, Around(*around), [shards.places])
        workers.reply(pipe, (verdicts.namespaces, verdicts.policies, verdicts.findings, verdicts.totals))

    def _loaded(self) -> Engine:
        return load(self.request.engine, self.request.settings, url=self.request.opa_url, now=self.now)

    def _engine(self) -> Engine:
        """The engine, after it has accepted the parameters."""
        engine = self._loaded()
        try:
            check(engine)
        except BaseException:
            engine.__exit__(None, None, None)
            raise
        return engine

    def _read(self, files: Sequence[File], base: int) -> _Half:
        half = _Half(Shards(self.request.namespace or "default", base))
        for done, file in enumerate(files, 1):
            reading = reader.read_file(file)
            half.shards.add(Source(printable(reading.file), reading.path, reading.data), reading.documents)
            half.add(reading)
            self.progress.reading(done, len(files))
        return half

    def _listed(self, server: Server) -> _Half:
        from egress_policy import cluster

        # A cluster is one of Kubernetes, also where the namespace that was asked for is empty.
        half = _Half(Shards(CLUSTER_WIDE), kubernetes=1)
        for reading in cluster.read(server, self.request.namespace, self.progress.listing):
            for document in reading.documents:
                half.shards.add(self._source(document), (document,))
            half.add(reading)
        return half

    def _source(self, document: Document) -> Source:
        """The text is kept only of what is quoted: it is there twice then."""
        quoted = self.request.excerpts and document.kind == "NetworkPolicy"
        return Source(printable(document.file), "", None, document.text if quoted else b"")

    def _judged(
        self,
        engine: Engine,
        shards: Shards,
        around: Around,
        places: Iterable[Places],
        firewalls: Mapping[str, float] | None = None,
    ) -> Verdicts:
        """What the policy says of shards; the `firewalls` that were judged before guard these as well."""
        verdicts = Verdicts()
        done, total = 0, len(shards.documents)
        question = Question(self.request.namespace, around, self.request.details, firewalls)
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
