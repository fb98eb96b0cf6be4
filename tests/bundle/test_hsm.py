"""A key that never leaves its token: PKCS#11, with SoftHSM for the hardware."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from egress_policy.bundle import archive
from egress_policy.bundle.signatures import keyring
from tests.bundle import signers
from tests.bundle.signers import FILES, KEYID, SCOPE, Pair
from tools import debian

_PIN = "1234"
# What a PIV card has in slot 9c, where securesystemslib looks unless it is told otherwise.
_GENERATE = """\
import os, sys
import pkcs11, pkcs11.util.ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

token = pkcs11.lib(os.environ["PYKCS11LIB"]).get_token(token_label="egress")
with token.open(rw=True, user_pin=sys.argv[1]) as session:
    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC,
        {pkcs11.Attribute.EC_PARAMS: pkcs11.util.ec.encode_named_curve_parameters("secp256r1")},
        local=True,
    )
    public, _ = parameters.generate_keypair(store=True, id=b"\\x02")
    key = load_der_public_key(pkcs11.util.ec.encode_ec_public_key(public))
    sys.stdout.write(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
"""


@dataclass(frozen=True, slots=True)
class Token:
    """The public half of its key, and what the environment must say for it to be found."""

    public: Path
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    programs = debian.provide(["softhsm2-util"])
    util = programs.find("softhsm2-util")
    assert util is not None
    library = util.parents[1] / "lib" / "softhsm" / "libsofthsm2.so"
    environment = {
        **os.environ, **programs.environment,
        "SOFTHSM2_CONF": str(folder / "softhsm2.conf"), "PYKCS11LIB": str(library),
    }  # fmt: skip
    environment.pop("EGRESS_KEY_PIN", None)
    # The library that the program would load is the distribution's, wherever that was unpacked.
    subprocess.run(
        [
            *(util, "--module", library, "--init-token", "--free"),
            *("--label", "egress", "--pin", _PIN, "--so-pin", _PIN),
        ],
        env=environment, check=True, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _GENERATE, _PIN], env=environment, check=True, capture_output=True, text=True
    )
    (folder / "public.pem").write_text(done.stdout)
    return Token(folder / "public.pem", environment)


def _sign(token: Token, folder: Path, uri: str = "hsm:2?label=egress", **environment: str) -> tuple[int, str]:
    (folder / "b.tar.gz").write_bytes(archive.pack(FILES))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "egress_policy", "bundle", "sign", folder / "b.tar.gz"),
            *("--key", uri, "--public-key", token.public),
            *("--keyid", KEYID, "--scope", SCOPE, "--output", folder / "signed.tar.gz"),
        ],
        env={**token.environment, **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_token_signs_what_opa_verifies(token: Token, opa: Path, tmp_path: Path) -> None:
    code, said = _sign(token, tmp_path, EGRESS_KEY_PIN=_PIN)
    assert code == 0, said
    assert f"signed by {KEYID}, ES256" in said
    signed = (tmp_path / "signed.tar.gz").read_bytes()
    pair = Pair("ES256", token.public, token.public)
    # It was signed just now, which is after the tests' own moment.
    assert signers.ours(signed, pair, now=1 << 40, keyring=keyring([(KEYID, str(token.public))])) == ""
    assert signers.theirs(opa, signed, pair, tmp_path) == ""


def test_a_pin_needs_somebody_to_type_it(token: Token, tmp_path: Path) -> None:
    code, said = _sign(token, tmp_path)
    assert (code, "asks for its pin: set EGRESS_KEY_PIN, or run it in a terminal" in said) == (2, True), said
    assert not (tmp_path / "signed.tar.gz").exists()


@pytest.mark.parametrize(
    ("uri", "pin"), [("hsm:2?label=egress", "9999"), ("hsm:3?label=egress", _PIN), ("hsm:2?label=other", _PIN)]
)
def test_a_wrong_pin_key_or_token_is_told(uri: str, pin: str, token: Token, tmp_path: Path) -> None:
    code, said = _sign(token, tmp_path, uri, EGRESS_KEY_PIN=pin)
    assert code == 2, said
    assert said.startswith("egress"), said
    assert "Traceback" not in said


def test_a_token_of_another_key_is_told(token: Token, es256: Pair, tmp_path: Path) -> None:
    code, said = _sign(Token(es256.public, token.environment), tmp_path, EGRESS_KEY_PIN=_PIN)
    assert (code, "is not the private half of the public key" in said) == (2, True), said
