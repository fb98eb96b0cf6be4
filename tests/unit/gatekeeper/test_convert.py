"""`egress gatekeeper convert` on rules that somebody else wrote: what comes of them, and what is said against them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress_policy.engine import embedded

Json = dict[str, Any]

_LIBRARY = """\
package lib.mail

import data.lib.sizes

# METADATA
# description: The ports of mail.
ports := {25, 465, 587}

default loud := false

few(list) if count(list) < sizes.most

unused := data.lib.elsewhere.nothing
"""
_SIZES = "package lib.sizes\n\nmost := 100\n"
_RULE = """\
# METADATA
# title: A rule allows egress to mail servers
# description: Nobody here sends mail.
# custom:
#   levels: {baseline: fail, strict: fail}
#   match: [NetworkPolicy]
#   parameters: {ports: {type: array, items: {type: integer}}}
#   requires_inventory: []
package mail.rules.no_smtp

import data.lib.mail

violation contains {"msg": message, "details": {}} if {
	mail.few(input.review.object.spec.egress)
	some rule in input.review.object.spec.egress
	some port in rule.ports
	_forbidden(port.port)
	message := sprintf("port %d is mail", [port.port])
}

_forbidden(port) if port in mail.ports

_forbidden(port) if port in input.parameters.ports
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules, with a library and a library of that."""
    for path, text in {
        "rules/no_smtp/no_smtp.rego": _RULE,
        "rules/no_smtp/no_smtp_test.rego": "package mail.rules.no_smtp_test\n\nthis is not read",
        "lib/mail.rego": _LIBRARY,
        "lib/sizes.rego": _SIZES,
    }.items():
        (tmp_path / "mine" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / path).write_text(text)
    return tmp_path / "mine"


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "egress_policy", "gatekeeper", "convert", *arguments],
        cwd=folder.parent, capture_output=True, text=True, check=False, env=environment or None,
    )  # fmt: skip


def _convert(folder: Path, *arguments: str) -> Path:
    """Where the files are."""
    done = _run(folder, "mine", "--output", "made", *arguments)
    assert done.returncode == 0, done.stderr
    return folder.parent / "made"


def _refused(folder: Path, *arguments: str) -> list[str]:
    done = _run(folder, *(arguments or ("mine", "--output", "made")))
    assert done.returncode == 2
    assert not (folder.parent / "made").exists()
    assert done.stdout == ""
    assert done.stderr.startswith("egress: ")
    return done.stderr.removeprefix("egress: ").splitlines()


def _loaded(file: Path) -> list[Json]:
    return list(yaml.safe_load_all(file.read_text()))


def _template(folder: Path, *arguments: str) -> Json:
    (made,) = _loaded(_convert(folder, *arguments) / "templates" / "no-smtp.yaml")
    return made


def test_a_template_has_what_the_metadata_says(folder: Path) -> None:
    made = _template(folder)
    assert (made["apiVersion"], made["kind"]) == ("templates.gatekeeper.sh/v1", "ConstraintTemplate")
    assert made["metadata"] == {
        "name": "mailnosmtp",
        "annotations": {
            "metadata.gatekeeper.sh/title": "A rule allows egress to mail servers",
            "metadata.gatekeeper.sh/version": "1.0.0",
            "description": "Nobody here sends mail.",
        },
    }
    names = made["spec"]["crd"]["spec"]["names"]
    schema = made["spec"]["crd"]["spec"]["validation"]["openAPIV3Schema"]
    assert names == {"kind": "MailNoSmtp"}
    assert schema["properties"]["ports"] == {"type": "array", "items": {"type": "integer"}}


def test_a_template_has_the_libraries_that_the_rule_reaches_and_of_them_what_it_reaches(folder: Path) -> None:
    (code,) = _template(folder)["spec"]["targets"][0]["code"]
    assert (code["engine"], code["source"]["version"]) == ("Rego", "v1")
    assert code["source"]["rego"].startswith("package mail.rules.no_smtp\n")
    mail, sizes = code["source"]["libs"]
    assert mail.startswith("package lib.mail\n")
    assert "ports := {25, 465, 587}" in mail
    assert "loud" not in mail
    assert "unused" not in mail
    assert "METADATA" not in mail
    assert sizes == "package lib.sizes\n\nmost := 100\n"


def test_gator_takes_what_was_made(folder: Path, tool: Any) -> None:
    made = _convert(folder)
    policy: Json = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "mail", "namespace": "shop"},
        "spec": {"podSelector": {}, "egress": [{"ports": [{"port": 25}, {"port": 443}]}]},
    }
    (folder.parent / "policy.yaml").write_text(yaml.safe_dump(policy))
    files = [f"--filename={path}" for path in (made / "templates", made / "constraints", folder.parent / "policy.yaml")]
    done = subprocess.run([tool("gator"), "test", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert 'Message: "port 25 is mail"' in done.stdout


def test_a_constraint_warns_at_admission_and_says_elsewhere_what_the_level_says(folder: Path) -> None:
    (made,) = _loaded(_convert(folder) / "constraints" / "no-smtp.yaml")
    assert made["metadata"]["name"] == "no-smtp"
    assert made["spec"]["match"] == {
        "kinds": [
            {"apiGroups": ["extensions"], "kinds": ["NetworkPolicy"]},
            {"apiGroups": ["networking.k8s.io"], "kinds": ["NetworkPolicy"]},
        ]
    }
    assert made["spec"]["enforcementAction"] == "scoped"
    assert {
        point["name"]: one["action"]
        for one in made["spec"]["scopedEnforcementActions"]
        for point in one["enforcementPoints"]
    } == {
        "validation.gatekeeper.sh": "warn",
        "audit.gatekeeper.sh": "deny",
        "gator.gatekeeper.sh": "deny",
    }


def _at_admission(folder: Path, overlay: Json) -> dict[str, str]:
    """What the overlay makes of the constraints' action at admission."""
    names = [patch["target"]["name"] for patch in overlay.get("patches", [])]
    assert all("/spec/scopedEnforcementActions/0/action" in patch["patch"] for patch in overlay.get("patches", []))
    found = {}
    for file in sorted((folder / "constraints").glob("[!k]*.yaml")):
        for one in _loaded(file):
            name = one["metadata"]["name"]
            found[name] = "deny" if name in names else one["spec"]["scopedEnforcementActions"][0]["action"]
    return found


