"""Which Go programs on PATH are taken, and where the others are kept."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tools import programs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFTEST, OPA = programs.pinned(programs.CONFTEST), programs.pinned(programs.OPA)
ETCD, KUBERNETES = programs.pinned(programs.ETCD), programs.pinned(programs.KUBERNETES)
HELM, KUSTOMIZE = (programs.pinned(name, programs.PACKAGING) for name in (programs.HELM, programs.KUSTOMIZE))


@pytest.mark.parametrize(
    ("name", "answer", "fits"),
    [
        pytest.param("opa", f"Version: {OPA}\nBuild Commit: \n", True, id="the pinned opa"),
        pytest.param("opa", "Version: 1.100.0\n", True, id="a newer opa"),
        pytest.param("opa", "Version: 1.22.1\n", False, id="an older opa"),
        pytest.param("opa", "Go Version: go9.9.9\nVersion: 1.3.0\n", False, id="another version is not opa's"),
        pytest.param("conftest", f"Conftest: {CONFTEST}\nOPA: {OPA}\n", True, id="the pinned conftest"),
        pytest.param("conftest", f"Conftest: {CONFTEST}\nOPA: 1.21.1\n", False, id="conftest as it was released"),
        pytest.param("conftest", f"Conftest: dev\nOPA: {OPA}\n", False, id="a conftest that has no version"),
        pytest.param("conftest", f"Conftest: 0.99.0\nOPA: {OPA}\n", False, id="a newer conftest"),
        pytest.param("gator", "gator version v3.23.1 (Feature State: beta), opa/v1.17.1", True, id="a released gator"),
        pytest.param("gator", "gator version devel (unknown) (Feature State: beta)", False, id="a nameless gator"),
        pytest.param("etcd", f"etcd Version: {ETCD}\nGit SHA: 0\n", True, id="the pinned etcd"),
        pytest.param("etcd", "etcd Version: 3.99.0\n", False, id="another etcd"),
        pytest.param("kube-apiserver", f"Kubernetes v{KUBERNETES}\n", True, id="the pinned API server"),
        pytest.param("kube-apiserver", "Kubernetes v0.0.0-master+$Format:%H$\n", False, id="a nameless API server"),
        pytest.param("helm", f"v{HELM}+g12ab34c\n", True, id="the pinned helm, as it was released"),
        pytest.param("helm", f"v{HELM}\n", True, id="the pinned helm"),
        pytest.param("helm", "v4.3\n", False, id="a helm that was told no version"),
        pytest.param("helm", "v3.19.0+g3d8990f\n", False, id="an older helm"),
        pytest.param("kustomize", f"v{KUSTOMIZE}\n", True, id="the pinned kustomize"),
        pytest.param("kustomize", "(devel)\n", False, id="a nameless kustomize"),
        pytest.param("kustomize", "v5.7.1\n", False, id="an older kustomize"),
        pytest.param("opa", "", False, id="a program that says nothing"),
    ],
)
def test_a_program_on_path(name: str, answer: str, fits: bool) -> None:
    assert programs.PROGRAMS[name].fits(answer) is fits


def test_the_oracle_is_never_taken_from_path() -> None:
    assert not programs.PROGRAMS["kubernetes"].fits("kubernetes 1.36.3")


def test_the_cache_is_where_xdg_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert programs.cache() == tmp_path / "egress-policy"


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert programs.cache().is_absolute()


def test_every_program_is_found(tool: Callable[[str], Path]) -> None:
    assert all(tool(name).is_file() for name in programs.QUICK)


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("etcd", "server"),
        ("gatekeeper", "gatekeeper"),
        ("gator", "gator"),
        ("kubernetes", "kubernetes"),
        ("helm", "helm"),
        ("kustomize", "kustomize"),
    ],
)
def test_what_go_calls_a_program(name: str, built: str) -> None:
    assert programs._executable(name).removesuffix(".exe") == built


def test_the_source_of_a_pinned_module() -> None:
    assert (programs.source(programs.GATEKEEPER) / "charts" / "gatekeeper" / "crds").is_dir()


def test_the_source_of_a_module_that_nothing_pins() -> None:
    with pytest.raises(programs.ProgramError, match="go mod download"):
        programs.source("example.invalid/none")


@pytest.mark.parametrize("name", ["helm", "kustomize"])
def test_a_program_that_was_built_here_fits_on_path(name: str, tool: Callable[[str], Path]) -> None:
    program = programs.PROGRAMS[name]
    said = subprocess.run([tool(name), *program.version_command], capture_output=True, text=True, check=True).stdout
    assert program.fits(said)


def test_the_modules_have_folders_of_their_own() -> None:
    assert programs.folder() != programs.folder(programs.PACKAGING)


def test_the_modules_are_built_by_the_same_go() -> None:
    wanted = {
        re.search(r"^go .*", (home / "go.mod").read_text(), re.MULTILINE)[0]  # type: ignore[index]
        for home in (programs.MODULE, programs.PACKAGING)
    }
    assert len(wanted) == 1


@pytest.mark.parametrize(("home", "said"), [("MODULE", "tools/go.mod"), ("PACKAGING", "tools/packaging/go.mod")])
def test_a_module_that_nothing_pins(home: str, said: str) -> None:
    with pytest.raises(programs.ProgramError, match=f"^{re.escape(said)} does not require example.invalid/none$"):
        programs.pinned("example.invalid/none", getattr(programs, home))
