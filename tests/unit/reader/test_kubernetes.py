"""The careful reader against Kubernetes' own decoder."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings

from egress_policy.reader import careful
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.output import dumps
from egress_policy.reader.stream import chunks
from tests.unit.reader.texts import odd_texts

Oracle = Callable[[str], list[object]]

SAME = [
    ("merges in the order of the text", "x: &x {a: 1, b: 2}\nz: {a: 0, <<: *x, b: 3}\nw: {<<: [{a: 5}, *x], c: 1}\n"),
    ("a merge of a merge", "x: &x {a: 1}\nu: &u {<<: *x, b: 2}\nz: {<<: *u}\n"),
    ("a quoted << is a key", 'a: {"<<": {b: 1}}\n'),
    ("an alias of a scalar as a key", "a: &k name\nb: {*k : 1}\n"),
    ("an anchor defined twice", "a: &k 1\nb: *k\nc: &k 2\nd: *k\n"),
    (
        "tags",
        "a: !!str 53\nb: !!int '010'\nc: !foo 5\nd: !!null ''\ne: !!float 3\nf: !!binary aGk=\n"
        "g: ! 53\nh: ! '5'\ni: !<x> y\n",
    ),
    ("tags of collections", "a: !!map {b: 1}\nc: !!seq [d]\ne: !!set {f}\n"),
    (
        "block scalars",
        "a: |\n  b\n   c\n\n  d\ne: >\n  f\n  g\n\n  h\ni: |-\n  j\nk: |+\n  l\n\nm: >2\n    n\no: |1\n  p\n",
    ),
    ("a block scalar that ends the text with blank lines", "a: |+\n  b\n\n\n"),
    ("a block scalar without a line feed at its end", "a: |\n  b"),
    ("escapes", 'a: "\\x41\\u00e9\\U0001F600\\n\\t\\0\\e\\_\\N\\L\\P \\\n  b"\n'),
    ("quotes over lines", "a: 'b\n\n  c''d'\ne: \"f\n  g\\\n  h\"\n"),
    ("plain scalars over lines", "a: b\n  c\n\n  d # e\nf: g#h\n"),
    ("complex keys", "? a\n: b\n? |\n  c\n: d\n? e\n"),
    ("flow style", "{a: [b, c: d, ], e: {f, g: , 'h': i}, \"j\":k, l:m}\n"),
    ("keys of all kinds", "1: a\n1.5: b\ntrue: c\nno: d\n0x10: e\n2026-12-31: f\n1e6: g\n"),
    ("numbers", "[1, -0, 1e20, 1e21, 1e-7, 0.1, 123456789.5, 18446744073709551616, 1.0, 100000000000000000000]\n"),
    ("a tab before a comment and after a colon", "a:\tb\t# c\n"),
    ("line breaks of YAML 1.1", "a: x\u2028b: z\u0085c: w\rd: v\n"),
    ("strings that are no ASCII", "é: ü\nb: '\U0001f600'\n"),
    ("JSON", '{"a": [1, 1.0, 1e3, "\\ud83d\\ude00\\u00e9\\/", null, true], "b": {}}'),
    ("half of a surrogate pair in JSON", '{"a": "\\ud800x\\udc00"}'),
    ("JSON objects one after the other", '{"a": 1}{"b": 2}\n {"c": 3}'),
    ("JSON with equal keys", '{"a": 1, "a": {"b": 2}, "a": 3}'),
    ("separators", "---\na: 1\n--- # b\n---\n\n---\nc: |\n  d\n---\ne: 1\n"),
    ("CR LF", "a: |\r\n  b\r\n  c\r\n---\r\nd: 'e\r\n  f'\r\n"),
    ("a byte order mark", "\ufeffa: 1\n---\n\ufeffb: 2\n"),
    ("JSON and then YAML", '{"a": 1} # b\n{"c": 1}\n---\nd: 1\n---\n{"e": 1}\n'),
    ("JSON objects after blanks", '\n \t\n {"a": 1}\n\n{"b": 1}\n'),
    ("JSON in a document of YAML, with what is no content after it", 'a: 1\n---\n{"b": 1}\n# c\n...\n---\nd: 1\n'),
    ("end markers", "a: |\n  b\n...\n---\nc: 1\n... # d\n# e\n...\n"),
    ("lists as documents", "- a\n- b: c\n---\n[d]\n"),
    (
        "almost an alias bomb",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n",
    ),
    ("nesting of 400", "[" * 400 + "]" * 400),
]
REFUSED = [
    "a: b: c\n",
    "a: [\n",
    "a: 'b\n",
    "\ta: 1\n",
    "a:\n\t- b\n",
    "a: *b\n",
    "a: &a [*a]\n",
    "? [a]\n: b\n",
    "~: a\n",
    "a: .nan\n",
    "<<: 1\n",
    "a: !!int x\n",
    'a: "\\q"\n',
    'a: "\\ud800"\n',
    "a: \x01\n",
    "a: %b\n",
    "a: @b\n",
    "a: `b\n",
    "- a\nb: c\n",
    "a: - b\n",
    "a: 1\n b: 2\n",
    "{{ a }}\n",
    "a: {{ b }}\n",
    "a: b\n---c\n",
    '{"a": 1e400}',
    "a: 1\x00\n",
    "a: !b!c d\n",
    "18446744073709551615: a\n",
    "a: 1\n--- {b: 1}\n",
    '{"a": 1}{"b": 1}{"c": 1}\n---\nd: 1\n',
    '{"a": 1}{"b": 1}\n# c\n',
    '{"a": 1}\n...\n',
    '{"a": 1}\n--- {"b": 1}\n',
]


def _ours(text: str) -> list[object]:
    """As the oracle answers."""
    found: list[object] = []
    try:
        for chunk in chunks(text.encode()):
            values = (tree.root.value for tree in careful.trees(chunk))
            found.extend(json.loads(dumps(value)) for value in values if value is not None)
    except UnreadableError:
        found.append(None)
    return found


@pytest.mark.parametrize("text", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_the_same_objects(oracle: Oracle, text: str) -> None:
    expected = oracle(text)
    assert None not in expected
    assert _ours(text) == expected


@pytest.mark.parametrize("text", REFUSED, ids=map(repr, REFUSED))
def test_refused_by_both(oracle: Oracle, text: str) -> None:
    assert (_ours(text)[-1:], oracle(text)[-1:]) == ([None], [None])


MORE = [
    ("an escaped slash, as in JSON", 'a: "\\/"\n', [{"a": "/"}]),
    ("a directive", "%YAML 1.1\n---\na: 1\n", [{"a": 1}]),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in MORE], ids=[row[0] for row in MORE])
def test_more_than_kubernetes_reads(oracle: Oracle, text: str, expected: list[object]) -> None:
    assert _ours(text) == expected
    assert oracle(text) != expected


DROPPED = [
    ("a document after an end marker", "a: 1\n...\nb: 1\n"),
    ("words after an end marker", "a: 1\n... b\n"),
    ("a document between carriage returns", "a: 1\n\r---\rb: 1\n"),
    ("a document between next lines", "a: 1\u0085---\u0085b: 1\n"),
    ("JSON after JSON in a document of YAML", 'a: 1\n---\n{"b": 1}\n{"c": 1}\n'),
    ("JSON after JSON after a note", '# a\n{"b": 1}\n{"c": 1}\n'),
    ("JSON after JSON after a separator", '---\n{"b": 1}\n{"c": 1}\n'),
    ("JSON after JSON after a byte order mark", '\ufeff{"b": 1}\n{"c": 1}\n'),
    ("JSON after JSON after many blanks", f'{" " * 4096}{{"b": 1}}\n{{"c": 1}}\n'),
    ("JSON after JSON and then YAML", '{"a": 1}\n---\n{"b": 1}\n{"c": 1}\n'),
    ("flow style after flow style", "{a: 1}\n{b: 1}\n"),
]


@pytest.mark.parametrize("text", [row[1] for row in DROPPED], ids=[row[0] for row in DROPPED])
def test_what_kubernetes_drops_is_an_error_after_what_it_reads(oracle: Oracle, text: str) -> None:
    expected = oracle(text)
    assert None not in expected
    assert _ours(text) == [*expected, None]


@settings(max_examples=150)
@given(odd_texts())
def test_any_text(oracle: Oracle, text: str) -> None:
    assume(text.strip())
    ours, expected = _ours(text), oracle(text)
    # Kubernetes reads the first document of a chunk and drops what follows it without a word; for us that is an error.
    assert ours == expected or ours[-1] is None
