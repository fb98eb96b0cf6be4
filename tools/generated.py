"""The files that are generated from policy/: compiled, its metadata, the lock of the bundles, pages, RBAC, gatekeeper/.

What `egress generate` makes of the example's model, in every format, is among them.

One function yields them all as {path: bytes}; writing and checking share it. `python -m tools.generated OPA [--check]`,
with python/ on the path, and with what the project itself needs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from egress_policy.errors import EgressPolicyError

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "nox -s generate"
# Nothing else may lie in these: a rule that is gone leaves no page behind.
FOLDERS = ("bundles/embedded", "docs/rules", "examples/cluster", "examples/model/generated", "gatekeeper")
ENTRYPOINTS = (
    *("egress/main/namespaces", "egress/main/report", "egress/main/parameters"),
    *("egress/diff/namespaces", "egress/diff/report"),
    *("egress/gateway/decision", "egress/gateway/index", "egress/review/decision", "egress/review/index"),
)
# The control that an audit answers.
CONTROL = "egress-restricted"
PROFILES = ("baseline", "strict")
LEVELS = {"fail", "warn"}
# A closed set: a misspelt field would be silently without effect.
CUSTOM = {"control", "severity", "levels", "remediation", "match", "parameters", "requires_inventory"}
# Why a cluster cannot hold what the rule looks for, and the parameters without which it says nothing.
OPTIONAL = {"not_in_cluster", "asks_for"}
MATCHED = {"workload": "workloads", "unjudged": "policies and firewalls of other kinds"}
# How the API calls these; of all others it is the kind in lower case and its plural.
RESOURCES = {
    ("k8s.cni.cncf.io", "MultiNetworkPolicy"): "multi-networkpolicies",
    ("kubeovn.io", "SecurityGroup"): "security-groups",
}
KINDS = """{
    "listed": data.lib.egress.kinds.listed,
    "dialects": {name: object.get(dialect, "kinds", null) | some name, dialect in data.lib.egress.dialects},
}"""
# What a model says where it says nothing, for whoever makes policies from one.
MODEL = """{name: data.lib.egress.model[name] | some name in ["layers", "labels", "engines", "presets", "api_ports"]}"""
EXAMPLE = "examples/model/shop.yaml"
# The ServiceAccount that audits, its namespace, and its roles.
AUDITOR = "egress-audit"

Json = dict[str, Any]
Packages = dict[str, Json]


class GenerateError(Exception):
    """The policy does not compile, or lacks what a generated file is made of, such as METADATA of a rule."""


def write(opa: Path) -> int:
    """Write what differs, remove what is left over; return how many files were touched."""
    files = contents(opa)
    stale = _differing(files)
    for path in stale:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(files[path])
    leftovers = _leftovers(files)
    for path in leftovers:
        (ROOT / path).unlink()
    return len(stale) + len(leftovers)


def check(opa: Path) -> list[str]:
    """What writing would change, one line a file."""
    files = contents(opa)
    return [
        *(f"{path} is not what {COMMAND} writes" for path in _differing(files)),
        *(f"{path} is left over" for path in _leftovers(files)),
    ]


def _differing(files: Mapping[str, bytes]) -> list[str]:
    return [path for path, text in files.items() if not (ROOT / path).is_file() or (ROOT / path).read_bytes() != text]


def _leftovers(files: Mapping[str, bytes]) -> list[str]:
    there = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())
    return sorted({path.relative_to(ROOT).as_posix() for path in there} - set(files))


def contents(opa: Path) -> dict[str, bytes]:
    """Every generated file: {path from the root: bytes}."""
    kinds = _kinds(_eval(opa, KINDS))
    metadata = _metadata(_inspect(opa)) | {"kinds": kinds, "model": _eval(opa, MODEL)}
    return (
        _enforced(opa, kinds)
        | _tests(opa)
        | dict(_example())
        | {
            "bundles/embedded/policy.wasm": _compiled(opa),
            "bundles/embedded/metadata.json": _json(metadata),
            "bundles/lock.json": _lock(),
            "docs/rules/README.md": _index(metadata).encode(),
            "examples/cluster/rbac.yaml": _rbac(kinds).encode(),
            "examples/cluster/role.yaml": _namespaced_rbac(kinds).encode(),
            **{f"docs/rules/{rule}.md": _page(rule, found).encode() for rule, found in metadata["rules"].items()},
        }
    )


def _enforced(opa: Path, kinds: Json) -> dict[str, bytes]:
    from tools import enforcement  # the project itself, which the rest of this module does without

    # The conversion takes the OPA on PATH.
    os.environ["PATH"] = os.pathsep.join([str(opa.parent), os.environ["PATH"]])
    return enforcement.contents(kinds)


def _tests(opa: Path) -> dict[str, bytes]:
    from tools import dialect_tests  # as above

    return dialect_tests.contents(opa, COMMAND)


def _lock() -> bytes:
    from tools import bundles  # as above; OPA is on PATH by now

    return _json(bundles.lock())


def _example() -> Iterator[tuple[str, bytes]]:
    from egress_policy import generate, model  # as above

    models = model.read(str(ROOT / EXAMPLE))
    for name in generate.NAMES:
        for path, text in generate.load(name).files(models).items():
            yield f"examples/model/generated/{path}", text


def _compiled(opa: Path) -> bytes:
    """The policy as wasm. Built from inside policy/: the module keeps the paths that it was given."""
    entrypoints = (argument for name in ENTRYPOINTS for argument in ("-e", name))
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle.tar.gz"
        _run(opa, "build", "-t", "wasm", "--ignore", "*_test.rego", *entrypoints, "-o", str(bundle), ".")
        with tarfile.open(bundle) as archive:
            module = archive.extractfile("/policy.wasm")
            if module is None:
                raise GenerateError("the bundle that opa built holds no compiled policy")
            return module.read()


def _inspect(opa: Path) -> Packages:
    """Each package of the policy with its METADATA, empty where it has none; tests are left out."""
    found: Json = json.loads(_run(opa, "inspect", "--annotations", "--format", "json", "."))
    own = {
        ".".join(part["value"] for part in entry["path"]): entry["annotations"]
        for entry in found["annotations"]
        if entry["annotations"].get("scope") == "package"
    }
    return {name: own.get(name, {}) for name in sorted(found["namespaces"]) if not name.endswith("_test")}


def _eval(opa: Path, query: str) -> Json:
    found: Json = json.loads(_run(opa, "eval", "--data", ".", "--ignore", "*_test.rego", "--format", "raw", query))
    return found


def _run(opa: Path, *arguments: str) -> bytes:
    done = subprocess.run([str(opa), *arguments], cwd=ROOT / "policy", capture_output=True, check=False)
    if done.returncode != 0:
        raise GenerateError(f"opa {arguments[0]}: {(done.stderr or done.stdout).decode().strip()}")
    return done.stdout


def _metadata(packages: Packages) -> Json:
    """What the report's writers, the rule pages and `egress explain` show of the control and its rules."""
    controls = _below("data.egress.controls.", packages)
    found = {**_below("data.egress.rules.", packages), **_below("data.egress.model.", packages)}
    rules = {name: _rule(name, annotations) for name, annotations in sorted(found.items())}
    if strays := sorted({rule["custom"]["control"] for rule in rules.values()} ^ set(controls)):
        raise GenerateError(f"below egress.controls and in custom.control of rules there must be the same: {strays}")
    described = {name: _described(annotations) for name, annotations in controls.items()}
    return {"control": described[CONTROL], "controls": described, "rules": rules}


