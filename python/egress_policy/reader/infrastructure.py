"""Documents of clouds' tools, which are no Kubernetes objects: told by their own fields, as the policy tells them."""

from __future__ import annotations

from typing import Any

#: What stands for apiVersion and kind of such a document where a place is chosen for it.
API_VERSION, KIND = "egress-policy/v1", "Infrastructure"


def known(value: Any) -> bool:
    """Whether the policy reads it (`format` in policy/lib/egress/infrastructure)."""
    if isinstance(value, dict):
        return _is_terraform(value) or _is_template(value) or _is_listing(value) or _runs_containers(value)
    return isinstance(value, list) and _is_list_of_resources(value)


def _is_terraform(value: dict[str, Any]) -> bool:
    if isinstance(value.get("resource_changes"), list) and "format_version" in value:
        return True
    if "terraform_version" in value and isinstance(value.get("resources"), list):
        return True
    planned = value.get("planned_values") if "format_version" in value else None
    state = value.get("values") if "terraform_version" in value else None
    return any(isinstance(one, dict) and "root_module" in one for one in (planned, state))


def _is_template(value: dict[str, Any]) -> bool:
    resources = value.get("Resources")
    if isinstance(resources, dict):
        return any(_is_of_template(name, one) for name, one in resources.items())
    schema = value.get("$schema")
    return isinstance(schema, str) and "deploymenttemplate.json" in schema.lower() and bool(value.get("resources"))


def _is_of_template(name: str, resource: Any) -> bool:
    """Whether it is a resource of CloudFormation, or what stands for several."""
    generating = name.startswith("Fn::ForEach::") or name == "Fn::Transform"
    return generating or (isinstance(resource, dict) and str(resource.get("Type")).startswith("AWS::"))


def _is_listing(value: dict[str, Any]) -> bool:
    fields = ("SecurityGroups", "SecurityGroupRules", "NetworkAcls")
    return any(isinstance(value.get(field), list) for field in fields) or _is_list_of_resources([value])


def _is_list_of_resources(value: list[Any]) -> bool:
    if not value or not isinstance(value[0], dict):
        return False
    if str(value[0].get("kind")).startswith("compute#"):
        return True
    group = "microsoft.network/networksecuritygroups"
    return any(isinstance(one, dict) and group in str(one.get("type")).lower() for one in value)


def _runs_containers(value: dict[str, Any]) -> bool:
    definition, job = value.get("taskDefinition"), value.get("Job")
    return (
        isinstance(value.get("containerDefinitions"), list)
        or (isinstance(definition, dict) and isinstance(definition.get("containerDefinitions"), list))
        or (isinstance(job, dict) and isinstance(job.get("TaskGroups"), list))
    )
