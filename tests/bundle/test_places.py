"""`egress bundle publish` and `pull`: the same to a folder, an HTTP server and a real OCI registry."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from egress_policy.bundle import archive, attestations, definition, places
from egress_policy.bundle.build import build
from egress_policy.bundle.places import oci
from egress_policy.cli import main
from tests.bundle import registries, signers
from tests.bundle.signers import KEYID, SCOPE, Pair, pair
from tests.bundle.webs import Web

_NAME = "egress-log"
_INDEX = {"Accept": oci.INDEX}


@pytest.fixture(scope="module")
def open_registry(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registries.registry(tool("registry"), tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


@pytest.fixture(params=["folder", "web", "registry"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place that has nothing."""
    if request.param == "folder":
        return f"{tmp_path}/bundles/{_NAME}.tar.gz"
    if request.param == "web":
        return f"{request.getfixturevalue('web').url}/a/{_NAME}.tar.gz"
    return _repository(request.getfixturevalue("open_registry"), tmp_path)


def _repository(host: str, tmp_path: Path) -> str:
    return f"oci://{host}/{tmp_path.name.lower().replace('_', '-').strip('-')}/{_NAME}:prod"


def _signed(folder: Path, key: Pair, revision: str = "1.0.0", **claims: Any) -> Path:
    path = folder / f"{revision}.tar.gz"
    path.write_bytes(archive.pack(signers.signed(build(definition.read(_NAME), revision), key, **claims)))
    return path


def _publish(bundle: Path, where: str, key: Pair, *more: str) -> int:
    return main(["bundle", "publish", str(bundle), where, "--key", str(key.private), "--keyid", KEYID, *more])


def _pull(where: str, key: Pair, out: Path, *more: str) -> int:
    asked = ["--key", str(key.public), "--keyid", KEYID, "--scope", SCOPE, "--output", str(out)]
    return main(["bundle", "pull", where, *asked, *more])


