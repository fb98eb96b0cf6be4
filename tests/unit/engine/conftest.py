"""Policies compiled for one test."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from egress_policy.engine import NAMESPACES, PARAMETERS, REPORT

Compile = Callable[[str], bytes]


@pytest.fixture(scope="session")
def compiled(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """The wasm of a policy `package egress.main`; queries that it does not define are empty."""
    made: dict[str, bytes] = {}

    def build(rules: str) -> bytes:
        if rules not in made:
            made[rules] = _built(tool("opa"), tmp_path_factory.mktemp("policy"), rules)
        return made[rules]

    return build


def _built(opa: Path, folder: Path, rules: str) -> bytes:
    missing = [query for query in (PARAMETERS, NAMESPACES, REPORT) if f"{query} :=" not in rules]
    text = "\n".join(["package egress.main", *(f"{query} := {{}}" for query in missing), rules])
    (folder / "main.rego").write_text(text)
    entrypoints = [f"--entrypoint=egress/main/{query}" for query in (PARAMETERS, NAMESPACES, REPORT)]
    bundle = folder / "bundle.tar.gz"
    subprocess.run([opa, "build", "--target=wasm", *entrypoints, "-o", bundle, folder / "main.rego"], check=True)
    with tarfile.open(bundle) as archive:
        member = archive.extractfile("/policy.wasm")
        assert member is not None
        return member.read()
