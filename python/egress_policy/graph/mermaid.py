"""Who may reach what as a Mermaid flowchart, as GitHub and many wikis draw it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from egress_policy.generate import BANNER
from egress_policy.graph.reach import DENIED, ELSE, EVERY_POD, TITLES, Destination, Pods, Section

# Everything else is written as its number: quotes end a label, # starts such a number, and ` * _ < are markup.
_PLAIN = re.compile(r"[^\w .,:/=-]|_")
# What a line of a label may not begin with: Markdown takes it for a list.
_LIST = re.compile(r"^(-|(\d+)\.)(?=\s|$)")
# `end` ends a subgraph wherever an older Mermaid finds it.
_END = re.compile(r"\bend\b", re.IGNORECASE)
# Mermaid refuses a text of more than 50,000 characters, about 200 destinations of this length.
_BLOCKS = 6
_NOTE = 60
_BREAK = "<br/>"
# Fill, border and text: readable on a light and on a dark page.
_STYLES = {
    "pods": ("#eef1f4", "#57606a", "#1f2328"),
    "allow-dns": ("#ddf4ff", "#0969da", "#0a3069"),
    "allow-https": ("#dafbe1", "#1a7f37", "#044f1e"),
    "allow-database": ("#fbefff", "#8250df", "#3e1f79"),
    "allow-internal-services": ("#fff1e5", "#bc4c00", "#5c2200"),
    "allow-kube-api": ("#ffeff7", "#bf3989", "#611347"),
    DENIED: ("#ffebe9", "#cf222e", "#82071e"),
}
# The frame of a namespace has nothing but its border, so that its title is read on any page.
_FRAME = "fill:none,stroke:#8b949e,stroke-dasharray:5 4"


def text(sections: Sequence[Section]) -> str:
    """The whole chart. Its ids are numbers, so that no text of a model is one."""
    ids = (f"n{number}" for number in itertools.count(1))
    lines = [f"%% {BANNER}", "flowchart LR"]
    for number, section in enumerate(sections, 1):
        lines += (f"  {line}" for line in _section(section, f"s{number}", ids))
    lines.append(f"  classDef frame {_FRAME}")
    lines += (
        f"  classDef {name} fill:{fill},stroke:{border},color:{ink}" for name, (fill, border, ink) in _STYLES.items()
    )
    return "\n".join(lines) + "\n"


def _section(section: Section, name: str, ids: Iterator[str]) -> Iterator[str]:
    """The pods in their frame, and the arrows out of it."""
    sources = [(next(ids), pods) for pods in section.pods]
    yield f"subgraph {name}[{_label([section.name, section.place])}]"
    for source, pods in sources:
        yield f"  {source}[{_label(pods.labels or [EVERY_POD])}]:::pods"
    yield "end"
    yield f"class {name} frame"
    for source, pods in sources:
        yield from _arrows(source, pods, ids)
    yield f"{sources[-1][0]} -.-x|{_label([DENIED])}| {next(ids)}({_label([ELSE])}):::{DENIED}"


def _arrows(source: str, pods: Pods, ids: Iterator[str]) -> Iterator[str]:
    for one in pods.destinations:
        arrow = _label([f"{TITLES[one.layer]}: {one.ports}"])
        yield f"{source} -->|{arrow}| {next(ids)}({_label(_lines(one))}):::{one.layer}"


def _lines(one: Destination) -> Iterator[str]:
    yield one.name
    yield from one.where[:_BLOCKS]
    if len(one.where) > _BLOCKS:
        yield f"and {len(one.where) - _BLOCKS} more"
    yield one.note if len(one.note) <= _NOTE else f"{one.note[: _NOTE - 1]}…"
    yield one.until and f"until {one.until}"


def _label(lines: Iterable[str]) -> str:
    return f'"{_BREAK.join(_escaped(line) for line in lines if line)}"'


def _escaped(line: str) -> str:
    """A line in which Mermaid finds nothing but text."""
    safe = _PLAIN.sub(_number, line.strip())
    return _END.sub(lambda found: f"{_number(found)}{found[0][1:]}", _LIST.sub(_number_of_list, safe))


def _number(found: re.Match[str]) -> str:
    return f"#{ord(found[0][0])};"


def _number_of_list(found: re.Match[str]) -> str:
    return f"{found[2]}#46;" if found[2] else _number(found)
