"""`egress generate`: the policies of a model, or a model proposed from manifests."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from egress_policy import folders, generate, model, output, propose
from egress_policy.cli import PASS, USAGE, complain
from egress_policy.errors import EgressPolicyError
from egress_policy.generate import contradictions, kubectl
from egress_policy.model import Model, ModelError
from egress_policy.output import Target

EPILOG = """\
examples:
  egress generate shop.yaml                                   the policies, for kubectl, on standard output
  egress generate shop.yaml --format kubectl --output out/    and in out/: kubectl apply -f 15_egress_allow_rules.yaml
  egress generate shop.yaml --format helm --output out/       a chart: helm install k8s-security ./charts/k8s-security
  egress generate shop.yaml --format kustomize --output out/  and in out/: kubectl apply -k kustomize/overlays/prod
  egress generate shop.yaml --format graph --output out/      a picture of who may reach what, SVG and Mermaid
  egress generate --from k8s/ --output shop.yaml              a model proposed from manifests, to be filled in

A model is a file that starts with `kind: EgressModel`. What is wrong with it is told with file and line, exit code 2.
"""


class UsageError(EgressPolicyError):
    """Wrong arguments, found only after they were parsed."""

    exit_code = USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress generate` takes."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="a file of models, `kind: EgressModel`")
    parser.add_argument(
        "--format", choices=generate.NAMES, action="append", default=None, help="default: kubectl (repeatable)"
    )
    parser.add_argument("--output", metavar="DIR", help="the folder to write to; with --from, the file")
    parser.add_argument(
        "--from", dest="manifests", nargs="+", metavar="MANIFESTS", default=None,
        help="propose a model from files and folders of manifests, - for standard input",
    )  # fmt: skip
    parser.add_argument(
        "--namespace", metavar="NAME", default="default", help="with --from, the namespace of objects that name none"
    )


def run(options: argparse.Namespace) -> int:
    """Read, make, write, and say what to do with it."""
    _check(options)
    if options.manifests:
        return propose.run(options.manifests, options.namespace, options.output)
    models = model.read(*options.models)
    _check_expiry(models, f"{datetime.now(UTC):%Y-%m-%d}")
    _warn(contradictions.lines(models))
    formats = list(dict.fromkeys(options.format or ["kubectl"]))
    if options.output is None:
        output.write(None, lambda target: target.utf8(kubectl.text(models)))
        return PASS
    _write(models, formats, Path(options.output))
    return PASS


def _check(options: argparse.Namespace) -> None:
    if options.manifests and (options.models or options.format):
        raise UsageError("--from proposes a model; generate from it once it is filled in")
    if not options.manifests and not options.models:
        raise UsageError("nothing to generate from: name a MODEL, or --from MANIFESTS to have one proposed")
    if options.output is None and (options.format or ["kubectl"]) != ["kubectl"]:
        raise UsageError(f"--format {options.format[-1]} writes several files: name a folder with --output DIR")


def _check_expiry(models: Iterable[Model], today: str) -> None:
    """What nobody approves any more is not allowed silently, and not left out silently."""
    over = [line for one in models for line in _expired(one, today)]
    if over:
        raise ModelError("\n".join(over))


def _expired(one: Model, today: str) -> Iterator[str]:
    for index, entry in enumerate(one.spec["https"]):
        if entry.get("expires") and entry["expires"] < today:
            path = f"spec.https[{index}].expires"
            place = one.written.place(path)
            yield f"{place}: {path} was {entry['expires']}: have '{entry['name']}' approved anew, or remove it"


def _warn(contradicted: Sequence[str]) -> None:
    """Whatever was declared is written: only its team can say which of two statements is meant."""
    if contradicted:
        told = "the model contradicts itself: `egress audit` will refuse what is written"
        complain("\n".join([told, *contradicted]))


def _write(models: Sequence[Model], formats: Sequence[str], folder: Path) -> None:
    chosen = [generate.load(name) for name in formats]
    files = {path: text for one in chosen for path, text in one.files(models).items()}
    folders.write(files, folder, generate.BANNER, generate.OWNED)
    output.write(None, lambda target: _say(files, [one.command(models) for one in chosen], folder, target))


def _say(files: Mapping[str, bytes], commands: Sequence[str], folder: Path, target: Target) -> None:
    for path in files:
        target.write(f"{folder}/{path}\n")
    target.write("\n")
    for command in commands:
        target.write(f"Next, in {folder}: `{command}`\n")
