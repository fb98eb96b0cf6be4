"""`egress sidecar config`: what is written is safe, Kustomize takes it, and it runs with few rights."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress_policy.cli import main
from tests.bundle.signers import Pair

_APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop:1}]}
"""


def _written(key: Pair, folder: Path, *more: str) -> Path:
    out = folder / "opa"
    asked = ["--url", "https://bundles.example.com", "--key", str(key.public), "--keyid", "k", "--scope", "prod"]
    assert main(["sidecar", "config", *asked, "--bundle", "egress-restricted", "--output", str(out), *more]) == 0
    return out


def _pod(path: Path) -> Any:
    deployment = next(one for one in yaml.safe_load_all(path.read_text()) if one["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]


def test_what_is_written_is_safe(key: Pair, tmp_path: Path) -> None:
    out = _written(key, tmp_path)
    assert main(["sidecar", "check", str(out / "opa.yaml"), "--opa-version", "1.22.2"]) == 0
    made = yaml.safe_load((out / "opa.yaml").read_text())
    assert made["bundles"]["egress-restricted"]["signing"] == {"keyid": "k", "scope": "prod"}
    assert made["bundles"]["egress-restricted"]["resource"] == "egress-restricted.tar.gz"
    assert made["keys"]["k"] == {"algorithm": key.algorithm, "key": key.public.read_text()}


def test_nothing_but_the_key_of_a_file_gets_into_it(es256: Pair, tmp_path: Path) -> None:
    noted = tmp_path / "noted.pem"
    noted.write_bytes(b"\xffsomebody's notes\n" + es256.public.read_bytes())
    out = _written(Pair("ES256", es256.private, noted), tmp_path)
    assert yaml.safe_load((out / "opa.yaml").read_text())["keys"]["k"]["key"] == es256.public.read_text()


@pytest.mark.parametrize("file", ["deployment.yaml", "component/sidecar.yaml"])
def test_it_may_do_no_more_than_it_must(file: str, es256: Pair, tmp_path: Path) -> None:
    pod = _pod(_written(es256, tmp_path) / file)
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health?bundles"
    assert "--addr=127.0.0.1:8181" in container["args"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_a_token_comes_from_a_secret(es256: Pair, tmp_path: Path) -> None:
    out = _written(es256, tmp_path, "--token")
    made = yaml.safe_load((out / "opa.yaml").read_text())
    path = made["services"]["bundles"]["credentials"]["bearer"]["token_path"]
    (container,) = _pod(out / "deployment.yaml")["containers"]
    assert any(path.startswith(f"{mount['mountPath']}/") for mount in container["volumeMounts"])


@pytest.mark.parametrize(
    ("more", "kustomization"),
    [(["--namespace", "shop"], ""), ([], "namespace: shop\n"), (["--namespace", "shop"], "namespace: shop\n")],
    ids=["by its own namespace", "by that of the kustomization", "by both"],
)
def test_the_component_adds_it_to_a_deployment(
    more: list[str], kustomization: str, es256: Pair, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    _written(es256, tmp_path, *more)
    (tmp_path / "app.yaml").write_text(_APP)
    (tmp_path / "kustomization.yaml").write_text(f"{kustomization}resources: [app.yaml]\ncomponents: [opa/component]\n")
    built = subprocess.run([tool("kustomize"), "build", tmp_path], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    objects = {one["kind"]: one for one in yaml.safe_load_all(built.stdout)}
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    assert {one["name"] for one in pod["containers"]} == {"shop", "opa"}
    named = next(volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume)
    assert named == objects["ConfigMap"]["metadata"]["name"]
    assert {one["metadata"]["namespace"] for one in objects.values()} == {"shop"}
    assert objects["Deployment"]["metadata"]["name"] == "shop"


def test_without_a_folder_it_is_the_configuration_alone(es256: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--url", "https://x.example.com", "--bundle", "mine=team/mine.tar.gz", "--key", str(es256.public)]
    assert main(["sidecar", "config", *asked, "--keyid", "k", "--scope", "prod", "--long-polling"]) == 0
    made = yaml.safe_load(capsys.readouterr().out)
    assert made["bundles"]["mine"]["resource"] == "team/mine.tar.gz"
    assert made["bundles"]["mine"]["polling"]["long_polling_timeout_seconds"] == 60


def test_decisions_are_masked_where_the_bundle_for_it_is_loaded(es256: Pair, tmp_path: Path) -> None:
    out = _written(es256, tmp_path, "--bundle", "egress-log")
    assert yaml.safe_load((out / "opa.yaml").read_text())["decision_logs"]["mask_decision"] == "/system/log/mask"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"--url": "http://bundles.example.com"}, "is plain HTTP", id="plain HTTP"),
        pytest.param({"--url": ""}, "must be the address of a server", id="no address"),
        pytest.param({"--keyid": ""}, "must name its keyid", id="no keyid"),
        pytest.param({"--scope": ""}, "must name its scope", id="no scope"),
        pytest.param({"--bundle": "../x"}, "the name must be lower-case letters", id="a name that leads elsewhere"),
        pytest.param({"--key": "none.pem"}, "none.pem: No such file", id="no key"),
    ],
)
def test_what_is_unsafe_is_not_written(
    change: dict[str, str], said: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"--url": "https://x", "--bundle": "b", "--key": str(es256.public), "--keyid": "k", "--scope": "s"} | change
    asked = [f"{name}={value}" for name, value in given.items()]
    assert main(["sidecar", "config", *asked, "--output", str(tmp_path / "o")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def _from_registry(key: Pair, folder: Path, *more: str) -> Any:
    out = _written(key, folder, "--url", "oci://registry.example.com/policy/", *more)
    assert main(["sidecar", "check", str(out / "opa.yaml"), "--opa-version", "1.22.2"]) == 0
    return yaml.safe_load((out / "opa.yaml").read_text())


@pytest.mark.parametrize(("bundle", "resource"), [("b", "b:latest"), ("b=x/y:prod", "x/y:prod")])
def test_from_a_registry_a_bundle_is_a_repository_with_a_tag(
    bundle: str, resource: str, es256: Pair, tmp_path: Path
) -> None:
    made = _from_registry(es256, tmp_path, "--bundle", bundle)
    assert made["services"]["bundles"] == {"url": "https://registry.example.com", "type": "oci"}
    assert made["bundles"]["b"]["resource"] == f"registry.example.com/policy/{resource}"


def test_a_registry_is_shown_user_and_password(es256: Pair, tmp_path: Path) -> None:
    bearer = _from_registry(es256, tmp_path, "--token")["services"]["bundles"]["credentials"]["bearer"]
    assert bearer == {"scheme": "Basic", "token_path": "/var/run/secrets/egress-policy/token"}


def _refused(key: Pair, folder: Path, *more: str) -> int:
    asked = [
        "--key",
        str(key.public),
        "--keyid",
        "k",
        "--scope",
        "prod",
        "--bundle",
        "b",
        "--output",
        str(folder / "x"),
    ]
    return main(["sidecar", "config", *asked, *more])


def test_a_registry_does_not_wait(es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _refused(es256, tmp_path, "--url", "oci://r.example.com/p", "--long-polling") == 2
    assert "--long-polling: a registry answers at once" in capsys.readouterr().err


@pytest.mark.parametrize(
    "image",
    [
        "openpolicyagent/opa:1.22.1-static", "r.example.com:5000/opa:v1.21.3", "openpolicyagent/opa:0.70.0",
        f"openpolicyagent/opa:1.20.0@sha256:{'0' * 64}",
    ],
)  # fmt: skip
def test_an_image_that_is_too_old_is_refused(
    image: str, es256: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _refused(es256, tmp_path, "--url", "https://b.example.com", "--image", image) == 2
    assert "is too old: 1.22.2 is the first that is safe" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "image",
    ["openpolicyagent/opa:1.22.2-static", "openpolicyagent/opa:1.30.0-envoy", "r.example.com:5000/opa", "opa:latest"],
)
def test_an_image_that_is_new_or_does_not_tell_is_taken(image: str, es256: Pair, tmp_path: Path) -> None:
    assert _refused(es256, tmp_path, "--url", "https://b.example.com", "--image", image) == 0
