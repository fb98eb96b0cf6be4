"""Keys for tests, bundles to sign, and a real OPA that signs and verifies."""

from __future__ import annotations

import base64
import hmac
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from egress_policy.bundle import BundleError, archive, keys, signatures

Json = dict[str, Any]
NOW = 1_795_000_000
KEYID, SCOPE = "2026", "prod"
# A file of each kind: of data, of policy, compiled, and one that OPA does nothing with.
FILES = {
    ".manifest": b'{"revision": "1.2.0", "roots": ["a", "p"], "rego_version": 1, "metadata": {"n": 1.0}}\n',
    "a/data.json": b'{"b": [1, 2.50, 1e3], "a": {"z": null, "y": "<\\u00e9&>"}}',
    "p/p.rego": b"package p\n\nx := data.a\n",
    "policy.wasm": b"\x00asm\x01\x00\x00\x00",
    "README": b"a text\n",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The two halves of a key, as PEM files."""

    algorithm: str
    private: Path
    public: Path

    @property
    def signing(self) -> keys.SigningKey:
        return keys.signing(str(self.private))


def pair(folder: Path, algorithm: str, name: str = "", *, bits: int = 2048, curve: Any = ec.SECP256R1) -> Pair:
    """A new key in a folder."""
    key: Any = (
        ec.generate_private_key(curve())
        if algorithm == keys.ES256
        else rsa.generate_private_key(public_exponent=65537, key_size=bits)
    )
    private, public = folder / f"{name or algorithm}.pem", folder / f"{name or algorithm}.pub.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return Pair(algorithm, private, public)


def signed(files: Mapping[str, bytes], one: Pair, **claims: Any) -> dict[str, bytes]:
    """The files, signed as `egress bundle sign` does."""
    return signed_by(files, one.signing, **claims)


def signed_by(files: Mapping[str, bytes], key: keys.SigningKey, **claims: Any) -> dict[str, bytes]:
    """The same by a key that is at hand."""
    said: Json = {"keyid": KEYID, "scope": SCOPE, "issued": NOW} | claims
    return signatures.sign(files, key, signatures.Claims(**said))


def ours(data: bytes, one: Pair, **asked: Any) -> str:
    """What we say against a bundle; empty if we take it."""
    defaults: Json = {"keyring": {KEYID: keys.public(str(one.public))}, "now": NOW, "scope": SCOPE}
    try:
        signatures.verified(archive.unpack(data), signatures.Expected(**(defaults | asked)))
    except BundleError as error:
        return str(error)
    return ""


def theirs(opa: Path, data: bytes, one: Pair, folder: Path, scope: str = SCOPE, keyid: str = KEYID) -> str:
    """What OPA says against it, as it loads and verifies it; empty if it takes it."""
    bundle = folder / "given.tar.gz"
    bundle.write_bytes(data)
    done = subprocess.run(
        [
            *(opa, "build", "--bundle", bundle, "--output", folder / "out.tar.gz"),
            *("--verification-key", one.public, "--verification-key-id", keyid),
            *("--signing-alg", one.algorithm, "--scope", scope),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}".strip() or "refused"


def by_opa(opa: Path, files: Mapping[str, bytes], one: Pair, folder: Path) -> dict[str, bytes]:
    """The files, signed as `opa sign` does with `keyid` and scope among its claims."""
    written(files, folder / "bundle")
    claims = folder / "claims.json"
    claims.write_text(json.dumps({"keyid": KEYID, "scope": SCOPE}))
    done = subprocess.run(
        [
            *(opa, "sign", "--signing-key", one.private, "--signing-alg", one.algorithm, "--claims-file", claims),
            *("--output-file-path", folder, "--bundle", "."),
        ],
        cwd=folder / "bundle", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {**files, archive.SIGNATURES: (folder / archive.SIGNATURES).read_bytes()}


def written(files: Mapping[str, bytes], folder: Path) -> None:
    """Files below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def claims_of(files: Mapping[str, bytes]) -> Json:
    """The claims of a signature."""
    return signatures.claimed(files)[1]


def token(header: Json, claims: Any, one: Pair) -> bytes:
    """`.signatures.json` with one JWT that says just this, signed by a key."""
    start = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    return _document(f"{start}.{_base64(one.signing.sign(start.encode()))}")


def forged(header: Json, claims: Any, signature: bytes = b"") -> bytes:
    """The same with some bytes for a signature."""
    start = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    return _document(f"{start}.{_base64(signature)}")


def _document(text: str) -> bytes:
    return json.dumps({"signatures": [text]}).encode()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_hmac(header: Json, claims: Any, secret: Path) -> bytes:
    """The same, signed by an HMAC whose secret is a file."""
    start = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    return _document(f"{start}.{_base64(hmac.digest(secret.read_bytes(), start.encode(), 'sha256'))}")
