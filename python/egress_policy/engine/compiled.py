"""The folder in which wasmtime keeps compiled modules between runs, and its configuration file.

What lies there is machine code that we would run, so a folder that anyone else can write to is not used: without the
cache every run compiles the policy anew, which takes a tenth of a second or two and is never wrong.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

_NAME = "wasmtime.toml"


def configuration() -> Path | None:
    """The configuration file to give to wasmtime, or None where there is no folder to trust."""
    folder = _user_cache()
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _written(folder) if _ours_alone(folder) else None
    except OSError:
        return None


def _user_cache() -> Path | None:
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(chosen) if Path(chosen).is_absolute() else _platform_cache()
    except RuntimeError:  # no home folder
        return None
    return base / "egress-policy" / "compiled"


def _platform_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path.home() / ".cache"


def _ours_alone(folder: Path) -> bool:
    """No one else may write there, nor put another folder in its place by writing to one above it."""
    if sys.platform == "win32":  # the user's profile folder is private by its access control list
        return True
    real = folder.resolve()
    return _private(real) and all(_guarded(above) for above in real.parents)


def _private(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _guarded(folder: Path) -> bool:
    found = folder.stat()
    open_to_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    return found.st_uid in (0, os.geteuid()) and not open_to_others


def _written(folder: Path) -> Path:
    # A JSON string is a TOML string, as long as other letters than ASCII stay as they are.
    wanted = f"[cache]\ndirectory = {json.dumps(str(folder.resolve()), ensure_ascii=False)}\n"
    file = folder / _NAME
    if not file.is_file() or file.read_text(encoding="utf-8") != wanted:
        fresh = folder / f"{_NAME}.{os.getpid()}"
        fresh.write_text(wanted, encoding="utf-8")
        fresh.replace(file)
    return file
