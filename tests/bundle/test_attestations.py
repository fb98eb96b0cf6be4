"""SBOM and provenance: true to their formats, signed, about this bundle and no other."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementPb

from egress_policy.bundle import BundleError, archive, attestations, definition, keys, publication
from egress_policy.bundle.attestations import KINDS, PROVENANCE, SBOM
from egress_policy.bundle.build import build
from egress_policy.bundle.sbom import sbom
from tests.bundle import signers
from tests.bundle.signers import KEYID, NOW, Pair, pair

_DIGEST = "ab" * 32


def _publication(key: Pair, name: str = "egress-log", **claims: Any) -> publication.Publication:
    data = archive.pack(signers.signed(build(definition.read(name)), key, **claims))
    return publication.prepared(data, key.signing, KEYID, NOW, None)


@pytest.mark.parametrize("name", ["egress-log", "egress-model"])
def test_the_sbom_is_what_cyclonedx_takes(name: str, es256: Pair) -> None:
    made = _publication(es256, name)
    found = attestations.predicates(made, "https://example.com/ci")[SBOM]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(found)) is None
    files = {one["name"]: one["hashes"][0]["content"] for one in found["components"] if one["type"] == "file"}
    held = {name: hashlib.sha256(content).hexdigest() for name, content in made.files.items()}
    assert files == {name: digest for name, digest in held.items() if name != archive.SIGNATURES}
    packages = {one["name"] for one in found["components"] if one["type"] == "library"}
    assert packages == ({"egress-policy", "opa"} if name == "egress-model" else {"egress-policy"})
    assert found["metadata"]["component"]["hashes"][0]["content"] == made.digest


def test_of_one_bundle_there_is_one_sbom(es256: Pair) -> None:
    made = _publication(es256)
    assert sbom(made, None) == sbom(made, None)
    assert sbom(made, None)["metadata"]["timestamp"] == "2026-11-18T11:06:40+00:00"


def test_one_that_says_not_when_it_was_signed_has_no_time(es256: Pair) -> None:
    assert "timestamp" not in sbom(_publication(es256, issued=None), None)["metadata"]


def test_the_provenance_says_what_it_was_built_from(es256: Pair) -> None:
    made = _publication(es256, "egress-model")
    said = attestations.predicates(made, "https://example.com/ci")[PROVENANCE]
    assert said["runDetails"]["builder"]["id"] == "https://example.com/ci"
    assert said["buildDefinition"]["externalParameters"] == {"definition": "egress-model.yaml", "revision": "1.0.0"}
    named = {one["name"]: one for one in said["buildDefinition"]["resolvedDependencies"]}
    text = Path(made.definition.path).read_bytes()
    assert named["egress-model.yaml"]["digest"]["sha256"] == hashlib.sha256(text).hexdigest()
    assert named["opa"]["uri"].startswith("pkg:golang/github.com/open-policy-agent/opa@v1.")


def _envelope(key: Pair, kind: str = SBOM, **more: Any) -> bytes:
    said: dict[str, Any] = {"predicate": {"x": 1}, "subjects": {_DIGEST: "b.tar.gz"}, "keyid": KEYID} | more
    return attestations.signed(kind, said["predicate"], said["subjects"], key.signing, said["keyid"])


def _ring(key: Pair) -> dict[str, Any]:
    return {KEYID: keys.public(str(key.public))}


@pytest.mark.parametrize("kind", KINDS)
def test_statements_are_what_in_toto_takes(kind: str, key: Pair) -> None:
    envelope = json.loads(_envelope(key, kind))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    statement = json.loads(base64.b64decode(envelope["payload"]))
    Statement.copy_from_pb(ParseDict(statement, StatementPb())).validate()


def test_what_was_signed_holds(key: Pair) -> None:
    assert attestations.verified(SBOM, [_envelope(key)], _DIGEST, _ring(key)) == {"x": 1}


def test_one_good_one_is_enough(key: Pair) -> None:
    assert attestations.verified(SBOM, [b"", b"{}", _envelope(key)], _DIGEST, _ring(key)) == {"x": 1}


def _changed(envelope: bytes, change: Callable[[Any], Any]) -> bytes:
    return json.dumps(change(json.loads(envelope))).encode()


def _payload(envelope: Any, change: Callable[[Any], Any]) -> Any:
    statement = change(json.loads(base64.b64decode(envelope["payload"])))
    return envelope | {"payload": base64.b64encode(json.dumps(statement).encode()).decode()}


_CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "its statement changed": (
        lambda e: _payload(e, lambda s: s | {"predicate": {"x": 2}}),
        f"is not signed by {KEYID}",
    ),
    "its type changed": (lambda e: e | {"payloadType": "text/plain"}, f"is not signed by {KEYID}"),
    "its signature gone": (lambda e: e | {"signatures": []}, f"is not signed by {KEYID}"),
    "its signature empty": (lambda e: e | {"signatures": [{"keyid": KEYID, "sig": ""}]}, f"is not signed by {KEYID}"),
    "by another key": (
        lambda e: e | {"signatures": [e["signatures"][0] | {"keyid": "k"}]},
        f"is not signed by {KEYID}",
    ),
    "signatures that are none": (lambda e: e | {"signatures": 7}, "is no signed statement"),
    "signatures that are null": (lambda e: e | {"signatures": None}, "is no signed statement"),
    "the same signature twice": (lambda e: e | {"signatures": e["signatures"] * 2}, "is no signed statement"),
    "no payload": (lambda e: {k: v for k, v in e.items() if k != "payload"}, "is no signed statement"),
    "a payload of null": (lambda e: e | {"payload": None}, "is no signed statement"),
    "a list": (lambda e: [e], "is no signed statement"),
}


@pytest.mark.parametrize(("change", "why"), _CHANGES.values(), ids=_CHANGES)
def test_what_was_changed_is_refused(change: Callable[[Any], Any], why: str, key: Pair) -> None:
    with pytest.raises(BundleError, match=f"^its sbom {why}$"):
        attestations.verified(SBOM, [_changed(_envelope(key), change)], _DIGEST, _ring(key))


def test_what_somebody_else_signed_is_refused(key: Pair, tmp_path: Path) -> None:
    strange = pair(tmp_path, key.algorithm, "strange")
    with pytest.raises(BundleError, match="is not signed by"):
        attestations.verified(SBOM, [_envelope(strange)], _DIGEST, _ring(key))


def test_what_is_about_another_bundle_is_refused(key: Pair) -> None:
    with pytest.raises(BundleError, match="is about something else"):
        attestations.verified(SBOM, [_envelope(key, subjects={"cd" * 32: "b"})], _DIGEST, _ring(key))


def test_a_provenance_is_no_sbom(key: Pair) -> None:
    with pytest.raises(BundleError, match=r"is none: it says 'https://slsa.dev/provenance/v1'"):
        attestations.verified(SBOM, [_envelope(key, PROVENANCE)], _DIGEST, _ring(key))


@pytest.mark.parametrize("predicate", [None, 7, [], ""])
def test_one_that_says_nothing_is_refused(predicate: Any, key: Pair) -> None:
    with pytest.raises(BundleError, match="says nothing"):
        attestations.verified(SBOM, [_envelope(key, predicate=predicate)], _DIGEST, _ring(key))


def test_one_that_is_too_large_is_not_read(key: Pair) -> None:
    with pytest.raises(BundleError, match="is too large"):
        attestations.verified(SBOM, [b" " * (attestations.MOST_BYTES + 1)], _DIGEST, _ring(key))


@pytest.mark.parametrize(
    "subject",
    [None, 7, {}, [], [7], [{}], [{"digest": None}], [{"digest": {"sha256": None}}], [{"digest": {"sha512": _DIGEST}}]],
    ids=str,
)
def test_subjects_that_are_none(subject: Any) -> None:
    assert list(attestations._about(subject)) == []