def test_what_is_published_is_pulled(where: str, key: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signed = _signed(tmp_path, key)
    assert _publish(signed, where, key) == 0
    assert _pull(where, key, tmp_path / "got", "--sbom", str(tmp_path / "sbom")) == 0
    assert (tmp_path / "got").read_bytes() == signed.read_bytes()
    said = capsys.readouterr().out
    assert f"{where}: revision 1.0.0, 2 files, signed by {KEYID}, {key.algorithm}\n" in said
    assert f"sha256:{archive.digest(signed.read_bytes())}, 3 components, built by {attestations.BUILDER}\n" in said
    assert json.loads((tmp_path / "sbom").read_text())["bomFormat"] == "CycloneDX"


def test_a_newer_revision_takes_the_place_of_an_older(where: str, es256: Pair, tmp_path: Path) -> None:
    assert _publish(_signed(tmp_path, es256), where, es256) == 0
    assert _publish(_signed(tmp_path, es256, "1.1.0"), where, es256) == 0
    assert _pull(where, es256, tmp_path / "got", "--at-least", "1.1.0") == 0


def test_the_same_may_be_published_again(where: str, es256: Pair, tmp_path: Path) -> None:
    assert _publish(_signed(tmp_path, es256), where, es256) == 0
    assert _publish(_signed(tmp_path, es256, expires=signers.NOW * 2), where, es256) == 0
    assert _pull(where, es256, tmp_path / "got") == 0


def test_an_older_revision_takes_no_newer_ones_place_by_mistake(
    where: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _publish(_signed(tmp_path, es256, "1.10.0"), where, es256) == 0
    assert _publish(_signed(tmp_path, es256, "1.9.0"), where, es256) == 2
    assert "revision 1.10.0 is there, which is newer than 1.9.0: --replace if you mean it" in capsys.readouterr().err
    assert _publish(_signed(tmp_path, es256, "1.9.0"), where, es256, "--replace") == 0
    assert _pull(where, es256, tmp_path / "got", "--at-least", "1.10.0") == 1
    assert "revision '1.9.0' is older than '1.10.0'" in capsys.readouterr().err


def test_a_revision_does_not_change(
    where: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _publish(_signed(tmp_path, es256), where, es256) == 0
    changed = definition.read(_NAME)
    text = Path(changed.path).read_text().replace("description:", "description: not")
    (tmp_path / "other.yaml").write_text(text)
    other = tmp_path / "other.tar.gz"
    other.write_bytes(archive.pack(signers.signed(build(definition.read(str(tmp_path / "other.yaml"))), es256)))
    assert _publish(other, where, es256, "--definition", str(tmp_path / "other.yaml")) == 2
    assert "revision 1.0.0 is there with other content: raise the revision, or --replace" in capsys.readouterr().err


def test_nothing_is_written_of_what_is_refused(
    where: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _publish(_signed(tmp_path, es256), where, es256) == 0
    strange = pair(tmp_path, "ES256", "strange")
    assert _pull(where, strange, tmp_path / "got", "--sbom", str(tmp_path / "sbom")) == 1
    assert f"{where}: refused: its signature is not made by the key '{KEYID}'" in capsys.readouterr().err
    assert not (tmp_path / "got").exists()
    assert not (tmp_path / "sbom").exists()


def test_where_nothing_is(where: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _pull(where, es256, tmp_path / "got") == 2
    assert "is not there" in (said := capsys.readouterr().err) or "has no prod" in said


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda signed: {**signed, "README": b"x"}, "README: is there, but not signed"),
        (lambda signed: {k: v for k, v in signed.items() if k != archive.SIGNATURES}, "is not signed"),
    ],
    ids=["what has more in it than was signed", "what nobody signed"],
)
def test_is_not_published(
    spoil: Callable[[Any], Any], why: str, where: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "b.tar.gz"
    bundle.write_bytes(archive.pack(spoil(archive.read(str(_signed(tmp_path, es256))))))
    assert _publish(bundle, where, es256) == 2
    assert f"{bundle}: {why}" in capsys.readouterr().err
    assert _pull(where, es256, tmp_path / "got") == 2


def test_what_somebody_else_signed_is_not_published(
    es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = pair(tmp_path, "ES256", "strange")
    assert _publish(_signed(tmp_path, strange), f"{tmp_path}/there/", es256) == 2
    assert f"its signature is not made by the key '{KEYID}'" in capsys.readouterr().err
    assert not (tmp_path / "there").exists()


def test_a_folder_is_no_bundle(es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _publish(tmp_path, f"{tmp_path}/there/", es256) == 2
    assert capsys.readouterr().err == f"egress: {tmp_path}: Is a directory\n"


def test_what_its_definition_is_not_built_to_is_not_published(
    es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = build(definition.read(_NAME))
    name = next(name for name in files if name.endswith(".rego"))
    changed = tmp_path / "b.tar.gz"
    changed.write_bytes(archive.pack(signers.signed({**files, name: files[name] + b"# x\n", "more": b""}, es256)))
    assert _publish(changed, f"{tmp_path}/there/", es256) == 2
    assert f"is built to something else: {', '.join(sorted([name, 'more']))}; " in capsys.readouterr().err


def test_a_bundle_of_ones_own_needs_its_definition(
    es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "parameters.yaml").write_text("profile: strict\n")
    (tmp_path / "data.yaml").write_text(
        "apiVersion: egress-policy.dev/v1\nkind: BundleDefinition\n"
        "name: mine\nrevision: '7'\nparameters: parameters.yaml\n"
    )
    bundle = tmp_path / "b.tar.gz"
    bundle.write_bytes(archive.pack(signers.signed(build(definition.read(str(tmp_path / "data.yaml"))), es256)))
    assert _publish(bundle, f"{tmp_path}/there/", es256) == 2
    assert "is no bundle of ours: say what it was built from by --definition FILE" in capsys.readouterr().err
    assert _publish(bundle, f"{tmp_path}/there/", es256, "--definition", str(tmp_path / "data.yaml")) == 0
    assert _pull(f"{tmp_path}/there/mine.tar.gz", es256, tmp_path / "got") == 0


@pytest.mark.parametrize("kind", attestations.KINDS)
def test_one_that_nothing_is_said_of_is_taken_only_if_one_asks(
    kind: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = _signed(tmp_path, es256)
    assert _publish(signed, f"{tmp_path}/there/", es256) == 0
    where = f"{tmp_path}/there/{_NAME}.tar.gz"
    (tmp_path / "there" / places.beside(kind, archive.digest(signed.read_bytes()))).unlink()
    assert _pull(where, es256, tmp_path / "got") == 1
    assert f"{where}: refused: has no {kind} beside it" in capsys.readouterr().err
    assert _pull(where, es256, tmp_path / "got", "--without-attestations") == 0


# The HTTP server


def test_a_server_is_shown_a_token(
    web: Web, es256: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    web.token = "t0k3n"  # noqa: S105  # of a server that lives as long as this test
    signed, where = _signed(tmp_path, es256), f"{web.url}/{_NAME}.tar.gz"
    assert _publish(signed, where, es256) == 2
    assert "the server answers 401" in capsys.readouterr().err
    (tmp_path / "token").write_text("t0k3n\n")
    assert _publish(signed, where, es256, "--token", str(tmp_path / "token")) == 0
    monkeypatch.setenv("TOKEN", "t0k3n")
    assert _pull(where, es256, tmp_path / "got", "--token", "env:TOKEN") == 0


def test_the_bundle_goes_live_last(web: Web, es256: Pair, tmp_path: Path) -> None:
    assert _publish(_signed(tmp_path, es256), f"{web.url}/{_NAME}.tar.gz", es256) == 0
    assert [path for how, path in web.asked if how == "PUT"][-1] == f"/{_NAME}.tar.gz"


def test_a_folder_of_a_server_has_the_bundle_by_its_name(web: Web, es256: Pair, tmp_path: Path) -> None:
    assert _publish(_signed(tmp_path, es256), f"{web.url}/x/", es256) == 0
    assert f"/x/{_NAME}.tar.gz" in web.files


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://bundles.example.com/b.tar.gz", "is plain HTTP: use https"),
        ("https://127.0.0.1:1/b.tar.gz?a=b", "must have no ? or #"),
        ("https://127.0.0.1:1/b.tar.gz", "refused"),
        ("oci://127.0.0.1:1/x:1", "refused"),
        ("oci://127.0.0.1:1/X:1", "must be a repository of a registry"),
        ("oci://127.0.0.1:1", "must be a repository of a registry"),
        ("oci://127.0.0.1:1/x@sha256:1", "must be a repository of a registry"),
        ("oci://127.0.0.1:1/../x:1", "must be a repository of a registry"),
        ("oci://user@127.0.0.1:1/x:1", "must be a repository of a registry"),
        ("https://127.0.0.1:1/x/", "https://127.0.0.1:1/x/: is a folder: name the bundle's file"),
        (".", ".: is a folder: name the bundle's file, as ./egress-restricted.tar.gz"),
    ],
)
def test_places_that_are_none(
    target: str, why: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _pull(target, es256, tmp_path / "got") == 2
    assert why in capsys.readouterr().err


def test_nobody_is_led_to_plain_http(web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web.redirects["/b.tar.gz"] = "http://bundles.example.com/b.tar.gz"
    assert _pull(f"{web.url}/b.tar.gz", es256, tmp_path / "got") == 2
    assert "http://bundles.example.com/b.tar.gz: is plain HTTP: use https" in capsys.readouterr().err


def test_what_is_larger_than_a_bundle_is_not_read(
    web: Web, es256: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(archive, "MOST_PACKED", 1 << 20)
    web.files["/b.tar.gz"] = b"x" * (2 << 20)
    assert _pull(f"{web.url}/b.tar.gz", es256, tmp_path / "got") == 2
    assert "is larger than 1 MiB" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "a b\nc", "é"])
def test_a_token_that_is_none(
    text: str, web: Web, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text(text)
    assert _pull(f"{web.url}/b.tar.gz", es256, tmp_path / "got", "--token", str(tmp_path / "token")) == 2
    assert "holds no token" in capsys.readouterr().err


# The registry


def _manifest(where: str, name: str) -> Any:
    reference = oci.reference(where)
    url = f"http://{reference.host}/v2/{reference.repository}/manifests/{name}"
    answer = requests.get(url, headers={"Accept": f"{oci.MANIFEST}, {oci.INDEX}"}, timeout=60)
    answer.raise_for_status()
    return answer.json()


def test_a_registry_has_it_by_every_tag_and_by_digest(
    open_registry: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = _repository(open_registry, tmp_path).removesuffix(":prod")
    assert _publish(_signed(tmp_path, es256), where, es256, "--tag", "prod", "--tag", "latest") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("@")[0].rpartition(":")[2] for line in lines] == ["1.0.0", "prod", "latest"]
    digests = {line.partition("@")[2] for line in lines}
    assert len(digests) == 1
    for name in (":1.0.0", ":latest", "", f"@{digests.pop()}"):
        assert _pull(f"{where}{name}", es256, tmp_path / "got") == 0


def test_a_registry_says_what_it_has(open_registry: str, es256: Pair, tmp_path: Path) -> None:
    where = _repository(open_registry, tmp_path)
    assert _publish(_signed(tmp_path, es256), where, es256) == 0
    made = _manifest(where, "prod")
    assert made["annotations"] == {
        "org.opencontainers.image.title": _NAME,
        "org.opencontainers.image.description": "What decision logs leave out",
        "org.opencontainers.image.version": "1.0.0",
        "org.opencontainers.image.created": "2026-11-18T11:06:40Z",
        "dev.egress-policy.keyid": KEYID,
        "dev.egress-policy.scope": SCOPE,
    }
    (layer,) = made["layers"]
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"


def test_envelopes_refer_to_the_bundle(open_registry: str, es256: Pair, tmp_path: Path) -> None:
    """The registry keeps no list of what refers to what: it is under the tag that the specification says."""
    where = _repository(open_registry, tmp_path)
    assert _publish(_signed(tmp_path, es256), where, es256) == 0
    bundle = oci.digest(json.dumps(_manifest(where, "prod"), separators=(",", ":"), ensure_ascii=False).encode())
    listed = _manifest(where, bundle.replace(":", "-"))["manifests"]
    assert [one["artifactType"] for one in listed] == list(oci.ENVELOPES.values())
    for one in listed:
        assert _manifest(where, one["digest"])["subject"]["digest"] == bundle


def test_an_envelope_that_anybody_attached_does_not_count(
    open_registry: str, es256: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where, strange = _repository(open_registry, tmp_path), pair(tmp_path, "ES256", "strange")
    signed = _signed(tmp_path, es256)
    honest = attestations.signed

    def forged(kind: str, predicate: Any, subjects: Any, _: Any, keyid: str) -> bytes:
        return honest(kind, predicate, subjects, strange.signing, keyid)

    monkeypatch.setattr(attestations, "signed", forged)
    assert _publish(signed, where, es256) == 0
    assert _pull(where, es256, tmp_path / "got") == 1
    assert f"refused: its sbom is not signed by {KEYID}" in capsys.readouterr().err
    monkeypatch.setattr(attestations, "signed", honest)
    assert _publish(signed, where, es256) == 0
    monkeypatch.setattr(attestations, "signed", forged)
    assert _publish(signed, where, es256) == 0
    assert _pull(where, es256, tmp_path / "got") == 0


def test_conftest_judges_by_what_it_pulls(
    open_registry: str, es256: Pair, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    bundle = tmp_path / "b.tar.gz"
    bundle.write_bytes(archive.pack(signers.signed(build(definition.read("egress-restricted")), es256)))
    where = _repository(open_registry, tmp_path).replace(":prod", ":1")
    assert _publish(bundle, where, es256) == 0
    conftest = tool("conftest")
    subprocess.run([conftest, "pull", f"{where}-conftest"], cwd=tmp_path, check=True, capture_output=True)
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "n"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
    }  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps(policy))
    judged = subprocess.run(
        [conftest, "test", "--policy", "policy", "p.json", "--output", "json"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    said = [one["msg"] for one in json.loads(judged.stdout)[0]["failures"]]
    assert any("allows egress to all destinations on all ports" in one for one in said), judged.stdout


def test_a_digest_is_no_place_to_publish_to(
    open_registry: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = _repository(open_registry, tmp_path).replace(":prod", f"@sha256:{'0' * 64}")
    assert _publish(_signed(tmp_path, es256), where, es256) == 2
    assert "a digest cannot be published to: name a tag" in capsys.readouterr().err


@pytest.mark.parametrize("tag", ["a/b", "", "-", "a" * 129])
def test_a_tag_that_is_none(
    tag: str, open_registry: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = _repository(open_registry, tmp_path)
    assert _publish(_signed(tmp_path, es256), where, es256, f"--tag={tag}") == 2
    assert "is no tag" in capsys.readouterr().err


def test_only_registries_have_tags(es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _publish(_signed(tmp_path, es256), f"{tmp_path}/there/", es256, "--tag", "prod") == 2
    assert "only a registry has tags" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "ours", "where"),
    [
        ("cyclonedx.model", "egress_policy.bundle.sbom", "there/"),
        ("oras.container", "egress_policy.bundle.places.registry", "oci://127.0.0.1:1/x:1"),
    ],
)
def test_without_its_libraries_it_says_what_to_install(
    module: str, ours: str, where: str, es256: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, ours, raising=False)
    assert _publish(_signed(tmp_path, es256), where, es256, "--replace") == 2
    assert "`pip install 'egress-policy[publish]'`" in capsys.readouterr().err
