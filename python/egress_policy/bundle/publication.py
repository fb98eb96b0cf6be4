"""What is published: a signed bundle, and what is proven of it by building it once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from egress_policy.bundle import BundleError, archive, build, definition, keys, signatures
from egress_policy.bundle.archive import SIGNATURES
from egress_policy.bundle.definition import Definition


@dataclass(frozen=True, slots=True)
class Publication:
    """A signed bundle as it was read, its files, its claims, and the files that conftest gets in its place, if any."""

    definition: Definition
    revision: str
    bundle: bytes
    files: Mapping[str, bytes]
    claims: signatures.Json
    for_conftest: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 of the bundle in hexadecimal."""
        return archive.digest(self.bundle)

    @property
    def issued(self) -> datetime | None:
        """When it was signed, UTC: of all that is published, nothing has another time."""
        moment = self.claims.get("iat")
        return None if moment is None else datetime.fromtimestamp(moment, UTC)


def prepared(data: bytes, key: keys.SigningKey, keyid: str, now: int, source: str | None) -> Publication:
    """A bundle that this key has signed, and that its definition is built to, file by file.

    `source` is the definition's file, or None for a bundle of ours. Raises BundleError for any other bundle.
    """
    files = archive.unpack(data)
    scope = signatures.claimed(files)[1].get("scope", "") if SIGNATURES in files else ""
    signed = signatures.verified(files, signatures.Expected({keyid: key.public}, now, scope))
    defined = definition.read(source or _own(files))
    revision = signatures.revision(files)
    made = build.build(defined, revision or None)
    if changed := sorted(different(files, made)):
        raise BundleError(
            f"{defined.path} is built to something else: {', '.join(changed[:5])}"
            f"{' and more' if len(changed) > 5 else ''}; publish what this version of egress-policy and of OPA builds"
        )
    return Publication(defined, revision, data, files, signed.claims, build.for_conftest(defined, made))


def _own(files: Mapping[str, bytes]) -> str:
    metadata = signatures.manifest(files).get("metadata")
    found = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(found, str) or not definition.own(found):
        raise BundleError("is no bundle of ours: say what it was built from by --definition FILE")
    return found


def different(files: Mapping[str, bytes], made: Mapping[str, bytes]) -> set[str]:
    """The files that two bundles have not in common, whoever signed them."""
    return {name for name in (files.keys() | made.keys()) - {SIGNATURES} if files.get(name) != made.get(name)}
