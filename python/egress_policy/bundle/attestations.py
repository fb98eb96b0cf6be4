"""What is said of a bundle beside it: an SBOM and its provenance, as in-toto statements that the bundle's key signs.

Sources: https://github.com/in-toto/attestation/tree/main/spec/v1, https://slsa.dev/spec/v1.0/provenance and DSSE
(https://github.com/secure-systems-lab/dsse).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from egress_policy import __version__
from egress_policy.bundle import BundleError, build, keys
from egress_policy.bundle.definition import Definition
from egress_policy.bundle.publication import Publication

Json = dict[str, Any]
# {digest in hexadecimal: name}: what an attestation is about.
Subjects = Mapping[str, str]
SBOM, PROVENANCE = "sbom", "provenance"
#: What each kind's predicate is called.
KINDS = {SBOM: "https://cyclonedx.org/bom", PROVENANCE: "https://slsa.dev/provenance/v1"}
BUILDER = "https://egress-policy.dev/builder/local"
_BUILD = "https://egress-policy.dev/bundle/v1"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PAYLOAD = "application/vnd.in-toto+json"
MOST_BYTES = 8 << 20


def predicates(published: Publication, builder: str) -> dict[str, Json]:
    """What there is to say of a bundle, by kind. Raises BundleError where the library for it is not installed."""
    try:
        from egress_policy.bundle.sbom import sbom
    except ImportError as error:
        raise BundleError("an SBOM needs CycloneDX' library: `pip install 'egress-policy[publish]'`") from error
    opa = build.opa_version() if published.definition.entrypoints else None
    return {SBOM: sbom(published, opa), PROVENANCE: _provenance(published, opa, builder)}


def _provenance(published: Publication, opa: str | None, builder: str) -> Json:
    defined = published.definition
    return {
        "buildDefinition": {
            "buildType": _BUILD,
            "externalParameters": {"definition": Path(defined.path).name, "revision": published.revision},
            "resolvedDependencies": [*_packages(opa), *map(_file, _sources(defined))],
        },
        "runDetails": {"builder": {"id": builder, "version": {"egress-policy": __version__}}},
    }


def _packages(opa: str | None) -> Iterator[Json]:
    yield {"name": "egress-policy", "uri": f"pkg:pypi/egress-policy@{__version__}"}
    if opa is not None:
        yield {"name": "opa", "uri": f"pkg:golang/github.com/open-policy-agent/opa@v{opa}"}


def _sources(defined: Definition) -> list[str]:
    return [path for path in (defined.path, *defined.models, defined.parameters, defined.waivers) if path]


def _file(path: str) -> Json:
    return {"name": Path(path).name, "digest": {"sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}}


def signed(kind: str, predicate: Json, subjects: Subjects, key: keys.SigningKey, keyid: str) -> bytes:
    """An envelope with a statement about the subjects."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature  # type: ignore[attr-defined]

    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for digest, name in subjects.items()],
        "predicateType": KINDS[kind],
        "predicate": predicate,
    }
    envelope = Envelope(_json(statement), _PAYLOAD, {})
    envelope.signatures[keyid] = Signature(keyid, key.sign_der(envelope.pae()).hex())
    return _json(envelope.to_dict())


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def verified(kind: str, envelopes: Iterable[bytes], digest: str, ring: Mapping[str, Any]) -> Json:
    """The predicate of the first envelope that a key of the ring signed about this digest.

    Raises BundleError with what is wrong with each, if there is none.
    """
    wrong = []
    for envelope in envelopes:
        try:
            return _verified(kind, envelope, digest, ring)
        except BundleError as error:
            wrong.append(f"its {kind} {error}")
    raise BundleError("\n".join(dict.fromkeys(wrong)) or f"has no {kind} beside it")


def _verified(kind: str, envelope: bytes, digest: str, ring: Mapping[str, Any]) -> Json:
    statement = _statement(envelope, ring)
    if statement.get("_type") != _STATEMENT or statement.get("predicateType") != KINDS[kind]:
        raise BundleError(f"is none: it says {str(statement.get('predicateType'))[:80]!r}")
    if digest not in set(_about(statement.get("subject"))):
        raise BundleError("is about something else")
    predicate = statement.get("predicate")
    if not isinstance(predicate, dict):
        raise BundleError("says nothing")
    return predicate


def _statement(text: bytes, ring: Mapping[str, Any]) -> Json:
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError

    if len(text) > MOST_BYTES:
        raise BundleError("is too large")
    try:
        envelope = Envelope.from_dict(json.loads(text))
        envelope.verify([keys.dsse(key, keyid) for keyid, key in ring.items()], 1)
        # Never before: what nobody signed is not even read.
        found = json.loads(envelope.payload)
    except VerificationError as error:
        raise BundleError(f"is not signed by {', '.join(sorted(ring))}") from error
    except Exception as error:  # the library checks little of what it is given, and raises whatever comes of that
        raise BundleError("is no signed statement") from error
    if envelope.payload_type != _PAYLOAD or not isinstance(found, dict):
        raise BundleError("is no in-toto statement")
    return found


def _about(subjects: object) -> Iterator[str]:
    for subject in subjects if isinstance(subjects, list) else []:
        digests = subject.get("digest") if isinstance(subject, dict) else None
        named = digests.get("sha256") if isinstance(digests, dict) else None
        if isinstance(named, str):
            yield named


def builder(provenance: Json) -> str:
    """Who a provenance says built it."""
    details = provenance.get("runDetails")
    found = details.get("builder") if isinstance(details, dict) else None
    return str(found.get("id")) if isinstance(found, dict) else "nobody"


def text(predicate: Json) -> str:
    """A predicate as a document of its own."""
    return json.dumps(predicate, indent=2, ensure_ascii=False) + "\n"
