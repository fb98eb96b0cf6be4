"""The conversion to CEL: what is written, what is refused, and that the tables in it are those of the Rego."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy.cli import main
from egress_policy.gatekeeper import native, rules
from egress_policy.gatekeeper.constraints import Settings
from egress_policy.gatekeeper.native import NativeError
from tests.engines import POLICY, untested

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Json = dict[str, Any]
SHARED = POLICY / "lib" / "egress" / "cel" / "network_policy.cel"
WAIVERS = """
waivers:
  - rule: open-egress
    resource: {kind: NetworkPolicy, namespace: shop, name: app}
    owner: payments
    reason: moving
    expires: "2099-12-31"
"""


@pytest.fixture(scope="module")
def rule(found: rules.Found) -> rules.Rule:
    (rule,) = [one for one in found.rules if one.name == "open-egress"]
    return rule


def converted(folder: Path, *arguments: str) -> dict[str, list[Json]]:
    assert main(["gatekeeper", "convert", "--output", str(folder), *arguments]) == 0
    paths = [path for path in folder.rglob("*.yaml") if "native" in str(path) or "admission" in str(path)]
    return {path.relative_to(folder).as_posix(): list(yaml.safe_load_all(path.read_text())) for path in paths}


def test_without_the_option_nothing_is_in_cel(tmp_path: Path) -> None:
    assert converted(tmp_path) == {}


def test_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = converted(tmp_path, "--native")
    assert "in CEL as well: any-destination, open-egress, in native/ and admission-policies/" in capsys.readouterr().out
    assert set(files) == {
        *(f"native/{part}/{name}.yaml" for part in ("templates", "constraints") for name in NAMES),
        *(f"admission-policies/{name}.yaml" for name in NAMES),
        "native/kustomization.yaml",
        "overlays/deny-native/kustomization.yaml",
        "overlays/deny-admission-policies/kustomization.yaml",
    }
    (template,) = files["native/templates/open-egress.yaml"]
    assert [one["engine"] for one in template["spec"]["targets"][0]["code"]] == ["K8sNativeValidation"]
    policy, binding = files["admission-policies/open-egress.yaml"]
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert policy["spec"]["matchConstraints"]["resourceRules"] == [
        {
            "apiGroups": ["networking.k8s.io"],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["networkpolicies"],
        }
    ]
    assert binding["spec"] == {"policyName": "egress-open-egress", "validationActions": ["Warn", "Audit"]}
    assert len(policy["spec"]["variables"]) == len(template["spec"]["targets"][0]["code"][0]["source"]["variables"])


NAMES = ("any-destination", "open-egress", "kustomization")


@pytest.mark.parametrize(
    ("profile", "refusing"),
    [("baseline", ["egress-open-egress"]), ("strict", ["egress-any-destination", "egress-open-egress"])],
)
def test_what_fails_is_what_the_overlay_refuses(profile: str, refusing: list[str], tmp_path: Path) -> None:
    files = converted(tmp_path, "--native", "--profile", profile)
    (overlay,) = files["overlays/deny-admission-policies/kustomization.yaml"]
    assert [one["target"]["name"] for one in overlay["patches"]] == refusing
    (other,) = files["overlays/deny-native/kustomization.yaml"]
    assert [f"egress-{one['target']['name']}" for one in other["patches"]] == refusing
    assert all("parameters" not in one["spec"] for one in files["native/constraints/open-egress.yaml"])


def test_shares_stand_in_it(rule: rules.Rule) -> None:
    form = native.find(POLICY, rule, Settings({"openAddressShare": 0.1, "openPortShare": 1}))
    assert form is not None
    put = {one["name"]: one["expression"] for one in form.variables}
    assert (put["addressShare"], put["portShare"]) == ("100000", "1000000")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"internalBlocks": ["8.0.0.0/8"]}, "knows nothing of internalBlocks"),
        ({"approvedDestinations": [{"name": "a"}]}, "knows nothing of approvedDestinations"),
        ({"openAddressShare": 0.1234567}, "takes openAddressShare with no more than six decimals"),
        ({"openPortShare": 0}, "takes openPortShare .* above 0"),
        ({"openPortShare": True}, "takes openPortShare"),
        ({"waivers": [{"rule": "open-egress"}]}, "knows no waivers"),
    ],
)
def test_what_cel_would_not_heed_is_refused(rule: rules.Rule, parameters: Json, reason: str) -> None:
    with pytest.raises(NativeError, match=rf"open_egress.cel: open-egress in CEL {reason}"):
        native.find(POLICY, rule, Settings(parameters))


@pytest.mark.parametrize(
    "parameters",
    [
        {"internalBlocks": [], "approvedDestinations": None, "systemNamespaces": ["shop"], "now": "2026-01-01"},
        {"waivers": [{"rule": "any-destination"}]},
    ],
    ids=json.dumps,
)
def test_what_says_nothing_of_the_rule_does_not_matter(rule: rules.Rule, parameters: Json) -> None:
    assert native.find(POLICY, rule, Settings(parameters)) == native.find(POLICY, rule, Settings())


def test_the_command_says_all_that_is_in_the_way(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(WAIVERS)
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text("internalBlocks: [8.0.0.0/8]\n")
    out = str(tmp_path / "out")
    given = ("--waivers", str(waivers), "--parameters", str(parameters))
    assert main(["gatekeeper", "convert", "--native", "--output", out, *given]) == 2
    said = capfd.readouterr().err
    assert said.count("knows nothing of internalBlocks") == 2
    assert "open-egress in CEL knows no waivers: take those for open-egress out, or convert without --native" in said
    assert not (tmp_path / "out").exists()


_ONE = 'validations: [{expression: "true"}]\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("variables: []\nvalidation: []\n", "has parameters, uses, validations, variables and nothing else"),
        ("variables: [\n", "open_egress.cel: "),
        (f"uses: lib/none.cel\n{_ONE}", "lib/none.cel: No such file"),
        ("validations: []\n", "open_egress.cel:1: validations must be a list of at least one"),
        ("variables: []\n", "open_egress.cel:1: validations must be a list of at least one"),
        ("variables: []\nvalidations: 5\n", "open_egress.cel:2: validations must be a list of at least one"),
        ("validations: [{message: a}]\n", "open_egress.cel:1: validations must be a list of at least one"),
        (f"{_ONE}variables: {{a: 1}}\n", "open_egress.cel:2: variables must be a list of {name, expression}"),
        (f"{_ONE}variables: [5]\n", "open_egress.cel:2: variables must be a list of {name, expression}"),
        (f"{_ONE}variables: [{{name: a, expression: 5}}]\n", "open_egress.cel:2: variables must be a list of"),
        (f"{_ONE}variables:\n", "open_egress.cel:2: variables must be a list of {name, expression}"),
        (f"{_ONE}parameters: [a]\n", "open_egress.cel:2: parameters must be {parameter: variable}"),
        (f"{_ONE}uses: 7\n", "open_egress.cel:2: uses must be the path of a file"),
        (
            f"{_ONE}uses: ../../passwords.cel\n",
            "../../passwords.cel: a form uses files of its own folder of rules only",
        ),
        (f"{_ONE}uses: /passwords.cel\n", "/passwords.cel: a form uses files of its own folder of rules only"),
        (f"{_ONE}uses: egress/rules/open_egress/open_egress.cel\n", "has parameters, variables and nothing else"),
        (f"{_ONE}parameters: {{openAdressShare: a}}\n", "puts in openAdressShare, which is no parameter of the rule"),
        (f"{_ONE}parameters: {{openPortShare: a}}\n", "puts openPortShare into a, which is none of its variables"),
    ],
)
def test_a_form_that_cannot_be_read(rule: rules.Rule, text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "egress" / "rules" / "open_egress" / "open_egress.cel"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(NativeError, match=re.escape(reason)):
        native.find(tmp_path, rule, Settings())


def test_rules_without_such_a_form(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    policy = untested(tmp_path)
    for file in policy.rglob("*.cel"):
        file.unlink()
    assert main(["gatekeeper", "convert", str(policy), "--native", "--output", str(tmp_path / "out")]) == 2
    assert "no rule here has a form in CEL" in capfd.readouterr().err


def test_the_tables_are_those_of_the_rego(tool: Callable[[str], Path]) -> None:
    done = subprocess.run(
        [tool("opa"), "eval", "--data", POLICY, "--format", "raw", "data.lib.egress.space"],
        capture_output=True, check=True,
    )  # fmt: skip
    space = json.loads(done.stdout)
    expressions = {one["name"]: one["expression"] for one in yaml.safe_load(SHARED.read_text())["variables"]}
    for name, table in (
        ("hidden4", ("_usual4", "hidden")),
        ("public6", ("_usual6", "public")),
        ("hidden6", ("_usual6", "hidden")),
    ):
        assert re.findall(r'"([46]:[01]*)"', expressions[name]) == [bits(block) for block in space[table[0]][table[1]]]
    assert f"* {space['_usual4']['total']} " in expressions["least4"]
    units, rest = divmod(space["_usual6"]["total"], 2**96)
    assert rest == 0
    assert expressions["least6"].count(f"variables.addressShare * {units} ") == 2


def bits(block: Json) -> str:
    width = {4: 32, 6: 128}[block["family"]]
    return f"{block['family']}:{block['low']:0{width}b}"[: block["length"] + 2]


def test_opa_takes_no_notice_of_the_forms(tool: Callable[[str], Path]) -> None:
    """A .yaml there would be data."""
    command = [str(tool("opa")), "eval", "--data", str(POLICY), "--format", "raw", "data.lib.egress.cel"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
