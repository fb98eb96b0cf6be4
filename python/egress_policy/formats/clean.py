"""Text that came from manifests and file names, made harmless for where it is shown.

Whoever writes a manifest chooses names, labels and file names. Shown as they are, they could move a terminal's cursor,
hide lines behind others, start a GitHub workflow command, or break an XML document.
"""

from __future__ import annotations

import re

# Control characters, line separators, lone surrogates, non-characters, and what reverses or hides text.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# What a workflow's log takes for a command: `::` where a line starts, `##[` anywhere in it.
_COMMAND = re.compile(r"^(\s*:)(?=:)|(##)(?=\[)")


def line(text: str) -> str:
    """One line, in which nothing but what is seen is there; the rest is written as an escape."""
    return _COMMAND.sub(r"\g<0>\\", _HARMFUL.sub(_escaped, text))


def lines(text: str) -> list[str]:
    """The same for several lines; tabs become blanks, as people see them."""
    return [line(one) for one in text.expandtabs(4).replace("\r\n", "\n").split("\n")]


def lines_as_text(text: str) -> str:
    """The same, as one string."""
    return "\n".join(lines(text))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
