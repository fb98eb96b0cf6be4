"""The control plane that all live tests share. Each test has a namespace of its own in it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.live.controlplane import ControlPlane
from tests.live.gatekeeper import Gatekeeper
from tools import programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.live.client import Client

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def control_plane(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The API server, and etcd for it."""
    folder = tmp_path_factory.mktemp("control-plane")
    with ControlPlane(tool("etcd"), tool("kube-apiserver"), folder) as started:
        yield started


@pytest.fixture(scope="session")
def gatekeeper(control_plane: ControlPlane, tool: Callable[[str], Path]) -> Iterator[Gatekeeper]:
    """Gatekeeper's webhook and audit beside the control plane; once it is there, every write goes through it."""
    with Gatekeeper(control_plane, tool("gatekeeper"), programs.source(programs.GATEKEEPER)) as started:
        yield started


@pytest.fixture(scope="session")
def client(control_plane: ControlPlane) -> Client:
    """A client that may do everything."""
    return control_plane.client()


@pytest.fixture
def namespace(client: Client) -> str:
    """A new namespace. It stays: without a controller manager none can be deleted."""
    name = f"live-{next(_numbers)}"
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name
