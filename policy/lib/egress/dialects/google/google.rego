# METADATA
# title: The dialect of Google Cloud
# description: |
#   Firewall rules of a network in the order of their priorities, of one priority the denial first, behind which the network lets everything out; and firewall policies,
#   whose rules may go on to the next: of Terraform, `gcloud … --format json`, and the objects of Config Connector and Crossplane.
# related_resources:
#   - ref: https://cloud.google.com/firewall/docs/firewalls#default_firewall_rules
package lib.egress.dialects.google

import data.lib.egress.domain
import data.lib.egress.fields
import data.lib.egress.firewall
import data.lib.egress.infrastructure
import data.lib.egress.statement

_upbound := {
	"Firewall": true, "FirewallPolicy": true, "FirewallPolicyRule": true, "NetworkFirewallPolicyRule": true, "RegionNetworkFirewallPolicyRule": true,
}

kinds := {
	"compute.cnrm.cloud.google.com": {"ComputeFirewall": true, "ComputeFirewallPolicy": true, "ComputeFirewallPolicyRule": true},
	"compute.gcp.upbound.io": _upbound,
	"compute.gcp.m.upbound.io": _upbound,
}

_rules := {"google_compute_firewall", "compute#firewall", "ComputeFirewall", "Firewall"}

_networks := {"google_compute_network", "compute#network", "ComputeNetwork", "Network"}

_subnetworks := {"google_compute_subnetwork", "compute#subnetwork", "ComputeSubnetwork", "Subnetwork"}

_policy_rules := {
	"google_compute_firewall_policy_rule", "google_compute_network_firewall_policy_rule", "google_compute_region_network_firewall_policy_rule",
	"ComputeFirewallPolicyRule", "FirewallPolicyRule", "NetworkFirewallPolicyRule", "RegionNetworkFirewallPolicyRule",
}

# Policies that have their rules in themselves.
_policies := {
	"google_compute_firewall_policy_with_rules", "google_compute_network_firewall_policy_with_rules",
	"google_compute_region_network_firewall_policy_with_rules", "compute#firewallPolicy",
}

# METADATA
# description: The firewalls among some resources, as those of AWS are (see `aws.firewalls`); each network once, for what it allows where no rule speaks.
firewalls(resources) := array.flatten([
	[{"resource": one, "kind": one.type, "key": ["network", _network(one, resources)], "rules": [_rule(one)]} |
		some one in resources
		one.type in _rules
		_is_outbound(one.values, one.unknown)
	],
	[{"resource": bearer, "kind": _kind(bearer), "name": name, "key": ["network", name], "rules": [_implied(bearer, name, resources)]} |
		some name in {name |
			some one in resources
			one.type in (_rules | _networks)
			name := _network(one, resources)
		}
		bearer := _bearer(name, resources)
	],
	[{"resource": one, "kind": one.type, "key": ["policy", _policy(one)], "rules": [_policy_rule(one.values, one, "", one.unknown)], "goes_on": true} |
		some one in resources
		one.type in _policy_rules
		_is_outbound(one.values, one.unknown)
	],
	[{"resource": one, "kind": one.type, "key": ["policy", one.name], "goes_on": true, "rules": _rules_of(one)} |
		some one in resources
		one.type in _policies
	],
])

_rules_of(one) := array.concat(
	[rule |
		some field in _lists
		some i, written in fields.items(one.values, field)
		unknown := infrastructure.below(one.unknown, [field, i])
		_is_outbound(written, unknown)
		rule := _policy_rule(written, one, $".{field}[{i}]", unknown)
	],
	firewall.unknown_rules(array.concat(
		infrastructure.unknown_lists(one.values, one.unknown, one.path, _lists),
		[$"{one.path}.{field}" | some field in _lists; object.get(one.unknown, field, false) == true],
	)),
)

_lists := ["rules", "rule"]

# A direction that is not said is the other one.
_is_outbound(values, unknown) if infrastructure.is_later(values, unknown, "direction")

_is_outbound(values, _) if {
	upper(values.direction) == "EGRESS"
	not infrastructure.is_true(object.get(values, "disabled", false))
}

_kind(bearer) := bearer.type if {
	bearer.type in _networks
} else := "google_compute_network"

# The network itself where it is there, else the first rule that names it.
_bearer(name, resources) := [one | some one in resources; one.type in _networks; _network(one, resources) == name][0]

