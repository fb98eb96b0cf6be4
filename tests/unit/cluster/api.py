"""An API server for tests: it lists what it is given, page by page, to whom it may, and answers badly where told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from egress_policy.engine import embedded

Json = dict[str, Any]
BUILT_IN = ("", "apps", "batch", "networking.k8s.io")


@dataclass(frozen=True, slots=True)
class Served:
    """A kind that the server serves."""

    group: str
    version: str
    kind: str
    resource: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def base(self) -> str:
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


def known(*groups: str, version: str = "v1") -> list[Served]:
    """The kinds of these groups that the policy knows."""
    return [
        Served(group, version, kind, facts["resource"], facts["namespaced"])
        for group in groups
        for kind, facts in embedded.metadata()["kinds"][group].items()
    ]


@dataclass(slots=True)
class Answer:
    """What is sent instead of the truth. `length` is what is announced, `pause` what is waited for before it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    pause: float = 0.0


def status(code: int, message: str = "") -> Answer:
    """What Kubernetes says of a request that it refuses."""
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return Answer(code, json.dumps(said).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever asked has given up: that is what such a test is about."""


Badly = Callable[[Mapping[str, str]], Answer | None]


class Api:
    """`requests` are the paths with their parameters, in the order in which they came."""

    def __init__(self, kinds: Iterable[Served]) -> None:
        self.kinds = list(kinds)
        self.objects: list[Json] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.badly: dict[str, Badly] = {}
        # (verb, group, resource, namespace): None allows everything.
        self.allowed: Callable[[str, str, str, str], bool] | None = None
        self.authorization = "Bearer somebody"
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def holds(self, *manifests: str) -> None:
        """Add the objects of some manifests, as the API server would keep them."""
        self.objects += [_kept(one) for text in manifests for one in yaml.safe_load_all(text) if one]

    def answers(self, path: str, *answers: Answer) -> None:
        """Say this at a path: first the first, and the last again and again."""
        waiting = list(answers)
        self.badly[path] = lambda _parameters: waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def kubeconfig(self, file: Path, **user: Any) -> Path:
        """A file that leads here."""
        named = {
            "clusters": [{"name": "here", "cluster": {"server": self.url}}],
            "users": [{"name": "me", "user": user or {"token": "somebody"}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        }
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "here", **named}))
        return file

    def respond(self, target: str, authorization: str) -> Answer:
        parts = urlsplit(target)
        parameters = dict(parse_qsl(parts.query))
        self.requests.append((parts.path, parameters))
        told = self.badly[parts.path](parameters) if parts.path in self.badly else None
        if told is not None:
            return told
        if authorization != self.authorization:
            return status(401, "Unauthorized")
        return self._discovery(parts.path) or self._objects(parts.path, parameters)

    def _discovery(self, path: str) -> Answer | None:
        groups = {kind.group: kind.version for kind in self.kinds if kind.group}
        if path == "/apis":
            listed = [
                {"name": name, "versions": [{"version": version}], "preferredVersion": {"version": version}}
                for name, version in groups.items()
            ]
            return _json({"kind": "APIGroupList", "groups": listed})
        resources = [
            {"name": kind.resource, "kind": kind.kind, "namespaced": kind.namespaced, "verbs": ["get", "list"]}
            for kind in self.kinds
            if kind.base == path
        ]
        return _json({"kind": "APIResourceList", "resources": resources}) if resources else None

    def _objects(self, path: str, parameters: Mapping[str, str]) -> Answer:
        for kind in self.kinds:
            within, _, resource = path.removeprefix(f"{kind.base}/").rpartition("/")
            named = within.removeprefix("namespaces/") if within else ""
            if path.startswith(f"{kind.base}/") and resource == kind.resource:
                return self._list(kind, named, parameters)
            if kind.kind == "Namespace" and within == "namespaces":
                return self._namespace(kind, resource)
        return status(404, "the server could not find the requested resource")

    def _namespace(self, kind: Served, name: str) -> Answer:
        if self.allowed and not self.allowed("get", "", "namespaces", name):
            return status(403, f'namespaces "{name}" is forbidden')
        found = [one for one in self.objects if one["kind"] == kind.kind and one["metadata"]["name"] == name]
        return _json(found[0]) if found else status(404, f'namespaces "{name}" not found')

    def _list(self, kind: Served, namespace: str, parameters: Mapping[str, str]) -> Answer:
        if self.allowed and not self.allowed("list", kind.group, kind.resource, namespace):
            return status(403, f'{kind.resource} is forbidden: User "me" cannot list it')
        items = [
            {key: value for key, value in one.items() if key not in ("apiVersion", "kind")}
            if kind.group in BUILT_IN
            else one
            for one in self.objects
            if (one["apiVersion"], one["kind"]) == (kind.api_version, kind.kind)
            and namespace in ("", one["metadata"].get("namespace"))
            and (kind.kind != "Pod" or _selected(one, parameters.get("fieldSelector", "")))
        ]
        start = int(parameters.get("continue", "0"))
        end = start + int(parameters["limit"])
        metadata = {"resourceVersion": "7", **({"continue": str(end)} if end < len(items) else {})}
        head = {"apiVersion": kind.api_version, "kind": f"{kind.kind}List", "metadata": metadata}
        return _json({**head, "items": items[start:end]})


def _selected(pod: Json, selector: str) -> bool:
    phase = pod.get("status", {}).get("phase", "Running")
    return all(term != f"status.phase!={phase}" for term in selector.split(","))


def _kept(thing: Json) -> Json:
    """With what the API server and kubectl add."""
    metadata = thing["metadata"]
    added = {"uid": f"{thing['kind']}-{metadata['name']}", "managedFields": [{"manager": "kubectl", "fieldsV1": {}}]}
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(thing)}
    return {**thing, "metadata": {**metadata, **added, "annotations": {**metadata.get("annotations", {}), **applied}}}


def _json(value: Json) -> Answer:
    return Answer(200, json.dumps(value).encode())


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = api.respond(self.path, self.headers.get("Authorization", ""))
            time.sleep(answer.pause)
            self.send_response(answer.status)
            length = len(answer.body) if answer.length is None else answer.length
            for name, value in {"Content-Type": "application/json", "Content-Length": length, **answer.headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.length is not None

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler
