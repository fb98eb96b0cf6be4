"""Who may reach what as an SVG: pods on the left, an arrow for each rule, destinations on the right.

Each destination has one rule, so that every arrow is straight and none crosses another. Nothing in it is a script or
refers elsewhere. What does not fit is cut, and whole in the tooltip and in the description.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from egress_policy.generate import BANNER
from egress_policy.graph import text_width
from egress_policy.graph.reach import DENIED, ELSE, EVERY_POD, TITLES, Destination, Pods, Section

# Lengths are in pixels of a picture that is this wide, and scales.
_WIDTH = 1000
_MARGIN = 24
_PODS = (40, 310)
_ARROW = (350, 530)
_CARDS = (538, 438)
_LINE = 18
_GAP = 12
# Lines of labels and of blocks that are shown before "and 3 more".
_MOST_LABELS = 6
_MOST_BLOCKS = 3
_HEAD = 96
# Pods are named again on each stretch of a box of this height, so that a long one is read where it is looked at.
_STRETCH = 720
# Light and dark: one colour for each layer, told apart by its word as well.
_COLOURS = {
    "allow-dns": ("#0969da", "#58a6ff"),
    "allow-https": ("#1a7f37", "#3fb950"),
    "allow-database": ("#8250df", "#bc8cff"),
    "allow-internal-services": ("#bc4c00", "#f0883e"),
    "allow-kube-api": ("#bf3989", "#f778ba"),
    DENIED: ("#cf222e", "#ff7b72"),
}
_WORDS = {**TITLES, DENIED: "Denied"}
_LIGHT = {"page": "#ffffff", "box": "#f6f8fa", "edge": "#d0d7de", "ink": "#1f2328", "muted": "#59636e"}
_DARK = {"page": "#0d1117", "box": "#161b22", "edge": "#3d444d", "ink": "#f0f6fc", "muted": "#9198a1"}
_STYLE = """\
text{font-family:system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;font-size:12px}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.h1{font-size:20px;font-weight:600}.h2{font-size:16px;font-weight:600}.b{font-size:14px;font-weight:600}
.mid{text-anchor:middle}.right{text-anchor:end}
.line{fill:none;stroke-width:1.5}.dash{stroke-dasharray:5 4}
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A destination as it is drawn: `blocks` are the lines of where it is."""

    kind: str
    name: str
    blocks: tuple[str, ...]
    note: str
    until: str
    ports: str
    tip: str

    @property
    def height(self) -> int:
        return (1 + len(self.blocks) + bool(self.note)) * _LINE + 14

    @property
    def label(self) -> str:
        """`HTTPS until 2027-06-30`."""
        return f"{_WORDS[self.kind]} until {self.until}" if self.until else _WORDS[self.kind]


def text(sections: Sequence[Section]) -> str:
    """The whole picture."""
    body: list[str] = []
    top = _HEAD
    for section in sections:
        drawn, top = _section(section, top)
        body += drawn
    names = ", ".join(section.name for section in sections)
    return "\n".join([*_start(names, top, _description(sections)), *_head(names), *body, "</svg>", ""])


def _start(names: str, height: int, description: str) -> Iterator[str]:
    yield f"<!-- {BANNER} -->"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        ' role="img" aria-labelledby="egress-title egress-desc">'
    )
    yield f'<title id="egress-title">{html.escape(f"Who may reach what: {names}")}</title>'
    yield f'<desc id="egress-desc">{html.escape(description)}</desc>'
    yield f"<style>\n{_STYLE}{_paint(0, _LIGHT)}@media (prefers-color-scheme:dark){{\n{_paint(1, _DARK)}}}\n</style>"
    yield f'<rect class="page" width="{_WIDTH}" height="{height}"/>'


def _paint(which: int, tones: dict[str, str]) -> str:
    """The colours as CSS. Viewers that know no CSS variables draw it as well."""
    rules = [f".page{{fill:{tones['page']}}}.box{{fill:{tones['box']};stroke:{tones['edge']}}}"]
    rules += [f".frame{{fill:none;stroke:{tones['edge']}}}.ink{{fill:{tones['ink']}}}.muted{{fill:{tones['muted']}}}"]
    rules += [f".f-{kind}{{fill:{pair[which]}}}.s-{kind}{{stroke:{pair[which]}}}" for kind, pair in _COLOURS.items()]
    return "\n".join(rules) + "\n"


def _description(sections: Sequence[Section]) -> str:
    """The picture in sentences, for those who hear it."""
    return " ".join(sentence for section in sections for sentence in _sentences(section))


def _sentences(section: Section) -> Iterator[str]:
    for pods in section.pods:
        for one in pods.destinations:
            yield f"{section.name}: {_who(pods)} may reach {_tip(one)}."
    yield f"{section.name}: {ELSE} is denied."


def _who(pods: Pods) -> str:
    return f"pods with {', '.join(pods.labels)}" if pods.labels else EVERY_POD


def _tip(one: Destination) -> str:
    until = f"until {one.until}" if one.until else ""
    return "; ".join(filter(None, (f"{one.name} ({', '.join(one.where)}) on {one.ports}", one.note, until)))


def _head(names: str) -> Iterator[str]:
    """What it is, and which colour is which layer."""
    yield _said("h1 ink", _MARGIN, 38, text_width.cut(f"Who may reach what: {names}", 20, _WIDTH - 2 * _MARGIN))
    left = _MARGIN
    for kind, word in _WORDS.items():
        yield f'<rect class="f-{kind}" x="{left}" y="58" width="12" height="12" rx="3"/>'
        yield _said("ink", left + 18, 68, word)
        left += 42 + text_width.of(word, 12)


def _section(section: Section, top: int) -> tuple[list[str], int]:
    """A model in its frame from `top` on, and where the next one begins."""
    y = top + 60
    body: list[str] = []
    for pods in section.pods:
        drawn, y = _band(pods, y)
        body += drawn
    return [*_title(section, top), *_frame(top + 44, y), *body], y + 2 * _MARGIN


def _title(section: Section, top: int) -> Iterator[str]:
    left = _MARGIN + text_width.of(section.name, 16) + 12
    yield f"<g><title>{html.escape(f'{section.name}: {section.place}')}</title>"
    yield _said("h2 ink", _MARGIN, top + 28, section.name)
    yield _said("muted", left, top + 28, text_width.cut(section.place, 12, _WIDTH - _MARGIN - left)) + "</g>"


def _frame(top: int, bottom: int) -> Iterator[str]:
    """The border of the namespace: what crosses it is what the policies are about."""
    yield (
        f'<rect class="frame dash" x="{_MARGIN + 0.5}" y="{top + 0.5}" width="{_PODS[1] + 32}" '
        f'height="{bottom - top}" rx="10"/>'
    )


def _band(pods: Pods, top: int) -> tuple[list[str], int]:
    """Pods as a box beside all their destinations, from `top` on, and where the next box begins."""
    rows = [_row(one) for one in pods.destinations] + ([] if pods.labels else [_denied()])
    labels = _most(pods.labels, _MOST_LABELS)
    inside = sum(row.height for row in rows) + _GAP * (len(rows) - 1)
    height = max(inside, (len(labels) + 1) * _LINE + 20)
    body = list(_pods(pods, labels, top, height))
    y = top + (height - inside) // 2
    for row in rows:
        body += [*_arrow(row, y + row.height // 2), *_card(row, y)]
        y += row.height + _GAP
    return body, top + height + 16


def _pods(pods: Pods, labels: Sequence[str], top: int, height: int) -> Iterator[str]:
    left, width = _PODS
    yield from _box(left, top, width, height, _who(pods))
    yield f'<rect class="box" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    stretches = max(1, height // _STRETCH)
    for number in range(stretches):
        middle = height * (2 * number + 1) // (2 * stretches)
        yield from _names(labels, middle, width - 32) if pods.labels else [_said("b ink", 16, middle + 5, EVERY_POD)]
    yield "</svg>"


def _names(labels: Sequence[str], middle: int, room: int) -> Iterator[str]:
    y = middle - (len(labels) + 1) * _LINE // 2 + 13
    yield _said("muted", 16, y, "pods with")
    for number, label in enumerate(labels, 1):
        yield _said("mono ink", 16, y + number * _LINE, text_width.cut_mono(label, 12, room))


def _arrow(row: Row, y: int) -> Iterator[str]:
    left, right = _ARROW
    dash = " dash" if row.kind == DENIED else ""
    yield f'<path class="line{dash} s-{row.kind}" d="M{left} {y + 0.5}H{right - 4}"/>'
    if row.kind == DENIED:
        yield f'<path class="line s-{DENIED}" d="M{right - 9} {y - 4.5}l10 10m0-10l-10 10"/>'
    else:
        yield f'<path class="f-{row.kind}" d="M{right - 7} {y - 4}l9 4.5l-9 4.5z"/>'
    ports = text_width.cut(row.ports, 12, right - left - 40)
    # The pods' frame ends inside the arrow's first pixels: the middle is that of what is right of it.
    said = _said(f"mid f-{row.kind}", (left + right) // 2 + 6, y - 6, ports)
    yield f"<g><title>{html.escape(row.ports)}</title>{said}</g>"


def _card(row: Row, top: int) -> Iterator[str]:
    left, width = _CARDS
    height = row.height
    edge = f"box dash s-{DENIED}" if row.kind == DENIED else "box"
    yield from _box(left, top, width, height, row.tip)
    yield f'<rect class="{edge}" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    yield f'<path class="f-{row.kind}" d="M5 0.5h-1a4 4 0 0 0-4 4v{height - 9}a4 4 0 0 0 4 4h1z"/>'
    yield _said("b ink", 18, 22, text_width.cut(row.name, 14, width - 50 - text_width.of(row.label, 12)))
    yield _said(f"right f-{row.kind}", width - 16, 22, row.label)
    for number, block in enumerate(row.blocks, 1):
        yield _said("mono muted", 18, 22 + number * _LINE, block)
    if row.note:
        yield _said("ink", 18, height - 10, text_width.cut(row.note, 12, width - 34))
    yield "</svg>"


def _row(one: Destination) -> Row:
    blocks = _most(tuple(text_width.filled(one.where, 12, _CARDS[1] - 34)), _MOST_BLOCKS)
    return Row(one.layer, one.name, blocks, one.note, one.until, one.ports, _tip(one))


def _denied() -> Row:
    return Row(DENIED, ELSE, ("no policy allows it",), "", "", DENIED, f"{ELSE}: no policy allows it")


def _most(lines: Sequence[str], most: int) -> tuple[str, ...]:
    """The first lines, and how many more there are."""
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[: most - 1], f"and {len(lines) - most + 1} more")


def _box(left: int, top: int, width: int, height: int, tip: str) -> Iterator[str]:
    """The start of a picture in the picture: what its fonts make wider than reckoned ends at its border."""
    yield f'<svg x="{left}" y="{top}" width="{width}" height="{height}"><title>{html.escape(tip)}</title>'


def _said(style: str, x: int, y: int, words: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{html.escape(words)}</text>'
