"""`egress sidecar`: OPA beside an application, configured to take signed bundles and nothing else."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from egress_policy import folders, manifest, output
from egress_policy.bundle import BundleError, definition, places
from egress_policy.cli import FAIL, PASS
from egress_policy.commands.bundle import making, publishing
from egress_policy.formats import clean
from egress_policy.sidecar import SidecarError, checking, kubernetes, mirror
from egress_policy.sidecar.config import MIRROR, Wanted, config, is_registry, mirrored

EPILOG = """\
examples:
  egress sidecar config --url https://bundles.example.com --bundle egress-restricted \\
      --key public.pem --keyid 2026 --scope prod --output opa/
  kubectl apply -f opa/deployment.yaml           OPA by itself, to add a container to
  egress sidecar check opa/opa.yaml              refuse a configuration that OPA would run unsafely

  egress sidecar mirror --bundle egress-restricted=https://bundles.example.com/egress-restricted.tar.gz \\
      --key public.pem --keyid 2026 --scope prod --state /var/bundles

in a kustomization.yaml, to add OPA to its Deployments:
  components: [opa/component]
"""
_ACTIONS = {
    "config": "write OPA's configuration for a sidecar, a Deployment and a Kustomize component",
    "mirror": "pull bundles, refuse older revisions and whatever else OPA would take, serve the rest to OPA",
    "check": "refuse a configuration that OPA would run unsafely, with file and line",
}
_MASKED = "egress-log"
_SECONDS = 20
_MOST_SECONDS = 86400


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
    _add_mirror(made["mirror"])
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
    command.add_argument(
        "--mirror", metavar="IMAGE",
        help="an image that has `egress`, which pulls and verifies the bundles and serves them to OPA in the pod",
    )  # fmt: skip
    command.add_argument("--namespace", default="", help="where the Deployments are, unless a kustomization says so")
    command.add_argument("--image", default=kubernetes.IMAGE, help=f"the image of OPA (default: {kubernetes.IMAGE})")
    command.add_argument(
        "--output", metavar="DIR", help="the folder to write to (default: the configuration, on standard output)"
    )


def _add_mirror(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--bundle", metavar="NAME=PLACE", action="append", required=True,
        help="a bundle, and where it is: https://…, oci://… or a file (repeatable); served as NAME.tar.gz",
    )  # fmt: skip
    making.add_expected(command)
    publishing.add_pulling(command)
    command.add_argument("--state", metavar="DIR", help="where they are kept; nothing older is taken after a restart")
    command.add_argument(
        "--every", metavar="SECONDS", type=_seconds, default=30.0, help="how often to ask (default: 30)"
    )
    command.add_argument("--port", type=int, default=MIRROR, help=f"on 127.0.0.1 (default: {MIRROR})")


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds up to {_MOST_SECONDS}")
    return found


def run(options: argparse.Namespace) -> int:
    """Write, check, or serve."""
    return {"config": _config, "check": _check, "mirror": _mirror}[options.action](options)


def _mirror(options: argparse.Namespace) -> int:
    """Until Ctrl-C, or SIGTERM, by which Kubernetes ends a container."""
    state = None if options.state is None else Path(options.state)
    if state is not None and not state.is_dir():
        raise SidecarError(f"--state {state}: is no folder")
    making.expected(options)
    token = publishing.token(options.token)
    mirrors = {
        name: mirror.Mirror(
            name, places.place(where, token=token), lambda: making.expected(options), state,
            attested=not options.without_attestations,
        )
        for name, where in map(_placed, options.bundle)
    }  # fmt: skip
    watch = mirror.Watch(mirrors, making.say, _warn)
    server = mirror.serving(mirrors, options.port)
    making.say(f"http://127.0.0.1:{server.server_address[1]}: serving {', '.join(mirrors)}")
    watch.restore()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    mirror.run(server, watch, options.every, stop)
    return PASS


def _warn(text: str) -> None:
    sys.stderr.write("".join(f"{clean.line(line)}\n" for line in text.splitlines()))
    sys.stderr.flush()


def _placed(text: str) -> tuple[str, str]:
    name, _, where = text.partition("=")
    if not definition.is_name(name) or not where:
        raise BundleError(
            f"--bundle {text}: must be NAME=PLACE, as egress-restricted=oci://registry.example.com/policy:1"
        )
    return name, where


def _config(options: argparse.Namespace) -> int:
    bundles = dict(_named(text, registry=is_registry(options.url)) for text in options.bundle)
    wanted = Wanted(
        options.url, bundles, options.keyid, options.key, options.scope,
        token=options.token, long_polling=options.long_polling, masked=_MASKED in bundles,
    )  # fmt: skip
    made = config(wanted if options.mirror is None else mirrored(wanted))
    text = manifest.written([made])
    if problems := checking.problems("the configuration", text.encode()):
        raise SidecarError("\n".join(problems))
    if wrong := checking.image_problem(options.image):
        raise SidecarError(f"--image {options.image}: {wrong}")
    if options.output is None:
        output.write(None, lambda target: target.utf8(text))
        return PASS
    beside = None if options.mirror is None else kubernetes.Beside(options.mirror, wanted)
    files = kubernetes.files(made, options.image, options.namespace, beside)
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