_bearer(name, resources) := [one | some one in resources; one.type in _rules; _network(one, resources) == name][0] if {
	count([1 | some one in resources; one.type in _networks; _network(one, resources) == name]) == 0
}

# The name of the network that a resource is or belongs to.
_network(one, resources) := _own_name(one) if {
	one.type in _networks
} else := name if {
	name := _own_name(infrastructure.referred(one, "network", _networks, resources))
} else := _last(one.values.network) if {
	is_string(one.values.network)
} else := _last(_first([object.get(one.values.networkRef, field, null) | some field in ["name", "external"]])) if {
	one.values.networkRef
} else := "default"

_own_name(one) := _last(_first([object.get(one.values, "name", null), one.name]))

_first(texts) := [text | some text in texts; is_string(text)][0]

_last(text) := parts[count(parts) - 1] if parts := split(text, "/")

_policy(one) := _last(_first([object.get(one.values, "firewall_policy", null), object.get(one.values, "firewallPolicy", null), one.name]))

# Of IPv6 only where a subnetwork has it.
_implied(bearer, name, resources) := firewall.rule({
	"path": bearer.path,
	"order": [65536],
	"blocks": array.concat([["0.0.0.0/0", bearer.path]], [["::/0", bearer.path] | _has_ipv6(name, resources)]),
	"ports": firewall.ports("all", null, null),
	"implied": true,
	"unknown": [{"path": bearer.path, "message": "may let out IPv6: the stack type of a subnetwork is known only later"} | _may_have_ipv6(name, resources)],
})

_may_have_ipv6(name, resources) if {
	some stack in _stacks(name, resources)
	infrastructure.is_unknown(stack, false)
}

_has_ipv6(name, resources) if {
	some stack in _stacks(name, resources)
	contains(upper(stack), "IPV6")
}

_stacks(name, resources) := [one.values[field] |
	some one in resources
	one.type in _subnetworks
	_network(one, resources) == name
	some field in ["stack_type", "stackType"]
]

_rule(one) := firewall.rule({
	"path": path,
	"action": _action(one.values),
	"order": _place(one.values, unknown, 1000),
	"blocks": blocks,
	"ports": _ports(_denied_or_allowed(one.values)),
	"partial": _is_for_some(one.values, unknown, _choosing_fields),
	"unknown": infrastructure.unknown(one.values, unknown, path, _read_fields),
	"problems": array.flatten([
		firewall.block_problems(blocks),
		firewall.port_problems([text | some entry in _denied_or_allowed(one.values); some text in fields.items(entry, "ports")], path),
		[{"path": path, "message": "must have allow or deny"} | _denied_or_allowed(one.values) == []; infrastructure.later(one.values, unknown, _action_fields) == []],
		firewall.place_problems(object.get(one.values, "priority", null), 1000, path, infrastructure.later(one.values, unknown, ["priority"])),
	]),
}) if {
	path := one.path
	unknown := _unknown(one)
	blocks := _ranges(one, unknown, path)
}

_read_fields := array.flatten([_action_fields, _range_fields, ["direction", "priority", "disabled"]])

_action_fields := ["allow", "deny", "allowed", "denied"]

_choosing_fields := ["target_tags", "target_service_accounts", "targetTags", "targetServiceAccounts", "source_ranges", "sourceRanges"]

_is_for_some(values, unknown, choosing) if {
	some field in choosing
	_is_given(values, field)
} else := count(infrastructure.later(values, unknown, choosing)) > 0

# The ranges that nobody writes are unknown in a plan, as the provider works them out; that nothing is written is known.
_unknown(one) := {field: value |
	some field, value in one.unknown
	not _is_unwritten(one, field)
}

_is_unwritten(one, field) if {
	field in {"destination_ranges", "source_ranges"}
	is_object(one.references)
	not one.references[field]
}

_place(values, unknown, _) := [-1] if infrastructure.is_later(values, unknown, "priority")

_place(values, unknown, usual) := firewall.place(object.get(values, "priority", null), usual) if not infrastructure.is_later(values, unknown, "priority")

_action(values) := "deny" if {
	some field in ["deny", "denied"]
	_is_given(values, field)
} else := "allow"

_denied_or_allowed(values) := [entry | some field in ["deny", "denied"]; some entry in fields.items(values, field)] if {
	_action(values) == "deny"
} else := [entry | some field in ["allow", "allowed"]; some entry in fields.items(values, field)]

