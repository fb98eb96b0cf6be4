"""Which documents a text holds, and what is an error."""

from __future__ import annotations

import codecs

import pytest

from tests.unit.reader.texts import encoded, objects, places, pod, problems, read

A, B, C = pod("a"), pod("b"), pod("c")
JSON = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}'
DROPPED = "begins a second document, which Kubernetes drops silently"

DOCUMENTS: list[tuple[str, str | bytes, list[tuple[str, int]]]] = [
    ("one document", A, [("a", 1)]),
    ("no line feed at the end", A.rstrip(), [("a", 1)]),
    ("a separator first", f"---\n{A}", [("a", 2)]),
    ("two documents", f"{A}---\n{B}", [("a", 1), ("b", 6)]),
    ("a separator with blanks after it", f"{A}---  \n{B}", [("a", 1), ("b", 6)]),
    ("a separator with a tab after it", f"{A}---\t\n{B}", [("a", 1), ("b", 6)]),
    ("a separator with a comment after it", f"{A}--- # note\n{B}---\n{C}", [("a", 1), ("b", 6), ("c", 11)]),
    ("a separator with a comment close to it", f"{A}---# note\n{B}", [("a", 1), ("b", 6)]),
    ("separators without documents", f"---\n---\n# none\n---\n{A}---\n\n---\n", [("a", 5)]),
    ("comments before the content", f"# one\n\n  # two\n{A}---\n# three\n{B}", [("a", 4), ("b", 10)]),
    ("an end marker", f"{A}...\n---\n{B}...\n", [("a", 1), ("b", 7)]),
    ("end markers with a note, and blanks", f"{A}... # end\n...\n\n# note\n---\n{B}... \n", [("a", 1), ("b", 10)]),
    ("an end marker after JSON", f'{A}---\n{{"apiVersion":"v1","kind":"Pod"}}\n# note\n...\n', [("a", 1), ("", 6)]),
    ("a YAML directive", f"%YAML 1.1\n---\n{A}---\n{B}", [("a", 3), ("b", 8)]),
    ("dashes in a block scalar that are indented", pod("a", "x: |\n  y\n  ---\n  z\n"), [("a", 1)]),
    ("CR LF", f"{A}---\n# note\n{B}".replace("\n", "\r\n"), [("a", 1), ("b", 7)]),
    ("a byte order mark", codecs.BOM_UTF8 + f"{A}---\n{B}".encode(), [("a", 1), ("b", 6)]),
    (
        "a byte order mark in each of two files put together",
        (f"\ufeff{A}---\n\ufeff{B}").encode(),
        [("a", 1), ("b", 6)],
    ),
    ("UTF-16, small end first", codecs.BOM_UTF16_LE + f"---\n{A}".encode("utf-16-le"), [("a", 2)]),
    ("UTF-16, big end first", codecs.BOM_UTF16_BE + f"# note\n{A}---\n# none\n".encode("utf-16-be"), [("a", 2)]),
    ("JSON", '{"apiVersion": "v1",\n "kind": "Pod", "metadata": {"name": "a"}}', [("a", 1)]),
    (
        "JSON objects one after the other",
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}\n'
        '\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}\n',
        [("a", 1), ("b", 1), ("c", 3)],
    ),
    (
        "JSON and then YAML",
        f'{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"a"}}}}\n---\n{B}',
        [("a", 1), ("b", 3)],
    ),
    (
        "JSON and then YAML without a separator, which Kubernetes allows once",
        f'{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"a"}}}}\n# note\n{B}---\n{C}',
        [("a", 1), ("b", 3), ("c", 8)],
    ),
    ("flow style that is no JSON", "{apiVersion: v1, kind: Pod, metadata: {name: a,}}\n", [("a", 1)]),
    ("flow style over several lines", "{\n  apiVersion: v1,\n  kind: Pod,\n  metadata: {name: a}\n}\n", [("a", 1)]),
    ("JSON with tabs", '{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"metadata": {"name": "a"}\n}\n', [("a", 1)]),
    ("a tab before a comment", "apiVersion: v1\t# one\nkind: Pod\nmetadata:\n  name: a\n", [("a", 1)]),
    ("nothing", "", []),
    ("only comments", "# one\n# two", []),
    ("a mapping without kind, as in values.yaml", "replicas: 2\n", []),
    ("a kind without apiVersion", "kind: Pod\nmetadata: {name: a}\n", []),
    ("a policy without apiVersion, which is invalid", "kind: NetworkPolicy\nmetadata: {name: a}\n", [("a", 1)]),
    ("a list of objects without a kind", '[{"apiVersion": "v1", "kind": "Pod"}]', []),
    ("a scalar", "hello\n", []),
    ("null", "null\n---\n~\n", []),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_documents(text: str | bytes, expected: list[tuple[str, int]]) -> None:
    assert (places(text), problems(text)) == (expected, [])


