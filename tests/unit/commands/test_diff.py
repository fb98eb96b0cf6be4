"""`egress diff`: what opened and closed between two folders, and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from egress_policy.cli import main

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: app, namespace: shop}\n"


def _policy(*cidrs: str, ports: str = "[{port: 443}]") -> str:
    peers = ", ".join(f"{{ipBlock: {{cidr: {cidr}}}}}" for cidr in cidrs)
    rules = f"[{{to: [{peers}], ports: {ports}}}]" if cidrs else "[]"
    return f"{_HEAD}spec: {{podSelector: {{}}, policyTypes: [Egress], egress: {rules}}}\n"


def _sides(folder: Path, old: str, new: str) -> list[str]:
    for name, text in (("old", old), ("new", new)):
        (folder / name).mkdir()
        (folder / name / "a.yaml").write_text(text)
    return [str(folder / "old"), str(folder / "new")]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param(_policy("8.8.8.0/24"), _policy("8.8.8.0/24"), 0, id="nothing"),
        pytest.param(_policy("8.8.8.0/24"), _policy("8.8.8.0/25", "8.8.8.128/25"), 0, id="a block in two halves"),
        pytest.param(_policy("8.8.8.0/24"), _policy("8.8.8.0/23"), 1, id="a wider block"),
        pytest.param(_policy("8.8.8.0/23"), _policy("8.8.8.0/24"), 0, id="a narrower block"),
        pytest.param(_policy("8.8.8.0/24"), _policy("8.8.8.0/24", ports="[{port: 22}]"), 1, id="another port"),
        pytest.param(_policy(), _policy("8.8.8.8/32"), 1, id="a first rule"),
    ],
)
def test_it_fails_only_on_what_opened(old: str, new: str, code: int, tmp_path: Path) -> None:
    sides = _sides(tmp_path, old, new)
    assert main(["diff", *sides, "--fail-on", "opened"]) == code
    assert main(["diff", *sides]) == 0


def test_what_is_approved_does_not_fail(tmp_path: Path) -> None:
    sides = _sides(tmp_path, _policy(), _policy("8.8.8.8/32"))
    given = tmp_path / "parameters.json"
    given.write_text(json.dumps({"approvedDestinations": [{"name": "a", "cidrs": ["8.8.8.0/24"], "ports": [443]}]}))
    assert main(["diff", *sides, "--fail-on", "opened", "--parameters", str(given)]) == 0


@pytest.mark.parametrize("name", ["text", "json", "sarif", "markdown"])
def test_each_format_names_what_opened(name: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["diff", *_sides(tmp_path, _policy(), _policy("8.8.8.8/32")), "--format", name]) == 0
    said = capfdbinary.readouterr().out.decode()
    # In Markdown what could be markup is written as entities.
    assert "8.8.8.8/32" in said.replace("&#46;", ".").replace("&#47;", "/")
    if name in ("json", "sarif"):
        found: Any = json.loads(said)
        assert found


def test_a_file_that_cannot_be_read_is_told_and_the_rest_compared(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    sides = _sides(tmp_path, _policy(), _policy("8.8.8.8/32"))
    (tmp_path / "new" / "b.yaml").write_text("a: [")
    assert main(["diff", *sides]) == 2
    said = capfdbinary.readouterr().out.decode()
    assert "8.8.8.8/32" in said
    assert "b.yaml" in said


@pytest.mark.parametrize("name", ["--upload-pack=x", "-x", "no-such-revision", "HEAD:a b", "$(id)"])
def test_what_is_neither_a_folder_nor_a_revision_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        try:
            code = main(["diff", "--", name, "."])
        except SystemExit as stopped:  # argparse takes it for an option
            code = int(str(stopped.code))
    assert code == 2
