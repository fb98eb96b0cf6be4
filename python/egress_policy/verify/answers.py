"""What a probe found, from the status of its container: the exit code, and what the program said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy.cluster.answers import text
from egress_policy.verify.plan import Probe

ANSWERED, TIMED_OUT, REFUSED, UNREACHABLE, UNKNOWN = "answers", "timed out", "refused", "unreachable", "not known"
_LONGEST = 200
# By `timeout`, of busybox and of GNU.
_ENDED_BY_TIMEOUT = frozenset({143, 124})
_ENDED_ITSELF = frozenset({"", "Completed", "Error"})
_SAYS = (
    (re.compile(r"timed out|no servers could be reached"), TIMED_OUT),
    (re.compile(r"refused"), REFUSED),
    (re.compile(r"unreachable|no route to host|not permitted|permission denied|prohibited"), UNREACHABLE),
)
_NO_NAME = re.compile(r"bad address|can't resolve|could not resolve|name or service not known|can't find")
# A resolved name; of two kinds of addresses one may be lacking, which some versions take for a failure.
_RESOLVED = re.compile(r"^name:\s*\S+\s+address", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """How it ended, in one of the words above, and what the program said or why nothing is known."""

    got: str
    said: str = ""


def found(probe: Probe, status: Mapping[str, Any]) -> Found | None:
    """What the `status` of a probe's container says; None while it has not ended."""
    state = status.get("state")
    ended = state.get("terminated") if isinstance(state, dict) else None
    if not isinstance(ended, dict):
        return None
    code, reason, said = ended.get("exitCode"), text(ended, "reason"), text(ended, "message")
    if not isinstance(code, int) or reason not in _ENDED_ITSELF:
        return Found(UNKNOWN, _said(f"the container ended with {reason or 'no exit code'}", said))
    got, hint = _got(probe, code, said.lower()), ""
    if got == UNKNOWN and probe.place is None and _NO_NAME.search(said.lower()):
        hint = "; name one that exists with --lookup"
    return Found(got, _said(f"exit code {code}", said) + hint)


def _got(probe: Probe, code: int, said: str) -> str:
    if code == 0 or (probe.place is None and code == 1 and _RESOLVED.search(said)):
        return ANSWERED
    if code in _ENDED_BY_TIMEOUT:
        return TIMED_OUT
    # Whether a name is found says nothing of what is behind it.
    if code != 1 or _NO_NAME.search(said):
        return UNKNOWN
    return next((word for pattern, word in _SAYS if pattern.search(said)), UNKNOWN)


def _said(code: str, said: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("sent ")]
    return f"{code}: {lines[-1][:_LONGEST]}" if lines else code
