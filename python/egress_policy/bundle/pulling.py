"""What was pulled, looked at before anybody uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from egress_policy.bundle import archive, attestations, signatures
from egress_policy.bundle.places import Pulled


@dataclass(frozen=True, slots=True)
class Trusted:
    """A bundle that is signed, whole and unchanged, its SHA-256, its files, and what is said of it, by kind."""

    bundle: bytes
    digest: str
    files: Mapping[str, bytes]
    signed: signatures.Signed
    attestations: Mapping[str, attestations.Json]

    @property
    def revision(self) -> str:
        """What its manifest calls it; empty without one."""
        return signatures.revision(self.files)


def trusted(pulled: Pulled, asked: signatures.Expected, *, attested: bool) -> Trusted:
    """The bundle, if it is to be trusted; `attested` asks for each kind of attestation, also where none is there.

    Raises BundleError with a line for each reason not to.
    """
    files = archive.unpack(pulled.bundle)
    signed = signatures.verified(files, asked)
    digest = archive.digest(pulled.bundle)
    wanted = attestations.KINDS if attested else pulled.envelopes
    said = {kind: attestations.verified(kind, pulled.envelopes.get(kind, ()), digest, asked.keyring) for kind in wanted}
    return Trusted(pulled.bundle, digest, files, signed, said)
