"""A definition made into the files of a bundle, the same everywhere: nothing of the machine or the day is in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from egress_policy import settings
from egress_policy.audit import ParametersError, check
from egress_policy.bundle import BundleError, archive, modules
from egress_policy.bundle.definition import Definition
from egress_policy.engine import GATEWAY_INDEX, REVIEW_INDEX, embedded, load

Json = dict[str, Any]
_WASM = "policy.wasm"
_DATA = "data.json"
_PARAMETERS, _APPROVED = "egress/parameters", "egress/approved"
_SECONDS = 300


def build(definition: Definition, revision: str | None = None) -> dict[str, bytes]:
    """The files of a bundle. Raises BundleError for what OPA cannot compile, or the policy refuses as settings."""
    files, roots = _policy(definition) if definition.packages else _data(definition)
    manifest = {
        "revision": revision or definition.revision,
        "roots": roots,
        "rego_version": 1,
        "metadata": {"name": definition.name, "description": definition.description}
        | ({"entrypoints": list(definition.entrypoints)} if definition.packages else {}),
    }
    return {archive.MANIFEST: _json(manifest), **files}


def for_conftest(definition: Definition, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What conftest loads in place of the bundle of these files: modules where they are, and data."""
    modules_ = modules.files(embedded.rego(), None, definition.conftest) if definition.conftest else {}
    data = {name: content for name, content in files.items() if name == _DATA}
    return {name: text.encode() for name, text in modules_.items()} | data


def _json(value: Json) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _policy(definition: Definition) -> tuple[dict[str, bytes], list[str]]:
    texts = modules.files(embedded.rego(), definition.name, definition.packages)
    files = {name: text.encode() for name, text in texts.items()}
    own = modules.within(definition.name).replace(".", "/")
    roots = [package.replace(".", "/") for package in definition.packages]
    roots += [own] if any(name.startswith(f"{own}/") for name in files) else []
    compiled = {_WASM: _compiled(files, definition.entrypoints)} if definition.entrypoints else {}
    return files | compiled, sorted(roots)


def _data(definition: Definition) -> tuple[dict[str, bytes], list[str]]:
    given = settings.read(definition.parameters, definition.waivers, definition.models)
    try:
        with load("wasm", given.values) as engine:
            check(engine)
            # What gateway and review would work out of all of it for each question.
            approved = engine.ask(GATEWAY_INDEX, b"{}") | {"review": engine.ask(REVIEW_INDEX, b"{}")}
    except ParametersError as error:
        raise BundleError(given.explained(error.problems)) from error
    return {_DATA: _json({"egress": {"parameters": given.values, "approved": approved}})}, [_APPROVED, _PARAMETERS]


def _compiled(files: Mapping[str, bytes], entrypoints: tuple[str, ...]) -> bytes:
    """The modules as wasm. Built from inside their folder: the module keeps the paths that it was given."""
    opa = _opa()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "policy")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text)
        made = Path(name, "bundle.tar.gz")
        chosen = (argument for one in entrypoints for argument in ("-e", one))
        _run(opa, folder, "build", "-t", "wasm", *chosen, "-o", str(made), ".")
        return archive.read(str(made))[_WASM]


def opa_version() -> str:
    """The version of the OPA that compiles, as 1.22.2."""
    said = _run(_opa(), Path.cwd(), "version").decode(errors="replace")
    return next((line.split()[1] for line in said.splitlines() if line.startswith("Version:")), "unknown")


def _opa() -> str:
    found = shutil.which("opa")
    if found is None:
        raise BundleError(
            "no program `opa` on PATH, which compiles the policy: install OPA 1.22.2 or newer"
            " (https://www.openpolicyagent.org/docs#1-download-opa)"
        )
    return found


def _run(opa: str, folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            [opa, *arguments], cwd=folder, capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BundleError(f"opa {arguments[0]}: {error}") from error
    if done.returncode != 0:
        raise BundleError(f"opa {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
