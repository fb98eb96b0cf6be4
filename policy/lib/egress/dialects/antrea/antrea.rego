# METADATA
# title: The dialect of Antrea
# description: |
#   NetworkPolicy and ClusterNetworkPolicy of crd.antrea.io. The first rule that matches decides, in the order of tiers, priorities and rules; Pass goes to the
#   NetworkPolicies of Kubernetes, behind which the tier baseline comes. Nothing is denied that no rule drops.
# related_resources:
#   - ref: https://antrea.io/docs/main/docs/antrea-network-policy/
package lib.egress.dialects.antrea

import data.lib.egress.allowance
import data.lib.egress.domain
import data.lib.egress.fields
import data.lib.egress.selector
import data.lib.egress.statement

kinds := {"crd.antrea.io": {"NetworkPolicy": true, "ClusterNetworkPolicy": true}}

cluster_kinds := {"crd.antrea.io": {"ClusterNetworkPolicy": true}}

references := {"crd.antrea.io": {"Tier": true, "ClusterGroup": true}}

_versions := {"crd.antrea.io/v1beta1", "crd.antrea.io/v1alpha1"}

versions := {"NetworkPolicy": _versions, "ClusterNetworkPolicy": _versions}

# METADATA
# description: The facts of a policy, in a list (see `statement.facts`).
policies(document, resource, shared, settings) := [statement.facts(document, resource, {
	"selector": _chosen(spec),
	"applies": _applies(spec, resource.namespace),
	"normal": {["applied", fields.items(spec, "appliedTo")]},
	"isolates": false,
	"problems": _problems(spec),
	"unresolved": array.concat(_unknown_tier(spec, tier), [found | some i, rule in fields.items(spec, "egress"); some found in _unresolved(rule, $"spec.egress[{i}]")]),
	"said": [said |
		some i, rule in fields.items(spec, "egress")
		order := [tier.priority, object.get(spec, "priority", null), i, _first(rule)]
		some said in _said(rule, i, [tier.place, order], [resource.namespace, settings.space])
	],
})] if {
	spec := statement.child(document.object, "spec")
	tier := _tier(spec, shared)
}

# Rules of one place in policies of one priority are in no order that anybody could know: what allows may be the first.
_first(rule) := object.get({"Allow": 0, "Pass": 1}, object.get(rule, "action", ""), 2)

_priorities := {"emergency": 50, "securityops": 100, "networkops": 150, "platform": 200, "application": 250, "baseline": 253}

_tier_name(spec) := lower(spec.tier) if {
	is_string(spec.tier)
	spec.tier != ""
} else := "application"

# All tiers but baseline come before NetworkPolicies, and are passed as one.
_tier(spec, _) := {"place": allowance.tiers.baseline, "priority": 253, "known": true} if {
	_tier_name(spec) == "baseline"
} else := {"place": _before, "priority": _priorities[_tier_name(spec)], "known": true} if {
	_priorities[_tier_name(spec)]
}

_tier(spec, shared) := {"place": _before, "priority": found.priority, "known": true} if {
	not _priorities[_tier_name(spec)]
	some found in shared.antrea_tiers
	found.name == _tier_name(spec)
} else := {"place": _before, "priority": "unknown", "known": false} if {
	not _priorities[_tier_name(spec)]
}

_before := [500]

# METADATA
# description: What policies refer to, {"name", "priority"} of a Tier.
tier(thing) := {"name": lower(thing.metadata.name), "priority": object.get(statement.child(thing, "spec"), "priority", null)}

_unknown_tier(spec, tier) := [{"path": "spec.tier", "message": $"is in tier '{spec.tier}', whose place is not known without its Tier"} | not tier.known]

_applies(spec, namespace) := [{"of": "any", "alternatives": [_conditions(entry, namespace) | some entry in fields.items(spec, "appliedTo")]}] if {
	count(fields.items(spec, "appliedTo")) > 0
} else := [{"of": "unknown"}] if {
	count([1 | some rule in fields.items(spec, "egress"); count(fields.items(rule, "appliedTo")) > 0]) > 0
} else := [{"of": "any", "alternatives": []}]

_conditions(entry, namespace) := array.concat(
	[{"of": "pod", "selector": selector.compiled(statement.child(entry, "podSelector"))}, {"of": "namespace", "selector": _namespaces(entry, namespace)}],
	[{"of": "unknown"} | count([1 | some field in ["group", "serviceAccount", "externalEntitySelector", "nodeSelector", "service"]; entry[field]]) > 0],
)

_namespaces(entry, "") := selector.compiled(statement.child(entry, "namespaceSelector"))

_namespaces(_, namespace) := {"pairs": {"kubernetes.io/metadata.name": namespace}, "requirements": []} if namespace != ""

_chosen(spec) := statement.child(spec.appliedTo[0], "podSelector") if {
	count(spec.appliedTo) == 1
} else := {}

