"""Documents to shards: which namespace, in which order, in which portions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from egress_policy.engine import embedded
from egress_policy.reader import Document
from egress_policy.shards import (
    OPERATORS,
    SHARED_KINDS,
    Around,
    Batch,
    Place,
    Places,
    Question,
    Shards,
    Source,
    batches,
)

_SOURCE = Source("k8s/a.yaml", "/src/k8s/a.yaml", None)


def _document(kind: str = "Pod", namespace: str | None = None, api_version: str = "v1", **more: Any) -> Document:
    value = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", **more.pop("metadata", {})}}
    values = {"file": "k8s/a.yaml", "folder": "k8s", "line": 3, "start": 10, "end": 90, **more}
    return Document(json.dumps(value).encode(), api_version, kind, namespace, "web", **values)


def _shards(*documents: Document, default: str = "default") -> dict[str, list[Any]]:
    shards = Shards(default)
    shards.add(_SOURCE, documents)
    return {name: [json.loads(entry) for entry in entries] for name, entries in shards.documents.items()}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(_document(namespace="shop"), "shop", id="the namespace that is written"),
        pytest.param(_document(), "given", id="none is the one given"),
        pytest.param(_document(namespace=""), "given", id="an empty one is the one given"),
        pytest.param(_document("Namespace"), "", id="a Namespace is cluster-wide"),
        pytest.param(_document("Namespace", "shop"), "", id="whatever its metadata says"),
        pytest.param(
            _document("ClusterNetworkPolicy", None, "policy.networking.k8s.io/v1alpha2"), "",
            id="a ClusterNetworkPolicy is cluster-wide",
        ),
        pytest.param(
            _document("ClusterNetworkPolicy", None, "crd.antrea.io/v1beta1"), "", id="so is Antrea's of the same name"
        ),
        pytest.param(
            _document("ClusterNetworkPolicy", None, "security.antrea.tanzu.vmware.com/v1alpha1"), "",
            id="and in its older group",
        ),
        pytest.param(
            _document("Namespace", None, "example.com/v1"), "given", id="a kind of that name in another group is not"
        ),
        pytest.param(_document("HelmChart", None, "egress-policy/v1"), "", id="nor has a chart a namespace"),
    ],
)  # fmt: skip
def test_a_document_is_judged_in_one_namespace(document: Document, expected: str) -> None:
    assert list(_shards(document, default="given")) == [expected]


def test_what_only_the_file_tells_travels_beside_the_object() -> None:
    [entry] = _shards(_document(duplicates=(("spec.egress", 9),)))["default"]
    assert entry == {
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}},
        "source": {
            "file": "k8s/a.yaml",
            "folder": "k8s",
            "line": 3,
            "order": 0,
            "duplicates": [{"path": "spec.egress", "line": 9}],
        },
    }


@pytest.mark.parametrize("name", ['a"b\\.yaml', "%s %d %%.yaml", "é🦀.yaml", "tab\t.yaml", "\udcff.yaml"])
def test_any_file_name_is_valid_json(name: str) -> None:
    shards = Shards("default")
    shards.add(Source(name.encode("utf-8", "backslashreplace").decode(), name, None), [_document(folder=name)])
    [[entry]] = shards.documents.values()
    assert json.loads(entry)["source"]["folder"] == name.encode("utf-8", "backslashreplace").decode()


def test_labels_have_the_one_that_the_api_server_sets() -> None:
    shards = Shards("default")
    lies = {"labels": {"team": "a", "kubernetes.io/metadata.name": "liar"}}
    shards.add(_SOURCE, [_document("Namespace", metadata=lies), _document("Namespace", metadata={"labels": None})])
    assert [json.loads(labels) for found in shards.around.labels.values() for labels in found] == [
        {"team": "a", "kubernetes.io/metadata.name": "web"},
        {"kubernetes.io/metadata.name": "web"},
    ]


def test_a_place_is_found_by_order() -> None:
    shards = Shards("default", base=1 << 40)
    shards.add(_SOURCE, [_document(), _document(line=7, start=91, end=120, item=(4,))])
    places = Places.unpacked(shards.places.packed())
    assert places.get((1 << 40) + 1) == Place(_SOURCE, 7, 91, 120, (4,))
    assert places.get((1 << 40) + 2) is None
    assert places.get(0) is None


def test_documents_that_are_handed_over_are_gone_and_come_after_the_others() -> None:
    ours, theirs = Shards("default"), Shards("default", base=100)
    ours.add(_SOURCE, [_document(namespace="both")])
    theirs.add(_SOURCE, [_document(namespace="both"), _document(namespace="alone")])
    ours.merge(theirs.take(["both", "unknown"]))
    assert list(theirs.documents) == ["alone"]
    assert [json.loads(entry)["source"]["order"] for entry in ours.documents["both"]] == [0, 100]


def _batches(sizes: dict[str, int]) -> list[tuple[str, ...]]:
    return [batch.names for batch in batches({name: [b"x" * size] for name, size in sizes.items()})]


def test_batches_are_sorted_and_bounded_by_number() -> None:
    assert [len(names) for names in _batches({f"n{i:03}": 10 for i in range(134)})] == [64, 64, 6]
    assert _batches({"b": 1, "": 1, "a": 1}) == [("", "a", "b")]
    assert _batches({}) == []


def test_batches_are_bounded_by_size_but_a_namespace_is_never_split() -> None:
    assert _batches({"a": 400_000, "b": 400_000, "c": 10, "d": 5_000_000, "e": 1}) == [
        ("a",),
        ("b", "c"),
        ("d",),
        ("e",),
    ]


@pytest.mark.parametrize("operator", ["NotIn", "DoesNotExist"])
def test_labels_are_told_only_to_who_leaves_namespaces_out(operator: str) -> None:
    question = Question("", Around({"other": [b'{"a":"b"}']}), details=True)
    leaving_out = b'{"operator":"%b"}' % operator.encode()
    assert json.loads(question.about(Batch(("shop",), (b'{"operator":"Exists"}',))))["namespaces"] == []
    assert json.loads(question.about(Batch(("shop", "web"), (b"{}", leaving_out))))["namespaces"] == [{"a": "b"}]


def test_labels_of_a_namespace_are_told_where_a_policy_may_select_it() -> None:
    around = Around({"shop": [b'{"a":"b"}'], "other": [b'{"c":"d"}']}, [b'{"object":1}'])
    told = json.loads(Question("", around, details=True).about(Batch(("shop",), (b"{}",))))
    assert (told["namespaces"], told["shared"]) == ([{"a": "b"}], [{"object": 1}])


def test_what_another_process_read_around_is_taken_in_behind() -> None:
    ours, theirs = Around({"shop": [b"1"]}, [b"a"]), Around({"shop": [b"2"], "web": [b"3"]}, [b"b"])
    ours.merge(*theirs.packed())
    assert (ours.labels, ours.shared) == ({"shop": [b"1", b"2"], "web": [b"3"]}, [b"a", b"b"])


def test_policies_of_the_whole_cluster_and_what_policies_refer_to_are_shared() -> None:
    listed = embedded.metadata()["kinds"]
    wanted = {
        (group, kind)
        for group, kinds in listed.items()
        for kind, facts in kinds.items()
        if facts["role"] == "reference" or (facts["role"] == "unjudged" and not facts["namespaced"])
    }
    never_read = {
        ("cilium.io", "CiliumEgressGatewayPolicy"),
        ("security.antrea.tanzu.vmware.com", "ClusterNetworkPolicy"),
    }
    assert {pair for pair in wanted - never_read if pair[0] not in OPERATORS} == SHARED_KINDS


def test_a_question_is_valid_json() -> None:
    [batch] = batches({"shop": [b'{"object":1}', b'{"object":2}'], "": [b'{"object":3}']})
    question = Question('na"me', Around({"a": [b'{"a":"b"}', b"{}"]}), details=False)
    assert json.loads(question.about(batch)) == {
        "namespace": 'na"me',
        "namespaces": [],
        "shared": [],
        "firewalls": None,
        "details": False,
        "shards": [
            {"namespace": "", "documents": [{"object": 3}]},
            {"namespace": "shop", "documents": [{"object": 1}, {"object": 2}]},
        ],
    }
    assert isinstance(batch, Batch)
