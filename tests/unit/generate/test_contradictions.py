"""What a model contradicts itself in: `egress generate` writes it, and says that the audit will refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from egress_policy import model
from egress_policy.cli import main
from egress_policy.generate import contradictions
from tests.unit.model.models import ALL, with_spec, written

if TYPE_CHECKING:
    from pathlib import Path

_API = {"service": ["10.96.0.1/32"], "from": {"role": "controller"}}
_MAIL = {"name": "mail", "cidrs": ["8.8.8.0/24"], "from": {"app": "mail"}}
_NET = {"name": "net", "cidrs": ["10.96.0.0/16"]}
_DB = {"name": "db", "engine": "postgresql", "labels": {"app": "db"}, "from": {"tier": "backend"}}
_LEDGER = {"name": "ledger", "engine": "mysql", "cidrs": ["10.1.0.5/32"], "from": {"tier": "backend"}}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param(ALL, [], id="a model that does not"),
        pytest.param(
            {"https": [_MAIL, _NET], "kubeAPI": _API},
            ["spec.https[1]: NetworkPolicy 'allow-https-net' lets pods without role=controller reach"],
            id="a block for every pod holds the API's address",
        ),
        pytest.param(
            {"https": [{**_NET, "from": {"role": "controller"}}], "kubeAPI": _API},
            [],
            id="the same for controllers",
        ),
        pytest.param(
            {"https": [{**_NET, "cidrs": ["0.0.0.0/0"]}], "kubeAPI": _API},
            ["spec.https[0]: NetworkPolicy 'allow-https' lets pods without role=controller reach"],
            id="and so does the whole internet",
        ),
        pytest.param(
            {"services": [{"name": "any", "namespace": "shop", "labels": {"app": "db"}, "ports": [5432]}],
             "databases": [_DB]},
            ["spec.services[0]: NetworkPolicy 'allow-internal-services' lets pods without tier=backend reach"],
            id="a service that is a database",
        ),
        pytest.param(
            {"https": [{**_NET, "cidrs": ["10.1.0.0/24"], "ports": [{"port": 3000, "endPort": 4000}]}],
             "databases": [_LEDGER]},
            ["spec.https[0]: NetworkPolicy 'allow-https' lets pods without tier=backend reach"],
            id="a block and ports in which a database is",
        ),
        pytest.param(
            {"databases": [_LEDGER, {**_LEDGER, "name": "again", "from": {"app": "reports"}}]},
            [],
            id="two groups of pods may share a database",
        ),
        pytest.param(
            {"kubeAPI": _API, "dns": {"cidrs": ["10.96.0.1/32"], "ports": [443]}},
            ["spec.dns: NetworkPolicy 'allow-dns' lets pods without role=controller reach"],
            id="DNS where the API is",
        ),
        pytest.param(
            {"kubeAPI": {"service": ["10.1.0.5/32"], "endpoints": ["10.1.0.0/24"], "from": {"role": "controller"}},
             "databases": [{**_LEDGER, "port": 6443}]},
            ["spec.databases[0]: NetworkPolicy 'allow-database' lets pods without role=controller",
             "spec.kubeAPI.endpoints: NetworkPolicy 'allow-kube-api' lets pods without tier=backend"],
            id="the API where a database is",
        ),
    ],
)  # fmt: skip
def test_each_is_told_with_its_field(spec: dict[str, Any], said: list[str], tmp_path: Path) -> None:
    name = written(tmp_path, with_spec(**spec))
    found = contradictions.lines(model.read(name))
    assert len(found) == len(said)
    for line, start in zip(found, said, strict=True):
        assert line.startswith(f"{name}:1: {start}")


def test_what_all_namespaces_of_a_model_share_is_told_once(tmp_path: Path) -> None:
    spec = {"namespaces": ["a", "b"], "https": [_NET], "kubeAPI": _API}
    assert len(contradictions.lines(model.read(written(tmp_path, with_spec(**spec))))) == 1


def test_the_policies_are_written_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, with_spec(https=[_NET], kubeAPI=_API))
    assert main(["generate", name, "--output", str(tmp_path / "o")]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "egress: the model contradicts itself: `egress audit` will refuse what is written"
    assert told[1].startswith(f"{name}:1: spec.https[0]: ")
    assert (tmp_path / "o" / "15_egress_allow_rules.yaml").is_file()
