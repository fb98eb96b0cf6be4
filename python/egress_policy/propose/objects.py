"""Objects of any shape, read without trusting one field of them; and the labels among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Labels = Mapping[str, str]

_PREFIX = r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY = re.compile(_PREFIX + _NAME)
_VALUE = re.compile(f"(?:{_NAME})?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def mapping(value: Any) -> dict[str, Any]:
    """The object that it is, or an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """The list that it is, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The text that it is, or an empty one."""
    return value if isinstance(value, str) else ""


def at(value: Any, *keys: str) -> Any:
    """What stands below these keys, or None."""
    for key in keys:
        value = mapping(value).get(key)
    return value


def strings(value: Any) -> dict[str, str]:
    """The entries of an object whose values are text."""
    return {key: one for key, one in mapping(value).items() if isinstance(one, str)}


def port_number(value: Any) -> int | None:
    """A port as JSON has it; neither true nor 0 is one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535 else None


def valid_namespace(name: str) -> bool:
    """Whether a namespace can have that name."""
    return _NAMESPACE.fullmatch(name) is not None


def labels(value: Any) -> dict[str, str]:
    """The labels of a pod that an API server would accept; a pod has no others."""
    return {key: one for key, one in strings(value).items() if _label(key, one)}


def selecting(value: Any) -> dict[str, str] | None:
    """The labels that a selector asks for; None if it asks for none, or for any that no API server would accept.

    A selector is taken whole or not at all: without one of its labels it would select more.
    """
    given = mapping(value)
    return given if given and all(_label(key, one) for key, one in given.items()) else None


def _label(key: str, value: Any) -> bool:
    return isinstance(value, str) and bool(_KEY.fullmatch(key) and _VALUE.fullmatch(value))


def selects(selector: Labels, pod: Labels) -> bool:
    """Whether the pod has all labels of the selector."""
    return all(pod.get(key) == value for key, value in selector.items())


def together(names: Iterable[str], most: int = 4) -> str:
    """A list for people, cut where it becomes long."""
    every = list(names)
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"