def _kinds(found: Json) -> Json:
    """What a cluster is asked for: {group: {kind: {"resource", "namespaced"}}}."""
    listed: Json = found["listed"]
    for name, kinds in found["dialects"].items():
        if kinds is None:
            raise GenerateError(f"the dialect {name} lacks `kinds`: the kinds that it reads, by API group")
        for group in kinds:
            if not set(kinds[group]) <= set(listed.get(group, {})):
                raise GenerateError(f"lib.egress.kinds leaves out kinds of the dialect {name}")
    return {
        group: {kind: {"resource": _resource(group, kind), **facts} for kind, facts in sorted(kinds.items())}
        for group, kinds in sorted(listed.items())
    }


def _resource(group: str, kind: str) -> str:
    plain = kind.lower()
    plural = f"{plain}es" if plain.endswith("s") else f"{plain[:-1]}ies" if plain.endswith("y") else f"{plain}s"
    return RESOURCES.get((group, kind), plural)


def _below(prefix: str, packages: Packages) -> Packages:
    """The packages directly below, each named as its findings are: `open-egress`."""
    names = ((path.removeprefix(prefix), found) for path, found in packages.items() if path.startswith(prefix))
    return {name.replace("_", "-"): found for name, found in names if "." not in name}


def _rule(name: str, annotations: Json) -> Json:
    custom = annotations.get("custom", {})
    problems = [f"lacks {field}" for field in ("title", "description") if not annotations.get(field)]
    problems += [f"lacks custom.{field}" for field in sorted(CUSTOM - set(custom))]
    problems += [f"has an unknown custom.{field}" for field in sorted(set(custom) - CUSTOM - OPTIONAL)]
    levels = custom.get("levels", {})
    if not levels or not set(levels) <= set(PROFILES) or not set(levels.values()) <= LEVELS:
        problems.append(f"has levels {levels}")
    if problems:
        raise GenerateError("\n".join(f"the METADATA of {name} {problem}" for problem in problems))
    return _described(annotations) | {field: custom[field] for field in ("severity", "remediation", "levels")}


