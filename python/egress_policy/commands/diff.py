"""`egress diff`: say what became reachable between two sides."""

from __future__ import annotations

import argparse

from egress_policy import output, settings
from egress_policy.audit import ParametersError
from egress_policy.cli import FAIL, PASS, USAGE
from egress_policy.commands.audit import NAMESPACE
from egress_policy.diff import Difference, Request, compare, formats
from egress_policy.errors import EgressPolicyError

EPILOG = """\
OLD and NEW are files or folders; what is none is taken for a revision of the git repository around the current
folder: a commit, a branch or a tag. A folder wins over a branch of the same name, which is refs/heads/NAME as well.
Nothing is checked out. What is compared is what is allowed, not how it is written: a block in two halves, rules in
another order or a selector in other words are no change.

examples:
  egress diff k8s-before/ k8s/
  egress diff main HEAD --path k8s/                  two revisions, and of them what lies below k8s/
  egress diff origin/main . --fail-on opened --parameters approved.yaml
  egress diff main HEAD --format markdown --output comment.md

exit codes: 0 compared; 1 with --fail-on opened, if something is reachable that was not, and is not approved; 2 bad
usage or unreadable input (the rest is compared all the same); 3 could not tell
"""


class UsageError(EgressPolicyError):
    """Wrong arguments, found only after they were parsed."""

    exit_code = USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress diff` takes."""
    parser.add_argument("old", metavar="OLD", help="a file, a folder, - for standard input, or a git revision")
    parser.add_argument("new", metavar="NEW", help="the same, as it is to become")
    parser.add_argument(
        "--path", metavar="PATH", action="append", default=[],
        help="where manifests lie in revisions, from the current folder (repeatable; default: all of the repository)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-on", choices=("opened", "never"), default="never",
        help="exit with 1 if something opened is not approved (default: never)",
    )  # fmt: skip
    parser.add_argument("--parameters", metavar="FILE", help="parameters of the control, for approvedDestinations")
    parser.add_argument("--namespace", metavar="NAME", default="", help="the namespace of objects that name none")
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="leave files out (repeatable)")
    parser.add_argument("--format", choices=formats.NAMES, default="text", help="default: text")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument("--engine", choices=("wasm", "opa"), default="wasm", help="built in (default), or a real OPA")
    parser.add_argument("--opa-url", metavar="URL", help="a running OPA with the policy, for --engine opa")


def run(options: argparse.Namespace) -> int:
    """Compare, write, and answer with the exit code."""
    _check(options)
    given = settings.read(options.parameters, None)
    try:
        with output.progress() as shown:
            difference = compare(_request(options, given.values), shown)
    except ParametersError as error:
        raise UsageError(given.explained(error.problems)) from error
    chosen = formats.load(options.format)
    output.write(options.output, lambda target: chosen.render(difference, target))
    return exit_code(difference, options.fail_on)


def exit_code(difference: Difference, fail_on: str) -> int:
    """2 if something could not be read, 1 if something opened is not approved and that is to fail, else 0."""
    if difference.errors:
        return USAGE
    return FAIL if fail_on == "opened" and difference.status == "opened" else PASS


def _check(options: argparse.Namespace) -> None:
    if options.old == options.new == "-":
        raise UsageError("standard input can be read only once: name one side")
    if options.opa_url and options.engine != "opa":
        raise UsageError("--opa-url needs --engine opa")
    if options.namespace and not NAMESPACE.fullmatch(options.namespace):
        raise UsageError(f"--namespace {options.namespace!r}: a name has lower case letters, digits and - only")


def _request(options: argparse.Namespace, values: dict[str, object]) -> Request:
    return Request(
        old=options.old,
        new=options.new,
        paths=tuple(options.path),
        exclude=tuple(options.exclude),
        settings=values,
        namespace=options.namespace,
        engine=options.engine,
        opa_url=options.opa_url,
    )
