"""Files to a file: several namespaces, what cannot be read, where it is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from egress_policy import propose
from egress_policy.propose import ProposeError
from tests.unit.propose.manifests import config, policy, service, value, workload

_SHOP = workload("web", value("A", "postgres://db")) + service("db", "[{port: 5432}]") + workload("db")
_MODEL = """\
# Proposed by `egress generate --from` from what the manifests of namespace {name} name.
# Read it before you use it. Marked TO FILL IN: 0. What no manifest names is not in it.
apiVersion: egress-policy.dev/v1
kind: EgressModel
metadata:
  name: {name}
spec:
  namespaces: [{name}]
  dns:
    preset: kube-dns
"""
_DATABASE = """\
  databases:
    # from {file}:12, Deployment web, env A
    - name: db
      engine: postgresql
      namespace: shop
      labels: {{app: db}}
      from: {{app: web}}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("k8s").mkdir()
    Path("k8s/shop.yaml").write_text(_SHOP)


def test_a_model_is_the_same_every_time(capfd: pytest.CaptureFixture[str]) -> None:
    assert propose.run(["k8s"]) == 0
    first = capfd.readouterr().out
    assert first == _MODEL.format(name="shop") + _DATABASE.format(file="k8s/shop.yaml")
    propose.run(["k8s"])
    assert capfd.readouterr().out == first


def test_a_file_is_written_and_what_is_to_be_done_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    Path("k8s/shop.yaml").write_text(_SHOP + workload("bot", value("B", "https://api.example.com")))
    assert propose.run(["k8s"], target="model.yaml") == 0
    assert capfd.readouterr().out == "1 models in model.yaml, to fill in: 1\n"
    assert Path("model.yaml").read_text().startswith("# Proposed by")


def test_each_namespace_has_a_model_and_system_namespaces_have_none() -> None:
    Path("k8s/other.yaml").write_text(
        workload("a").replace("shop", "kube-system")
        + workload("b").replace("shop", "jobs")
        + workload("c").replace(", namespace: shop", "")
    )
    text = propose.proposed(["k8s"], "plain")[1]
    jobs, plain, shop = (_MODEL.format(name=name) for name in ("jobs", "plain", "shop"))
    assert text == f"{jobs}---\n{plain}---\n{shop}{_DATABASE.format(file='k8s/shop.yaml')}"


def test_a_namespace_that_has_only_a_policy_has_a_model_too() -> None:
    Path("k8s/shop.yaml").write_text(policy("{to: [{namespaceSelector: {}}]}"))
    assert [model.namespace for model in propose.proposed(["k8s"])[0].models] == ["shop"]


def test_standard_input_is_read() -> None:
    text = propose.proposed(["-"], stdin=io.BytesIO(_SHOP.encode()))[1]
    assert text == _MODEL.format(name="shop") + _DATABASE.format(file="-")


def test_the_line_of_an_item_of_a_list() -> None:
    items = "".join(f"- {one.strip()}\n".replace("\n", "\n  ")[:-2] for one in _SHOP.split("---\n") if one)
    Path("k8s/shop.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n{items}")
    assert propose.proposed(["k8s"])[1] == _MODEL.format(name="shop") + _DATABASE.format(file="k8s/shop.yaml").replace(
        ":12", ":15"
    )


def test_any_kind_with_a_pod_template_is_a_workload() -> None:
    rollout = workload("web", value("A", "postgres://db"), kind="Rollout").replace("apps/v1", "argoproj.io/v1alpha1")
    Path("k8s/shop.yaml").write_text(rollout + service("db", "[{port: 5432}]"))
    assert "# from k8s/shop.yaml:12, Rollout web, env A\n" in propose.proposed(["k8s"])[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: [", "k8s/bad.yaml:2: is no YAML: did not find expected node content", id="no YAML"),
        pytest.param(
            "apiVersion: v1\nkind: Service\nmetadata: {name: '{{ .Name }}}'}\nspec: {{ x }}",
            "k8s/bad.yaml:4: holds a template ({{ … }}) that is not rendered; "
            "render it first, for example with `helm template`",
            id="a template",
        ),
        pytest.param(
            workload("a").replace("shop", "'a b'"),
            "k8s/bad.yaml:1: metadata.namespace must be a DNS label, as in shop",
            id="a namespace that cannot be",
        ),
        pytest.param(
            config("c"),
            "k8s/bad.yaml: no workload and no NetworkPolicy for egress outside the system namespaces",
            id="nothing to propose from",
        ),
    ],
)
def test_what_cannot_be_read(text: str, expected: str) -> None:
    Path("k8s/bad.yaml").write_text(text)
    with pytest.raises(ProposeError) as raised:
        propose.proposed(["k8s/bad.yaml"])
    assert str(raised.value) == expected
    assert raised.value.exit_code == 2


def test_a_chart_is_to_be_rendered_first() -> None:
    Path("k8s/Chart.yaml").write_text("name: shop\n")
    with pytest.raises(ProposeError) as raised:
        propose.proposed(["k8s"])
    assert str(raised.value) == (
        "k8s/Chart.yaml: is a chart whose templates are not rendered; "
        "propose from what it renders: helm template NAME CHART | egress generate --from -"
    )


def test_the_reader_keeps_what_only_a_proposal_needs(entries: Callable[[str], str]) -> None:
    head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: db\n  namespace: shop\n"
    block = f"{head}spec:\n  selector: {{app: db}}\n  ports: [{{port: 5432}}]\n"
    assert "engine: postgresql" in entries(workload("web", value("A", "postgres://db")) + block)
