"""The command as a user meets it: a process, its output, its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from egress_policy import __version__, cli, formats

_OPEN = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-egress, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{}]
"""
_DENIED = _OPEN.replace("egress: [{}]", "egress: []")
_WAIVER = (
    "{rule: open-egress, resource: {kind: NetworkPolicy, namespace: shop, name: app-egress}, "
    "owner: shop team, reason: until the gateway is there, expires: 9999-12-31}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Manifests of each kind of verdict."""
    for name, text in {
        "open.yaml": _OPEN,
        "denied.yaml": _DENIED,
        "service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
        "broken.yaml": "a: [",
        "strict.yaml": "profile: strict\n",
        "wrong.json": '{"openPortShare": 2, "unknown": 1}',
        "list.yaml": "- profile\n",
        "twice.yaml": "profile: strict\nprofile: baseline\n",
        "line.json": '{"a\\nb": 1}',
        "waivers.yaml": f"waivers:\n  - {_WAIVER}\n",
        "data.yaml": f"egress:\n  parameters:\n    waivers:\n      - {_WAIVER}\n",
        "both.yaml": f"profile: strict\nwaivers:\n  - {_WAIVER}\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _egress(
    folder: Path, *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "egress_policy", *arguments],
        cwd=folder, env={**os.environ, **(environment or {})}, input=given, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param("audit denied.yaml", 0, id="pass"),
        pytest.param("audit service.yaml", 0, id="skip"),
        pytest.param("audit open.yaml", 1, id="fail"),
        pytest.param("audit open.yaml broken.yaml", 2, id="unreadable, whatever else was found"),
        pytest.param("audit missing.yaml", 2, id="a file that is not there"),
        pytest.param("audit denied.yaml --parameters strict.yaml", 0, id="parameters from a file"),
        pytest.param("audit denied.yaml --engine opa", 0, id="a real OPA"),
        pytest.param("audit open.yaml --waivers waivers.yaml", 0, id="waived"),
        pytest.param("audit open.yaml --waivers data.yaml", 0, id="waived by a file that is data for OPA"),
        pytest.param("audit open.yaml --parameters both.yaml", 0, id="waived by parameters"),
        pytest.param("audit open.yaml --parameters data.yaml", 0, id="parameters that are data for OPA"),
        pytest.param("audit open.yaml --waivers data.yaml --engine opa", 0, id="waived in a real OPA"),
        pytest.param("audit open.yaml --parameters strict.yaml --waivers waivers.yaml", 0, id="both files"),
    ],
)
def test_the_exit_code_is_the_verdict(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, expected: int
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(arguments.split()) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param("audit", "egress: nothing to audit: name a file or a folder", id="no path"),
        pytest.param("audit open.yaml --parameters missing.yaml", "missing.yaml: No such file", id="no such file"),
        pytest.param("audit open.yaml --parameters broken.yaml", "egress: broken.yaml: ", id="a file that is no YAML"),
        pytest.param("audit open.yaml --parameters list.yaml", "parameters are one object", id="not an object"),
        pytest.param(
            "audit open.yaml --parameters wrong.json", "wrong.json:1: openPortShare must be ", id="a wrong value"
        ),
        pytest.param(
            "audit open.yaml --parameters twice.yaml", "twice.yaml: line 2: profile is written twice", id="a key twice"
        ),
        pytest.param(
            "audit open.yaml --parameters line.json", "line.json:1: a\\nb is an unknown", id="a name of two lines"
        ),
        pytest.param(
            "audit open.yaml --parameters both.yaml --waivers waivers.yaml",
            "egress: both.yaml:2 and waivers.yaml:1: waivers in both files",
            id="two lists of waivers",
        ),
        pytest.param(
            "audit open.yaml --waivers both.yaml", "egress: both.yaml:1: profile is no waiver", id="more than waivers"
        ),
        pytest.param("audit open.yaml --parameters=", "egress: : Is a directory", id="a file without a name"),
        pytest.param("audit open.yaml --waivers missing.yaml", "missing.yaml: No such file", id="no such waivers"),
        pytest.param("audit open.yaml --namespace Shop", "--namespace 'Shop'", id="a namespace that cannot be"),
        pytest.param(
            "audit open.yaml --opa-url http://127.0.0.1", "--opa-url needs --engine opa", id="a URL for nobody"
        ),
        pytest.param("audit open.yaml --output missing/report", "cannot write missing/report", id="nowhere to write"),
    ],
)
def test_wrong_usage_is_said_on_standard_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: str, expected: str
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(arguments.split()) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert expected in err


@pytest.mark.parametrize("arguments", ["", "audit --profile lax .", "audit --format xml .", "unknown"])
def test_arguments_that_do_not_exist(arguments: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments.split())
    assert "usage: egress" in capfd.readouterr().err