def test_what_only_warns_in_a_profile_is_denied_nowhere(folder: Path) -> None:
    rule = folder / "rules" / "no_smtp" / "no_smtp.rego"
    rule.write_text(_RULE.replace("baseline: fail", "baseline: warn"))
    made = _convert(folder)
    (overlay,) = _loaded(made / "overlays" / "deny" / "kustomization.yaml")
    assert _at_admission(made, overlay) == {"no-smtp": "warn"}
    made = _convert(folder, "--profile", "strict")
    (overlay,) = _loaded(made / "overlays" / "deny" / "kustomization.yaml")
    assert _at_admission(made, overlay) == {"no-smtp": "deny"}


def test_a_profile_that_the_rule_does_not_know_has_no_constraint(folder: Path) -> None:
    rule = folder / "rules" / "no_smtp" / "no_smtp.rego"
    rule.write_text(_RULE.replace("{baseline: fail, strict: fail}", "{strict: fail}"))
    made = _convert(folder)
    assert (made / "templates" / "no-smtp.yaml").exists()
    assert not (made / "constraints" / "no-smtp.yaml").exists()


_WAIVED = "resource: {kind: NetworkPolicy, namespace: shop, name: mail}, owner: a, reason: b, expires: 2099-01-01"
_WAIVERS = f"""\
waivers:
  - {{rule: open-egress, {_WAIVED}}}
  - {{rule: all-ports, {_WAIVED}}}
"""


def test_without_opa_it_is_said_where_to_get_it(tmp_path: Path) -> None:
    """Our own rules are parsed like anybody's."""
    done = _run(tmp_path / "mine", "--output", "made", PATH=str(tmp_path))
    assert done.returncode == 2
    assert "no program `opa` on PATH" in done.stderr
    assert "https://www.openpolicyagent.org" in done.stderr


