"""`--format helm`: the chart renders from its values what the model says, and refuses values that no model may have."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy import manifest, model
from egress_policy.cli import main
from egress_policy.generate import BANNER, helm
from tests.unit.model.models import ALL, document, with_spec, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NASTY = (
    'a "quoted" \'text\' # no comment\n---\nkind: Evil\n{{ fail "x" }} ${HOME} \t\x1b[31m\u202e\u0085\u2028 ü🙂 <b>\\'
)
_HTTPS, _DATABASE, _SERVICE = ALL["https"][0], ALL["databases"][0], ALL["services"][0]
# All are valid values of labels, and most something else to one reader of YAML or another.
_LABELS = {
    f"l{index}": value
    for index, value in enumerate(
        ["yes", "n", "1e3", "", "null", "0x1F", "0o17", "017", "1_000", "12.5", "true", "2027-06-30", "Inf", "NaN"]
    )
}
_PORTS = [443.0, 8080, {"protocol": "UDP", "port": 53}, {"protocol": "SCTP", "port": 1, "endPort": 65535}, {"port": 9}]
MODELS = {
    "the least": document(),
    "all layers": document(ALL),
    "layers that are null": with_spec(dns=None, https=None, databases=None, services=None, kubeAPI=None, labels=None),
    "layers that are empty": with_spec(dns={}, https=[], databases=[], services=[], labels={}),
    "fields that are null": with_spec(
        https=[{**_HTTPS, "ports": None, "from": None, "owner": None, "expires": None}],
        databases=[{**_DATABASE, "engine": None, "port": 1, "cidrs": None}],
        dns={"preset": None, "namespace": None, "labels": None, "cidrs": ["10.0.0.10/32"], "ports": None},
    ),
    "several namespaces, one of them a peer": document({**ALL, "namespaces": ["shop", "data", "identity"]}),
    "namespaces that look like numbers": document({**ALL, "namespaces": ["1e3", "0", "123"]}),
    "groups by from, between each other": with_spec(
        https=[
            {"name": name, "cidrs": ["8.8.8.0/24"], "from": chosen}
            for name, chosen in {"a": {"x": "1", "y": "2"}, "b": {}, "c": {"y": "2", "x": "1"}, "d": {"x": "1"}}.items()
        ],
        services=[{**_SERVICE, "name": "a", "from": {"x": "1"}}, {**_SERVICE, "name": "b"}],
    ),
    "a node-local DNS": with_spec(dns={"preset": "node-local"}),
    "OpenShift": with_spec(dns={"preset": "openshift"}),
    "a DNS of its own, by labels and blocks": with_spec(
        dns={
            "namespace": "dns",
            "labels": {"a": "b"},
            "cidrs": ["169.254.20.10/32", "fd00::a/128"],
            "ports": [53, 5353],
        }
    ),
    "a DNS in the own namespace": with_spec(dns={"namespace": "shop", "labels": {"a": "b"}}),
    "IPv6": with_spec(
        https=[{"name": "a", "cidrs": ["2a04:4e42::/48", "151.101.2.0/24"]}],
        kubeAPI={"endpoints": ["fd00::1/128"], "from": {"a": "b"}},
    ),
    "ports of every form": with_spec(
        https=[{**_HTTPS, "ports": _PORTS}], services=[{**_SERVICE, "ports": list(reversed(_PORTS))}]
    ),
    "a port over the engine's": with_spec(databases=[{**_DATABASE, "port": 6543.0}]),
    "a database by labels and blocks": with_spec(databases=[{**_DATABASE, "cidrs": ["10.0.0.1/32"]}]),
    "the API's service only": with_spec(kubeAPI={"service": ["10.96.0.1/32"], "from": {"a": "b"}}),
    "nasty texts": with_spec(
        https=[{**_HTTPS, "owner": NASTY, "reason": NASTY}], databases=[{**_DATABASE, "owner": NASTY, "reason": NASTY}]
    ),
    "texts that look like something else": with_spec(
        https=[{**_HTTPS, "owner": "yes", "reason": "1e3"}], services=[{**_SERVICE, "owner": "", "reason": "null"}]
    ),
    "lines of text": with_spec(https=[{**_HTTPS, "reason": "{{ one }}\n\n  two: #\nthree\n"}]),
    "labels that look like something else": with_spec(
        labels=_LABELS, https=[{**_HTTPS, "from": _LABELS}], databases=[{**_DATABASE, "labels": _LABELS}]
    ),
    "keys that look like something else": with_spec(labels=dict.fromkeys(("yes", "1e3", "null", "0x1F", "1"), "a")),
    "default labels that are changed and emptied": with_spec(
        labels={"app.kubernetes.io/name": "", "app.kubernetes.io/part-of": "mine"}
    ),
}


def _run(tool: Callable[[str], Path], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Helm in a folder, with nothing of the user's own around it."""
    own = {name: str(folder / "helm") for name in ("HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME", "HOME")}
    return subprocess.run(
        [tool("helm"), *arguments], cwd=folder, env=own, capture_output=True, text=True, check=False, timeout=60
    )


