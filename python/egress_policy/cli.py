"""The command `egress`: a table of commands, exit codes, and nothing else."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import NoReturn

from egress_policy import __version__
from egress_policy.errors import EgressPolicyError
from egress_policy.formats import clean

# Name → one line about it. The module of the same name in egress_policy.commands is imported only when it is called.
COMMANDS = {
    "audit": "judge manifests: pass, fail or skip, with file and line of each offender",
    "diff": "say what became reachable between two versions of the manifests, and what no longer is",
    "generate": "write the NetworkPolicies of a model, for kubectl, Helm or Kustomize; draw it; propose one",
    "gatekeeper": "turn the rules into what Gatekeeper takes, to enforce them in a cluster",
    "bundle": "build, sign, verify and inspect bundles of the policy, for OPA sidecars",
    "sidecar": "configure OPA beside an application, and refuse a configuration that is unsafe",
    "verify": "check in a live cluster that the six policies are there and work",
    "explain": "say what a rule looks for, why, and how to fix what it finds",
}

PASS, FAIL, USAGE, UNKNOWN, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143

_EXAMPLES = """\
examples:
  egress audit k8s/                            judge every manifest below k8s/
  helm template shop | egress audit -          judge a rendered chart
  egress audit --cluster                       judge what is in a live cluster now
  egress audit --profile strict --format sarif --output egress.sarif k8s/
  egress generate shop.yaml --format helm --output out/
  egress explain open-egress

exit codes: 0 pass or skip, 1 fail, 2 bad usage or unreadable input, 3 could not tell
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is its verdict."""
    chosen = sys.argv[1:] if arguments is None else list(arguments)
    # One short run makes a million objects and hardly a cycle: looking for cycles took a tenth of the time.
    gc.disable()
    with _signals():
        try:
            with _dying_quietly():
                options = _parser(chosen).parse_args(chosen)
                command = importlib.import_module(f"egress_policy.commands.{options.command}")
            code: int = command.run(options)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except EgressPolicyError as error:
            complain(str(error))
            code = getattr(error, "exit_code", UNKNOWN)
        except Exception:  # noqa: BLE001  # Python's own exit code for it is 1, which would be a verdict
            complain(f"this is a bug, please report it\n{traceback.format_exc()}")
            code = UNKNOWN
    return code


def complain(text: str) -> None:
    """Say it on standard error, each line marked as ours; if that is closed or full, the exit code has to do."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"egress: {clean.lines_as_text(text)}\n")
        sys.stderr.flush()
    except OSError:
        sys.stderr = None


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM as an exception, so that what was started is stopped and what is half written is removed."""
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _dying_quietly() -> Iterator[None]:
    """Ctrl-C ends the process at once: there is nothing to clean up yet, and an import broken off shows a traceback."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="egress",
        description="Audit what Kubernetes workloads may reach outside the cluster.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"egress-policy {__version__}")
    table = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, description in COMMANDS.items():
        command = table.add_parser(
            name, help=description, description=f"{description[0].upper()}{description[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        if name in arguments:  # only what was asked for is worth its import
            module = importlib.import_module(f"egress_policy.commands.{name}")
            command.epilog = module.EPILOG
            module.add_arguments(command)
    return parser


def _terminated(_signum: int, _frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)
