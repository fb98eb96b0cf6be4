"""What the built distributions must hold, and that the wheel runs where nothing of the checkout is at hand."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent.parent
NEEDED = (
    "cli.py",
    "py.typed",
    "embedded/metadata.json",
    "embedded/policy.wasm",
    "embedded/policy/main.rego",
    "embedded/bundles/egress-restricted.yaml",
    "embedded/bundles/egress-model.yaml",
    "embedded/bundles/egress-gateway.yaml",
    "embedded/bundles/egress-review.yaml",
    "embedded/bundles/egress-log.yaml",
)


def problems(folder: Path) -> list[str]:
    """What is missing from the wheel or does not belong there; the sdist must build it, and so needs no list."""
    wheel = _only(folder, "*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    return [
        *(f"{wheel.name} lacks {name}" for name in sorted(_wanted() - names)),
        *(f"{wheel.name} should not hold {name}" for name in sorted(names) if not _belongs(name)),
        *_sdist_problems(_only(folder, "*.tar.gz")),
    ]


def _wanted() -> set[str]:
    written = (path for form in ("*.rego", "*.cel") for path in (ROOT / "policy").rglob(form))
    policy = (path.relative_to(ROOT) for path in written if not _is_test(path.name))
    package = (path for path in (ROOT / "python" / "egress_policy").rglob("*") if path.is_file())
    return {
        *(f"egress_policy/{name}" for name in NEEDED),
        *(f"egress_policy/embedded/{path.as_posix()}" for path in policy),
        *(path.relative_to(ROOT / "python").as_posix() for path in package if path.suffix != ".pyc"),
    }


def _belongs(name: str) -> bool:
    top = name.partition("/")[0]
    return (top == "egress_policy" or top.endswith(".dist-info")) and not _is_test(name) and ".pyc" not in name


def _is_test(name: str) -> bool:
    return name.endswith("_test.rego")


def _sdist_problems(sdist: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    return [f"{sdist.name} lacks {name}" for name in ("LICENSE", "README.md", "pyproject.toml") if name not in names]


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def try_out(folder: Path, session: nox.Session) -> None:
    """Install the wheel as a user would, from the lock, and run it away from the checkout."""
    session.run("python", "-m", "venv", "--clear", str(folder / "venv"))
    programs = folder / "venv" / ("Scripts" if (folder / "venv" / "Scripts").is_dir() else "bin")
    pip = (str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    session.run(*pip, "--require-hashes", "-r", "requirements/runtime.txt", external=True)
    session.run(*pip, "--no-index", "--no-deps", str(_only(folder, "*.whl")), external=True)
    egress = str(programs / "egress")
    with session.chdir(folder):
        session.run(egress, "--version", external=True)
        # 0 is pass, 1 is fail: the examples show both. Anything else means that nothing was judged.
        session.run(egress, "audit", str(ROOT / "examples" / "shop"), external=True, success_codes=[0, 1])
