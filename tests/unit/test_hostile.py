"""The command among broken pipes, links, names and settings: it answers in time, with the exit code that it means."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from egress_policy import cli, reader

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
_TEMPLATE = "kind: {{ .Values.kind }}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "open.yaml").write_text(_OPEN)
    (tmp_path / "denied.yaml").write_text(_DENIED)
    return tmp_path


def _shell(folder: Path, command: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell's command in which `$EGRESS` is the program."""
    environment = {**os.environ, "EGRESS": f"{sys.executable} -m egress_policy"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, timeout=60, check=False
    )


def _report(folder: Path, command: str) -> dict[str, Any]:
    run = _shell(folder, f"{command} --format json")
    assert run.stderr == b""
    report: dict[str, Any] = json.loads(run.stdout)
    return report


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("$EGRESS audit denied.yaml 2>&-", 0, id="pass"),
        pytest.param("$EGRESS audit open.yaml 2>&-", 1, id="fail"),
        pytest.param("$EGRESS audit missing.yaml 2>&-", 2, id="unreadable"),
        pytest.param("$EGRESS audit 2>&-", 2, id="bad usage"),
        pytest.param("$EGRESS audit open.yaml --parameters missing 2>&-", 2, id="no parameters"),
        pytest.param("$EGRESS audit denied.yaml <&- 2>&-", 0, id="standard input as well"),
    ],
)
def test_the_exit_code_does_not_need_standard_error(folder: Path, command: str, expected: int) -> None:
    assert _shell(folder, command).returncode == expected


def test_a_closed_standard_input_cannot_be_read(folder: Path) -> None:
    run = _shell(folder, "$EGRESS audit - --format json <&-")
    assert (run.returncode, run.stderr) == (2, b"")
    assert json.loads(run.stdout)["status"] == "error"


def test_a_link_to_itself_is_an_error_of_the_report(folder: Path) -> None:
    (folder / "loop.yaml").symlink_to("loop.yaml")
    report = _report(folder, "$EGRESS audit .")
    assert report["status"] == "error"
    assert [(error["file"], error["line"]) for error in report["errors"]] == [("loop.yaml", 1)]
    assert [finding["rule"] for finding in report["findings"]] == ["duplicate-resource", "open-egress"]


def test_a_link_to_a_folder_above_is_not_entered(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "up").symlink_to("..")
    (folder / "inner" / "self").symlink_to(".")
    assert [Path(file.name).name for file in reader.find([str(folder)])] == ["denied.yaml", "open.yaml"]