def _described(annotations: Json) -> Json:
    return {
        "title": annotations["title"],
        "description": annotations.get("description", "").strip(),
        "related_resources": annotations.get("related_resources", []),
        "custom": annotations.get("custom", {}),
    }


def _json(value: Json) -> bytes:
    text = json.dumps({"generated": f"by `{COMMAND}` from policy/"} | value, indent=2, ensure_ascii=False)
    return (text.replace("{\n  ", "{", 1) + "\n").encode()


def _index(metadata: Json) -> str:
    sections = "\n".join(_section(name, metadata) for name in sorted(metadata["controls"], key=CONTROL.__ne__))
    return f"{_banner('policy/egress/rules/ and policy/egress/model/')}\n{sections}"


def _section(control: str, metadata: Json) -> str:
    rows = "\n".join(
        f"| [`{rule}`]({rule}.md) | {found['title']} | {' | '.join(_levels(found))} |"
        for rule, found in metadata["rules"].items()
        if found["custom"]["control"] == control
    )
    described = metadata["controls"][control]
    return f"""# {described["title"]}

{described["description"]}

| finding | what it says | {" | ".join(PROFILES)} |
|---|---|---|---|
{rows}
"""


def _page(rule: str, found: Json) -> str:
    levels = "\n".join(f"| {profile} | {level} |" for profile, level in zip(PROFILES, _levels(found), strict=True))
    return f"""{_banner("its METADATA in policy/egress/")}
# {rule}: {found["title"]}

{found["description"]}

| profile | level |
|---|---|
{levels}

Severity: {found["severity"]}. {_reading(found["custom"])}

## What to do

{found["remediation"].strip()}
{_references(found)}"""


def _levels(found: Json) -> list[str]:
    return [found["levels"].get(profile, "–") for profile in PROFILES]


def _reading(custom: Json) -> str:
    """What the rule looks at, in a sentence or two."""
    kinds = ", ".join(MATCHED.get(kind, f"`{kind}`") for kind in custom["match"])
    names = ", ".join(f"`{name}`" for name in custom["parameters"])
    return f"Judges {kinds}." + (f" Parameters: {names}." if names else "")


def _references(found: Json) -> str:
    lines = [
        f"- [{entry['description']}]({entry['ref']})" if "description" in entry else f"- <{entry['ref']}>"
        for entry in found["related_resources"]
    ]
    return "\n".join(["", "## References", "", *lines, ""]) if lines else ""


def _banner(source: str) -> str:
    return f"<!-- Generated by `{COMMAND}` from {source}: change it there. -->"


def _rbac(kinds: Json) -> str:
    return f"""{_yaml_banner("nothing else")}
#
#   kubectl create namespace {AUDITOR} && kubectl apply -f rbac.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {AUDITOR}
  namespace: {AUDITOR}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {AUDITOR}
rules:
{_rules(kinds)}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {AUDITOR}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {AUDITOR}
{_subject()}
"""


def _namespaced_rbac(kinds: Json) -> str:
    inside = {
        group: {kind: facts for kind, facts in found.items() if facts["namespaced"]} for group, found in kinds.items()
    }
    return f"""{_yaml_banner("only there, if it is told --namespace")}
#
#   kubectl apply --namespace shop -f role.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {AUDITOR}
rules:
{_rules({group: found for group, found in inside.items() if found})}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {AUDITOR}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {AUDITOR}
{_subject()}
"""


def _yaml_banner(what: str) -> str:
    return f"""# Generated by `{COMMAND}` from policy/lib/egress/kinds: change it there.
# What `egress audit --cluster` asks for, and {what}."""


def _rules(kinds: Json) -> str:
    """A kind that the cluster does not serve does no harm here."""
    rules = [_rule_of_rbac(group, [facts["resource"] for facts in found.values()]) for group, found in kinds.items()]
    return "\n".join(
        [
            "  # With --namespace: whether it is there, and its labels.",
            _rule_of_rbac("", ["namespaces"], "get"),
            *rules,
        ]
    )


def _rule_of_rbac(group: str, resources: list[str], verb: str = "list") -> str:
    names = ", ".join(sorted(resources))
    return f"""  - apiGroups: ["{group}"]
    resources: [{names}]
    verbs: [{verb}]"""


def _subject() -> str:
    return f"""subjects:
  - kind: ServiceAccount
    name: {AUDITOR}
    namespace: {AUDITOR}"""


def main() -> int:
    """Write the files, or compare them; what differs is printed, and the exit code 1."""
    parser = argparse.ArgumentParser(description="Write the generated files.")
    parser.add_argument("opa", type=Path, help="the pinned OPA")
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args()
    try:
        problems = check(options.opa) if options.check else []
        written = 0 if options.check else write(options.opa)
    except (GenerateError, EgressPolicyError) as error:
        problems = [str(error)]
    else:
        print("nothing differs" if options.check and not problems else f"{written} files written or removed")
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
