"""`egress gatekeeper convert`: the rules as Gatekeeper takes them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress_policy import output, settings
from egress_policy.audit import ParametersError, check
from egress_policy.cli import PASS, USAGE
from egress_policy.engine import embedded, load
from egress_policy.errors import EgressPolicyError
from egress_policy.gatekeeper.constraints import Settings
from egress_policy.gatekeeper.convert import Conversion, convert, write
from egress_policy.gatekeeper.kinds import embedded_kinds
from egress_policy.output import Target

EPILOG = """\
examples:
  egress gatekeeper convert --output gatekeeper/
  egress gatekeeper convert --profile strict --waivers waivers.yaml --output gatekeeper/
  egress gatekeeper convert --together --output gatekeeper/
  egress gatekeeper convert --native --output gatekeeper/
  egress gatekeeper convert --model shop.yaml --together --output gatekeeper/
  egress gatekeeper convert my-rules/ --output my-gatekeeper/

then, with Gatekeeper in the cluster:
  kubectl apply -k gatekeeper/templates       the rules; this makes the kinds of the constraints
  kubectl apply -k gatekeeper/                everything; whoever applies something too wide is warned
  kubectl apply -k gatekeeper/overlays/deny   and now refused

or without Gatekeeper, after --native, what one object decides:
  kubectl apply -k gatekeeper/admission-policies                 warned
  kubectl apply -k gatekeeper/overlays/deny-admission-policies   refused
"""
_CONVERT = "write ConstraintTemplates, Constraints and what is to be synced, to be applied with kubectl"


class WrongParametersError(EgressPolicyError):
    """Parameters or waivers that the policy refuses; a line each, with file and line."""

    exit_code = USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress gatekeeper` takes."""
    table = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    command = table.add_parser(
        "convert", help=_CONVERT, description=f"{_CONVERT[0].upper()}{_CONVERT[1:]}.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument(
        "policy", nargs="?", metavar="POLICY", type=Path,
        help="a folder of rules written as ours are (default: our own); it needs `opa` on PATH",
    )  # fmt: skip
    command.add_argument("--output", metavar="DIR", type=Path, required=True, help="the folder to write to")
    command.add_argument("--profile", choices=("baseline", "strict"), help="how strict to be (default: baseline)")
    command.add_argument("--parameters", metavar="FILE", help="parameters of the control, YAML or JSON")
    command.add_argument("--waivers", metavar="FILE", help="findings that may pass until a date, YAML or JSON")
    command.add_argument(
        "--model", metavar="FILE", action="append", default=[],
        help="the rules of the six layers too, by an EgressModel of the namespaces (repeatable)",
    )  # fmt: skip
    command.add_argument("--layers", action="store_true", help="the same by the shape of the policies")
    command.add_argument(
        "--workload", metavar="KIND.GROUP", action="append", default=[],
        help="a kind with a pod template to look at besides Kubernetes' own, as Rollout.argoproj.io (repeatable)",
    )  # fmt: skip
    # Both would judge the same policies, and find everything twice.
    form = command.add_mutually_exclusive_group()
    form.add_argument(
        "--together", action="store_true",
        help="one template for all rules of a control, which takes Gatekeeper less memory and time than one for each",
    )  # fmt: skip
    form.add_argument(
        "--native", action="store_true",
        help="besides, the rules that have such a form in CEL: for Gatekeeper, and as ValidatingAdmissionPolicies",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Convert, write, and say what was written and what to do with it."""
    chosen = Settings(_parameters(options), embedded_kinds(options.workload))
    made = convert(options.policy or embedded.rego(), chosen, in_cel=options.native, in_one=options.together)
    write(made.files, options.output)
    output.write(None, lambda target: _say(made, options.output, target))
    return PASS


def _parameters(options: argparse.Namespace) -> dict[str, Any]:
    """What the constraints are given, after the policy has accepted it: Gatekeeper would tell each object instead."""
    given = settings.read(options.parameters, options.waivers, options.model, layers=options.layers)
    values = given.values | ({"profile": options.profile} if options.profile else {})
    try:
        with load("wasm", values) as engine:
            check(engine)
    except ParametersError as error:
        raise WrongParametersError(given.explained(error.problems)) from error
    return values


def _say(made: Conversion, folder: Path, target: Target) -> None:
    for line in _lines(made, folder):
        target.write(f"{line}\n")


def _lines(made: Conversion, folder: Path) -> Iterator[str]:
    yield f"{len(made.rules)} rules in {folder}/: {', '.join(made.rules)}"
    for name, why in made.left_out.items():
        yield f"left out: {name} ({why})"
    if made.native:
        yield f"in CEL as well: {', '.join(made.native)}, in native/ and admission-policies/"
    yield ""
    yield f"Next: `kubectl apply -k {folder}/templates`, a moment later `kubectl apply -k {folder}/`"