def test_every_rule_of_ours_that_a_cluster_can_break_is_converted(tmp_path: Path) -> None:
    done = _run(tmp_path / "mine", "--output", "made")
    assert done.returncode == 0, done.stderr
    files = {path.stem for path in (tmp_path / "made" / "templates").glob("*.yaml")} - {"sync", "kustomization"}
    left_out = {line.split()[2] for line in done.stdout.splitlines() if line.startswith("left out:")}
    assert files | left_out == set(embedded.metadata()["rules"])
    assert "Next: `kubectl apply -k made/templates`" in done.stdout


def test_waivers_make_a_second_constraint_that_only_warns(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(_WAIVERS)
    done = _run(tmp_path / "mine", "--output", "made", "--waivers", "waivers.yaml")
    assert done.returncode == 0, done.stderr
    fails, waived = _loaded(tmp_path / "made" / "constraints" / "open-egress.yaml")
    assert (fails["metadata"]["name"], fails["spec"]["parameters"]["levels"]) == ("open-egress", ["fail"])
    assert (waived["metadata"]["name"], waived["spec"]["parameters"]["levels"]) == ("open-egress-waived", ["warn"])
    for one in (fails, waived):
        assert [waiver["rule"] for waiver in one["spec"]["parameters"]["waivers"]] == ["open-egress"]
    (overlay,) = _loaded(tmp_path / "made" / "overlays" / "deny" / "kustomization.yaml")
    said = _at_admission(tmp_path / "made", overlay)
    assert (said["open-egress"], said["open-egress-waived"], said["all-ports"]) == ("deny", "warn", "warn")


def test_a_workload_of_another_kind_is_looked_at(tmp_path: Path) -> None:
    done = _run(tmp_path / "mine", "--output", "made", "--workload", "Rollout.argoproj.io")
    assert done.returncode == 0, done.stderr
    (made,) = _loaded(tmp_path / "made" / "constraints" / "host-network.yaml")
    assert {"apiGroups": ["argoproj.io"], "kinds": ["Rollout"]} in made["spec"]["match"]["kinds"]


@pytest.mark.parametrize(
    ("what", "arguments", "said"),
    [
        ("a kind without a name", ("--workload", ".argoproj.io"), "'.argoproj.io' is no kind: write KIND.GROUP"),
        ("a group that is none", ("--workload", "Rollout..io"), "'Rollout..io' is no kind: write KIND.GROUP"),
        ("no parameters file", ("--parameters", "absent.yaml"), "absent.yaml"),
        ("no folder", ("absent",), "absent: no such folder"),
        ("a folder without rules", ("empty",), "empty has no .rego files"),
    ],
)
def test_wrong_arguments_are_refused(folder: Path, what: str, arguments: tuple[str, ...], said: str) -> None:
    del what
    (folder.parent / "empty").mkdir()
    assert said in _refused(folder, *arguments, "--output", "made")[0]


def test_parameters_that_the_policy_refuses_are_told_with_their_line(folder: Path) -> None:
    (folder.parent / "wrong.yaml").write_text("profile: strict\nopenPortShare: 2\n")
    (line,) = _refused(folder, "--output", "made", "--parameters", "wrong.yaml")
    assert line.startswith("wrong.yaml:2: openPortShare ")


_FILE = "rules/no_smtp/no_smtp.rego"
_PROBLEMS: dict[str, tuple[str, str, str, str]] = {
    "a file that does not parse": (
        _FILE,
        "_forbidden(port) if port in mail.ports",
        "_forbidden(port) if {",
        f"{_FILE}:23: rego_parse_error",
    ),
    "an import that Gatekeeper refuses": (
        _FILE,
        "import data.lib.mail\n",
        "import data.lib.mail\nimport rego.v1\n",
        f"{_FILE}:12: `import rego.v1` is refused by Gatekeeper",
    ),
    "an older import that Gatekeeper refuses": (
        _FILE,
        "import data.lib.mail\n",
        "import data.lib.mail\nimport future.keywords\n",
        f"{_FILE}:12: `import future.keywords` is refused by Gatekeeper",
    ),
    "an import that a library has": (
        "lib/mail.rego",
        "import data.lib.sizes\n",
        "import data.lib.sizes\nimport rego.v1\n",
        "lib/mail.rego:4: `import rego.v1` is refused by Gatekeeper",
    ),
    "an import of what is not there": (
        _FILE,
        "import data.lib.mail\n",
        "import data.lib.mail\nimport data.lib.absent\n",
        f"{_FILE}:12: `import data.lib.absent`: there is no such package in the folder",
    ),
    "an import of no library": (
        _FILE,
        "import data.lib.mail\n",
        "import data.lib.mail\nimport data.other\n",
        f"{_FILE}:12: `import data.other`: a template may import data.lib.… only",
    ),
    "data that is no library": (
        _FILE,
        "in mail.ports",
        "in data.settings.ports",
        f"{_FILE}:21: `data.settings.ports`: a template may read data.lib.… and data.inventory only",
    ),
    "a request to somewhere": (
        _FILE,
        "if port in mail.ports",
        'if http.send({"url": "http://a", "method": "get"}).body == port',
        f"{_FILE}:21: `http.send`: Gatekeeper has it turned off",
    ),
    "a request by a library": (
        "lib/mail.rego",
        "ports := {25, 465, 587}",
        'ports := http.send({"url": "http://a", "method": "get"}).body',
        "lib/mail.rego:7: `http.send`: Gatekeeper has it turned off",
    ),
    "no violation": (
        _FILE,
        "violation contains",
        "violations contains",
        f"{_FILE}:1: package mail.rules.no_smtp has no rule `violation`",
    ),
    "a violation that is no set": (
        _FILE,
        'violation contains {"msg": message, "details": {}} if',
        'violation := {"msg": message} if',
        f"{_FILE}:13: `violation` must be a set",
    ),
    "no METADATA": (
        _FILE,
        "# METADATA\n",
        "#\n",
        f"{_FILE}:9: the METADATA of mail.rules.no_smtp lacks title, description,"
        " custom.levels, custom.match, custom.parameters, custom.requires_inventory",
    ),
    "a level that is none": (
        _FILE,
        "strict: fail",
        "strict: deny",
        f"{_FILE}:1: custom.levels of mail.rules.no_smtp must give fail or warn for each profile",
    ),
    "levels that are no map": (
        _FILE,
        "{baseline: fail, strict: fail}",
        "fail",
        f"{_FILE}:1: custom.levels of mail.rules.no_smtp must give fail or warn for each profile",
    ),
    "levels that are lists": (
        _FILE,
        "strict: fail",
        "strict: [fail]",
        f"{_FILE}:1: custom.levels of mail.rules.no_smtp must give fail or warn for each profile",
    ),
    "a match that is no list": (
        _FILE,
        "[NetworkPolicy]",
        "NetworkPolicy",
        f"{_FILE}:1: custom.match of mail.rules.no_smtp must be a list",
    ),
    "a match of no kind": (
        _FILE,
        "[NetworkPolicy]",
        "[NetworkPolice]",
        f"{_FILE}:1: custom.match of mail.rules.no_smtp: NetworkPolice: no kind that the policy knows",
    ),
    "an inventory that is null": (
        _FILE,
        "requires_inventory: []",
        "requires_inventory:",
        f"{_FILE}:1: custom.requires_inventory of mail.rules.no_smtp must be a list",
    ),
    "a parameter without a schema": (
        _FILE,
        "{ports: {type: array, items: {type: integer}}}",
        "[profile, mailPorts]",
        f"{_FILE}:1: custom.parameters of mail.rules.no_smtp names mailPorts,"
        " which no schema describes: give {name: schema}",
    ),
    "parameters that are a word": (
        _FILE,
        "{ports: {type: array, items: {type: integer}}}",
        "ports",
        f"{_FILE}:1: custom.parameters of mail.rules.no_smtp must be a list of names, or {{name: schema}}",
    ),
    "parameters that are null": (
        _FILE,
        "{ports: {type: array, items: {type: integer}}}",
        "",
        f"{_FILE}:1: custom.parameters of mail.rules.no_smtp must be a list of names, or {{name: schema}}",
    ),
    "a schema that is none": (
        _FILE,
        "{ports: {type: array, items: {type: integer}}}",
        "{ports: 1}",
        f"{_FILE}:1: custom.parameters of mail.rules.no_smtp must be a list of names, or {{name: schema}}",
    ),
    "a library written out in `some … in`": (
        _FILE,
        "some rule in input.review.object.spec.egress",
        "some rule in data.lib.mail.rules",
        f"{_FILE}:15: `data.lib.mail.rules` is lost to Gatekeeper in `some … in`",
    ),
    "a library written out in a comprehension": (
        _FILE,
        "_forbidden(port) if port in mail.ports",
        "_forbidden(port) if port in [n | some n in data.lib.mail.ports]",
        f"{_FILE}:21: `data.lib.mail.ports` is lost to Gatekeeper in `some … in`",
    ),
    "a library written out in a text": (
        _FILE,
        'message := sprintf("port %d is mail", [port.port])',
        'message := $"{port.port} is one of {data.lib.mail.ports}"',
        f"{_FILE}:18: `data.lib.mail.ports` is lost to Gatekeeper in `some … in`",
    ),
    "a reference in a schema": (
        _FILE,
        "{type: array, items: {type: integer}}",
        '{$ref: "#/$defs/absent"}',
        f"{_FILE}:1: custom.parameters of mail.rules.no_smtp: ports",
    ),
}


@pytest.mark.parametrize("what", _PROBLEMS)
def test_what_cannot_be_converted_is_told_with_its_line(folder: Path, what: str) -> None:
    file, old, new, said = _PROBLEMS[what]
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    assert [line for line in _refused(folder) if line.startswith(said)], _refused(folder)


def test_everything_that_is_in_the_way_is_told_at_once(folder: Path) -> None:
    (folder / "lib" / "mail.rego").write_text(_LIBRARY.replace("import data", "import rego.v1\nimport data"))
    (folder / _FILE).write_text(_RULE.replace("violation contains", "violations contains"))
    assert [line.partition(": ")[0] for line in _refused(folder)] == [f"{_FILE}:1", "lib/mail.rego:3"]


def test_two_rules_of_one_kind_are_refused(folder: Path) -> None:
    (folder / "rules" / "again.rego").write_text(
        _RULE.replace("package mail.rules.no_smtp", "package mail.more.no_smtp")
    )
    (line,) = _refused(folder)
    assert line.endswith("mail.rules.no_smtp and mail.more.no_smtp are both MailNoSmtp")


def test_a_template_that_kubectl_could_not_apply_is_refused(folder: Path) -> None:
    (folder / "lib" / "sizes.rego").write_text(f'package lib.sizes\n\nmost := count("{"x" * 300_000}")\n')
    (line,) = _refused(folder)
    assert line.startswith(f"{_FILE}:1: the template would have 30")
    assert line.endswith("more than `kubectl apply` takes")


def test_a_file_that_somebody_else_wrote_is_not_touched(folder: Path) -> None:
    made = folder.parent / "made" / "templates"
    made.mkdir(parents=True)
    (made / "no-smtp.yaml").write_text("mine\n")
    done = _run(folder, "mine", "--output", "made")
    assert done.returncode == 2
    assert "made/templates/no-smtp.yaml was not written by this command: name another folder" in done.stderr
    assert [path.name for path in made.iterdir()] == ["no-smtp.yaml"]
    assert (made / "no-smtp.yaml").read_text() == "mine\n"


@pytest.mark.parametrize("place", ["templates/no-smtp.yaml", "templates", "constraints"])
def test_a_link_is_not_followed(folder: Path, place: str) -> None:
    """It may lead anywhere, to files that an earlier conversion wrote as well."""
    made, other = _convert(folder), folder.parent / "other"
    (made / place).rename(other)
    (made / place).symlink_to(other)
    before = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    done = _run(folder, "mine", "--output", "made", "--profile", "strict")
    assert done.returncode == 2
    assert f"made/{place} was not written by this command" in done.stderr
    assert {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()} == before


def test_what_an_earlier_conversion_left_is_removed_and_nothing_else(folder: Path) -> None:
    made = _convert(folder)
    (made / "templates" / "mine.yaml").write_text("mine\n")
    text = _RULE.replace("no_smtp", "no_mail")
    (folder / _FILE).write_text(text)
    _convert(folder)
    assert sorted(path.name for path in (made / "templates").iterdir()) == [
        "kustomization.yaml", "mine.yaml", "no-mail.yaml", "sync.yaml",
    ]  # fmt: skip
    assert [path.name for path in (made / "constraints").iterdir() if path.stem != "kustomization"] == ["no-mail.yaml"]


def test_a_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder.parent / "made").write_text("a file\n")
    done = _run(folder, "mine", "--output", "made")
    assert done.returncode == 2
    assert done.stderr.startswith("egress: ")
    assert "made" in done.stderr


