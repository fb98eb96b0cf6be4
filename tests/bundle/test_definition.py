"""Definitions of bundles: what is refused, with file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from egress_policy.bundle import BundleError, definition

_POLICY: dict[str, Any] = {
    "apiVersion": "egress-policy.dev/v1",
    "kind": "BundleDefinition",
    "name": "mine",
    "revision": "1.0.0",
    "packages": ["egress.main"],
    "entrypoints": ["egress/main/report"],
}
_DATA = {name: value for name, value in _POLICY.items() if name not in ("packages", "entrypoints")} | {
    "models": ["m.yaml"]
}


def _written(folder: Path, value: Any) -> str:
    path = folder / "bundle.yaml"
    path.write_text(json.dumps(value, indent=1))
    return str(path)


def test_a_bundle_of_policy(tmp_path: Path) -> None:
    found = definition.read(_written(tmp_path, _POLICY))
    assert (found.name, found.revision, found.packages) == ("mine", "1.0.0", ("egress.main",))


def test_files_of_data_are_beside_the_definition(tmp_path: Path) -> None:
    found = definition.read(_written(tmp_path, {**_DATA, "parameters": "p.yaml", "waivers": "w.yaml"}))
    assert found.models == (str(tmp_path / "m.yaml"),)
    assert (found.parameters, found.waivers) == (str(tmp_path / "p.yaml"), str(tmp_path / "w.yaml"))


@pytest.mark.parametrize("name", ["egress-restricted", "egress-model"])
def test_ours_are_known_by_name(name: str) -> None:
    assert definition.read(name).name == name


def test_a_file_goes_before_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("egress-model").write_text(json.dumps(_POLICY))
    assert definition.read("egress-model").name == "mine"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"apiVersion": None}, ":2: apiVersion must be egress-policy.dev/v1", id="no version"),
        pytest.param({"kind": "Bundle"}, ":3: kind must be BundleDefinition", id="another kind"),
        pytest.param({"name": None}, ":4: name must be lower-case", id="no name"),
        pytest.param({"name": 1}, ":4: name must be lower-case", id="a name that is a number"),
        pytest.param({"name": "../x"}, ":4: name must be lower-case", id="a name that leads elsewhere"),
        pytest.param({"revision": None}, ":5: revision must be a text", id="no revision"),
        pytest.param({"revision": 1.0}, ":5: revision must be a text", id="a revision that YAML takes for a number"),
        pytest.param({"revision": "a b"}, ":5: revision must be a text", id="a revision with a blank"),
        pytest.param({"packages": "egress.main"}, ":6: packages must be a list", id="packages that are no list"),
        pytest.param({"packages": [1]}, "packages[0] must be the name of a package", id="a package that is a number"),
        pytest.param({"packages": ["egress/main"]}, "packages[0] must be the name", id="a package that is a path"),
        pytest.param({"packages": []}, "packages must be listed beside entrypoints", id="no packages"),
        pytest.param({"entrypoints": ["report"]}, "entrypoints[0] must be the path", id="an entrypoint of no package"),
        pytest.param(
            {"entrypoints": ["a/-x"]}, "entrypoints[0] must be the path", id="an entrypoint that is an option"
        ),
        pytest.param({"models": ["m.yaml"]}, "models must be in a bundle of its own", id="policy and data"),
        pytest.param({"roots": ["a"]}, "roots is an unknown field", id="an unknown field"),
        pytest.param({"description": 1}, "description must be a text", id="a description that is a number"),
        pytest.param({"waivers": {}}, "waivers must be a text", id="waivers that are no path"),
    ],
)
def test_it_refuses(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError) as found:
        definition.read(_written(tmp_path, _POLICY | change))
    assert said in str(found.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[]", "the document must be a BundleDefinition", id="a list"),
        pytest.param("", "the document must be a BundleDefinition", id="nothing"),
        pytest.param("a: [", "b.yaml", id="no YAML"),
        pytest.param("name: a\nname: b\n", "b.yaml", id="a field twice"),
    ],
)
def test_what_is_no_definition_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_text(text)
    with pytest.raises(BundleError, match=said):
        definition.read(str(path))


def test_what_is_neither_a_file_nor_ours_is_told() -> None:
    with pytest.raises(BundleError, match="no-such-bundle: No such file"):
        definition.read("no-such-bundle")


def test_a_bundle_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="must list packages, or name models, parameters or waivers"):
        definition.read(_written(tmp_path, {**_DATA, "models": []}))
