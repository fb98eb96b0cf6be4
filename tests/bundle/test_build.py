"""Our bundles, built: the same each time, loaded together by one OPA, and answering as the audit does."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from egress_policy.bundle import BundleError, archive, definition, digests, modules
from egress_policy.bundle.build import build
from egress_policy.engine import embedded, load
from tests import engines

ROOT = Path(__file__).parents[2]
DEFINITIONS = sorted((ROOT / "bundles").glob("*.yaml"))
_OPEN = {
    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "open", "namespace": "shop"},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
}  # fmt: skip
_SOURCE = {"file": "a", "line": 1, "folder": "", "order": 0, "duplicates": []}
_QUESTION = {
    "namespace": "", "namespaces": [],
    "shards": [{"namespace": "shop", "documents": [{"object": _OPEN, "source": _SOURCE}]}],
}  # fmt: skip


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Each of ours, built."""
    folder = tmp_path_factory.mktemp("bundles")
    for path in DEFINITIONS:
        (folder / f"{path.stem}.tar.gz").write_bytes(archive.pack(build(definition.read(str(path)))))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def together(bundles: list[Path], opa: Path) -> Iterator[str]:
    """The address of one OPA that has loaded them all."""
    arguments = [argument for path in bundles for argument in ("--bundle", str(path))]
    with engines.serving(opa, *arguments) as url:
        yield url


def _asked(url: str, path: str, question: Any) -> Any:
    return requests.post(f"{url}/v1/data/{path}", json={"input": question}, timeout=120).json().get("result")


def test_the_lock_is_what_they_are_built_to(bundles: list[Path]) -> None:
    lock = json.loads((ROOT / "bundles" / "lock.json").read_bytes())
    named = {path.name.removesuffix(".tar.gz"): path for path in bundles}
    assert set(named) - set(lock) == {"approved-destinations"}
    for name, path in named.items():
        if name == "approved-destinations":  # of data, which is no policy of ours
            continue
        locked = lock[name]
        assert locked["sha256"] == archive.digest(path.read_bytes())
        assert locked["files"] == {name: digests.of(name, text) for name, text in archive.read(str(path)).items()}


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: str(path.stem))
def test_no_two_share_a_root_and_every_file_is_below_one(path: Path) -> None:
    roots = {one.stem: json.loads(build(definition.read(str(one)))[archive.MANIFEST])["roots"] for one in DEFINITIONS}
    for root in roots[path.stem]:
        for other in (one for name, listed in roots.items() for one in listed if (name, one) != (path.stem, root)):
            assert not f"{other}/".startswith(f"{root}/")
    for name in build(definition.read(str(path))):
        assert name in (archive.MANIFEST, "policy.wasm", "data.json") or name.startswith(tuple(roots[path.stem]))


def test_one_opa_loads_them_all_and_answers_as_the_audit_does(together: str) -> None:
    model = {"models": [json.loads(json.dumps(_model()))]}
    with load("wasm", model) as engine:
        expected = engine.ask("main/namespaces", json.dumps(_QUESTION).encode())
    answer = _asked(together, "egress/main/namespaces", _QUESTION)
    assert answer == expected
    assert {"open-egress", "allow-https"} <= {one["rule"] for found in answer for one in found["findings"]}


def _model() -> Any:
    from egress_policy import model

    return model.read(str(ROOT / "examples" / "model" / "shop.yaml"))[0].written.value


def test_the_layers_are_judged_by_a_bundle_of_their_own(together: str) -> None:
    review = {
        "review": {"object": _OPEN, "operation": "CREATE", "kind": {"kind": "NetworkPolicy"}},
        "parameters": {"models": [_model()]},
    }
    said = [one["msg"] for one in _asked(together, "egress/model/allow_https/violation", review)]
    assert len(said) == 1
    assert "not all of which model 'shop' approves" in said[0]


def test_only_what_they_need_is_in_them(bundles: list[Path]) -> None:
    names = {path.name: archive.read(str(path)) for path in bundles}
    assert not any("_test.rego" in name for files in names.values() for name in files)
    assert not any("/diff/" in name for files in names.values() for name in files)
    assert not any("egress/rules" in name for name in names["egress-model.tar.gz"])


def test_the_compiled_policy_answers(bundles: list[Path], tmp_path: Path, opa: Path) -> None:
    """The wasm of the bundle, by what OPA itself makes of the modules beside it."""
    (path,) = (one for one in bundles if one.stem.startswith("egress-restricted"))
    assert archive.read(str(path))["policy.wasm"].startswith(b"\x00asm")
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path, filter="data")
    checked = subprocess.run([opa, "check", "--strict", "--bundle", tmp_path], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_what_opa_cannot_compile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_text(
        (ROOT / "bundles" / "egress-restricted.yaml").read_text().replace("egress/main/report", "egress/main/none")
    )
    with pytest.raises(BundleError, match="opa build: "):
        build(definition.read(str(path)))


def test_a_package_that_is_not_there_is_told() -> None:
    with pytest.raises(BundleError, match=r"has no package egress\.none"):
        modules.files(embedded.rego(), "x", ["egress.none"])


def test_settings_that_the_policy_refuses_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("profile: lax\n")
    (tmp_path / "b.yaml").write_text(
        "apiVersion: egress-policy.dev/v1\nkind: BundleDefinition\nname: d\nrevision: '1'\nparameters: p.yaml\n"
    )
    with pytest.raises(BundleError, match=r"p\.yaml:1: profile"):
        build(definition.read(str(tmp_path / "b.yaml")))


def test_without_opa_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BundleError, match="install OPA"):
        build(definition.read("egress-model"))
