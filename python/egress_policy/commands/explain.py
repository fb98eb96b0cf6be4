"""`egress explain`: what a rule looks for, from the METADATA of the policy."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from egress_policy import output
from egress_policy.cli import PASS, USAGE
from egress_policy.engine import embedded
from egress_policy.errors import EgressPolicyError
from egress_policy.output import Target

EPILOG = """\
examples:
  egress explain                 the rules, one a line
  egress explain open-egress     one of them
"""
_WIDTH = 96


class UnknownRuleError(EgressPolicyError):
    """There is no rule of this name."""

    exit_code = USAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress explain` takes."""
    parser.add_argument("rule", nargs="?", metavar="RULE", help="the rule's name, as findings show it")


def run(options: argparse.Namespace) -> int:
    """Print one rule, or all names."""
    known = embedded.metadata()["rules"]
    lines = _list(known) if options.rule is None else _rule(options.rule, _find(options.rule, known))
    output.write(None, lambda target: _print(lines, target))
    return PASS


def _print(lines: Iterator[str], target: Target) -> None:
    for line in lines:
        target.write(f"{line}\n")


def _find(name: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
    if name not in known:
        import difflib  # only a wrong name is worth its import

        near = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=1, cutoff=0.4)
        hint = f": did you mean {near[0]!r}?" if near else "; `egress explain` lists them"
        raise UnknownRuleError(f"there is no rule {name!r}{hint}")
    found: Mapping[str, Any] = known[name]
    return found


def _list(known: Mapping[str, Any]) -> Iterator[str]:
    width = max(map(len, known))
    levels = max(len(_levels(rule)) for rule in known.values())
    for name in sorted(known):
        yield f"{name:<{width}}  {_levels(known[name]):<{levels}}  {known[name]['title']}"


def _levels(rule: Mapping[str, Any]) -> str:
    levels = rule["levels"]
    return ", ".join(f"{profile} {levels[profile] or '-'}" for profile in ("baseline", "strict") if profile in levels)


def _rule(name: str, rule: Mapping[str, Any]) -> Iterator[str]:
    yield f"{name}: {rule['title']}"
    yield f"severity {rule['severity']}; {_levels(rule)}"
    yield ""
    yield from _wrapped(rule["description"])
    yield ""
    yield "How to fix it"
    yield from _wrapped(rule["remediation"])
    yield from _parameters(rule)
    yield from _references(rule)


def _parameters(rule: Mapping[str, Any]) -> Iterator[str]:
    names = (rule.get("custom") or {}).get("parameters") or []
    if names:
        yield ""
        yield f"Parameters: {', '.join(names)}"


def _references(rule: Mapping[str, Any]) -> Iterator[str]:
    references = rule.get("related_resources") or []
    if references:
        yield ""
        yield "References"
    for reference in references:
        described = reference.get("description")
        yield f"  {described}: {reference['ref']}" if described else f"  {reference['ref']}"


def _wrapped(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ""
        yield from textwrap.wrap(paragraph, _WIDTH)
