# METADATA
# title: The dialect of Azure
# description: |
#   Network security groups: rules in the order of their priorities, and behind them the default ones, of which AllowInternetOutBound lets everything out: of Terraform,
#   ARM and Bicep's JSON, `az … -o json`, and the objects of Azure Service Operator and Crossplane.
# related_resources:
#   - ref: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
package lib.egress.dialects.azure

import data.lib.egress.fields
import data.lib.egress.firewall
import data.lib.egress.infrastructure
import data.lib.egress.statement

_upbound := {"SecurityGroup": true, "SecurityRule": true}

kinds := {
	"network.azure.com": {"NetworkSecurityGroup": true, "NetworkSecurityGroupsSecurityRule": true},
	"network.azure.upbound.io": _upbound,
	"network.azure.m.upbound.io": _upbound,
}

_groups := {"azurerm_network_security_group", "microsoft.network/networksecuritygroups", "NetworkSecurityGroup", "SecurityGroup"}

_rules := {
	"azurerm_network_security_rule", "microsoft.network/networksecuritygroups/securityrules", "NetworkSecurityGroupsSecurityRule", "SecurityRule",
}

# METADATA
# description: The firewalls among some resources, as those of AWS are (see `aws.firewalls`).
firewalls(resources) := array.concat(
	[{"resource": one, "kind": _kind(one), "key": ["nsg", _name(one)], "rules": rules} |
		some one in resources
		one.type in _groups
		some rules in [_written(one), [_implied(one)]]
	],
	[{"resource": one, "kind": _kind(one), "key": ["nsg", _group(one, resources)], "rules": [_rule(one.values, one, "", one.unknown)]} |
		some one in resources
		one.type in _rules
		_is_outbound(one.values, one.unknown)
	],
)

_kind(one) := "networkSecurityGroup" if {
	one.type == "microsoft.network/networksecuritygroups"
} else := "securityRule" if {
	one.type == "microsoft.network/networksecuritygroups/securityrules"
} else := one.type

_name(one) := lower(_first([object.get(one.values, "name", null), one.name]))

_first(texts) := [text | some text in texts; is_string(text)][0]

# The group that a rule belongs to, by its own words, by a reference, or in the first part of its name.
_group(one, resources) := name if {
	name := _name(infrastructure.referred(one, "network_security_group_name", _groups, resources))
} else := lower(_first([
	object.get(one.values, "network_security_group_name", null),
	object.get(one.values, ["owner", "name"], null),
	object.get(one.values, "networkSecurityGroupName", null),
	split(one.address, "/")[0],
]))

_written(one) := array.concat(
	[rule |
		some field in _lists
		some i, written in fields.items(one.values, field)
		is_object(written)
		unknown := _unknown(written, infrastructure.below(one.unknown, [field, i]))
		_is_outbound(_values(written), unknown)
		rule := _rule(_values(written), one, $".{field}[{i}]", unknown)
	],
	firewall.unknown_rules(array.concat(
		infrastructure.unknown_lists(one.values, one.unknown, one.path, _lists),
		[$"{one.path}.copy" | object.get(one.values, "copy", null) != null],
	)),
)

_lists := ["security_rule", "securityRules", "securityRule"]

# Resource Manager has the fields of a rule below its properties, az beside its name.
_values(written) := written.properties if {
	is_object(written.properties)
} else := written

_unknown(written, unknown) if {
	infrastructure.is_unknown(object.get(written, "properties", null), false)
	not is_object(written.properties)
} else := unknown

_is_outbound(values, _) if lower(values.direction) == "outbound"

_is_outbound(values, unknown) if infrastructure.is_later(values, unknown, "direction")

_implied(one) := firewall.rule({
	"path": one.path, "order": [65001], "anywhere": "Internet", "ports": firewall.ports("*", null, null), "implied": true,
})

