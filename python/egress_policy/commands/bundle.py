"""`egress bundle`: the policy as bundles for OPA, built, signed, verified and looked into."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from egress_policy import output
from egress_policy.bundle import BundleError, archive, build, definition, inspecting, keys, signatures
from egress_policy.cli import FAIL, PASS
from egress_policy.formats import clean

EPILOG = """\
examples:
  egress bundle build egress-restricted --output restricted.tar.gz
  egress bundle sign restricted.tar.gz --key private.pem --keyid 2026 --scope prod --output signed.tar.gz
  egress bundle verify signed.tar.gz --key public.pem --keyid 2026 --scope prod --at-least 1.0.0
  egress bundle inspect signed.tar.gz

a pair of keys that OPA takes, ES256:
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out private.pem
  chmod 600 private.pem; openssl ec -in private.pem -pubout -out public.pem
"""
_ACTIONS = {
    "build": "build a bundle from its definition, the same byte for byte everywhere",
    "sign": "sign a bundle, as OPA verifies it",
    "verify": "say whether a bundle is signed by a key, whole and unchanged, before anything of it is unpacked",
    "inspect": "show what a bundle holds and who claims to have signed it; proves nothing",
}
_KEY = (
    "the private key: a PEM file that only you can read, env:NAME for an environment variable that holds one,"
    " or a key that stays where it is, by securesystemslib (hsm:, awskms:, gcpkms:, azurekms:, hv:, file2:)"
)


class RefusedError(BundleError):
    """A bundle that is not to be trusted."""

    exit_code = FAIL


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress bundle` takes."""
    table = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {
        name: table.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, about in _ACTIONS.items()
    }  # fmt: skip
    _add_build(made["build"])
    _add_sign(made["sign"])
    _add_verify(made["verify"])
    made["inspect"].add_argument("bundle", metavar="FILE", help="the bundle")
    made["inspect"].add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _add_build(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "definition",
        metavar="DEFINITION",
        help="a file of kind BundleDefinition, or one of ours: egress-restricted, -model, -gateway, -log",
    )
    command.add_argument("--output", metavar="FILE", required=True, help="the bundle to write")
    command.add_argument("--revision", metavar="TEXT", help="in place of the definition's")


def _add_sign(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", metavar="FILE", help="the bundle")
    command.add_argument("--key", required=True, help=_KEY)
    command.add_argument("--public-key", metavar="PEM", help="the public half of a key that stays where it is")
    command.add_argument("--keyid", metavar="ID", required=True, help="the name by which OPA finds the key")
    command.add_argument("--scope", metavar="TEXT", default="", help="where it may be used: OPA must be told the same")
    command.add_argument(
        "--expires",
        metavar="DATE",
        type=_day,
        help="the last day of the signature, UTC; `egress` heeds it, OPA does not",
    )
    command.add_argument("--output", metavar="FILE", required=True, help="the signed bundle to write")


def _add_verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", metavar="FILE", help="the bundle")
    command.add_argument("--key", metavar="PEM", action="append", required=True, help="a public key (repeatable)")
    command.add_argument(
        "--keyid", metavar="ID", action="append", required=True, help="the name of the key before it (repeatable)"
    )
    command.add_argument("--scope", metavar="TEXT", default="", help="the scope that it must be signed for")
    command.add_argument("--at-least", metavar="REVISION", default="", help="refuse revisions that are older")


def _day(text: str) -> int:
    """The end of a day in seconds since 1970."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date, as 2027-06-30") from error
    return int((day + timedelta(days=1)).timestamp())


def run(options: argparse.Namespace) -> int:
    """Do what was asked, and say what came of it."""
    {"build": _build, "sign": _sign, "verify": _verify, "inspect": _inspect}[options.action](options)
    return PASS


def _build(options: argparse.Namespace) -> None:
    files = build.build(definition.read(options.definition), options.revision)
    _write(files, options.output)
    _say(f"{options.output}: revision {signatures.revision(files)}, {len(files)} files, {_digest(files)}")


def _sign(options: argparse.Namespace) -> None:
    if not options.keyid:
        raise BundleError("--keyid must not be empty: without one, OPA can be made to skip signatures")
    files = archive.read(options.bundle)
    key = keys.signing(options.key, options.public_key)
    claims = signatures.Claims(options.keyid, options.scope, int(time.time()), options.expires)
    signed = signatures.sign(files, key, claims)
    _write(signed, options.output)
    _say(f"{options.output}: signed by {options.keyid}, {key.algorithm}, {_digest(signed)}")


def _verify(options: argparse.Namespace) -> None:
    if len(options.key) != len(options.keyid):
        raise BundleError(f"{len(options.key)} --key and {len(options.keyid)} --keyid: each key needs its name")
    ring = signatures.keyring(list(zip(options.keyid, options.key, strict=True)))
    data = archive.content(options.bundle)
    try:
        files = archive.unpack(data)
        expected = signatures.Expected(ring, int(time.time()), options.scope, options.at_least)
        signed = signatures.verified(files, expected)
    except BundleError as error:
        lines = str(error).splitlines()
        raise RefusedError("\n".join(f"{options.bundle}: refused: {line}" for line in lines)) from error
    _say(
        f"{options.bundle}: revision {signatures.revision(files) or 'unknown'}, {len(files) - 1} files,"
        f" signed by {signed.keyid}, {signed.algorithm}"
    )


def _inspect(options: argparse.Namespace) -> None:
    found = inspecting.inspect(archive.read(options.bundle))
    if options.format == "json":
        output.write(None, lambda target: target.utf8(inspecting.as_json(found)))
    else:
        output.write(None, lambda target: target.write("".join(f"{line}\n" for line in _lines(found))))


def _lines(found: inspecting.Inspected) -> Iterator[str]:
    yield from (clean.line(line) for line in inspecting.lines(found))


def _write(files: Mapping[str, bytes], name: str) -> None:
    packed = archive.pack(files)
    output.write(name, lambda target: target.bytes(packed))


def _digest(files: Mapping[str, bytes]) -> str:
    return f"sha256:{archive.digest(archive.pack(files))}"


def _say(text: str) -> None:
    output.write(None, lambda target: target.write(f"{clean.line(text)}\n"))
