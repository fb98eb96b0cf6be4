"""Where the policy is that the package brings along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egress_policy.engine import EngineError, embedded


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """An installed package and a checkout, both empty."""
    package, checkout = tmp_path / "package", tmp_path / "checkout"
    monkeypatch.setattr(embedded, "_PACKAGE", package)
    monkeypatch.setattr(embedded, "_CHECKOUT", checkout)
    embedded._folder.cache_clear()
    yield package, checkout
    embedded._folder.cache_clear()


def _policy(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "policy.wasm").write_bytes(content)


def test_the_wheel_brings_its_own(places: tuple[Path, Path]) -> None:
    package, checkout = places
    _policy(checkout / "bundles" / "embedded", b"checkout")
    _policy(package / "embedded", b"package")
    (package / "embedded" / "policy").mkdir()
    assert embedded.wasm() == b"package"
    assert embedded.rego() == package / "embedded" / "policy"


def test_a_checkout_has_it_in_its_folders(places: tuple[Path, Path]) -> None:
    _, checkout = places
    _policy(checkout / "bundles" / "embedded", b"checkout")
    assert embedded.wasm() == b"checkout"
    assert embedded.rego() == checkout / "policy"


@pytest.mark.usefixtures("places")
def test_an_installation_without_it_says_so() -> None:
    with pytest.raises(EngineError, match="reinstall egress-policy"):
        embedded.wasm()
