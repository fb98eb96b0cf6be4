"""The fast reader takes what it surely reads as Kubernetes does, gives the same, and leaves the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress_policy.reader import careful, fast, json_fast
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.output import dumps
from egress_policy.reader.stream import Chunk
from tests.unit.reader.texts import manifests, odd_texts, plain_texts

TAKEN = [
    ("block style", "a:\n  b:\n    - c: 1\n      d: x\n    - e\n", {"a": {"b": [{"c": 1, "d": "x"}, "e"]}}),
    ("lists at the column of their key", "a:\n- b\n-  c\n", {"a": ["b", "c"]}),
    (
        "flow style on a line",
        "a: {b: 1, c: [x, 'y']}\nd: []\ne: {}\nf: [{}]\n",
        {"a": {"b": 1, "c": ["x", "y"]}, "d": [], "e": {}, "f": [{}]},
    ),
    (
        "what looks odd in quotes",
        'a: "yes"\nb: \'010\'\nc: "1e3"\nd: \'*\'\ne: "~"\n',
        {"a": "yes", "b": "010", "c": "1e3", "d": "*", "e": "~"},
    ),
    ("quotes in quotes", 'a: \'x "y" z\'\nb: "it\'s"\n', {"a": 'x "y" z', "b": "it's"}),
    ("comments", '# yes, no & *\na: 1 # on, or "off\nb: x#y\n', {"a": 1, "b": "x#y"}),
    ("comments that are no ASCII", "# é – 😀\na: 1 # ü\n", {"a": 1}),
    ("no value", "a:\nb: null\n", {"a": None, "b": None}),
    (
        "booleans and integers",
        "a: true\nb: false\nc: 0\nd: -5\ne: 8080\n",
        {"a": True, "b": False, "c": 0, "d": -5, "e": 8080},
    ),
    (
        "addresses, quantities, versions",
        "a: 10.0.0.0/8\nb: 100m\nc: 1.5Gi\nd: v1.2.3\ne: nginx:1.25\nf: 1.2.3.4:80\n",
        {"a": "10.0.0.0/8", "b": "100m", "c": "1.5Gi", "d": "v1.2.3", "e": "nginx:1.25", "f": "1.2.3.4:80"},
    ),
    ("options", "a: [--x=y, -z]\n", {"a": ["--x=y", "-z"]}),
    (
        "keys that are numbers or quoted",
        "8080: a\n\"b\": c\n'd e': f\ntrue: g\n",
        {"8080": "a", "b": "c", "d e": "f", "true": "g"},
    ),
    ("a scalar over two lines", "a: x\n  z\n", {"a": "x z"}),
]
LEFT = [
    ("yes", "a: yes\n"),
    ("y", "a: y\n"),
    ("NO", "a: [NO]\n"),
    ("True", "a: True\n"),
    ("Null", "a: {b: Null}\n"),
    ("~", "a: ~\n"),
    ("a key that is a boolean", "on: 1\n"),
    ("null as a key", "null: 1\n"),
    ("an octal number", "a: 010\n"),
    ("0o10", "a: 0o10\n"),
    ("hexadecimal", "a: 0x1F\n"),
    ("a number with an exponent", "a: 1e3\n"),
    ("a fraction", "a: 1.0\n"),
    ("1.e3", "a: 1.e3\n"),
    ("+5", "a: +5\n"),
    ("underscores", "a: 1_000\n"),
    ("a large integer", "a: 1234567890123456789\n"),
    ("-0", "a: -0\n"),
    ("a key with a fraction", "1.0: a\n"),
    (".inf", "a: .inf\n"),
    ("nan, which becomes .nan", "a: nan\n"),
    ("inf as a key", "inf: a\n"),
    ("an anchor", "a: &b 1\n"),
    ("an alias", "a: *b\n"),
    ("a merge", "<<: {a: 1}\n"),
    ("a tag", "a: !!str 53\n"),
    ("a lone tag", "a: ! 53\n"),
    ("a complex key", "? a\n: b\n"),
    ("a block scalar", "a: |\n  b\n"),
    ("a folded scalar", "a: >-\n  b\n"),
    ("an escape", 'a: "\\x41"\n'),
    ("an escaped quote", "a: 'it''s'\n"),
    ("open quotes", "a: 'b\n  c'\n"),
    ("a tab", "a:\tb\n"),
    ("a carriage return", "a: b\rc: d\n"),
    ("NUL", "a: b\0c\n"),
    ("a control character", "a: 'b\x01'\n"),
    ("no ASCII", "a: é\n"),
    ("a line separator in a comment", "a: b # \u2028c: d\n"),
    ("a control character in a comment", "a: b # \u0080\n"),
    ("a byte order mark in a comment", "# \ufeff\na: b\n"),
    ("a reserved sign", "a: @b\n"),
    ("a percent sign", "a: %b\n"),
    ("an end marker", "a: b\n...\n"),
    ("flow style over two lines", "a: [b,\n  c]\n"),
    ("a template", "a: {{b}}\n"),
    ("a comment in flow style", "a: {b: c, d #e: f}\n"),
    ("a bracket in a scalar", "a: b {c: }\n"),
    ("a bracket that closes nothing", "a: ]\n"),
    ("a wrong indentation after flow style", "a:\n- {}\n  b:\n"),
    ("an entry after flow style", "- {a: b} - c: d\n"),
    ("entries after quotes", "- 'a' - 'b'\n"),
    ("a key written twice", "a: 1\na: 2\n"),
    ("a key written twice, deep", "a:\n- b: {c: 1, d: {c: 2}, c: 1}\n"),
    ("a colon alone", ":\n"),
    ("two colons", "a: b: c\n"),
    ("nesting beyond rapidyaml's", "- " * 100 + "a\n"),
]


@pytest.mark.parametrize(("text", "value"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_taken(text: str, value: object) -> None:
    assert fast.parse([text.encode()]) == [(value, json.dumps(value, separators=(",", ":")).encode())]
    assert _carefully(text) == [value]


@pytest.mark.parametrize("text", [row[1] for row in LEFT], ids=[row[0] for row in LEFT])
def test_left_to_the_careful_reader(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert fast.parse([text.encode()]) == [None]
    assert capfd.readouterr() == ("", "")  # rapidyaml prints its errors from C++


def test_a_comment_that_is_no_utf_8_is_left() -> None:
    assert fast.parse([b"a: b # \xff\n"]) == [None]


def test_one_that_is_left_leaves_the_others_alone() -> None:
    texts = [b"a: 1\n", b"a: yes\n", b"b: 2\n", b"c: 1\nc: 2\n", b"a: 1\n", b"a: b: c\n"]
    assert [one and one[0] for one in fast.parse(texts)] == [{"a": 1}, None, {"b": 2}, None, {"a": 1}, None]


def test_nothing_to_parse() -> None:
    assert fast.parse([]) == []


def test_a_closed_standard_error_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: int) -> int:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("os.dup", closed)
    assert fast.parse([b"a: 1\n"]) == [({"a": 1}, b'{"a":1}')]


def test_many_different_lines_are_forgotten_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "_MOST_SEEN", 100)
    for number in range(300):
        assert fast.parse([b"a: x%d\n" % number]) == [({"a": f"x{number}"}, b'{"a":"x%d"}' % number)]
    assert len(fast._seen) <= 102


def test_a_large_document_does_not_keep_its_memory() -> None:
    text = b"".join(b"k%d: some value\n" % number for number in range(200_000))
    ((value, _),) = [one for one in fast.parse([text]) if one]
    assert len(value) == 200_000
    assert sys.getsizeof(fast._output._bytes) < 1 << 20


def _carefully(text: str) -> list[object]:
    """What the careful reader makes of it; None at its end if it is refused."""
    found: list[object] = []
    try:
        found.extend(json.loads(dumps(tree.root.value)) for tree in careful.trees(Chunk(text.encode(), 0, 0)))
    except UnreadableError:
        found.append(None)
    return found


@settings(max_examples=800)
@given(plain_texts() | odd_texts())
def test_both_readers_give_the_same(text: str) -> None:
    taken = fast.parse([text.encode()])[0]
    if taken is not None and taken[0] is not None:
        assert [json.loads(taken[1])] == _carefully(text)


@settings(max_examples=300)
@given(manifests())
def test_what_people_write_is_taken(case: tuple[str, dict[str, object]]) -> None:
    text, value = case
    assert fast.parse([text.encode()]) == [(value, json.dumps(value, separators=(",", ":")).encode())]
    assert _carefully(text) == [value]


@settings(max_examples=100)
@given(st.lists(plain_texts(), min_size=2, max_size=8))
def test_several_at_once_are_as_each_alone(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    assert fast.parse(encoded) == [fast.parse([text])[0] for text in encoded]


@settings(max_examples=150)
@given(plain_texts())
def test_what_is_taken_is_what_kubernetes_reads(oracle: Callable[[str], list[object]], text: str) -> None:
    taken = fast.parse([text.encode()])[0]
    if taken is not None and taken[0] is not None:
        assert [taken[0]] == oracle(text)


JSON_TAKEN = ["{}", '{"a": [1, -5, true, null, "1.0", "x:1.5"]}', '{"a": "\\n\\u00e9 \\" x"}', '{"a":{"b":{}}}\n']
JSON_LEFT = [
    '{"a": 1, "a": 2}',
    '{"a": 1.0}',
    '{"a": [1, 2e5]}',
    '{"a": 123456789012345678901}',
    '{"a": "\\u0022"}',
    '{"a": 1} {"b": 2}',
    '{"a": "\\ud800"}',
    "{a: 1}",
    '{"a": 1,}',
    '{"a": NaN}',
    '{"a": 01}',
]


@pytest.mark.parametrize("text", JSON_TAKEN)
def test_json_that_orjson_reads_as_go_does(text: str) -> None:
    value = json.loads(text)
    assert json_fast.parse(text.encode()) == (
        value,
        json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(),
    )
    assert _carefully(text) == [value]


@pytest.mark.parametrize("text", JSON_LEFT)
def test_json_that_is_left(text: str) -> None:
    assert json_fast.parse(text.encode()) is None
