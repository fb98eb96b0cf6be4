"""Where a report goes."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from egress_policy import output
from egress_policy.audit import Progress
from egress_policy.output import OutputError, Target


def _hello(target: Target) -> None:
    target.write("hello\n")


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")

    def interrupted(target: Target) -> None:
        target.write("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        output.write(str(file), interrupted)
    assert file.read_text() == "old"
    output.write(str(file), _hello)
    assert file.read_text() == "hello\n"
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_new_file_has_the_rights_of_any_new_file_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    output.write(str(tmp_path / "new"), _hello)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    output.write(str(tmp_path / "new"), _hello)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    (tmp_path / "link").symlink_to("real")
    output.write(str(tmp_path / "link"), _hello)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "hello\n"


def test_what_is_no_file_is_written_to() -> None:
    output.write("/dev/null", _hello)
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["missing/report.json", "."])
def test_where_nothing_can_be_written_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        output.write(str(tmp_path / name), _hello)


def test_programs_get_utf8_and_people_what_their_terminal_shows(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as stream:
        target = Target(stream, "latin-1")
        target.write("é🦀\n")
        target.utf8("é🦀\udc80\n")
    assert (tmp_path / "out").read_bytes() == b"\xe9\\U0001f980\n" + "é🦀".encode() + b"\\udc80\n"


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress() as progress:
        assert type(progress) is Progress
        progress.reading(1, 2)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_one_line_and_removes_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(output, "_PATIENCE", 0)
    monkeypatch.setattr(output, "_EVERY", 0)
    with output.progress() as progress:
        progress.reading(1, 4)
        progress.judging(1, 2)
    assert capsys.readouterr().err == "\r\x1b[Kreading 25 % of 4 files\r\x1b[Kjudging 50 % of 2 namespaces\r\x1b[K"
