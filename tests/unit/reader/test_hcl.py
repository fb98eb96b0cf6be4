"""Terraform and Nomad in HCL: what is resolved, and what stays unknown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from egress_policy import reader
from egress_policy.reader import hcl

GROUP = 'resource "aws_security_group" "nodes" {\n  name = %s\n}\n'


def _read(folder: Path, files: dict[str, str]) -> list[reader.Reading]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(reader.read([str(folder)]))


def _after(folder: Path, files: dict[str, str]) -> dict[str, Any]:
    [document] = [one for reading in _read(folder, files) for one in reading.documents]
    change: dict[str, Any] = json.loads(document.text)["resource_changes"][0]["change"]
    return change


VALUES: dict[str, tuple[str, Any]] = {
    "a text": ('"a"', "a"),
    "a text with escapes": ('"a\\"b"', 'a"b'),
    "a number": ("4", 4),
    "a number below zero": ("-1", -1),
    "true": ("true", True),
    "null": ("null", None),
    "a list": ('["a", 1]', ["a", 1]),
    "an object": ('{ a = "b" }', {"a": "b"}),
    "a variable": ("var.text", "x"),
    "a variable in a text": ('"${var.text}-y"', "x-y"),
    "an item of a variable": ("var.list[1]", "b"),
    "a field of a variable": ("var.map.key", "v"),
    "a field of a variable in brackets": ('var.map["key"]', "v"),
    "a local": ("local.text", "x"),
    "a local in itself": ("local.loop", "${local.loop}"),
    "a variable that nobody sets": ("var.unset", "${var.unset}"),
    "a field that is not there": ("var.map.other", "${var.map.other}"),
    "another resource": ("aws_vpc.main.id", "${aws_vpc.main.id}"),
    "a function": ('lower("A")', '${lower("A")}'),
    "a choice": ('true ? "a" : "b"', '${true ? "a" : "b"}'),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is(name: str, tmp_path: Path) -> None:
    written, expected = VALUES[name]
    names = (
        'variable "text" {\n  default = "x"\n}\nvariable "list" {\n  default = ["a", "b"]\n}\n'
        'variable "map" {\n  default = { key = "v" }\n}\nvariable "unset" {\n  type = string\n}\n'
        "locals {\n  text = var.text\n  loop = local.loop\n}\n"
    )
    assert _after(tmp_path, {"main.tf": GROUP % written, "names.tf": names})["after"]["name"] == expected


def test_a_block_is_in_its_line(tmp_path: Path) -> None:
    [reading] = _read(
        tmp_path, {"main.tf": '# a\n\nresource "aws_vpc" "x" {\n}\nresource aws_security_group nodes {\n}\n'}
    )
    assert [one.line for one in reading.documents] == [3, 5]


def test_resources_of_other_clouds_are_left_out(tmp_path: Path) -> None:
    [reading] = _read(tmp_path, {"main.tf": 'resource "random_id" "x" {\n}\ndata "aws_vpc" "y" {\n}\n'})
    assert reading.documents == ()


BROKEN = {
    "no HCL": (b"resource {{{", "is no HCL"),
    "no UTF-8": (b'\xff = "a"\n', "is no UTF-8"),
    "too large": (b"#" * (2 << 20), "larger than 1 MiB"),
    "a quote that stays open": (b'name = "a\n', "is no HCL"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_an_error(name: str, tmp_path: Path) -> None:
    data, message = BROKEN[name]
    (tmp_path / "bad.tf").write_bytes(data)
    [reading] = reader.read([str(tmp_path)])
    assert message in reading.errors[0].message
    assert reading.documents == ()


def test_json_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.tf.json").write_text("{")
    (tmp_path / "b.tf.json").write_text("[]")
    assert [len(reading.errors) for reading in reader.read([str(tmp_path)])] == [1, 1]


def test_the_first_values_are_those_of_the_last_file(tmp_path: Path) -> None:
    files = {
        "main.tf": 'variable "a" {\n  default = "default"\n}\n' + GROUP % "var.a",
        "terraform.tfvars": 'a = "tfvars"\n',
        "terraform.auto.tfvars": 'a = "auto"\n',
    }
    assert _after(tmp_path, files)["after"]["name"] == "auto"


def test_what_stands_on_standard_input_has_no_neighbours(tmp_path: Path) -> None:
    (tmp_path / "names.tf").write_text('variable "a" {\n  default = "x"\n}\n')
    file = reader.File("-", "-.tf", "-", data=b"")
    reading = hcl.read_text((GROUP % "var.a").encode(), file)
    assert json.loads(reading.documents[0].text)["resource_changes"][0]["change"]["after"]["name"] == "${var.a}"


def _nested(one: str) -> dict[str, str]:
    """Each of twenty locals stands for the next one four times."""
    lines = [f"  l{i} = {one.replace('NEXT', f'local.l{i + 1}')}\n" for i in range(20)]
    return {"main.tf": f'locals {{\n{"".join(lines)}  l20 = "x"\n}}\n{GROUP % "local.l0"}'}


BOMBS = {
    "lists": "[NEXT, NEXT, NEXT, NEXT]",
    "texts": '"${NEXT}${NEXT}${NEXT}${NEXT}"',
    "objects": "{ a = NEXT, b = NEXT, c = NEXT, d = NEXT }",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_names_come_to_is_bounded(name: str, tmp_path: Path) -> None:
    [document] = [one for reading in _read(tmp_path, _nested(BOMBS[name])) for one in reading.documents]
    assert b"${unknown}" in document.text
    assert len(document.text) < 100 << 20


def test_what_a_repeated_block_comes_to_is_bounded(tmp_path: Path) -> None:
    content = "      cidr_blocks = [" + ", ".join(["egress.value"] * 2000) + "]\n"
    block = '  dynamic "egress" {\n    for_each = %s\n    content {\n%s    }\n  }\n'
    items = "[" + ", ".join([f'"{"1" * 100}"'] * 200) + "]"
    after = _after(tmp_path, {"main.tf": f'resource "aws_security_group" "x" {{\n{block % (items, content)}}}\n'})[
        "after"
    ]
    assert after["egress"][-1]["cidr_blocks"] == "${unknown}" or "${unknown}" in after["egress"][-1]["cidr_blocks"]


def _changes(folder: Path, files: dict[str, str]) -> list[dict[str, Any]]:
    documents = [one for reading in _read(folder, files) for one in reading.documents]
    return [json.loads(one.text)["resource_changes"][0] for one in documents]


REPEATED: dict[str, tuple[str, list[tuple[str, bool]]]] = {
    "no count": ("", [("", False)]),
    "a count of none": ("count = 0", []),
    "a count below none": ("count = -1", []),
    "a count in a text": ('count = "2"', [("", False)]),
    "a count of nobody knows": ("count = var.unset", [("", True)]),
    "a count that is a choice": ("count = true ? 1 : 0", [("", True)]),
    "a count that is null": ("count = null", [("", True)]),
    "a map": ('for_each = { "a" = 1, "b" = 2 }', [('["a"]', False), ('["b"]', False)]),
    "an empty map": ("for_each = {}", []),
    "a set": ("for_each = toset(local.names)", [('["x"]', False), ('["y\\"z"]', False)]),
    "a set of nobody knows": ("for_each = toset(var.unset)", [("", True)]),
    "a set of what nobody knows": ("for_each = toset(local.unknown)", [("", True)]),
    "a map of nobody knows": ("for_each = var.unset", [("", True)]),
    "a map that is too large": ("for_each = local.many", [("", True)]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_resource_is_made_for_each_of(name: str, tmp_path: Path) -> None:
    written, expected = REPEATED[name]
    many = ", ".join(f"k{i} = 1" for i in range(257))
    names = f'locals {{\n  names = ["x", "y\\"z"]\n  unknown = [var.unset]\n  many = {{ {many} }}\n}}\n'
    made = _changes(tmp_path, {"main.tf": f'resource "aws_vpc" "v" {{\n  {written}\n}}\n', "names.tf": names})
    assert [(one["address"].removeprefix("aws_vpc.v"), one["maybe"]) for one in made] == expected


EGRESS = "  egress {\n    protocol = %s\n  }\n"
DYNAMIC = '  dynamic "egress" {\n    for_each = [1]\n    content {\n      protocol = %s\n    }\n  }\n'
OVERRIDDEN: dict[str, tuple[str, str, list[str]]] = {
    "an argument leaves blocks": (EGRESS % '"a"', '  name = "x"\n', ["a"]),
    "blocks are replaced": (EGRESS % '"a"' + EGRESS % '"b"', EGRESS % '"c"', ["c"]),
    "blocks are replaced by those of a list": (EGRESS % '"a"', DYNAMIC % '"c"', ["c"]),
    "those of a list are replaced by blocks": (DYNAMIC % '"a"', EGRESS % '"c"', ["c"]),
    "those of a list are replaced by those of another": (DYNAMIC % '"a"', DYNAMIC % '"c"', ["c"]),
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_a_file_of_overrides(name: str, tmp_path: Path) -> None:
    first, other, expected = OVERRIDDEN[name]
    block = 'resource "aws_security_group" "x" {\n%s}\n'
    [made] = _changes(tmp_path, {"main.tf": block % first, "a_override.tf": block % other})
    assert [one["protocol"] for one in made["change"]["after"]["egress"]] == expected


def test_the_last_file_of_overrides_counts(tmp_path: Path) -> None:
    files = {"main.tf": '"a"', "a_override.tf": '"b"', "override.tf": '"c"'}
    [made] = _changes(tmp_path, {name: GROUP % text for name, text in files.items()})
    assert made["change"]["after"]["name"] == "c"


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "${local.x}"}'])
def test_values_in_json_that_mean_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "terraform.tfvars.json").write_text(text)
    [made] = _changes(tmp_path, {"main.tf": GROUP % "var.a"})
    assert "${" in made["change"]["after"]["name"]


def test_what_the_policy_cannot_judge_gets_there() -> None:
    policy = Path(__file__).parents[3] / "policy/lib/egress/infrastructure/infrastructure.rego"
    table = policy.read_text().partition("_not_a_rule: {")[2].partition("\n}\n")[0]
    types = re.findall(r'"([a-z0-9]+_[a-z0-9_]+)"', table)
    assert len(types) > 30
    assert [one for one in types if not hcl._TYPES.match(one)] == []
