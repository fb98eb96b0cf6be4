"""The objects of one list as the server has them, for whoever needs more of them than the policy reads."""

from __future__ import annotations

from typing import Any

from egress_policy.cluster.answers import UnusableError, fetched, text
from egress_policy.cluster.server import Server, TooLargeError

PAGE = 500
_MOST_PAGES = 200


def items(server: Server, path: str, kind: str, **parameters: str) -> list[dict[str, Any]]:
    """All objects at a path, page by page. Raises UnusableError for anything but a whole list of this kind."""
    found: list[dict[str, Any]] = []
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = _page(server, path, kind, {"limit": str(PAGE), **parameters, **place})
        found += page.get("items") or []
        following = text(page.get("metadata"), "continue")
        if not following:
            return found
        place = {"continue": following}
    raise UnusableError(f"the list has more than {_MOST_PAGES} pages")


def _page(server: Server, path: str, kind: str, parameters: dict[str, str]) -> dict[str, Any]:
    try:
        page = fetched(server, path, **parameters)
    except TooLargeError as error:
        raise UnusableError(str(error)) from error
    listed = page.get("items", [])
    whole = isinstance(listed, list | None) and all(isinstance(item, dict) for item in listed or ())
    if text(page, "kind") != f"{kind}List" or not whole:
        raise UnusableError(f"the answer is no list of {kind} objects")
    return page
