"""`egress sidecar mirror`: what OPA would take and should not, older revisions among it, never reaches it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from egress_policy.bundle import archive, attestations, definition, keys, places, publication, signatures
from egress_policy.bundle.build import build
from egress_policy.bundle.places.folder import Folder
from egress_policy.cli import main
from egress_policy.sidecar import mirror
from egress_policy.sidecar.config import Wanted, config
from tests.bundle import signers
from tests.bundle.signers import KEYID, NOW, SCOPE, Pair, pair
from tests.engines import free_port
from tests.sidecar.sidecars import Sidecar, until
from tests.sidecar.test_sidecar import _bundle


def _mirror(folder: Path, key: Pair, *, state: Path | None = None, attested: bool = False) -> mirror.Mirror:
    expected = signatures.Expected({KEYID: keys.public(str(key.public))}, NOW, SCOPE)
    return mirror.Mirror("b", Folder(str(folder / "b.tar.gz"), ""), lambda: expected, state, attested=attested)


def _put(folder: Path, data: bytes) -> None:
    (folder / "b.tar.gz").write_bytes(data)


def test_it_takes_what_is_newer(es256: Pair, tmp_path: Path) -> None:
    _put(tmp_path, _bundle(es256, 1, "1.9.0"))
    one = _mirror(tmp_path, es256)
    assert one.restore() is None
    assert (one.pull() or "").startswith("b: revision 1.9.0, sha256:")
    assert one.pull() is None
    _put(tmp_path, _bundle(es256, 2, "1.10.0"))
    assert (one.pull() or "").startswith("b: revision 1.10.0, sha256:")


_REFUSED: dict[str, tuple[Any, str]] = {
    "an older revision": (lambda key, _: _bundle(key, 9, "1.8.9"), "revision 1.8.9 is older than 1.9.0"),
    "the same revision changed": (lambda key, _: _bundle(key, 9, "1.9.0"), "revision 1.9.0 has changed"),
    "a revision without an order": (lambda key, _: _bundle(key, 9, "new"), "cannot be compared with '1.9.0'"),
    "an expired signature": (lambda key, _: _bundle(key, 9, "2.0.0", expires=NOW - 3600), "has expired"),
    "another scope": (lambda key, _: _bundle(key, 9, "2.0.0", scope="test"), "is signed for the scope 'test'"),
    "another key": (lambda _, other: _bundle(other, 9, "2.0.0"), "is not made by the key"),
    "no archive": (lambda _, __: b"nothing", "is no gzip archive"),
}


@pytest.mark.parametrize(("make", "why"), _REFUSED.values(), ids=_REFUSED)
def test_it_keeps_what_it_has(make: Any, why: str, es256: Pair, tmp_path: Path) -> None:
    _put(tmp_path, _bundle(es256, 1, "1.9.0"))
    warned: list[str] = []
    (tmp_path / "state").mkdir()
    one = _mirror(tmp_path, es256, state=tmp_path / "state")
    watch = mirror.Watch({"b": one}, lambda _: None, warned.append)
    watch.once()
    _put(tmp_path, make(es256, pair(tmp_path, "ES256", "strange")))
    watch.once()
    watch.once()
    assert len(warned) == 1
    assert warned[0].startswith("b: not taken: ")
    assert why in warned[0]
    assert one.held is not None
    assert one.held.revision == "1.9.0"
    assert archive.read(str(tmp_path / "state" / "b.tar.gz")) == dict(one.held.files)


def test_after_a_restart_nothing_older_is_taken(es256: Pair, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    _put(tmp_path, _bundle(es256, 1, "2.0.0"))
    _mirror(tmp_path, es256, state=state).pull()
    _put(tmp_path, _bundle(es256, 1, "1.0.0"))
    again = _mirror(tmp_path, es256, state=state)
    assert again.restore() == "b: revision 2.0.0, as it was kept"
    warned: list[str] = []
    mirror.Watch({"b": again}, lambda _: None, warned.append).once()
    assert warned == ["b: not taken: revision 1.0.0 is older than 2.0.0"]


def test_what_was_changed_where_it_was_kept_is_not_taken_up(es256: Pair, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    changed = signers.signed({**archive.unpack(_bundle(es256, 1)), "more": b""}, es256) | {"more": b"x"}
    (tmp_path / "state" / "b.tar.gz").write_bytes(archive.pack(changed))
    one = _mirror(tmp_path, es256, state=tmp_path / "state")
    warned: list[str] = []
    mirror.Watch({"b": one}, lambda _: None, warned.append).restore()
    assert warned == ["b: not taken: more: was changed after it was signed"]
    assert one.held is None


def test_attestations_are_asked_for(es256: Pair, tmp_path: Path) -> None:
    data = archive.pack(signers.signed(build(definition.read("egress-log")), es256))
    _put(tmp_path, data)
    one = _mirror(tmp_path, es256, attested=True)
    warned: list[str] = []
    mirror.Watch({"b": one}, lambda _: None, warned.append).once()
    assert warned == ["b: not taken: has no sbom beside it"]
    made = publication.prepared(data, es256.signing, KEYID, NOW, None)
    said = attestations.predicates(made, attestations.BUILDER)
    for kind, predicate in said.items():
        envelope = attestations.signed(kind, predicate, {made.digest: "b"}, es256.signing, KEYID)
        (tmp_path / places.beside(kind, made.digest)).write_bytes(envelope)
    assert one.pull() is not None


# The command, and OPA behind it.


@pytest.fixture
def served(es256: Pair, opa: Path, tmp_path: Path) -> Iterator[tuple[str, Sidecar]]:
    """The address of a mirror, and an OPA that loads what it serves."""
    (tmp_path / "state").mkdir()
    _put(tmp_path, _bundle(es256, 1, "1.0.0", issued=int(time.time())))
    port = free_port()
    command = [
        *(sys.executable, "-m", "egress_policy", "sidecar", "mirror", "--bundle", f"b={tmp_path / 'b.tar.gz'}"),
        *("--key", str(es256.public), "--keyid", KEYID, "--scope", SCOPE, "--without-attestations"),
        *("--state", str(tmp_path / "state"), "--every", "0.2", "--port", str(port)),
    ]
    with (tmp_path / "mirror.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    made = Sidecar(opa, es256, f"http://127.0.0.1:{port}", tmp_path)
    try:
        made.start()
        made.until_ready()
        yield f"http://127.0.0.1:{port}", made
    finally:
        made.stop()
        process.terminate()
        assert process.wait(60) == 0


def test_opa_never_sees_an_older_revision(served: tuple[str, Sidecar], es256: Pair, tmp_path: Path) -> None:
    _, sidecar = served
    now = int(time.time())
    _put(tmp_path, _bundle(es256, 2, "2.0.0", issued=now))
    until(lambda: sidecar.ask("p/answer") == 2, sidecar.said)
    _put(tmp_path, _bundle(es256, 9, "1.5.0", issued=now))
    log = tmp_path / "mirror.log"
    until(lambda: "b: not taken: revision 1.5.0 is older than 2.0.0" in log.read_text(), log.read_text)
    time.sleep(2.5)
    assert sidecar.ask("p/answer") == 2
    assert sidecar.ready()
    _put(tmp_path, _bundle(es256, 3, "3.0.0", issued=now))
    until(lambda: sidecar.ask("p/answer") == 3, sidecar.said)


def test_it_serves_no_more_than_it_must(served: tuple[str, Sidecar]) -> None:
    url, _ = served
    answer = requests.get(f"{url}/b.tar.gz", timeout=60)
    assert (answer.status_code, archive.unpack(answer.content)["p/p.rego"]) == (200, b"package p\n\nanswer := 1\n")
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert requests.get(f"{url}/b.tar.gz", headers=tag, timeout=60).status_code == 304
    assert requests.get(f"{url}{mirror.HEALTH}", timeout=60).status_code == 200
    for path in ("/", "/c.tar.gz", "/%2e%2e/b.tar.gz", "/state/b.tar.gz", "/b.tar.gz?x"):
        assert requests.get(f"{url}{path}", timeout=60).status_code == 404
    assert requests.post(f"{url}/b.tar.gz", timeout=60).status_code == 501


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"--bundle": "b"}, "must be NAME=PLACE"),
        ({"--bundle": "../b=x"}, "must be NAME=PLACE"),
        ({"--state": "none"}, "--state none: is no folder"),
        ({"--key": "none.pem"}, "none.pem: No such file"),
        ({"--bundle": "b=http://bundles.example.com/b.tar.gz?x=y"}, "must have no ? or #"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_told(
    change: dict[str, str], why: str, es256: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    given = {"--bundle": "b=x", "--key": str(es256.public), "--keyid": "k"} | change
    assert main(["sidecar", "mirror", *(f"{name}={value}" for name, value in given.items())]) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("every", ["0", "-1", "x", "nan", "inf", "1e9"])
def test_how_often_is_a_number(every: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sidecar", "mirror", "--bundle", "b=x", "--key", "k", "--keyid", "k", f"--every={every}"])
    assert "is no number of seconds" in capsys.readouterr().err


# In a pod.


def test_in_a_pod_opa_asks_the_mirror_and_the_mirror_the_registry(es256: Pair, tmp_path: Path) -> None:
    out = tmp_path / "opa"
    asked = ["--url", "oci://registry.example.com/policy", "--bundle", "egress-log=log:prod", "--mirror", "egress:1"]
    asked += ["--key", str(es256.public), "--keyid", "k", "--scope", "prod", "--token", "--output", str(out)]
    assert main(["sidecar", "config", *asked]) == 0
    assert main(["sidecar", "check", str(out / "opa.yaml"), "--opa-version", "1.22.2"]) == 0
    made = yaml.safe_load((out / "opa.yaml").read_text())
    assert made["services"]["bundles"] == {"url": "http://127.0.0.1:8383"}
    assert made["bundles"]["egress-log"]["resource"] == "egress-log.tar.gz"
    objects = {one["kind"]: one for one in yaml.safe_load_all((out / "deployment.yaml").read_text())}
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    opa, bundles = pod["containers"]
    assert "--bundle" in bundles["args"]
    assert "egress-log=oci://registry.example.com/policy/log:prod" in bundles["args"]
    assert bundles["securityContext"] == opa["securityContext"]
    mounted = {mount["mountPath"]: mount["name"] for mount in bundles["volumeMounts"]}
    assert set(mounted.values()) <= {volume["name"] for volume in pod["volumes"]}
    assert "opa-token" not in {mount["name"] for mount in opa["volumeMounts"]}
    (tmp_path / "key.pem").write_text(objects["ConfigMap"]["data"]["key.pem"])
    assert keys.public(str(tmp_path / "key.pem")) == keys.public(str(es256.public))


def test_a_mirror_asks_by_itself(es256: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--url", "https://b.example.com", "--bundle", "b", "--mirror", "egress:1", "--long-polling"]
    assert main(["sidecar", "config", *asked, "--key", str(es256.public), "--keyid", "k", "--scope", "prod"]) == 2
    assert "--long-polling: with a mirror, this one asks the server" in capsys.readouterr().err


def test_opa_alone_takes_an_older_revision(opa: Path, es256: Pair, tmp_path: Path) -> None:
    """Why there is a mirror."""
    assert signers.theirs(opa, _bundle(es256, 9, "0.0.1"), es256, tmp_path) == ""
    assert config(Wanted("https://x", {"b": "b"}, "k", str(es256.public), "s"))["bundles"]["b"]["signing"]
