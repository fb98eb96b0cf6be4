"""`egress generate`: what is written where, what is refused, and that reading it back gives the model's policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy import model
from egress_policy.cli import main
from tests.unit.model.models import ALL, document, with_spec, written

if TYPE_CHECKING:
    from pathlib import Path

NASTY = 'a "quoted" # text\n---\nkind: Evil\n{{ .Values.x }} \x1b[31m\u202e $(id) `id` <b>'


def _policies(*names: str) -> list[Any]:
    return [policy for one in model.read(*names) for policy in model.policies(one)]


def test_without_a_folder_the_policies_are_written_to_standard_output(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = written(tmp_path, document(ALL))
    assert main(["generate", name]) == 0
    assert list(yaml.safe_load_all(capfdbinary.readouterr().out)) == _policies(name)


@pytest.mark.parametrize("field", ["owner", "reason"])
def test_no_text_of_a_model_breaks_out_of_its_comment(field: str, tmp_path: Path) -> None:
    name = written(tmp_path, with_spec(https=[{**ALL["https"][0], field: NASTY}]))
    assert (
        main(["generate", name, "--format", "kubectl", "--format", "kustomize", "--output", str(tmp_path / "o")]) == 0
    )
    text = (tmp_path / "o" / "15_egress_allow_rules.yaml").read_text()
    assert list(yaml.safe_load_all(text)) == _policies(name)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_kustomize_gets_one_file_a_policy_in_order(tmp_path: Path) -> None:
    name = written(tmp_path, document(ALL))
    assert main(["generate", name, "--format", "kustomize", "--output", str(tmp_path / "o")]) == 0
    base = tmp_path / "o" / "kustomize" / "base"
    listed = yaml.safe_load((base / "kustomization.yaml").read_text())["resources"]
    assert [yaml.safe_load((base / file).read_text()) for file in listed] == _policies(name)
    assert sorted(path.name for path in base.iterdir()) == sorted([*listed, "kustomization.yaml"])


def test_it_is_written_again_byte_by_byte_and_leftovers_go(tmp_path: Path) -> None:
    out = tmp_path / "o"
    name = written(tmp_path, document(ALL))
    assert main(["generate", name, "--format", "kustomize", "--output", str(out)]) == 0
    first = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert main(["generate", name, "--format", "kustomize", "--output", str(out)]) == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == first
    assert main(["generate", written(tmp_path, document()), "--format", "kustomize", "--output", str(out)]) == 0
    assert len(list((out / "kustomize" / "base").iterdir())) == 3


def test_what_somebody_else_wrote_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "15_egress_allow_rules.yaml").write_text("kind: Mine\n")
    assert main(["generate", written(tmp_path, document()), "--output", str(tmp_path)]) == 2
    assert "was not written by this command" in capsys.readouterr().err
    assert (tmp_path / "15_egress_allow_rules.yaml").read_text() == "kind: Mine\n"


def test_an_approval_that_has_ended_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(
        "apiVersion: egress-policy.dev/v1\nkind: EgressModel\nmetadata: {name: a}\nspec:\n  namespaces: [a]\n"
        "  https:\n    - name: x\n      cidrs: [8.8.8.0/24]\n      expires: 2020-01-01\n"
    )
    assert main(["generate", str(path)]) == 2
    said = f"egress: {path}:9: spec.https[0].expires was 2020-01-01: have 'x' approved anew, or remove it\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "nothing to generate from", id="nothing"),
        pytest.param(
            ["MODEL", "--format", "helm"], "name a folder with --output DIR", id="several files and no folder"
        ),
        pytest.param(["MODEL", "--from", "k8s"], "--from proposes a model", id="a model and manifests"),
        pytest.param(["--from", "k8s", "--format", "helm"], "--from proposes a model", id="manifests and a format"),
        pytest.param(["none.yaml"], "none.yaml: No such file", id="a model that is not there"),
    ],
)
def test_it_refuses(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, document())
    assert main(["generate", *(name if one == "MODEL" else one for one in arguments)]) == 2
    assert said in capsys.readouterr().err
