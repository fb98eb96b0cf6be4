# METADATA
# title: The dialect of policy.networking.k8s.io
# description: |
#   ClusterNetworkPolicy v1alpha2, and the AdminNetworkPolicy and BaselineAdminNetworkPolicy v1alpha1 before it: rules with an action in the order of priorities, in a
#   tier before all NetworkPolicies or in one behind them. Nothing is denied that no rule denies.
# related_resources:
#   - ref: https://network-policy-api.sigs.k8s.io/reference/spec/
package lib.egress.dialects.cluster_network_policy

import data.lib.egress.allowance
import data.lib.egress.domain
import data.lib.egress.fields
import data.lib.egress.selector
import data.lib.egress.statement

kinds := {"policy.networking.k8s.io": {"ClusterNetworkPolicy": true, "AdminNetworkPolicy": true, "BaselineAdminNetworkPolicy": true}}

cluster_kinds := kinds

versions := {
	"ClusterNetworkPolicy": {"policy.networking.k8s.io/v1alpha2"},
	"AdminNetworkPolicy": {"policy.networking.k8s.io/v1alpha1"},
	"BaselineAdminNetworkPolicy": {"policy.networking.k8s.io/v1alpha1"},
}

_actions := {"Accept": "allow", "Allow": "allow", "Deny": "deny", "Pass": "pass"}

_known_actions := {
	"ClusterNetworkPolicy": {"Accept", "Deny", "Pass"},
	"AdminNetworkPolicy": {"Allow", "Deny", "Pass"},
	"BaselineAdminNetworkPolicy": {"Allow", "Deny"},
}

# METADATA
# description: The facts of a policy, in a list (see `statement.facts`).
policies(document, resource, _, settings) := [statement.facts(document, resource, {
	"applies": _applies(spec),
	"normal": _normal(spec),
	"isolates": false,
	"problems": _problems(document.object, spec),
	"said": [_said(rule, i, tier, [priority, i], settings.space) | some i, rule in fields.items(spec, "egress")],
})] if {
	spec := statement.child(document.object, "spec")
	tier := _tier(document.object.kind, spec)
	priority := object.get(spec, "priority", null)
}

# METADATA
# description: |
#   What decides between this policy and others; where two have the same, nobody knows which comes first.
precedence(thing) := [_tier(thing.kind, spec), object.get(spec, "priority", null)] if spec := statement.child(thing, "spec")

_tier("AdminNetworkPolicy", _) := allowance.tiers.admin

_tier("BaselineAdminNetworkPolicy", _) := allowance.tiers.baseline

_tier("ClusterNetworkPolicy", spec) := allowance.tiers.baseline if {
	spec.tier == "Baseline"
} else := allowance.tiers.admin

_subject(spec) := statement.child(spec, "subject")

_applies(spec) := [
	{"of": "namespace", "selector": selector.compiled(_namespaces(_subject(spec)))},
	{"of": "pod", "selector": selector.compiled(_pods(_subject(spec)))},
]

_namespaces(subject) := subject.namespaces if {
	is_object(subject.namespaces)
} else := statement.child(statement.child(subject, "pods"), "namespaceSelector")

_pods(subject) := statement.child(statement.child(subject, "pods"), "podSelector")

_normal(spec) := {["namespace", one] | some one in selector.normal(_namespaces(_subject(spec)))} | selector.normal(_pods(_subject(spec)))

_said(rule, i, tier, order, public) := {
	"path": path,
	"index": i,
	"action": object.get(_actions, object.get(rule, "action", ""), "none"),
	"tier": tier,
	"order": order,
	"claims": [claim | some j, peer in fields.items(rule, "to"); some claim in _claims(peer, $"{path}.to[{j}]", rule, public)],
	"selectors": [found | some peer in fields.items(rule, "to"); some found in _selectors(peer)],
	"ports": _ports(rule),
} if {
	path := $"spec.egress[{i}]"
}

# A name is known only when somebody asks for it, and denies nothing for sure.
_claims(peer, path, rule, public) := array.concat(
	[claim |
		some k, text in fields.items(peer, "networks")
		some claim in statement.block(text, [], $"{path}.networks[{k}]", public)
	],
	[claim |
		_actions[rule.action] == "allow"
		some k, name in fields.items(peer, "domainNames")
		domain.any(name)
		some claim in statement.anywhere(name, $"{path}.domainNames[{k}]", public)
	],
)

_selectors(peer) := array.flatten([
	[{"namespaces": peer.namespaces, "pods": null} | is_object(peer.namespaces)],
	[{"namespaces": statement.child(peer.pods, "namespaceSelector"), "pods": statement.child(peer.pods, "podSelector")} | is_object(peer.pods)],
	[{"namespaces": null, "pods": null, "name": "nodes"} | is_object(peer.nodes)],
	[{"namespaces": null, "pods": null, "name": name} | some name in fields.items(peer, "domainNames"); not domain.any(name)],
])

