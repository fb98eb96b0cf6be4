"""The picture of a model: what it shows, and that no text of a model is anything but text in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from egress_policy import model
from egress_policy.cli import main
from egress_policy.generate import graph
from tests.unit.generate.test_command import NASTY
from tests.unit.model.models import ALL, document, with_spec, written

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
_HTTPS = ALL["https"][0]


def _drawn(folder: Path, *documents: Any) -> tuple[str, str]:
    files = graph.files(model.read(written(folder, *documents)))
    return files["egress.svg"].decode(), files["egress.mmd"].decode()


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # it is our own


def _said(svg: str) -> list[str]:
    """The picture in sentences, which whoever cannot see it hears."""
    found = _parsed(svg).findtext(f"{SVG}desc") or ""
    return [sentence for sentence in re.split(r"(?<=\.) (?=m: )", found) if sentence]


def test_it_says_who_may_reach_what(tmp_path: Path) -> None:
    svg, _ = _drawn(tmp_path, document(ALL))
    assert _said(svg) == [
        "m: pods with app=w may reach mail (2a04:4e42::/48) on TCP 8000-8010.",
        "m: pods with tier=backend may reach orders (app=orders-db in namespace data) on TCP 5432.",
        "m: pods with tier=backend may reach cache (app=cache in namespace shop) on TCP 6379.",
        "m: pods with app=ledger may reach ledger (10.9.0.5/32) on TCP 1521.",
        "m: pods with role=controller may reach Kubernetes API, endpoints (172.18.0.2/32) on TCP 6443.",
        "m: pods with role=controller may reach Kubernetes API, service (10.96.0.1/32) on TCP 443.",
        "m: every pod may reach cluster DNS (k8s-app=kube-dns in namespace kube-system) on UDP 53, TCP 53.",
        "m: every pod may reach payments (151.101.2.0/24) on TCP 443; pay: cards; until 2099-06-30.",
        "m: every pod may reach auth (app=auth in namespace identity) on TCP 8080, UDP 8125.",
        "m: everything else is denied.",
    ]


def test_each_destination_has_an_arrow_in_both(tmp_path: Path) -> None:
    svg, mermaid = _drawn(tmp_path, document(ALL))
    assert len(re.findall(r"-->\|", mermaid)) == 9
    assert mermaid.count("-.-x|") == 1
    assert len(re.findall(r'<path class="line s-allow-', svg)) == 9
    for word in ("payments", "151.101.2.0/24", "tier=backend", "app=orders-db in namespace data", "TCP 8000-8010"):
        assert word in svg
        assert word in mermaid


def test_several_models_and_namespaces(tmp_path: Path) -> None:
    several = document({**ALL, "namespaces": ["shop", "shop-test"]})
    svg, mermaid = _drawn(tmp_path, several, document({"namespaces": ["web"]}, metadata={"name": "web"}))
    assert "namespaces shop, shop-test" in svg
    assert "app=cache in the pods&#x27; own namespace" in svg
    assert mermaid.count("subgraph ") == 2
    assert _said(svg)[-1].endswith("web: everything else is denied.")


@pytest.mark.parametrize("text", [NASTY, '"] --> evil', "</text><script>x()</script>", "end", "#quot; %% x", "`b` *c*"])
def test_no_text_of_a_model_is_markup(text: str, tmp_path: Path) -> None:
    svg, mermaid = _drawn(tmp_path, with_spec(https=[{**_HTTPS, "owner": text, "reason": text}]))
    assert {one.tag.removeprefix(SVG) for one in _parsed(svg).iter()} == {
        *("svg", "title", "desc", "style", "rect", "text", "path", "g"),
    }
    assert "<script" not in svg
    labels = re.findall(r'"([^"]*)"', mermaid)
    assert len(labels) == mermaid.count('"') / 2
    assert not re.search(r"[`*<]|(?i:\bend\b)", "".join(labels).replace("<br/>", ""))
    assert "\x1b" not in svg + mermaid


def test_the_longest_fits_and_is_whole_in_the_tooltip(tmp_path: Path) -> None:
    blocks = [f"151.101.{number}.0/24" for number in range(100)]
    svg, mermaid = _drawn(tmp_path, with_spec(https=[{**_HTTPS, "cidrs": blocks, "reason": "why " * 200}]))
    assert all(block in svg for block in blocks)
    shown = [text for one in _parsed(svg).iter(f"{SVG}text") if (text := one.text)]
    assert max(map(len, shown)) < 90
    assert "and 94 more" in mermaid


def test_it_refers_nowhere_and_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = _drawn(tmp_path, document(ALL)), _drawn(tmp_path, document(ALL))
    assert first == second
    assert not re.search(r"href|url\(|@import|https?:", first[0].replace('xmlns="http://www.w3.org/2000/svg"', ""))


def test_the_command_writes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(tmp_path, document(ALL))
    assert main(["generate", name, "--format", "graph", "--output", str(tmp_path / "o")]) == 0
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"egress.svg", "egress.mmd"}
    assert "`xdg-open egress.svg`" in capsys.readouterr().out
    assert main(["generate", name, "--format", "graph", "--output", str(tmp_path / "o")]) == 0
