"""`egress verify` as a user meets it, as far as that needs no cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from egress_policy import cli

MODEL = """\
apiVersion: egress-policy.dev/v1
kind: EgressModel
metadata: {name: shop}
spec:
  namespaces: [shop]
  databases: [{name: orders, engine: postgresql, namespace: data, labels: {app: orders-db}, from: {tier: backend}}]
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param("-n Shop", "--namespace 'Shop': a name has lower case letters", id="no namespace"),
        pytest.param("-n shop --timeout 5", "--timeout 5: from 30 to 3600 seconds", id="no time at all"),
        pytest.param("-n shop --outside -l", "expected one argument", id="an option for an address"),
        pytest.param("-n shop --outside=-l", "--outside '-l': a host name or an address", id="an option of nc"),
        pytest.param("-n shop --image=-x", "--image '-x' is no image", id="no image"),
        pytest.param("-n shop --lookup=-x", "--lookup '-x'", id="no name"),
        pytest.param("-n shop --database x=y=z --print", "no such database; there are: database", id="no database"),
        pytest.param("-n shop --model none.yaml", "none.yaml: No such file", id="no model"),
        pytest.param("-n shop --kubeconfig none", "there is no kubeconfig none", id="no kubeconfig"),
        pytest.param("", "the following arguments are required: --namespace/-n", id="nothing"),
    ],
)
def test_wrong_usage_is_said(capfd: pytest.CaptureFixture[str], arguments: str, expected: str) -> None:
    try:
        code = cli.main(["verify", *arguments.split()])
    except SystemExit as left:
        code = int(str(left.code))
    out, err = capfd.readouterr()
    assert (code, out) == (2, "")
    assert expected in err


def test_two_models_for_one_namespace_are_bad_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(f"{MODEL}---\n{MODEL.replace('name: shop', 'name: other')}")
    assert cli.main(["verify", "-n", "shop", "--model", str(file), "--print"]) == 2
    assert capfd.readouterr().out == ""


def test_the_commands_of_a_model_are_printed_without_a_cluster(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(MODEL)
    assert cli.main(["verify", "-n", "shop", "--model", str(file), "--print"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "kubectl --namespace shop get networkpolicies default-deny-egress allow-dns allow-database"
    asked = "kubectl --namespace data get pods --selector=app=orders-db '--output=jsonpath={.items[0].status.podIP}'"
    assert lines[-1].endswith(f'--command -- pg_isready --host="$({asked})" --port=5432 --timeout=2')
    assert "--labels=app.kubernetes.io/managed-by=egress-policy,tier=backend" in lines[-1]
    assert cli.main(["verify", "-n", "shop", "--model", str(file), "--print", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out) == lines


def test_the_client_is_imported_only_for_a_cluster() -> None:
    program = "import sys; from egress_policy import cli; cli.main(sys.argv[1:]); print('kubernetes' in sys.modules)"
    command = [sys.executable, "-c", program, "verify", "-n", "shop", "--print"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "False"