ERRORS: list[tuple[str, str | bytes, int, str]] = [
    ("broken YAML", f"{A}---\n{B}  x: [\n", 11, "is no YAML: did not find expected node content"),
    ("broken JSON", '{"apiVersion": "v1",\n "kind": ]', 2, "is no YAML"),
    ("text after the dashes", f"{A}---x\n{B}", 5, "`---x` is no separator of documents; put --- on a line of its own"),
    ("a line of many dashes", f"{A}--------\n{B}", 5, "`--------` is no separator of documents"),
    (
        "content after an indented document",
        f"{A}---\n  a: 1\nb: 2\n",
        7,
        "begins a second document, which Kubernetes drops silently; put --- on a line of its own before it",
    ),
    ("a document after an end marker", f"{A}...\n# note\n{B}", 7, DROPPED),
    ("a document in the line of an end marker", f"{A}... {B}", 5, DROPPED),
    ("a document after a second end marker", f"{A}...\n...\n{B}---\n{C}", 7, DROPPED),
    ("broken YAML after an end marker", f"{A}...\n@\n", 6, "is no YAML: found character that cannot start any token"),
    ("a separator between carriage returns", f"{A}\r---\r{B}", 6, DROPPED),
    ("a separator between line separators", f"{A}x: y\u2028---\u2028{B}", 6, DROPPED),
    ("a document in the separator's line", f"{A}--- {{}}\n{B}", 5, "`--- {}` is no separator of documents"),
    ("a tag in the separator's line", f"{A}--- !x\n{B}", 5, "`--- !x` is no separator of documents"),
    ("JSON after JSON in what began as YAML", f"{A}---\n{{}}\n# note\n{{}}\n", 8, DROPPED),
    ("JSON after JSON in what began with a separator", f"---\n{JSON}\n{JSON}", 3, DROPPED),
    ("JSON after JSON in what began with a note", f"# note\n{JSON}\n{JSON}", 3, DROPPED),
    ("JSON after JSON in what began with a byte order mark", f"\ufeff{JSON}\n{JSON}", 2, DROPPED),
    ("JSON after JSON after too many blanks", f"{' ' * 4096}{JSON}\n{JSON}", 2, DROPPED),
    ("JSON after JSON after a separator", f"{JSON}\n---\n{JSON}\n{JSON}", 4, DROPPED),
    ("a separator after JSON objects", f"{JSON}{JSON}\n\n---\n{B}", 3, "follows several JSON objects"),
    ("a note after JSON objects", f"{JSON}{JSON}\n\n# note\n", 3, "follows several JSON objects"),
    ("YAML after JSON objects", f"{JSON}{JSON}\n{B}", 2, "follows several JSON objects"),
    ("null between JSON objects", f"{JSON}\nnull\n{JSON}", 2, "is JSON but no object; take it out"),
    ("a second document in UTF-16", codecs.BOM_UTF16_LE + f"{A}---\n{B}".encode("utf-16-le"), 5, DROPPED),
    ("a tab that indents", f"{A}---\na:\n\t- b\n", 7, "is no YAML: found character that cannot start any token"),
    (
        "a Helm action",
        f"{A}---\n{{{{- if .Values.on }}}}\n{B}{{{{- end }}}}\n",
        6,
        "holds a template ({{ … }}) that is not rendered",
    ),
    ("a Helm value", f"{A}---\n{pod('{{ .Values.name }}')}", 9, "holds a template ({{ … }}) that is not rendered"),
    (
        "a template as a key",
        f"{A}---\nlabels:\n  {{{{ .key }}}}: x\n",
        7,
        "holds a template ({{ … }}) that is not rendered",
    ),
    ("invalid UTF-8", f"{A}---\na: x\nb: ".encode() + b"\xff\n", 7, "is no valid UTF-8; save it as UTF-8"),
    ("a NUL", f"{A}---\na: x\nb: \0\n", 7, "is binary (it holds a NUL); exclude it, or name a text file"),
    ("a control character", f"{A}---\na: x\nb: \a\n", 7, "is no YAML: control characters are not allowed"),
    (
        "half of UTF-16",
        codecs.BOM_UTF16_LE + "a: 1\nb: 2\n".encode("utf-16-le")[:-1],
        2,
        "is no valid UTF-16; save it as UTF-8",
    ),
    (
        "a byte order mark in the middle",
        f"{A}---\na: x\n\ufeffb: y\n",
        7,
        "holds a byte order mark (BOM) that is not at the start",
    ),
    ("an anchor that is not there", f"{A}---\na: *b\n", 6, "the anchor 'b' is used but not defined before"),
    ("an anchor that contains itself", f"{A}---\na: &b\n  - *b\n", 7, "the anchor 'b' contains itself"),
    ("a merge of a scalar", f"{A}---\na: 1\n<<: x\n", 7, "<< takes a mapping or a list of mappings"),
    ("a mapping as a key", f"{A}---\n? {{a: 1}}\n: x\n", 6, "a mapping or list cannot be a key"),
    ("null as a key", f"{A}---\na: 1\n~: x\n", 7, "null cannot be a key; put it in quotes"),
    ("not a number", f"{A}---\na: 1\nb: .nan\n", 7, "JSON has no infinity and no NaN; put the value in quotes"),
    ("a number beyond JSON's", '{"a": 1,\n "b": 1e400}', 2, "is no JSON: 1e400 is no number that JSON can hold"),
    ("a tag that does not fit", f"{A}---\na: !!int x\n", 6, "'x' is no int; take the tag away or mend the value"),
    ("a tag without its prefix", f"{A}---\na: !b!c x\n", 6, "is no YAML: found undefined tag handle"),
]


