# METADATA
# title: Infrastructure
# description: |
#   The resources of a cloud that a document holds, whatever its format: {"format", "type", "name", "values", "unknown" (what will be known only later, in the shape of the
#   values), "path" of the values, "references": {field: [address]}, "module": within what its name is one, "maybe": whether it is there in some cases only (false where it is not said)}. A document is told by its own fields, as no such file has a kind.
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
} else := "tfstate" if {
	thing.terraform_version
	is_array(thing.resources)
} else := "cloudformation" if {
	is_object(thing.Resources)
	some name, resource in thing.Resources
	_is_of_template(name, resource)
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
	elsewhere(thing) != []
} else := unjudged.operators[_group(thing.apiVersion)].format

_is_of_template(_, resource) if startswith(resource.Type, "AWS::")

_is_of_template(name, _) if regex.match(_generating, name)

# What CloudFormation replaces by resources.
_generating := `^Fn::(ForEach::|Transform$)`

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
	"maybe": object.get(change, "maybe", false),
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

# The file in which Terraform keeps a state, whose ids are those of the cloud.
_resources("tfstate", thing) := [{
	"format": "terraform", "type": found.type, "name": name, "address": concat(".", [found.type, name]), "values": instance.attributes, "unknown": {},
	"path": $"resources[{i}].instances[{j}].attributes", "references": null,
} |
	some i, found in thing.resources
	object.get(found, "mode", "managed") == "managed"
	name := concat(".", array.concat([found.module | is_string(found.module)], [found.name]))
	some j, instance in found.instances
	is_object(instance.attributes)
]