def test_a_link_of_the_folder_itself_is_followed(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop" / "open.yaml").write_text(_OPEN)
    (folder / "here").symlink_to("shop")
    assert [file.name for file in reader.find([str(folder / "here")])] == ["open.yaml"]


@pytest.mark.parametrize(
    "command",
    ["$EGRESS audit <(cat open.yaml)", "cat open.yaml | $EGRESS audit /dev/stdin", "cat open.yaml | $EGRESS audit -"],
)
def test_lines_of_what_can_be_read_once(folder: Path, command: str) -> None:
    (finding,) = _report(folder, command)["findings"]
    assert finding["location"]["line"] == 7


def test_a_chart_and_its_own_templates_are_one_object_that_is_not_judged(folder: Path) -> None:
    (folder / "app" / "templates").mkdir(parents=True)
    (folder / "app" / "Chart.yaml").write_text("name: app\n")
    (folder / "app" / "templates" / "policy.yaml").write_text(_TEMPLATE)
    report = _report(folder, "$EGRESS audit app app/templates app")
    assert [finding["rule"] for finding in report["findings"]] == ["not-evaluated"]
    assert report["errors"] == []


def test_a_folder_by_the_name_of_a_chart_is_none(folder: Path) -> None:
    (folder / "app" / "Chart.yaml").mkdir(parents=True)
    (folder / "app" / "templates").mkdir()
    (folder / "app" / "templates" / "policy.yaml").write_text(_OPEN)
    assert [file.name for file in reader.find([str(folder / "app")])] == ["templates/policy.yaml"]


def test_the_same_names_in_two_large_folders_take_no_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(4000):
            (tmp_path / name / f"{number}.yaml").touch()
    before = time.process_time()
    found = reader.find([str(tmp_path / "a"), str(tmp_path / "b")])
    assert len({file.name for file in found}) == 8000
    assert time.process_time() - before < 0.5  # 0.1 s if it grows with the files, above 0.7 s with their square


def test_a_run_of_ampersands_beside_a_tag_takes_no_time(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nx: !mine '%s'\n" % ("&" * 20_000)
    (tmp_path / "pod.yaml").write_text(text)
    before = time.process_time()
    (reading,) = reader.read([str(tmp_path)])
    assert (len(reading.documents), reading.errors) == (1, ())
    assert time.process_time() - before < 0.5  # 2 s if it grows with the square of the run


@pytest.mark.parametrize("name", ["\n::error::x.yaml", "a,line=9::x.yaml", "%0A::warning::x.yaml", "\x1b[2Jx.yaml"])
def test_a_file_name_starts_no_command_and_moves_no_cursor(folder: Path, name: str) -> None:
    (folder / "names").mkdir()
    (folder / "names" / name).write_text(_OPEN)
    run = _shell(folder, "$EGRESS audit names --format github; $EGRESS audit names")
    assert b"\x1b" not in run.stdout
    commands = [line for line in run.stdout.decode().splitlines() if line.startswith("::")]
    assert len(commands) == 1
    properties = commands[0].removeprefix("::error ").partition("::")[0]
    assert [one.partition("=")[0] for one in properties.split(",")] == ["file", "line", "title"]


def test_the_report_may_replace_what_was_read(folder: Path) -> None:
    assert _shell(folder, "$EGRESS audit open.yaml --format json --output open.yaml").returncode == 1
    assert json.loads((folder / "open.yaml").read_text())["status"] == "fail"


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param("approvedDestinations: [{name: a, cidrs: [1.0.0.0/8], expires: 2026-02-31}]", id="no such day"),
        pytest.param("now: 2026-02-30T12:00:00Z", id="now on no such day"),
        pytest.param("now: 2026-02-28T25:61:61Z", id="now at no such time"),
        pytest.param("approvedDestinations: [{name: a, cidrs: ['0.0.0.0/0'], open: 'true'}]", id="a text for true"),
        pytest.param("approvedDestinations: [{name: a, cidrs: '0.0.0.0/0'}]", id="a text for a list"),
        pytest.param("approvedDestinations: [{name: a, cidrs: ['0.0.0.0/0'], namespaces: shop}]", id="one namespace"),
        pytest.param("openAddressShare: 0.0000001", id="a share that rounds to nothing"),
        pytest.param("internalBlocks: [0.0.0.0/1, 128.0.0.0/1]", id="nothing public"),
        pytest.param("profile: strict\n---\nprofile: baseline", id="two documents"),
        pytest.param("profile: strict\n...\nprofile: baseline", id="two documents without a separator"),
        pytest.param('{"profile": "strict"}{"profile": "baseline"}', id="two objects"),
        pytest.param("profile: strict\nprofile: baseline", id="a key that is written twice"),
    ],
)
def test_parameters_that_say_nothing_clear_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], parameters: str
) -> None:
    (folder / "parameters.yaml").write_text(parameters)
    monkeypatch.chdir(folder)
    assert cli.main(["audit", "denied.yaml", "--parameters", "parameters.yaml"]) == 2
    assert capfd.readouterr().out == ""


def _judged(folder: Path, manifests: list[dict[str, Any]], settings: dict[str, Any]) -> tuple[int, int]:
    """The exit code, and the most memory that the process took, in MB."""
    (folder / "manifests.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))
    (folder / "parameters.json").write_text(json.dumps(settings))
    program = (
        "import sys; from egress_policy.cli import main; code = main(sys.argv[1:]);"
        "print(code, int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024, file=sys.stderr)"
    )
    arguments = ["audit", "manifests.json", "--parameters", "parameters.json", "--format", "json"]
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, timeout=60, check=True
    )
    code, memory = run.stderr.split()[-2:]
    return int(code), int(memory)


def test_comments_take_memory_in_proportion(tmp_path: Path) -> None:
    """Twenty million bytes of them took 300 MB more."""
    (tmp_path / "comments.yaml").write_bytes(b"# a line that says nothing\n" * 750_000)
    program = (
        "from egress_policy.cli import main; code = main(['audit', 'comments.yaml']);"
        "print(code, int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    code, memory = map(int, run.stdout.split()[-2:])
    assert code == 0
    assert memory < 200


def _policy(number: int, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": f"p{number}", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": rules},
    }  # fmt: skip


def _rule(cidrs: list[str], ports: list[int]) -> dict[str, Any]:
    return {"to": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs], "ports": [{"port": port} for port in ports]}


@pytest.mark.parametrize(
    ("rules", "approved"),
    [
        pytest.param(
            [_rule([f"{16 + i // 256}.{i % 256}.0.0/16" for i in range(2000)], [443])], [], id="a cloud's blocks"
        ),
        pytest.param([_rule(["0.0.0.0/1"], list(range(1, 3000, 2)))], [], id="many single ports"),
        pytest.param(
            [_rule(["16.0.0.0/5"], [443])],
            [
                {"name": f"a{i}", "cidrs": [f"16.{i}.0.0/16"], "ports": [443], "expires": "2020-01-01"}
                for i in range(200)
            ],
            id="many expired approvals",
        ),
    ],
)  # fmt: skip
def test_large_policies_take_memory_in_proportion(
    tmp_path: Path, rules: list[dict[str, Any]], approved: list[dict[str, Any]]
) -> None:
    code, memory = _judged(tmp_path, [_policy(0, rules)], {"approvedDestinations": approved} if approved else {})
    assert code in (0, 1)
    assert memory < 1024