def _generated(folder: Path, *documents: Any) -> list[model.Model]:
    """The models of these documents, their chart written to the folder."""
    name = written(folder, *documents)
    assert main(["generate", name, "--format", "helm", "--output", str(folder)]) == 0
    return model.read(name)


def _by_name(objects: list[Any]) -> dict[tuple[str, str], Any]:
    by_name = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in objects}
    assert len(by_name) == len(objects)
    return by_name


def _rendered(tool: Callable[[str], Path], folder: Path, *more: str) -> dict[tuple[str, str], Any]:
    answer = _run(tool, folder, "template", "k8s-security", "./charts/k8s-security", *more)
    assert answer.returncode == 0, answer.stderr
    return _by_name(list(yaml.safe_load_all(answer.stdout)))


@pytest.mark.parametrize("one", [pytest.param(one, id=sentence) for sentence, one in MODELS.items()])
def test_the_chart_renders_the_policies_of(one: Any, tool: Callable[[str], Path], tmp_path: Path) -> None:
    (read,) = _generated(tmp_path, one)
    expected = _by_name(model.policies(read))
    # As JSON, because 443 == 443.0 and 1 == True.
    rendered = _rendered(tool, tmp_path, "-f", "values-prod.yaml")
    assert {key: json.dumps(value, sort_keys=True) for key, value in rendered.items()} == {
        key: json.dumps(value, sort_keys=True) for key, value in expected.items()
    }
    linted = _run(tool, tmp_path, "lint", "--strict", "./charts/k8s-security", "-f", "values-prod.yaml")
    assert linted.returncode == 0, linted.stdout


