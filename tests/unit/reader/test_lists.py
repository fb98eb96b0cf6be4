from __future__ import annotations

import json

import pytest

from egress_policy.reader import locate_all, normalise
from tests.unit.reader.texts import objects, places, problems, read

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy"
LISTS = [
    (
        "a List in block style",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n"
        "# between\n- kind: Pod\n  apiVersion: v1\n  metadata: {name: b}\nmetadata: {}\n",
        [("Pod", "a", 4), ("Pod", "b", 9)],
    ),
    (
        "a List whose items are indented, and which begins with them",
        "items:\n  - apiVersion: v1\n    kind: Pod\n    metadata:\n      name: a\n    spec:\n      x:\n      - y\n"
        "  - apiVersion: v1\n    kind: Pod\n    metadata: {name: b}\nkind: List\napiVersion: v1\n",
        [("Pod", "a", 2), ("Pod", "b", 9)],
    ),
    (
        "a List with a block scalar, which the careful reader reads",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n  x: |\n    - y\n"
        "- kind: Pod\n  apiVersion: v1\n  metadata: {name: b}\n",
        [("Pod", "a", 4), ("Pod", "b", 10)],
    ),
    (
        "items of a typed list without kind",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\n"
        "items:\n- metadata: {name: a}\n- metadata: {name: b}\n",
        [("NetworkPolicy", "a", 4), ("NetworkPolicy", "b", 5)],
    ),
    (
        "an item with a kind but no apiVersion is no object",
        "apiVersion: v1\nkind: PodList\nitems:\n- kind: Pod\n  metadata: {name: a}\n- metadata: {name: b}\n",
        [("Pod", "b", 6)],
    ),
    (
        "a List in a List",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: PodList\n  items:\n  - metadata: {name: a}\n"
        "- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n",
        [("Pod", "a", 7), ("Pod", "b", 8)],
    ),
    (
        "a List in JSON",
        '{"apiVersion": "v1", "kind": "List",\n "metadata": {"items": [1]},\n'
        ' "items": [{"apiVersion": "v1", "kind": "Pod",\n'
        '  "metadata": {"name": "a"}},\n {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}]}',
        [("Pod", "a", 3), ("Pod", "b", 5)],
    ),
    (
        "a List in JSON with a key written twice",
        '{"apiVersion": "v1", "kind": "List", "items": [\n'
        ' {"apiVersion": "v1", "kind": "Pod",\n  "metadata": {"name": "a"}},\n'
        ' {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "name": "b"}}]}',
        [("Pod", "a", 2), ("Pod", "b", 4)],
    ),
    (
        "a List in flow style",
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]}\n",
        [("Pod", "a", 1)],
    ),
    (
        "any kind with items, as kubectl decides",
        f"{POLICY}\nmetadata: {{name: x}}\nitems:\n- metadata: {{name: a}}\n",
        [("NetworkPolicy", "a", 5)],
    ),
    ("an empty List", "apiVersion: v1\nkind: List\nitems: []\n", []),
    ("a List of null, as Go writes an empty one", "apiVersion: v1\nkind: PodList\nitems: null\n", []),
    ("a file that is no manifest and has items that are no list", "items: {a: 1}\n---\nkind: x\nitems:\n", []),
    ("a file that is no manifest and has items that are no mappings", "items: [1, x, [a]]\n", []),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in LISTS], ids=[row[0] for row in LISTS])
def test_lists_are_opened(text: str, expected: list[tuple[str, str, int]]) -> None:
    reading = read(text)
    assert [(one.kind, one.name, one.line) for one in reading.documents] == expected
    assert (reading.kubernetes, reading.errors) == (len(expected), ())


@pytest.mark.parametrize("text", [row[1] for row in LISTS], ids=[row[0] for row in LISTS])
def test_a_field_of_an_item_is_found(text: str) -> None:
    normal = normalise(text.encode())
    for document in read(text).documents:
        if not document.name:
            continue
        (line,) = locate_all(normal, document, ["metadata.name"])
        assert document.name in text.splitlines()[line - 1]


WRONG = [
    ("a policy of null", f"{POLICY}\nspec: {{}}\nitems:\n", 4, "`items` makes it an empty list for kubectl"),
    ("a mapping", f"{POLICY}\nspec: {{}}\nitems: {{}}\n", 4, "`items` makes it a list for kubectl, which refuses"),
    ("a List of a mapping", "apiVersion: v1\nkind: List\nitems: {a: 1}\n", 3, "`items` makes it a list for kubectl"),
    ("a text in JSON", '{"apiVersion": "v1", "kind": "Pod",\n "items": "x"}', 2, "`items` makes it a list for kubectl"),
    ("a ConfigMap", "apiVersion: v1\nkind: ConfigMap\nitems: null\n", 3, "`items` makes it an empty list"),
    ("written by a merge", f"{POLICY}\nx: &x {{items: null}}\n<<: *x\n", 3, "`items` makes it an empty list"),
    (
        "items of an item",
        "apiVersion: v1\nkind: List\nitems:\n- {kind: Pod, apiVersion: v1, items: 1}\n",
        4,
        "`items` ",
    ),
    ("items that are no mappings", "apiVersion: v1\nkind: List\nitems:\n- {}\n- x\n", 5, "is an item but no object"),
    ("an item of null", "apiVersion: v1\nkind: List\nitems:\n-\n", 4, "is an item but no object"),
]


@pytest.mark.parametrize(("text", "line", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_list_that_kubectl_would_not_apply_is_an_error(text: str, line: int, message: str) -> None:
    before = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n" if text[0] != "{" else ""
    ((found, said),) = problems(before + text)
    assert (found - before.count("\n"), said[: len(message)]) == (line, message)
    assert places(before + text) == ([("a", 1)] if before else [])


def test_the_duplicates_of_an_item_are_its_own() -> None:
    text = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n  spec: {x: 1, x: 2}\n"
    assert [one.duplicates for one in read(text).documents] == [(), (("spec.x", 6),)]


def test_both_readers_give_the_same_items() -> None:
    items = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"x": [1, {"y": "z"}]}}
        for name in "abc"
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert objects(text) == objects(text.replace('"a"', '"\\u0061"')) == items
    assert places(text) == [("a", 1), ("b", 1), ("c", 1)]


def test_a_list_in_an_endless_list_is_too_deep() -> None:
    text = '{"apiVersion":"v1","kind":"List","items":[' * 600 + "]}" * 600
    assert [error.message for error in read(text).errors] == ["is nested deeper than 1000 levels"]
