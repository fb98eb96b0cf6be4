"""Compiled modules are machine code: the cache is used only where nobody else can write."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from egress_policy.engine import compiled


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder."""
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def _folder(configuration: Path | None) -> Path:
    assert configuration is not None
    return Path(tomllib.loads(configuration.read_text(encoding="utf-8"))["cache"]["directory"])


def test_the_folder_is_ours_alone(cache: Path) -> None:
    folder = _folder(compiled.configuration())
    assert folder == cache / "egress-policy" / "compiled"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_any_letters_may_be_in_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / 'a "quoted" \\ tab\t ünïcödé 🦀'
    monkeypatch.setenv("XDG_CACHE_HOME", str(odd))
    assert _folder(compiled.configuration()) == odd / "egress-policy" / "compiled"


def test_a_configuration_that_somebody_left_is_replaced(cache: Path) -> None:
    file = compiled.configuration()
    assert file is not None
    file.write_text('[cache]\ndirectory = "/elsewhere"\n')
    assert _folder(compiled.configuration()) == cache / "egress-policy" / "compiled"


def test_a_folder_that_all_may_write_to_is_not_used(cache: Path) -> None:
    assert compiled.configuration() is not None
    (cache / "egress-policy" / "compiled").chmod(0o777)
    assert compiled.configuration() is None


def test_a_folder_below_one_that_all_may_write_to_is_not_used(cache: Path) -> None:
    cache.chmod(0o777)
    assert compiled.configuration() is None


def test_a_folder_below_a_sticky_one_is(cache: Path) -> None:
    cache.chmod(0o1777)
    assert compiled.configuration() is not None


def test_a_link_to_a_folder_that_all_may_write_to_is_not_followed(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (cache / "egress-policy").symlink_to(tmp_path / "open")
    assert compiled.configuration() is None


@pytest.mark.usefixtures("cache")
def test_somebody_elses_folder_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled.configuration() is not None
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert compiled.configuration() is None


def test_a_relative_name_is_ignored_as_its_standard_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(compiled, "_platform_cache", lambda: tmp_path)
    assert _folder(compiled.configuration()) == tmp_path / "egress-policy" / "compiled"


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(compiled, "_platform_cache", homeless)
    assert compiled.configuration() is None
