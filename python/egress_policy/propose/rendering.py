"""A proposal as YAML that people finish: every entry says where it comes from, what is missing says so loudly.

A value that is missing is written so that no model with it is accepted: an empty list, or a text that no port, name or
label can be. What comes from manifests and stands in a comment is one line, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from egress_policy.formats import clean
from egress_policy.manifest import scalar
from egress_policy.propose.proposal import Entry, Evidence, Layer, Missing, Model, Note, Port, Proposal, Written

MARK = "TO FILL IN"
_REFUSED = "the model is refused until then"
_MOST_SHOWN = 20
_LONGEST = 300
# A list without entries is refused for blocks; for labels and ports it could mean all of them: these are no valid ones.
_PLACEHOLDERS = {"cidrs": "[]", "service": "[]", "endpoints": "[]", "ports": f'["{MARK}"]'}
_LABELS = frozenset({"labels", "from"})

Lines = Mapping[Evidence, int]


def render(proposal: Proposal, lines: Lines) -> str:
    """The models as one YAML stream, parted by `---`. The same proposal always gives the same text."""
    return "---\n".join("".join(f"{line}\n" for line in _model(model, lines)) for model in proposal.models)


def to_fill_in(proposal: Proposal) -> int:
    """How many values are missing."""
    entries = [entry for model in proposal.models for entry in _entries(model)]
    return sum(isinstance(value, Missing) for entry in entries for value in entry.fields.values())


def _entries(model: Model) -> list[Entry]:
    return [*model.entries, *([model.kube_api] if model.kube_api else [])]


def _model(model: Model, lines: Lines) -> Iterator[str]:
    missing = to_fill_in(Proposal((model,)))
    yield f"# Proposed by `egress generate --from` from what the manifests of namespace {model.namespace} name."
    yield f"# Read it before you use it: {missing} values are marked {MARK}, and what no manifest names is not in it."
    yield from _notes("Left out:", model.left_out, lines)
    yield from _notes("Not known:", model.unknown, lines)
    yield "apiVersion: egress-policy.dev/v1"
    yield "kind: EgressModel"
    yield "metadata:"
    yield f"  name: {scalar(model.namespace)}"
    yield "spec:"
    yield f"  namespaces: [{scalar(model.namespace)}]"
    yield from _dns(model, lines)
    for layer in Layer:
        yield from _layer(layer, [entry for entry in model.entries if entry.layer is layer], lines)
    if model.kube_api:
        yield from _sources(model.kube_api.evidence, "  ", lines)
        yield "  kubeAPI:"
        yield from _fields(model.kube_api.fields, "    ")


def _notes(title: str, notes: Sequence[Note], lines: Lines) -> Iterator[str]:
    if notes:
        yield "#"
        yield f"# {title}"
        for note in notes:
            where = _place(note.evidence, lines)
            yield f"#   {_one_line(where)}: {_one_line(note.message)}"


def _dns(model: Model, lines: Lines) -> Iterator[str]:
    yield from _sources(model.dns.evidence, "  ", lines)
    yield "  dns:"
    yield from _fields(model.dns.fields, "    ")


def _layer(layer: Layer, entries: Sequence[Entry], lines: Lines) -> Iterator[str]:
    if entries:
        yield f"  {layer.value}:"
    for entry in entries:
        yield from _sources(entry.evidence, "    ", lines)
        yield f"    - name: {scalar(entry.name)}"
        yield from _fields(entry.fields, "      ")


def _sources(evidence: Sequence[Evidence], indent: str, lines: Lines) -> Iterator[str]:
    """A comment for each place, each once."""
    every = list(dict.fromkeys(_place(one, lines) for one in evidence))
    for place in every[:_MOST_SHOWN]:
        yield f"{indent}# from {_one_line(place)}"
    if len(every) > _MOST_SHOWN:
        yield f"{indent}# and from {len(every) - _MOST_SHOWN} more"


def _place(evidence: Evidence, lines: Lines) -> str:
    return f"{evidence.document.file}:{lines[evidence]}, {evidence.what}"


def _fields(fields: Mapping[str, Written], indent: str) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Missing):
            yield f"{indent}{name}: {_placeholder(name)}   # {MARK}: {_one_line(value.why)} ({_REFUSED})"
        else:
            yield f"{indent}{name}: {_flow(value)}"


def _placeholder(name: str) -> str:
    return f'{{"{MARK}": ""}}' if name in _LABELS else _PLACEHOLDERS.get(name, f'"{MARK}"')


def _flow(value: str | int | Mapping[str, str] | tuple[str, ...] | tuple[Port, ...]) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(one)}" for key, one in sorted(value.items())) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_item(one) for one in value) + "]"
    return scalar(value)


def _item(value: str | Port) -> str:
    if isinstance(value, str):
        return scalar(value)
    if value.protocol == "TCP" and not value.end:
        return str(value.number)
    end = f", endPort: {value.end}" if value.end else ""
    return f"{{protocol: {value.protocol}, port: {value.number}{end}}}"


def _one_line(text: str) -> str:
    """What manifests say, as it can stand in a comment."""
    shown = clean.line(text[:_LONGEST])
    return shown if len(text) <= _LONGEST else f"{shown} …"
