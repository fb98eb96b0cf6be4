"""Programs of Debian that tests run: those on PATH, or the distribution's own packages, unpacked and not installed.

Nothing pins them but the distribution: apt verifies what it downloads, dpkg-deb unpacks it into the user's cache
folder. Only the standard library is needed here, as in `tools/programs.py`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tools.programs import ProgramError, cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Which package has a program.
PACKAGES = {
    "ip": "iproute2", "iptables": "iptables", "ip6tables": "iptables", "ipset": "ipset", "softhsm2-util": "softhsm2",
}  # fmt: skip
NETWORK = ("ip", "iptables", "ip6tables", "ipset")
#: Where root's programs are, also for a PATH that does not say so.
SYSTEM = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")


@dataclass(frozen=True, slots=True)
class Programs:
    """Folders with programs, and what the environment must say for them to run."""

    folders: tuple[Path, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> Path | None:
        """The path of a program."""
        found = shutil.which(name, path=os.pathsep.join(map(str, self.folders)))
        return Path(found) if found else None

    def has(self, program: str) -> bool:
        """Whether a program is there; an unpacked iptables lacks the link that chooses between its two variants."""
        return any(self.find(program + variant) for variant in ("", "-nft"))


def provide(names: Iterable[str] = NETWORK) -> Programs:
    """The programs, all from PATH or all of those missing there from packages, which are fetched once.

    Raises ProgramError if that fails.
    """
    wanted = tuple(names)
    installed = Programs(tuple(map(Path, [*os.get_exec_path(), *SYSTEM])))
    missing = sorted({PACKAGES[name] for name in wanted if not installed.has(name)})
    if not missing:
        return installed
    root = folder(missing)
    if not root.is_dir():
        _fetch(missing, root)
    both = _unpacked(root, installed)
    if lost := [name for name in wanted if not both.has(name)]:
        raise ProgramError(f"{', '.join(lost)}: not in the packages {', '.join(missing)}, unpacked in {root}")
    return both


def folder(packages: Sequence[str]) -> Path:
    """Where the packages are unpacked, for this release of the distribution and this processor."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    system = f"{release.get('ID', 'unknown')}-{release.get('VERSION_ID', 'rolling')}-{platform.machine()}"
    return cache() / "debian" / system / "+".join(packages)


def _unpacked(root: Path, installed: Programs) -> Programs:
    libraries = [path for path in (root / "usr/lib", root / "lib") if path.is_dir()]
    # The folder of a triplet such as x86_64-linux-gnu.
    libraries += [path for parent in libraries for path in sorted(parent.glob("*-linux-*"))]
    extensions = [str(path / "xtables") for path in libraries if (path / "xtables").is_dir()]
    environment = {"LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}
    if extensions:
        environment["XTABLES_LIBDIR"] = os.pathsep.join(extensions)
    folders = tuple(root / path.lstrip("/") for path in SYSTEM)
    return Programs((*folders, *installed.folders), environment)


def _fetch(packages: list[str], root: Path) -> None:
    """Unpack into a new folder and move it into place, so that nobody ever sees half of it."""
    print(f"fetching {', '.join(packages)} with apt, without installing", flush=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        fresh = Path(name)
        # apt downloads as a user of its own.
        fresh.chmod(0o755)
        _download(packages, fresh)
        for package in sorted(fresh.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), "root"], fresh)
        # Another run may have been faster; what it has unpacked is the same.
        if not root.is_dir():
            (fresh / "root").replace(root)


def _download(packages: list[str], target: Path) -> None:
    """The packages, and what they depend on and is not installed; the lists are read anew if they do not do."""
    try:
        _run(["apt-get", "--quiet", "download", *_missing(packages, target)], target)
    except ProgramError:
        _run(["apt-get", "--quiet", "update"], target)
        _run(["apt-get", "--quiet", "download", *_missing(packages, target)], target)


def _missing(packages: list[str], target: Path) -> list[str]:
    installed = set(_run(["dpkg-query", "--show", "--showformat", "${Package}\n"], target).split())
    no = [f"--no-{what}" for what in "recommends suggests conflicts breaks replaces enhances".split()]
    listed = _run(["apt-cache", "depends", "--recurse", *no, *packages], target)
    return [*packages, *sorted(set(dependencies(listed)) - installed - set(packages))]


def dependencies(listed: str) -> Iterator[str]:
    """The packages that `apt-cache depends --recurse` names: those at the start of a line; virtual ones are in <>."""
    yield from (line.strip() for line in listed.splitlines() if line and line[0] not in " |<")


def _run(command: list[str], where: Path) -> str:
    try:
        # In English, and without a question that nobody would answer.
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        run = subprocess.run(
            command, cwd=where, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ProgramError(
            f"{command[0]} is not on PATH: install {', '.join(sorted(set(PACKAGES.values())))}"
        ) from None
    if run.returncode != 0:
        raise ProgramError(f"{' '.join(command)}: {run.stderr.strip() or run.stdout.strip()}")
    return run.stdout
