"""The Go programs that tests and sessions run: opa, conftest, gator, helm, an OCI registry, a control plane.

A program on PATH in a fitting version is used as it is; any other is built once from tools/go.mod or
tools/packaging/go.mod into the user's cache folder. Only the standard library is needed here, so that nox and pytest
can both ask.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).resolve().parent
# What writes and keeps charts, bases and artifacts has versions of its own: it must not move what judges.
PACKAGING = MODULE / "packaging"
# -buildvcs=false: otherwise the programs would report this repository's commit as their own.
FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off"}
Version = tuple[int, ...]


class ProgramError(Exception):
    """A program is neither on PATH in a fitting version, nor in the cache, nor can it be built."""


@dataclass(frozen=True, slots=True)
class Program:
    """One Go program: its package, the module that pins it, what makes one on PATH fit, the folder of go.mod."""

    package: str
    module: str = ""
    version_command: tuple[str, ...] = ()
    fits: Callable[[str], bool] = lambda _: False
    home: Path = MODULE


def _printed(pattern: str, text: str) -> Version:
    found = re.search(pattern + r"\s*v?(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else ()


@functools.cache
def pinned(module: str, home: Path = MODULE) -> str:
    """The version of a module in tools/go.mod, or in that of another folder, without the leading v: `1.22.2`."""
    found = re.search(rf"^\s*{re.escape(module)} v(\S+)", (home / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ProgramError(f"{_shown(home)} does not require {module}")
    return found[1]


def _shown(home: Path) -> str:
    return (home / "go.mod").relative_to(MODULE.parent).as_posix()


def _pin(module: str, home: Path = MODULE) -> Version:
    return tuple(int(part) for part in pinned(module, home).split("."))


OPA = "github.com/open-policy-agent/opa"
CONFTEST = "github.com/open-policy-agent/conftest"
GATEKEEPER = "github.com/open-policy-agent/gatekeeper/v3"
# The release that Kubernetes of the pinned version is itself tested with and links.
ETCD = "go.etcd.io/etcd/server/v3"
KUBERNETES = "k8s.io/kubernetes"
HELM = "helm.sh/helm/v4"
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5"
REGISTRY = "github.com/distribution/distribution/v3"

PROGRAMS = {
    "opa": Program(OPA, OPA, ("version",), lambda text: _printed(r"^Version:", text) >= _pin(OPA)),
    # A released conftest of this very version embeds an OPA that misjudges `x in {"a", input.y}`.
    "conftest": Program(
        CONFTEST,
        CONFTEST,
        ("--version",),
        lambda text: _printed(r"Conftest:", text) == _pin(CONFTEST) and _printed(r"OPA:", text) >= _pin(OPA),
    ),
    "gator": Program(
        f"{GATEKEEPER}/cmd/gator",
        GATEKEEPER,
        ("--version",),
        lambda text: _printed(r"gator version", text) == _pin(GATEKEEPER),
    ),
    # Never taken from PATH: no other program of this name answers these questions.
    "kubernetes": Program("./kubernetes"),
    "etcd": Program(ETCD, ETCD, ("--version",), lambda text: _printed(r"etcd Version:", text) == _pin(ETCD)),
    "kube-apiserver": Program(
        f"{KUBERNETES}/cmd/kube-apiserver",
        KUBERNETES,
        ("--version",),
        lambda text: _printed(r"Kubernetes", text) == _pin(KUBERNETES),
    ),
    "kubectl": Program(
        f"{KUBERNETES}/cmd/kubectl",
        KUBERNETES,
        ("version", "--client"),
        lambda text: _printed(r"Client Version:", text) == _pin(KUBERNETES),
    ),
    # The manager does not tell its version.
    "gatekeeper": Program(GATEKEEPER, GATEKEEPER),
    "helm": Program(
        f"{HELM}/cmd/helm",
        HELM,
        ("version", "--short"),
        lambda text: _printed(r"^", text) == _pin(HELM, PACKAGING),
        PACKAGING,
    ),
    "registry": Program(
        f"{REGISTRY}/cmd/registry",
        REGISTRY,
        ("--version",),
        lambda text: _printed(r"registry \S+", text) == _pin(REGISTRY, PACKAGING),
        PACKAGING,
    ),
    "kustomize": Program(
        KUSTOMIZE, KUSTOMIZE, ("version",), lambda text: _printed(r"^", text) == _pin(KUSTOMIZE, PACKAGING), PACKAGING
    ),
}
# What only tests/live needs, and takes longest to build.
CONTROL_PLANE = ("etcd", "kube-apiserver", "kubectl", "gatekeeper")
QUICK = tuple(name for name in PROGRAMS if name not in CONTROL_PLANE)


def find(name: str, *, exact: bool = False) -> Path | None:
    """The path of a program that fits, or None if it has to be built first.

    exact: only the pinned version will do (generated files are compared byte for byte).
    """
    on_path = None if exact else _on_path(name)
    return on_path or _cached(name)


def provide(names: Iterable[str] = tuple(PROGRAMS), *, exact: bool = False) -> dict[str, Path]:
    """The path of each program; those that are missing are built.

    Raises ProgramError if that fails.
    """
    names = tuple(names)
    missing = [name for name in names if find(name, exact=exact) is None]
    for home in dict.fromkeys(PROGRAMS[name].home for name in missing):
        _build(home, [name for name in missing if PROGRAMS[name].home == home])
    found = {name: path for name in names if (path := find(name, exact=exact)) is not None}
    if lost := set(names) - set(found):
        raise ProgramError(f"built, and still not there: {', '.join(sorted(lost))}")
    return found


@functools.cache
def source(module: str) -> Path:
    """The folder of a pinned module's source in Go's module cache; it is downloaded if it is not there."""
    command = ["go", "mod", "download", "-json", module]
    answer = subprocess.run(
        command, cwd=MODULE, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise ProgramError(f"{' '.join(command)}: {answer.stderr.strip() or answer.stdout.strip()}")
    return Path(json.loads(answer.stdout)["Dir"])


@functools.cache
def _on_path(name: str) -> Path | None:
    program, path = PROGRAMS[name], shutil.which(name)
    if path is None or not program.version_command:
        return None
    answer = subprocess.run([path, *program.version_command], capture_output=True, text=True, check=False)
    return Path(path) if program.fits(answer.stdout) else None


def _cached(name: str) -> Path | None:
    path = folder(PROGRAMS[name].home) / (name + _go("GOEXE"))
    return path if path.is_file() else None


@functools.cache
def folder(home: Path = MODULE) -> Path:
    """Where the programs of exactly these sources of a module, built by exactly this Go, are kept."""
    digest = hashlib.sha256()
    for source in (home / "go.mod", home / "go.sum", *sorted((home / "kubernetes").glob("*.go"))):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    digest.update(" ".join([_go("GOVERSION"), _go("GOOS"), _go("GOARCH"), *FLAGS, _linker_flags(home)]).encode())
    return cache() / "tools" / digest.hexdigest()


def cache() -> Path:
    """The project's folder in the user's cache, as each platform places it."""
    home = Path.home()
    places = {"darwin": home / "Library" / "Caches", "win32": Path(os.environ.get("LOCALAPPDATA", home))}
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative one is invalid, says the XDG specification, and is ignored.
    return (chosen if chosen.is_absolute() else places.get(sys.platform, home / ".cache")) / "egress-policy"


@functools.cache
def _go(variable: str) -> str:
    try:
        return subprocess.run(
            ["go", "env", variable], cwd=MODULE, capture_output=True, text=True, check=True
        ).stdout.strip()
    except FileNotFoundError:
        raise ProgramError(f"Go is not on PATH; tools/go.mod needs {_wanted_go()}") from None
    except subprocess.CalledProcessError as error:
        raise ProgramError(f"go env {variable}: {error.stderr.strip()}") from None


def _wanted_go() -> str:
    return next(line for line in (MODULE / "go.mod").read_text().splitlines() if line.startswith("go "))


def _linker_flags(home: Path) -> str:
    # These programs learn their own version at link time only.
    versions = _packaging_versions() if home == PACKAGING else _versions()
    return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in versions.items())])


def _packaging_versions() -> dict[str, str]:
    return {
        f"{HELM}/internal/version.version": f"v{pinned(HELM, PACKAGING)}",
        f"{REGISTRY}/version.version": f"v{pinned(REGISTRY, PACKAGING)}",
        "sigs.k8s.io/kustomize/api/provenance.version": f"v{pinned(KUSTOMIZE, PACKAGING)}",
    }


def _versions() -> dict[str, str]:
    major, minor, _ = pinned(KUBERNETES).split(".")
    return {
        f"{CONFTEST}/internal/version.Version": pinned(CONFTEST),
        f"{GATEKEEPER}/pkg/version.Version": f"v{pinned(GATEKEEPER)}",
        "k8s.io/component-base/version.gitVersion": f"v{pinned(KUBERNETES)}",
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
    }


def _build(home: Path, names: list[str]) -> None:
    """Build into a new folder and move each program into place, so that nobody ever sees half of one."""
    print(f"building {', '.join(names)} from {_shown(home)}; once, some minutes on two cores", flush=True)
    target = folder(home)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as fresh:
        command = ["go", "build", *FLAGS, f"-ldflags={_linker_flags(home)}", "-o", fresh + os.sep]
        built = subprocess.run(
            [*command, *(PROGRAMS[name].package for name in names)],
            cwd=home,
            env=os.environ | ENVIRONMENT,
            check=False,
        )
        if built.returncode != 0:
            raise ProgramError(f"go build failed for {', '.join(names)} on {platform.platform()}")
        for name in names:
            (Path(fresh) / _executable(name)).replace(target / (name + _go("GOEXE")))


def _executable(name: str) -> str:
    """What `go build` calls a program: the last part of its package that is no major version, `server` for etcd."""
    return re.sub(r"/v\d+$", "", PROGRAMS[name].package).rpartition("/")[2] + _go("GOEXE")