@pytest.mark.parametrize(("text", "line", "message"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_an_error_names_the_line_and_keeps_what_came_before(text: str | bytes, line: int, message: str) -> None:
    ((found, said),) = problems(text)
    assert (found, said[: len(message)]) == (line, message)
    if encoded(text).startswith(A.encode()):
        assert places(text) == [("a", 1)]


def test_what_follows_an_error_is_not_read() -> None:
    assert places(f"{A}---\n[\n---\n{B}") == [("a", 1)]


@pytest.mark.parametrize("text", [row[1] for row in ERRORS if row[3] == DROPPED])
def test_what_kubernetes_drops_leaves_what_was_before_it(text: str | bytes) -> None:
    assert {name for name, _ in places(text)} == {"a"}


def test_several_json_objects_before_something_else_are_kept() -> None:
    assert places(f"{JSON}{JSON}\n---\n{B}") == [("a", 1), ("a", 1)]


def test_an_error_says_what_to_do_about_a_template() -> None:
    assert problems("{{ x }}\n") == [
        (1, "holds a template ({{ … }}) that is not rendered; render it first, for example with `helm template`")
    ]


def test_a_template_that_is_valid_yaml_is_a_string() -> None:
    assert objects(pod("a", "x: '{{ y }}'\n"))[0]["x"] == "{{ y }}"


IDENTITIES = [
    ("no namespace", pod("a"), (None, "a")),
    ("a namespace", pod("a", "  namespace: shop\n"), ("shop", "a")),
    ("an empty namespace", pod("a", "  namespace: ''\n"), ("", "a")),
    ("a namespace that YAML 1.1 takes for a boolean", pod("a", "  namespace: y\n"), (None, "a")),
    ("no metadata", "apiVersion: v1\nkind: Pod\n", (None, "")),
    ("metadata that is no mapping", "apiVersion: v1\nkind: Pod\nmetadata: x\n", (None, "")),
    ("a name that is a number", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: 1\n", (None, "")),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in IDENTITIES], ids=[row[0] for row in IDENTITIES])
def test_namespace_and_name(text: str, expected: tuple[str | None, str]) -> None:
    (document,) = read(text).documents
    assert (document.namespace, document.name) == expected


def test_a_document_says_where_it_came_from() -> None:
    (document,) = read(f"# note\n{A}").documents
    assert (document.api_version, document.kind, document.file, document.folder) == ("v1", "Pod", "k8s.yaml", ".")
    assert document.text == b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}'


DUPLICATES = [
    ("a field twice", pod("a", "spec: {}\nspec:\n  x: 1\n"), [("spec", 6)], {"spec": {"x": 1}}),
    (
        "a field twice, deep in lists",
        pod("a", "s:\n- t:\n  - u: 1\n    u: 2\n"),
        [("s[0].t[0].u", 8)],
        {"s": [{"t": [{"u": 2}]}]},
    ),
    ("a key with dots twice", pod("a", "s:\n  a.b/c: 1\n  a.b/c: 2\n"), [('s["a.b/c"]', 7)], {"s": {"a.b/c": 2}}),
    ("a key three times", pod("a", "x: 1\nx: 2\nx: 3\n"), [("x", 6), ("x", 7)], {"x": 3}),
    ("a key once in quotes", pod("a", 'x: 1\n"x": 2\n'), [("x", 6)], {"x": 2}),
    ("a number and the same as a string", pod("a", "1: a\n'1': b\n"), [("1", 6)], {"1": "b"}),
    ("a merged key is none", pod("a", "x: &x {u: 1}\nz:\n  <<: *x\n  u: 2\n"), [], {"x": {"u": 1}, "z": {"u": 2}}),
    ("a missing separator", pod("a", "apiVersion: v1\nkind: Pod\n"), [("apiVersion", 5), ("kind", 6)], {}),
]


@pytest.mark.parametrize(
    ("text", "expected", "more"), [row[1:] for row in DUPLICATES], ids=[row[0] for row in DUPLICATES]
)
def test_keys_that_are_written_twice(text: str, expected: list[tuple[str, int]], more: dict[str, object]) -> None:
    (document,) = read(text).documents
    assert (list(document.duplicates), objects(text)[0]) == (
        expected,
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, **more},
    )


def test_keys_that_are_written_twice_in_json() -> None:
    text = '{"apiVersion": "v1", "kind": "Pod", "spec": {"x": 1,\n "x": 2}}'
    assert read(text).documents[0].duplicates == (("spec.x", 2),)
    assert objects(text)[0]["spec"] == {"x": 2}
