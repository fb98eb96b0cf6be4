"""A file of models: read, checked by the policy, and told with file, line and field where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress_policy import reader
from egress_policy.audit import ParametersError, check
from egress_policy.engine import embedded, load
from egress_policy.errors import EgressPolicyError

Json = dict[str, Any]


class ModelError(EgressPolicyError):
    """A file that is no model, or one that the policy refuses; a line each, with file and line."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Written:
    """One document as it is written: `value` is whatever stands there."""

    file: str
    loaded: reader.Loaded

    @property
    def value(self) -> Any:
        return self.loaded.value

    def place(self, path: str) -> str:
        """`file:line` of a field, as spec.https[0].cidrs, or of what is nearest above it."""
        return f"{self.file}:{self.loaded.line(path)}"


@dataclass(frozen=True, slots=True)
class Model:
    """One model that the policy has accepted: `spec` with its defaults filled in."""

    written: Written
    name: str
    spec: Json

    @property
    def namespaces(self) -> list[str]:
        """The namespaces that it is about."""
        return list(self.spec["namespaces"])

    def line(self, path: str) -> int:
        """The line of a field, as spec.https[0].cidrs, or of what is nearest above it."""
        return self.written.loaded.line(path)


def documents(*names: str) -> list[Written]:
    """The documents of some files, unchecked. Raises ModelError for what cannot be read, and for a file without any."""
    return [document for name in names for document in _documents(name)]


def read(*names: str) -> list[Model]:
    """The models of some files. Raises ModelError with a line for each field that the policy refuses."""
    found = documents(*names)
    check_all(found)
    return [Model(one, one.value["metadata"]["name"], _filled(one.value["spec"])) for one in found]


def check_all(found: Sequence[Written]) -> None:
    """Raise ModelError if the policy finds fault with some documents as models."""
    try:
        with load("wasm", {"models": [one.value for one in found]}) as engine:
            check(engine)
    except ParametersError as error:
        raise ModelError("\n".join(explained(found, path, message) for path, message in error.problems)) from error


def explained(found: Sequence[Written], path: str, message: str) -> str:
    """A problem of the parameter `models[0].spec…` where it is written: `file:line: spec… message`."""
    one, inside = of_path(found, path)
    return f"{one.place(inside)}: {inside or 'the document'} {message}".replace("\n", "\\n")


def of_path(found: Sequence[Written], path: str) -> tuple[Written, str]:
    """The document that a path of parameters leads to, as models[0].spec.dns, and what is left of the path in it."""
    index, _, inside = path.removeprefix("models[").partition("]")
    return found[int(index)], inside.removeprefix(".")


def _documents(name: str) -> list[Written]:
    try:
        found = reader.load_all(Path(name).read_bytes())
    except OSError as error:
        raise ModelError(f"{name}: {error.strerror or error}") from error
    except EgressPolicyError as error:
        raise ModelError(f"{name}: {error}") from error
    if not found:
        raise ModelError(f"{name}: holds no model; it starts with `kind: EgressModel`")
    return [Written(name, one) for one in found]


def _filled(spec: Json) -> Json:
    """The spec with what is left out as the policy takes it: ports, engines, the cluster's DNS; null is left out."""
    known = embedded.metadata()["model"]
    given = {name: value for name, value in spec.items() if value is not None}
    filled = {
        "namespaces": given["namespaces"],
        "labels": {**known["labels"], **given.get("labels", {})},
        "dns": _dns(given.get("dns") or {}, known["presets"]),
        "https": [{"ports": [443], "from": {}, **_present(entry)} for entry in given.get("https", [])],
        "databases": [_database(_present(entry), known["engines"]) for entry in given.get("databases", [])],
        "services": [{"from": {}, **_present(entry)} for entry in given.get("services", [])],
    }
    return filled | (
        {"kubeAPI": {"service": [], "endpoints": [], **_present(api)}} if (api := given.get("kubeAPI")) else {}
    )


def _present(entry: Json) -> Json:
    return {name: value for name, value in entry.items() if value not in (None, [])}


def _dns(dns: Json, presets: Json) -> Json:
    own = _present(dns)
    if "labels" in own or "cidrs" in own:
        return {"namespace": None, "labels": {}, "cidrs": [], "ports": [53], **own}
    found: Json = presets[own.get("preset", "kube-dns")]
    return found


def _database(entry: Json, engines: Json) -> Json:
    port = entry.get("port") or engines[entry["engine"]]
    return {"namespace": None, "labels": {}, "cidrs": [], **entry, "port": port}
