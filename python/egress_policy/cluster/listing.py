"""Lists to documents, page by page. A list that cannot be had is an error of the report, never an empty list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from egress_policy.cluster.answers import UnusableError, fetched, text
from egress_policy.cluster.kinds import Kind, served
from egress_policy.cluster.objects import document
from egress_policy.cluster.server import ConfigurationError, Server, TooLargeError
from egress_policy.reader import Document, ReadError, Reading

PAGE = 500
_GONE, _NOT_FOUND = 410, 404
# Pods that have ended keep no address; the server leaves them out.
_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"

Told = Callable[[str, int], None]


def read(server: Server, namespace: str = "", told: Told = lambda _resource, _count: None) -> Iterator[Reading]:
    """A Reading for each list: of the whole cluster, or of one namespace and nothing else.

    `told` is called with the resource and the number of its objects so far. Raises ClusterError.
    """
    errors: list[ReadError] = []
    kinds = served(server, errors)
    yield Reading(server.url, "", errors=tuple(errors))
    for kind in kinds:
        if not namespace:
            yield _List(server, kind, "", told).reading()
        elif kind.namespaced:
            yield _List(server, kind, namespace, told).reading()
        elif (kind.group, kind.name) == ("", "Namespace"):
            yield _itself(server, kind, namespace)


def _itself(server: Server, kind: Kind, namespace: str) -> Reading:
    """The one Namespace: lists of a namespace that does not exist are empty, and would pass."""
    path = kind.path(name=namespace)
    try:
        found = document(fetched(server, path), kind, "", "")
    except (UnusableError, TooLargeError) as error:
        if getattr(error, "status", 0) == _NOT_FOUND:
            raise ConfigurationError(f"the cluster {server.url} has no namespace {namespace}") from error
        return Reading(path, "", errors=(ReadError(path, 1, f"cannot be read: {error}"),))
    return Reading(path, "", tuple(filter(None, [found])), kubernetes=1)


@dataclass(slots=True)
class _List:
    """One list, while it is read."""

    server: Server
    kind: Kind
    namespace: str
    told: Told
    limit: int = 0
    documents: list[Document] = field(default_factory=list)
    seen: int = 0
    wrong: list[str] = field(default_factory=list)

    def reading(self) -> Reading:
        """All of it, or what could be had and why that is not all."""
        path = self.kind.path(self.namespace)
        problems: list[str] = []
        self.limit = PAGE
        try:
            self._pages(path)
        except (UnusableError, TooLargeError) as error:
            # A kind of others that has just been taken away is no more than one that was never there.
            if self.kind.built_in or getattr(error, "status", 0) != _NOT_FOUND:
                problems.append(f"cannot be listed: {error}")
        if self.wrong:
            more = f", and {len(self.wrong) - 1} more are left out as well" if self.wrong[1:] else ""
            problems.append(f"{self.wrong[0]}{more}")
        errors = tuple(ReadError(path, 1, problem) for problem in problems)
        return Reading(path, "", tuple(self.documents), errors, self.seen)

    def _pages(self, path: str) -> None:
        """From the first page on; once more if the server has forgotten meanwhile where we were."""
        try:
            self._once(path)
        except UnusableError as error:
            if error.status != _GONE:
                raise
            self.documents, self.wrong, self.seen = [], [], 0
            self._once(path)

    def _once(self, path: str) -> None:
        places: set[str] = {""}
        place = ""
        while True:
            page = self._page(path, place)
            self._take(page)
            self.told(self.kind.resource, self.seen)
            place = text(page.get("metadata"), "continue")
            if not place:
                return
            if place in places:
                raise UnusableError("its pages go round in a circle")
            places.add(place)

    def _page(self, path: str, place: str) -> dict[str, Any]:
        parameters = {"limit": str(self.limit)} | ({"continue": place} if place else {})
        if (self.kind.group, self.kind.name) == ("", "Pod"):
            parameters["fieldSelector"] = _RUNNING
        try:
            return fetched(self.server, path, **parameters)
        except TooLargeError:
            if self.limit == 1:
                raise
            self.limit = max(1, self.limit // 10)
            return self._page(path, place)

    def _take(self, page: dict[str, Any]) -> None:
        """Raises UnusableError for what is no list of this kind, such as an error that calls itself a success."""
        listed, items = text(page, "kind"), page.get("items", page)
        other = listed.endswith("List") and not self.kind.built_in
        if not (other or listed == f"{self.kind.name}List") or not isinstance(items, list | None):
            raise UnusableError(f"the answer is no list of {self.kind.name} objects")
        for item in items or ():
            self.seen += 1
            try:
                found = document(item, self.kind, self.namespace, listed)
            except UnusableError as error:
                self.wrong.append(f"item {self.seen} {error}")
            else:
                if found is not None:
                    self.documents.append(found)