_ports(rule) := [port |
	some field in ["ports", "protocols"]
	some entry in fields.items(rule, field)
	some port in _port(entry)
] if {
	count(fields.items(rule, "ports")) + count(fields.items(rule, "protocols")) > 0
} else := statement.whole(["TCP", "UDP", "SCTP"])

# An entry of v1alpha1 is a number, a range or a name, one of v1alpha2 a protocol with one of them.
_port(entry) := statement.port(_protocol(entry.portNumber), entry.portNumber.port) if {
	is_object(entry.portNumber)
} else := statement.range(_protocol(entry.portRange), entry.portRange.start, entry.portRange.end) if {
	is_object(entry.portRange)
} else := statement.port("TCP", entry.namedPort) if {
	is_string(entry.namedPort)
} else := statement.port("TCP", entry.destinationNamedPort) if {
	is_string(entry.destinationNamedPort)
} else := [port |
	some field in ["tcp", "udp", "sctp"]
	is_object(entry[field])
	some port in _of_protocol(upper(field), entry[field])
]

_protocol(entry) := entry.protocol if {
	is_string(entry.protocol)
} else := "TCP"

_of_protocol(protocol, entry) := statement.range(protocol, entry.destinationPort.range.start, entry.destinationPort.range.end) if {
	is_object(entry.destinationPort.range)
} else := statement.port(protocol, entry.destinationPort.number) if {
	is_number(entry.destinationPort.number)
} else := statement.whole([protocol])

_problems(thing, spec) := array.flatten([
	[{"path": "spec", "message": "must be an object"} | not is_object(object.get(thing, "spec", null))],
	statement.shape_problems(spec, {"tier", "priority", "subject", "ingress", "egress"}, "spec"),
	[{"path": "spec.priority", "message": "must be a number"} | thing.kind != "BaselineAdminNetworkPolicy"; not is_number(object.get(spec, "priority", null))],
	[{"path": "spec.tier", "message": "must be Admin or Baseline"} | thing.kind == "ClusterNetworkPolicy"; not object.get(spec, "tier", null) in {"Admin", "Baseline"}],
	_subject_problems(spec),
	[problem |
		some [field, chosen] in [["namespaces", _namespaces(_subject(spec))], ["pods", _pods(_subject(spec))]]
		some problem in statement.selector_problems(chosen, $"spec.subject.{field}")
	],
	[{"path": "metadata.name", "message": "must be default"} |
		thing.kind == "BaselineAdminNetworkPolicy"
		object.get(statement.child(thing, "metadata"), "name", null) != "default"
	],
	statement.list_problem(spec, "egress", "spec"),
	[problem | some i, rule in fields.items(spec, "egress"); some problem in _rule_problems(rule, $"spec.egress[{i}]", thing.kind)],
])

_subject_problems(spec) := [{"path": "spec.subject", "message": "must have either namespaces or pods"} | not _has_one(spec.subject, ["namespaces", "pods"])] if {
	is_object(spec.subject)
} else := [{"path": "spec.subject", "message": "must be an object"}]

_has_one(thing, fields) if count([1 | some field in fields; is_object(thing[field])]) == 1

_rule_problems(rule, base, kind) := array.flatten([
	statement.shape_problems(rule, {"name", "action", "to", "ports", "protocols"}, base),
	[{"path": $"{base}.action", "message": $"must be {concat(", ", sort(_known_actions[kind]))}"} | not object.get(rule, "action", null) in _known_actions[kind]],
	[{"path": $"{base}.to", "message": "must list at least one peer"} | count(fields.items(rule, "to")) == 0],
	[problem | some j, peer in fields.items(rule, "to"); some problem in _peer_problems(peer, $"{base}.to[{j}]")],
	[problem | some field in ["ports", "protocols"]; some problem in statement.list_problem(rule, field, base)],
	[{"path": $"{base}.{field}[{j}]", "message": "must be a port, a range, a name or a protocol"} |
		some field in ["ports", "protocols"]
		some j, entry in fields.items(rule, field)
		not _is_readable(entry)
	],
])

_is_readable(entry) if is_number(entry.portNumber.port)

_is_readable(entry) if {
	is_number(entry.portRange.start)
	is_number(entry.portRange.end)
}

_is_readable(entry) if {
	some field in ["namedPort", "destinationNamedPort"]
	is_string(entry[field])
}

_is_readable(entry) if {
	some field in ["tcp", "udp", "sctp"]
	_is_whole_or_port(object.get(entry[field], "destinationPort", null))
}

_is_whole_or_port(null)

_is_whole_or_port(port) if is_number(port.number)

_is_whole_or_port(port) if {
	is_number(port.range.start)
	is_number(port.range.end)
}

_peer_fields := ["namespaces", "pods", "nodes", "networks", "domainNames"]

_peer_problems(peer, base) := array.concat(
	array.concat(
		statement.shape_problems(peer, {field | some field in _peer_fields}, base),
		[{"path": base, "message": "must have one of namespaces, pods, nodes, networks and domainNames"} | count([1 | some field in _peer_fields; peer[field]]) != 1],
	),
	[problem | some k, text in fields.items(peer, "networks"); some problem in statement.block_problem(text, $"{base}.networks[{k}]")],
)
