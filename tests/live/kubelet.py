"""A kubelet as far as `egress verify` sees one: it reports how the containers of pods ended."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from tests.live.client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.client import Client, Object

NODE = "node-1"
#: From a pod and the name of its container: the state that is reported; None leaves it as it is.
Answers = "Callable[[Object, str], Object | None]"


def ended(code: int, message: str = "", reason: str = "") -> Object:
    """The state of a container that has ended."""
    return {
        "terminated": {"exitCode": code, "message": message, "reason": reason or ("Error" if code else "Completed")}
    }


class Kubelet:
    """Looks at a namespace again and again, on a thread of its own; `seen` are the pods as they were created."""

    def __init__(self, client: Client, namespace: str, answers: Callable[[Object, str], Object | None]) -> None:
        self._client, self._namespace, self._answers = client, namespace, answers
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: dict[str, Object] = {}
        self.binds = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.is_set():
            with contextlib.suppress(RefusedError):  # a pod that is gone meanwhile
                for pod in self._client.list("v1", "Pod", self._namespace):
                    self._look(pod)
            time.sleep(0.05)

    def _look(self, pod: Object) -> None:
        metadata = pod["metadata"]
        if not metadata["name"].startswith("egress-verify-"):
            return
        if metadata.get("deletionTimestamp"):
            path = f"/api/v1/namespaces/{self._namespace}/pods/{metadata['name']}"
            self._client.ask("DELETE", path, {"gracePeriodSeconds": 0})
            return
        if self.seen.setdefault(metadata["name"], pod) is pod and self.binds:
            self._bind(metadata["name"])
        if "status" in pod and not pod["status"].get("containerStatuses"):
            self._report(self._client.get(pod))

    def _bind(self, name: str) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
        self._client.ask("POST", f"/api/v1/namespaces/{self._namespace}/pods/{name}/binding", body)

    def _report(self, pod: Object) -> None:
        names = [one["name"] for one in pod["spec"]["containers"]]
        states = {name: self._answers(pod, name) for name in names}
        if all(state is None for state in states.values()):
            return
        statuses = [_status(name, state or {"running": {}}) for name, state in states.items()]
        done = all("terminated" in (state or {}) for state in states.values())
        failed = any((state or {}).get("terminated", {}).get("exitCode") for state in states.values())
        status = {"phase": ("Failed" if failed else "Succeeded") if done else "Running", "containerStatuses": statuses}
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod['metadata']['name']}/status"
        self._client.ask("PUT", path, {**pod, "status": {**pod["status"], **status}})


def _status(name: str, state: Any) -> Object:
    return {"name": name, "image": "a", "imageID": "", "ready": False, "restartCount": 0, "state": state}
