"""The generated files: what a change of the policy does to them, and what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tools import generated

if TYPE_CHECKING:
    from pathlib import Path

CUSTOM = {
    "control": "egress-restricted",
    "severity": "high",
    "levels": {"strict": "fail"},
    "remediation": "Name them.",
    "match": ["NetworkPolicy"],
    "parameters": [],
    "requires_inventory": False,
}


def _metadata(**rule: Any) -> dict[str, Any]:
    annotations = {"title": "Any destination", "description": "Everything.\n", "custom": CUSTOM} | rule
    control = {"title": "Egress is restricted", "custom": {"version": "1.0.0"}}
    return generated._metadata(
        {"data.egress.controls.egress_restricted": control, "data.egress.rules.any_destination": annotations}
    )


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    files = {"docs/rules/a.md": b"a\n", "bundles/embedded/policy.wasm": b"\0"}
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(generated, "contents", lambda _: files)
    return tmp_path


def test_what_was_written_is_no_drift(root: Path) -> None:
    assert generated.write(root) == 2
    assert generated.check(root) == []
    assert generated.write(root) == 0


def test_drift_missing_files_and_leftovers_are_told(root: Path) -> None:
    generated.write(root)
    (root / "docs/rules/a.md").write_text("b\n")
    (root / "docs/rules/gone.md").write_text("c\n")
    (root / "bundles/embedded/policy.wasm").unlink()
    assert generated.check(root) == [
        "docs/rules/a.md is not what nox -s generate writes",
        "bundles/embedded/policy.wasm is not what nox -s generate writes",
        "docs/rules/gone.md is left over",
    ]


def test_writing_removes_leftovers(root: Path) -> None:
    (root / "docs/rules").mkdir(parents=True)
    (root / "docs/rules/gone.md").write_text("c\n")
    generated.write(root)
    assert not (root / "docs/rules/gone.md").exists()


def test_a_rule_is_named_as_its_folder() -> None:
    rule = _metadata()["rules"]["any-destination"]
    assert (rule["title"], rule["severity"], rule["levels"]["strict"]) == ("Any destination", "high", "fail")


@pytest.mark.parametrize("field", sorted(generated.CUSTOM))
def test_a_rule_says_everything_that_is_read_of_it(field: str) -> None:
    with pytest.raises(generated.GenerateError, match=rf"any-destination lacks custom\.{field}"):
        _metadata(custom={name: value for name, value in CUSTOM.items() if name != field})


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(generated.GenerateError, match=r"any-destination has an unknown custom\.sevrity"):
        _metadata(custom=CUSTOM | {"sevrity": "high"})


@pytest.mark.parametrize("levels", [{}, {"lenient": "warn"}, {"baseline": "error"}])
def test_a_level_is_one_that_a_report_can_have(levels: dict[str, str]) -> None:
    with pytest.raises(generated.GenerateError, match="any-destination has levels"):
        _metadata(custom=CUSTOM | {"levels": levels})


def test_a_rule_without_metadata_is_refused() -> None:
    with pytest.raises(generated.GenerateError, match="any-destination lacks title"):
        generated._metadata({"data.egress.controls.c": {"title": "c"}, "data.egress.rules.any_destination": {}})


def test_a_profile_without_a_level_is_a_dash() -> None:
    assert "| baseline | – |" in generated._page("any-destination", _metadata()["rules"]["any-destination"])


_FOUND: dict[str, Any] = {
    "listed": {"": {"Pod": {"namespaced": True}}, "networking.k8s.io": {"NetworkPolicy": {"namespaced": True}}},
    "dialects": {"network_policy": {"networking.k8s.io": {"NetworkPolicy": True}}},
}


def test_the_kinds_are_named_as_the_api_names_them() -> None:
    assert generated._kinds(_FOUND) == {
        "": {"Pod": {"resource": "pods", "namespaced": True}},
        "networking.k8s.io": {"NetworkPolicy": {"resource": "networkpolicies", "namespaced": True}},
    }
    assert generated._resource("example.org", "Ingress") == "ingresses"
    assert generated._resource("kubeovn.io", "SecurityGroup") == "security-groups"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        pytest.param(None, "the dialect new lacks `kinds`", id="that says none"),
        pytest.param({"new.io": {"Wall": True}}, "leaves out kinds of the dialect new", id="that nobody lists"),
        pytest.param({"": {"Wall": True}}, "leaves out kinds of the dialect new", id="of which one is not listed"),
    ],
)
def test_a_dialect_whose_kinds_no_cluster_is_asked_for_is_refused(kinds: Any, expected: str) -> None:
    with pytest.raises(generated.GenerateError, match=expected):
        generated._kinds({**_FOUND, "dialects": {"new": kinds}})


def test_the_rbac_of_a_namespace_has_no_kinds_without_one() -> None:
    kinds = generated._kinds({**_FOUND, "listed": {**_FOUND["listed"], "x.io": {"Wall": {"namespaced": False}}}})
    assert "walls" in generated._rbac(kinds)
    assert "walls" not in generated._namespaced_rbac(kinds)


def test_a_page_says_on_its_first_line_that_it_is_generated() -> None:
    metadata = _metadata()
    pages = [generated._index(metadata), generated._page("any-destination", metadata["rules"]["any-destination"])]
    assert all("Generated by `nox -s generate`" in page.splitlines()[0] for page in pages)
    assert b"nox -s generate" in generated._json(metadata).splitlines()[0]