def test_the_same_rules_give_the_same_bytes(folder: Path) -> None:
    made = _convert(folder)
    before = {path: path.read_bytes() for path in made.rglob("*.yaml")}
    _convert(folder)
    assert {path: path.read_bytes() for path in made.rglob("*.yaml")} == before


def test_the_inventory_that_rules_need_is_synced_and_named(folder: Path) -> None:
    text = _RULE.replace("requires_inventory: []", "requires_inventory: [Namespace, NetworkPolicy]")
    (folder / _FILE).write_text(text)
    made = _template(folder)
    (sync,) = _loaded(folder.parent / "made" / "templates" / "sync.yaml")
    assert sync["spec"]["gvks"] == [
        {"group": "", "version": "v1", "kind": "Namespace"},
        {"group": "networking.k8s.io", "version": "v1", "kind": "NetworkPolicy"},
    ]
    needed = json.loads(json.loads(made["metadata"]["annotations"]["metadata.gatekeeper.sh/requires-sync-data"]))
    assert [one[0]["kinds"] for one in needed] == [["Namespace"], ["NetworkPolicy"]]


def test_help_shows_how_it_is_used(folder: Path) -> None:
    done = _run(folder, "--help")
    assert done.returncode == 0
    assert "egress gatekeeper convert --output gatekeeper/" in done.stdout
    assert "kubectl apply -k gatekeeper/templates" in done.stdout


