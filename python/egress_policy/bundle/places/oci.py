"""What is kept of a bundle in a registry, as bytes and digests. Source: https://github.com/opencontainers/image-spec."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from egress_policy.bundle.attestations import PROVENANCE, SBOM
from egress_policy.bundle.places import PlaceError
from egress_policy.bundle.publication import Publication

Json = dict[str, Any]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
#: The only layer that OPA takes.
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_IMAGE = "application/vnd.oci.image.config.v1+json"
#: What conftest takes, and `conftest push` makes.
_POLICY = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego"
_DATA = "application/vnd.cncf.openpolicyagent.data.layer.v1+json"
_UNKNOWN = "application/vnd.unknown.config.v1+json"
_EMPTY = "application/vnd.oci.empty.v1+json"
#: Envelopes by kind, as https://github.com/in-toto/attestation/blob/main/spec/v1/bundle.md names them.
ENVELOPES = {SBOM: "application/vnd.in-toto.cyclonedx+dsse", PROVENANCE: "application/vnd.in-toto.provenance+dsse"}
_TITLE = "org.opencontainers.image.title"
_HOST = r"(?P<host>[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?)"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = r"sha256:[0-9a-f]{64}"
_REFERENCE = re.compile(
    rf"oci://{_HOST}/(?P<repository>{_PART}(?:/{_PART})*)(?::(?P<tag>{TAG.pattern}))?(?:@(?P<digest>{_DIGEST}))?"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """`oci://HOST/REPOSITORY[:TAG][@DIGEST]`."""

    host: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def name(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.repository}"


def reference(text: str) -> Reference:
    """The parts of a reference. Raises PlaceError."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise PlaceError(
            f"{text}: must be a repository of a registry, as oci://registry.example.com/policy/egress-restricted:1.0.0"
        )
    return Reference(found["host"], found["repository"], found["tag"], found["digest"])


@dataclass(frozen=True, slots=True)
class Artifact:
    """A manifest, and what it refers to by digest."""

    manifest: bytes
    blobs: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """By which it is known: `sha256:…`."""
        return digest(self.manifest)

    @property
    def descriptor(self) -> Json:
        """How another manifest refers to it."""
        said = json.loads(self.manifest)
        about = {name: said[name] for name in ("artifactType", "annotations") if name in said}
        return {"mediaType": MANIFEST, "digest": self.digest, "size": len(self.manifest), **about}


def digest(data: bytes) -> str:
    """`sha256:…`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def bundle(published: Publication, keyid: str) -> Artifact:
    """The artifact that OPA takes: an image of one layer, which is the bundle."""
    inside = zlib.decompress(published.bundle, wbits=31)
    config = json_bytes({
        "architecture": "unknown", "os": "unknown", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest(inside)]},
    })  # fmt: skip
    title = {_TITLE: f"{published.definition.name}.tar.gz"}
    return _artifact((_IMAGE, config), [(LAYER, published.bundle, title)], _annotations(published, keyid))


def for_conftest(published: Publication, keyid: str) -> Artifact | None:
    """The artifact that `conftest pull` takes, a layer for each file; None if there is nothing for it."""
    layers = [
        (_POLICY if name.endswith(".rego") else _DATA, content, {_TITLE: name})
        for name, content in sorted(published.for_conftest.items())
    ]
    return _artifact((_UNKNOWN, b"{}"), layers, _annotations(published, keyid)) if layers else None


def envelope(kind: str, text: bytes, subject: Artifact, keyid: str) -> Artifact:
    """An envelope as an artifact that refers to another."""
    about = {"mediaType": MANIFEST, "digest": subject.digest, "size": len(subject.manifest)}
    more = {"artifactType": ENVELOPES[kind], "subject": about}
    return _artifact((_EMPTY, b"{}"), [(ENVELOPES[kind], text, {})], {"dev.egress-policy.keyid": keyid}, more)


def _annotations(published: Publication, keyid: str) -> dict[str, str]:
    created = published.issued
    said = {
        _TITLE: published.definition.name,
        "org.opencontainers.image.description": published.definition.description,
        "org.opencontainers.image.version": published.revision,
        "org.opencontainers.image.created": created.isoformat().replace("+00:00", "Z") if created else "",
        "dev.egress-policy.keyid": keyid,
        "dev.egress-policy.scope": published.claims.get("scope", ""),
    }
    return {name: value for name, value in said.items() if value}


def _artifact(
    config: tuple[str, bytes],
    layers: Sequence[tuple[str, bytes, dict[str, str]]],
    annotations: dict[str, str],
    more: Json | None = None,
) -> Artifact:
    blobs = {digest(content): content for _, content, _ in layers} | {digest(config[1]): config[1]}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        **(more or {}),
        "config": _descriptor(*config),
        "layers": [_descriptor(kind, content, titles) for kind, content, titles in layers],
        "annotations": annotations,
    }
    return Artifact(json_bytes(manifest), blobs)


def _descriptor(kind: str, content: bytes, annotations: dict[str, str] | None = None) -> Json:
    about = {"annotations": annotations} if annotations else {}
    return {"mediaType": kind, "digest": digest(content), "size": len(content), **about}


def json_bytes(value: Json) -> bytes:
    """JSON, the same for the same."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
