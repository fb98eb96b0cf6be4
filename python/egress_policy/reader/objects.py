"""What a decoded object says about itself, and the objects inside a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from egress_policy.reader import infrastructure
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.nodes import Node, Value

# apiVersion, kind, namespace (None if none is written) and name of a Kubernetes object.
Identity = tuple[str, str, str | None, str]


class Item(NamedTuple):
    """An object and the path to it, which is empty unless it is in a list."""

    value: dict[str, Value]
    node: Node
    path: tuple[str | int, ...]

    @property
    def indices(self) -> tuple[int, ...]:
        """Which item of the list, of the list in it, and so on."""
        return tuple(step for step in self.path if isinstance(step, int))


def identify(value: Any) -> Identity | None:
    """None for what is no Kubernetes object: no mapping, or without apiVersion or kind; a policy is invalid then.

    What clouds' tools write has neither, and is an object of ours.
    """
    if infrastructure.known(value):
        return infrastructure.API_VERSION, infrastructure.KIND, None, ""
    if not isinstance(value, dict):
        return None
    api_version, kind = value.get("apiVersion"), value.get("kind")
    if kind == "NetworkPolicy" and not (isinstance(api_version, str) and api_version):
        api_version = ""
    elif not (isinstance(api_version, str) and isinstance(kind, str) and api_version and kind):
        return None
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return api_version, kind, None, ""
    namespace, name = metadata.get("namespace"), metadata.get("name")
    named = name if isinstance(name, str) else ""
    return api_version, kind, namespace if isinstance(namespace, str) else None, named


def is_list(value: Any) -> bool:
    """As kubectl decides: whatever has `items` is a list, of any kind."""
    return isinstance(value, dict) and "items" in value


def flatten(node: Node) -> Iterator[Item]:
    """The object, or the objects of a list and of the lists in it, in their order.

    Raises UnreadableError for a Kubernetes object whose `items` are no list, or no list of objects.
    """
    waiting: list[Item] = [Item(node.value, node, ())] if isinstance(node.value, dict) else []
    while waiting:
        item = waiting.pop()
        if is_list(item.value):
            waiting.extend(reversed(_items(item)))
        else:
            yield item


def _items(parent: Item) -> list[Item]:
    """The items that are mappings; a file that is no manifest may have others."""
    fields = parent.node.children
    line, items = fields["items"] if isinstance(fields, dict) else (parent.node.line, parent.node)
    children = items.children if isinstance(items.children, list) else []
    if identify(parent.value) and not _empty(parent.value):
        _check(items, line, children)
    return [
        Item(typed(child.value, parent.value), child, (*parent.path, "items", index))
        for index, child in enumerate(children)
        if isinstance(child.value, dict)
    ]


def _empty(value: dict[str, Value]) -> bool:
    """Whether it is meant to be a list, and is an empty one for kubectl."""
    return value["items"] is None and str(value.get("kind")).endswith("List")


def _check(items: Node, line: int, children: list[Node]) -> None:
    if items.value is None:
        raise UnreadableError(line, "`items` makes it an empty list for kubectl, which applies nothing; take it out")
    if not isinstance(items.value, list):
        raise UnreadableError(line, "`items` makes it a list for kubectl, which refuses items that are no list")
    for child in children:
        if not isinstance(child.value, dict):
            raise UnreadableError(child.line, "is an item but no object; kubectl refuses the whole list")


def typed(value: dict[str, Value], parent: dict[str, Value]) -> dict[str, Value]:
    """The item of a list; without kind and apiVersion it has those of the list, as kubectl sets them."""
    if value.get("kind") or value.get("apiVersion"):
        return value
    return {**value, "apiVersion": parent.get("apiVersion"), "kind": str(parent.get("kind", "")).removesuffix("List")}
