"""Manifests to the YAML that is proposed, without what stands in each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from egress_policy import model, propose
from egress_policy.propose import rendering

_REFUSED = " (the model is refused until then)"


@pytest.fixture
def proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The whole text for one file, shop.yaml."""
    monkeypatch.chdir(tmp_path)

    def give(manifests: str) -> str:
        Path("shop.yaml").write_text(manifests)
        text = propose.proposed(["shop.yaml"])[1]
        assert _refused(text) == _marked(text)
        return text

    return give


def _marked(text: str) -> set[int]:
    """The lines with something to fill in."""
    return {number for number, line in enumerate(text.split("\n"), 1) if f"# {rendering.MARK}: " in line}


def _refused(text: str) -> set[int]:
    """The lines that `egress generate` refuses, once or more: all that are marked, and none besides."""
    Path("model.yaml").write_text(text)
    try:
        model.read("model.yaml")
    except model.ModelError as error:
        return {int(line.split(":")[1]) for line in str(error).split("\n")}
    return set()


@pytest.fixture
def entries(proposed: Callable[[str], str]) -> Callable[[str], str]:
    """What follows spec.dns, for manifests of one namespace."""
    return lambda manifests: proposed(manifests).partition("    preset: kube-dns\n")[2].replace(_REFUSED, "")


@pytest.fixture
def notes(proposed: Callable[[str], str]) -> Callable[[str], str]:
    """What is left out and what is not known."""

    def give(manifests: str) -> str:
        comments = proposed(manifests).partition("apiVersion:")[0].split("\n")
        return "\n".join(line.removeprefix("#").strip() for line in comments[3:]).strip()

    return give
