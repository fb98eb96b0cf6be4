"""YAML text to trees, by PyYAML's parser (the C one where it is there) and Kubernetes' reading of scalars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from egress_policy.reader import scalars
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.nodes import Builder, Tree

_Parser: Any
try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML built without libyaml
    _Parser = yaml.SafeLoader


_DROPPED = "begins a second document, which Kubernetes drops silently; put --- on a line of its own before it"
# A scalar whose tag is a lone `!`, which libyaml does not tell from none; go-yaml takes it for a string.
_BARE_TAG = re.compile(r"(?:&[A-Za-z0-9_-]++\s++)?+!\s")


def trees(text: bytes, start: int, line: int) -> Iterator[Tree]:
    """The document of a text from `start` on, which is in `line`; none if there are only comments.

    Raises UnreadableError, after that document, for anything behind it: Kubernetes drops what follows a line `...`, and
    a `---` that it did not see because YAML ends lines at more than a line feed.
    """
    part = text[start:]
    builder, bare, done, second = Builder(len(part)), _bare_tags(part), False, line
    try:
        for event in _events(part):
            if done:
                second = _after(event, line, second)
            elif type(event) is yaml.DocumentEndEvent:
                done = True
                yield builder.finish(start, len(text))
            else:
                _take(builder, event, line, bare)
    except yaml.reader.ReaderError as error:
        raise UnreadableError(line + _line_of(part, error.position), f"is no YAML: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark or error.context_mark, error.problem or error.context
        dropped = done and "document start" in str(problem)
        raise UnreadableError(
            line + (mark.line if mark else 0), _DROPPED if dropped else f"is no YAML: {problem}"
        ) from None


def _after(event: Any, line: int, second: int) -> int:
    """Where a second document starts, once it does. Raises UnreadableError if it holds anything."""
    kind = type(event)
    if kind is yaml.DocumentStartEvent:
        return int(line + event.start_mark.line)
    if kind not in (yaml.DocumentEndEvent, yaml.StreamEndEvent) and (kind is not yaml.ScalarEvent or event.value):
        raise UnreadableError(second, _DROPPED)
    return second


def _events(text: bytes) -> Iterator[Any]:
    parser = _Parser(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


def _take(builder: Builder, event: Any, base: int, bare: set[int]) -> None:
    kind = type(event)
    line = base + event.start_mark.line
    if kind is yaml.ScalarEvent:
        tag = "!" if event.start_mark.index in bare else event.tag
        builder.scalar(_value(event, tag, line), line, len(event.value), event.anchor, merge=_merges(event))
    elif kind is yaml.MappingStartEvent:
        builder.start({}, line, event.anchor)
    elif kind is yaml.SequenceStartEvent:
        builder.start([], line, event.anchor)
    elif kind is yaml.AliasEvent:
        builder.alias(event.anchor, line)
    elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
        builder.end()


def _value(event: Any, tag: str | None, line: int) -> scalars.Scalar:
    try:
        if tag is not None:
            return scalars.tagged(tag, event.value)
        return scalars.resolve(event.value) if event.implicit[0] else str(event.value)
    except scalars.ScalarError as error:
        raise UnreadableError(line, str(error)) from None


def _merges(event: Any) -> bool:
    return bool(event.value == "<<" and (event.implicit[0] or event.tag == scalars.MERGE_TAG))


def _line_of(text: bytes, position: int) -> int:
    return text.decode("utf-8", "replace").count("\n", 0, position)


def _bare_tags(text: bytes) -> set[int]:
    return {match.start() for match in _BARE_TAG.finditer(text.decode())} if b"!" in text else set()
