"""Which files are read, in which order, and under which names."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from egress_policy import reader
from egress_policy.reader.files import File, _named_apart
from tests.unit.reader.texts import pod


def _tree(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pod(file.name.partition(".")[0]))


def _names(*paths: str | Path, exclude: Sequence[str] = ()) -> list[str]:
    return [file.name for file in reader.find([str(path) for path in paths], exclude)]


def _problems(*paths: str | Path) -> list[tuple[str, int, str]]:
    readings = reader.read([str(path) for path in paths])
    return [(error.file, error.line, error.message) for reading in readings for error in reading.errors]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_folder_is_read_sorted_with_names_relative_to_it(tmp_path: Path) -> None:
    _tree(tmp_path, "b.yaml", "a/z.yml", "a/b/c.json", "c.YAML", "a.yaml", "readme.md", "script.sh")
    expected = ["a/b/c.json", "a/z.yml", "a.yaml", "b.yaml", "c.YAML"]
    assert _names(".") == _names(tmp_path) == expected


def test_a_file_is_named_as_it_was_given(tmp_path: Path) -> None:
    _tree(tmp_path, "k8s/a.yaml", "notes.txt")
    assert _names("k8s/a.yaml", "./notes.txt", tmp_path / "k8s/../notes.txt") == ["k8s/a.yaml", "./notes.txt"]


def test_files_are_read_once_however_often_they_are_named(tmp_path: Path) -> None:
    _tree(tmp_path, "k8s/a.yaml", "k8s/b.yaml")
    assert _names("k8s/b.yaml", "k8s", "k8s/b.yaml", ".", "-", "-") == ["k8s/b.yaml", "a.yaml", "-"]


def test_the_same_name_in_two_folders_is_shown_with_its_folder(tmp_path: Path) -> None:
    _tree(tmp_path, "one/a.yaml", "two/a.yaml", "two/b.yaml")
    assert _names("one", "two") == ["one/a.yaml", "two/a.yaml", "b.yaml"]


def test_the_same_names_in_two_folders_cost_no_squares() -> None:
    found = [File(f"{number % 50_000}.yaml", f"{number}.yaml", ".") for number in range(100_000)]
    started = time.process_time()
    assert _named_apart(found)[-1].name == "99999.yaml"
    assert time.process_time() - started < 6  # seconds; it takes less than one


def test_each_folder_has_its_own_mark(tmp_path: Path) -> None:
    _tree(tmp_path, "one/a.yaml", "two/x/b.yaml", "c.yaml")
    documents = [one for reading in reader.read(["one", "two", "c.yaml"]) for one in reading.documents]
    assert [(one.file, one.folder) for one in documents] == [("a.yaml", "one"), ("x/b.yaml", "two/x"), ("c.yaml", ".")]


def test_hidden_folders_are_passed_over_and_hidden_files_are_not(tmp_path: Path) -> None:
    _tree(tmp_path, ".git/a.yaml", ".hidden.yaml", ".note", "a/.x/b.yaml", "a/.y.json", "c.yaml")
    (tmp_path / ".link").symlink_to("a")
    assert _names(".") == [".hidden.yaml", "a/.y.json", "c.yaml"]
    assert _names(".git") == ["a.yaml"]


def test_links_are_followed_inside_the_folder_only_and_once(tmp_path: Path) -> None:
    _tree(tmp_path, "outside/a.yaml", "k8s/real/b.yaml", "k8s/c.yaml")
    (tmp_path / "k8s/out").symlink_to("../outside")
    (tmp_path / "k8s/out.yaml").symlink_to("../outside/a.yaml")
    (tmp_path / "k8s/again.yaml").symlink_to("c.yaml")
    (tmp_path / "k8s/loop").symlink_to(".")
    (tmp_path / "k8s/zz").symlink_to("real")
    assert _names("k8s") == ["again.yaml", "real/b.yaml"]


def test_a_link_that_is_named_is_followed_anywhere(tmp_path: Path) -> None:
    _tree(tmp_path, "outside/a.yaml")
    (tmp_path / "link").symlink_to("outside")
    (tmp_path / "link.yaml").symlink_to("outside/a.yaml")
    assert _names("link.yaml", "link") == ["link.yaml"]


EXCLUDED = [
    ("by its name", ["b.yaml"], ["a.yaml", "x/y/c.yaml"]),
    ("by a pattern for names", ["*.yaml"], []),
    ("by its path", ["x/b.yaml"], ["a.yaml", "x/y/c.yaml"]),
    ("by a pattern for paths", ["x/*.yaml"], ["a.yaml"]),
    ("by its folder's name", ["y"], ["a.yaml", "x/b.yaml"]),
    ("by its folder with a slash", ["x/y/"], ["a.yaml", "x/b.yaml"]),
    ("by one of two patterns", ["a.*", "x/b*"], ["x/y/c.yaml"]),
    ("not at all", ["z", "B.yaml"], ["a.yaml", "x/b.yaml", "x/y/c.yaml"]),
]


@pytest.mark.parametrize(("globs", "left"), [row[1:] for row in EXCLUDED], ids=[row[0] for row in EXCLUDED])
def test_excluded(tmp_path: Path, globs: list[str], left: list[str]) -> None:
    _tree(tmp_path, "a.yaml", "x/b.yaml", "x/y/c.yaml")
    assert _names(".", exclude=globs) == left


def test_a_file_that_is_named_is_not_excluded(tmp_path: Path) -> None:
    _tree(tmp_path, "a.yaml")
    assert _names("a.yaml", exclude=["*"]) == ["a.yaml"]


def test_a_path_that_is_not_there_is_an_error() -> None:
    assert _problems("nowhere") == [("nowhere", 1, "cannot be read: No such file or directory")]


def test_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    assert _problems(".") == [("a.yaml", 1, "cannot be read: No such file or directory")]


def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("a.yaml")
    (tmp_path / "note").symlink_to("note")
    assert _problems(".") == [("a.yaml", 1, "cannot be read: Too many levels of symbolic links")]
    assert _problems("a.yaml") == [("a.yaml", 1, "cannot be read: Too many levels of symbolic links")]


def test_a_file_that_vanishes_is_an_error(tmp_path: Path) -> None:
    _tree(tmp_path, "a.yaml")
    (file,) = reader.find(["a.yaml"])
    (tmp_path / "a.yaml").unlink()
    assert [error.message for error in reader.read_file(file).errors] == ["cannot be read: No such file or directory"]


def test_a_pipe_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert _names(".") == []


def test_standard_input() -> None:
    (reading,) = reader.read(["-"], stdin=io.BytesIO(pod("a").encode()))
    assert [(one.name, one.file, one.folder) for one in reading.documents] == [("a", "-", "-")]
    assert reading.data == pod("a").encode()


def test_standard_input_that_is_closed_is_an_error() -> None:
    closed = io.BytesIO()
    closed.close()
    (reading,) = reader.read(["-"], stdin=closed)
    assert [(error.file, error.message) for error in reading.errors] == [
        ("-", "cannot be read: I/O operation on closed file.")
    ]


def test_no_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what Python makes of one that is closed when it starts
    assert _problems("-") == [("-", 1, "cannot be read: it is closed")]


def test_what_can_be_read_once_only_is_kept(tmp_path: Path) -> None:
    _tree(tmp_path, "a.yaml")
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text(pod("b")))
    writer.start()
    readings = list(reader.read(["a.yaml", "pipe"]))
    writer.join()
    assert [reading.data for reading in readings] == [None, pod("b").encode()]


def test_a_file_beyond_any_measure_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egress_policy.reader.loading._MOST_BYTES", 1 << 20)
    assert _problems("/dev/zero") == [("/dev/zero", 1, "cannot be read: it is larger than 1 MB; split it")]


CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
TEMPLATE = "{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n"


def _chart(root: Path) -> None:
    for name, text in {
        "Chart.yaml": CHART,
        "values.yaml": "on: true\n",
        "templates/pod.yaml": TEMPLATE,
        "templates/tests/test.yaml": TEMPLATE,
        "charts/sub/Chart.yaml": CHART,
        "charts/sub/templates/pod.yaml": TEMPLATE,
        "crds/crd.yaml": pod("crd"),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_a_chart_is_one_object_and_its_templates_are_not_read(tmp_path: Path) -> None:
    _chart(tmp_path / "k8s/shop")
    _tree(tmp_path, "k8s/a.yaml")
    readings = list(reader.read(["k8s"]))
    assert [(reading.file, one.kind, one.name, one.line) for reading in readings for one in reading.documents] == [
        ("a.yaml", "Pod", "a", 1),
        ("shop/Chart.yaml", "HelmChart", "shop", 1),
        ("shop/crds/crd.yaml", "Pod", "crd", 1),
    ]
    assert [error for reading in readings for error in reading.errors] == []
    assert (
        readings[1].documents[0].text
        == b'{"apiVersion":"egress-policy/v1","kind":"HelmChart","metadata":{"name":"shop"}}'
    )


@pytest.mark.parametrize("path", ["shop/templates", "shop/templates/tests", "shop/charts/sub/templates", "shop/charts"])
def test_a_folder_inside_a_chart_stands_for_the_chart(tmp_path: Path, path: str) -> None:
    _chart(tmp_path / "shop")
    (chart,) = reader.find([path])
    assert chart.chart in ("shop", "sub")
    assert chart.path.startswith("shop/")
    assert chart.path.endswith("Chart.yaml")


@pytest.mark.parametrize("paths", [["shop", "shop/templates"], ["shop", "shop/charts", "shop/templates/tests"]])
def test_the_templates_of_a_chart_that_was_named_before_are_not_read(tmp_path: Path, paths: list[str]) -> None:
    _chart(tmp_path / "shop")
    assert _problems(*paths) == []


def test_a_folder_called_as_a_chart_file_makes_no_chart(tmp_path: Path) -> None:
    _tree(tmp_path, "k8s/Chart.yaml/a.yaml", "k8s/templates/b.yaml")
    assert _names("k8s") == ["Chart.yaml/a.yaml", "templates/b.yaml"]
    assert _names("k8s/templates") == ["b.yaml"]


def test_a_template_that_is_named_is_read_and_is_an_error(tmp_path: Path) -> None:
    _chart(tmp_path / "shop")
    assert [line for _, line, _ in _problems("shop/templates/pod.yaml")] == [1]


def test_a_chart_that_is_excluded_is_passed_over_but_for_its_templates(tmp_path: Path) -> None:
    _chart(tmp_path / "shop")
    assert _names(".", exclude=["shop"]) == []
    assert "templates/pod.yaml" in _names("shop", exclude=["Chart.yaml"])


def test_a_chart_is_one_object_even_if_it_is_given_twice(tmp_path: Path) -> None:
    _chart(tmp_path / "shop")
    assert [file.chart for file in reader.find(["shop", "shop/templates", "."])].count("shop") == 1
