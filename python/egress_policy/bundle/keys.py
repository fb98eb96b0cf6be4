"""Keys that bundles are signed and verified with: ES256 (P-256) or RS256 (RSA of 2048 bits or more), from PEM.

A private key is a file that only its owner can read, an environment variable (`env:NAME`), or one that never leaves
where it is (`hsm:`, `awskms:` and others, by securesystemslib). Never HMAC: who verifies could sign.
"""

from __future__ import annotations

import getpass
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc.jwk import ECKey, RSAKey

from egress_policy.bundle import BundleError

ES256, RS256 = "ES256", "RS256"
_ENVIRONMENT, _FILE = "env:", "file2:"
_LEAST_BITS = 2048
_MOST_BYTES = 1 << 16
_SCHEME = re.compile(r"(file2|hsm|awskms|gcpkms|azurekms|hv):")
_SCHEMES = {ES256: "ecdsa-sha2-nistp256", RS256: "rsa-pkcs1v15-sha256"}
_HALF = 32


# What opens a token: its PIN, where nobody is there to type it.
_PIN = "EGRESS_KEY_PIN"


class SigningKey:
    """A private key, wherever it is: `signer` of securesystemslib has it; `public` is its other half."""

    def __init__(self, source: str, signer: Any, public: ECKey | RSAKey) -> None:
        self._source, self._signer, self.public = source, signer, public

    @property
    def algorithm(self) -> str:
        """What it signs by, as RFC 7518 names it."""
        return algorithm(self.public)

    def sign(self, data: bytes) -> bytes:
        """The signature of RFC 7518 over some bytes: of ECDSA its two numbers, one after the other."""
        made = self.sign_der(data)
        if self.algorithm == RS256:
            return made
        r, s = decode_dss_signature(made)
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")

    def sign_der(self, data: bytes) -> bytes:
        """The same as DSSE has it: of ECDSA in DER. Raises BundleError if the key cannot be reached, or is another."""
        try:
            made = self._signer.sign(data)
        except BundleError:
            raise
        except Exception as error:  # each of its clients raises errors of its own
            raise BundleError(f"{self._source}: {error}") from error
        _check(self._source, self.public, made.signature, data)
        return bytes.fromhex(made.signature)


def signing(source: str, public: str | None = None) -> SigningKey:
    """The private key that `source` names; `public` is the PEM file of its other half, which a key URI needs."""
    if _SCHEME.match(source):
        return _elsewhere(source, public)
    return _local(source, _private_pem(source))


def public(path: str) -> ECKey | RSAKey:
    """The public key of a PEM file. Raises BundleError for any other, a private one among them."""
    pem = _file(path)
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        also = ", but a private one: verify with the public half" if b"PRIVATE KEY" in pem else ""
        raise BundleError(f"{path}: is no public key in PEM form{also}") from error
    algorithm_of(key, path)
    return _jwk(key)


def _jwk(key: Any) -> ECKey | RSAKey:
    found = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return ECKey.import_key(found) if isinstance(key, ec.EllipticCurvePublicKey) else RSAKey.import_key(found)


def algorithm(key: ECKey | RSAKey) -> str:
    """The only algorithm that a key verifies."""
    return ES256 if isinstance(key, ECKey) else RS256


def algorithm_of(key: object, source: str) -> str:
    """The algorithm of a key, private or public. Raises BundleError for a kind or size that is refused."""
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return ES256
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        if key.key_size < _LEAST_BITS:
            raise BundleError(
                f"{source}: an RSA key of {key.key_size} bits is too short: make one of {_LEAST_BITS} or more"
            )
        return RS256
    raise BundleError(f"{source}: must be an EC key on P-256, or an RSA key: OPA takes no other")


def dsse(key: ECKey | RSAKey, keyid: str | None = None) -> Any:
    """A public key as securesystemslib has it; without an id it makes one."""
    return _named(load_pem_public_key(key.as_pem(private=False)), algorithm(key), keyid)


def _named(key: Any, name: str, keyid: str | None = None) -> Any:
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

    return SSlibKey.from_crypto(key, keyid, _SCHEMES[name])


def _check(source: str, public: ECKey | RSAKey, made: str, data: bytes) -> None:
    """A key that stays where it is may be another than its public half was taken for."""
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature  # type: ignore[attr-defined]

    key = dsse(public)
    try:
        key.verify_signature(Signature(key.keyid, made), data)
    except UnverifiedSignatureError as error:
        raise BundleError(f"{source}: is not the private half of the public key that is given") from error


def _local(source: str, pem: bytes) -> SigningKey:
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

    try:
        key: Any = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BundleError(f"{source}: is no private key in PEM form without a password") from error
    name = algorithm_of(key, source)
    return SigningKey(source, CryptoSigner(key, _named(key.public_key(), name)), _jwk(key.public_key()))


def _private_pem(source: str) -> bytes:
    if source.startswith(_ENVIRONMENT):
        name = source.removeprefix(_ENVIRONMENT)
        if not os.environ.get(name):
            raise BundleError(f"{source}: the environment variable {name} is not set")
        return os.environ[name].encode()
    _refuse_if_others_read(source)
    return _file(source)


def _refuse_if_others_read(path: str) -> None:
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise BundleError(f"{path}: a private key that others can read: `chmod 600 {path}`")


def _file(path: str) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}") from error
    if len(data) > _MOST_BYTES:
        raise BundleError(f"{path}: is too large for a key")
    return data


def _elsewhere(uri: str, public_path: str | None) -> SigningKey:
    """A key that signs where it is. Raises BundleError if it cannot be reached, or is not the half of `public`."""
    from securesystemslib.signer import Signer  # type: ignore[attr-defined]

    if public_path is None:
        raise BundleError(f"{uri}: a key that is elsewhere needs its public half: `--public-key PEM`")
    other = public(public_path)
    if uri.startswith(_FILE):
        _refuse_if_others_read(uri.removeprefix(_FILE).partition("?")[0])
    try:
        signer = Signer.from_priv_key_uri(uri, dsse(other), lambda what: _secret(uri, what))
    except Exception as error:  # as above
        raise BundleError(f"{uri}: {error}") from error
    return SigningKey(uri, signer, other)


def _secret(uri: str, what: str) -> str:
    """The PIN of a token. Raises BundleError where it is neither in the environment nor can be typed."""
    if _PIN in os.environ:
        return os.environ[_PIN]
    if sys.stdin is None or not sys.stdin.isatty():
        raise BundleError(f"{uri}: asks for its {what}: set {_PIN}, or run it in a terminal")
    return getpass.getpass(f"{what} of {uri}: ")
