from __future__ import annotations

import codecs

import pytest

from egress_policy.reader import locate, locate_all, normalise, paths
from egress_policy.reader.paths import Step
from tests.unit.reader.texts import read

BLOCK = """\
# a note
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: app
  labels:
    app.kubernetes.io/name: app
spec:
  egress:
  - to:
    - ipBlock:
        cidr: 10.0.0.0/8
        except:
        - 10.1.0.0/16
        - 10.2.0.0/16
  # another
  -
    ports:
      - {protocol: TCP,
         port: 443}
"""
IN_BLOCK = [
    ("", 2),
    ("kind", 3),
    ("metadata", 4),
    ("metadata.name", 5),
    ('metadata.labels["app.kubernetes.io/name"]', 7),
    ("spec", 8),
    ("spec.egress", 9),
    ("spec.egress[0]", 10),
    ("spec.egress[0].to", 10),
    ("spec.egress[0].to[0].ipBlock.cidr", 12),
    ("spec.egress[0].to[0].ipBlock.except[1]", 15),
    ("spec.egress[1].ports", 18),
    ("spec.egress[1].ports[0].port", 20),
]
ABSENT = [
    ("spec.podSelector", 8),
    ("spec.egress[7].to", 9),
    ("spec.egress[0].to[0].namespaceSelector", 11),
    ("status", 2),
    ("metadata.name.first", 5),
    ("spec[0]", 8),
    ("metadata.labels.x", 6),
    ("%%", 2),
    ("spec.egress[0", 9),
]


@pytest.mark.parametrize(("path", "line"), IN_BLOCK)
def test_a_field_in_block_style(path: str, line: int) -> None:
    assert locate(BLOCK.encode(), read(BLOCK).documents[0], path) == line


@pytest.mark.parametrize(("path", "line"), ABSENT)
def test_of_an_absent_field_the_nearest_above(path: str, line: int) -> None:
    assert locate(BLOCK.encode(), read(BLOCK).documents[0], path) == line


OTHERS = [
    (
        "JSON",
        '{"apiVersion": "v1",\n "kind": "Pod",\n "spec": {"a": [1,\n  {"b/c": 2}]}}',
        {"kind": 2, "spec.a": 3, 'spec.a[1]["b/c"]': 4},
    ),
    ("flow style", "{apiVersion: v1,\n kind: Pod,\n spec: {a: [x,\n  y]}}\n", {"kind": 2, "spec.a[1]": 4}),
    ("an alias", "apiVersion: v1\nkind: Pod\na: &a\n  b: 1\nspec: *a\n", {"spec": 5, "spec.b": 4}),
    (
        "a merge",
        "apiVersion: v1\nkind: Pod\na: &a\n  b: 1\n  c: 2\nspec:\n  <<: *a\n  c: 3\n",
        {"spec.b": 4, "spec.c": 8},
    ),
    ("the last of two equal keys", "apiVersion: v1\nkind: Pod\nspec: 1\nspec:\n  a: 1\n", {"spec": 4, "spec.a": 5}),
    (
        "keys that are no strings",
        "apiVersion: v1\nkind: Pod\nspec:\n  8080: x\n  yes: z\n",
        {"spec.8080": 4, "spec.true": 5},
    ),
    (
        "keys in quotes",
        'apiVersion: v1\nkind: Pod\nspec:\n  \'a.b\': x\n  "c\\"d": z\n',
        {'spec["a.b"]': 4, 'spec["c\\"d"]': 5},
    ),
    ("a second document", "a: 1\n---\n# b\napiVersion: v1\nkind: Pod\nspec:\n  a: 1\n", {"spec.a": 7}),
    (
        "a document between end markers",
        "a: 1\n...\n---\napiVersion: v1\nkind: Pod\nspec:\n  a: |\n   x\n...\n",
        {"spec.a": 7},
    ),
    ("YAML after JSON", '{"a":\n1}\n# b\napiVersion: v1\nkind: Pod\n', {"kind": 5}),
    ("JSON after JSON", '{"a":\n1}{"apiVersion": "v1",\n "kind": "Pod"}', {"kind": 3}),
    ("JSON after a separator", '---\n{"apiVersion": "v1",\n "kind": "Pod"}\n# a\n', {"kind": 3}),
    ("a directive", "%YAML 1.1\n---\napiVersion: v1\nkind: Pod\n", {"kind": 4}),
    ("a document with a comment before an anchor", "# x\n&a\napiVersion: v1\nkind: Pod\n", {"kind": 4}),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_a_field_in_any_style(text: str, expected: dict[str, int]) -> None:
    (document,) = read(text).documents
    assert dict(zip(expected, locate_all(normalise(text.encode()), document, expected), strict=True)) == expected


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    ],
    ids=["CR LF", "a byte order mark", "UTF-16"],
)
def test_a_field_in_any_encoding(encode: object) -> None:
    data = encode(f"# é\n---\n{BLOCK}")  # type: ignore[operator]
    (document,) = read(data).documents
    assert locate_all(normalise(data), document, ["kind", "spec.egress[1].ports"]) == [5, 20]


def test_a_text_that_has_changed_gives_the_document_line() -> None:
    (document,) = read(BLOCK).documents
    assert locate(b"a: [\n" * 100, document, "spec.egress") == 2
    assert locate(b"", document, "spec.egress") == 2


PATHS: list[tuple[list[Step], str]] = [
    (["spec", "egress", 0, "to", 12, "ipBlock"], "spec.egress[0].to[12].ipBlock"),
    (["metadata", "labels", "a.b/c"], 'metadata.labels["a.b/c"]'),
    (["a", 'b"c\\', "é", ""], 'a["b\\"c\\\\"]["é"][""]'),
    (["a", "0", 0, "k8s-app"], "a.0[0].k8s-app"),
    ([], ""),
]


@pytest.mark.parametrize(("steps", "path"), PATHS)
def test_a_path_is_written_and_read(steps: list[Step], path: str) -> None:
    assert (paths.written(steps), paths.steps(path)) == (path, steps)
