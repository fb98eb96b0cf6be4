"""What is in a bundle as CycloneDX, the same byte for byte wherever it is made. Source: https://cyclonedx.org/specification/overview/."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from egress_policy import __version__
from egress_policy.bundle.archive import SIGNATURES
from egress_policy.bundle.publication import Publication

_WASM = "policy.wasm"


def sbom(published: Publication, opa: str | None) -> dict[str, Any]:
    """The components: each file with its SHA-256, and the packages it comes from; `opa` compiled it, if anything."""
    described = Component(
        name=published.definition.name,
        version=published.revision,
        description=published.definition.description or None,
        type=ComponentType.DATA if not published.definition.packages else ComponentType.LIBRARY,
        hashes=[_sha256(published.digest)],
        bom_ref="bundle",
    )
    made = Bom(components=[*_files(published), *_packages(opa)])
    # One bundle, one bill: a random number would make it another each time.
    made.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"sha256:{published.digest}")
    made.metadata.component = described
    if published.issued is not None:
        made.metadata.timestamp = published.issued
    made.register_dependency(described, made.components)
    found: dict[str, Any] = json.loads(JsonV1Dot6(made).output_as_string())
    if published.issued is None:
        del found["metadata"]["timestamp"]
    return found


def _sha256(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _files(published: Publication) -> Iterator[Component]:
    for name, content in sorted(published.files.items()):
        if name != SIGNATURES:
            hashes = [_sha256(hashlib.sha256(content).hexdigest())]
            yield Component(name=name, type=ComponentType.FILE, hashes=hashes, bom_ref=f"file:{name}")


def _packages(opa: str | None) -> Iterator[Component]:
    """Policy and compiler. What a Python package needs itself is not in a bundle."""
    yield _package("egress-policy", __version__, PackageURL("pypi", None, "egress-policy", __version__))
    if opa is not None:
        yield _package("opa", opa, PackageURL("golang", "github.com/open-policy-agent", "opa", f"v{opa}"))


def _package(name: str, version: str, purl: PackageURL) -> Component:
    return Component(name=name, version=version, type=ComponentType.LIBRARY, purl=purl, bom_ref=purl.to_string())
