"""`egress explain`."""

from __future__ import annotations

from typing import Any

import pytest

from egress_policy import cli
from egress_policy.engine import embedded

_RULES: dict[str, Any] = {
    "open-egress": {
        "title": "A rule allows egress to everywhere",
        "description": "Whoever takes over a pod can talk to any server.\n\nThat is bad.",
        "severity": "high",
        "remediation": "Name the destinations.\n",
        "levels": {"baseline": "fail", "strict": "fail"},
        "related_resources": [{"ref": "https://a.example/"}, {"ref": "https://b.example/", "description": "More"}],
        "custom": {"parameters": ["openAddressShare"]},
    },
    "unapproved-destination": {
        "title": "A destination that nobody approved",
        "description": "It is on no list.",
        "severity": "medium",
        "remediation": "Ask.",
        "levels": {"strict": "fail"},
        "custom": {},
    },
}


@pytest.fixture(autouse=True)
def _rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "metadata", lambda: {"rules": _RULES})


def _said(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["explain", *arguments])
    out, err = capfd.readouterr()
    return code, out, err


def test_a_rule(capfd: pytest.CaptureFixture[str]) -> None:
    expected = """\
open-egress: A rule allows egress to everywhere
severity high; baseline fail, strict fail

Whoever takes over a pod can talk to any server.

That is bad.

How to fix it
Name the destinations.

Parameters: openAddressShare

References
  https://a.example/
  More: https://b.example/
"""
    assert _said(capfd, "open-egress") == (0, expected, "")


def test_all_rules(capfd: pytest.CaptureFixture[str]) -> None:
    expected = """\
open-egress             baseline fail, strict fail  A rule allows egress to everywhere
unapproved-destination  strict fail                 A destination that nobody approved
"""
    assert _said(capfd) == (0, expected, "")


@pytest.mark.parametrize("name", ["open_egress", "open-egres", "Open-Egress"])
def test_a_name_that_is_nearly_right(capfd: pytest.CaptureFixture[str], name: str) -> None:
    assert _said(capfd, name) == (2, "", f"egress: there is no rule {name!r}: did you mean 'open-egress'?\n")


def test_a_name_that_is_nothing_like_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert _said(capfd, "xyz") == (2, "", "egress: there is no rule 'xyz'; `egress explain` lists them\n")


def test_every_rule_of_the_embedded_policy_can_be_explained(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for name in embedded.metadata()["rules"]:
        code, out, err = _said(capfd, name)
        assert (code, err) == (0, "")
        assert out.startswith(f"{name}: ")
        assert "How to fix it\n" in out
