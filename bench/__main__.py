"""Measures the audit on corpora that it writes, and prints what was to be reached beside what was."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import corpus
from bench.measure import Command, Figures, RunError, alternately

_TRIVIAL = """\
package main

deny contains msg if {
	some file in input
	file.contents.kind == "NetworkPolicy"
	file.contents.spec.egress == [{}]
	msg := sprintf("%s: open", [file.path])
}
"""
_POLICY = Path(__file__).resolve().parent.parent / "policy"
_MEGABYTE = 1_000_000
_WORKLOADS = "1,000 workloads and 600 policies"
Results = dict[str, dict[str, Figures]]


@dataclass(frozen=True, slots=True)
class Goal:
    """Something to reach: what, how far we are, and the most that is allowed."""

    what: str
    figure: float
    limit: float
    unit: str

    def row(self) -> str:
        """The goal as a row of a table."""
        verdict = "reached" if self.figure <= self.limit else "missed"
        return f"{self.what:<72}{self.figure:>9.3f}{self.limit:>9.3f} {self.unit:<7}{verdict}"


def main() -> int:
    """Measure; the exit code tells only whether everything ran."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        try:
            results = dict(_measure(Path(folder), options))
        except RunError as error:
            print(error, file=sys.stderr)
            return 1
    goals = _goals(results)
    print(_table(results), "\n".join(goal.row() for goal in goals), sep="\n\n")
    options.output.write_text(json.dumps(_as_json(results, goals), indent=2) + "\n")
    print(f"\nall figures: {options.output}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--namespaces", type=int, nargs="+", default=[100, 1000, 10000])
    parser.add_argument("--rounds", type=int, default=5, help="how often each command is timed")
    parser.add_argument("--conftest", default="conftest")
    parser.add_argument("--egress", default=str(Path(sys.executable).with_name("egress")))
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    return parser.parse_args()


def _measure(folder: Path, options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Figures]]]:
    (folder / "trivial").mkdir()
    (folder / "trivial" / "trivial.rego").write_text(_TRIVIAL)
    for count in options.namespaces:
        name = f"{count:,} namespaces"
        _say(f"{name}: writing, then measuring")
        corpus.namespaces(folder / str(count), count)
        yield name, _compare(folder, count, options)
    corpus.one_namespace(folder / "one", 100)
    _say(_WORKLOADS)
    yield _WORKLOADS, alternately({"egress": _egress(folder / "one", options)}, options.rounds)
    _say("one file")
    yield "one file", _one_file(folder, options)


def _compare(folder: Path, count: int, options: argparse.Namespace) -> dict[str, Figures]:
    """The largest corpus is for growth alone: nothing but the audit is run on it, and less often."""
    target = folder / str(count)
    egress = {"egress": _egress(target, options)}
    if count > 1000:
        return alternately(egress, min(options.rounds, 3))
    bare = {"bare": _bare(target), "parse only": _bare(target, "--parse")}
    quick = alternately(egress | bare, options.rounds)
    # Slow, and so with fewer rounds, in turn with the audit once more: the ratio is taken within these.
    slow = {"egress beside conftest": egress["egress"], "conftest, one rule": _conftest(folder, target, options)}
    if count <= 100:
        slow["conftest, our policy"] = _conftest(folder, target, options, _POLICY)
    return quick | alternately(slow, min(options.rounds, 3))


def _one_file(folder: Path, options: argparse.Namespace) -> dict[str, Figures]:
    corpus.namespaces(folder / "file", 1)
    commands = {
        "egress": _egress(folder / "file", options),
        "conftest, one rule": _conftest(folder, folder / "file", options),
        "python": Command((sys.executable, "-c", "")),
    }
    return alternately(commands, options.rounds * 4)


def _egress(target: Path, options: argparse.Namespace) -> Command:
    return Command((options.egress, "audit", "--format", "json", str(target)))


def _bare(target: Path, *arguments: str) -> Command:
    return Command((sys.executable, "-m", "bench.bare", *arguments, str(target)))


def _conftest(folder: Path, target: Path, options: argparse.Namespace, policy: Path | None = None) -> Command:
    judged = ("-p", str(policy or folder / "trivial"))
    return Command((options.conftest, "test", "--combine", *judged, str(target)))


def _goals(results: Results) -> list[Goal]:
    """What the figures are to be; one whose corpus was not asked for is left out."""
    found = list(_comparisons(results.get("1,000 namespaces", {})))
    if (many := results.get("10,000 namespaces")) and (fewer := results.get("1,000 namespaces")):
        growth = many["egress"].seconds / fewer["egress"].seconds
        found.append(Goal("10,000 namespaces, compared with 1,000", growth, 11, "times"))
        found.append(Goal("10,000 namespaces, memory", many["egress"].memory / _MEGABYTE, 600, "MB"))
    found.append(Goal(_WORKLOADS, results[_WORKLOADS]["egress"].seconds, 5, "s"))
    found.append(Goal("one file", results["one file"]["egress"].seconds, 0.2, "s"))
    return found


def _comparisons(of: dict[str, Figures]) -> Iterator[Goal]:
    if of:
        share = of["egress beside conftest"].seconds / of["conftest, one rule"].seconds
        yield Goal("1,000 namespaces, compared with conftest and one rule", share, 1 / 13, "times")
        yield Goal(
            "1,000 namespaces, compared with a bare read and parse",
            of["egress"].seconds / of["bare"].seconds,
            2,
            "times",
        )
        yield Goal("1,000 namespaces, memory", of["egress"].memory / _MEGABYTE, 200, "MB")


def _table(results: Results) -> str:
    head = f"{'medians, whole processes':<58}{'wall s':>9}{'cpu s':>9}{'MB':>9}"
    rows = (
        f"{corpus_name + ': ' + name:<58}{seen.seconds:>9.3f}{sorted(seen.cpu)[len(seen.cpu) // 2]:>9.3f}"
        f"{seen.memory / _MEGABYTE:>9.0f}"
        for corpus_name, commands in results.items()
        for name, seen in commands.items()
    )
    return "\n".join([head, *rows])


def _as_json(results: Results, goals: list[Goal]) -> dict[str, object]:
    return {
        "machine": {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "results": {name: {key: seen.as_json() for key, seen in of.items()} for name, of in results.items()},
        "goals": [{"what": goal.what, "figure": goal.figure, "limit": goal.limit, "unit": goal.unit} for goal in goals],
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
