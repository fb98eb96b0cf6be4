"""`egress sidecar`: OPA beside an application, configured to take signed bundles and nothing else."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

from egress_policy import folders, manifest, output
from egress_policy.bundle import BundleError, definition
from egress_policy.cli import FAIL, PASS
from egress_policy.sidecar import SidecarError, checking, kubernetes
from egress_policy.sidecar.config import Wanted, config, is_registry

EPILOG = """\
examples:
  egress sidecar config --url https://bundles.example.com --bundle egress-restricted \\
      --key public.pem --keyid 2026 --scope prod --output opa/
  kubectl apply -f opa/deployment.yaml           OPA by itself, to add a container to
  egress sidecar check opa/opa.yaml              refuse a configuration that OPA would run unsafely

in a kustomization.yaml, to add OPA to its Deployments:
  components: [opa/component]
"""
_ACTIONS = {
    "config": "write OPA's configuration for a sidecar, a Deployment and a Kustomize component",
    "check": "refuse a configuration that OPA would run unsafely, with file and line",
}
_MASKED = "egress-log"
_SECONDS = 20


class UnsafeError(SidecarError):
    """A configuration that is not to be used."""

    exit_code = FAIL


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress sidecar` takes."""
    table = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {
        name: table.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, about in _ACTIONS.items()
    }  # fmt: skip
    _add_config(made["config"])
    made["check"].add_argument("config", metavar="CONFIG", help="a configuration of OPA's, YAML or JSON")
    made["check"].add_argument(
        "--opa",
        metavar="PROGRAM",
        help="the OPA that is to run it, whose version counts (default: `opa` on PATH, if any)",
    )
    made["check"].add_argument("--opa-version", metavar="VERSION", help="its version, where the program is not at hand")


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("--url", required=True, help="where the bundles are, https://… or oci://REGISTRY/…")
    command.add_argument(
        "--bundle", metavar="NAME[=PATH]", action="append", required=True,
        help="a bundle, and its path below the URL (default: NAME.tar.gz, of a registry NAME:latest; repeatable)",
    )  # fmt: skip
    command.add_argument("--key", metavar="PEM", required=True, help="the public key that they are signed with")
    command.add_argument("--keyid", metavar="ID", required=True, help="its name in the signatures")
    command.add_argument("--scope", metavar="TEXT", required=True, help="the scope that they are signed for")
    command.add_argument(
        "--token",
        action="store_true",
        help="show the server a bearer token, of the Secret egress-opa-token; a registry user:password",
    )
    command.add_argument("--long-polling", action="store_true", help="the server answers when there is something new")
    command.add_argument("--namespace", default="", help="where the Deployments are, unless a kustomization says so")
    command.add_argument("--image", default=kubernetes.IMAGE, help=f"the image of OPA (default: {kubernetes.IMAGE})")
    command.add_argument(
        "--output", metavar="DIR", help="the folder to write to (default: the configuration, on standard output)"
    )


def run(options: argparse.Namespace) -> int:
    """Write, or check."""
    return _config(options) if options.action == "config" else _check(options)


def _config(options: argparse.Namespace) -> int:
    bundles = dict(_named(text, registry=is_registry(options.url)) for text in options.bundle)
    made = config(
        Wanted(
            options.url, bundles, options.keyid, options.key, options.scope,
            token=options.token, long_polling=options.long_polling, masked=_MASKED in bundles,
        )
    )  # fmt: skip
    text = manifest.written([made])
    if problems := checking.problems("the configuration", text.encode()):
        raise SidecarError("\n".join(problems))
    if wrong := checking.image_problem(options.image):
        raise SidecarError(f"--image {options.image}: {wrong}")
    if options.output is None:
        output.write(None, lambda target: target.utf8(text))
        return PASS
    files = kubernetes.files(made, options.image, options.namespace)
    folders.write(files, Path(options.output), kubernetes.BANNER)
    output.write(None, lambda target: target.write("".join(f"{options.output}/{path}\n" for path in files)))
    return PASS


def _named(text: str, *, registry: bool) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if not definition.is_name(name):
        raise BundleError(f"--bundle {text}: the name must be lower-case letters, digits and hyphens")
    return name, path or (f"{name}:latest" if registry else f"{name}.tar.gz")


def _check(options: argparse.Namespace) -> int:
    try:
        data = Path(options.config).read_bytes()
    except OSError as error:
        raise SidecarError(f"{options.config}: {error.strerror or error}") from error
    problems = checking.problems(options.config, data)
    version = _version(options)
    if version is not None and (wrong := checking.version_problem(version)):
        problems.append(wrong)
    if problems:
        raise UnsafeError("\n".join(problems))
    told = "safe" if version is not None else "safe, with OPA 1.22.2 or newer: its version was not checked"
    output.write(None, lambda target: target.write(f"{options.config}: {told}\n"))
    return PASS


def _version(options: argparse.Namespace) -> str | None:
    """What the OPA says that is to run it; None if it is not at hand."""
    if options.opa_version is not None:
        return str(options.opa_version)
    program = options.opa or shutil.which("opa")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SidecarError(f"{program} version: {error}") from error
    return done.stdout