def test_without_values_the_release_s_namespace_resolves_names_and_no_more(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    _generated(tmp_path, document(ALL))
    (least,) = model.read(written(tmp_path, document({"namespaces": ["own"]})))
    assert _rendered(tool, tmp_path, "--namespace", "own") == _by_name(model.policies(least))
    assert _run(tool, tmp_path, "lint", "--strict", "./charts/k8s-security").returncode == 0


def test_each_of_several_models_has_values_of_its_own(tool: Callable[[str], Path], tmp_path: Path) -> None:
    documents = [document(ALL, metadata={"name": "shop"}), document({"namespaces": ["b"]}, metadata={"name": "b"})]
    for one in _generated(tmp_path, *documents):
        values = f"values-{one.name}-prod.yaml"
        assert _rendered(tool, tmp_path, "-f", values) == _by_name(model.policies(one))
    assert not (tmp_path / "values-prod.yaml").exists()


def test_models_of_one_name_are_refused(tmp_path: Path) -> None:
    models = model.read(written(tmp_path, document())) * 2
    with pytest.raises(model.ModelError, match=r"model\.yaml:1: metadata\.name 'm' is that of another model"):
        helm.files(models)


def test_every_file_says_near_its_start_that_it_is_generated(tmp_path: Path) -> None:
    made = helm.files(model.read(written(tmp_path, document(ALL))))
    assert [path for path, text in made.items() if BANNER.encode() not in text[:512]] == []


def test_the_values_say_who_wanted_what_and_until_when(tmp_path: Path) -> None:
    made = helm.files(model.read(written(tmp_path, document(ALL))))
    assert b"https:\n  # payments: cards (pay, until 2099-06-30)\n  - name: payments\n" in made["values-prod.yaml"]


def test_nothing_of_a_model_moves_the_cursor_of_who_reads_its_values(tmp_path: Path) -> None:
    text = helm.files(model.read(written(tmp_path, MODELS["nasty texts"])))["values-prod.yaml"].decode()
    assert [one for one in text if one != "\n" and not one.isprintable()] == []


def _without(entry: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != field}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"http": []}, "additional properties 'http' not allowed", id="an unknown layer"),
        pytest.param({"https": [{**_HTTPS, "open": True}]}, "'open' not allowed", id="an unknown field"),
        pytest.param({"https": {"name": "a"}}, "'/https'", id="https that is an object"),
        pytest.param({"https": [_without(_HTTPS, "cidrs")]}, "missing property 'cidrs'", id="https without cidrs"),
        pytest.param({"https": [{**_HTTPS, "cidrs": "8.8.8.8/32"}]}, "'/https/0/cidrs'", id="cidrs that are a text"),
        pytest.param({"https": [{**_HTTPS, "cidrs": []}]}, "'/https/0/cidrs'", id="empty cidrs"),
        pytest.param({"https": [{**_HTTPS, "cidrs": [8]}]}, "'/https/0/cidrs/0'", id="a number for a block"),
        pytest.param({"https": [{**_HTTPS, "ports": ["443"]}]}, "'/https/0/ports/0'", id="a port that is a text"),
        pytest.param({"https": [{**_HTTPS, "ports": [65536]}]}, "'/https/0/ports/0'", id="a port that there is not"),
        pytest.param({"https": [{**_HTTPS, "from": {"a": 1}}]}, "'/https/0/from/a'", id="a label that is a number"),
        pytest.param({"https": [{**_HTTPS, "from": {"a": "b\n"}}]}, "'/https/0/from/a'", id="a label of two lines"),
        pytest.param({"https": [{**_HTTPS, "name": "a: b"}]}, "'/https/0/name'", id="a name that is no name"),
        pytest.param({"namespaces": ["a b"]}, "'/namespaces/0'", id="a namespace with a blank"),
        pytest.param({"databases": [_without(_DATABASE, "from")]}, "missing property 'from'", id="a database of all"),
        pytest.param({"databases": [{**_DATABASE, "from": {}}]}, "'/databases/0/from'", id="a database of every pod"),
        pytest.param({"databases": [{**_DATABASE, "engine": "x"}]}, "'/databases/0/engine'", id="an unknown engine"),
        pytest.param({"services": [{**_SERVICE, "ports": []}]}, "'/services/0/ports'", id="a service on every port"),
        pytest.param({"services": [{**_SERVICE, "labels": {}}]}, "'/services/0/labels'", id="a service of all pods"),
        pytest.param({"kubeAPI": _without(ALL["kubeAPI"], "from")}, "missing property 'from'", id="an API for all"),
        pytest.param({"dns": {"preset": "bind"}}, "'/dns/preset'", id="an unknown preset"),
        pytest.param(
            {"databases": [_without(_without(_DATABASE, "labels"), "namespace")]},
            "allow-database: 'orders' needs labels of pods, or cidrs",
            id="a database that is nowhere",
        ),
        pytest.param(
            {"databases": [_without(_DATABASE, "labels") | {"cidrs": ["10.0.0.1/32"]}]},
            "allow-database: 'orders' needs labels of the pods in its namespace",
            id="a database of every pod of a namespace",
        ),
        pytest.param(
            {"databases": [_without(_DATABASE, "engine")]},
            "allow-database: 'orders' needs a port",
            id="a database without engine and port",
        ),
        pytest.param({"dns": {"ports": [53]}}, "allow-dns: 'dns' needs labels of pods, or cidrs", id="DNS nowhere"),
        pytest.param(
            {"dns": {"preset": "node-local", "ports": [53]}},
            "dns: a preset has a place and ports",
            id="a preset and more",
        ),
        pytest.param({"kubeAPI": {"from": {"a": "b"}}}, "kubeAPI: list blocks of service", id="an API that is nowhere"),
    ],
)
def test_helm_refuses(values: Any, said: str, tool: Callable[[str], Path], tmp_path: Path) -> None:
    _generated(tmp_path, document())
    (tmp_path / "own.yaml").write_text(json.dumps(values))
    answer = _run(tool, tmp_path, "template", "k8s-security", "./charts/k8s-security", "-f", "own.yaml")
    assert answer.returncode != 0
    assert said in answer.stderr


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"https": [{**_HTTPS, "cidrs": []}]}, "needs labels of pods, or cidrs", id="no peers"),
        pytest.param({"services": [{**_SERVICE, "ports": []}]}, "needs a port", id="no ports"),
        pytest.param({"databases": [{**_DATABASE, "from": {}}]}, "needs `from`", id="a database for every pod"),
        pytest.param({"kubeAPI": {**ALL["kubeAPI"], "from": None}}, "needs `from`", id="the API for every pod"),
    ],
)
def test_what_would_allow_everything_is_refused_even_where_the_schema_is_not_asked(
    values: Any, said: str, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    _generated(tmp_path, document())
    (tmp_path / "own.yaml").write_text(json.dumps(values))
    asked = ("template", "a", "./charts/k8s-security", "-f", "own.yaml", "--skip-schema-validation")
    answer = _run(tool, tmp_path, *asked)
    assert answer.returncode != 0
    assert said in answer.stderr


def test_no_value_is_more_than_a_value_even_where_the_schema_is_not_asked(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    _generated(tmp_path, document())
    # A line to YAML, which Helm then takes for a blank, or for the end of a key.
    text = NASTY.replace("\u0085", "")
    entry = {"name": text, "cidrs": [text], "ports": [1], "from": {text: text}}
    values = {"namespaces": [text], "labels": {text: text}, "https": [entry]}
    (tmp_path / "own.yaml").write_text(manifest.written([values]))
    found = _rendered(tool, tmp_path, "-f", "own.yaml", "--skip-schema-validation")
    assert list(found) == [(text, "default-deny-egress"), (text, "allow-dns"), (text, "allow-https")]
    assert found[text, "allow-https"]["spec"] == {
        "podSelector": {"matchLabels": {text: text}},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": {"cidr": text}}], "ports": [{"protocol": "TCP", "port": 1}]}],
    }


def _notes(tool: Callable[[str], Path], folder: Path, *more: str) -> str:
    asked = ("install", "k8s-security", "./charts/k8s-security", "--dry-run=client", "--namespace", "own", *more)
    answer = _run(tool, folder, *asked)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.partition("\nNOTES:\n")[2]


def test_the_notes_tell_how_to_verify(tool: Callable[[str], Path], tmp_path: Path) -> None:
    _generated(tmp_path, document(ALL))
    notes = _notes(tool, tmp_path, "-f", "values-prod.yaml")
    run = "     kubectl run egress-check --namespace=shop --rm --stdin --restart=Never"
    expected = [
        "     kubectl get networkpolicy --namespace=shop",
        f"{run} --image=busybox:1.37 -- nslookup kubernetes.default.svc.cluster.local",
        f"{run} --image=busybox:1.37 -- wget --timeout=2 -q -O- http://example.com",
        f"{run} --labels=tier=backend --image=postgres:17-alpine -- pg_isready --timeout=2"
        " --host=SERVICE-OF-ORDERS.data.svc --port=5432",
        f"{run} --labels=tier=backend --image=busybox:1.37 -- nc -z -v -w 2 SERVICE-OF-CACHE.shop.svc 6379",
        f"{run} --labels=app=ledger --image=busybox:1.37 -- nc -z -v -w 2 10.9.0.5 1521",
    ]
    assert [line for line in notes.splitlines() if "kubectl" in line] == expected
    assert "     allow-database-ledger\n" in notes
    assert "WARNING" not in notes


def test_the_notes_tell_what_is_over(tool: Callable[[str], Path], tmp_path: Path) -> None:
    _generated(tmp_path, document())
    # Without quotes it is a date to YAML; Helm takes it for the text all the same.
    (tmp_path / "own.yaml").write_text("https: [{name: a, cidrs: [8.8.8.0/24], expires: 2020-01-01}]\n")
    said = "WARNING: 'a' was approved until 2020-01-01: have it approved anew, or remove it."
    assert said in _notes(tool, tmp_path, "-f", "own.yaml")