_resources("cloudformation", thing) := [{
	"format": "cloudformation",
	"type": found.Type,
	"name": name,
	"address": name,
	"values": _object_of(properties),
	"unknown": _unknown_of(properties),
	"path": $"Resources.{name}.Properties",
	"references": {},
	"maybe": object.get(found, "Condition", null) != null,
} |
	some name, found in thing.Resources
	is_string(found.Type)
	properties := _resolved(object.get(found, "Properties", {}), _defaults(thing))
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

_resources("arm", thing) := [_of_template(type, name, item, path, template) |
	some template in _templates(thing)
	some [path, item, type, name] in array.concat(
		[[path, item, lower(item.type), object.get(item, "name", null)] |
			some [path, item] in _arm_resources(template)
			is_string(item.type)
		],
		[[$"{path}.resources[{i}]", child, _joined(item.type, child.type), [object.get(item, "name", null), object.get(child, "name", null)]] |
			some [path, item] in _arm_resources(template)
			some i, child in item.resources
			is_string(child.type)
		],
	)
	_is_deployed(item)
]

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

# A template with those of the deployments in it, as Bicep writes modules: {"module": where it is, "resources", "given": the values of parameters that are known}.
_templates(thing) := array.concat(
	[{"module": "", "resources": thing.resources, "given": _known_parameters(thing, {})}],
	[{"module": concat("", ["resources", _written(keys), ".template."]), "resources": found.template.resources, "given": given} |
		walk(thing.resources, [keys, found])
		contains(lower(found.template["$schema"]), "deploymenttemplate.json")
		given := _of_deployment(found)
	],
)

# Unless its expressions are its own, a template in another one speaks of the other's parameters.
_of_deployment(properties) := _known_parameters(properties.template, given) if {
	lower(properties.expressionEvaluationOptions.scope) == "inner"
	not properties.parametersLink
	given := object.get(properties, "parameters", {})
	is_object(given)
} else := {}

# What a deployment gives counts more than what a template takes where it is given nothing.
_known_parameters(template, given) := {name: value |
	some name, parameter in template.parameters
	value := _given(given, name, parameter)
	not is_unknown(value, false)
} if {
	is_object(template.parameters)
} else := {}

_given(given, name, parameter) := parameter.defaultValue if {
	not given[name]
} else := given[name].value

# What is there already is only referred to, and what has a condition that is false is not there.
_is_deployed(item) if {
	object.get(item, "existing", false) != true
	object.get(item, "condition", true) != false
}

_of_template(type, name, item, path, template) := {
	"format": "arm", "type": type, "name": own, "address": lower(concat("/", names)), "module": template.module,
	"values": _object_of(properties), "unknown": _unknown_of(properties), "path": $"{template.module}{path}.properties", "references": {},
	"maybe": count([1 | some field in ["condition", "copy"]; not object.get(item, field, true) == true]) > 0,
} if {
	names := [_arm(text, template.given) | some text in array.flatten([name])]
	own := names[count(names) - 1]
	properties := _of_arm(object.get(item, "properties", {}), template.given)
}

# What stands for all properties together says none of them, and null that there are none.
_object_of(properties) := properties if {
	is_object(properties)
	_unknown_of(properties) == {}
} else := {}

_unknown_of(properties) := {} if {
	properties == null
} else := {} if {
	is_object(properties)
	not _is_unknown(properties)
} else := true

# Names and values of a template's own language, as far as they are parameters of known values.
_arm(text, given) := _of_parameter(text, given) if {
	is_string(text)
} else := "?"

_of_parameter(text, given) := value if {
	name := regex.find_all_string_submatch_n(`^\[parameters\('([^']+)'\)\]$`, text, 1)[0][1]
	value := given[name]
	is_string(value)
} else := text

_of_arm(values, given) := json.unmarshal(strings.replace_n(
	{json.marshal($"[parameters('{name}')]"): json.marshal(value) | some name, value in given},
	json.marshal(values),
))

# Bicep's compiler lists resources by name, people write them in an array.
_arm_resources(thing) := [[$"resources[{i}]", item] | some i, item in thing.resources] if is_array(thing.resources)

_arm_resources(thing) := [[$"resources.{name}", item] | some name, item in thing.resources] if is_object(thing.resources)

_joined(parent, child) := lower(child) if {
	contains(child, "/")
} else := lower(concat("/", [parent, child]))

# METADATA
# description: |
#   What else of a document the control is about, and is not read, as [{"path", "type", "name", "message"}]: ECS task definitions and Nomad jobs, which have no policies,
#   and what CloudFormation makes resources of.
elsewhere(thing) := array.flatten([
	[{"path": path, "type": "ECS task definition", "name": _first_text([object.get(found, "family", null), "?"]), "message": _runs_containers} |
		some [path, found] in [["taskDefinition", object.get(thing, "taskDefinition", null)], ["", thing]]
		is_array(found.containerDefinitions)
	],
	[{"path": "Job", "type": "Nomad job", "name": _first_text([object.get(thing.Job, "ID", null), object.get(thing.Job, "Name", null), "?"]), "message": _runs_containers} |
		is_array(thing.Job.TaskGroups)
	],
	[{"path": $"Resources.{name}", "type": "AWS::CloudFormation", "name": name, "message": _processed} |
		is_object(thing.Resources)
		some name, _ in thing.Resources
		regex.match(_generating, name)
	],
])

_runs_containers := "runs containers, whose egress the control is about, and what may leave them is written elsewhere: in the security groups of the service, or in Consul's intentions"

_processed := "stands for resources that CloudFormation makes: audit the template that it processed (aws cloudformation get-template --template-stage Processed)"

# METADATA
# description: What a field of a resource refers to, from the outermost module on; references are relative to the module that they are written in.
references(one, field) := [concat("", [_module_of(one.address), text]) | some text in object.get(one, ["references", field], [])]

_module_of(address) := concat("", [part[0] | some part in regex.find_all_string_submatch_n(`module\.[^.]+\.`, address, -1)])

# METADATA
# description: The addresses that a reference may be to, which are all of it, or what is before one of its dots.
addresses(text) := [concat(".", array.slice(parts, 0, count(parts) - i)) | some i, _ in parts] if parts := split(text, ".")

# METADATA
# description: The resource among some of the given types that a field of one refers to; undefined where it refers to none.
referred(one, field, types, resources) := [other |
	some address in wanted
	some other in resources
	other.type in types
	other.address == address
][0] if {
	wanted := [address | some text in references(one, field); some address in addresses(text)]
	wanted != []
}

# METADATA
# description: What is to be said of a resource that the control is about and that is not read, undefined for all others.
not_read(one) := message if {
	some message, types in _not_read
	one.type in types
} else := _not_a_rule if {
	one.type == "kubernetes_manifest"
	unjudged.is_about_egress(one.values.manifest)
} else := _not_a_rule if {
	one.type == "azapi_resource"
	regex.match(`(?i)^microsoft\.network/(networksecuritygroups|firewallpolicies)`, one.values.type)
}

_not_a_rule := "opens or restricts egress in a form that is not read"

_not_read := {
	_runs_containers: {"aws_ecs_task_definition", "AWS::ECS::TaskDefinition", "nomad_job"},
	"runs pods, which are not read from here: audit the cluster that it makes (egress audit --cluster)": {$"kubernetes_{kind}{version}" |
		some kind in ["pod", "deployment", "stateful_set", "daemonset", "daemon_set", "job", "cron_job", "replication_controller"]
		some version in ["", "_v1"]
	},
	"installs a chart, which is not rendered from here: helm template CHART | egress audit -": {"helm_release"},
	_not_a_rule: {
		"kubernetes_network_policy", "kubernetes_network_policy_v1",
		"aws_networkfirewall_rule_group", "aws_networkfirewall_firewall_policy", "AWS::NetworkFirewall::RuleGroup", "AWS::NetworkFirewall::FirewallPolicy",
		"awscc_ec2_security_group", "awscc_ec2_security_group_egress",
		"azurerm_firewall_policy_rule_collection_group", "azurerm_firewall_network_rule_collection", "azurerm_firewall_application_rule_collection",
		"microsoft.network/azurefirewalls", "microsoft.network/firewallpolicies/rulecollectiongroups",
		"alicloud_security_group_rule", "civo_firewall", "cloudstack_egress_firewall", "digitalocean_firewall", "exoscale_security_group_rule", "hcloud_firewall",
		"huaweicloud_networking_secgroup_rule", "ibm_is_network_acl", "ibm_is_network_acl_rule", "ibm_is_security_group_rule", "linode_firewall",
		"nsxt_policy_security_policy", "oci_core_default_security_list", "oci_core_network_security_group_security_rule", "oci_core_security_list",
		"openstack_networking_secgroup_rule_v2", "outscale_security_group_rule", "ovh_cloud_project_network_security_group_rule", "scaleway_instance_security_group",
		"scaleway_instance_security_group_rules", "stackit_security_group_rule", "tencentcloud_security_group_rule_set", "upcloud_firewall_rules",
		"yandex_vpc_security_group", "yandex_vpc_security_group_rule",
	},
}

# METADATA
# description: |
#   What will be known only later of a rule, as [{"path", "message"}]: all of it, or some of the fields that are read.
unknown(values, later_still, path, fields) := [{"path": path, "message": known_later}] if {
	_is_nothing_known(values, later_still)
} else := [{"path": $"{path}.{field}", "message": known_later} | some field in later(values, later_still, fields)]

# METADATA
# description: What is said of a value that nobody knows before what is written is applied.
known_later := "is known only later"

_is_nothing_known(_, true)

_is_nothing_known(values, _) if _is_unknown(values)

# METADATA
# description: |
#   Which of some fields will be known only later, given the unknown of what has them: `true` where nothing of it is known.
later(values, unknown, fields) := [field | some field in fields; is_later(values, unknown, field)]

# METADATA
# description: Whether one field will be known only later.
is_later(_, true, _)

is_later(values, unknown, field) if is_unknown(object.get(values, field, null), object.get(unknown, field, false))

# METADATA
# description: The unknown of what lies below some keys, of which the first may be unknown as a whole.
below(unknown, keys) := found if {
	found := unknown[keys[0]][keys[1]]
} else if {
	unknown[keys[0]] == true
} else := {}

# METADATA
# description: The paths of lists, or of entries of them, of which nothing is known yet; of a plan's unknown only what is unknown as a whole counts.
unknown_lists(values, unknown, path, names) := [path] if {
	unknown == true
} else := array.concat(
	[$"{path}.{name}" | some name in names; _is_unknown(values[name])],
	[$"{path}.{name}[{i}]" | some name in names; is_array(values[name]); some i, item in values[name]; _is_unknown(item)],
)

# METADATA
# description: |
#   Whether a value will be known only later, by the unknown of a resource or by its own form. Unknown in part is unknown: of a list whose third block is not known yet,
#   two are.
is_unknown(_, unknown) if {
	walk(unknown, [_, found])
	found == true
}

is_unknown(value, _) if {
	walk(value, [_, found])
	_is_unknown(found)
}

_is_unknown(value) if {
	is_object(value)
	some key, _ in value
	regex.match(`^(Ref|Fn::.*|Condition)$`, key)
}

_is_unknown(value) if {
	is_string(value)
	regex.match(`^\[[a-zA-Z_.]+\(`, value)
}

_is_unknown(value) if {
	is_string(value)
	contains(value, "${")
}

# METADATA
# description: Whether a value is true, also in words, as Terraform and CloudFormation take them.
is_true(true)

is_true(value) if {
	is_string(value)
	lower(value) in {"true", "1"}
}

# METADATA
# description: Whether a value is false, in the same way.
is_false(false)

is_false(value) if {
	is_string(value)
	lower(value) in {"false", "0"}
}