# Without ranges a rule is for every address of IPv4.
_ranges(one, unknown, path) := [["0.0.0.0/0", path]] if {
	count([1 | some field in _range_fields; _is_given(one.values, field)]) == 0
	count([1 | some field in _range_fields; object.get(unknown, field, false) == true]) == 0
} else := [[text, $"{path}.{field}[{i}]"] |
	some field in _range_fields
	some i, text in fields.items(one.values, field)
	not infrastructure.is_unknown(text, false)
]

_range_fields := ["destination_ranges", "destinationRanges"]

_is_given(values, field) if not object.get(values, field, null) in [null, [], ""]

_ports(entries) := [port |
	some entry in entries
	protocol := firewall.one_of(entry, ["protocol", "IPProtocol", "ip_protocol", "ipProtocol"])
	some port in _of_protocol(protocol, fields.items(entry, "ports"))
]

_of_protocol(protocol, texts) := firewall.ports_of_texts(protocol, texts)

# The rule of a policy has what it matches in an object, which Terraform has in a list of one.
_policy_rule(values, one, below, unknown) := firewall.rule({
	"path": path,
	"action": object.get({"allow": "allow", "deny": "deny", "goto_next": "pass", "apply_security_profile_group": "allow"}, lower(object.get(values, "action", "")), "none"),
	"order": _place(values, unknown, 65536),
	"blocks": blocks,
	"anywhere": _is_anywhere(values, match, later),
	"peers": _peers(match),
	"ports": _ports_of_match(values, match, later),
	"partial": _is_chosen(values, match, unknown),
	"unknown": later,
	"problems": array.concat(
		firewall.block_problems(blocks),
		firewall.place_problems(object.get(values, "priority", null), 65536, path, infrastructure.later(values, unknown, ["priority"])),
	),
}) if {
	path := concat("", [one.path, below])
	match := _match(values)
	blocks := _destinations(match, path)
	later := array.concat(
		infrastructure.unknown(values, unknown, path, ["action", "direction", "priority", "disabled"]),
		infrastructure.unknown(match, _unknown_match(unknown), $"{path}.match", _match_fields),
	)
}

_match_fields := array.flatten([_destination_fields, _layer4_fields, _name_fields, _group_fields])

_destination_fields := ["dest_ip_ranges", "destIpRanges", "destIPRanges"]

_layer4_fields := ["layer4_configs", "layer4_config", "layer4Configs", "layer4Config"]

_name_fields := ["dest_fqdns", "destFqdns"]

_group_fields := [
	"dest_address_groups", "destAddressGroups", "dest_region_codes", "destRegionCodes", "dest_threat_intelligences", "destThreatIntelligences",
]

_unknown_match(unknown) := unknown.match[0] if {
	is_array(unknown.match)
} else := object.get(unknown, "match", {})

# What says no destination at all allows any, and denies none for sure.
_is_anywhere(values, match, later) if {
	later == []
	lower(values.action) == "allow"
	count([1 | some field in array.flatten([_destination_fields, _name_fields, _group_fields]); _is_given(match, field)]) == 0
} else := _any_name(match)

_ports_of_match(values, match, later) := statement.whole(["TCP", "UDP", "SCTP"]) if {
	later == []
	lower(values.action) == "allow"
	count([1 | some field in _layer4_fields; _is_given(match, field)]) == 0
} else := _ports([entry | some field in _layer4_fields; some entry in fields.items(match, field)])

# By more than blocks and ports fewer packets are meant than by those.
_is_chosen(values, match, unknown) if {
	some field, _ in match
	not field in array.concat(_destination_fields, _layer4_fields)
	_is_given(match, field)
} else := _is_for_some(values, unknown, [
	"target_service_accounts", "target_resources", "target_secure_tags", "target_secure_tag", "targetServiceAccounts", "targetResources",
	"targetSecureTags",
])

_match(values) := values.match if {
	is_object(values.match)
} else := values.match[0] if {
	is_object(values.match[0])
} else := {}

_destinations(match, path) := [[text, $"{path}.match.{field}[{i}]"] |
	some field in _destination_fields
	some i, text in fields.items(match, field)
	not infrastructure.is_unknown(text, false)
]

_any_name(match) := [name |
	some field in _name_fields
	some name in fields.items(match, field)
	domain.any(name)
][0] if {
	count([1 | some field in _name_fields; some name in fields.items(match, field); domain.any(name)]) > 0
} else := false

_peers(match) := array.concat(
	[name | some field in _name_fields; some name in fields.items(match, field); not domain.any(name)],
	[field | some field in _group_fields; _is_given(match, field)],
)
