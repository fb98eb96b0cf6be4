"""`--format helm`: a chart that renders a model's policies from its values, and the values of each model."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from egress_policy import manifest
from egress_policy.engine import embedded
from egress_policy.generate import BANNER, comments
from egress_policy.model import Model, ModelError

Json = dict[str, Any]
CHART = "charts/k8s-security"
# As they stand in the folder `chart`, but for the banner, and what the policy knows.
_TEXTS = (
    "Chart.yaml", "values.yaml", "templates/_helpers.tpl", "templates/networkpolicies.yaml", "templates/NOTES.txt",
)  # fmt: skip
# Its keywords are all that the schema needs, and every Helm knows them.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_LISTS = ("https", "databases", "services")


def command(models: Sequence[Model]) -> str:
    """What installs the first of the models."""
    return f"helm install k8s-security ./{CHART} -f {_file(models[0], models)}"


def files(models: Sequence[Model]) -> dict[str, bytes]:
    """The chart, and beside it the values of each model. Raises ModelError if two have the same name."""
    chart = {path: _text(path) for path in _TEXTS} | {"values.schema.json": _schema()}
    made = {f"{CHART}/{path}": text for path, text in chart.items()} | dict(_values(models))
    return {path: text.encode() for path, text in made.items()}


def _file(one: Model, models: Sequence[Model]) -> str:
    return f"values-{one.name}-prod.yaml" if len(models) > 1 else "values-prod.yaml"


def _text(path: str) -> str:
    """A file of the chart, its banner in a comment of its format."""
    text = importlib.resources.files("egress_policy.generate").joinpath("chart", path).read_text(encoding="utf-8")
    banner = f"{{{{- /* {BANNER} */ -}}}}\n" if path.startswith("templates/") else f"# {BANNER}\n"
    return banner + text.replace("@KNOWN@", json.dumps(embedded.metadata()["model"], indent=2, sort_keys=True))


def _schema() -> str:
    """What the schema of models says of spec. Without namespaces it is the release's that gets the policies."""
    text = importlib.resources.files("egress_policy.schemas").joinpath("model.schema.json").read_text(encoding="utf-8")
    spec = json.loads(text)["properties"]["spec"]
    properties = {**spec["properties"], "global": {"description": "What Helm hands on to charts inside charts"}}
    properties["namespaces"] = {name: value for name, value in properties["namespaces"].items() if name != "minItems"}
    stated = {name: value for name, value in spec.items() if name != "required"}
    schema = {"$schema": _DRAFT, "$comment": BANNER, "title": "Values", **stated, "properties": properties}
    return json.dumps(schema, indent=2) + "\n"


def _values(models: Sequence[Model]) -> Iterator[tuple[str, str]]:
    """One file a model: a release has one model's values."""
    names = [one.name for one in models]
    for index, one in enumerate(models):
        if one.name in names[:index]:
            message = f"metadata.name '{one.name}' is that of another model: their values would be one file"
            raise ModelError(f"{one.written.place('metadata.name')}: {message}")
        path = _file(one, models)
        yield path, _seen("".join(f"{line}\n" for line in _lines(one, path)))


def _seen(text: str) -> str:
    """With escapes for what would hide or turn text; manifest.written leaves that between quotes only."""
    return "".join(one if one.isprintable() or one in "\n\t" else f"\\U{ord(one):08x}" for one in text)


def _lines(one: Model, path: str) -> Iterator[str]:
    """The spec as it is written in the model, and above an entry who wanted it, why, and until when."""
    yield f"# {BANNER}"
    yield f"# Model {one.name}: helm install k8s-security ./{CHART} -f {path}"
    for field, value in _present(one.written.value["spec"]).items():
        if field in _LISTS and value:
            yield from _entries(field, value)
        else:
            yield from manifest.written([{field: value}]).splitlines()


def _entries(field: str, entries: Iterable[Json]) -> Iterator[str]:
    yield f"{field}:"
    for entry in entries:
        if (about := comments.entry_line(entry)) != entry["name"]:
            yield f"  # {about}"
        yield from manifest.written([{field: [entry]}]).split("\n")[1:-1]


def _present(value: Any) -> Any:
    """Without what is null: to Helm, null is not the default but the absence of one."""
    if isinstance(value, Mapping):
        return {name: _present(inside) for name, inside in value.items() if inside is not None}
    return [_present(inside) for inside in value] if isinstance(value, list) else value
