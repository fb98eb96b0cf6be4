"""The rules of a control in one ConstraintTemplate, whose constraints say which of them they are about.

Gatekeeper keeps each template compiled and asks it by itself, whatever it looks at: of many rules, that is most of the
memory and of the time that admission takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from egress_policy.gatekeeper import ConvertError, constraints, rules, schema, templates
from egress_policy.gatekeeper.constraints import Settings
from egress_policy.gatekeeper.modules import Package
from egress_policy.gatekeeper.rules import Rule

Json = dict[str, Any]
#: The parameter that says which rules a constraint is about.
ASKED = "rules"
_DESCRIBED = "The rules that this constraint is about; all of them if absent"


def find(found: Sequence[Rule], packages: Mapping[str, Package]) -> dict[str, Rule]:
    """One rule for all of each control, by the names of these; what has no control stays by itself."""
    controls: dict[str, list[Rule]] = {}
    for rule in found:
        controls.setdefault(str(rule.custom.get("control") or ""), []).append(rule)
    alone = controls.pop("", [])
    made = {rule.name: rule for rule in alone}
    for control, members in controls.items():
        made |= dict.fromkeys((rule.name for rule in members), _joined(control, members, packages))
    rules.check_kinds({template.name: template for template in made.values()}.values())
    return made


def made_constraints(rule: Rule, template: Rule, settings: Settings) -> list[Json]:
    """The constraints of a rule, of the kind of the template that it is in."""
    made = constraints.constraints(rule, settings)
    if template is rule:
        return made
    for one in made:
        one["kind"] = template.kind
        one["spec"]["parameters"] = {ASKED: [rule.name], **one["spec"].get("parameters", {})}
    return made


def control_package(control: str, packages: Mapping[str, Package]) -> Package | None:
    """The package that says what a control is, where the folder has one."""
    end = f".controls.{control.replace('-', '_')}"
    return next((package for name, package in packages.items() if control and name.endswith(end)), None)


def _joined(control: str, members: Sequence[Rule], packages: Mapping[str, Package]) -> Rule:
    first = members[0].package
    name = f"{first.path[0]}.{control.replace('-', '_')}"
    modules = rules.reached([rule.package for rule in members], packages)
    libraries = (_as_library(text, package, packages) for package, text in modules.items())
    package = Package(name, first.place, _annotations(control, members, packages))
    return Rule(control, package, _source(name, members), tuple(libraries))


def _as_library(text: str, name: str, packages: Mapping[str, Package]) -> str:
    """Beside the entry, Gatekeeper takes packages below `lib` only."""
    if name.startswith("lib."):
        return text
    if f"lib.{name}" in packages:
        raise ConvertError(f"{packages[name].place}: with --together, {name} is lib.{name}, which is there already")
    return text.replace(f"package {name}\n", f"package lib.{name}\n", 1)


def _source(name: str, members: Sequence[Rule]) -> str:
    aliases = {rule.name: f"rule_{rule.package.path[-1]}" for rule in members}
    names = ", ".join(f'"{rule.name}"' for rule in members)
    # By import: Gatekeeper overlooks paths that are written out in `some … in`.
    imports = "\n".join(f"import data.lib.{rule.package.name} as {aliases[rule.name]}" for rule in members)
    asked = (_ASKED.format(name=name, alias=alias) for name, alias in aliases.items())
    every = (f"_all contains said if some said in {alias}.{rules.ENTRY}\n" for alias in aliases.values())
    return "\n".join([_ENTRY.format(name=name, rules=names, imports=imports), *asked, *every])


# A constraint that asks for nothing that there is would find nothing, and nobody would know.
_ENTRY = """\
package {name}

{imports}

_rules := {{{rules}}}

_asked := object.get(input, ["parameters", "rules"], null)

_are_known if {{
	is_array(_asked)
	count(_asked) > 0
	every name in _asked {{ name in _rules }}
}}

violation contains {{"msg": message, "details": {{"path": "rules"}}}} if {{
	_asked != null
	not _are_known
	message := concat("", ["parameter rules must list some of ", concat(", ", _rules)])
}}

violation contains said if {{
	_asked == null
	some said in _all
}}
"""
_ASKED = """\
violation contains said if {{
	"{name}" in _asked
	some said in {alias}.violation
}}
"""


def _annotations(control: str, members: Sequence[Rule], packages: Mapping[str, Package]) -> Json:
    """What the METADATA of the control say; without them, what its rules say."""
    own = control_package(control, packages)
    said: Mapping[str, Any] = own.annotations if own else {}
    return {
        "title": said.get("title") or control,
        "description": said.get("description") or ". ".join(rule.annotations["title"].strip() for rule in members),
        "custom": {
            "control": control,
            "parameters": _parameters(members),
            "requires_inventory": list(dict.fromkeys(w for rule in members for w in rule.custom["requires_inventory"])),
        },
    }


def _parameters(members: Sequence[Rule]) -> Json:
    """Those of all, each with its schema, and the names of the rules."""
    names = {"type": "string", "enum": [rule.name for rule in members]}
    merged: Json = {ASKED: {"type": "array", "minItems": 1, "items": names, "description": _DESCRIBED}}
    for rule, name, written in _each_parameter(members):
        if merged.setdefault(name, written) != written:
            raise ConvertError(
                f"{rule.package.place}: with --together, parameter {name} of {rule.package.name} is not what another"
                " rule of the control, or the template itself, calls so"
            )
    return merged


def _each_parameter(members: Sequence[Rule]) -> Iterator[tuple[Rule, str, Any]]:
    for rule in members:
        templates.check_parameters(rule)
        for name, written in schema.by_name(rule.custom["parameters"]).items():
            yield rule, name, written
