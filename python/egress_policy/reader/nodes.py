"""The careful reader's tree: values as Kubernetes decodes them, each with its line.

Built bottom-up and without recursion from a parser's events, so that neither depth nor aliases can hurt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.scalars import ScalarError, key, number

DEEPEST = 1000
_MOST_BYTES = 16 << 20
_MOST_NODES = 2_000_000

Value = object


class Node:
    """A value and where it stands: `children` has a line and a node for each key of a mapping, or the nodes of a list.

    `size`, `weight` and `height` are what the value has once its aliases are written out: nodes, bytes, levels.
    """

    __slots__ = ("children", "height", "line", "size", "value", "weight")

    def __init__(self, value: Value, line: int, weight: int = 0) -> None:
        self.value = value
        self.line = line
        self.children: dict[str, tuple[int, Node]] | list[Node] | None = None
        self.size = 1
        self.weight = weight
        self.height = 0


@dataclass(slots=True)
class _Open:
    """A mapping or list that is not finished; a mapping's nodes alternate between keys and values."""

    node: Node
    mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    merges: set[int] = field(default_factory=set)


Duplicate = tuple[tuple[str | int, ...], int]


class Tree(NamedTuple):
    """One document: its root, the paths and lines of the keys that are written twice, and its part of the text."""

    root: Node
    duplicates: list[Duplicate]
    start: int
    end: int


class Builder:
    """Takes the events of one document and gives its root. Raises UnreadableError."""

    def __init__(self, length: int) -> None:
        self.root: Node | None = None
        self.duplicates: list[Duplicate] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._decoded = 0
        self._aliased = 0
        self._weight = 0
        self._most = max(_MOST_BYTES, 10 * length)

    def finish(self, start: int, end: int) -> Tree:
        """The document, after its last event."""
        if self.root is None:
            raise UnreadableError(0, "is no YAML: a document without content")
        return Tree(self.root, self.duplicates, start, end)

    def scalar(self, value: Value, line: int, weight: int, anchor: str | None = None, *, merge: bool = False) -> None:
        """A scalar; `merge` if it is the key `<<`, in case it is a key."""
        node = Node(value, line, weight)
        if merge and self._open and self._open[-1].mapping:
            self._open[-1].merges.add(len(self._open[-1].nodes))
        if anchor is not None:
            self._anchors[anchor] = node
        self._count(1, 0, weight, line)
        self._add(node)

    def alias(self, anchor: str, line: int) -> None:
        if anchor not in self._anchors:
            raise UnreadableError(line, f"the anchor {anchor!r} is used but not defined before")
        target = self._anchors[anchor]
        if target is None:
            raise UnreadableError(line, f"the anchor {anchor!r} contains itself")
        self._count(1 + target.size, target.size, target.weight, line)
        if len(self._open) + target.height > DEEPEST:
            raise _too_deep(line)
        self._add(target)

    def start(self, empty: dict[str, Value] | list[Value], line: int, anchor: str | None = None) -> None:
        """A mapping or a list, until `end`."""
        node = Node(empty, line)
        if len(self._open) >= DEEPEST:
            raise _too_deep(line)
        if anchor is not None:
            self._anchors[anchor] = None
        self._count(1, 0, 2, line)
        self._open.append(_Open(node, isinstance(empty, dict), anchor))

    def end(self) -> None:
        done = self._open.pop()
        node = done.node
        node.size += sum(child.size for child in done.nodes)
        node.weight = 2 + sum(child.weight + 1 for child in done.nodes)
        node.height = 1 + max((child.height for child in done.nodes), default=0)
        if done.mapping:
            self._mapping(done)
        else:
            node.children = done.nodes
            node.value = [_value(child) for child in done.nodes]
        if done.anchor is not None:
            self._anchors[done.anchor] = node
        self._add(node)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].nodes.append(node)
        else:
            node.value = _value(node)
            self.root = node

    def _mapping(self, done: _Open) -> None:
        """Keys in the order of the text, merges as they come: go-yaml lets a later merge win over an earlier key."""
        children: dict[str, tuple[int, Node]] = {}
        written: set[str] = set()
        for index in range(0, len(done.nodes) - 1, 2):
            name, child = done.nodes[index], done.nodes[index + 1]
            if index in done.merges:
                _merge(children, child, name.line)
                continue
            text = _key(name)
            if text in written:
                self.duplicates.append(((*self._path(), text), name.line))
            written.add(text)
            children[text] = (name.line, child)
        done.node.children = children
        done.node.value = {name: _value(child) for name, (_, child) in children.items()}

    def _path(self) -> tuple[str | int, ...]:
        return tuple(_step(parent) for parent in self._open)

    def _count(self, decoded: int, aliased: int, weight: int, line: int) -> None:
        """Refuse what go-yaml refuses as an alias bomb, and what would be too large once written out."""
        self._decoded += decoded
        self._aliased += aliased
        self._weight += weight
        if self._decoded > _MOST_NODES:
            raise UnreadableError(line, f"holds more than {_MOST_NODES:,} values in one document; split it")
        many = self._aliased > 100 and self._decoded > 1000
        if (many and self._aliased > _allowed(self._decoded) * self._decoded) or self._weight > self._most:
            raise UnreadableError(line, "its aliases expand too far (an alias bomb); write the values out")


def _step(parent: _Open) -> str | int:
    if not parent.mapping:
        return len(parent.nodes)
    return _key(parent.nodes[-1]) if len(parent.nodes) % 2 else "?"


def _key(node: Node) -> str:
    if isinstance(node.value, (dict, list)):
        raise UnreadableError(node.line, "a mapping or list cannot be a key")
    try:
        return key(node.value)  # type: ignore[arg-type]
    except ScalarError as error:
        raise UnreadableError(node.line, str(error)) from None


def _value(node: Node) -> Value:
    try:
        return number(node.value) if isinstance(node.value, float) else node.value
    except ScalarError as error:
        raise UnreadableError(node.line, str(error)) from None


def _merge(children: dict[str, tuple[int, Node]], node: Node, line: int) -> None:
    sources = node.children if isinstance(node.children, list) else [node]
    for source in reversed(sources):
        if not isinstance(source.children, dict):
            raise UnreadableError(line, "<< takes a mapping or a list of mappings")
        children.update(source.children)


def _allowed(decoded: int) -> float:
    """The share of aliased nodes that go-yaml allows: 99 % up to 400,000, falling to 10 % at 4,000,000."""
    return 0.99 - 0.89 * min(1.0, max(0.0, (decoded - 400_000) / 3_600_000))


def _too_deep(line: int) -> UnreadableError:
    return UnreadableError(line, f"is nested deeper than {DEEPEST} levels")
