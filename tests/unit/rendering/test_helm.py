"""Helm charts are judged by what real helm makes of them."""

from __future__ import annotations

import sys

import pytest

from egress_policy.rendering import programs
from tests.unit.rendering.conftest import DEPLOYMENT, POLICY, Write, audited, lines, said

pytestmark = pytest.mark.usefixtures("real")
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
UNPROTECTED = "no-egress-policy Deployment/default/web web/templates/deployment.yaml"
GUARDED = "{{ if .Values.guarded }}\n" + POLICY + "{{ end }}\n"


def _chart(**templates: str) -> dict[str, str]:
    files = {f"web/templates/{name}.yaml": text for name, text in templates.items()}
    return {"web/Chart.yaml": CHART, "web/values.yaml": "guarded: false\n", **files}


def test_a_chart_is_judged_by_what_its_templates_print(write: Write) -> None:
    write(_chart(deployment="{{/* a line more */}}\n" + DEPLOYMENT, policy=GUARDED))
    report = audited()
    assert lines(report) == [UNPROTECTED]
    assert report.errors == ()


def test_a_chart_that_guards_itself_passes(write: Write) -> None:
    write({**_chart(deployment=DEPLOYMENT, policy=GUARDED), "web/values.yaml": "guarded: true\n"})
    report = audited()
    assert (report.status, lines(report), [one.status for one in report.namespaces]) == ("pass", [], ["pass"])


def test_a_chart_goes_where_namespace_says(write: Write) -> None:
    write(_chart(deployment=DEPLOYMENT.replace("{name: web}", "{name: web, namespace: {{ .Release.Namespace }}}")))
    assert [finding.resource.namespace for finding in audited(namespace="shop").findings] == ["shop"]


def test_charts_are_judged_apart_from_each_other_and_from_files(write: Write) -> None:
    write({**_chart(deployment=DEPLOYMENT), "other/Chart.yaml": CHART, "other/templates/policy.yaml": POLICY})
    write({"policy.yaml": POLICY})
    assert lines(audited()) == [UNPROTECTED]


def test_what_is_cluster_wide_beside_a_chart_guards_it(write: Write) -> None:
    everywhere = (
        "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: all}\n"
        "spec: {endpointSelector: {}, egress: [{}]}\n"
    )
    write({**_chart(deployment=DEPLOYMENT), "all.yaml": everywhere.replace("[{}]", "[{toCIDR: [10.1.0.0/16]}]")})
    assert "no-egress-policy" not in {one.split()[0] for one in lines(audited())}


def test_what_comes_of_a_chart_within_a_chart_is_named_by_its_own_template(write: Write) -> None:
    write({"web/charts/db/Chart.yaml": CHART.replace("web", "db"), "web/charts/db/templates/pod.yaml": DEPLOYMENT})
    write(_chart(policy=GUARDED))
    assert lines(audited()) == ["no-egress-policy Deployment/default/web web/charts/db/templates/pod.yaml"]
    assert lines(audited("web")) == ["no-egress-policy Deployment/default/web charts/db/templates/pod.yaml"]


def test_hooks_run_in_the_cluster_as_well(write: Write) -> None:
    hook = DEPLOYMENT.replace("{name: web}", "{name: web, annotations: {helm.sh/hook: post-install}}")
    write(_chart(deployment=hook))
    assert lines(audited()) == [UNPROTECTED]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"web/templates/a.yaml": "{{ required \"a database is needed\" .Values.database }}"},
            "a database is needed", id="a value that must be given",
        ),
        pytest.param({"web/templates/a.yaml": "{{ if }}"}, "missing value for if", id="a template that is broken"),
        pytest.param({"web/values.yaml": "a: [\n"}, "values.yaml", id="values that are broken"),
        pytest.param({"web/Chart.yaml": "name: web\n"}, "version", id="a chart without a version"),
        pytest.param(
            {"web/Chart.yaml": CHART + "dependencies: [{name: db, version: 1.0.0, repository: https://example.org}]\n"},
            "missing in charts/ directory: db", id="a chart that needs others",
        ),
    ],
)  # fmt: skip
def test_a_chart_that_helm_refuses_is_not_evaluated_and_the_rest_is(
    files: dict[str, str], expected: str, write: Write
) -> None:
    write({**_chart(deployment=DEPLOYMENT), "good/Chart.yaml": CHART, "good/templates/pod.yaml": DEPLOYMENT, **files})
    report = audited()
    (message,) = said(report)
    assert message.startswith("HelmChart 'web' (egress-policy/v1) is not rendered: helm says: ")
    assert expected in message
    assert "no-egress-policy Deployment/default/web good/templates/pod.yaml" in lines(report)


def test_a_library_has_nothing_to_judge(write: Write) -> None:
    write({"web/Chart.yaml": CHART + "type: library\n", "web/templates/_helpers.tpl": ""})
    assert audited().findings == ()


def test_a_template_cannot_say_that_it_is_another_file(write: Write) -> None:
    write(_chart(a="# Source: web/../../../etc/passwd\n" + DEPLOYMENT, b="---\n# Source: b\n" + DEPLOYMENT))
    files = {line.split()[-1] for line in lines(audited())}
    assert all(file.startswith("web/") and ".." not in file for file in files), files


def test_objects_that_name_their_namespace_are_judged_there(write: Write) -> None:
    write(_chart(deployment=DEPLOYMENT.replace("{name: web}", "{name: web, namespace: shop}"), policy=POLICY))
    assert "no-egress-policy Deployment/shop/web web/templates/deployment.yaml" in lines(audited())


def test_a_link_out_of_a_chart_is_not_followed(write: Write) -> None:
    here = write(_chart(a='{{ .Files.Get "secret" }}'))
    (here.parent / "secret").write_text(DEPLOYMENT)
    (here / "web" / "secret").symlink_to(here.parent / "secret")
    (message,) = said(audited())
    assert "it has a link out of it, secret" in message
    (here / "web" / "secret").unlink()
    (here / "web" / "secret").symlink_to(here / "web" / "values.yaml")
    assert said(audited()) == []


def test_a_template_cannot_fill_memory(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_MOST_MEMORY", 2 << 30)
    doubled = '{{- $x := "aaaaaaaa" }}{{- range until 28 }}{{ $x = printf "%s%s" $x $x }}{{ end }}a: {{ $x }}\n'
    write(_chart(a=doubled))
    (message,) = said(audited())
    # Elsewhere no process can limit another one's memory.
    assert ("out of memory" if sys.platform == "linux" else "printed more than") in message


def test_no_render_leaves_a_chart_as_it_is(write: Write) -> None:
    write(_chart(deployment=DEPLOYMENT))
    assert said(audited(render=False)) == [
        "HelmChart 'web' (egress-policy/v1) is not rendered: helm template FOLDER | egress audit -"
    ]


def test_charts_that_are_excluded_are_not_rendered(write: Write) -> None:
    write(_chart(deployment=DEPLOYMENT))
    assert lines(audited(exclude=("web",))) == []


def test_a_chart_that_prints_no_yaml_is_an_error_of_its_template(write: Write) -> None:
    write({**_chart(deployment=DEPLOYMENT), "web/templates/notes.txt": "", "web/templates/b.yaml": "a: [\n"})
    report = audited()
    assert [message for message in said(report) if "helm says" in message] or [one.file for one in report.errors]
