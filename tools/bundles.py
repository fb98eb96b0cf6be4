"""The lock of our bundles: what each definition in bundles/ is built to, its revision, files and digests.

Needs the packages that the project itself needs, and `opa` on PATH.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from egress_policy.bundle import archive, definition, digests
from egress_policy.bundle.build import build
from egress_policy.bundle.definition import Definition

FOLDER = Path(__file__).resolve().parent.parent / "bundles"
Json = dict[str, Any]


def lock() -> dict[str, Json]:
    """{name: {"revision", "sha256" of the bundle, "files": {name: the digest that a signature has}}}.

    Of bundles of policy: one of data asks the compiled policy, which is itself among what is generated.
    """
    defined = [definition.read(str(path)) for path in sorted(FOLDER.glob("*.yaml"))]
    return {one.name: _locked(one) for one in defined if one.packages}


def _locked(defined: Definition) -> Json:
    files = build(defined)
    return {
        "revision": defined.revision,
        "sha256": archive.digest(archive.pack(files)),
        "files": {name: digests.of(name, content) for name, content in sorted(files.items())},
    }
