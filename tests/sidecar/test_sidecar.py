"""A real OPA as a sidecar: it loads what is signed, turns to what is new, keeps what it has, and takes nothing else."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egress_policy.bundle import archive
from egress_policy.bundle.archive import MANIFEST, SIGNATURES
from tests.bundle import signers
from tests.bundle.signers import Pair
from tests.sidecar.server import Bundles
from tests.sidecar.sidecars import Sidecar, until


def _files(revision: str, answer: int) -> dict[str, bytes]:
    return {
        MANIFEST: f'{{"revision": "{revision}", "roots": ["p"], "rego_version": 1}}'.encode(),
        "p/p.rego": f"package p\n\nanswer := {answer}\n".encode(),
    }


def _bundle(key: Pair, answer: int, revision: str = "1", **claims: Any) -> bytes:
    return archive.pack(signers.signed(_files(revision, answer), key, **claims))


@pytest.fixture
def bundles() -> Iterator[Bundles]:
    """Where they come from."""
    served = Bundles()
    yield served
    served.close()


@pytest.fixture
def sidecar(opa: Path, key: Pair, bundles: Bundles, tmp_path: Path) -> Iterator[Sidecar]:
    """One that has loaded the first revision."""
    bundles.put("b.tar.gz", _bundle(key, 1))
    made = Sidecar(opa, key, bundles.url, tmp_path)
    with made:
        made.until_ready()
        yield made


def test_it_answers_from_the_signed_bundle(sidecar: Sidecar) -> None:
    assert sidecar.client().query_rule({}, "p", "answer")["result"] == 1


def test_it_asks_for_what_it_has_not_got(sidecar: Sidecar, bundles: Bundles) -> None:
    bundles.seen(2, 304)
    assert bundles.statuses.count(200) == 1
    assert sidecar.ask("p/answer") == 1


def test_a_new_revision_goes_live_under_load_without_a_wrong_or_lost_answer(
    sidecar: Sidecar, bundles: Bundles, key: Pair
) -> None:
    stop = threading.Event()
    answers: list[Any] = []

    def ask() -> None:
        while not stop.is_set():
            answers.append(sidecar.ask("p/answer"))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for one in askers:
        one.start()
    for answer in (2, 3, 4):
        bundles.put("b.tar.gz", _bundle(key, answer, str(answer)))
        until(lambda wanted=answer: answers[-1:] == [wanted], lambda: f"the last answers are {answers[-5:]}")
    stop.set()
    for one in askers:
        one.join()
    assert set(answers) == {1, 2, 3, 4}
    assert len(answers) > 50


_REFUSED: dict[str, Callable[[Pair, Pair], bytes]] = {
    "changed": lambda key, _: archive.pack(
        signers.signed(_files("9", 8), key) | {"p/p.rego": b"package p\n\nanswer := 9\n"}
    ),
    "unsigned": lambda _, __: archive.pack(_files("9", 9)),
    "signed for elsewhere": lambda key, _: _bundle(key, 9, "9", scope="test"),
    "signed for nowhere": lambda key, _: _bundle(key, 9, "9", scope=""),
    "signed by somebody else": lambda _, other: _bundle(other, 9, "9"),
    "with more in it": lambda key, _: archive.pack(signers.signed(_files("9", 9), key) | {"p/q.rego": b"package q\n"}),
    "with less in it": lambda key, _: archive.pack({
        name: text for name, text in signers.signed(_files("9", 9) | {"p/q.rego": b"package p.q\n"}, key).items()
        if name != "p/q.rego"
    }),
    "a patch": lambda _, __: archive.pack({"patch.json": b'{"data": [{"op": "upsert", "path": "/p", "value": 9}]}'}),
    "no archive": lambda _, __: b"nothing",
}  # fmt: skip


@pytest.mark.parametrize("make", _REFUSED.values(), ids=_REFUSED)
def test_what_is_refused_leaves_the_old_one_answering(
    make: Callable[[Pair, Pair], bytes], sidecar: Sidecar, bundles: Bundles, key: Pair, tmp_path: Path
) -> None:
    strange = signers.pair(tmp_path, key.algorithm, "strange")
    bundles.put("b.tar.gz", make(key, strange))
    bundles.seen(3)
    assert sidecar.ask("p/answer") == 1
    assert sidecar.ready()


def test_the_server_gone_and_opa_started_again_it_answers_from_disk(sidecar: Sidecar, bundles: Bundles) -> None:
    bundles.close()
    assert sidecar.ask("p/answer") == 1
    sidecar.stop()
    sidecar.start()
    sidecar.until_ready()
    assert sidecar.ask("p/answer") == 1
    assert sidecar.alive()


def _read(kept: Path) -> dict[str, bytes]:
    """The files of a bundle that OPA keeps: it keeps what it has read, up to the end mark of the tar."""
    tar = zlib.decompressobj(wbits=31).decompress(kept.read_bytes())
    return archive.unpack(gzip.compress(tar))


def test_what_was_changed_on_disk_is_not_taken(sidecar: Sidecar, bundles: Bundles, tmp_path: Path) -> None:
    (kept,) = (path for path in (tmp_path / "persisted").rglob("*.tar.gz"))
    bundles.close()
    sidecar.stop()
    files = _read(kept)
    kept.write_bytes(archive.pack({**files, "p/p.rego": b"package p\n\nanswer := 9\n"}))
    sidecar.start()
    until(sidecar.alive, lambda: "it does not run")
    assert not sidecar.ready()
    assert sidecar.ask("p/answer") is None


def test_without_a_bundle_it_is_alive_and_not_ready(opa: Path, key: Pair, bundles: Bundles, tmp_path: Path) -> None:
    made = Sidecar(opa, key, bundles.url, tmp_path)
    with made:
        until(made.alive, lambda: "it does not run")
        bundles.seen(2, 404)
        assert not made.ready()


def test_by_long_polling_what_is_new_is_there_at_once(opa: Path, key: Pair, bundles: Bundles, tmp_path: Path) -> None:
    bundles.put("b.tar.gz", _bundle(key, 1))
    made = Sidecar(opa, key, bundles.url, tmp_path, long_polling=True)
    with made:
        made.until_ready()
        bundles.put("b.tar.gz", _bundle(key, 2, "2"))
        until(lambda: made.ask("p/answer") == 2, lambda: f"the server answered {bundles.statuses}")
        assert bundles.statuses == [200, 200]


def test_secrets_are_left_out_of_the_decision_log(opa: Path, key: Pair, bundles: Bundles, tmp_path: Path) -> None:
    from egress_policy.bundle import definition
    from egress_policy.bundle.build import build

    bundles.put("b.tar.gz", _bundle(key, 1))
    bundles.put("egress-log.tar.gz", archive.pack(signers.signed(build(definition.read("egress-log")), key)))
    served = {"b": "b.tar.gz", "egress-log": "egress-log.tar.gz"}
    made = Sidecar(opa, key, bundles.url, tmp_path, bundles=served, masked=True)
    with made:
        made.until_ready()
        made.ask("p/answer", {"shards": ["hunter2"], "kept": "visible"})
        until(lambda: "visible" in made.said(), lambda: "nothing was logged")
    assert "hunter2" not in made.said()


def test_signatures_are_in_what_is_kept(sidecar: Sidecar, tmp_path: Path) -> None:
    assert sidecar.ready()
    (kept,) = (path for path in (tmp_path / "persisted").rglob("*.tar.gz"))
    assert SIGNATURES in _read(kept)
