"""Lines of findings: in any document of a file, in lists, and in files that have changed meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from egress_policy import reader
from egress_policy.engine import EngineError
from egress_policy.judging import Verdicts
from egress_policy.locating import locate
from egress_policy.shards import Shards, Source

_PODS = """\
# the first
apiVersion: v1
kind: Pod
metadata:
  name: a
---

apiVersion: v1
kind: Pod
metadata:
  name: b
---
apiVersion: v1
kind: PodList
items:
- kind: Pod
  apiVersion: v1
  metadata:
    name: c
- kind: Pod
  apiVersion: v1
  metadata:
    name: d
"""


def _located(file: Path, *wanted: tuple[int, str], excerpts: bool = False, meanwhile: Any = None) -> list[Any]:
    shards = Shards("default")
    [reading] = reader.read([str(file)])
    shards.add(Source(reading.file, reading.path, reading.data), reading.documents)
    if meanwhile:
        meanwhile()
    verdicts = Verdicts(findings=[{"order": order, "path": path} for order, path in wanted])
    locate(verdicts, [shards.places], excerpts=excerpts)
    return verdicts.findings


@pytest.fixture(params=["\n", "\r\n"], ids=["LF", "CRLF"])
def pods(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Four pods in three documents."""
    file = tmp_path / "pods.yaml"
    file.write_text(_PODS, newline=request.param)
    return file


def test_a_path_is_found_in_its_document_in_whatever_order_they_are_asked(pods: Path) -> None:
    wanted = [(3, "metadata.name"), (0, "metadata.name"), (2, "metadata.name"), (1, "metadata"), (1, ""), (0, "")]
    lines = [found["location"][1] for found in _located(pods, *wanted)]
    assert lines == [23, 5, 19, 10, 8, 2]


def test_of_a_path_that_is_not_there_the_nearest_field_above(pods: Path) -> None:
    [found] = _located(pods, (1, "metadata.labels.app"))
    assert found["location"] == (str(pods), 10)


def test_an_excerpt_has_the_lines_around_of_the_same_document(pods: Path) -> None:
    first, item = _located(pods, (1, "metadata"), (3, "metadata.name"), excerpts=True)
    assert first["excerpt"] == (8, ["apiVersion: v1", "kind: Pod", "metadata:", "  name: b", ""])
    number, lines = item["excerpt"]
    assert (number, lines[:3]) == (21, ["  apiVersion: v1", "  metadata:", "    name: d"])


@pytest.mark.parametrize("content", [None, "", "kind: [", "a: 1\n" * 100], ids=["gone", "empty", "broken", "another"])
def test_a_file_that_changed_meanwhile_is_no_reason_to_fail(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "pods.yaml"
    file.write_text(_PODS)

    def change() -> None:
        file.write_text(content) if content is not None else file.unlink()

    [found] = _located(file, (1, "metadata.name"), excerpts=True, meanwhile=change)
    assert found["location"] == (str(file), 8)


def test_an_answer_about_nothing_that_was_asked_is_an_error(pods: Path) -> None:
    with pytest.raises(EngineError, match="document 4, which it was not asked about"):
        _located(pods, (4, ""))
