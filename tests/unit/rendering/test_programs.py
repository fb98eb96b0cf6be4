"""What renders is a program that a stranger's files keep busy: it is limited, and knows nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from egress_policy.rendering import programs
from tests.unit.rendering.conftest import DEPLOYMENT, Write, audited, lines, said

Program = Callable[[str, str], None]
CHARTS = {f"{name}/Chart.yaml": f"name: {name}\n" for name in ("a", "b")}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_SECONDS", 1.0)
    monkeypatch.setattr(programs, "_MOST_OUTPUT", 1 << 16)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("exec /bin/sleep 600", "helm took longer than 1 seconds", id="one that sleeps"),
        pytest.param("/bin/sleep 600 & wait", "helm took longer than 1 seconds", id="one that has children"),
        pytest.param("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaa; done", "helm printed more than 0 MB", id="endless"),
        pytest.param("exit 3", "helm says: nothing", id="one that fails silently"),
        pytest.param("kill -9 $$", "helm says: nothing", id="one that is killed"),
        pytest.param("printf '\\033[31mred\\n\\nnews' >&2; exit 1", "helm says: [31mred news", id="colours"),
        pytest.param("for i in $(/bin/seq 99); do echo 'too much to say' >&2; done; exit 1", "…", id="long"),
    ],
)
def test_what_goes_wrong_is_said_of_each_chart(body: str, expected: str, program: Program, write: Write) -> None:
    program("helm", body)
    write({**CHARTS, "pod.yaml": DEPLOYMENT})
    start = time.monotonic()
    report = audited()
    assert [expected in message for message in said(report)] == [True, True], said(report)
    assert "no-egress-policy Deployment/default/web pod.yaml" in lines(report)
    assert time.monotonic() - start < 60


def test_all_together_have_a_limit(program: Program, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_ALL_SECONDS", 0.5)
    program("helm", "exec /bin/sleep 600")
    write(CHARTS)
    first, second = said(audited())
    assert "helm took longer than" in first
    assert "all charts and kustomizations together took longer than 0.5 seconds" in second


def test_a_program_that_is_none_is_said_to_be_so(program: Program, write: Write) -> None:
    program("helm", "")
    (write(CHARTS).parent / "programs" / "helm").write_bytes(b"\x7fELF")
    assert all("cannot be started" in message for message in said(audited()))


def test_the_user_s_settings_and_secrets_are_not_its_own(
    program: Program, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("KUBECONFIG", "/home/me/config")
    program("helm", "set >&2; pwd >&2; exit 1")
    monkeypatch.setattr(programs, "_MOST_COMPLAINT", 1 << 16)
    here = write(CHARTS)
    (told, _) = said(audited())
    assert "helm says" in told
    assert not [secret for secret in ("hunter2", "/home/me", str(here.parent / "programs")) if secret in told]
    assert "HTTPS_PROXY='http://127.0.0.1:9'" in told or "HTTPS_PROXY=http://127.0.0.1:9" in told


def test_kubectl_renders_where_kustomize_is_not_there(program: Program, write: Write) -> None:
    program("kubectl", 'echo "apiVersion: v1"; echo "kind: Pod"; echo "metadata: {name: $1}"; echo "spec: {}"')
    write({"a/kustomization.yaml": "resources: []\n"})
    assert lines(audited()) == ["no-egress-policy Pod/default/kustomize a/kustomization.yaml"]