_TOGETHER = ("mine", "--together", "--output", "made")


@pytest.fixture
def control(folder: Path) -> Path:
    """Two rules of one control, and the control."""
    one = _RULE.replace("# custom:\n", "# custom:\n#   control: mail-restricted\n")
    (folder / _FILE).write_text(one)
    other = (
        one.replace("no_smtp", "no_pop").replace("mail servers", "mail boxes").replace("port %d is mail", "%d is pop")
    )
    (folder / "rules" / "no_pop.rego").write_text(other)
    (folder / "controls.rego").write_text(
        "# METADATA\n# title: Nobody mails\n# description: Nobody here.\n# custom: {version: 2.3.4}\n"
        "package mail.controls.mail_restricted\n"
    )
    return folder


def _asked(folder: Path, tool: Any, parameters: Any) -> set[str]:
    """What gator says of a policy that mails, with these parameters of the one constraint."""
    _convert(folder, "--together")
    (template,) = _loaded(folder.parent / "made" / "templates" / "mail-restricted.yaml")
    # As for a constraint that is older than the template: new ones are refused by the schema.
    schema = template["spec"]["crd"]["spec"]["validation"]["openAPIV3Schema"]["properties"]
    schema["rules"] = {"x-kubernetes-preserve-unknown-fields": True}
    constraint: Json = {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "MailRestricted", "metadata": {"name": "one"},
        "spec": {"parameters": parameters} if parameters is not None else {},
    }  # fmt: skip
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "b"},
        "spec": {"podSelector": {}, "egress": [{"ports": [{"port": 25}]}]},
    }  # fmt: skip
    file = folder / "all.yaml"
    file.write_text("".join(f"---\n{json.dumps(one)}\n" for one in (template, constraint, policy)))
    command = [tool("gator"), "test", "--filename", file, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {one["msg"] for one in json.loads(done.stdout) or []}


_POP, _SMTP = "25 is pop", "port 25 is mail"
_NO_SUCH = "parameter rules must list some of no-pop, no-smtp"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (None, {_POP, _SMTP}),
        ({}, {_POP, _SMTP}),
        ({"rules": None}, {_POP, _SMTP}),
        ({"rules": ["no-pop"]}, {_POP}),
        ({"rules": ["no-smtp"], "ports": [1]}, {_SMTP}),
        ({"rules": ["no-smtp", "no-pop"]}, {_POP, _SMTP}),
        ({"rules": ["no-imap"]}, {_NO_SUCH}),
        ({"rules": ["no-pop", "no-imap"]}, {_POP, _NO_SUCH}),
        ({"rules": []}, {_NO_SUCH}),
        ({"rules": [None]}, {_NO_SUCH}),
        ({"rules": "no-pop"}, {_NO_SUCH}),
        ({"rules": 5}, {_NO_SUCH}),
        ({"rules": False}, {_NO_SUCH}),
        ({"rule": ["no-pop"]}, {_POP, _SMTP}),
    ],
)
def test_a_constraint_says_which_rule_of_the_template_it_is_about(
    control: Path, tool: Any, parameters: Any, said: set[str]
) -> None:
    """All of them, where it says none; a rule that is none of them is told with every object."""
    assert _asked(control, tool, parameters) == said


