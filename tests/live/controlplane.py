"""etcd and kube-apiserver on loopback, with RBAC, a fresh store, and any user one likes."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import requests
import trustme

from tests.live.client import Client
from tests.live.processes import HOST, Program, free_ports

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class User:
    """Whom a certificate makes its owner: RBAC's user and group."""

    name: str
    group: str


#: May do everything.
ADMIN = User("admin", "system:masters")


class ControlPlane:
    """Starts etcd and the API server, and ends them; in between it makes users.

    There is no controller manager and no kubelet: Pods are objects only, nothing is garbage-collected, and a
    namespace that is deleted never goes away.
    """

    def __init__(self, etcd: Path, api_server: Path, folder: Path) -> None:
        self.folder = folder
        self._etcd, self._api_server = etcd, api_server
        self.ports = free_ports()
        self.authority = trustme.CA()
        self.url = f"https://{HOST}:{next(self.ports)}"
        self.programs: list[Program] = []
        self._started = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start both, and wait until the API server is ready; StartError if it does not get there."""
        # Also what was started before a failure, or before Ctrl-C, is ended.
        with contextlib.ExitStack() as starting:
            store = self._start_etcd(starting)
            self._start_api_server(starting, store)
            self._started = starting.pop_all()

    def stop(self) -> None:
        """Close the clients, then end the API server and etcd."""
        self._started.close()

    def _start_etcd(self, starting: contextlib.ExitStack) -> str:
        data = self.folder / "etcd"
        starting.callback(shutil.rmtree, data, ignore_errors=True)
        clients, peers = (f"http://{HOST}:{next(self.ports)}" for _ in range(2))
        options: list[str] = [
            *(f"--data-dir={data}", "--log-level=warn", "--unsafe-no-fsync", f"--initial-cluster=default={peers}"),
            *(f"--listen-client-urls={clients}", f"--advertise-client-urls={clients}"),
            *(f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}"),
        ]
        etcd = self._add(starting, Program("etcd", [self._etcd, *options], self.folder))
        etcd.wait_until("it is healthy", lambda: answers(f"{clients}/health"))
        return clients

    def _start_api_server(self, starting: contextlib.ExitStack, store: str) -> None:
        authority = self.folder / "authority.pem"
        self.authority.cert_pem.write_to_path(authority)
        command: list[str | Path] = [self._api_server, f"--etcd-servers={store}", *self._options(authority)]
        server = self._add(starting, Program("kube-apiserver", command, self.folder))
        server.wait_until("it is ready", lambda: answers(f"{self.url}/readyz", authority))

    def _options(self, authority: Path) -> list[str]:
        certificate = self.certificate("api-server")
        public, secret = certificate / "tls.crt", certificate / "tls.key"
        port = self.url.rpartition(":")[2]
        return [
            *(f"--bind-address={HOST}", f"--advertise-address={HOST}", f"--secure-port={port}"),
            *(f"--tls-cert-file={public}", f"--tls-private-key-file={secret}", f"--client-ca-file={authority}"),
            *("--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc"),
            *(f"--service-account-key-file={secret}", f"--service-account-signing-key-file={secret}"),
            *("--service-cluster-ip-range=10.99.0.0/24", "--endpoint-reconciler-type=none"),
            # Without a controller manager no namespace gets the service account that its Pods would need.
            "--disable-admission-plugins=ServiceAccount",
        ]

    def _add(self, starting: contextlib.ExitStack, program: Program) -> Program:
        starting.callback(program.stop)
        self.programs.append(program)
        return program

    def certificate(self, name: str) -> Path:
        """A new folder with tls.crt and tls.key for a server on loopback."""
        folder = self.folder / name
        folder.mkdir()
        issued = self.authority.issue_cert(HOST)
        issued.cert_chain_pems[0].write_to_path(folder / "tls.crt")
        issued.private_key_pem.write_to_path(folder / "tls.key")
        return folder

    def kubeconfig(self, user: User = ADMIN) -> Path:
        """A file for `--kubeconfig` or KUBECONFIG. Users other than ADMIN have only the rights that RBAC grants."""
        # A certificate is issued for an address of some kind; nobody looks at it.
        issued = self.authority.issue_cert(f"user@{HOST}", common_name=user.name, organization_name=user.group)
        login = {**_pem("client-certificate", issued.cert_chain_pems[0]), **_pem("client-key", issued.private_key_pem)}
        cluster = {"server": self.url, **_pem("certificate-authority", self.authority.cert_pem)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "live",
            "contexts": [{"name": "live", "context": {"cluster": "live", "user": user.name}}],
            "clusters": [{"name": "live", "cluster": cluster}],
            "users": [{"name": user.name, "user": login}],
        }
        path = self.folder / f"{user.name.replace(':', '-')}.kubeconfig"
        path.write_text(json.dumps(config, indent=2))
        return path

    def client(self, user: User = ADMIN) -> Client:
        """A client that is this user, until the control plane stops."""
        client = Client(self.kubeconfig(user))
        self._started.callback(client.close)
        return client


def answers(url: str, authority: Path | None = None) -> bool:
    """Whether a server's health check says yes."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, verify=str(authority) if authority else True, timeout=5).ok
    return False


def _pem(name: str, pem: trustme.Blob) -> dict[str, str]:
    return {f"{name}-data": base64.b64encode(pem.bytes()).decode()}
