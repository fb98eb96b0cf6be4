"""Whatever is in a file: an answer soon, within bounds, and never an exception."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress_policy import reader
from egress_policy.reader.files import File
from egress_policy.reader.reading import read_bytes
from tests.unit.reader.texts import odd_texts, pod, problems, read

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 10)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{k: *a{n - 1}, l: *a{n - 1}}}\n" for n in range(1, 60))
ALIASED_TEXT = "a: &a '" + "x" * 1_000_000 + "'\n" + "".join(f"b{n}: *a\n" for n in range(90))
TOO_DEEP = "is nested deeper than 1000 levels"
BOMBED = "its aliases expand too far (an alias bomb); write the values out"
HOSTILE = [
    ("an alias bomb", BOMB, 4, BOMBED),
    ("an alias bomb of mappings", MERGES, 10, BOMBED),
    ("a long text aliased often", ALIASED_TEXT, 17, BOMBED),
    ("brackets without end", "[" * 100_000, 1, TOO_DEEP),
    ("JSON without end", '{"a":' * 100_000, 1, TOO_DEEP),
    ("JSON that is too deep", '{"a":' * 1001 + "1" + "}" * 1001, 1, TOO_DEEP),
    ("brackets that are too deep", "a: " + "[" * 1000 + "]" * 1000, 1, TOO_DEEP),
    ("dashes without end", "- " * 100_000, 1, TOO_DEEP),
    ("question marks without end", "? " * 100_000, 1, TOO_DEEP),
    ("indentation without end", "\n".join(" " * depth + "a:" for depth in range(1500)), 1001, TOO_DEEP),
    (
        "aliases that are too deep together",
        "a: &a " + "[" * 600 + "]" * 600 + "\nb: " + "[" * 600 + "*a" + "]" * 600,
        2,
        TOO_DEEP,
    ),
    ("values without end", "a: [" + "x," * 2_000_000, 1, "holds more than 2,000,000 values in one document; split it"),
    ("brackets of a template", "{" * 100_000, 1, "holds a template"),
]


@pytest.mark.parametrize(("text", "line", "message"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_text_is_an_error(text: str, line: int, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = f"{pod('a')}---\n"
    ((found, said),) = problems(before + text)
    assert (found, said[: len(message)]) == (line + 5, message)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        '{"apiVersion":"v1","kind":"Pod","a":' + '{"a":' * 990 + "1" + "}" * 991,
        "apiVersion: v1\nkind: Pod\na: " + "[" * 990 + "]" * 990,
    ],
    ids=["JSON", "YAML"],
)
def test_deep_but_not_too_deep(text: str) -> None:
    ((document,), errors) = (read(text).documents, read(text).errors)
    assert (errors, document.text.count(b"{") + document.text.count(b"[")) == ((), 991)


def test_deep_json_is_written_as_orjson_would() -> None:
    deep = '{"a":[1,"é",null,true,{"b":' * 60 + "0" + "}]}" * 60
    (document,) = read('{"apiVersion":"v1","kind":"Pod","x":' + '{"y":1,"y":' + deep + "}}").documents
    assert json.loads(document.text)["x"]["y"] == json.loads(deep)


LARGE: list[tuple[str, Callable[[], str], int]] = [
    ("separators", lambda: "---\n" * 200_000, 0),
    ("separators with comments", lambda: "--- # x\n" * 100_000, 0),
    ("comments", lambda: "# x\n" * 200_000, 0),
    ("blanks", lambda: " " * 1_000_000, 0),
    ("one long word", lambda: "a: " + "x" * 1_000_000, 0),
    ("one long line of words", lambda: "a: " + "x " * 1_000_000, 0),
    ("one long line of quotes", lambda: "a: " + '"' * 1_000_000, 0),
    ("one long line of quotes and blanks", lambda: "a: " + '" ' * 1_000_000, 0),
    ("one long line of comment signs", lambda: "a:" + " #" * 1_000_000, 0),
    ("one long line of brackets", lambda: "a: " + "[]" * 1_000_000, 0),
    ("one long line of blanks after quotes", lambda: "a: ''" + " " * 1_000_000 + "x", 0),
    ("a long string of escapes in JSON", lambda: '{"a":"' + "\\n" * 1_000_000 + '"}', 0),
    ("many documents", lambda: f"---\n{pod('a')}" * 20_000, 20_000),
    ("many JSON objects", lambda: '{"apiVersion":"v1","kind":"Pod"}\n' * 20_000, 20_000),
    ("many items on one line", lambda: f'{{"items":[{",".join(["{" + PAIR + "}"] * 50_000)}],{PAIR}}}', 50_000),
    ("many equal keys", lambda: "apiVersion: v1\nkind: Pod\n" + "a: 1\n" * 20_000, 1),
    ("many anchors", lambda: "".join(f"k{n}: &a{n} x\n" for n in range(20_000)), 0),
    ("anchors' signs after a tag", lambda: 'x: !a "' + "&" * 1_000_000 + '"', 0),
    ("anchors' signs and commas after a tag", lambda: 'x: !a "' + ",&" * 500_000 + '"', 0),
    ("anchors and blanks after a tag", lambda: 'x: !a "' + "&a " * 200_000 + " " * 500_000 + '"', 0),
    ("many end markers", lambda: "a: 1\n...\n" * 5_000, 0),
    (
        "a large ConfigMap",
        lambda: "apiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n" + "    lorem ipsum\n" * 100_000,
        0,
    ),
]
PAIR = '"apiVersion":"v1","kind":"Pod"'


@pytest.mark.parametrize(("make", "count"), [row[1:] for row in LARGE], ids=[row[0] for row in LARGE])
def test_time_grows_as_the_text_does(make: Callable[[], str], count: int) -> None:
    text, started = make(), time.process_time()
    assert len(read(text).documents) == count
    assert time.process_time() - started < 6  # seconds; ten times what it takes, where squares would take minutes


def test_memory_stays_near_the_size_of_the_text() -> None:
    text = f"---\n{pod('a')}" * 5_000
    tracemalloc.start()
    try:
        read(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 60 * len(text)  # documents of 49 bytes


@pytest.mark.parametrize("line", ["# a note\n", "   \n", " #\n"])
def test_lines_that_are_nothing_take_no_memory_of_their_own(line: str) -> None:
    text = (line * 200_000).encode()
    tracemalloc.start()
    try:
        read(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * len(text)


def test_many_findings_in_one_file_are_located_in_time() -> None:
    text = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a{number}\n" for number in range(2_000)
    ).encode()
    documents, started = read(text).documents, time.process_time()
    lines = [reader.locate(text, document, "metadata.name") for document in documents]
    assert lines == [5 * number + 5 for number in range(2_000)]
    assert time.process_time() - started < 6


def test_many_findings_in_one_list_are_located_in_time() -> None:
    item = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: 'it''s'\n"  # which only the careful reader reads
    text = ("apiVersion: v1\nkind: List\nitems:\n" + item * 2_000).encode()
    documents, started = read(text).documents, time.process_time()
    lines = [reader.locate(text, document, "metadata.name") for document in documents]
    assert lines == [4 * number + 7 for number in range(2_000)]
    assert time.process_time() - started < 6


@settings(max_examples=300)
@given(st.binary(max_size=200) | odd_texts().map(str.encode) | st.text(max_size=100).map(str.encode))
def test_no_bytes_raise(data: bytes) -> None:
    reading = read_bytes(data, File("a", "a", "."))
    assert len(reading.errors) <= 1
    for document in reading.documents:
        json.loads(document.text)
        assert reader.locate(reader.normalise(data), document, "kind") >= document.line
