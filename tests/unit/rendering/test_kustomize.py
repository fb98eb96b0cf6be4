"""Kustomize folders are judged by what real kustomize builds of them."""

from __future__ import annotations

import http.server
import io
import os
import threading
from collections.abc import Iterator

import pytest
import yaml

from egress_policy.formats import policy_report
from egress_policy.output import Target
from tests.unit.rendering.conftest import DEPLOYMENT, POLICY, Write, audited, lines, said

pytestmark = pytest.mark.usefixtures("real")
BASE = {"base/kustomization.yaml": "resources: [deployment.yaml]\n", "base/deployment.yaml": DEPLOYMENT}
DEV = {"dev/kustomization.yaml": "namespace: shop\nresources: [../base]\n"}
PROD = {"prod/kustomization.yaml": "namespace: shop\nresources: [../base, policy.yaml]\n", "prod/policy.yaml": POLICY}
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
INLINE = r'generators: ["apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: [URL/g]\n"]'
UNPROTECTED = "no-egress-policy Deployment/shop/web dev/kustomization.yaml"


def test_overlays_are_judged_one_by_one_as_each_is_for_a_cluster_of_its_own(write: Write) -> None:
    write({**BASE, **DEV, **PROD})
    report = audited()
    assert lines(report) == [UNPROTECTED]
    assert [(one.name, one.status) for one in report.namespaces] == [("shop", "fail"), ("shop", "pass")]


def test_a_base_by_itself_is_judged_where_nobody_uses_it(write: Write) -> None:
    write(BASE)
    assert lines(audited()) == ["no-egress-policy Deployment/default/web base/kustomization.yaml"]


def test_an_overlay_that_takes_the_policy_away_does_not_pass(write: Write) -> None:
    base = {"base/kustomization.yaml": "resources: [deployment.yaml, policy.yaml]\n", "base/policy.yaml": POLICY}
    delete = POLICY.replace("kind:", "$patch: delete\nkind:")
    overlay = "namespace: shop\nresources: [../base]\npatches: [{path: delete.yaml}]\n"
    write({**BASE, **base, "dev/kustomization.yaml": overlay, "dev/delete.yaml": delete})
    assert lines(audited()) == [UNPROTECTED]


def test_an_overlay_is_judged_though_its_base_is_in_another_place(write: Write) -> None:
    write({**BASE, **DEV})
    assert lines(audited("dev")) == ["no-egress-policy Deployment/shop/web kustomization.yaml"]
    assert lines(audited("dev/kustomization.yaml")) == [UNPROTECTED]


def test_components_belong_to_who_uses_them(write: Write) -> None:
    kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    component = {"deny/kustomization.yaml": f"{kind}resources: [policy.yaml]\n", "deny/policy.yaml": POLICY}
    dev = "namespace: shop\nresources: [../base]\ncomponents: [../deny]\n"
    write({**BASE, "dev/kustomization.yaml": dev, **component})
    assert lines(audited()) == []
    write(DEV)
    assert lines(audited()) == [UNPROTECTED]


def test_a_component_that_nobody_uses_is_judged_by_what_it_has_of_its_own(write: Write) -> None:
    kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    write({"part/kustomization.yaml": f"{kind}resources: [deployment.yaml]\n", "part/deployment.yaml": DEPLOYMENT})
    assert lines(audited()) == ["no-egress-policy Deployment/default/web part/kustomization.yaml"]
    patches = "patches: [{path: p.yaml}]\n"
    write({"part/kustomization.yaml": f"{kind}resources: [deployment.yaml]\n{patches}", "part/p.yaml": POLICY})
    assert lines(audited()) == ["no-egress-policy Deployment/default/web part/deployment.yaml"]
    write({"part/kustomization.yaml": f"{kind}resources: [deployment.yaml]\nhelmCharts: [{{name: a}}]\n"})
    assert ["kustomize says" in message for message in said(audited())] == [True]


def test_a_file_that_no_kustomization_names_is_still_judged(write: Write) -> None:
    write({**BASE, **PROD, "prod/debug.yaml": DEPLOYMENT.replace("name: web", "name: debug", 1)})
    assert lines(audited()) == ["no-egress-policy Deployment/default/debug prod/debug.yaml"]