def test_the_rules_of_a_control_share_a_template(control: Path) -> None:
    made = _convert(control, "--together")
    assert sorted(file.name for file in (made / "templates").iterdir()) == [
        "kustomization.yaml", "mail-restricted.yaml", "sync.yaml",
    ]  # fmt: skip
    (template,) = _loaded(made / "templates" / "mail-restricted.yaml")
    about = template["metadata"]["annotations"]
    assert (about["metadata.gatekeeper.sh/title"], about["metadata.gatekeeper.sh/version"]) == ("Nobody mails", "2.3.4")
    schema = template["spec"]["crd"]["spec"]["validation"]["openAPIV3Schema"]["properties"]
    assert schema["rules"]["items"]["enum"] == ["no-pop", "no-smtp"]
    assert schema["ports"] == {"type": "array", "items": {"type": "integer"}}
    constraints = {one: _loaded(made / "constraints" / f"{one}.yaml") for one in ("no-pop", "no-smtp")}
    for name, (constraint,) in constraints.items():
        assert (constraint["kind"], constraint["spec"]["parameters"]) == ("MailRestricted", {"rules": [name]})
    (overlay,) = _loaded(made / "overlays" / "deny" / "kustomization.yaml")
    assert [patch["target"] for patch in overlay["patches"]] == [
        {"kind": "MailRestricted", "name": "no-pop"}, {"kind": "MailRestricted", "name": "no-smtp"},
    ]  # fmt: skip


