"""Terraform and Nomad in HCL: each resource as the entry of a plan that would be made of it.

python-hcl2 reads the syntax; it is the library that people use. Variables are resolved by their defaults, by
`terraform.tfvars` and `*.auto.tfvars` (also in JSON), and by what local modules' callers give them; locals by their
expressions; files of overrides are merged. Everything else that Terraform would work out stays text with `${`, which
the policy takes for unknown; a resource of which nobody knows whether it will be there says `maybe`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from egress_policy.reader.documents import Document, ReadError, Reading, UnreadableError
from egress_policy.reader.files import NOMAD, TERRAFORM, File
from egress_policy.reader.infrastructure import API_VERSION, KIND
from egress_policy.reader.output import dumps

# The parser takes some seconds for as much.
_MOST_BYTES = 1 << 20
_MOST_STEPS = 20
# Values, and characters of texts, that the expressions of one file may come to.
_MOST_RESOLVED = 1 << 22
# What no name stands for.
_UNKNOWN = "${unknown}"
_META = ("__is_block__", "__comments__", "__inline_comments__")
# More than what the policy reads, which says so of what it does not (`infrastructure.opaque`).
_TYPES = re.compile(
    r"(aws|google|azurerm|azapi|kubernetes|nomad|helm)_|.*(firewall|secgroup|security_(group|list|rule|polic)|network_acl)"
)
# Of a map with more entries a resource is taken once, as one of which nobody knows.
_MOST_INSTANCES = 1 << 8
_SET = re.compile(r"\$\{\s*toset\((.*)\)\s*\}", re.DOTALL)
_VALUES = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")
_OVERRIDE = re.compile(r"(.*_)?override\.(tf|tofu)(\.json)?")
_REFERENCE = re.compile(r"\b[a-z][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[\"[^\"\\]*\"\]|\[[0-9]+\])*")
_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_-]*)|\[\"([^\"\\]*)\"\]|\[([0-9]+)\]")
_INSERTED = re.compile(r"\$\{([^{}]*)\}")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}

Body = dict[str, Any]


def read_text(data: bytes, file: File) -> Reading:
    """The resources of one file. What cannot be parsed is an error, and nothing of it is left."""
    try:
        body = _parsed(data, as_json=file.path.lower().endswith(".json"))
    except UnreadableError as error:
        return Reading(
            file.name, file.path, errors=(ReadError(file.name, error.line + 1, error.message),), data=file.data
        )
    found = _jobs(body) if file.path.lower().endswith(NOMAD) else _resources(body, file)
    documents = tuple(_document(value, file, _line(data, words), words[-1]) for value, words in found)
    return Reading(file.name, file.path, documents, (), len(documents), file.data)


def _resources(body: Body, file: File) -> Iterator[tuple[Body, tuple[str, ...]]]:
    """Each with the words that its block begins with."""
    module = _module(os.path.dirname(file.path)) if file.data is None else Module((body,), {})
    scope = _scope(body, file)
    override = _is_override(file.path)
    for kind, name, block in _blocks(body, "resource"):
        if not _TYPES.match(kind) or (override and (kind, name) in module.resources):
            continue
        whole = block if override else _overridden(block, module.overrides.get((kind, name), {}))
        for key, inner, maybe in _instances(whole, scope):
            yield _change(kind, name, key, whole, inner, maybe=maybe), ("resource", kind, name)


def _is_override(path: str) -> bool:
    return _OVERRIDE.fullmatch(os.path.basename(path)) is not None


def _overridden(block: Body, other: Body) -> Body:
    """A block with the arguments and blocks that a file of overrides has in place of its own."""
    fields = {*other, *(field for one in _listed(other.get("dynamic")) for field, _ in _labelled(one))} - {"dynamic"}
    dynamic = [one for one in _listed(block.get("dynamic")) if not fields & {field for field, _ in _labelled(one)}]
    dynamic += _listed(other.get("dynamic"))
    kept = {key: value for key, value in block.items() if key not in {*fields, "dynamic"}}
    return {**kept, **other, **({"dynamic": dynamic} if dynamic else {})}


def _instances(block: Body, scope: Scope) -> Iterator[tuple[str, Scope, bool]]:
    """What `count` and `for_each` make of a resource: its key, what names stand for there, and whether it may be."""
    if "count" in block:
        number = scope.value(block["count"])
        text = str(number)
        if not re.fullmatch(r"-?[0-9]+", text) or int(text) > 0:
            yield "", scope, not text.isdecimal()
    elif "for_each" in block:
        entries = _entries(block["for_each"], scope)
        if entries is None:
            yield "", scope, True
        for key, value in entries or ():
            yield f"[{json.dumps(key)}]", scope.within("each", key, value), False
    else:
        yield "", scope, False


def _entries(written: Any, scope: Scope) -> list[tuple[str, Any]] | None:
    """The entries of a map or set; None where they are not known, or too many."""
    inner = _SET.fullmatch(written) if isinstance(written, str) else None
    value = scope.value(f"${{{inner[1]}}}" if inner else written)
    if isinstance(value, list) and all(isinstance(one, str) and "${" not in one for one in value):
        value = {one: one for one in value}
    return list(value.items()) if isinstance(value, dict) and len(value) <= _MOST_INSTANCES else None


def _jobs(body: Body) -> Iterator[tuple[Body, tuple[str, ...]]]:
    for job in _listed(body.get("job")):
        for name, _ in _labelled(job):
            yield {"Job": {"ID": name, "TaskGroups": []}}, ("job", name)


def _line(data: bytes, words: Sequence[str]) -> int:
    """The line of a block; that of its name, in JSON. The library tells neither."""
    block = rb"^[ \t]*" + rb"[ \t]+".join(rb'"?%b"?' % re.escape(word.encode()) for word in words)
    match = re.search(block, data, re.MULTILINE) or re.search(rb'"%b"\s*:' % re.escape(words[-1].encode()), data)
    return 1 + data.count(b"\n", 0, match.start()) if match else 1


def _document(value: Body, file: File, line: int, name: str) -> Document:
    return Document(dumps(value), API_VERSION, KIND, None, name, file.name, file.folder, line, 0, file.size)


def _change(kind: str, name: str, key: str, block: Body, scope: Scope, *, maybe: bool) -> Body:
    values = {key: scope.value(value) for key, value in block.items() if key not in (*_META, "dynamic", "lifecycle")}
    unknown: Body = {}
    for field, found in _generated(block, scope):
        if found is None:
            unknown[field] = True
        else:
            values[field] = [*_listed(values.get(field)), *found]
    address = f"{kind}.{name}"
    written = {key: {"references": _references(block[key])} for key in values if key in block}
    written |= {field: {"references": []} for field in (*values, *unknown) if field not in written}
    return {
        "format_version": "hcl",
        "resource_changes": [
            {
                "address": address + key, "mode": "managed", "type": kind, "name": name, "maybe": maybe,
                "change": {"actions": ["create"], "after": values, "after_unknown": unknown},
            }
        ],
        "configuration": {"root_module": {"resources": [{"address": address, "expressions": written}]}},
    }  # fmt: skip


def _generated(block: Body, scope: Scope) -> Iterator[tuple[str, list[Any] | None]]:
    """What `dynamic` blocks come to; None where that is known only later."""
    for dynamic in _listed(block.get("dynamic")):
        for field, inner in _labelled(dynamic):
            items = scope.value(inner.get("for_each"))
            content = next(iter(_listed(inner.get("content"))), None)
            if not isinstance(items, (dict, list)) or not isinstance(content, dict):
                yield field, None
                continue
            iterator = str(scope.value(inner.get("iterator")) or field)
            entries = items.items() if isinstance(items, dict) else enumerate(items)
            made = (scope.within(iterator, key, value).value(content) for key, value in entries)
            yield field, [one for one in made if isinstance(one, dict)]


def _references(value: Any) -> list[str]:
    if isinstance(value, str):
        return [found for text in _INSERTED.findall(value) for found in _REFERENCE.findall(text)]
    if isinstance(value, list):
        return [found for one in value for found in _references(one)]
    return []


class Scope:
    """What names stand for: variables, locals, and what a block is repeated for; as the library writes expressions.

    Names that stand for several others each may stand for more than memory holds: past `left` nothing more is known.
    """

    def __init__(self, variables: Mapping[str, Any], names: Mapping[str, Any], left: int = _MOST_RESOLVED) -> None:
        self._variables = variables
        self._locals = names
        self._more: Mapping[str, Any] = {}
        # Shared with what is inside blocks that are repeated.
        self._left = [left]

    def within(self, iterator: str, key: Any, value: Any) -> Scope:
        """The same inside a block that is repeated."""
        inner = Scope(self._variables, self._locals)
        inner._more = {**self._more, iterator: {"key": key, "value": value}}
        inner._left = self._left
        return inner

    def value(self, written: Any, steps: int = 0) -> Any:
        """The value of an expression; text with `${` where it is not known."""
        if not self._spend(written):
            return _UNKNOWN
        if isinstance(written, list):
            return [self.value(one, steps) for one in written]
        if isinstance(written, dict):
            return {_unquoted(key): self.value(one, steps) for key, one in written.items() if key not in _META}
        if isinstance(written, str) and steps <= _MOST_STEPS:
            return self._of_text(written, steps)
        return written

    def _of_text(self, written: str, steps: int) -> Any:
        if written.startswith('"'):
            return self._text(_unquoted(written), steps)
        return self._expression(written, steps) if written.startswith("${") and written.endswith("}") else written

    def _spend(self, value: Any) -> bool:
        """Whether there is still enough for a value, or a text of its length."""
        self._left[0] -= len(value) if isinstance(value, str) else 1
        return self._left[0] > 0

    def _known(self, value: Any) -> bool:
        """The same for a value with all that is in it."""
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return self._spend(value) and all(map(self._known, inside))

    def _text(self, text: str, steps: int) -> Any:
        def inserted(match: re.Match[str]) -> str:
            value = self._expression(match[0], steps)
            return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else match[0]

        whole = _INSERTED.sub(inserted, text)
        return whole if self._spend(whole) else _UNKNOWN

    def _expression(self, written: str, steps: int) -> Any:
        text = written[2:-1].strip()
        if re.fullmatch(r"-?[0-9]+", text):
            return int(text)
        if text in _WORDS:
            return _WORDS[text]
        return self._named(text, written, steps) if _PATH.fullmatch(text) else written

    def _named(self, text: str, written: str, steps: int) -> Any:
        first, *path = [next(part for part in match if part) for match in _STEP.findall(text)]
        names = {"var": self._variables, "local": self._locals}.get(first, {})
        if path and path[0] in names:
            return _below(self.value(names[path[0]], steps + 1), path[1:], written)
        if first not in self._more:
            return written
        value = _below(self._more[first], path, written)
        return value if self._known(value) else _UNKNOWN


def _below(value: Any, path: Sequence[str], written: str) -> Any:
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return written
    return value


def _scope(body: Body, file: File) -> Scope:
    """The scope of the folder that a file is in: a module. Of standard input only what it says itself."""
    if file.data is not None:
        return Scope(_defaults([body]), _locals([body]))
    module = _module(os.path.dirname(file.path))
    folder = os.path.realpath(os.path.dirname(file.path))
    calls = [one for one in _calls(file.terraform) if one.folder == folder]
    # A module that is called is given nothing by files of values.
    variables = _defaults(module.bodies) if calls else dict(_defaults(module.bodies)) | module.given
    for name in {name for call in calls for name in call.arguments}:
        values = [call.arguments.get(name, variables.get(name, _UNKNOWN)) for call in calls]
        # Callers that differ make it one of several values, of which nobody says which.
        variables[name] = values[0] if all(one == values[0] for one in values) else _UNKNOWN
    return Scope(variables, _locals(module.bodies))


class Module(NamedTuple):
    """A folder: what its files say, those of overrides last, and what its variables are given by files of values."""

    bodies: tuple[Body, ...]
    given: dict[str, Any]
    resources: frozenset[tuple[str, str]] = frozenset()
    overrides: Mapping[tuple[str, str], Body] = MappingProxyType({})


class Call(NamedTuple):
    """A module block with a local source: the real path of its folder, and its arguments as far as they are known."""

    folder: str
    arguments: Mapping[str, Any]


@lru_cache(maxsize=256)
def _module(folder: str) -> Module:
    try:
        names = sorted(os.listdir(folder or os.curdir))
    except OSError:
        names = []
    written = [(name, _of_file(os.path.join(folder, name))) for name in names if name.endswith(TERRAFORM)]
    bodies = [body for name, body in written if not _is_override(name)]
    others = [body for name, body in written if _is_override(name)]
    overrides: dict[tuple[str, str], Body] = {}
    for kind, name, block in (found for body in others for found in _blocks(body, "resource")):
        overrides[kind, name] = _overridden(overrides.get((kind, name), {}), block)
    resources = frozenset((kind, name) for body in bodies for kind, name, _ in _blocks(body, "resource"))
    given: Body = {}
    for name in sorted(filter(_VALUES.fullmatch, names), key=lambda one: (".auto." in one, one)):
        given |= _values(os.path.join(folder, name))
    return Module((*bodies, *others), given, resources, overrides)


def _values(path: str) -> Body:
    if not path.endswith(".json"):
        return {key: one for key, one in _of_file(path).items() if key not in _META}
    try:
        with open(path, "rb") as file:
            values = orjson.loads(file.read(_MOST_BYTES))
    except (OSError, orjson.JSONDecodeError):
        return {}
    return {key: _quoted(one) for key, one in values.items()} if isinstance(values, dict) else {}


@lru_cache(maxsize=8)
def _calls(files: tuple[str, ...]) -> tuple[Call, ...]:
    """The calls of local modules by all files of the audit."""
    found = []
    for path in files:
        folder = os.path.dirname(path)
        body = _of_file(path)
        for one in _listed(body.get("module")):
            for _, block in _labelled(one):
                source = _unquoted(str(block.get("source", "")))
                if source.startswith((".", "..")):
                    module = _module(folder)
                    scope = Scope(dict(_defaults(module.bodies)) | module.given, _locals(module.bodies))
                    arguments = {
                        key: _quoted(scope.value(value))
                        for key, value in block.items()
                        if key not in (*_META, "source")
                    }
                    found.append(Call(os.path.realpath(os.path.join(folder, source)), arguments))
    return tuple(found)


def _quoted(value: Any) -> Any:
    """A known value as the library writes expressions, so that it can stand for one; others mean nothing elsewhere."""
    if isinstance(value, str):
        return _UNKNOWN if "${" in value else f'"{value}"'
    if isinstance(value, list):
        return [_quoted(one) for one in value]
    return {key: _quoted(one) for key, one in value.items()} if isinstance(value, dict) else value


def _of_file(path: str) -> Body:
    """What a file says; nothing if it cannot be read, which is told where it is read itself."""
    try:
        with open(path, "rb") as file:
            return _parsed(file.read(_MOST_BYTES + 1), as_json=path.endswith(".json"))
    except (OSError, UnreadableError):
        return {}


def _defaults(bodies: Sequence[Body]) -> dict[str, Any]:
    return {
        name: block["default"]
        for body in bodies
        for one in _listed(body.get("variable"))
        for name, block in _labelled(one)
        if "default" in block
    }


def _locals(bodies: Sequence[Body]) -> dict[str, Any]:
    return {
        _unquoted(name): value
        for body in bodies
        for block in _listed(body.get("locals"))
        for name, value in block.items()
        if name not in _META
    }


def _blocks(body: Body, kind: str) -> Iterator[tuple[str, str, Body]]:
    for one in _listed(body.get(kind)):
        for first, inner in _labelled(one):
            for second, block in _labelled(inner):
                yield first, second, block


def _labelled(block: Any) -> Iterator[tuple[str, Body]]:
    if isinstance(block, dict):
        for label, inner in block.items():
            if label not in _META and isinstance(inner, dict):
                yield _unquoted(label), inner


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _unquoted(text: str) -> str:
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text[1:-1])


# Keys are the bytes of files: what is kept must not grow with a repository.
@lru_cache(maxsize=64)
def _parsed(data: bytes, *, as_json: bool = False) -> Body:
    """The blocks and attributes of a file; UnreadableError for what is no HCL, nor its form in JSON."""
    if len(data) > _MOST_BYTES:
        raise UnreadableError(0, f"it is larger than {_MOST_BYTES >> 20} MiB; give `terraform show -json` of its plan")
    if as_json:
        return _of_json(data)
    import hcl2  # with it comes a grammar, which takes longer to load than most audits
    from lark.exceptions import LarkError

    try:
        text = data.decode("utf-8-sig")
        return dict(hcl2.loads(text if text.endswith("\n") else text + "\n"))
    except UnicodeDecodeError as error:
        raise UnreadableError(data.count(b"\n", 0, error.start), "is no UTF-8") from None
    except LarkError as error:
        line = getattr(error, "line", 1)
        raise UnreadableError(
            max(line, 1) - 1 if isinstance(line, int) else 0, "is no HCL that can be parsed"
        ) from None
    except RecursionError:
        raise UnreadableError(0, "is nested too deep") from None


def _of_json(data: bytes) -> Body:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(error.lineno - 1, f"is no JSON: {error.msg}") from None
    if not isinstance(value, dict):
        raise UnreadableError(0, "is no configuration of Terraform: it holds no object")
    # Blocks of one kind may be an object or a list of objects.
    return {_unquoted(key): _of_template(one if isinstance(one, list) else [one]) for key, one in value.items()}


def _of_template(value: Any) -> Any:
    """A value of JSON, whose texts are templates, as the library writes expressions."""
    if isinstance(value, str):
        return value if value.startswith("${") and value.endswith("}") else f'"{value}"'
    if isinstance(value, list):
        return [_of_template(one) for one in value]
    return {key: _of_template(one) for key, one in value.items()} if isinstance(value, dict) else value
