"""`egress bundle build`, `sign`, `verify` and `inspect`: bundles that are files of this machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from egress_policy import output
from egress_policy.bundle import BundleError, archive, build, definition, inspecting, keys, signatures
from egress_policy.cli import FAIL
from egress_policy.formats import clean

KEY = (
    "the private key: a PEM file that only you can read, env:NAME for an environment variable that holds one,"
    " or a key that stays where it is, by securesystemslib (hsm:, awskms:, gcpkms:, azurekms:, hv:, file2:)"
)


class RefusedError(BundleError):
    """A bundle that is not to be trusted."""

    exit_code = FAIL


def add_build(command: argparse.ArgumentParser) -> None:
    """What `build` takes."""
    command.add_argument(
        "definition",
        metavar="DEFINITION",
        help="a file of kind BundleDefinition, or one of ours: egress-restricted, -model, -gateway, -review, -log",
    )
    command.add_argument("--output", metavar="FILE", required=True, help="the bundle to write")
    command.add_argument("--revision", metavar="TEXT", help="in place of the definition's")


def add_sign(command: argparse.ArgumentParser) -> None:
    """What `sign` takes."""
    command.add_argument("bundle", metavar="FILE", help="the bundle")
    command.add_argument("--key", required=True, help=KEY)
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


def add_verify(command: argparse.ArgumentParser) -> None:
    """What `verify` takes."""
    command.add_argument("bundle", metavar="FILE", help="the bundle")
    add_expected(command)


def add_inspect(command: argparse.ArgumentParser) -> None:
    """What `inspect` takes."""
    command.add_argument("bundle", metavar="FILE", help="the bundle")
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def add_expected(command: argparse.ArgumentParser) -> None:
    """What a bundle is asked for before it is trusted."""
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


def build_(options: argparse.Namespace) -> None:
    """Build and write."""
    files = build.build(definition.read(options.definition), options.revision)
    digest = _written(files, options.output)
    say(f"{options.output}: revision {signatures.revision(files)}, {len(files)} files, sha256:{digest}")


def sign(options: argparse.Namespace) -> None:
    """Sign and write."""
    named(options.keyid)
    files = archive.read(options.bundle)
    key = keys.signing(options.key, options.public_key)
    claims = signatures.Claims(options.keyid, options.scope, int(time.time()), options.expires)
    signed = signatures.sign(files, key, claims)
    digest = _written(signed, options.output)
    say(f"{options.output}: signed by {options.keyid}, {key.algorithm}, sha256:{digest}")


def named(keyid: str) -> None:
    """Raise BundleError for no name."""
    if not keyid:
        raise BundleError("--keyid must not be empty: without one, OPA can be made to skip signatures")


def verify(options: argparse.Namespace) -> None:
    """Say who signed it. Raises RefusedError."""
    asked = expected(options)
    data = archive.content(options.bundle)
    try:
        files = archive.unpack(data)
        signed = signatures.verified(files, asked)
    except BundleError as error:
        raise refused(options.bundle, error) from error
    say(line(options.bundle, files, signed))


def line(name: str, files: Mapping[str, bytes], signed: signatures.Signed) -> str:
    """What is said of a bundle that is trusted."""
    revision = signatures.revision(files) or "unknown"
    return f"{name}: revision {revision}, {len(files) - 1} files, signed by {signed.keyid}, {signed.algorithm}"


def expected(options: argparse.Namespace) -> signatures.Expected:
    """What is asked of a bundle. Raises BundleError for keys that are not named, or cannot be read."""
    if len(options.key) != len(options.keyid):
        raise BundleError(f"{len(options.key)} --key and {len(options.keyid)} --keyid: each key needs its name")
    ring = signatures.keyring(list(zip(options.keyid, options.key, strict=True)))
    return signatures.Expected(ring, int(time.time()), options.scope, options.at_least)


def refused(name: str, error: BundleError) -> RefusedError:
    """The reasons, each with the name of what is refused."""
    return RefusedError("\n".join(f"{name}: refused: {line}" for line in str(error).splitlines()))


def inspect(options: argparse.Namespace) -> None:
    """Show."""
    found = inspecting.inspect(archive.read(options.bundle))
    if options.format == "json":
        output.write(None, lambda target: target.utf8(inspecting.as_json(found)))
    else:
        output.write(None, lambda target: target.write("".join(f"{line}\n" for line in _lines(found))))


def _lines(found: inspecting.Inspected) -> Iterator[str]:
    yield from (clean.line(line) for line in inspecting.lines(found))


def _written(files: Mapping[str, bytes], name: str) -> str:
    """The digest of the bundle that was written."""
    packed = archive.pack(files)
    output.save(name, packed)
    return archive.digest(packed)


def say(text: str) -> None:
    """A line on standard output."""
    output.write(None, lambda target: target.write(f"{clean.line(text)}\n"))
