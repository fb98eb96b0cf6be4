# METADATA
# title: Infrastructure
# description: |
#   The resources of a cloud that a document holds, whatever its format: {"format", "type", "name", "values", "unknown" (what will be known only later, in the shape of the
#   values), "path" of the values, "references": {field: [address]}}. A document is told by its own fields, as no such file has a kind.
# related_resources:
#   - ref: https://developer.hashicorp.com/terraform/internals/json-format
#   - ref: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
#   - ref: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
package lib.egress.infrastructure

import data.lib.egress.unjudged

# METADATA
# description: The format of a document, undefined for what is none of these.
format(thing) := "terraform" if {
	is_array(thing.resource_changes)
	thing.format_version
} else := "terraform-state" if {
	thing.terraform_version
	thing.values.root_module
} else := "terraform-state" if {
	thing.format_version
	thing.planned_values.root_module
} else := "cloudformation" if {
	is_object(thing.Resources)
	some _, resource in thing.Resources
	startswith(resource.Type, "AWS::")
} else := "ec2" if {
	is_array(thing.SecurityGroups)
} else := "ec2" if {
	is_array(thing.SecurityGroupRules)
} else := "ec2" if {
	is_array(thing.NetworkAcls)
} else := "arm" if {
	contains(lower(thing["$schema"]), "deploymenttemplate.json")
	thing.resources
} else := "gcloud" if {
	startswith(_listed(thing)[0].kind, "compute#")
} else := "azure" if {
	some item in _listed(thing)
	contains(lower(item.type), "microsoft.network/networksecuritygroups")
} else := "workloads" if {
	workloads(thing) != []
} else := unjudged.operators[_group(thing.apiVersion)].format

_group(api_version) := split(api_version, "/")[0]

_listed(thing) := thing if is_array(thing)

_listed(thing) := [thing] if is_object(thing)

# METADATA
# description: Which cloud a resource is of; undefined for one of none that is known.
cloud(one) := one.cloud if {
	one.cloud
} else := {"cloudformation": "aws", "ec2": "aws", "gcloud": "google", "arm": "azure", "azure": "azure"}[one.format] if {
	one.format != "terraform"
} else := {"aws": "aws", "google": "google", "azurerm": "azure"}[split(one.type, "_")[0]]

# METADATA
# description: The resources of a document, none of what has no format of these.
resources(thing) := _resources(format(thing), thing)

_resources("terraform", thing) := [{
	"format": "terraform",
	"type": change.type,
	"name": _short(change.address, change.type),
	"address": _plain(change.address),
	"values": change.change.after,
	"unknown": object.get(change.change, "after_unknown", {}),
	"path": $"resource_changes[{i}].change.after",
	"references": object.get(configured, _plain(change.address), null),
} |
	configured := _configured(object.get(thing, "configuration", {}))
	some i, change in thing.resource_changes
	object.get(change, "mode", "managed") == "managed"
	is_object(change.change.after)
]

_resources("terraform-state", thing) := [{
	"format": "terraform",
	"type": found.type,
	"name": _short(found.address, found.type),
	"address": _plain(found.address),
	"values": found.values,
	"unknown": {},
	"path": concat("", [field, _written(keys), ".values"]),
	"references": object.get(configured, _plain(found.address), null),
} |
	configured := _configured(object.get(thing, "configuration", {}))
	field := [field | some field in ["values", "planned_values"]; thing[field].root_module][0]
	walk(thing[field], [keys, found])
	keys[count(keys) - 2] == "resources"
	object.get(found, "mode", "managed") == "managed"
	is_object(found.values)
]

_resources("cloudformation", thing) := [{
	"format": "cloudformation",
	"type": found.Type,
	"name": name,
	"address": name,
	"values": _resolved(object.get(found, "Properties", {}), _defaults(thing)),
	"unknown": {},
	"path": $"Resources.{name}.Properties",
	"references": {},
} |
	some name, found in thing.Resources
	is_string(found.Type)
]

