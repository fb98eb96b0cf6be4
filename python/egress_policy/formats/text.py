"""`--format text`: for people. The first line is the summary, to the letter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import groupby, takewhile

from egress_policy.formats import clean
from egress_policy.formats.wording import resource, waived, witness
from egress_policy.output import Target
from egress_policy.report import Declared, Excerpt, Finding, Kind, Namespace, Report, Waiver

DETAILS, EXCERPTS = False, True

# More than these nobody reads in a terminal: the rest is listed, a line each.
_QUOTED, _LISTED = 25, 500
_REMEDY_LINES = 12
_QUOTE_LINES = 6
_NAMESPACES = 30

_LAYERS = {"present": "pass", "missing": "fail", "too wide": "fail"}
_COLOURS = {"fail": "31", "error": "31", "warn": "33", "skip": "33", "pass": "32", "bold": "1", "dim": "2"}


def render(report: Report, target: Target) -> None:
    """Summary, findings by file, what could not be read, idle waivers, namespaces, and what to do next."""
    writer = _Writer(target, colours=target.terminal and not os.environ.get("NO_COLOR"))
    writer.line(writer.paint(report.status, clean.line(report.summary)))
    control = f"{report.control} {report.control_version}, profile {report.profile}: "
    writer.line(writer.paint("dim", control) + writer.paint(report.status, report.status))
    if report.cluster is not None:
        only = f", only namespace {report.cluster.namespace}" if report.cluster.namespace else ""
        writer.line(writer.paint("dim", f"cluster {clean.line(report.cluster.server)}{only}"))
    _findings(report.findings, writer)
    _errors(report, writer)
    _waivers(report.waivers or (), writer)
    _models(report.models, writer)
    _kinds(report.kinds, writer)
    _namespaces(report.namespaces, writer)
    _layers(report.namespaces, writer)
    _next(report, writer)


class _Writer:
    def __init__(self, target: Target, *, colours: bool) -> None:
        self._target, self._colours = target, colours

    def line(self, text: str = "") -> None:
        self._target.write(f"{text}\n")

    def lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.line(text)

    def paint(self, name: str, text: str) -> str:
        """Coloured, only on a terminal. The text is harmless already: this adds the only escapes."""
        code = _COLOURS.get(name)
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours and code else text


def _findings(findings: tuple[Finding, ...], writer: _Writer) -> None:
    for file, group in groupby(findings[:_QUOTED], key=lambda finding: finding.location.file):
        writer.line()
        writer.line(writer.paint("bold", f"In {clean.line(file)}"))
        for finding in group:
            writer.lines(_quoted(finding, writer))
    rest = findings[_QUOTED:]
    if rest:
        writer.line()
        writer.lines(_brief(finding, writer) for finding in rest[:_LISTED])
        shown = f"; the last {len(rest) - _LISTED} are left out" if len(rest) > _LISTED else ""
        writer.line(f"{len(findings)} findings, the first {_QUOTED} in full{shown}: `--format json` has all of each.")


def _brief(finding: Finding, writer: _Writer) -> str:
    where = f"{clean.line(finding.location.file)}:{finding.location.line}"
    by = f" ({clean.line(waived(finding.waived))})" if finding.waived else ""
    return f"{where}: {writer.paint(finding.level, finding.level)} {finding.rule}: {clean.line(finding.message)}{by}"


def _quoted(finding: Finding, writer: _Writer) -> Iterator[str]:
    """Like a compiler: what is wrong, where, the lines, the packet, the remedy."""
    yield ""
    head = writer.paint(finding.level, f"{finding.level}[{finding.rule}]")
    yield f"{head}: {writer.paint('bold', clean.line(finding.message))}"
    path = f", {clean.line(finding.path)}" if finding.path else ""
    where = f"{clean.line(finding.location.file)}:{finding.location.line}"
    yield f"  {writer.paint('dim', '-->')} {where} ({clean.line(resource(finding.resource))}{path})"
    if finding.excerpt is not None:
        yield from _excerpt(finding.excerpt, finding.location.line, writer)
    if finding.witness is not None:
        yield f"  = {clean.line(witness(finding.witness))}"
    if finding.waived is not None:
        yield f"  = {clean.line(waived(finding.waived))}"
    yield from _remedy(finding.remediation)


def _excerpt(excerpt: Excerpt, marked: int, writer: _Writer) -> Iterator[str]:
    numbered = excerpt.marked is None
    marked = marked if excerpt.marked is None else excerpt.marked
    width = len(str(excerpt.first + len(excerpt.lines)))
    own = _extent(excerpt, marked)
    for number, text in enumerate(excerpt.lines, excerpt.first):
        if number > own.stop - 1:
            break
        shown = " ".join(clean.lines(text.rstrip("\r")))[:160]
        mark = ">" if number in own else " "
        gutter = f"{mark} {number:>{width}}" if numbered else mark
        line = f"{gutter} | {shown}".rstrip()
        yield f"  {writer.paint('bold', line) if number == marked else writer.paint('dim', line)}"


def _extent(excerpt: Excerpt, marked: int) -> range:
    """The marked line and those that belong to it, but no more than fit on a screen with others."""
    following = excerpt.lines[marked - excerpt.first :][:_QUOTE_LINES]
    own = list(takewhile(lambda line: _belongs(line, following[0]), following[1:]))
    while own and not own[-1].strip():
        own.pop()
    return range(marked, marked + 1 + len(own))


def _belongs(line: str, first: str) -> bool:
    """Deeper, blank, or the entry of a list that stands as deep as its key, as YAML allows."""
    depth, indented = _depth(line), _depth(first)
    listed = line.lstrip().startswith("- ") and not first.lstrip().startswith("- ")
    return not line.strip() or depth > indented or (depth == indented and listed)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _remedy(remedy: str) -> Iterator[str]:
    lines = clean.lines(remedy.rstrip("\n"))
    if len(lines) == 1:
        if lines[0]:
            yield f"  = {lines[0]}"
        return
    yield "  = this would stop it (`kubectl apply -f`):"
    yield from (f"      {line}".rstrip() for line in lines[:_REMEDY_LINES])
    if len(lines) > _REMEDY_LINES:
        yield f"      ... {len(lines) - _REMEDY_LINES} more lines: `--format json` has them all"


def _kinds(kinds: tuple[Kind, ...], writer: _Writer) -> None:
    """Where there is more than NetworkPolicies."""
    if all(one.kind == "NetworkPolicy" for one in kinds):
        return
    rows = [["KIND", "OBJECTS", "RULES", "RESTRICTED", "OPEN"]]
    rows += [
        [clean.line(one.kind), *map(str, (one.policies, one.egress_rules, one.restricted_rules, one.open_rules))]
        for one in kinds
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    writer.line()
    for name, *numbers in rows:
        shown = "  ".join(f"{number:>{width}}" for number, width in zip(numbers, widths[1:], strict=True))
        writer.line(f"{name:<{widths[0]}}  {shown}")


def _namespaces(namespaces: tuple[Namespace, ...], writer: _Writer) -> None:
    """Those that are not restricted first: they are why anyone looks."""
    if not namespaces:
        return
    listed = sorted(namespaces, key=lambda one: one.status == "pass")[:_NAMESPACES]
    rows = [("NAMESPACE", "STATUS", "RULES", "RESTRICTED")]
    rows += [(clean.line(one.name), one.status, str(one.egress_rules), str(one.restricted_rules)) for one in listed]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    writer.line()
    for name, status, rules, restricted in rows:
        shown = writer.paint(status, f"{status:<{widths[1]}}")
        writer.line(f"{name:<{widths[0]}}  {shown}  {rules:>{widths[2]}}  {restricted:>{widths[3]}}")
    if len(namespaces) > len(listed):
        writer.line(f"and {len(namespaces) - len(listed)} more: `--format json` lists them all.")


def _layers(namespaces: tuple[Namespace, ...], writer: _Writer) -> None:
    """The six layers of each namespace, where they are judged."""
    judged = [(one.name, one.layers) for one in namespaces if one.layers is not None][:_NAMESPACES]
    for name, layers in judged:
        writer.line()
        writer.line(writer.paint("bold", f"Layers of {clean.line(name)}"))
        width = max(map(len, layers))
        writer.lines(
            f"  {layer:<{width}}  {writer.paint(_LAYERS.get(word, ''), word)}" for layer, word in layers.items()
        )


def _errors(report: Report, writer: _Writer) -> None:
    if report.errors:
        writer.line()
        writer.line(writer.paint("error", "Not judged, because it could not be read:"))
        writer.lines(f"  {clean.line(one.file)}:{one.line}: {clean.line(one.message)}" for one in report.errors)


def _waivers(waivers: tuple[Waiver, ...], writer: _Writer) -> None:
    """Those that waive nothing: the others stand beside their findings."""
    idle = [one for one in waivers if one.message]
    if idle:
        writer.line()
        writer.line(writer.paint("warn", "Waivers that waive nothing:"))
    for one in idle:
        where = f"{clean.line(one.location.file)}:{one.location.line}: " if one.location else ""
        writer.line(f"  {where}{one.status}: {clean.line(one.message)}")


def _models(models: tuple[Declared, ...], writer: _Writer) -> None:
    """Those that nothing was judged by."""
    idle = [one for one in models if one.message]
    if idle:
        writer.line()
        writer.line(writer.paint("warn", "Models of namespaces that have nothing:"))
    writer.lines(f"  {clean.line(one.message)}" for one in idle)


def _next(report: Report, writer: _Writer) -> None:
    worst = next((one for one in report.findings if one.level == "fail"), None) or next(iter(report.findings), None)
    if worst is not None:
        writer.line()
        writer.line(f"Next: `egress explain {worst.rule}` says why it matters and how to fix it.")
