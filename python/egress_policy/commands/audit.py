"""`egress audit`: judge manifests and write the report."""

from __future__ import annotations

import argparse
import dataclasses
import re
from typing import TYPE_CHECKING

from egress_policy import formats, output, settings
from egress_policy.audit import ParametersError, Request, audit
from egress_policy.cli import FAIL, PASS, USAGE
from egress_policy.errors import EgressPolicyError
from egress_policy.report import Report
from egress_policy.settings import Settings

if TYPE_CHECKING:
    from egress_policy.cluster import Access

EPILOG = """\
examples:
  egress audit k8s/ base.yaml
  kubectl get networkpolicies,deployments -A -o yaml | egress audit -
  egress audit --exclude '**/testdata/**' --format github .
  egress audit charts/ overlays/                     with helm and kustomize on PATH: what they render
  egress audit --cluster                             what is there now, in the context that kubectl would take
  egress audit --cluster --context prod --namespace shop
  egress audit --cluster --format policy-report | kubectl apply -f -
  egress audit --waivers waivers.yaml k8s/
  egress audit --model shop.yaml k8s/                which of the six layers are there, missing or too wide

The exit code is 0 for pass and skip, 1 for fail, 2 for bad usage or a file or list that cannot be read (everything
else is judged all the same), and 3 if there is no answer.
"""


NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class UsageError(EgressPolicyError):
    """Wrong arguments, found only after they were parsed."""

    exit_code = USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress audit` takes."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a file, a folder, or - for standard input")
    parser.add_argument("--profile", choices=("baseline", "strict"), help="how strict to be (default: baseline)")
    parser.add_argument("--parameters", metavar="FILE", help="parameters of the control, YAML or JSON")
    parser.add_argument("--waivers", metavar="FILE", help="findings that may pass until a date, YAML or JSON")
    parser.add_argument(
        "--model", metavar="FILE", action="append", default=[],
        help="judge the six layers too, by an EgressModel of the namespaces; it approves its destinations (repeatable)",
    )  # fmt: skip
    parser.add_argument("--layers", action="store_true", help="judge the six layers too, by the shape of the policies")
    parser.add_argument(
        "--namespace", metavar="NAME", default="",
        help="the namespace of objects that name none; with --cluster, the only one that is read",
    )  # fmt: skip
    parser.add_argument("--exclude", metavar="GLOB", action="append", default=[], help="leave files out (repeatable)")
    parser.add_argument(
        "--no-render", action="store_true", help="do not ask helm and kustomize what charts and kustomizations come to"
    )
    parser.add_argument("--format", choices=tuple(formats.NAMES), default="text", help="default: text")
    parser.add_argument("--output", metavar="FILE", help="write the report there instead of to standard output")
    parser.add_argument("--cluster", action="store_true", help="read a live cluster instead of files")
    parser.add_argument("--context", metavar="NAME", default="", help="the kubeconfig's context, for --cluster")
    parser.add_argument("--kubeconfig", metavar="FILE", default="", help="the kubeconfig, for --cluster")
    parser.add_argument("--engine", choices=("wasm", "opa"), default="wasm", help="built in (default), or a real OPA")
    parser.add_argument("--opa-url", metavar="URL", help="a running OPA with the policy, for --engine opa")


def run(options: argparse.Namespace) -> int:
    """Audit, write, and answer with the exit code of the report's status."""
    _check(options)
    chosen = formats.load(options.format)
    given = settings.read(options.parameters, options.waivers, options.model, layers=options.layers)
    report = _audited(_request(options, chosen, given), given)
    output.write(options.output, lambda target: chosen.render(report, target))
    return exit_code(report)


def exit_code(report: Report) -> int:
    """0 pass or skip, 1 fail, 2 if something could not be read."""
    return {"pass": PASS, "skip": PASS, "fail": FAIL}.get(report.status, USAGE)


def _check(options: argparse.Namespace) -> None:
    if options.cluster:
        _check_cluster(options)
    elif options.context or options.kubeconfig:
        raise UsageError("--context and --kubeconfig need --cluster")
    elif not options.paths:
        raise UsageError("nothing to audit: name a file or a folder, - for standard input, or --cluster")
    if options.opa_url and options.engine != "opa":
        raise UsageError("--opa-url needs --engine opa")
    if options.namespace and not NAMESPACE.fullmatch(options.namespace):
        raise UsageError(f"--namespace {options.namespace!r}: a name has lower case letters, digits and - only")


def _check_cluster(options: argparse.Namespace) -> None:
    if options.paths:
        raise UsageError(f"--cluster reads a cluster, {options.paths[0]} is a file: audit one after the other")
    if options.exclude:
        raise UsageError("--exclude leaves out files; a cluster is limited by --namespace")


def _access(options: argparse.Namespace) -> Access | None:
    if not options.cluster:
        return None
    from egress_policy.cluster import Access

    return Access(options.kubeconfig, options.context)


def _audited(request: Request, given: Settings) -> Report:
    """The report, with the places of waivers; what is wrong with parameters is said with their places as well."""
    try:
        with output.progress() as shown:
            report = audit(request, shown)
    except ParametersError as error:
        raise UsageError(given.explained(error.problems)) from error
    waivers = report.waivers and tuple(
        dataclasses.replace(waiver, location=given.place(f"waivers[{index}]"))
        for index, waiver in enumerate(report.waivers)
    )
    return dataclasses.replace(report, waivers=waivers)


def _request(options: argparse.Namespace, chosen: formats.Format, given: Settings) -> Request:
    profile = {"profile": options.profile} if options.profile else {}
    return Request(
        paths=tuple(options.paths),
        exclude=tuple(options.exclude),
        settings={**given.values, **profile},
        namespace=options.namespace,
        engine=options.engine,
        opa_url=options.opa_url,
        render=not options.no_render,
        details=chosen.DETAILS,
        excerpts=chosen.EXCERPTS,
        cluster=_access(options),
    )
