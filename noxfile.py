"""The sessions that check, test, generate and measure. Plain `nox` runs what CI runs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
# nox loads this file by its path; the helpers beside it are found only so.
sys.path.insert(0, str(ROOT))

from tools import coverage, locks, programs, wheel  # noqa: E402 (needs the line above)

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "rego", "drift", "package", "tests", "live", "packets"]

# What Gatekeeper runs must mean the same to the OPA inside the released Gatekeeper.
GATEKEEPER_OPA = "v1.17.1"
GATEKEEPER_POLICY = ("policy/lib", "policy/egress/rules")
# Each of pytest's processes would start a control plane, or a network, of its own: they have sessions to themselves.
WITHOUT_LIVE = ("--ignore=tests/live", "--ignore=tests/packets")


@nox.session(python=False)
def tools(session: nox.Session) -> None:
    """Build the Go programs that are not on PATH in a fitting version; print where all are."""
    for name, path in _programs(session).items():
        session.log(f"{name}: {path}")


@nox.session
def lint(session: nox.Session) -> None:
    """Check the form: ruff, mypy, opa fmt, opa check (also as an older Gatekeeper reads it), gofmt and go vet."""
    _install(session, "runtime", "test", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", "--diff", ".")
    session.run("mypy")
    _lint_rego(session)
    _lint_go(session)


def _lint_rego(session: nox.Session) -> None:
    opa = str(_opa(session))
    session.run(opa, "fmt", "--list", "--fail", "policy", external=True)
    session.run(opa, "check", "--strict", "policy", external=True)
    older = ("--capabilities", GATEKEEPER_OPA, "--ignore", "*_test.rego")
    session.run(opa, "check", "--strict", *older, *GATEKEEPER_POLICY, external=True)


def _lint_go(session: nox.Session) -> None:
    with session.chdir(programs.MODULE):
        unformatted = session.run("gofmt", "-l", "kubernetes", external=True, silent=True)
        if unformatted:
            session.error(f"gofmt -w {unformatted}")
        # With the flags of the build, so that its compiled packages serve here as well.
        session.run("go", "vet", *programs.FLAGS, "./kubernetes", env=programs.ENVIRONMENT, external=True)


@nox.session(python=False)
def rego(session: nox.Session) -> None:
    """Run the tests of the policy; every line of it must be reached by them."""
    opa = str(_opa(session))
    # OPA's own five seconds a test are few on a busy machine.
    test = (opa, "test", "--timeout", "180s")
    session.run(*test, "policy", *session.posargs, external=True)
    report = session.run(*test, "--coverage", "--format", "json", "policy", external=True, silent=True)
    if uncovered := coverage.uncovered(str(report)):
        session.error("lines that no test reaches:\n" + "\n".join(uncovered))


@nox.session
def generate(session: nox.Session) -> None:
    """Write the generated files; with `-- --check`, only compare them."""
    _generated(session, *session.posargs)


@nox.session
def drift(session: nox.Session) -> None:
    """Compare the generated files with what policy/ gives, as `nox -s generate -- --check` does."""
    _generated(session, "--check")


def _generated(session: nox.Session, *arguments: str) -> None:
    _install(session, "runtime")
    # From the checkout, not installed: an installed package would bring along the policy as it was.
    opa = str(_opa(session, exact=True))
    session.run("python", "-m", "tools.generated", opa, *arguments, env={"PYTHONPATH": "python"})


@nox.session
def tests(session: nox.Session) -> None:
    """Test the installed package, on every processor; arguments go to pytest instead."""
    _programs(session, *programs.QUICK)
    _install(session, "runtime", "test", "build")
    _install_package(session)
    arguments = session.posargs or ("--numprocesses", "auto", "--dist", "worksteal")
    session.run("pytest", *WITHOUT_LIVE, *arguments)


@nox.session
def live(session: nox.Session) -> None:
    """Test against a real API server with Gatekeeper, started on loopback; arguments go to pytest as well."""
    _programs(session, "opa", "kubernetes", "helm", *programs.CONTROL_PLANE)
    _install(session, "runtime", "test", "build")
    _install_package(session)
    # After Ctrl-C the programs get the time to end.
    session.run("pytest", "tests/live", *session.posargs, interrupt_timeout=30)


@nox.session
def packets(session: nox.Session) -> None:
    """Send real packets through real rules, between network namespaces (Linux, as root); arguments go to pytest."""
    _install(session, "runtime", "test", "build")
    _install_package(session)
    session.run("pytest", "tests/packets", *session.posargs, interrupt_timeout=30)


@nox.session
def package(session: nox.Session) -> None:
    """Build sdist and wheel, install the wheel in a new environment, and run it."""
    _install(session, "build")
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder)
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(folder), silent=True)
    if problems := wheel.problems(folder):
        session.error("\n".join(problems))
    wheel.try_out(folder, session)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml admits."""
    _programs(session, *programs.QUICK)
    _install(session, "lock", "test", "build")
    _install_package(session)
    python = str(Path(session.bin) / "python")
    session.run("uv", "pip", "install", "--python", python, "--resolution", "lowest-direct", "-r", "pyproject.toml")
    session.run("pytest", *WITHOUT_LIVE, *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt: every dependency of every group, with its hashes."""
    _install(session, "lock")
    locks.write(session)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against conftest and a bare parser, with `-- admission` a real webhook, with `-- gateway` a sidecar."""
    if session.posargs[:1] == ["admission"]:
        _bench_admission(session, *session.posargs[1:])
        return
    if session.posargs[:1] == ["gateway"]:
        _bench_gateway(session, *session.posargs[1:])
        return
    found = _programs(session, "opa", "conftest")
    _install(session, "runtime", "build")
    _install_package(session)
    session.run("python", "-m", "bench", "--conftest", str(found["conftest"]), *session.posargs)


def _bench_admission(session: nox.Session, *arguments: str) -> None:
    found = _programs(session, "gator", *programs.CONTROL_PLANE)
    _install(session, "runtime", "test", "build")
    _install_package(session)
    session.run("python", "-m", "bench.admission", "--gator", str(found["gator"]), *arguments)


def _bench_gateway(session: nox.Session, *arguments: str) -> None:
    opa = _opa(session)
    _install(session, "runtime", "test", "build")
    _install_package(session)
    # The bundles are compiled by the OPA on PATH.
    path = os.pathsep.join([str(opa.parent), os.environ["PATH"]])
    session.run("python", "-m", "bench.gateway", "--opa", str(opa), *arguments, env={"PATH": path})


def _programs(session: nox.Session, *names: str, exact: bool = False) -> dict[str, Path]:
    try:
        return programs.provide(names or tuple(programs.PROGRAMS), exact=exact)
    except programs.ProgramError as error:
        session.error(str(error))


def _opa(session: nox.Session, *, exact: bool = False) -> Path:
    return _programs(session, "opa", exact=exact)["opa"]


def _install(session: nox.Session, *groups: str) -> None:
    files = (argument for group in groups for argument in ("-r", f"requirements/{group}.txt"))
    session.install("--require-hashes", *files)


def _install_package(session: nox.Session) -> None:
    session.install("--no-deps", "--no-build-isolation", "--force-reinstall", ".")
