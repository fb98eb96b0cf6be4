"""A file of models: read, and refused with file, line and field; the published schema says the same."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from egress_policy import model
from egress_policy.engine import PARAMETERS, load
from tests.unit.model.models import ALL, document, with_spec, written

if TYPE_CHECKING:
    from pathlib import Path

    from egress_policy.engine import Engine

_HTTPS = ALL["https"][0]
_DATABASE = ALL["databases"][0]
_SERVICE = ALL["services"][0]
_API = ALL["kubeAPI"]


def _https(**more: Any) -> Any:
    return with_spec(https=[{**_HTTPS, **more}])


def _database(**more: Any) -> Any:
    return with_spec(databases=[{**_DATABASE, **more}])


def _service(**more: Any) -> Any:
    return with_spec(services=[{**_SERVICE, **more}])


def _api(**more: Any) -> Any:
    return with_spec(kubeAPI={**_API, **more})


def _without(entry: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != field}


GOOD = {
    "the least": document(),
    "all layers": document(ALL),
    "null layers": with_spec(dns=None, https=None, databases=None, services=None, kubeAPI=None, labels=None),
    "empty layers": with_spec(dns={}, https=[], databases=[], services=[], labels={}),
    "two namespaces": document({"namespaces": ["a", "b"]}),
    "a preset": with_spec(dns={"preset": "openshift"}),
    "a DNS of its own": with_spec(dns={"namespace": "dns", "labels": {"app": "dns"}, "cidrs": ["10.0.0.10/32"]}),
    "null fields": _https(ports=None, owner=None, reason=None, expires=None) | {},
    "every pod": _https(**{"from": {}}),
    "a port and no engine": _database(engine=None, port=5433),
    "a database in the own namespace": with_spec(databases=[_without(_DATABASE, "namespace")]),
    "the API's service only": _api(endpoints=[]),
    "annotations": document(metadata={"name": "m", "annotations": {"a": "b"}, "labels": {"a": "b"}}),
}
BAD = {
    "nothing": (None, "the document must be an EgressModel"),
    "a text": ("shop", "the document must be an EgressModel"),
    "a list": ([], "the document must be an EgressModel"),
    "another version": (document(apiVersion="v1"), "apiVersion must be egress-policy.dev/v1"),
    "another kind": (document(kind="NetworkPolicy"), "kind must be EgressModel"),
    "no kind": (_without(document(), "kind"), "kind must be EgressModel"),
    "an unknown field": (document(status={}), "status is an unknown field"),
    "no metadata": (_without(document(), "metadata"), "metadata must be an object with a name"),
    "metadata that are a list": (document(metadata=[]), "metadata must be an object with a name"),
    "no name": (document(metadata={}), "metadata.name must be lower-case letters, digits and hyphens, up to 40"),
    "a name with a blank": (
        document(metadata={"name": "a b"}), "metadata.name must be lower-case letters, digits and hyphens, up to 40",
    ),
    "no spec": (_without(document(), "spec"), "spec must be an object"),
    "a spec that is null": (document() | {"spec": None}, "spec must be an object"),
    "no namespaces": (document({}), "spec.namespaces must list at least one namespace"),
    "empty namespaces": (document({"namespaces": []}), "spec.namespaces must list at least one namespace"),
    "namespaces that are a text": (document({"namespaces": "a"}), "spec.namespaces must list at least one namespace"),
    "a namespace with a star": (document({"namespaces": ["*"]}), "spec.namespaces[0] must be the name of a namespace"),
    "a number for a namespace": (document({"namespaces": [0]}), "spec.namespaces[0] must be the name of a namespace"),
    "a namespace twice": (document({"namespaces": ["a", "a"]}), "spec.namespaces[1] is there twice"),
    "an unknown layer": (with_spec(http=[]), "spec.http is an unknown field"),
    "labels that are a list": (with_spec(labels=[]), "spec.labels must be an object of labels"),
    "a label that is a number": (with_spec(labels={"a": 1}), "spec.labels.a must be a valid label key and value"),
    "DNS that is a list": (with_spec(dns=[]), "spec.dns must be an object"),
    "an unknown preset": (with_spec(dns={"preset": "x"}), "spec.dns.preset must be kube-dns, node-local, openshift"),
    "a preset and more": (
        with_spec(dns={"preset": "kube-dns", "ports": [53]}), "spec.dns.ports must be absent beside a preset",
    ),
    "DNS that is nowhere": (with_spec(dns={"ports": [53]}), "spec.dns must name a preset, labels of pods or cidrs"),
    "a DNS port that is none": (
        with_spec(dns={"cidrs": ["10.0.0.1/32"], "ports": [0]}), "spec.dns.ports[0] must be a number from 1 to 65535",
    ),
    "a DNS namespace without labels": (
        with_spec(dns={"namespace": "dns", "cidrs": ["10.0.0.1/32"]}),
        "spec.dns.namespace needs the labels of the pods there",
    ),
    "https that is an object": (with_spec(https={}), "spec.https must be a list"),
    "an entry that is null": (with_spec(https=[None]), "spec.https[0] must be an object"),
    "an entry without a name": (
        with_spec(https=[_without(_HTTPS, "name")]),
        "spec.https[0].name must be lower-case letters, digits and hyphens, up to 40",
    ),
    "no cidrs": (with_spec(https=[_without(_HTTPS, "cidrs")]), "spec.https[0].cidrs must list at least one CIDR block"),
    "empty cidrs": (_https(cidrs=[]), "spec.https[0].cidrs must list at least one CIDR block"),
    "cidrs that are a text": (_https(cidrs="8.8.8.8/32"), "spec.https[0].cidrs must be a list"),
    "host bits": (
        _https(cidrs=["8.8.8.8/24"]),
        "spec.https[0].cidrs[0] must be a CIDR block without leading zeros or bits beyond its length",
    ),
    "a name instead of an address": (
        _https(cidrs=["api.example.com"]),
        "spec.https[0].cidrs[0] must be a CIDR block without leading zeros or bits beyond its length",
    ),
    "all ports of a protocol": (
        _https(ports=[{"protocol": "TCP"}]),
        "spec.https[0].ports[0] must be a number from 1 to 65535, or protocol, port and endPort",
    ),
    "a named port": (
        _https(ports=["https"]),
        "spec.https[0].ports[0] must be a number from 1 to 65535, or protocol, port and endPort",
    ),
    "a range that goes backwards": (
        _https(ports=[{"port": 9, "endPort": 8}]),
        "spec.https[0].ports[0] must be a number from 1 to 65535, or protocol, port and endPort",
    ),
    "a day that there is not": (_https(expires="2026-02-30"), "spec.https[0].expires must be a date, as 2026-12-31"),
    "an owner that is a list": (_https(owner=["a"]), "spec.https[0].owner must be a text"),
    "open, which no model can say": (_https(open=True), "spec.https[0].open is an unknown field"),
    "pods that are a list": (_https(**{"from": []}), "spec.https[0].from must be an object of labels"),
    "a name twice": (with_spec(https=[_HTTPS, _HTTPS]), "spec.https[1].name is the name of another one before"),
    "an unknown engine": (
        _database(engine="oracle"),
        "spec.databases[0].engine must be mysql, postgresql, redis, or be left out beside a port",
    ),
    "an unknown engine beside a port": (
        _database(engine="oracle", port=1521),
        "spec.databases[0].engine must be mysql, postgresql, redis, or be left out beside a port",
    ),
    "a port that is a text": (_database(port="5432"), "spec.databases[0].port must be a number from 1 to 65535"),
    "a database that is nowhere": (
        with_spec(databases=[{"name": "a", "engine": "redis", "from": {"a": "b"}}]),
        "spec.databases[0] needs labels of the database's pods, or cidrs",
    ),
    "a database of every pod of a namespace": (
        with_spec(databases=[{**_without(_DATABASE, "labels"), "cidrs": ["10.0.0.1/32"]}]),
        "spec.databases[0].namespace needs the labels of the pods there",
    ),
    "a database for every pod": (
        _database(**{"from": {}}),
        "spec.databases[0].from must hold labels: only pods that have them may reach the database",
    ),
    "a database for null": (
        _database(**{"from": None}),
        "spec.databases[0].from must hold labels: only pods that have them may reach the database",
    ),
    "a service without a namespace": (
        with_spec(services=[_without(_SERVICE, "namespace")]),
        "spec.services[0].namespace must be the name of a namespace",
    ),
    "a service of every pod": (_service(labels={}), "spec.services[0].labels must hold labels of the service's pods"),
    "a service on all ports": (_service(ports=[]), "spec.services[0].ports must list at least one port"),
    "an API that is nowhere": (
        with_spec(kubeAPI={"from": {"a": "b"}}), "spec.kubeAPI must list blocks of service, endpoints or both",
    ),
    "an API for every pod": (
        with_spec(kubeAPI=_without(_API, "from")),
        "spec.kubeAPI.from must hold labels: only pods that have them may reach the Kubernetes API",
    ),
}  # fmt: skip
# What a JSON Schema cannot say, or says of another field.
NOT_IN_SCHEMA = {
    "host bits", "a name instead of an address", "a range that goes backwards", "a day that there is not",
    "a name twice", "an unknown engine beside a port", "a preset and more", "DNS that is nowhere",
    "a DNS namespace without labels", "a database that is nowhere", "a database of every pod of a namespace",
    "an API that is nowhere",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    text = importlib.resources.files("egress_policy.schemas").joinpath("model.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))


def _problems(value: Any) -> list[str]:
    engine: Engine
    with load("wasm", {"models": [value]}) as engine:
        found = engine.ask(PARAMETERS, b"{}")["problems"]
    return [
        f"{one['path'].removeprefix('models[0]').removeprefix('.') or 'the document'} {one['message']}" for one in found
    ]


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in GOOD.items()])
def test_it_accepts(value: Any, schema: jsonschema.Draft202012Validator) -> None:
    assert _problems(value) == []
    assert list(schema.iter_errors(value)) == []


@pytest.mark.parametrize(("value", "said"), [pytest.param(*row, id=name) for name, row in BAD.items()])
def test_it_refuses(value: Any, said: str) -> None:
    assert said in _problems(value)


@pytest.mark.parametrize(
    "value", [pytest.param(row[0], id=name) for name, row in BAD.items() if name not in NOT_IN_SCHEMA]
)
def test_the_schema_refuses(value: Any, schema: jsonschema.Draft202012Validator) -> None:
    assert list(schema.iter_errors(value)) != []


def test_each_problem_is_told_with_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(
        "apiVersion: egress-policy.dev/v1\nkind: EgressModel\nmetadata: {name: a}\nspec:\n  namespaces: [a]\n"
        "---\n"
        "apiVersion: egress-policy.dev/v1\nkind: EgressModel\nmetadata: {name: b}\n"
        "spec:\n  namespaces: [a]\n  https:\n    - name: x\n      cidrs: [8.8.8.8/24]\n"
    )
    with pytest.raises(model.ModelError) as error:
        model.read(str(path))
    assert str(error.value).splitlines() == [
        f"{path}:14: spec.https[0].cidrs[0] must be a CIDR block without leading zeros or bits beyond its length",
        f"{path}:11: spec.namespaces[0] is a namespace of another model before",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "holds no model", id="nothing"),
        pytest.param("# nothing\n", "holds no model", id="a comment"),
        pytest.param("a: [", "model.yaml: ", id="broken YAML"),
        pytest.param("a: 1\na: 2\n", "a is written twice", id="a key written twice"),
    ],
)
def test_what_is_no_document_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(model.ModelError, match=said):
        model.read(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(model.ModelError, match="No such file"):
        model.read(str(tmp_path / "none.yaml"))


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    (one,) = model.read(written(tmp_path, with_spec(https=[{"name": "a", "cidrs": ["8.8.8.0/24"]}], labels={"x": "y"})))
    assert one.spec["dns"] == {
        "namespace": "kube-system",
        "labels": {"k8s-app": "kube-dns"},
        "cidrs": [],
        "ports": [53],
    }
    assert one.spec["https"] == [{"name": "a", "cidrs": ["8.8.8.0/24"], "ports": [443], "from": {}}]
    assert one.spec["labels"] == {
        "app.kubernetes.io/name": "k8s-security",
        "app.kubernetes.io/part-of": "k8s-security-pro",
        "app.kubernetes.io/managed-by": "k8s-security-pro",
        "x": "y",
    }
