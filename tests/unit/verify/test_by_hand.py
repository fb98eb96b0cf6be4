"""The commands by hand are words of a shell, whatever the names are."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from egress_policy.cluster import Access
from egress_policy.verify import by_hand
from egress_policy.verify.options import Place, Wanted
from egress_policy.verify.plan import planned
from egress_policy.verify.targets import Target

LABELS = {"tier": "backend"}


def _commands(target: Target, access: Access = Access(), outside: str = "1.1.1.1", port: int = 443) -> list[str]:  # noqa: B008
    wanted = Wanted("shop", outside=Place(outside, port))
    return list(by_hand.commands(access, wanted, ["allow-dns"], planned(wanted, [target])))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(
            Target("a", "allow-database", LABELS, 5432, "10.0.0.1"),
            "-- pg_isready --host=10.0.0.1 --port=5432 --timeout=2", id="PostgreSQL",
        ),
        pytest.param(Target("a", "allow-database", LABELS, 3306, "h"), "-- nc -zvv -w 2 h 3306", id="another database"),
        pytest.param(Target("a", "allow-kube-api", LABELS, 443, "h"), "-- nc -zvv -w 2 h 443", id="the API server"),
        pytest.param(
            Target("a", "allow-database", LABELS, 3306, "", "data", {"app": "db", "x": "y"}),
            '-- nc -zvv -w 2 "$(kubectl --namespace data get pods --selector=app=db,x=y '
            "'--output=jsonpath={.items[0].status.podIP}')\" 3306", id="pods whose address is not known yet",
        ),
        pytest.param(Target("a", "allow-database", LABELS, 1), '-- nc -zvv -w 2 "$DATABASE" 1', id="no address"),
    ],
)  # fmt: skip
def test_the_command_of_a_target(target: Target, expected: str) -> None:
    last = _commands(target)[-1]
    assert last.endswith(f" --command {expected}")


@pytest.mark.parametrize(
    ("outside", "port", "expected"),
    [
        ("1.1.1.1", 443, "https://1.1.1.1:443/"),
        ("example.com", 80, "http://example.com:80/"),
        ("2606:4700::1111", 443, "'https://[2606:4700::1111]:443/'"),
    ],
)
def test_the_outside_must_time_out(outside: str, port: int, expected: str) -> None:
    lines = _commands(Target("a", "allow-database", LABELS, 1, "h"), outside=outside, port=port)
    at = next(number for number, line in enumerate(lines) if line.startswith("# plain pod: outside"))
    assert lines[at].endswith(": must not answer, but time out")
    assert lines[at + 1].endswith(f"--command -- wget --timeout=2 -O /dev/null {expected}")


def test_nothing_in_a_name_is_run(tmp_path: Path) -> None:
    evil = "$(touch pwned)`touch pwned`;touch pwned\ntouch pwned #'\""
    target = Target(evil, "allow-database", {"a": evil}, 3306, "", evil, {evil: evil})
    script = "\n".join(["kubectl() { :; }", *_commands(target, Access(evil, evil)), "true"])
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (0, "", [])


def test_the_policies_are_asked_for_by_name_where_the_user_looks() -> None:
    first = _commands(Target("a", "allow-database", LABELS, 1, "h"), Access("my config", "prod"))[0]
    words = "kubectl --kubeconfig 'my config' --context prod --namespace shop get networkpolicies allow-dns"
    assert first == words
    assert shlex.split(first)[2] == "my config"
