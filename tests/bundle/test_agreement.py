"""What we sign OPA verifies, what OPA signs we verify, and both take the same digest of every file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from egress_policy.bundle import archive, digests
from tests.bundle import signers
from tests.bundle.signers import FILES, KEYID, SCOPE, Pair

_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
# As people and programs write them; what they are worth is nobody's business here.
_NUMBER = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
    st.sampled_from(["-0", "0.0", "1E5", "1e+5", "10.0e-3", "1.50", "12345678901234567890123", "1e400", "0.1e-999"]),
)
_LEAF = st.one_of(_NUMBER, _TEXT.map(json.dumps), _TEXT.map(lambda text: json.dumps(text, ensure_ascii=False)),
                  st.sampled_from(["true", "false", "null"]))  # fmt: skip
_SPACE = st.sampled_from(["", " ", "\n", "\t"])


def _array(items: list[str], space: str) -> str:
    return f"[{space}{f',{space}'.join(items)}{space}]"


def _object(fields: dict[str, str], space: str) -> str:
    return f"{{{space}{f',{space}'.join(f'{json.dumps(key)}{space}:{text}' for key, text in fields.items())}{space}}}"


_VALUE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(_array, st.lists(inner, max_size=4), _SPACE),
        st.builds(_object, st.dictionaries(_TEXT, inner, max_size=4), _SPACE),
    ),
    max_leaves=12,
)
_DOCUMENTS = st.lists(st.builds(_object, st.dictionaries(_TEXT, _VALUE, max_size=4), _SPACE), min_size=1, max_size=40)


@hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(documents=_DOCUMENTS)
def test_the_digest_of_data_is_the_one_that_opa_takes(
    documents: list[str], opa: Path, es256: Pair, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = {f"d{i}/data.json": text.encode() for i, text in enumerate(documents)}
    signed = signers.by_opa(opa, files, es256, tmp_path_factory.mktemp("signed"))
    by_opa = {one["name"]: one["hash"] for one in signers.claims_of(signed)["files"]}
    assert {name: digests.of(name, content) for name, content in files.items()} == by_opa


def test_opa_verifies_what_we_sign(key: Pair, opa: Path, tmp_path: Path) -> None:
    assert signers.theirs(opa, archive.pack(signers.signed(FILES, key)), key, tmp_path) == ""


def test_we_verify_what_opa_signs(key: Pair, opa: Path, tmp_path: Path) -> None:
    signed = signers.by_opa(opa, FILES, key, tmp_path)
    assert signers.ours(archive.pack(signed), key) == ""


def test_we_verify_what_opa_builds_and_signs(key: Pair, opa: Path, tmp_path: Path) -> None:
    signers.written({name: content for name, content in FILES.items() if name != "policy.wasm"}, tmp_path / "b")
    (tmp_path / "claims.json").write_text(json.dumps({"keyid": KEYID, "scope": SCOPE}))
    subprocess.run(
        [
            *(opa, "build", "--bundle", ".", "--output", tmp_path / "built.tar.gz", "--signing-key", key.private),
            *("--signing-alg", key.algorithm, "--claims-file", tmp_path / "claims.json"),
        ],
        cwd=tmp_path / "b", check=True,
    )  # fmt: skip
    built = (tmp_path / "built.tar.gz").read_bytes()
    assert signers.ours(built, key) == ""
    assert set(archive.unpack(built)) >= {"data.json", "p/p.rego", archive.MANIFEST, archive.SIGNATURES}


def test_what_opa_signed_is_signed_anew_by_us(key: Pair, opa: Path, tmp_path: Path) -> None:
    again = signers.signed(signers.by_opa(opa, FILES, key, tmp_path), key, keyid="next")
    assert signers.theirs(opa, archive.pack(again), key, tmp_path, keyid="next") == ""
