"""A real OPA as a sidecar of a real OCI registry: what is published goes live, what was tampered with does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egress_policy.bundle import archive
from egress_policy.bundle.places import oci
from egress_policy.bundle.places.registry import _Client
from tests.bundle import registries, signers
from tests.bundle.registries import PASSWORD, USER
from tests.bundle.signers import Pair, pair
from tests.sidecar.sidecars import Sidecar, until
from tests.sidecar.test_sidecar import _bundle, _files

_REPOSITORY = "policy/b"


def _pushed(host: str, data: bytes) -> None:
    """Whatever it is, as the artifact that OPA takes, under the tag that it asks for."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": oci.MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": oci.digest(b"{}"), "size": 2},
        "layers": [{"mediaType": oci.LAYER, "digest": oci.digest(data), "size": len(data)}],
    }
    made = oci.Artifact(oci.json_bytes(manifest), {oci.digest(data): data, oci.digest(b"{}"): b"{}"})
    _Client(oci.reference(f"oci://{host}/{_REPOSITORY}"), (USER, PASSWORD)).push(made, "live")


@pytest.fixture
def host(tool: Callable[[str], Path], tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "registry"
    folder.mkdir()
    with registries.registry(tool("registry"), folder) as found:
        yield found


def _sidecar(opa: Path, key: Pair, host: str, folder: Path, **more: Any) -> Sidecar:
    return Sidecar(opa, key, f"oci://{host}/policy", folder, bundles={"b": "b:live"}, **more)


@pytest.fixture
def sidecar(opa: Path, es256: Pair, host: str, tmp_path: Path) -> Iterator[Sidecar]:
    """One that has loaded the first revision."""
    _pushed(host, _bundle(es256, 1))
    made = _sidecar(opa, es256, host, tmp_path)
    with made:
        made.until_ready()
        yield made


def test_a_new_revision_goes_live_under_load_without_a_wrong_or_lost_answer(
    sidecar: Sidecar, host: str, es256: Pair
) -> None:
    stop = threading.Event()
    answers: list[Any] = []

    def ask() -> None:
        client = sidecar.client()
        while not stop.is_set():
            answers.append(client.query_rule({}, "p", "answer")["result"])

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for one in askers:
        one.start()
    for answer in (2, 3):
        _pushed(host, _bundle(es256, answer, str(answer)))
        until(lambda wanted=answer: answers[-1:] == [wanted], lambda: f"the last answers are {answers[-5:]}")
    stop.set()
    for one in askers:
        one.join()
    assert set(answers) == {1, 2, 3}


@pytest.mark.parametrize("wrong", ["changed", "unsigned", "signed for elsewhere", "signed by somebody else"])
def test_what_is_refused_leaves_the_old_one_answering(
    wrong: str, sidecar: Sidecar, host: str, es256: Pair, tmp_path: Path
) -> None:
    made = {
        "changed": lambda: archive.pack(
            signers.signed(_files("9", 8), es256) | {"p/p.rego": b"package p\n\nanswer := 9\n"}
        ),
        "unsigned": lambda: archive.pack(_files("9", 9)),
        "signed for elsewhere": lambda: _bundle(es256, 9, "9", scope="test"),
        "signed by somebody else": lambda: _bundle(pair(tmp_path, "ES256", "strange"), 9, "9"),
    }[wrong]()
    _pushed(host, made)
    until(lambda: "Bundle load failed" in sidecar.said() or "unexpected error" in sidecar.said(), sidecar.said)
    assert sidecar.ask("p/answer") == 1
    assert sidecar.ready()


def test_the_registry_gone_and_opa_started_again_it_answers_from_disk(
    opa: Path, es256: Pair, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    with registries.registry(tool("registry"), tmp_path) as host:
        _pushed(host, _bundle(es256, 1))
        made = _sidecar(opa, es256, host, tmp_path)
        made.start()
        made.until_ready()
    made.stop()
    with made:
        made.until_ready()
        assert made.ask("p/answer") == 1


def test_a_registry_that_asks_for_a_password_is_told_it(
    opa: Path, es256: Pair, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    with registries.registry(tool("registry"), tmp_path, registries.password(tmp_path)) as host:
        _pushed(host, _bundle(es256, 1))
        made = _sidecar(opa, es256, host, tmp_path, token=True)
        (tmp_path / "token").write_text(f"{USER}:{PASSWORD}")
        with made:
            made.until_ready()
            assert made.ask("p/answer") == 1
