"""The line of any field of a document: the careful reader's tree, walked along the field's path."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from egress_policy.reader import careful
from egress_policy.reader.documents import Document, UnreadableError
from egress_policy.reader.nodes import Node
from egress_policy.reader.paths import Step, steps
from egress_policy.reader.stream import Chunk


def locate(text: bytes, document: Document, path: str) -> int:
    """The line (from 1) of a path in a document of the normalised `text`: of the key, or of the list entry.

    Of a path that is not there, the line of the nearest field above it. The document's tree is kept for the next call,
    so ask for the paths of one document, and of one List, in a row.
    """
    return locate_all(text, document, [path])[0]


def locate_all(text: bytes, document: Document, wanted: Iterable[str]) -> list[int]:
    """The lines of several paths."""
    if not 0 <= text.find(b"\n", document.start, document.end) < document.end - 1:
        return [document.line for _ in wanted]  # all on one line
    paths = list(wanted)
    tree = _root(text, document.start, document.end)
    # The item of a list, with its dash, is a list of one; a path into a list begins with an index.
    single = isinstance(tree.children, list) and not any(path.startswith("[") for path in paths) if tree else False
    root = _item(_first(tree) if single else tree, document.item)
    if root is None:
        return [document.line for _ in paths]
    base = document.line - root.line
    return [base + _line(root, steps(path)) for path in paths]


def line_below(root: Node, path: str) -> int:
    """The same in a tree that is there already, whose lines are those of its file."""
    return 1 + _line(root, steps(path))


@lru_cache(maxsize=1)
def _root(text: bytes, start: int, end: int) -> Node | None:
    """The tree of one document; lines count from its start. None if it cannot be read any more."""
    try:
        return next((tree.root for tree in careful.trees(Chunk(text[start:end], 0, 0))), None)
    except UnreadableError:
        return None


def _first(root: Node | None) -> Node | None:
    return root.children[0] if root and isinstance(root.children, list) and root.children else root


def _item(root: Node | None, indices: tuple[int, ...]) -> Node | None:
    for index in indices:
        items = root.children.get("items") if root and isinstance(root.children, dict) else None
        entries = items[1].children if items else None
        root = entries[index] if isinstance(entries, list) and index < len(entries) else None
    return root


def _line(node: Node, path: list[Step]) -> int:
    line = node.line
    for step in path:
        children = node.children
        if isinstance(step, str) and isinstance(children, dict) and step in children:
            line, node = children[step]
        elif isinstance(step, int) and isinstance(children, list) and step < len(children):
            node = children[step]
            line = node.line
        else:
            break
    return line
