"""`egress audit --cluster` as a user meets it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from egress_policy import cli
from tests.unit.cluster.api import Answer, Api, status

PODS = "/api/v1/pods"


@pytest.fixture
def command(api: Api, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command, for the small cluster. KUBECONFIG is what most people use."""
    api.answers(PODS, Answer(body=b'{"kind": "PodList", "items": []}'))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    return [sys.executable, "-m", "egress_policy", "audit", "--cluster"]


def _run(command: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(
            "--cluster k8s/", "--cluster reads a cluster, k8s/ is a file: audit one after the other", id="both"
        ),
        pytest.param("--cluster -", "- is a file", id="and standard input"),
        pytest.param(
            "--cluster --exclude a", "--exclude leaves out files; a cluster is limited by --namespace", id="no"
        ),
        pytest.param("--context prod k8s/", "--context and --kubeconfig need --cluster", id="a context for nobody"),
        pytest.param("--kubeconfig f", "--context and --kubeconfig need --cluster", id="a kubeconfig for nobody"),
        pytest.param("--cluster --kubeconfig f", "there is no kubeconfig f: name one with --kubeconfig", id="no file"),
        pytest.param("--cluster --namespace A", "--namespace 'A': a name has lower case letters", id="no namespace"),
        pytest.param("", "nothing to audit: name a file or a folder, - for standard input, or --cluster", id="nothing"),
    ],
)
def test_wrong_usage_is_said(capfd: pytest.CaptureFixture[str], arguments: str, expected: str) -> None:
    assert cli.main(["audit", *arguments.split()]) == 2
    out, err = capfd.readouterr()
    assert (out, err.startswith("egress: ")) == ("", True)
    assert expected in err


def test_the_text_says_which_cluster_and_quotes_the_offender(api: Api, command: list[str]) -> None:
    run = _run(command)
    assert run.stderr == ""
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    assert lines[1:3] == ["egress-restricted 1.0.0, profile baseline: fail", f"cluster {api.url}"]
    assert lines[4] == "In /apis/networking.k8s.io/v1/namespaces/bank/networkpolicies/open"
    assert lines[8:11] == ["    | spec:", "    |   egress:", "  > |     - {}"]
    only = _run(command, "--namespace", "shop")
    assert (only.returncode, only.stdout.splitlines()[2]) == (0, f"cluster {api.url}, only namespace shop")


def test_the_exit_code_is_2_for_a_list_that_cannot_be_read(api: Api, command: list[str]) -> None:
    api.answers(PODS, status(403, "pods is forbidden\x1b[2J"))
    run = _run(command, "--namespace", "")
    assert run.returncode == 2
    assert f"  {PODS}:1: cannot be listed: 403 Forbidden: pods is forbidden\\x1b[2J\n" in run.stdout


@pytest.mark.parametrize("chosen", ["json", "sarif", "junit", "github", "policy-report", "open-reports"])
def test_every_format_shows_a_cluster(api: Api, command: list[str], chosen: str) -> None:
    api.answers(PODS, status(403))
    run = _run(command, "--format", chosen)
    assert (run.returncode, run.stderr) == (2, "")
    assert "/apis/networking.k8s.io/v1/namespaces/bank/networkpolicies/open" in run.stdout
    assert PODS in run.stdout


def test_sarif_has_the_address_of_an_object(api: Api, command: list[str]) -> None:
    [result] = json.loads(_run(command, "--format", "sarif").stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": f"{api.url}/apis/networking.k8s.io/v1/namespaces/bank/networkpolicies/open"
    }


def test_policy_reports_of_a_cluster(command: list[str]) -> None:
    run = _run(command, "--format", "policy-report")
    assert [(one["kind"], one["metadata"].get("namespace")) for one in yaml.safe_load_all(run.stdout)] == [
        ("PolicyReport", "bank"),
        ("PolicyReport", "shop"),
        ("ClusterPolicyReport", None),
    ]


@pytest.mark.parametrize(
    ("token", "expected", "code"),
    [
        pytest.param("wrong", "does not accept the credentials (401): log in again, or choose others", 3, id="login"),
        pytest.param("", "there is no way to a cluster: ", 2, id="no kubeconfig in it"),
    ],
)
def test_no_answer_is_one_sentence(
    api: Api, kubeconfig: Path, command: list[str], token: str, expected: str, code: int
) -> None:
    if token:
        api.kubeconfig(kubeconfig, token=token)
    else:
        kubeconfig.write_text("{}")
    run = _run(command)
    assert (run.returncode, run.stdout) == (code, "")
    assert expected in run.stderr
    assert run.stderr.count("\n") == 1


def test_the_client_is_imported_only_for_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{}")
    program = "import sys; from egress_policy import cli; cli.main(sys.argv[1:]); print('kubernetes' in sys.modules)"
    run = _run([sys.executable, "-c", program, "audit", str(tmp_path)])
    assert run.stdout.splitlines()[-1] == "False"


def test_ctrl_c_ends_it_while_the_server_is_silent(api: Api, command: list[str]) -> None:
    api.answers(PODS, Answer(pause=20))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not any(path == PODS for path, _ in api.requests):
        assert process.poll() is None
        time.sleep(0.01)
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert time.monotonic() - before < 3


def test_progress_is_shown_on_a_terminal(api: Api, command: list[str]) -> None:
    api.answers("/apis/apps/v1/daemonsets", Answer(body=b'{"kind": "DaemonSetList", "items": []}', pause=0.7))
    main, terminal = pty.openpty()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal)
    process.wait(60)
    os.close(terminal)
    shown = os.read(main, 65536).decode()
    os.close(main)
    assert "listing daemonsets: 0 objects" in shown
    assert shown.endswith("\r\x1b[K")
