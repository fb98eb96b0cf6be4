"""Who one is at a registry, as docker keeps it: `config.json` in $DOCKER_CONFIG or ~/.docker, or a helper's store.

Source: https://github.com/docker/cli/blob/master/docs/reference/commandline/login.md, and the protocol of
https://github.com/docker/docker-credential-helpers.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from egress_policy.bundle.places import PlaceError

Json = dict[str, Any]
_SECONDS = 60
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Docker's own registry is known by what it once was.
_DOCKER_HUB = ("docker.io", "registry-1.docker.io", "index.docker.io")
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"


def credentials(host: str) -> tuple[str, str] | None:
    """User and password for a registry; None if nobody logged in. Raises PlaceError for what cannot be read."""
    config = _config()
    key = _key(host)
    if (helper := _helper(config, key)) and (found := _ask(helper, "get", key)):
        return str(found.get("Username", "")), str(found.get("Secret", ""))
    entry = _object(_object(config.get("auths")).get(key))
    text = entry.get("auth")
    return _decoded(text) if isinstance(text, str) and text else None


def store(host: str, user: str, password: str) -> Path | str:
    """Keep user and password for a registry. Returns the file that has them now, or the helper's name."""
    config, key = _config(), _key(host)
    if helper := _helper(config, key):
        _ask(helper, "store", json.dumps({"ServerURL": key, "Username": user, "Secret": password}))
        return helper
    auths = _object(config.get("auths"))
    auths[key] = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
    path = _path()
    _write(path, json.dumps(config | {"auths": auths}, indent="\t") + "\n")
    return path


def _path() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def _key(host: str) -> str:
    return _DOCKER_HUB_KEY if host in _DOCKER_HUB else host


def _config() -> Json:
    path = _path()
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise PlaceError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise PlaceError(f"{path}: must be an object")
    return found


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _helper(config: Json, key: str) -> str | None:
    name = _object(config.get("credHelpers")).get(key) or config.get("credsStore")
    if name and not (isinstance(name, str) and _HELPER.fullmatch(name)):
        raise PlaceError(f"{_path()}: {name!r} is no name of a credential helper")
    return name or None


def _ask(helper: str, action: str, said: str) -> Json | None:
    """A helper's answer; None if it has nothing."""
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [program, action], input=said.encode(), capture_output=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlaceError(f"{program}: {error}") from error
    if done.returncode != 0:
        why = (done.stdout or done.stderr).decode(errors="replace").strip()
        if "not found" in why:
            return None
        raise PlaceError(f"{program} {action}: {why}")
    try:
        return _object(json.loads(done.stdout)) if action == "get" else {}
    except ValueError as error:
        raise PlaceError(f"{program} {action}: answers no JSON") from error


def _decoded(text: str) -> tuple[str, str]:
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise PlaceError(f"{_path()}: an `auth` that is not base64 of user:password") from error
    if not colon:
        raise PlaceError(f"{_path()}: an `auth` that is not base64 of user:password")
    return user, password.rstrip("\0")


def _write(path: Path, text: str) -> None:
    """Readable by nobody else from the first byte on."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        temporary.replace(path.resolve())
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PlaceError(f"{path}: {error.strerror or error}") from error