def test_one_form_at_a_time(control: Path) -> None:
    said = _run(control, *_TOGETHER, "--native").stderr
    assert "argument --native: not allowed with argument --together" in said


def test_a_rule_without_a_control_stays_by_itself(folder: Path) -> None:
    apart = {path.name: path.read_bytes() for path in _convert(folder).rglob("*.yaml")}
    assert {path.name: path.read_bytes() for path in _convert(folder, "--together").rglob("*.yaml")} == apart


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{type: array, items: {type: integer}}", "{type: array}", "parameter ports of mail.rules.no_smtp is not what"),
        ("ports: {type", "rules: {type", "parameter rules of mail.rules.no_smtp is not what another"),
        ("parameters: {", "parameters: [nothing] #", "names nothing, which no schema describes"),
    ],
)
def test_rules_that_cannot_share_a_template_are_told(control: Path, old: str, new: str, said: str) -> None:
    text = (control / _FILE).read_text()
    (control / _FILE).write_text(text.replace(old, new))
    (line,) = _refused(control, *_TOGETHER)
    assert line.startswith(f"{_FILE}:1: ")
    assert said in line


def test_a_library_that_is_in_the_way_of_a_rule_is_told(control: Path) -> None:
    (control / "lib" / "taken.rego").write_text("package lib.mail.rules.no_pop\n\nx := 1\n")
    (line,) = _refused(control, *_TOGETHER)
    assert "mail.rules.no_pop is lib.mail.rules.no_pop, which is there already" in line
