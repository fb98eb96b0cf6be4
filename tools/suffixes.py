"""The public suffixes as Rego: `python -m tools.suffixes public_suffix_list.dat` writes the file that is checked in.

The list is <https://publicsuffix.org/list/public_suffix_list.dat>; each last label has one text of all suffixes below
it, as thousands of keys would be looked at one by one while the policy is compiled.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "policy/lib/egress/domain/suffixes/suffixes.rego"
_HEAD = """# METADATA
# title: Public suffixes
# description: |
#   Names below which anybody can get a name: those of the Public Suffix List of more than one label, by their last
#   one, with a blank around each. "*.x" stands for every name right below x, "!y.x" for one that is none. Made by
#   tools/suffixes.py of the list's version {version}.
# related_resources:
#   - ref: https://publicsuffix.org/list/
package lib.egress.domain.suffixes

by_top := {{
{rows}
}}
"""


def rego(text: str) -> str:
    """The module for a list. Names are in the form that DNS has them in (RFC 3492)."""
    lines = text.splitlines()
    version = next(line.removeprefix("// VERSION: ") for line in lines if line.startswith("// VERSION: "))
    below: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line and not line.startswith("//") and "." in line:
            name = ascii_form(line.strip())
            below[name.rpartition(".")[2]].append(name)
    rows = "\n".join(f'\t"{top}": " {" ".join(sorted(names))} ",' for top, names in sorted(below.items()))
    return _HEAD.format(version=version, rows=rows)


def ascii_form(name: str) -> str:
    """The name with each label as DNS has it; `*` and `!` stay."""
    mark = "!" if name.startswith("!") else ""
    return mark + ".".join(_label(label) for label in name.removeprefix("!").split("."))


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


if __name__ == "__main__":
    TARGET.write_text(rego(Path(sys.argv[1]).read_text(encoding="utf-8")), encoding="utf-8")