_resources("ec2", thing) := [{
	"format": "ec2", "type": type, "name": _first_text([object.get(item, id, null), object.get(item, "GroupName", null), "?"]), "address": _first_text([object.get(item, id, null), "?"]),
	"values": item, "unknown": {}, "path": $"{field}[{i}]", "references": {},
} |
	some [field, type, id] in [
		["SecurityGroups", "SecurityGroup", "GroupId"], ["NetworkAcls", "NetworkAcl", "NetworkAclId"],
		["SecurityGroupRules", "SecurityGroupRule", "SecurityGroupRuleId"],
	]
	some i, item in thing[field]
]

_resources("arm", thing) := array.concat(found, nested) if {
	found := [{
		"format": "arm", "type": lower(item.type), "name": _arm(object.get(item, "name", null), thing), "address": lower(_arm(object.get(item, "name", null), thing)),
		"values": _of_arm(object.get(item, "properties", {}), thing), "unknown": {}, "path": $"{path}.properties", "references": {},
	} |
		some [path, item] in _arm_resources(thing)
		is_string(item.type)
	]
	nested := [{
		"format": "arm", "type": _joined(item.type, child.type), "name": _arm(object.get(child, "name", null), thing), "address": lower(concat("/", [_arm(object.get(item, "name", null), thing), _arm(object.get(child, "name", null), thing)])),
		"values": _of_arm(object.get(child, "properties", {}), thing), "unknown": {}, "path": $"{path}.resources[{i}].properties", "references": {},
	} |
		some [path, item] in _arm_resources(thing)
		some i, child in item.resources
		is_string(child.type)
	]
}

_resources("gcloud", thing) := [{
	"format": "gcloud", "type": item.kind, "name": _first_text([object.get(item, "name", null), object.get(item, "shortName", null), "?"]), "address": _first_text([object.get(item, "name", null), "?"]),
	"values": item, "unknown": {}, "path": path, "references": {},
} |
	some [path, item] in _at(thing)
	is_string(item.kind)
]

_resources("azure", thing) := [{
	"format": "azure", "type": lower(item.type), "name": _first_text([object.get(item, "name", null), "?"]), "address": _azure_address(item),
	"values": item, "unknown": {}, "path": path, "references": {},
} |
	some [path, item] in _at(thing)
	contains(lower(item.type), "microsoft.network/networksecuritygroups")
]

_resources(operator, thing) := [{
	"format": operator, "cloud": unjudged.operators[_group(thing.apiVersion)].cloud, "type": thing.kind, "name": _first_text([object.get(thing, ["metadata", "name"], null), "?"]), "address": _first_text([object.get(thing, ["metadata", "name"], null), "?"]),
	"values": values, "unknown": {}, "path": path, "references": {},
}] if {
	operator in {"ack", "kcc", "aso"}
	is_string(thing.kind)
	[path, values] := ["spec", _object(thing.spec)]
}

_resources("crossplane", thing) := [{
	"format": "crossplane", "cloud": unjudged.operators[_group(thing.apiVersion)].cloud, "type": thing.kind, "name": _first_text([object.get(thing, ["metadata", "name"], null), "?"]), "address": _first_text([object.get(thing, ["metadata", "name"], null), "?"]),
	"values": _object(thing.spec.forProvider), "unknown": {}, "path": "spec.forProvider", "references": {},
}] if {
	is_string(thing.kind)
}

_object(value) := value if is_object(value)

# The name of its group, which a rule has in its id only.
_azure_address(item) := lower(group) if {
	group := regex.find_all_string_submatch_n(`(?i)/networkSecurityGroups/([^/]+)`, item.id, 1)[0][1]
} else := lower(_first_text([object.get(item, "name", null), "?"]))

_at(thing) := [[$"[{i}]", item] | some i, item in thing] if is_array(thing)

_at(thing) := [["", thing]] if is_object(thing)

_first_text(texts) := [text | some text in texts; is_string(text)][0]

# The type is said before the name.
_short(address, type) := replace(address, concat("", [type, "."]), "")

