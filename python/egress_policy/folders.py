"""Folders that a command writes: files of its own are replaced, anybody else's are not touched.

A file is the command's if its banner stands near the start, in whatever way the file's format has comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from egress_policy.errors import EgressPolicyError

# A banner comes after no more than a line or two that the format asks for.
_START = 512


class FolderError(EgressPolicyError):
    """What stands in the folder, or cannot be written to it."""

    exit_code = 2


def write(files: Mapping[str, bytes], folder: Path, banner: str, owned: Iterable[str] = ("",)) -> None:
    """Write the files, and remove those that an earlier run left in the `owned` folders below. Raises FolderError."""
    for path in files:
        if strange := _strange(folder, path, banner.encode()):
            raise FolderError(f"{strange} was not written by this command: name another folder, or remove it")
    try:
        _remove_leftovers(files, folder, banner.encode(), owned)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text)
    except OSError as error:
        raise FolderError(f"cannot write {error.filename}: {error.strerror}") from error


def _strange(folder: Path, path: str, banner: bytes) -> Path | None:
    """What stands where the file, or a folder on the way to it, is to be, and is none of ours."""
    for on_the_way in (folder / parent for parent in reversed(Path(path).parents[:-1])):
        if on_the_way.is_symlink() or (on_the_way.exists() and not on_the_way.is_dir()):
            return on_the_way
    file = folder / path
    there = file.exists() or file.is_symlink()
    return file if there and not _is_ours(file, banner) else None


def _is_ours(path: Path, banner: bytes) -> bool:
    """A link is none of ours: it may lead anywhere."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return banner in file.read(_START)


def _remove_leftovers(files: Mapping[str, bytes], folder: Path, banner: bytes, owned: Iterable[str]) -> None:
    for path in sorted({path for name in owned for path in (folder / name).rglob("*")}):
        if path.relative_to(folder).as_posix() not in files and _is_ours(path, banner):
            path.unlink()
