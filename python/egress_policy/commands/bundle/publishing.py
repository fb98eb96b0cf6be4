"""`egress bundle publish`, `pull` and `login`: bundles that are elsewhere."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from egress_policy import output
from egress_policy.bundle import BundleError, archive, attestations, keys, places, publication, pulling, signatures
from egress_policy.bundle.attestations import Subjects
from egress_policy.commands.bundle import making

_ENVIRONMENT = "env:"
_PLACE = "oci://HOST/REPOSITORY[:TAG], https://HOST/PATH/[NAME.tar.gz], or a folder or file of this machine"
_SHOWN = "a file, or env:NAME, with a bearer token, for a registry user:password (default: ~/.netrc, docker's logins)"


def add_publish(command: argparse.ArgumentParser) -> None:
    """What `publish` takes."""
    command.add_argument("bundle", metavar="FILE", help="the signed bundle")
    command.add_argument("place", metavar="PLACE", help=f"{_PLACE}; the tag is by default the revision")
    command.add_argument(
        "--key",
        required=True,
        help="the key that the bundle is signed with, which signs what is said of it: "
        + making.KEY.removeprefix("the private key: "),
    )
    command.add_argument("--public-key", metavar="PEM", help="the public half of a key that stays where it is")
    command.add_argument("--keyid", metavar="ID", required=True, help="its name in the signature")
    command.add_argument(
        "--definition", metavar="DEFINITION", help="what it was built from; ours is known by the bundle's name"
    )
    command.add_argument(
        "--tag", metavar="TAG", action="append", default=[], help="another tag for it in a registry (repeatable)"
    )
    command.add_argument(
        "--builder",
        metavar="URI",
        default=attestations.BUILDER,
        help=f"who built it, for its provenance (default: {attestations.BUILDER})",
    )
    command.add_argument(
        "--replace",
        action="store_true",
        help="also where a newer revision is, or other content of the same one",
    )
    command.add_argument("--token", metavar="FILE", help=_SHOWN)


def add_pull(command: argparse.ArgumentParser) -> None:
    """What `pull` takes."""
    command.add_argument("place", metavar="PLACE", help=f"{_PLACE}; a registry also by digest: @sha256:…")
    making.add_expected(command)
    add_pulling(command)
    command.add_argument("--output", metavar="FILE", required=True, help="the file to write, once it is verified")
    command.add_argument("--sbom", metavar="FILE", help="write the SBOM (CycloneDX, JSON) as well")


def add_pulling(command: argparse.ArgumentParser) -> None:
    """How a place is asked, and what has to be there."""
    command.add_argument(
        "--without-attestations",
        action="store_true",
        help="take a bundle that has no SBOM or no provenance beside it; one that has a wrong one is refused as well",
    )
    command.add_argument("--token", metavar="FILE", help=_SHOWN)


def add_login(command: argparse.ArgumentParser) -> None:
    """What `login` takes."""
    command.add_argument("host", metavar="HOST", help="the registry, as registry.example.com or 127.0.0.1:5000")
    command.add_argument("--username", "-u", metavar="NAME", required=True)
    command.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def publish(options: argparse.Namespace) -> None:
    """Prove what is said of it, and put it there."""
    making.named(options.keyid)
    key = keys.signing(options.key, options.public_key)
    data = archive.content(options.bundle)
    try:
        made = publication.prepared(data, key, options.keyid, int(time.time()), options.definition)
    except BundleError as error:
        raise BundleError("\n".join(f"{options.bundle}: {line}" for line in str(error).splitlines())) from error
    place = places.place(options.place, made.definition.name, options.tag, token(options.token))
    if not options.replace:
        _refuse_if_newer(place, made)
    said = attestations.predicates(made, options.builder)

    def attest(subjects: Subjects) -> dict[str, bytes]:
        return {kind: attestations.signed(kind, one, subjects, key, options.keyid) for kind, one in said.items()}

    for line in place.publish(made, attest):
        making.say(line)


def _refuse_if_newer(place: places.Place, made: publication.Publication) -> None:
    """A sidecar takes whatever is there: an older revision, or one changed under its number, is hardly meant."""
    try:
        there = archive.unpack(place.pull().bundle)
    except places.NotThereError:
        return
    revision = signatures.revision(there)
    if signatures.older(made.revision, revision):
        raise BundleError(
            f"revision {revision} is there, which is newer than {made.revision}: --replace if you mean it"
        )
    if revision == made.revision and publication.different(there, made.files):
        raise BundleError(f"revision {revision} is there with other content: raise the revision, or --replace")


def token(source: str | None) -> str | None:
    """The bearer token of a file or an environment variable. Raises BundleError."""
    if source is None:
        return None
    if source.startswith(_ENVIRONMENT):
        found = os.environ.get(source.removeprefix(_ENVIRONMENT), "")
    else:
        try:
            found = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BundleError(f"--token {source}: {error}") from error
    text = found.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise BundleError(f"--token {source}: holds no token")
    return text


def pull(options: argparse.Namespace) -> None:
    """Verify, then write."""
    asked = making.expected(options)
    pulled = places.place(options.place, token=token(options.token)).pull()
    try:
        found = pulling.trusted(pulled, asked, attested=not options.without_attestations)
        if options.sbom is not None and attestations.SBOM not in found.attestations:
            raise BundleError(f"has no {attestations.SBOM} beside it")
    except BundleError as error:
        raise making.refused(options.place, error) from error
    if options.sbom is not None:
        sbom = attestations.text(found.attestations[attestations.SBOM])
        output.write(options.sbom, lambda target: target.utf8(sbom))
    output.save(options.output, found.bundle)
    making.say(making.line(options.place, found.files, found.signed))
    making.say(f"{options.output}: sha256:{found.digest}{_beside(found.attestations)}")


def _beside(found: Mapping[str, attestations.Json]) -> str:
    said = []
    if attestations.SBOM in found:
        said.append(f"{len(found[attestations.SBOM].get('components', ()))} components")
    if attestations.PROVENANCE in found:
        said.append(f"built by {attestations.builder(found[attestations.PROVENANCE])}")
    return "".join(f", {one}" for one in said)


def login_(options: argparse.Namespace) -> None:
    """Ask the registry, then keep it."""
    from egress_policy.bundle.places import login, oci, registry

    host = oci.reference(f"oci://{options.host}/x").host
    password = _password(options)
    registry.Registry(f"oci://{host}/x", known=(options.username, password)).check()
    making.say(f"{host}: {options.username} is known; kept in {login.store(host, options.username, password)}")


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        found = getpass.getpass(f"Password for {options.username} at {options.host}: ")
    else:
        raise BundleError("no terminal to ask for the password: --password-stdin")
    if not found:
        raise BundleError("the password is empty")
    return found