def test_a_file_that_is_named_is_read_besides(write: Write) -> None:
    write({**BASE, **PROD})
    assert lines(audited("prod", "base/deployment.yaml")) == [
        "no-egress-policy Deployment/default/web base/deployment.yaml"
    ]


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_all_its_names_are_known(name: str, write: Write) -> None:
    write({f"k8s/{name}": BASE["base/kustomization.yaml"], "k8s/deployment.yaml": DEPLOYMENT})
    assert lines(audited()) == [f"no-egress-policy Deployment/default/web k8s/{name}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("resources: [nowhere.yaml]", "it refers to nowhere.yaml, and nothing is fetched", id="no file"),
        pytest.param("resources: [deployment.yaml]\nno: [a]", "kustomize says: ", id="a field that nobody knows"),
        pytest.param("resources: [deployment.yaml, ../b]", "kustomize says: ", id="a circle"),
        pytest.param("resources: [github.com/example/base?ref=v1]", "nothing is fetched", id="a repository"),
        pytest.param("resources: ['git@example.org:base.git']", "nothing is fetched", id="a repository by ssh"),
        pytest.param("resources: [deployment.yaml]\nhelmCharts: [{name: a}]", "kustomize says: ", id="a chart in it"),
        pytest.param("resources: [deployment.yaml, ../../out.yaml]", "kustomize says: ", id="a file outside"),
    ],
)
def test_a_kustomization_that_cannot_be_built_is_not_evaluated_and_its_files_are_read(
    text: str, expected: str, write: Write
) -> None:
    write({"b/kustomization.yaml": "resources: [../a]\n"} if "../b" in text else {})
    here = write({"a/kustomization.yaml": f"{text}\n", "a/deployment.yaml": DEPLOYMENT})
    (here.parent / "out.yaml").write_text(POLICY)
    report = audited()
    assert any(expected in message for message in said(report)), said(report)
    assert "no-egress-policy Deployment/default/web a/deployment.yaml" in lines(report)


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(POLICY.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("resources: [URL/a.yaml]", id="a resource"),
        pytest.param("resources: ['HTTP:URL/a.yaml']", id="a resource in capitals"),
        pytest.param("patches: [{path: URL/a.yaml}]", id="a patch"),
        pytest.param("configMapGenerator: [{name: a, files: [URL/a]}]", id="a file of a ConfigMap"),
        pytest.param("configMapGenerator: [{name: a, files: ['key=URL/a']}]", id="a file with a key"),
        pytest.param("secretGenerator: [{name: a, envs: [URL/a]}]", id="an env file"),
        pytest.param("openapi: {path: URL/a}", id="a schema"),
        pytest.param("crds: [URL/a]", id="a CRD"),
        pytest.param("configurations: [URL/a]", id="a configuration"),
        pytest.param("replacements: [{path: URL/a}]", id="a replacement"),
        pytest.param("generators: [generator.yaml]", id="a file that a generator names"),
        pytest.param("generators: [generators]", id="a file that a generator in a folder names"),
        pytest.param(INLINE, id="a generator that is written there"),
    ],
)
def test_nothing_is_fetched(text: str, write: Write, web: tuple[str, list[str]]) -> None:
    address, asked = web
    generator = (
        f"apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {{name: g}}\nname: a\nfiles: ['a={address}/g']\n"
    )
    text = text.replace("HTTP:URL", address.upper()).replace("URL", address)
    files = {"a/generator.yaml": generator, "a/generators/generator.yaml": generator}
    files["a/generators/kustomization.yaml"] = "resources: [generator.yaml]\n"
    write({"a/kustomization.yaml": f"resources: [deployment.yaml]\n{text}\n", "a/deployment.yaml": DEPLOYMENT, **files})
    if text.startswith("resources"):
        write({"a/kustomization.yaml": f"{text}\n"})
    report = audited("a")
    assert asked == []
    assert len(said(report)) == 1, lines(report)