# Without the indexes of count and for_each, as the configuration has it.
_plain(address) := concat("", [part[0] | some part in regex.find_all_string_submatch_n(`[^\[]+|\[[^\]]*\]`, address, -1); not startswith(part[0], "[")])

# What each resource of the configuration refers to, by its address.
_configured(configuration) := {address: fields |
	walk(configuration, [keys, found])
	count(keys) > 2
	keys[count(keys) - 2] == "resources"
	is_string(found.address)
	address := concat("", [_module(keys), found.address])
	fields := {field: refs |
		some field, written in found.expressions
		refs := object.get(written, "references", [])
	}
}

_module(keys) := concat("", [$"module.{name}." |
	some i, key in keys
	key == "module_calls"
	name := keys[i + 1]
])

_written(keys) := concat("", [step | some key in keys; step := _step(key)])

_step(key) := $".{key}" if is_string(key)

_step(key) := $"[{key}]" if is_number(key)

# The parameters of a template by their defaults; one without may be anything.
_defaults(thing) := {name: parameter.Default | some name, parameter in thing.Parameters; _is_plain(parameter.Default)} if {
	is_object(thing.Parameters)
} else := {}

_is_plain(value) if not type_name(value) in {"object", "array", "null"}

# As text, there being no recursion; in a text that looks so the quotes would be escaped.
_resolved(values, defaults) := json.unmarshal(strings.replace_n(
	{json.marshal({"Ref": name}): json.marshal(value) | some name, value in defaults},
	json.marshal(values),
))

# Names and values of a template's own language, as far as they are parameters with a default.
_arm(text, thing) := _of_parameter(text, thing) if {
	is_string(text)
} else := "?"

_of_parameter(text, thing) := value if {
	name := regex.find_all_string_submatch_n(`^\[parameters\('([^']+)'\)\]$`, text, 1)[0][1]
	value := thing.parameters[name].defaultValue
} else := text

_of_arm(values, thing) := json.unmarshal(strings.replace_n(
	{json.marshal($"[parameters('{name}')]"): json.marshal(parameter.defaultValue) | some name, parameter in thing.parameters},
	json.marshal(values),
)) if {
	is_object(thing.parameters)
} else := values

# Bicep's compiler lists resources by name, people write them in an array.
_arm_resources(thing) := [[$"resources[{i}]", item] | some i, item in thing.resources] if is_array(thing.resources)

_arm_resources(thing) := [[$"resources.{name}", item] | some name, item in thing.resources] if is_object(thing.resources)

_joined(parent, child) := lower(child) if {
	contains(child, "/")
} else := lower(concat("/", [parent, child]))

# METADATA
# description: |
#   What runs containers elsewhere, as [{"path", "type", "name"}]: ECS task definitions and Nomad jobs. The control applies to them, and they have no policies.
workloads(thing) := array.concat(
	[{"path": path, "type": "ECS task definition", "name": _first_text([object.get(found, "family", null), "?"])} |
		some [path, found] in [["taskDefinition", object.get(thing, "taskDefinition", null)], ["", thing]]
		is_array(found.containerDefinitions)
	],
	[{"path": "Job", "type": "Nomad job", "name": _first_text([object.get(thing.Job, "ID", null), object.get(thing.Job, "Name", null), "?"])} |
		is_array(thing.Job.TaskGroups)
	],
)

# METADATA
# description: |
#   Whether a value will be known only later, by the unknown of a resource or by its own form. Unknown in part is unknown: of a list whose third block is not known yet,
#   two are.
is_unknown(_, unknown) if unknown == true

is_unknown(_, unknown) if {
	is_array(unknown)
	true in unknown
}

is_unknown(value, _) if {
	is_array(value)
	some item in value
	_is_unknown(item)
}

is_unknown(value, _) if _is_unknown(value)

_is_unknown(value) if {
	is_object(value)
	some key, _ in value
	regex.match(`^(Ref|Fn::.*|Condition)$`, key)
}

_is_unknown(value) if {
	is_string(value)
	regex.match(`^\[[a-zA-Z]+\(`, value)
}

_is_unknown(value) if {
	is_string(value)
	contains(value, "${")
}
