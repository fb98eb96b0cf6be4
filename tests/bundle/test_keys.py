"""Keys that sign and verify: P-256 and RSA, private ones that only their owner reads, public ones that are public."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from egress_policy.bundle import BundleError, archive, keys
from tests.bundle import signers
from tests.bundle.signers import FILES, Pair


def _ed25519(folder: Path) -> Pair:
    key = ed25519.Ed25519PrivateKey.generate()
    (folder / "ed.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "ed.pem").chmod(0o600)
    (folder / "ed.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return Pair("EdDSA", folder / "ed.pem", folder / "ed.pub")


_REFUSED: dict[str, tuple[Callable[[Path], Pair], str]] = {
    "P-384": (
        lambda folder: signers.pair(folder, "ES256", curve=ec.SECP384R1),
        "must be an EC key on P-256, or an RSA",
    ),
    "secp256k1": (lambda folder: signers.pair(folder, "ES256", curve=ec.SECP256K1), "must be an EC key on P-256"),
    "RSA of 1024 bits": (lambda folder: signers.pair(folder, "RS256", bits=1024), "1024 bits is too short"),
    "Ed25519": (_ed25519, "must be an EC key on P-256"),
}


@pytest.mark.parametrize(("make", "said"), _REFUSED.values(), ids=_REFUSED)
def test_other_keys_are_refused(make: Callable[[Path], Pair], said: str, tmp_path: Path) -> None:
    made = make(tmp_path)
    with pytest.raises(BundleError, match=said):
        keys.signing(str(made.private))
    with pytest.raises(BundleError, match=said):
        keys.public(str(made.public))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_private_key_that_others_can_read_is_refused(mode: int, es256: Pair, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(es256.private.read_bytes())
    path.chmod(mode)
    with pytest.raises(BundleError, match=rf"others can read: `chmod 600 {path}`"):
        keys.signing(str(path))


def test_a_private_key_may_be_in_the_environment(key: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING_KEY", key.private.read_text())
    assert keys.signing("env:SIGNING_KEY").algorithm == key.algorithm


@pytest.mark.parametrize("value", ["", None])
def test_a_variable_that_is_not_set_is_told(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGNING_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("SIGNING_KEY", value)
    with pytest.raises(BundleError, match="SIGNING_KEY is not set"):
        keys.signing("env:SIGNING_KEY")


def test_a_key_may_stay_where_it_is(key: Pair, opa: Path, tmp_path: Path) -> None:
    """Through securesystemslib, which has the clients of PKCS#11 and of the clouds; this one reads a file."""
    remote = keys.signing(f"file2:{key.private}", str(key.public))
    assert remote.algorithm == key.algorithm
    files = signers.signed_by(FILES, remote)
    assert signers.ours(archive.pack(files), key) == ""
    assert signers.theirs(opa, archive.pack(files), key, tmp_path) == ""


def test_a_key_that_stays_where_it_is_needs_its_public_half(es256: Pair) -> None:
    with pytest.raises(BundleError, match="needs its public half: `--public-key PEM`"):
        keys.signing(f"file2:{es256.private}")


def test_halves_of_two_keys_are_refused(es256: Pair, rs256: Pair) -> None:
    with pytest.raises(BundleError, match="file2:"):
        keys.signing(f"file2:{es256.private}", str(rs256.public))


def test_halves_of_two_keys_of_one_kind_are_refused(key: Pair, tmp_path: Path) -> None:
    other = signers.pair(tmp_path, key.algorithm, "other")
    with pytest.raises(BundleError, match=r"is not the private half of the public key|does not match public key"):
        keys.signing(f"file2:{key.private}", str(other.public)).sign(b"x")


def test_a_file_that_others_read_is_refused_as_a_uri_too(es256: Pair, tmp_path: Path) -> None:
    path = tmp_path / "open.pem"
    path.write_bytes(es256.private.read_bytes())
    path.chmod(0o644)
    with pytest.raises(BundleError, match="a private key that others can read"):
        keys.signing(f"file2:{path}", str(es256.public))


def test_a_private_key_is_no_public_one(key: Pair) -> None:
    with pytest.raises(BundleError, match="but a private one: verify with the public half"):
        keys.public(str(key.private))


def test_a_public_key_does_not_sign(key: Pair, tmp_path: Path) -> None:
    path = tmp_path / "public.pem"
    path.write_bytes(key.public.read_bytes())
    path.chmod(0o600)
    with pytest.raises(BundleError, match="is no private key in PEM form"):
        keys.signing(str(path))


def test_a_key_with_a_password_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    path.chmod(0o600)
    with pytest.raises(BundleError, match="without a password"):
        keys.signing(str(path))


@pytest.mark.parametrize(
    "text", [b"", b"secret", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_what_is_no_key_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(BundleError, match="is no public key"):
        keys.public(str(path))
    with pytest.raises(BundleError, match="is no private key"):
        keys.signing(str(path))


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(BundleError, match="too large for a key"):
        keys.public("/dev/zero")


def test_a_key_that_is_not_there_is_told() -> None:
    with pytest.raises(BundleError, match="No such file"):
        keys.signing("none.pem")
