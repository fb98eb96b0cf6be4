"""`egress bundle`: built, signed, verified and looked into from the command line."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from egress_policy.bundle import archive
from egress_policy.cli import main
from tests.bundle import signers
from tests.bundle.signers import FILES, Pair


@pytest.fixture
def unsigned(tmp_path: Path) -> Path:
    """A small bundle that nobody signed."""
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(archive.pack(FILES))
    return path


def _sign(bundle: Path, key: Pair, *more: str) -> Path:
    signed = bundle.with_name("signed.tar.gz")
    asked = ["--key", str(key.private), "--keyid", "k", "--output", str(signed)]
    assert main(["bundle", "sign", str(bundle), *asked, *more]) == 0
    return signed


def _verify(bundle: Path, key: Pair, *more: str, keyid: str = "k") -> int:
    return main(["bundle", "verify", str(bundle), "--key", str(key.public), "--keyid", keyid, *more])


def test_from_a_definition_to_a_verdict(key: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built = tmp_path / "model.tar.gz"
    assert main(["bundle", "build", "egress-model", "--revision", "1.4.0", "--output", str(built)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{built}: revision 1.4.0, ")
    assert f"sha256:{archive.digest(built.read_bytes())}" in said
    signed = _sign(built, key, "--scope", "prod")
    assert f"signed by k, {key.algorithm}, sha256:{archive.digest(signed.read_bytes())}" in capsys.readouterr().out
    assert _verify(signed, key, "--scope", "prod", "--at-least", "1.4.0") == 0
    assert capsys.readouterr().out.endswith(f"files, signed by k, {key.algorithm}\n")


def test_it_is_built_the_same_byte_for_byte_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for folder, zone in ((tmp_path / "a", "UTC"), (tmp_path / "a longer name", "Asia/Tokyo")):
        folder.mkdir()
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.chdir(folder)
        assert main(["bundle", "build", "egress-model", "--output", "b.tar.gz"]) == 0
        made.append((folder / "b.tar.gz").read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("more", "keyid", "said"),
    [
        pytest.param(["--scope", "test"], "k", "is signed for the scope 'prod', not 'test'", id="another scope"),
        pytest.param([], "k", "is signed for the scope 'prod', not ''", id="no scope"),
        pytest.param(["--scope", "prod"], "other", "is signed with the key 'k', not with other", id="another key"),
        pytest.param(["--scope", "prod", "--at-least", "2"], "k", "'1.2.0' is older than '2'", id="an old revision"),
        pytest.param(["--scope", "prod", "--at-least", "blue"], "k", "cannot be compared with 'blue'", id="no order"),
    ],
)
def test_what_is_refused_is_told_with_exit_code_1(
    more: list[str], keyid: str, said: str, unsigned: Path, es256: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = _sign(unsigned, es256, "--scope", "prod")
    assert _verify(signed, es256, *more, keyid=keyid) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"egress: {signed}: refused: ")
    assert said in told


def test_each_reason_has_its_line(unsigned: Path, es256: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    files = archive.read(str(_sign(unsigned, es256))) | {"README": b"", "p/p.rego": b"", "new": b""}
    unsigned.write_bytes(archive.pack(files))
    assert _verify(unsigned, es256) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_damaged_bundle_is_refused(unsigned: Path, es256: Pair) -> None:
    unsigned.write_bytes(unsigned.read_bytes()[:100])
    assert _verify(unsigned, es256) == 1


def test_the_last_day_of_a_signature_counts(
    unsigned: Path, es256: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    signed = _sign(unsigned, es256, "--expires", today)
    assert _verify(signed, es256) == 0
    later = time.time() + 25 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert _verify(signed, es256) == 1
    assert "its signature has expired" in capsys.readouterr().err


def test_keys_are_changed_by_a_ring_of_both(unsigned: Path, es256: Pair, rs256: Pair) -> None:
    """Sidecars get the ring first, then bundles by the new key."""
    ring = ["--key", str(es256.public), "--keyid", "old", "--key", str(rs256.public), "--keyid", "k"]
    assert main(["bundle", "verify", str(_sign(unsigned, rs256)), *ring]) == 0
    assert _verify(_sign(unsigned, rs256), es256) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param("--key PUBLIC --keyid a --keyid b", "1 --key and 2 --keyid", id="a name too many"),
        pytest.param("--key PUBLIC --keyid a --key PUBLIC --keyid a", "two keys have the id 'a'", id="a name twice"),
        pytest.param("--key PRIVATE --keyid a", "but a private one", id="the private half"),
        pytest.param("--key none.pem --keyid a", "none.pem: No such file", id="no key"),
    ],
)  # fmt: skip
def test_a_wrong_ring_is_told_with_exit_code_2(
    arguments: str, said: str, unsigned: Path, es256: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"PUBLIC": str(es256.public), "PRIVATE": str(es256.private)}
    asked = [words.get(one, one) for one in arguments.split()]
    assert main(["bundle", "verify", str(unsigned), *asked]) == 2
    assert said in capsys.readouterr().err


def test_a_bundle_that_is_not_there_is_told(es256: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert _verify(Path("none.tar.gz"), es256) == 2
    assert "none.tar.gz: No such file" in capsys.readouterr().err


def test_an_empty_keyid_is_refused(unsigned: Path, es256: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--key", str(es256.private), "--keyid", "", "--output", str(unsigned)]
    assert main(["bundle", "sign", str(unsigned), *asked]) == 2
    assert "OPA can be made to skip signatures" in capsys.readouterr().err


def test_nothing_is_written_where_signing_fails(unsigned: Path, es256: Pair, tmp_path: Path) -> None:
    es256_copy = tmp_path / "open.pem"
    es256_copy.write_bytes(es256.private.read_bytes())
    es256_copy.chmod(0o644)
    out = tmp_path / "out.tar.gz"
    assert main(["bundle", "sign", str(unsigned), "--key", str(es256_copy), "--keyid", "k", "--output", str(out)]) == 2
    assert not out.exists()


def test_no_day_is_a_usage_error(unsigned: Path, es256: Pair) -> None:
    with pytest.raises(SystemExit) as ended:
        _sign(unsigned, es256, "--expires", "tomorrow")
    assert ended.value.code == 2


def test_looking_into_a_bundle(unsigned: Path, es256: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "inspect", str(unsigned)]) == 0
    shown = capsys.readouterr().out
    assert "revision  1.2.0\nroots     a, p\n" in shown
    assert shown.endswith("not signed\n")
    signed = _sign(unsigned, es256, "--scope", "prod")
    capsys.readouterr()
    assert main(["bundle", "inspect", str(signed), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["signature"]["header"] == {"alg": "ES256", "kid": "k"}
    assert found["signature"]["claims"]["scope"] == "prod"
    assert {one["name"] for one in found["files"]} == {*FILES, archive.SIGNATURES}


def test_nothing_that_a_bundle_says_reaches_the_terminal(
    tmp_path: Path, es256: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = json.dumps({"revision": "\x1b[31m\u202e", "roots": ["\x1b]0;x\x07"], "metadata": {"\x1b": "\r"}}).encode()
    path = tmp_path / "b.tar.gz"
    path.write_bytes(archive.pack(signers.signed({".manifest": evil}, es256, scope="\x1b[2J")))
    assert main(["bundle", "inspect", str(path)]) == 0
    assert _verify(path, es256) == 1
    said = capsys.readouterr()
    assert not {"\x1b", "\u202e", "\x07", "\r"} & set(said.out + said.err)


def test_openssl_makes_the_keys_that_the_help_says(unsigned: Path, tmp_path: Path) -> None:
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    command = (
        f"openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out {private}"
        f" && chmod 600 {private} && openssl ec -in {private} -pubout -out {public}"
    )
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    pair = Pair("ES256", private, public)
    assert _verify(_sign(unsigned, pair), pair) == 0
