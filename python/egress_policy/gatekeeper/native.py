"""Rules in CEL: what Gatekeeper calls K8sNativeValidation, and what an API server judges by itself.

The form of a rule is a file beside its Rego, in YAML: `variables` and `validations` as a ValidatingAdmissionPolicy has
them, `uses`, the file with the variables that come after its own, and `parameters`, {name: variable}, the shares that
are put in. What is decided stands in these files; here nothing is judged.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
https://open-policy-agent.github.io/gatekeeper/website/docs/validating-admission-policy
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from egress_policy import reader
from egress_policy.errors import EgressPolicyError
from egress_policy.gatekeeper import ConvertError
from egress_policy.gatekeeper.constraints import Settings
from egress_policy.gatekeeper.rules import Rule

Json = dict[str, Any]
ENGINE = "K8sNativeValidation"
#: Admitted, with a warning and a note in the API server's audit log; or refused. The two exclude each other.
WARN, DENY = ["Warn", "Audit"], ["Deny", "Audit"]
_FIELDS = frozenset({"uses", "parameters", "variables", "validations"})
_MILLION = 1_000_000
_PATCH = f"- op: replace\n  path: /spec/validationActions\n  value: [{', '.join(DENY)}]\n"


class NativeError(ConvertError):
    """A rule that has a form in CEL, but not for these parameters; or a form that cannot be read."""


@dataclass(frozen=True, slots=True)
class Native:
    """The form of a rule for some settings: [{"name", "expression"}] and [{"expression", "message", …}]."""

    rule: Rule
    variables: tuple[Json, ...]
    validations: tuple[Json, ...]


def find_all(policy: Path, rules: Iterable[Rule], settings: Settings) -> list[Native]:
    """The forms of those rules that have one. Raises NativeError, with a line for each thing that is in the way."""
    found, problems = [], []
    for rule in rules:
        try:
            found.append(find(policy, rule, settings))
        except NativeError as error:
            problems.append(str(error))
    if problems:
        raise NativeError("\n".join(problems))
    forms = [form for form in found if form is not None]
    if not forms:
        raise NativeError(f"{policy}: no rule here has a form in CEL, a .cel file beside its .rego")
    return forms


def find(policy: Path, rule: Rule, settings: Settings) -> Native | None:
    """The form of a rule, None if it has none. Raises NativeError where it would say something else than the Rego."""
    file = Path(rule.package.place.file).with_suffix(".cel")
    if not (policy / file).is_file():
        return None
    own = _read(policy, file, _FIELDS, needed="validations")
    used = _read(policy, Path(own["uses"]), _FIELDS - {"uses", "validations"}) if "uses" in own else {}
    written = [*own.get("variables", []), *used.get("variables", [])]
    taken: Mapping[str, str] = {**own.get("parameters", {}), **used.get("parameters", {})}
    if problems := [*_unfit(rule, written, taken), *_problems(rule, settings, taken)]:
        raise NativeError("\n".join(f"{file}: {rule.name} in CEL {problem}" for problem in problems))
    put = {variable: _millionths(settings.parameters.get(name)) for name, variable in taken.items()}
    return Native(rule, tuple(_put(one, put) for one in written), tuple(own["validations"]))


def _read(policy: Path, file: Path, fields: AbstractSet[str], needed: str = "") -> Json:
    """A file of a form, in which each field has the type that it must have. Raises NativeError."""
    if file.is_absolute() or ".." in file.parts:
        raise NativeError(f"{file}: a form uses files of its own folder of rules only")
    try:
        found = reader.load((policy / file).read_bytes())
    except OSError as error:
        raise NativeError(f"{file}: {error.strerror}") from error
    except EgressPolicyError as error:
        raise NativeError(f"{file}: {error}") from error
    if not isinstance(found.value, dict) or not set(found.value) <= fields:
        raise NativeError(f"{file}: a form in CEL has {', '.join(sorted(fields))} and nothing else")
    wrong = [name for name, value in found.value.items() if not _FITS[name](value)]
    if needed and needed not in found.value:
        wrong.append(needed)
    if wrong:
        raise NativeError("\n".join(f"{file}:{found.line(name)}: {name} must be {_MUST[name]}" for name in wrong))
    written: Json = found.value
    return written


def _is_list_of(value: object, *texts: str) -> bool:
    """Whether it is a list of objects of texts, with these among them."""
    return isinstance(value, list) and all(_is_texts(one) and set(texts) <= set(one) for one in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


_MUST = {
    "uses": "the path of a file, from the folder of rules",
    "parameters": "{parameter: variable}",
    "variables": "a list of {name, expression}",
    "validations": "a list of at least one {expression, message, messageExpression}",
}
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "uses": lambda value: isinstance(value, str),
    "parameters": _is_texts,
    "variables": lambda value: _is_list_of(value, "name", "expression"),
    # Without one, everything would be admitted.
    "validations": lambda value: _is_list_of(value, "expression") and value != [],
}


def _unfit(rule: Rule, variables: Iterable[Json], taken: Mapping[str, str]) -> Iterator[str]:
    """What would be put in nowhere, or never: the default would count without a word."""
    names = {one["name"] for one in variables}
    for name, variable in taken.items():
        if name not in rule.custom["parameters"]:
            yield f"puts in {name}, which is no parameter of the rule"
        if variable not in names:
            yield f"puts {name} into {variable}, which is none of its variables"


def _problems(rule: Rule, settings: Settings, taken: Mapping[str, str]) -> Iterator[str]:
    """What the form cannot do: CEL has neither the inventory nor the tables that other parameters need."""
    given = settings.parameters
    for name in rule.custom["parameters"]:
        if name not in taken and given.get(name):
            yield f"knows nothing of {name}: leave the parameter out, or convert without --native"
    if any(one.get("rule") == rule.name for one in given.get("waivers") or []):
        yield f"knows no waivers: take those for {rule.name} out, or convert without --native"
    for name in taken:
        if given.get(name) is not None and not _is_share(given[name]):
            yield f"takes {name} with no more than six decimals, above 0 and up to 1"
    if rule.custom["requires_inventory"]:
        yield "sees one object only, and the rule asks for others"


def _is_share(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # As it is written: 0.1 is a tenth here.
    exact = Decimal(repr(value)) * _MILLION
    return 0 < exact <= _MILLION and exact == exact.to_integral_value()


def _millionths(value: float | None) -> str | None:
    """A share as the forms take it; None leaves the default that stands in the file."""
    return None if value is None else str(int(Decimal(repr(value)) * _MILLION))


def _put(variable: Json, values: Mapping[str, str | None]) -> Json:
    value = values.get(variable["name"])
    return variable if value is None else {**variable, "expression": value}


def code(native: Native) -> list[Json]:
    """The `code` of a ConstraintTemplate."""
    source = {
        # As the API server has it by default: what cannot be worked out is refused.
        "failurePolicy": "Fail",
        "variables": list(native.variables),
        "validations": list(native.validations),
    }
    return [{"engine": ENGINE, "source": source}]


def admission_policies(native: Native, settings: Settings) -> list[Json]:
    """The ValidatingAdmissionPolicy of a rule and its binding, which warns; none in a profile without the rule."""
    if settings.profile not in native.rule.custom["levels"]:
        return []
    name = _name(native.rule)
    policy = {
        **_head("ValidatingAdmissionPolicy", native.rule),
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": _resource_rules(native.rule, settings)},
            "variables": list(native.variables),
            "validations": [{**one, "reason": "Forbidden"} for one in native.validations],
        },
    }
    binding = {
        **_head("ValidatingAdmissionPolicyBinding", native.rule),
        "spec": {"policyName": name, "validationActions": WARN},
    }
    return [policy, binding]


def refusing(native: Native, settings: Settings) -> list[Json]:
    """What makes the binding of a rule that reports failures refuse, as Kustomize's patches."""
    if native.rule.custom["levels"].get(settings.profile) != "fail":
        return []
    target = {"kind": "ValidatingAdmissionPolicyBinding", "name": _name(native.rule)}
    return [{"target": target, "patch": _PATCH}]


def _name(rule: Rule) -> str:
    """`egress-open-egress`: the first word tells whose rule it is."""
    return f"{rule.package.path[0]}-{rule.name}"


def _head(kind: str, rule: Rule) -> Json:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": _name(rule), "annotations": {"description": rule.annotations["title"].strip()}},
    }


def _resource_rules(rule: Rule, settings: Settings) -> list[Json]:
    """The kinds that the rule matches, as resources; of former groups no cluster with such policies has objects."""
    found = [
        {"apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": resources}
        for entry in settings.kinds.matched(rule.custom["match"])
        for group in entry["apiGroups"]
        if (resources := settings.kinds.resources(group, entry["kinds"]))
    ]
    if not found:
        raise NativeError(f"{rule.package.place}: {rule.name} matches no kind whose resource is known")
    return found
