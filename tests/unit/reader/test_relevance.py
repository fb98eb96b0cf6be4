"""Documents that cannot matter are left out; those that could are not, however their kind is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_policy.reader.relevance import IRRELEVANT, irrelevant
from egress_policy.reader.stream import chunks
from tests.unit.reader.texts import read

HEAD = "apiVersion: v1\nkind: ConfigMap\n"
LEFT_OUT = [
    ("a ConfigMap", f"{HEAD}metadata:\n  name: x\ndata:\n  a: b\n"),
    (
        "a ConfigMap that quotes a policy",
        f"{HEAD}data:\n  x: |\n    apiVersion: networking.k8s.io/v1\n    kind: NetworkPolicy\n",
    ),
    ("kind first", "kind: Secret\napiVersion: v1\nstringData: {a: b}\n"),
    ("kind last, after comments", "# one\n\nmetadata:\n  name: x\n# two\napiVersion: v1\nkind: Service # three\n"),
    ("kind in quotes", "kind: 'ServiceAccount'\napiVersion: \"v1\"\nmetadata: {name: x}\n"),
    (
        "lists at column 0",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nsubjects:\n- kind: User\nroleRef: {}\n",
    ),
    (
        "a CustomResourceDefinition",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  x: 1\n",
    ),
    ("something broken that cannot matter", f"{HEAD}data:\n  x: [\n"),
]
PARSED = [
    ("a policy", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"),
    ("a Namespace", "apiVersion: v1\nkind: Namespace\n"),
    ("a Service of another group", "apiVersion: serving.knative.dev/v1\nkind: Service\n"),
    ("a kind that nobody knows", "apiVersion: example.com/v1\nkind: ConfigMap\n"),
    ("a List", "apiVersion: v1\nkind: List\n"),
    ("a second kind", f"{HEAD}kind: NetworkPolicy\n"),
    ("a second kind in quotes", f'{HEAD}"kind": NetworkPolicy\n'),
    ("a second kind with an escape", f'{HEAD}"k\\x69nd": NetworkPolicy\n'),
    ("a second kind as a complex key", f"{HEAD}? kind\n: NetworkPolicy\n"),
    ("a second kind by an alias", f"{HEAD}metadata: {{x: &k kind}}\n*k : NetworkPolicy\n"),
    ("a second kind by a merge", f"{HEAD}metadata: &m {{kind: NetworkPolicy}}\n<<: *m\n"),
    ("a second kind with a tag", f"{HEAD}!!str kind: NetworkPolicy\n"),
    ("a second kind with an anchor", f"{HEAD}&a kind: NetworkPolicy\n"),
    ("a second kind with a blank before the colon", f"{HEAD}kind : NetworkPolicy\n"),
    ("a second kind after a carriage return", f"{HEAD}metadata: x\rkind: NetworkPolicy\n"),
    ("a second kind after a next line", f"{HEAD}metadata: x\u0085kind: NetworkPolicy\n"),
    ("a second kind after a line separator", f"{HEAD}metadata: x\u2028kind: NetworkPolicy\n"),
    ("a second kind after a byte order mark", f"{HEAD}metadata: x\n\ufeffkind: NetworkPolicy\n"),
    ("a second document", f"{HEAD}...\nkind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"),
    ("a kind that goes on in the next line", "apiVersion: v1\nkind: ConfigMap\n  Not\n"),
    ("a kind that goes on after a blank line", "apiVersion: v1\nkind: ConfigMap\n\n  Not\n"),
    ("a kind that stands in the next line", "apiVersion: v1\nkind:\n  NetworkPolicy\n"),
    ("a kind in a block scalar", "apiVersion: v1\nkind: |-\n  NetworkPolicy\n"),
    ("a kind in open quotes", "apiVersion: v1\nkind: 'ConfigMap\n  '\n"),
    ("a kind by an alias", "apiVersion: v1\nmetadata: &k NetworkPolicy\nkind: *k\n"),
    ("flow style", "{apiVersion: v1, kind: ConfigMap}\n"),
    ("JSON", '{"apiVersion": "v1", "kind": "ConfigMap"}\n'),
    (
        "an indented policy with a ConfigMap in its quotes",
        " apiVersion: networking.k8s.io/v1\n kind: NetworkPolicy\n metadata:\n"
        '  x: "\nkind: ConfigMap\napiVersion: v1\n  "\n',
    ),
    ("a ConfigMap with items, which kubectl takes for a list", f"{HEAD}items:\n- kind: NetworkPolicy\n"),
    ("a ConfigMap with a pod template", f"{HEAD}template:\n  spec: {{}}\n"),
    ("no apiVersion", "kind: ConfigMap\n"),
    ("a template, which is an error in any kind", f"{HEAD}metadata:\n  name: {{{{ .Values.name }}}}\n"),
]


def _irrelevant(text: str) -> list[bool]:
    return [irrelevant(chunk.text) for chunk in chunks(text.encode())]


@pytest.mark.parametrize("text", [row[1] for row in LEFT_OUT], ids=[row[0] for row in LEFT_OUT])
def test_what_cannot_matter_is_counted_and_left_out(text: str) -> None:
    reading = read(text)
    assert (_irrelevant(text), reading.documents, reading.kubernetes, reading.errors) == ([True], (), 1, ())


@pytest.mark.parametrize("text", [row[1] for row in PARSED], ids=[row[0] for row in PARSED])
def test_what_could_matter_is_parsed(text: str) -> None:
    assert _irrelevant(text) == [False]


@pytest.mark.parametrize(("version", "kind"), sorted(IRRELEVANT))
def test_each_kind_of_the_table_is_left_out(version: str, kind: str) -> None:
    assert _irrelevant(f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: x\n") == [True]


def test_a_separator_ends_a_block_scalar_so_that_the_policy_after_it_counts() -> None:
    text = f"{HEAD}data:\n  x: |\n    a\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    assert [document.kind for document in read(text).documents] == ["NetworkPolicy"]


_LINES = [
    "apiVersion: v1",
    "kind: ConfigMap",
    "kind: Service",
    "kind: NetworkPolicy",
    "apiVersion: networking.k8s.io/v1",
    '"kind": NetworkPolicy',
    "? kind\n: NetworkPolicy",
    "<<: {kind: NetworkPolicy}",
    "<<: *a",
    "kind : NetworkPolicy",
    "&x kind: NetworkPolicy",
    "*k : NetworkPolicy",
    "metadata:",
    "  name: x",
    "metadata: &a {kind: NetworkPolicy}",
    "  a: &k kind",
    "data:",
    "  x: |",
    "    kind: NetworkPolicy",
    'data: {a: "',
    '  "}',
    '  b: "',
    'kind: "ConfigMap"',
    "kind: 'ConfigMap'",
    "kind: ConfigMap # NetworkPolicy",
    "kind:\n  NetworkPolicy",
    "kind: >-\n  ConfigMap",
    "- a",
    "- kind: x",
    "items:",
    "...",
    "{kind: NetworkPolicy}",
    "{",
    "}",
    " kind: NetworkPolicy",
    " apiVersion: networking.k8s.io/v1",
    "# c",
    "",
    "  ",
    "  '",
    '  "',
    "kind: [ConfigMap,",
    "  NetworkPolicy]",
    "apiVersion: 'v1",
    "a: 'x\nkind: ConfigMap\n  '",
    "kind:\tConfigMap",
    "kind:ConfigMap",
]


@given(st.lists(st.sampled_from(_LINES), min_size=2, max_size=7), st.booleans())
def test_nothing_that_is_left_out_is_more_to_kubernetes(
    oracle: Callable[[str], list[object]], lines: list[str], usual: bool
) -> None:
    for chunk in chunks("\n".join([HEAD.rstrip(), *lines] if usual else lines).encode()):
        if irrelevant(chunk.text):
            for value in oracle(chunk.text.decode()):
                if isinstance(value, dict) and {"apiVersion", "kind"} <= value.keys():
                    assert (value["apiVersion"], value["kind"]) in IRRELEVANT
                    assert "items" not in value
