"""Where bundles are published and pulled from: a folder, an HTTP server, an OCI registry. Who pulls must verify."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from egress_policy.bundle import BundleError
from egress_policy.bundle.attestations import Subjects
from egress_policy.bundle.publication import Publication

#: Makes the envelopes about some subjects, by kind.
Attest = Callable[[Subjects], Mapping[str, bytes]]


class PlaceError(BundleError):
    """A place that cannot be reached, or refuses."""


class NotThereError(PlaceError):
    """A place that has no such bundle."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A bundle and the envelopes beside it, by kind; nothing of it is verified."""

    bundle: bytes
    envelopes: Mapping[str, Sequence[bytes]]


class Place(Protocol):
    """One name at one place."""

    def publish(self, published: Publication, attest: Attest) -> list[str]:
        """Write all; the bundle goes live last. Says what is where, a line each. Raises PlaceError."""

    def pull(self) -> Pulled:
        """What is there. Raises NotThereError or PlaceError."""


def place(text: str, name: str = "", tags: Sequence[str] = (), token: str | None = None) -> Place:
    """The place that a text names: `oci://HOST/REPOSITORY[:TAG]`, `https://…/NAME.tar.gz`, or a file.

    A folder, or an address that ends with a slash, has the bundle `name`. Raises PlaceError.
    """
    if text.startswith("oci://"):
        from egress_policy.bundle.places.registry import Registry

        return Registry(text, tags, None if token is None else _user(token))
    if tags:
        raise PlaceError(f"{text}: only a registry has tags")
    if text.startswith(("https://", "http://")):
        from egress_policy.bundle.places.web import Web

        return Web(text, name, token)
    from egress_policy.bundle.places.folder import Folder

    return Folder(text, name)


def _user(token: str) -> tuple[str, str]:
    """What a registry is told in place of a bearer token. Raises PlaceError."""
    user, colon, password = token.partition(":")
    if not (user and colon and password):
        raise PlaceError("--token: a registry asks for user:password; or leave it out after `egress bundle login`")
    return user, password


def file_name(name: str) -> str:
    """What a bundle is called where it is a file: OPA sidecars ask for this."""
    return f"{name}.tar.gz"


def in_folder(text: str, name: str) -> str:
    """The file of a bundle in a folder, or below an address, that a text names. Raises PlaceError without a name."""
    if not name:
        raise PlaceError(f"{text}: is a folder: name the bundle's file, as {text.rstrip('/')}/egress-restricted.tar.gz")
    return file_name(name)


def beside(kind: str, digest: str) -> str:
    """The name of an envelope: with the digest in it, a new bundle never meets the envelopes of the old."""
    return f"sha256-{digest}.{kind}.dsse.json"
