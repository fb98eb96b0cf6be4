"""A registry that lies, or is in other hands: `egress bundle pull` believes digests and signatures only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egress_policy.bundle import archive, attestations, definition, keys, publication
from egress_policy.bundle.build import build
from egress_policy.bundle.places import oci
from egress_policy.cli import main
from tests.bundle import signers
from tests.bundle.signers import KEYID, NOW, SCOPE, Pair, pair
from tests.bundle.webs import Web

_BASE = "/v2/x"


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    made.files["/v2/"] = b"{}"
    yield made
    made.close()


def _published(key: Pair) -> publication.Publication:
    data = archive.pack(signers.signed(build(definition.read("egress-log")), key))
    return publication.prepared(data, key.signing, KEYID, NOW, None)


def _serve(web: Web, key: Pair) -> tuple[publication.Publication, oci.Artifact]:
    """An honest registry, with a list of what refers to what."""
    made = _published(key)
    bundle = oci.bundle(made, KEYID)
    _put(web, bundle, "1")
    said = attestations.predicates(made, attestations.BUILDER)
    listed = []
    for kind, predicate in said.items():
        text = attestations.signed(kind, predicate, {made.digest: "b"}, key.signing, KEYID)
        envelope = oci.envelope(kind, text, bundle, KEYID)
        _put(web, envelope, envelope.digest)
        listed.append(envelope.descriptor)
    web.files[f"{_BASE}/referrers/{bundle.digest}"] = json.dumps({"manifests": listed}).encode()
    return made, bundle


def _put(web: Web, artifact: oci.Artifact, name: str) -> None:
    for where in (name, artifact.digest):
        web.files[f"{_BASE}/manifests/{where}"] = artifact.manifest
    for digest, data in artifact.blobs.items():
        web.files[f"{_BASE}/blobs/{digest}"] = data


def _pull(web: Web, key: Pair, out: Path, name: str = ":1") -> int:
    where = f"oci://{web.url.removeprefix('http://')}/x{name}"
    asked = ["--key", str(key.public), "--keyid", KEYID, "--scope", SCOPE]
    return main(["bundle", "pull", where, *asked, "--output", str(out)])


def test_an_honest_one_is_believed(web: Web, es256: Pair, tmp_path: Path) -> None:
    made, bundle = _serve(web, es256)
    assert _pull(web, es256, tmp_path / "got") == 0
    assert _pull(web, es256, tmp_path / "got", f"@{bundle.digest}") == 0
    assert (tmp_path / "got").read_bytes() == made.bundle


def _manifest(web: Web, change: Callable[[Any], Any]) -> None:
    path = f"{_BASE}/manifests/1"
    web.files[path] = json.dumps(change(json.loads(web.files[path]))).encode()


def _layer(**more: Any) -> Callable[[Any], Any]:
    return lambda manifest: manifest | {"layers": [manifest["layers"][0] | more]}


_LIES: dict[str, tuple[Callable[[Web], None], int, str]] = {
    "no JSON": (lambda web: web.files.update({f"{_BASE}/manifests/1": b"<html>"}), 2, "answers no JSON"),
    "nested JSON": (lambda web: web.files.update({f"{_BASE}/manifests/1": b"[" * 100_000}), 2, "answers no JSON"),
    "a list": (lambda web: web.files.update({f"{_BASE}/manifests/1": b"[]"}), 2, "something other than a manifest"),
    "no layers": (lambda web: _manifest(web, lambda m: m | {"layers": []}), 2, "holds no bundle for OPA"),
    "layers of null": (lambda web: _manifest(web, lambda m: m | {"layers": None}), 2, "holds no bundle for OPA"),
    "layers of text": (lambda web: _manifest(web, lambda m: m | {"layers": "x"}), 2, "holds no bundle for OPA"),
    "a layer of null": (lambda web: _manifest(web, lambda m: m | {"layers": [None]}), 2, "holds no bundle for OPA"),
    "an index of others": (
        lambda web: _manifest(web, lambda _: {"mediaType": oci.INDEX, "manifests": []}), 2, "holds no bundle for OPA",
    ),
    "a layer of another type": (lambda web: _manifest(web, _layer(mediaType="a/b")), 2, "holds no bundle for OPA"),
    "a digest that leads elsewhere": (lambda web: _manifest(web, _layer(digest="../manifests/1")), 2, "something else"),
    "a digest of null": (lambda web: _manifest(web, _layer(digest=None)), 2, "to which a manifest refers"),
    "a layer that is not there": (
        lambda web: _manifest(web, _layer(digest=f"sha256:{'0' * 64}")), 2, "to which a manifest refers",
    ),
    "a manifest that is too large": (
        lambda web: web.files.update({f"{_BASE}/manifests/1": b" " * (5 << 20)}), 2, "is larger than 4 MiB",
    ),
    "plain HTTP elsewhere": (
        lambda web: web.redirects.update({f"{_BASE}/manifests/1": "http://example.com/x"}), 2, "is plain HTTP",
    ),
    "a redirect without end": (
        lambda web: web.redirects.update({f"{_BASE}/manifests/1": f"{_BASE}/manifests/1"}), 2, "redirects",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lie", "code", "why"), _LIES.values(), ids=_LIES)
def test_what_it_says_of_a_bundle(
    lie: Callable[[Web], None], code: int, why: str, web: Web, es256: Pair, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    _serve(web, es256)
    lie(web)
    assert _pull(web, es256, tmp_path / "got") == code
    assert why in capsys.readouterr().err
    assert not (tmp_path / "got").exists()


def test_a_blob_that_is_another(web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, _ = _serve(web, es256)
    web.files[f"{_BASE}/blobs/sha256:{made.digest}"] = made.bundle + b"\0"
    assert _pull(web, es256, tmp_path / "got") == 2
    assert "with something else" in capsys.readouterr().err


def test_a_digest_that_was_asked_for(web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, bundle = _serve(web, es256)
    web.files[f"{_BASE}/manifests/{bundle.digest}"] = bundle.manifest + b"\n"
    assert _pull(web, es256, tmp_path / "got", f"@{bundle.digest}") == 2
    assert f"answers {bundle.digest} with something else" in capsys.readouterr().err


def test_a_bundle_of_somebody_else(web: Web, es256: Pair, tmp_path: Path) -> None:
    _serve(web, pair(tmp_path, "ES256", "strange"))
    assert _pull(web, es256, tmp_path / "got") == 1
    assert not (tmp_path / "got").exists()


def test_what_is_attached_to_another_bundle(
    web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, bundle = _serve(web, es256)
    listed = []
    for kind in attestations.KINDS:
        text = attestations.signed(kind, {"x": 1}, {"ab" * 32: "other"}, es256.signing, KEYID)
        envelope = oci.envelope(kind, text, bundle, KEYID)
        _put(web, envelope, envelope.digest)
        listed.append(envelope.descriptor)
    web.files[f"{_BASE}/referrers/{bundle.digest}"] = json.dumps({"manifests": listed}).encode()
    assert _pull(web, es256, tmp_path / "got") == 1
    assert "its sbom is about something else" in capsys.readouterr().err


@pytest.mark.parametrize(
    "listed",
    [b"{}", b'{"manifests": null}', b'{"manifests": [null, 7, {}]}', b'{"manifests": [{"digest": 7}]}'],
)
def test_lists_of_what_refers_that_are_none(
    listed: bytes, web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, bundle = _serve(web, es256)
    web.files[f"{_BASE}/referrers/{bundle.digest}"] = listed
    assert _pull(web, es256, tmp_path / "got") == 1
    assert "has no sbom beside it" in capsys.readouterr().err


def test_thousands_that_refer_are_not_all_read(
    web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, bundle = _serve(web, es256)
    many = [{"artifactType": oci.ENVELOPES["sbom"], "digest": f"sha256:{i:064x}"} for i in range(5000)]
    web.files[f"{_BASE}/referrers/{bundle.digest}"] = json.dumps({"manifests": many}).encode()
    web.asked.clear()
    assert _pull(web, es256, tmp_path / "got") == 1
    assert len(web.asked) < 100
    assert "its sbom is no signed statement" in capsys.readouterr().err


def test_bundle_and_attestations_may_be_by_two_keys_that_are_both_known(es256: Pair, tmp_path: Path) -> None:
    other = pair(tmp_path, "ES256", "other")
    made = _published(es256)
    ring = {KEYID: keys.public(str(es256.public)), "other": keys.public(str(other.public))}
    text = attestations.signed("sbom", {"x": 1}, {made.digest: "b"}, other.signing, "other")
    assert attestations.verified("sbom", [text], made.digest, ring) == {"x": 1}
