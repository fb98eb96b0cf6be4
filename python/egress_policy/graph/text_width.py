"""How wide text is about, where nothing measures it: rather too wide, as nobody knows the fonts of who looks at it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

_WIDE = set("mwMW@%&…—")
_MONO = 0.605
_NARROW = set("iljtfrI.,:;|'!()[] ")


def of(text: str, size: int) -> int:
    """The width in pixels of a line in letters of this size."""
    return round(sum(_share(letter) for letter in text) * size)


def cut(text: str, size: int, room: int) -> str:
    """The line, or as much of its start as there is room for."""
    if of(text, size) <= room:
        return text
    # Text can be of any length; no letter that shows is narrower than a tenth.
    shown = text[: room * 10 // size]
    while shown and of(f"{shown}…", size) > room:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


def cut_mono(text: str, size: int, room: int) -> str:
    """The same of ASCII in letters of one width."""
    most = int(room / (size * _MONO))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def filled(words: Iterable[str], size: int, room: int) -> Iterator[str]:
    """Lines of as many words, in letters of one width, as there is room for, with commas. One too long is cut."""
    line = ""
    for word in words:
        longer = f"{line}, {word}" if line else word
        if line and len(longer) >= int(room / (size * _MONO)):
            yield f"{line},"
            line = word
        else:
            line = longer
        line = cut_mono(line, size, room)
    if line:
        yield line


def _share(letter: str) -> float:
    """Of the size of the letters."""
    if unicodedata.combining(letter):
        return 0.1
    if unicodedata.east_asian_width(letter) in "WF" or letter in _WIDE:
        return 1.0
    if letter in _NARROW:
        return 0.38
    return 0.75 if letter.isupper() else 0.58
