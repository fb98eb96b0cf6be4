"""The way to a cluster: kubeconfigs, credentials, and sentences for those that lead nowhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import config
from kubernetes.config import incluster_config

from egress_policy.cluster import Access, ClusterError, ConfigurationError, connect, server
from tests.unit.cluster.api import Answer, Api, status


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither this machine's kubeconfig nor that of a pod that the tests may run in."""
    monkeypatch.setattr(config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "default"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


_BROKEN = {"name": "here", "cluster": {"server": "https://[::1"}}


def _config(api: Api, file: Path, **changed: Any) -> Access:
    written = {**json.loads(api.kubeconfig(file).read_text()), **changed}
    file.write_text(json.dumps({key: value for key, value in written.items() if value is not None}))
    return Access(str(file))


def test_the_context_is_the_current_one_or_the_one_named(api: Api, tmp_path: Path) -> None:
    there = {"name": "there", "context": {"cluster": "here", "user": "me"}}
    contexts = [{"name": "away", "context": {"cluster": "far", "user": "me"}}, there]
    clusters = [{"name": "here", "cluster": {"server": api.url}}, {"name": "far", "cluster": {"server": "http://far"}}]
    access = _config(
        api, tmp_path / "a", contexts=contexts, clusters=clusters, **{"current-context": "away"}
    )  # fmt: skip
    assert connect(access).url == "http://far"
    assert connect(Access(access.kubeconfig, "there")).get("/apis").status == 200


def test_the_usual_kubeconfig_is_taken_where_none_is_named(api: Api, tmp_path: Path) -> None:
    api.kubeconfig(tmp_path / "default")
    assert connect(Access()).get("/apis").status == 200


def test_within_a_pod_it_is_the_pods_cluster(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"TOKEN": "somebody", "CERT": "a certificate"}.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(incluster_config, f"SERVICE_{name}_FILENAME", str(tmp_path / name))
    host, port = api.url.removeprefix("http://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert connect(Access()).url == f"https://{host}:{port}"
    (tmp_path / "TOKEN").unlink()
    with pytest.raises(ConfigurationError, match="Service token file does not exist"):
        connect(Access())


@pytest.mark.parametrize(
    ("changed", "context", "expected"),
    [
        pytest.param({}, "elsewhere", "Expected object with name elsewhere in .*contexts list", id="no such context"),
        pytest.param({"current-context": None}, "", "Expected key current-context", id="no context chosen"),
        pytest.param({"clusters": []}, "", "Expected object with name here in .*clusters list", id="no such cluster"),
        pytest.param({"clusters": None}, "", "Expected object with name here", id="no clusters"),
        pytest.param({"clusters": [_BROKEN]}, "", "Invalid IPv6 URL", id="an address that is none"),
        pytest.param({"contexts": 7}, "", "there is no way to a cluster: ", id="of another shape"),
    ],
)
def test_a_kubeconfig_that_leads_nowhere_is_bad_usage(
    api: Api, tmp_path: Path, changed: dict[str, Any], context: str, expected: str
) -> None:
    access = _config(api, tmp_path / "a", **changed)
    with pytest.raises(ConfigurationError, match=expected) as raised:
        connect(Access(access.kubeconfig, context))
    assert "\n" not in str(raised.value)
    assert str(raised.value).endswith("lists what there is for --context and --kubeconfig")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "[", "just words", "- a\n- b\n", "\x00"])
def test_a_file_that_is_no_kubeconfig_is_bad_usage(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(ConfigurationError, match=r"^there is no way to a cluster: ") as raised:
        connect(Access(str(tmp_path / "a")))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("access", [Access(), Access(context="prod"), Access("missing")])
def test_no_kubeconfig_at_all(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    if access != Access():
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    with pytest.raises(ConfigurationError, match=r"^there is no kubeconfig .*: name one with --kubeconfig"):
        connect(access)


def test_a_program_that_gives_credentials_is_asked(api: Api, tmp_path: Path) -> None:
    given = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "somebody"}}
    assert connect(_exec(api, tmp_path, f"print({json.dumps(json.dumps(given))})")).get("/apis").status == 200


def test_a_program_that_gives_none_is_told(api: Api, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^no credentials: exec: process returned 3"):
        connect(_exec(api, tmp_path, "raise SystemExit(3)"))
    assert api.requests == []


def _exec(api: Api, folder: Path, program: str) -> Access:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": ["-c", program],
        "interactiveMode": "Never",
    }  # fmt: skip
    return Access(str(api.kubeconfig(folder / "exec", exec=plugin)))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("http://127.0.0.1:1", r"Connection refused; see that it is up", id="nobody listens"),
        pytest.param("http://cluster.invalid", "Name or service not known|name resolution", id="a name that is none"),
        pytest.param("ftp://127.0.0.1", "ftp", id="another protocol"),
    ],
)
def test_a_server_that_is_not_there_gives_no_answer(api: Api, tmp_path: Path, host: str, expected: str) -> None:
    access = _config(api, tmp_path / "a", clusters=[{"name": "here", "cluster": {"server": host}}])
    with pytest.raises(ClusterError, match=expected) as raised:
        connect(access).get("/apis")
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 3


def test_a_server_that_speaks_no_tls_or_is_not_trusted(api: Api, tmp_path: Path) -> None:
    secure = api.url.replace("http:", "https:")
    access = _config(api, tmp_path / "a", clusters=[{"name": "here", "cluster": {"server": secure}}])
    with pytest.raises(ClusterError, match="its certificate is not accepted"):
        connect(access).get("/apis")


def test_a_server_that_never_answers_is_given_up(api: Api, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_SILENCE", 0.2)
    api.answers("/apis", Answer(pause=1.0))
    with pytest.raises(ClusterError, match=r"does not answer: it took too long; see that it is up"):
        connect(Access(str(kubeconfig))).get("/apis")


def test_an_answer_that_only_trickles_is_given_up(api: Api, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PATIENCE", -1)
    api.answers("/apis", Answer(body=b"x"))
    with pytest.raises(ClusterError, match="it took too long"):
        connect(Access(str(kubeconfig))).get("/apis")


def test_credentials_that_are_refused_later_end_the_audit(api: Api, kubeconfig: Path) -> None:
    found = connect(Access(str(kubeconfig)))
    assert found.get("/apis").status == 200
    api.answers("/apis", status(401))
    with pytest.raises(ClusterError, match=r"does not accept the credentials \(401\)") as raised:
        found.get("/apis")
    assert raised.value.exit_code == 3


def test_no_password_is_shown(api: Api, tmp_path: Path) -> None:
    host = api.url.replace("//", "//me:word@") + "/k8s/clusters/c-1?x=y"
    access = _config(api, tmp_path / "a", clusters=[{"name": "here", "cluster": {"server": host}}])
    assert connect(access).url == f"{api.url}/k8s/clusters/c-1"


@pytest.fixture
def told() -> Callable[[Exception], str]:
    return server._said


def test_what_libraries_say_is_one_line(told: Callable[[Exception], str]) -> None:
    assert told(OSError("a\nlast one.")) == "last one"
    assert told(ValueError()) == "ValueError"
