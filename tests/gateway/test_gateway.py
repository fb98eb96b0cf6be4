"""The gateway's decision: the same in every engine, of models and of a bundle's index, and as the model's words say."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import requests
import yaml
from hypothesis import event, given

from egress_policy.bundle import archive, definition
from egress_policy.bundle.build import build
from egress_policy.engine import GATEWAY, GATEWAY_INDEX, Engine, load, to_json
from tests import engines
from tests.packets.words import Way, ways
from tests.settings import examples

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
MODELS: list[Json] = CASES["models"]
ROWS: list[Json] = CASES["cases"]
NOW = "2026-11-27"


@pytest.fixture(scope="module")
def wasm() -> Iterator[Engine]:
    """The embedded engine, which works everything out of the models."""
    with load("wasm", {"models": MODELS, "now": NOW}) as engine:
        yield engine


@pytest.fixture(scope="module")
def opa(tool: Callable[[str], Path]) -> Path:
    """The real OPA."""
    return tool("opa")


@pytest.fixture(scope="module")
def bundled(opa: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an OPA with our bundle of the gateway, and one of data with the index."""
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "models.yaml").write_text("---\n".join(json.dumps(one) + "\n" for one in MODELS))
    (folder / "now.yaml").write_text(f"now: '{NOW}'\n")
    (folder / "data.yaml").write_text(
        "apiVersion: egress-policy.dev/v1\nkind: BundleDefinition\nname: approved\nrevision: '1'\n"
        "models: [models.yaml]\nparameters: now.yaml\n"
    )
    arguments: list[str] = []
    for name in ("egress-gateway", str(folder / "data.yaml")):
        path = folder / f"{Path(name).stem}.tar.gz"
        path.write_bytes(archive.pack(build(definition.read(name))))
        arguments += ["--bundle", str(path)]
    with engines.serving(opa, *arguments) as url:
        yield url


def _ask(url: str, question: Any) -> Any:
    answer = requests.post(f"{url}/v1/data/egress/gateway/decision", json={"input": question}, timeout=60)
    return answer.json()["result"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["case"]))
def test_it_answers(row: Json, wasm: Engine, bundled: str) -> None:
    answer = wasm.ask(GATEWAY, to_json(row["question"]))
    assert answer["reason"] == row["reason"]
    assert answer["allowed"] is row["reason"].startswith("approved as ")
    assert ("http_status" in answer) is not answer["allowed"]
    assert _ask(bundled, row["question"]) == answer


def test_the_table_is_of_some_size() -> None:
    assert len(ROWS) >= 60
    assert len({row["case"] for row in ROWS}) == len(ROWS)


def test_a_request_without_input_is_refused(bundled: str) -> None:
    answer = requests.post(f"{bundled}/v1/data/egress/gateway/decision", timeout=60).json()["result"]
    assert answer["allowed"] is False


def test_the_index_is_made_of_the_models(wasm: Engine) -> None:
    index = wasm.ask(GATEWAY_INDEX, b"{}")
    assert index["form"] == 1
    assert set(index["namespaces"]) == {name for one in MODELS for name in one["spec"]["namespaces"]}


# At random, against the words.

_CIDRS = [
    "8.8.8.0/24",
    "8.8.8.128/25",
    "8.8.0.0/16",
    "0.0.0.0/1",
    "9.9.9.9/32",
    "2001:db8::/32",
    "2001:db8:5::/48",
    "::/0",
]
_ADDRESSES = [
    "8.8.8.1",
    "8.8.8.200",
    "8.8.9.1",
    "127.0.0.1",
    "200.0.0.1",
    "9.9.9.9",
    "2001:db8:5::1",
    "2001:db8:6::1",
    "::1",
]
_HOSTS = ["a.example.com", "b.example.com", "example.com"]
_LABELS = [{}, {"app": "a"}, {"app": "b"}, {"app": "a", "tier": "x"}]
_PORTS = [443, 80, {"protocol": "UDP", "port": 443}, {"port": 80, "endPort": 443}]
_SOME = st.lists(
    st.fixed_dictionaries(
        {"cidrs": st.lists(st.sampled_from(_CIDRS), min_size=1, max_size=3, unique=True)},
        optional={
            "hosts": st.lists(st.sampled_from(_HOSTS), max_size=2, unique=True),
            "ports": st.lists(st.sampled_from(_PORTS), min_size=1, max_size=2),
            "from": st.sampled_from(_LABELS),
            "expires": st.sampled_from(["2026-11-26", "2026-11-27", "2027-01-01"]),
        },
    ),
    max_size=5,
)
_QUESTIONS = st.lists(
    st.tuples(
        st.sampled_from(_LABELS), st.sampled_from([None, *_HOSTS]), st.sampled_from([None, *_ADDRESSES]),
        st.sampled_from([443, 80, 81]), st.sampled_from(["TCP", "UDP"]),
    ),
    min_size=20, max_size=20,
)  # fmt: skip


def _may(spec: Json, labels: Json, host: str | None, address: str | None, port: int, protocol: str) -> bool:
    """By the words: a host alone is where the gateway dials; beside an address it may only narrow."""
    pairs = list(zip(spec["https"], list(ways(spec))[1:], strict=False))
    for entry, way in pairs:
        if entry.get("expires", NOW) < NOW or not _fits(way, labels, port, protocol):
            continue
        named = entry.get("hosts") or []
        if address is None and host is not None and host in named:
            return True
        if address is not None and _inside(way, address) and (host is None or not named or host in named):
            return True
    return False


def _fits(way: Way, labels: Json, port: int, protocol: str) -> bool:
    return all(labels.get(key) == value for key, value in way.who.items()) and any(
        name == protocol and low <= port <= high for name, low, high in way.ports
    )


def _inside(way: Way, address: str) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(cidr) for cidr in way.cidrs)


@examples(60)
@given(_SOME, _QUESTIONS)
def test_it_agrees_with_the_words_of_the_model(https: list[Json], questions: list[Any]) -> None:
    spec = {"namespaces": ["shop"], "https": [{"name": f"d{i}", **one} for i, one in enumerate(https)]}
    document = {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": spec}
    with load("wasm", {"models": [document], "now": NOW}) as engine:
        for labels, host, address, port, protocol in questions:
            destination = {"host": host, "address": address, "port": port, "protocol": protocol}
            question = {"source": {"namespace": "shop", "labels": labels}, "destination": destination}
            answer = engine.ask(GATEWAY, to_json(question))
            event(str(answer["allowed"]))
            assert answer["allowed"] == _may(spec, labels, host, address, port, protocol), (question, answer)