_rule(values, one, below, unknown) := firewall.rule({
	"path": path,
	"action": object.get({"allow": "allow", "deny": "deny"}, lower(_text(object.get(values, "access", ""))), "none"),
	"order": firewall.place(object.get(values, "priority", null), null),
	"anywhere": _anywhere(values, unknown, prefixes),
	"blocks": blocks,
	"peers": array.concat(
		[text | some text in prefixes; not _is_block(text); not lower(text) in _everywhere],
		["application security groups" | count([1 | some field in _application_groups; not object.get(values, field, null) in [null, []]]) > 0],
	),
	"ports": firewall.ports_of_texts(object.get(values, "protocol", "*"), _port_texts(values)),
	"partial": _is_partial(values, unknown),
	"unknown": array.concat(
		later,
		[{"path": path, "message": "is open to AzureCloud, where anybody can rent a machine"} | some text in prefixes; startswith(lower(text), "azurecloud")],
	),
	"problems": array.concat(
		firewall.port_problems(_port_texts(values), path),
		firewall.place_problems(object.get(values, "priority", null), null, path, infrastructure.later(values, unknown, ["priority"])),
	),
}) if {
	path := concat("", [one.path, below])
	prefixes := _prefixes(values)
	blocks := [[text, _written_at(values, text, path)] | some text in prefixes; _is_block(text)]
	later := infrastructure.unknown(values, unknown, path, array.flatten([_prefix_fields, _prefix_lists, _port_fields, ["access", "direction", "priority", "protocol"]]))
}

_text(value) := value if is_string(value)

_text(value) := "" if not is_string(value)

_prefix_fields := ["destination_address_prefix", "destinationAddressPrefix"]

_prefix_lists := ["destination_address_prefixes", "destinationAddressPrefixes"]

_port_fields := ["destination_port_range", "destinationPortRange", "destination_port_ranges", "destinationPortRanges"]

_application_groups := ["destination_application_security_group_ids", "destinationApplicationSecurityGroups"]

_prefixes(values) := array.concat(
	[text | some field in _prefix_fields; text := values[field]; is_string(text); text != ""],
	[text | some field in _prefix_lists; some text in fields.items(values, field); is_string(text)],
)

_everywhere := {"*", "any", "internet"}

# What says no destination at all allows any, and denies none for sure.
_anywhere(values, unknown, prefixes) if {
	prefixes == []
	infrastructure.later(values, unknown, array.concat(_prefix_fields, _prefix_lists)) == []
	lower(_text(object.get(values, "access", ""))) == "allow"
	count([1 | some field in array.flatten([_prefix_fields, _prefix_lists, _application_groups]); not object.get(values, field, null) in [null, "", []]]) == 0
} else := [text | some text in prefixes; lower(text) in _everywhere][0] if {
	count([1 | some text in prefixes; lower(text) in _everywhere]) > 0
} else := false

_is_block(text) if statement.parsed(text)

_written_at(values, text, path) := $"{path}.{field}" if {
	field := [field | some field in _prefix_fields; values[field] == text][0]
} else := [$"{path}.{field}[{i}]" | some field in _prefix_lists; some i, other in fields.items(values, field); other == text][0]

_port_texts(values) := array.concat(
	[text | some field in ["destination_port_range", "destinationPortRange"]; text := values[field]; not text in [null, "", "*"]],
	[text | some field in ["destination_port_ranges", "destinationPortRanges"]; some text in fields.items(values, field)],
)

# What denies only some sources is no denial for all.
_is_partial(values, unknown) if {
	sources := array.concat(
		[text | some field in ["source_address_prefix", "sourceAddressPrefix"]; text := values[field]; not text in [null, ""]],
		[text | some field in ["source_address_prefixes", "sourceAddressPrefixes"]; some text in fields.items(values, field)],
	)
	some text in sources
	not lower(text) in {"*", "any", "virtualnetwork", "0.0.0.0/0"}
} else if {
	some field in ["source_application_security_group_ids", "sourceApplicationSecurityGroups", "source_port_ranges", "sourcePortRanges"]
	not object.get(values, field, null) in [null, []]
} else if {
	some field in ["source_port_range", "sourcePortRange"]
	not object.get(values, field, null) in [null, "", "*"]
} else := count(infrastructure.later(values, unknown, _source_fields)) > 0

_source_fields := [
	"source_address_prefix", "source_address_prefixes", "source_application_security_group_ids", "source_port_range", "source_port_ranges",
]
