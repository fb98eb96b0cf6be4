"""The files that settings come from: --parameters, --waivers and --model, and where in them a field stands.

One file serves every engine: the document by itself, or under `egress.parameters`, as OPA and conftest load it as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress_policy import reader
from egress_policy.errors import EgressPolicyError
from egress_policy.model import reading as model
from egress_policy.report import Location

_WRAPPED = "egress.parameters"


class SettingsError(EgressPolicyError):
    """A settings file that says nothing clear."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Written:
    """One file: its parameters, and `inside`, what comes before their paths in it."""

    file: str
    values: dict[str, Any]
    loaded: reader.Loaded
    inside: str

    def place(self, path: str) -> Location:
        """Where a parameter stands, or what is nearest above it."""
        return Location(self.file, self.loaded.line(f"{self.inside}{path}"))


@dataclass(frozen=True, slots=True)
class Settings:
    """The one document of parameters, from some files. `models` is None where nobody asks for the layers."""

    parameters: Written | None = None
    waivers: Written | None = None
    models: tuple[model.Written, ...] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What is `data.egress.parameters`."""
        found = {name: value for file in self._files for name, value in file.values.items()}
        return found if self.models is None else {**found, "models": [one.value for one in self.models]}

    @property
    def _files(self) -> list[Written]:
        return [file for file in (self.parameters, self.waivers) if file is not None]

    def place(self, path: str) -> Location | None:
        """Where a parameter stands; None if it is in no file."""
        name = path.partition("[")[0].partition(".")[0]
        if name == "models" and self.models:
            one, inside = model.of_path(self.models, path)
            return Location(one.file, one.loaded.line(inside))
        files = [file for file in self._files if name in file.values] or self._files
        return files[0].place(path) if files else None

    def explained(self, problems: Iterable[tuple[str, str]]) -> str:
        """What the policy says is wrong, a line each: file, line, path and message, in the order of the files."""
        lines = []
        for path, message in problems:
            place = self.place(path) or Location("", 0)
            where = f"{place.file}:{place.line}: " if place.file else ""
            lines.append(((place.file, place.line), f"{where}{path} {message}".replace("\n", "\\n")))
        return "\n".join(line for _, line in sorted(lines, key=lambda one: one[0]))


def read(parameters: str | None, waivers: str | None, models: Sequence[str] = (), *, layers: bool = False) -> Settings:
    """What the files of these names say; with `layers` and no model, the layers are asked for by their shape.

    Raises SettingsError; what the fields hold is the policy's to check.
    """
    first = (
        _read(parameters, "parameters are one object, such as {profile: strict}") if parameters is not None else None
    )
    second = read_waivers(waivers) if waivers is not None else None
    if first and second and "waivers" in first.values:
        both = " and ".join(f"{place.file}:{place.line}" for place in (first.place("waivers"), second.place("waivers")))
        raise SettingsError(f"{both}: waivers in both files; which of them count must be clear, so keep all in one")
    return Settings(first, second, _models(first, models, layers=layers))


def _models(first: Written | None, names: Sequence[str], *, layers: bool) -> tuple[model.Written, ...] | None:
    if not names and not layers:
        return None
    if first and "models" in first.values:
        place = first.place("models")
        raise SettingsError(f"{place.file}:{place.line}: models in the parameters as well; keep all in one place")
    return tuple(model.documents(*names))


def read_waivers(name: str) -> Written:
    """A file that holds nothing but waivers, so that whoever may add one can change nothing else."""
    found = _read(name, "waivers are one object, such as {waivers: []}")
    for other in found.values:
        if other != "waivers":
            place = found.place(other)
            raise SettingsError(f"{place.file}:{place.line}: {other} is no waiver; it belongs into --parameters FILE")
    if "waivers" not in found.values:
        raise SettingsError(f"{name}: holds no waivers; they are one object, such as {{waivers: []}}")
    return found


def _read(name: str, wanted: str) -> Written:
    try:
        loaded = reader.load(Path(name).read_bytes())
    except OSError as error:
        raise SettingsError(f"{name}: {error.strerror or error}") from error
    except EgressPolicyError as error:
        raise SettingsError(f"{name}: {error}") from error
    value, inside = loaded.value, ""
    if isinstance(value, dict) and "egress" in value:
        value, inside = _unwrapped(name, loaded), f"{_WRAPPED}."
    if not isinstance(value, dict):
        raise SettingsError(f"{name}: {wanted}")
    return Written(name, value, loaded, inside)


def _unwrapped(name: str, loaded: reader.Loaded) -> Any:
    """What stands under egress.parameters. Anything beside it would be read by some engines only."""
    value = loaded.value
    for path, step in (("", "egress"), ("egress.", "parameters")):
        for other in value if isinstance(value, dict) else ():
            if other != step:
                line = loaded.line(f"{path}{other}")
                raise SettingsError(f"{name}:{line}: {path}{other} stands beside {_WRAPPED}, under which all belongs")
        value = value.get(step) if isinstance(value, dict) else None
    return value
