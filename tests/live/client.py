"""Objects of any kind to and from an API server, as plain JSON: the official client without its models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

import kubernetes.config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Object: TypeAlias = dict[str, Any]


class RefusedError(Exception):
    """The API server said no: its status code, its reason (`Forbidden`, `Invalid`, …), and its message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class Client:
    """One user of one API server. An object is named by its own apiVersion, kind and metadata."""

    def __init__(self, kubeconfig: Path) -> None:
        # persist_config is for logins that are renewed; these certificates are not.
        self._api = kubernetes.config.new_client_from_config(str(kubeconfig), persist_config=False)

    def close(self) -> None:
        """Close the connections."""
        self._api.rest_client.close()

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create an object, as `kubectl create` does."""
        return self.ask("POST", self._folder(manifest) + _query(dry_run), manifest)

    def apply(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Create or change an object by server-side apply, as `kubectl apply --server-side --force-conflicts` does."""
        path = self._path(manifest) + _query(dry_run, fieldManager="tests", force="true")
        # JSON is YAML too; there is no type for an apply in JSON.
        return self.ask("PATCH", path, manifest, "application/apply-patch+yaml")

    def replace(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Put an object in the place of the one of its name, as `kubectl replace` does."""
        return self.ask("PUT", self._path(manifest) + _query(dry_run), manifest)

    def delete(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Delete an object."""
        return self.ask("DELETE", self._path(manifest) + _query(dry_run))

    def get(self, manifest: Object) -> Object:
        """An object as it is now."""
        return self.ask("GET", self._path(manifest))

    def find(self, manifest: Object) -> Object | None:
        """An object as it is now, or None if it, or its whole kind, does not exist."""
        try:
            return self.get(manifest)
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str = "") -> list[Object]:
        """The objects of a kind, in one namespace or in all."""
        found: list[Object] = self.ask("GET", self._collection(api_version, kind, namespace))["items"]
        # Lists leave these out.
        return [{"apiVersion": api_version, "kind": kind, **item} for item in found]

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the API server has objects of a kind: a constraint's kind comes and goes with its template."""
        return kind in self._kinds(api_version)

    def ask(self, method: str, path: str, body: Object | None = None, content_type: str = "application/json") -> Object:
        """One request; the answer's JSON, or RefusedError."""
        headers = {"Accept": "application/json", "Content-Type": content_type}
        # The client makes JSON of what it sends as JSON, but wants anything else as text.
        sent = json.dumps(body) if body and content_type != "application/json" else body
        url = self._api.configuration.host + path
        response = self._api.call_api(method, url, headers, sent, _request_timeout=30)
        text = response.read().decode()
        if response.status >= 400:
            raise _refused(response.status, text)
        answer: Object = json.loads(text)
        return answer

    def _path(self, manifest: Object) -> str:
        return f"{self._folder(manifest)}/{manifest['metadata']['name']}"

    def _folder(self, manifest: Object) -> str:
        namespace = manifest["metadata"].get("namespace") or "default"
        return self._collection(manifest["apiVersion"], manifest["kind"], namespace)

    def _collection(self, api_version: str, kind: str, namespace: str) -> str:
        resource = self._kinds(api_version).get(kind)
        if resource is None:
            raise RefusedError(404, "NotFound", f"the server has no {kind} in {api_version}")
        inside = f"namespaces/{namespace}/" if resource["namespaced"] and namespace else ""
        return f"{_group(api_version)}/{inside}{resource['name']}"

    def _kinds(self, api_version: str) -> Mapping[str, Object]:
        try:
            resources = self.ask("GET", _group(api_version))["resources"]
        except RefusedError as refused:
            if refused.status == 404:
                return {}
            raise
        return {resource["kind"]: resource for resource in resources if "/" not in resource["name"]}


def _group(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _query(dry_run: bool, **parameters: str) -> str:
    return "?" + urlencode({**parameters, **({"dryRun": "All"} if dry_run else {})})


def _refused(status: int, text: str) -> RefusedError:
    answer = json.loads(text) if text.startswith("{") else {}
    return RefusedError(status, answer.get("reason", ""), answer.get("message", text))