def test_no_answer_is_3(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(["audit", "open.yaml", "--engine", "opa", "--opa-url", "http://127.0.0.1:1"]) == 3
    assert capfd.readouterr().err.startswith("egress: OPA does not answer")


def test_a_bug_is_no_verdict(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> int:
        raise MemoryError

    monkeypatch.chdir(folder)
    monkeypatch.setattr("egress_policy.commands.audit.run", broken)
    assert cli.main(["audit", "open.yaml"]) == 3
    assert "this is a bug" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", ["--help", "audit --help", "explain --help"])
def test_help_has_examples(arguments: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(arguments.split())
    assert "examples:\n  " in capfd.readouterr().out


def test_the_version(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capfd.readouterr().out == f"egress-policy {__version__}\n"


def test_a_flag_decides_over_the_parameters_file(folder: Path) -> None:
    run = _egress(
        folder, "audit", "--parameters", "strict.yaml", "--profile", "baseline", "--format", "json", "denied.yaml"
    )
    assert json.loads(run.stdout)["profile"] == "baseline"


def test_a_model_of_a_namespace_that_has_nothing_is_told(folder: Path) -> None:
    (folder / "model.yaml").write_text(
        "apiVersion: egress-policy.dev/v1\nkind: EgressModel\nmetadata: {name: m}\nspec: {namespaces: [shpo]}\n"
    )
    for engine in ("wasm", "opa"):
        run = _egress(folder, "audit", "open.yaml", "--model", "model.yaml", "--engine", engine)
        assert "Model 'm' is for namespace 'shpo', which has neither workloads nor policies here" in run.stdout.decode()


def test_waivers_are_reported_with_their_places(folder: Path) -> None:
    (folder / "waivers.yaml").write_text(
        f"# ours\nwaivers:\n  - {_WAIVER}\n  - {_WAIVER.replace('app-egress', 'gone')}\n"
        f"  - {_WAIVER.replace('app-egress', 'old').replace('9999', '2020')}\n"
    )
    run = _egress(folder, "audit", "open.yaml", "--waivers", "waivers.yaml")
    said = run.stdout.decode()
    assert (run.returncode, run.stderr) == (0, b"")
    assert "\nwarn[open-egress]: NetworkPolicy 'app-egress' allows egress" in said
    assert "\n  = waived by shop team until 9999-12-31: until the gateway is there\n" in said
    assert (
        "\nWaivers that waive nothing:\n"
        "  waivers.yaml:4: unused: The waiver of open-egress for NetworkPolicy shop/gone waives nothing: "
        "remove it, or name rule, resource and path as a report does\n"
        "  waivers.yaml:5: expired: The waiver of open-egress for NetworkPolicy shop/old expired on 2020-12-31: "
        "remove it, or have it granted anew\n"
    ) in said


@pytest.mark.parametrize("wrapped", [False, True], ids=["by itself", "as data for OPA"])
def test_what_is_wrong_with_waivers_is_said_with_file_and_line(folder: Path, *, wrapped: bool) -> None:
    text = (
        "waivers:\n- rule: open-egress\n  resource: {kind: Pod, name: 'a*'}\n  owner: x\n"
        "  reason: r\n  expires: 2026-02-30\n- 1\n"
    )
    if wrapped:
        text = "egress:\n  parameters:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    (folder / "wrong.yaml").write_text(text)
    first = 3 if wrapped else 1
    run = _egress(folder, "audit", "open.yaml", "--parameters", "strict.yaml", "--waivers", "wrong.yaml")
    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr.decode() == (
        f"egress: wrong.yaml:{first + 2}: waivers[0].resource.name must be the whole name, without * or ?\n"
        f"wrong.yaml:{first + 5}: waivers[0].expires must be a date, as 2026-12-31: a waiver has an end\n"
        f"wrong.yaml:{first + 6}: waivers[1] must be an object\n"
    )


def test_standard_input(folder: Path) -> None:
    run = _egress(folder, "audit", "-", "--format", "json", given=_OPEN.encode())
    assert run.returncode == 1
    assert json.loads(run.stdout)["findings"][0]["location"] == {"file": "-", "line": 7}


def test_files_are_left_out(folder: Path) -> None:
    run = _egress(folder, "audit", ".", "--format", "json", "--exclude", "[!d]*.yaml", "--exclude", "*.json")
    assert (run.returncode, json.loads(run.stdout)["findings"]) == (0, [])


def test_an_output_file_leaves_standard_output_empty(folder: Path) -> None:
    run = _egress(folder, "audit", "open.yaml", "--format", "sarif", "--output", "report.sarif")
    assert (run.returncode, run.stdout, run.stderr) == (1, b"", b"")
    assert json.loads((folder / "report.sarif").read_text())["version"] == "2.1.0"


def test_a_reader_that_stops_early_changes_no_verdict(folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "egress_policy", "audit", "open.yaml"],
        cwd=folder, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60,
    )  # fmt: skip
    os.close(write)
    assert (run.returncode, run.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("redirected", "expected"),
    [
        pytest.param(">/dev/full", b"egress: cannot write to standard output: No space left on device\n", id="full"),
        pytest.param(">&-", b"egress: cannot write to standard output: it is closed\n", id="closed"),
    ],
)
def test_a_report_that_nobody_gets_is_no_verdict(folder: Path, redirected: str, expected: bytes) -> None:
    command = f'exec "$0" -m egress_policy audit denied.yaml {redirected}'
    run = subprocess.run(["/bin/sh", "-c", command, sys.executable], cwd=folder, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (2, expected)


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "2>&- <&-"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param("audit denied.yaml", 0, id="pass"),
        pytest.param("audit open.yaml", 1, id="fail"),
        pytest.param("audit missing.yaml", 2, id="unreadable"),
        pytest.param("audit open.yaml --parameters missing.yaml", 2, id="no parameters"),
        pytest.param("audit", 2, id="bad usage"),
        pytest.param("audit --what", 2, id="an argument that does not exist"),
        pytest.param("explain nothing", 2, id="no such rule"),
        pytest.param("audit open.yaml --engine opa --opa-url http://127.0.0.1:1", 3, id="no answer"),
    ],
)
def test_the_exit_code_needs_no_standard_error(folder: Path, redirected: str, arguments: str, expected: int) -> None:
    command = f'exec "$0" -m egress_policy {arguments} {redirected}'
    run = subprocess.run(["/bin/sh", "-c", command, sys.executable], cwd=folder, capture_output=True, check=False)
    assert run.returncode == expected


def test_standard_input_that_is_closed_is_unreadable(folder: Path) -> None:
    command = 'exec "$0" -m egress_policy audit - --format json <&-'
    run = subprocess.run(["/bin/sh", "-c", command, sys.executable], cwd=folder, capture_output=True, check=False)
    assert (run.returncode, run.stderr, json.loads(run.stdout)["status"]) == (2, b"", "error")


def test_the_line_of_what_can_be_read_only_once(folder: Path) -> None:
    run = _egress(folder, "audit", "/dev/stdin", "--format", "json", given=_OPEN.encode())
    assert json.loads(run.stdout)["findings"][0]["location"] == {"file": "/dev/stdin", "line": 7}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_can_show_any_name(folder: Path, encoding: str) -> None:
    (folder / "ünïcödé-🦀.yaml").write_text(_OPEN.replace("app-egress", "äpp"), encoding="utf-8")
    for chosen in formats.NAMES:
        run = _egress(
            folder, "audit", "ünïcödé-🦀.yaml", "--format", chosen, environment={"PYTHONIOENCODING": encoding}
        )
        assert (run.returncode, run.stderr) == (1, b"")
        run.stdout.decode(encoding if chosen == "text" else "utf-8")


def test_a_file_name_that_is_no_text_is_shown_with_escapes(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / os.fsdecode(b"\xff.yaml")).write_text(_OPEN)
    for chosen in formats.NAMES:
        run = _egress(folder, "audit", "sub", "--format", chosen)
        assert (run.returncode, run.stderr) == (1, b"")
        assert b"udcff.yaml" in run.stdout


@pytest.mark.parametrize(
    ("sent", "expected"),
    [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="terminated")],
)
def test_an_interrupted_audit_is_quiet(folder: Path, sent: signal.Signals, expected: int) -> None:
    os.mkfifo(folder / "pipe.yaml")
    process = subprocess.Popen(
        [sys.executable, "-m", "egress_policy", "audit", "pipe.yaml"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with (folder / "pipe.yaml").open("wb"):  # waits until it reads
        out, err = _stopped_by(process, sent)
    assert (process.returncode, out, err) == (expected, b"", b"")


def _stopped_by(process: subprocess.Popen[bytes], sent: signal.Signals) -> tuple[bytes, bytes]:
    """What it wrote. A signal between the opening of a file and its reading can be lost: people press Ctrl-C again."""
    for _ in range(11):
        process.send_signal(sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)
    process.kill()
    return process.communicate()


def _on_a_terminal(folder: Path, environment: Mapping[str, str]) -> str:
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "egress_policy", "audit", "open.yaml"],
        cwd=folder, stdout=terminal, stderr=terminal, env={**os.environ, **environment},
    )  # fmt: skip
    process.wait(60)
    os.close(terminal)
    output = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        output += part
    os.close(main)
    return output.decode()


def test_a_terminal_has_colours_unless_unwanted(folder: Path) -> None:
    assert "\x1b[31m" in _on_a_terminal(folder, {"NO_COLOR": ""})
    assert "\x1b" not in _on_a_terminal(folder, {"NO_COLOR": "1"})
