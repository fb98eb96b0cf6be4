"""The cases of the dialects as tests of the policy, so that `opa test policy` says of them what the engines' tests say.

They are written once, in tests/cases. What only our reader reads, such as HCL, is there as it reads it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress_policy import reader
from tests import cases

TARGET = "policy/dialects_test.rego"
_HEAD = """# Made by `{command}` of tests/cases.
package main_test.dialects

import data.main

_line(found) := concat(" ", [text |
	named := concat("/", [found.resource.kind, found.resource.namespace, found.resource.name])
	some text in [found.rule, found.level, named, found.path]
	text != ""
])

_all(given, parameters) := {{line |
	some found in main._findings with input as given with data.egress.parameters as parameters
	line := _line(found)
}}
"""
_TABLE = """
test_of_{name}[sentence] if {{
	some sentence, row in {{
{rows}
	}}
	_all(row.input, row.given) == {{line | some line in row.expected}}
}}
"""


def contents(opa: Path, command: str) -> dict[str, bytes]:
    """The one file, in the form that `opa fmt` gives it."""
    text = _HEAD.format(command=command) + "".join(_table(name) for name in cases.DIALECTS)
    run = subprocess.run([opa, "fmt"], input=text.encode(), capture_output=True, check=True)
    return {TARGET: run.stdout}


def _table(name: str) -> str:
    rows = "\n".join(f"\t\t{key}: {value}," for key, value in _rows(name))
    return _TABLE.format(name=name.replace("-", "_"), rows=rows)


def _rows(name: str) -> Iterator[tuple[str, str]]:
    for case in cases.load():
        if case.table == name:
            row = {"input": _input(case), "given": case.settings, "expected": sorted(set(case.expect.findings))}
            yield json.dumps(case.case), json.dumps(row)


def _input(case: cases.Case) -> list[dict[str, Any]]:
    """What conftest hands over: an entry a document."""
    with tempfile.TemporaryDirectory() as folder:
        case.write(Path(folder))
        readings = list(reader.read([folder]))
    return [{"path": one.file, "contents": json.loads(document.text)} for one in readings for document in one.documents]
