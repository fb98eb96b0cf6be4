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

_upbound := {"Firewall": true, "FirewallPolicy": true, "FirewallPolicyRule": true}

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
	"ComputeFirewallPolicyRule", "FirewallPolicyRule",
}

# METADATA
# description: The firewalls among some resources, as those of AWS are (see `aws.firewalls`); each network once, for what it allows where no rule speaks.
firewalls(resources) := array.flatten([
	[{"resource": one, "kind": one.type, "key": ["network", _network(one, resources)], "rules": [_rule(one)]} |
		some one in resources
		one.type in _rules
		_is_outbound(one.values)
	],
	[{"resource": bearer, "kind": _kind(bearer), "name": name, "key": ["network", name], "rules": [_implied(bearer, name, resources)]} |
		some name in {name |
			some one in resources
			one.type in (_rules | _networks)
			name := _network(one, resources)
		}
		bearer := _bearer(name, resources)
	],
	[{"resource": one, "kind": one.type, "key": ["policy", _policy(one)], "rules": [_policy_rule(one.values, one, "")], "goes_on": true} |
		some one in resources
		one.type in _policy_rules
		_is_outbound(one.values)
	],
	[{"resource": one, "kind": one.type, "key": ["policy", one.name], "goes_on": true, "rules": [rule |
		some i, written in fields.items(one.values, "rules")
		_is_outbound(written)
		rule := _policy_rule(written, one, $".rules[{i}]")
	]} |
		some one in resources
		one.type == "compute#firewallPolicy"
	],
])

# A direction that is not said is the other one.
_is_outbound(values) if infrastructure.is_unknown(values.direction, false)

_is_outbound(values) if {
	upper(values.direction) == "EGRESS"
	object.get(values, "disabled", false) != true
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
	name := _referred(one, resources)
} else := _last(one.values.network) if {
	is_string(one.values.network)
} else := _last(_first([object.get(one.values.networkRef, field, null) | some field in ["name", "external"]])) if {
	one.values.networkRef
} else := "default"

_referred(one, resources) := [_own_name(other) |
	some other in resources
	other.type in _networks
	some text in object.get(one, ["references", "network"], [])
	startswith(text, other.address)
][0]

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
})

_has_ipv6(name, resources) if {
	some one in resources
	one.type in _subnetworks
	_network(one, resources) == name
	some field in ["stack_type", "stackType"]
	contains(upper(one.values[field]), "IPV6")
}

_rule(one) := firewall.rule({
	"path": path,
	"action": _action(one.values),
	"order": [_priority(one.values, 1000)],
	"blocks": blocks,
	"ports": _ports(_denied_or_allowed(one.values)),
	"partial": count([1 | some field in ["target_tags", "target_service_accounts", "targetTags", "targetServiceAccounts", "source_ranges", "sourceRanges"]; _is_given(one.values, field)]) > 0,
	"unknown": [{"path": $"{path}.{field}", "message": "is known only later"} |
		some field in ["allow", "deny", "allowed", "denied", "destination_ranges", "destinationRanges", "direction", "priority"]
		infrastructure.is_unknown(object.get(one.values, field, null), object.get(one.unknown, field, false))
	],
	"problems": array.concat(
		firewall.block_problems(blocks),
		firewall.port_problems([text | some entry in _denied_or_allowed(one.values); some text in fields.items(entry, "ports")], path),
	),
}) if {
	path := one.path
	blocks := _ranges(one, path)
}

_action(values) := "deny" if {
	some field in ["deny", "denied"]
	_is_given(values, field)
} else := "allow"

_denied_or_allowed(values) := [entry | some field in ["deny", "denied"]; some entry in fields.items(values, field)] if {
	_action(values) == "deny"
} else := [entry | some field in ["allow", "allowed"]; some entry in fields.items(values, field)]

_priority(values, otherwise) := values.priority if {
	is_number(values.priority)
} else := otherwise

# Without ranges a rule is for every address of IPv4.
_ranges(one, path) := [["0.0.0.0/0", path]] if {
	count([1 | some field in _range_fields; _is_given(one.values, field)]) == 0
	count([1 | some field in _range_fields; object.get(one.unknown, field, false) == true]) == 0
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
_policy_rule(values, one, below) := firewall.rule({
	"path": path,
	"action": object.get({"allow": "allow", "deny": "deny", "goto_next": "pass", "apply_security_profile_group": "allow"}, lower(object.get(values, "action", "")), "none"),
	"order": [_priority(values, 65536)],
	"blocks": blocks,
	"anywhere": _any_name(match),
	"peers": _peers(match),
	"ports": _ports([entry | some field in ["layer4_configs", "layer4Configs"]; some entry in fields.items(match, field)]),
	"partial": (_is_chosen(match) + count([1 |
		some field in ["target_service_accounts", "target_resources", "target_secure_tags", "targetServiceAccounts", "targetResources", "targetSecureTags"]
		_is_given(values, field)
	])) > 0,
	"unknown": [{"path": path, "message": "is known only later"} | infrastructure.is_unknown(null, object.get(one.unknown, "match", false))],
	"problems": firewall.block_problems(blocks),
}) if {
	path := concat("", [one.path, below])
	match := _match(values)
	blocks := _destinations(match, path)
}

# By more than blocks and ports fewer packets are meant than by those.
_is_chosen(match) := count([1 |
	some field, _ in match
	not field in {"dest_ip_ranges", "destIpRanges", "layer4_configs", "layer4Configs"}
	_is_given(match, field)
])

_match(values) := values.match if {
	is_object(values.match)
} else := values.match[0] if {
	is_object(values.match[0])
} else := {}

_destinations(match, path) := [[text, $"{path}.match.{field}[{i}]"] |
	some field in ["dest_ip_ranges", "destIpRanges"]
	some i, text in fields.items(match, field)
]

_name_fields := ["dest_fqdns", "destFqdns"]

_any_name(match) := [name |
	some field in _name_fields
	some name in fields.items(match, field)
	domain.any(name)
][0] if {
	count([1 | some field in _name_fields; some name in fields.items(match, field); domain.any(name)]) > 0
} else := false

_peers(match) := array.concat(
	[name | some field in _name_fields; some name in fields.items(match, field); not domain.any(name)],
	[field |
		some field in [
			"dest_address_groups", "destAddressGroups", "dest_region_codes", "destRegionCodes", "dest_threat_intelligences", "destThreatIntelligences",
		]
		_is_given(match, field)
	],
)