def test_an_address_in_an_annotation_is_none_that_is_fetched(write: Write) -> None:
    more = "commonAnnotations: {docs: 'https://example.org'}\nlabels: [{pairs: {app: web}}]\n"
    literal = "configMapGenerator: [{name: a, literals: ['URL=https://example.org']}]\n"
    write({**BASE, "base/kustomization.yaml": f"resources: [deployment.yaml]\n{more}{literal}"})
    assert said(audited()) == []


def test_circles_are_not_lost(write: Write) -> None:
    write(
        {"a/kustomization.yaml": "resources: [../b, ../base]\n", "b/kustomization.yaml": "resources: [../a]\n", **BASE}
    )
    report = audited()
    assert "no-egress-policy Deployment/default/web base/deployment.yaml" in lines(report)
    assert any("kustomize says" in message for message in said(report))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(DEPLOYMENT, ["no-egress-policy Deployment/default/web a/kustomization.yaml"], id="a Deployment"),
        pytest.param(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n",
            [],
            id="Flux' kind",
        ),
        pytest.param("- a\n", [], id="a list"),
        pytest.param("", [], id="nothing"),
        pytest.param("resources: []\n---\nresources: []\n", [], id="two documents"),
    ],
)
def test_what_is_no_kustomization_is_read_as_it_is(text: str, expected: list[str], write: Write) -> None:
    write({"a/kustomization.yaml": text})
    assert lines(audited()) == expected


def test_a_kustomization_that_is_no_yaml_is_an_error(write: Write) -> None:
    write({"a/kustomization.yaml": "resources: [\n"})
    assert [(error.file, error.line) for error in audited().errors] == [("a/kustomization.yaml", 2)]


@pytest.mark.parametrize(
    "key", ["resources", "bases", "patches", "patchesStrategicMerge", "replacements", "generators"]
)
@pytest.mark.parametrize("value", ["null", "1", "a", "{a: b}", "[null, 1, {path: 1}, [a]]", '["\\0"]'])
def test_fields_of_any_type_stop_nothing(key: str, value: str, write: Write) -> None:
    write({**BASE, "a/kustomization.yaml": f"{key}: {value}\n"})
    assert "no-egress-policy Deployment/default/web base/kustomization.yaml" in lines(audited())


def test_a_patch_that_is_not_applied_is_no_policy(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    overlay = {
        "dev/kustomization.yaml": "resources: [../base]\npatches: [{path: policy.yaml}]\n",
        "dev/policy.yaml": POLICY,
    }
    write({**BASE, **overlay})
    unprotected = "no-egress-policy Deployment/default/web base/deployment.yaml"
    assert unprotected in lines(audited())
    monkeypatch.setenv("PATH", "")
    assert unprotected in lines(audited())


def test_without_it_the_files_are_read_and_the_message_says_how(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({**BASE, "web/Chart.yaml": "name: web\n"})
    monkeypatch.setenv("PATH", "")
    report = audited()
    assert "no-egress-policy Deployment/default/web base/deployment.yaml" in lines(report)
    assert said(report) == [
        "Kustomization 'base' (kustomize.config.k8s.io/v1beta1) is not rendered: install kustomize, or render it: "
        "kubectl kustomize FOLDER | egress audit -",
        "HelmChart 'web' (egress-policy/v1) is not rendered: install helm, or render it: "
        "helm template FOLDER | egress audit -",
    ]


def test_a_pipe_is_no_kustomization(write: Write) -> None:
    here = write(BASE)
    (here / "dev").mkdir()
    os.mkfifo(here / "dev" / "kustomization.yaml")
    write({"prod/kustomization.yaml": "resources: [../dev, ../base]\n"})
    assert "no-egress-policy Deployment/default/web base/deployment.yaml" in lines(audited())


def test_a_namespace_that_fails_once_does_not_pass_in_policy_reports(write: Write) -> None:
    write({**BASE, **DEV, **PROD})
    written = io.BytesIO()
    policy_report.render(audited(), Target(written))
    results = [result for one in yaml.safe_load_all(written.getvalue()) for result in one.get("results", [])]
    assert {one["result"] for one in results} == {"fail"}
