"""`egress verify`: whether the six policies are there, and whether the network obeys them."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING

from egress_policy import output
from egress_policy.cli import FAIL, PASS, UNKNOWN
from egress_policy.verify import options as given
from egress_policy.verify.options import UsageError, Wanted

if TYPE_CHECKING:
    from egress_policy.verify.checking import Check, Model, There
    from egress_policy.verify.plan import Plan
    from egress_policy.verify.report import Verification

EPILOG = """\
examples:
  egress verify -n shop                              are the six policies there, and do they work?
  egress verify -n shop --model model.yaml           are they those of the model, too?
  egress verify -n shop --model model.yaml --database orders=orders-db.data.svc
  egress verify -n shop --outside example.com:443 --format json
  egress verify -n shop --model model.yaml --dry-run    what it would create
  egress verify -n shop --model model.yaml --print      the kubectl commands that do the same, no cluster is asked

It creates a pod for each set of labels, which tries DNS, an address outside, the databases and the API server, and
removes the pods whatever happens. The rights that it needs are in examples/verify/role.yaml.

The exit code is 0 if everything is as expected, 1 if anything is not, 2 for bad usage, and 3 if it could not be told.
"""

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LEAST_SECONDS, _MOST_SECONDS = 30, 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress verify` takes."""
    add = parser.add_argument
    add("--namespace", "-n", metavar="NAME", required=True, help="the namespace to check")
    add("--model", metavar="FILE", help="an EgressModel: its policies, its databases, its labels")
    add(
        "--database", metavar="[NAME=]HOST[:PORT]", action="append", default=[], help="where a database is (repeatable)"
    )
    add("--outside", metavar="HOST[:PORT]", default="1.1.1.1:443", help="must not answer (default: 1.1.1.1:443)")
    add("--lookup", metavar="NAME", default=given.LOOKUP, help=f"must resolve (default: {given.LOOKUP})")
    add("--image", metavar="IMAGE", default=given.IMAGE, help=f"has sh, nc and nslookup (default: {given.IMAGE})")
    add("--timeout", metavar="SECONDS", type=int, default=120, help="how long a probe pod may take (default: 120)")
    add("--format", choices=("text", "json"), default="text", help="default: text")
    add("--dry-run", action="store_true", help="create nothing, show what would be")
    add("--print", action="store_true", help="only print the kubectl commands that do the same by hand")
    add("--context", metavar="NAME", default="", help="the kubeconfig's context")
    add("--kubeconfig", metavar="FILE", default="", help="the kubeconfig")


def run(options: argparse.Namespace) -> int:
    """Look, probe, report; the exit code is the verdict."""
    from egress_policy.cluster import Access, connect
    from egress_policy.verify.checking import Check, looked_up

    wanted = _wanted(options)
    model = _model(options.model, wanted.namespace) if options.model else None
    check = Check(Access(options.kubeconfig, options.context), wanted, model)
    if options.print:
        return _printed(options.format, check.commands(check.supposed()))
    server = connect(check.access)
    there = looked_up(server, wanted.namespace)
    plan = check.planned(server, there)
    if options.dry_run:
        return _previewed(options.format, check, there, plan)
    return _reported(options.format, check.verified(server, there, plan))


def _wanted(options: argparse.Namespace) -> Wanted:
    if not _NAMESPACE.fullmatch(options.namespace):
        raise UsageError(f"--namespace {options.namespace!r}: a name has lower case letters, digits and - only")
    if not _LEAST_SECONDS <= options.timeout <= _MOST_SECONDS:
        raise UsageError(f"--timeout {options.timeout}: from {_LEAST_SECONDS} to {_MOST_SECONDS} seconds")
    return Wanted(
        namespace=options.namespace,
        outside=given.place(options.outside, "--outside", 443),
        databases=dict(map(given.database, options.database)),
        lookup=given.lookup(options.lookup),
        image=given.image(options.image),
        seconds=options.timeout,
    )


def _model(path: str, namespace: str) -> Model:
    """The model of a file that is for a namespace. Raises UsageError if none is, or more than one."""
    from egress_policy import model
    from egress_policy.verify.checking import Model

    models = model.read(path)
    mine = [one for one in models if namespace in one.namespaces]
    if not mine:
        known = ", ".join(dict.fromkeys(name for one in models for name in one.namespaces))
        raise UsageError(f"{path}: it is for {known}, not for the namespace {namespace}")
    if len(mine) > 1:
        raise UsageError(f"{path}: {', '.join(one.name for one in mine)} are all for the namespace {namespace}")
    policies = [one for one in model.policies(mine[0]) if one["metadata"]["namespace"] == namespace]
    return Model(path, mine[0].spec, tuple(policies))


def _printed(form: str, commands: tuple[str, ...]) -> int:
    shown = json.dumps(commands, indent=2) if form == "json" else "\n".join(commands)
    output.write(None, lambda target: target.write(f"{shown}\n"))
    return PASS


def _previewed(form: str, check: Check, there: There, plan: Plan) -> int:
    from egress_policy.verify import preview

    found = preview.found(plan, check.wanted, there.uid, check.states(there), check.commands(plan))
    shown = preview.as_json if form == "json" else preview.as_text
    output.write(None, lambda target: shown(found, plan, target))
    return PASS


def _reported(form: str, found: Verification) -> int:
    from egress_policy.verify import report

    shown = report.as_json if form == "json" else report.as_text
    output.write(None, lambda target: shown(found, target))
    return {report.AS_EXPECTED: PASS, report.NOT_AS_EXPECTED: FAIL}.get(found.verdict, UNKNOWN)
