"""The fast reader: rapidyaml for documents whose every word is surely read by it as Kubernetes reads it.

rapidyaml reads YAML 1.2, keeps anchors and tags unresolved, takes `yes` for a string and prints `+5` into its JSON. So a text
is split at blanks, and each word must be of a form that is known to be safe; all others go to the careful reader. Words seen
safe once are remembered: most of a manifest's words are in every other manifest. What remains is checked on what comes
out: as many documents as went in, valid JSON, and no key lost (one that is written twice is dropped by the JSON library,
its quotes are then missing).
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
import ryml

from egress_policy.reader.scalars import WORDS

Parsed = tuple[Any, bytes]

_MOST_SEEN = 200_000
_seen: set[bytes] = {b"---", b"-"}
_lock = threading.Lock()
_tree = ryml.Tree()
_output = bytearray(1 << 16)

# What stands for itself wherever it stands: a word of letters, which may hold digits and these signs …
_WORD = rb"[A-Za-z/_$(][A-Za-z0-9/_.$()=@+~^;<-]*(?::+[A-Za-z0-9/_.$()=@+~^;<-]+)*"
# … or an option, a number as JSON has it, a quantity, an address, a version, a date …
_OPTION = rb"--?[A-Za-z][A-Za-z0-9/_.$()=@+~^;<-]*(?::+[A-Za-z0-9/_.$()=@+~^;<-]+)*"
_NUMBER = rb"-?[1-9][0-9]{0,17}|0"
_QUANTITY = rb"[0-9]+(?:\.[0-9]+)?(?:[munkKMGTPi%hs]|ms|[KMGTP]i)"
_DOTTED = rb"[0-9]+(?:\.[0-9]+){2,}(?:[:/-][A-Za-z0-9/_.:-]*[A-Za-z0-9])?|[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PLAIN = rb"(?:%s|%s|%s|%s|%s)" % (_WORD, _OPTION, _NUMBER, _QUANTITY, _DOTTED)
# … quoted, or the first or last word inside quotes; a key; and with the brackets and commas of flow style around it.
_QUOTED = rb"""(?:"[^"\\'\x00-\x1f\x7f-\xff]*"|'[^"\\'\x00-\x1f\x7f-\xff]*')"""
_EDGE = rb"""(?:["'][A-Za-z0-9/_.$()=@+~^;:<-]+|[A-Za-z0-9/_.$()=@+~^;<-]+["'])"""
_ONE = rb"(?:%s|%s)" % (_QUOTED, _PLAIN)
_SAFE = re.compile(
    rb"[\[{]*%s(?:,%s)*(?::|[\]}]*,?)|[\[{]+[\]}]*,?|#[\x20-\x7e]*|%s[\]}]*,?" % (_ONE, _ONE, _EDGE)
)
# Blanks to Python but not to YAML; and rapidyaml lets things follow a quoted scalar.
_UNSAFE = (b"\t", b"\r", b"\x0b", b"\x0c", b'" ', b"' ")
_PARTS = re.compile(rb"[\[\]{},:]+")
_RISKY = frozenset(word.encode() for word in WORDS if word not in ("", "null", "true", "false")) | frozenset(
    b"<< inf nan infinity -inf +inf null: Inf NaN Infinity INF NAN".split()
)


def parse(texts: Sequence[bytes]) -> list[Parsed | None]:
    """For each text (one document, ending in a line feed) its value and compact JSON; None for the careful reader."""
    whole = _parse(texts)
    if whole is not None or len(texts) == 1:
        return whole or [None]
    return [(_parse([text]) or [None])[0] for text in texts]


def _parse(texts: Sequence[bytes]) -> list[Parsed | None] | None:
    joined = b"---\n" + b"---\n".join(texts)
    if not _safe(joined):
        return None
    emitted = _json(joined)
    # A key at a wrong indentation becomes one that starts with blanks, where YAML has an error.
    if emitted is None or b'" ' in emitted:
        return None
    try:
        values = orjson.loads(emitted)
    except orjson.JSONDecodeError:
        return None
    if len(values) != len(texts):
        return None
    parsed = [(value, orjson.dumps(value)) for value in values]
    quotes = sum(text.count(b'"') for _, text in parsed)
    return parsed if quotes == emitted.count(b'"') else None


def _safe(text: bytes) -> bool:
    """Whether every word is; what splits words but is no blank of YAML is looked for apart."""
    if any(part in text for part in _UNSAFE):
        return False
    unknown = set(text.split()) - _seen
    if not unknown:
        return True
    if not all(map(_safe_word, unknown)):
        return False
    if len(_seen) > _MOST_SEEN:
        _seen.intersection_update((b"---", b"-"))
    _seen.update(unknown)
    return True


def _safe_word(word: bytes) -> bool:
    if _SAFE.fullmatch(word) is None:
        return False
    if word[:1] == b"#":
        return True
    return _RISKY.isdisjoint(_PARTS.split(word)) and word != b"null:"


def _json(text: bytes) -> bytes | None:
    """The documents as one JSON array, as rapidyaml prints it; None if it cannot."""
    global _output
    buffer = bytearray(text)  # parsed in place: it must outlive the tree's use
    with _lock, _quiet():
        try:
            _tree.clear()
            ryml.parse_in_place(buffer, tree=_tree)
            root = _tree.root_id()
            if not _tree.is_stream(root):
                return None
            failed, size = ryml.emit_json_to_substr(_tree, root, _output)
            if failed:
                _output = bytearray(2 * size)
                failed, size = ryml.emit_json_to_substr(_tree, root, _output)
        except (ryml.ExceptionBasic, RuntimeError, AttributeError):
            return None
        return None if failed else bytes(memoryview(_output)[:size])


@cache
def _null() -> int:
    return os.open(os.devnull, os.O_WRONLY)


@contextmanager
def _quiet() -> Iterator[None]:
    """rapidyaml prints what it cannot parse to standard error, from C++ and without a way to stop it."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed, so that nothing can be printed
        yield
        return
    try:
        os.dup2(_null(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