_said(rule, i, [tier, order], [namespace, public]) := [{
	"path": path,
	"index": i,
	"action": action,
	"tier": tier,
	"order": order,
	"everywhere": everywhere,
	"claims": _claims(everywhere, rule, path, public),
	"selectors": [found | some peer in fields.items(rule, "to"); some found in _selectors(peer, namespace)],
	"ports": _ports(rule),
}] if {
	action := {"Allow": "allow", "Drop": "deny", "Reject": "deny", "Pass": "pass"}[rule.action]
	path := $"spec.egress[{i}]"
	everywhere := (count(fields.items(rule, "to")) + count(fields.items(rule, "toServices"))) == 0
	_is_for_all(rule, action)
} else := []

# A rule of its own appliedTo, or of a layer above ports, surely neither denies nor passes for all.
_is_for_all(_, "allow")

_is_for_all(rule, action) if {
	action in {"deny", "pass"}
	count(fields.items(rule, "appliedTo")) == 0
	count(fields.items(rule, "l7Protocols")) == 0
}

_claims(true, _, _, public) := allowance.everywhere(public)

_claims(false, rule, path, public) := [claim |
	some j, peer in fields.items(rule, "to")
	some claim in _of_peer(peer, $"{path}.to[{j}]", rule, public)
]

# A name is known only when somebody asks for it, and denies nothing for sure.
_of_peer(peer, path, rule, public) := statement.block(peer.ipBlock.cidr, fields.items(peer.ipBlock, "except"), $"{path}.ipBlock.cidr", public) if {
	is_object(peer.ipBlock)
} else := statement.anywhere(peer.fqdn, $"{path}.fqdn", public) if {
	is_string(peer.fqdn)
	rule.action == "Allow"
	domain.any(peer.fqdn)
} else := []

_selectors(peer, namespace) := [{"namespaces": null, "pods": null, "name": peer.fqdn}] if {
	is_string(peer.fqdn)
	not domain.any(peer.fqdn)
} else := [] if {
	count([1 | some field in ["ipBlock", "fqdn"]; peer[field]]) > 0
} else := [{"namespaces": _chosen_namespaces(peer, namespace), "pods": object.get(peer, "podSelector", null)}] if {
	is_object(peer)
	count([1 | some field in ["podSelector", "namespaceSelector"]; is_object(peer[field])]) > 0
} else := [{"namespaces": null, "pods": null, "name": "groups"}]

_chosen_namespaces(peer, namespace) := peer.namespaceSelector if {
	is_object(peer.namespaceSelector)
} else := {} if {
	namespace == ""
} else := null

_ports(rule) := [port | some entry in fields.items(rule, "ports"); some port in _port(entry)] if {
	count(fields.items(rule, "ports")) > 0
} else := [] if {
	count(fields.items(rule, "protocols")) > 0
} else := statement.whole(["TCP", "UDP", "SCTP"])

_port(entry) := statement.range(_protocol(entry), entry.port, object.get(entry, "endPort", entry.port)) if {
	is_number(entry.port)
} else := statement.port(_protocol(entry), entry.port) if {
	is_string(entry.port)
} else := statement.whole([_protocol(entry)])

_protocol(entry) := entry.protocol if {
	is_string(entry.protocol)
} else := "TCP"

_unresolved(rule, path) := [{"path": $"{path}.to[{j}].group", "message": "refers to a group, whose members are not known"} |
	some j, peer in fields.items(rule, "to")
	peer.group
]

_problems(spec) := array.flatten([
	statement.shape_problems(spec, {"tier", "priority", "appliedTo", "ingress", "egress"}, "spec"),
	[{"path": "spec.priority", "message": "must be a number"} | not is_number(object.get(spec, "priority", null))],
	statement.list_problem(spec, "egress", "spec"),
	[problem |
		some i, entry in fields.items(spec, "appliedTo")
		some field in ["podSelector", "namespaceSelector"]
		object.get(entry, field, null) != null
		some problem in statement.selector_problems(entry[field], $"spec.appliedTo[{i}].{field}")
	],
	[problem | some i, rule in fields.items(spec, "egress"); some problem in _rule_problems(rule, $"spec.egress[{i}]")],
])

_rule_problems(rule, base) := array.flatten([
	statement.shape_problems(rule, {"action", "to", "toServices", "ports", "protocols", "l7Protocols", "name", "enableLogging", "logLabel", "appliedTo"}, base),
	[{"path": $"{base}.action", "message": "must be Allow, Drop, Reject or Pass"} | not object.get(rule, "action", null) in {"Allow", "Drop", "Reject", "Pass"}],
	[problem |
		some j, peer in fields.items(rule, "to")
		is_object(peer.ipBlock)
		some problem in statement.block_problem(object.get(peer.ipBlock, "cidr", null), $"{base}.to[{j}].ipBlock.cidr")
	],
	[problem |
		some j, entry in fields.items(rule, "ports")
		some problem in statement.port_problem(object.get(entry, "port", null), $"{base}.ports[{j}].port")
	],
])
