"""What a proposal is made of: entries of a model, what is missing from them, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from egress_policy.errors import EgressPolicyError
from egress_policy.propose.objects import Labels
from egress_policy.reader import Document


class ProposeError(EgressPolicyError):
    """Manifests from which nothing can be proposed; one line a reason, with the file and the line where it lies."""

    exit_code = 2


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One field of a manifest that names a destination: `path` as in `spec.egress[0]`, and what to call it."""

    document: Document
    path: str
    what: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that no manifest tells; `why` says what to fill in."""

    why: str


class Layer(Enum):
    """The lists of a model's spec, in their order."""

    HTTPS = "https"
    DATABASES = "databases"
    SERVICES = "services"


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A port, or those up to `end`."""

    number: int
    end: int = 0
    protocol: str = "TCP"


# What stands in a field of a model.
Written = str | int | Labels | tuple[str, ...] | tuple[Port, ...] | Missing


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a layer: its fields in their order, without the name."""

    layer: Layer
    name: str
    fields: dict[str, Written]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader must know, and no entry says; `evidence` is where it lies."""

    evidence: Evidence
    message: str


@dataclass(frozen=True, slots=True)
class Dns:
    """The fields of `spec.dns`, and what says so."""

    fields: dict[str, Written]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """The proposal for one namespace.

    `left_out` is what stands in manifests and was not taken over, `unknown` what could not be read from them.
    """

    namespace: str
    dns: Dns
    entries: tuple[Entry, ...] = ()
    kube_api: Entry | None = None
    left_out: tuple[Note, ...] = ()
    unknown: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A model for each application namespace, by name."""

    models: tuple[Model, ...] = field(default=())
