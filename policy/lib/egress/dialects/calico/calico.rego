# METADATA
# title: The dialect of Calico
# description: |
#   NetworkPolicy and GlobalNetworkPolicy of projectcalico.org/v3. The first rule that matches decides, in the order of tiers, policies and rules; Pass goes to the next
#   tier, Log to the next rule, and at the end of a tier what its policies select is denied, unless the tier says Pass. NetworkPolicies of Kubernetes are in the tier
#   default, at 1000.
# related_resources:
#   - ref: https://docs.tigera.io/calico/latest/reference/resources/networkpolicy
package lib.egress.dialects.calico

import data.lib.egress.allowance
import data.lib.egress.domain
import data.lib.egress.expression
import data.lib.egress.fields
import data.lib.egress.statement

_policies := {"NetworkPolicy": true, "GlobalNetworkPolicy": true}

kinds := {"projectcalico.org": _policies, "crd.projectcalico.org": _policies}

_global := {"GlobalNetworkPolicy": true}

cluster_kinds := {"projectcalico.org": _global, "crd.projectcalico.org": _global}

_referred := {"GlobalNetworkSet": true, "NetworkSet": true, "Tier": true}

references := {"projectcalico.org": _referred, "crd.projectcalico.org": _referred}

cluster_references := {"GlobalNetworkSet": true, "Tier": true}

_versions := {"projectcalico.org/v3", "crd.projectcalico.org/v1"}

versions := {"NetworkPolicy": _versions, "GlobalNetworkPolicy": _versions}

# METADATA
# description: The facts of a policy, in a list (see `statement.facts`).
policies(document, resource, shared, settings) := [statement.facts(document, resource, {
	"applies": _applies(spec, resource.namespace),
	"normal": _normal(spec),
	"isolates": _closes(spec, tier),
	"closes": tier.place,
	"problems": _problems(spec, document.object.kind),
	"unresolved": array.concat(_unknown_tier(spec, tier), [found | some i, rule in _rules(spec); some found in _unresolved(rule, $"spec.egress[{i}]")]),
	"said": [said |
		some i, rule in _rules(spec)
		order := array.concat(_order(spec), [resource.name, i])
		some said in _said(rule, i, [tier.place, order], [resource.namespace, shared, settings.space])
	],
})] if {
	spec := statement.child(document.object, "spec")
	tier := _tier(spec, shared)
}

# Without types a policy is about egress if it has egress rules. What is not tracked or comes before DNAT is for hosts.
_types(spec) := set() if {
	some field in ["doNotTrack", "preDNAT"]
	spec[field] == true
} else := {type | some type in fields.items(spec, "types")} if {
	count(fields.items(spec, "types")) > 0
} else := {"Egress"} if {
	count(fields.items(spec, "egress")) > 0
} else := {"Ingress"}

_rules(spec) := fields.items(spec, "egress") if {
	"Egress" in _types(spec)
} else := []

# What has no order comes last.
_order(spec) := [spec.order] if {
	is_number(spec.order)
} else := ["last"]

_tier_name(spec) := spec.tier if {
	is_string(spec.tier)
	spec.tier != ""
} else := "default"

# Where a tier stands and whether it passes at its end, by its Tier object; the ones that are always there need none.
_tier(spec, shared) := {"place": _places[name], "known": true, "passes": false} if {
	name := _tier_name(spec)
	_places[name]
} else := {"place": array.concat(found.order, [found.name]), "known": true, "passes": found.passes} if {
	some found in shared.tiers
	found.name == _tier_name(spec)
} else := {"place": ["last", _tier_name(spec)], "known": false, "passes": true}

_places := {
	"default": allowance.tiers["network-policy"], "kube-admin": allowance.tiers.admin, "adminnetworkpolicy": allowance.tiers.admin,
	"kube-baseline": allowance.tiers.baseline, "baselineadminnetworkpolicy": allowance.tiers.baseline,
}

# METADATA
# description: What policies refer to, {"name", "order", "passes"} of a Tier.
tier(thing) := {"name": thing.metadata.name, "order": _order(spec), "passes": object.get(spec, "defaultAction", "Deny") == "Pass"} if {
	spec := statement.child(thing, "spec")
}

# METADATA
# description: What policies select as they select pods, {"namespace" ("" for a global one), "labels", "nets", "domains"} of a NetworkSet or GlobalNetworkSet.
network_set(thing) := {
	"namespace": _namespace_of(thing),
	"labels": statement.child(thing.metadata, "labels"),
	"nets": fields.items(spec, "nets"),
	"domains": fields.items(spec, "allowedEgressDomains"),
} if {
	spec := statement.child(thing, "spec")
}

_namespace_of(thing) := "" if {
	thing.kind == "GlobalNetworkSet"
} else := object.get(thing.metadata, "namespace", "default")

_closes(spec, tier) if {
	"Egress" in _types(spec)
	not tier.passes
} else := false

_unknown_tier(_, tier) := [] if tier.known

_unknown_tier(spec, tier) := [{"path": "spec.tier", "message": $"is in tier '{spec.tier}', whose place is not known without its Tier"}] if not tier.known

_applies(spec, namespace) := array.concat(
	[{"of": "pod", "expression": _text(spec, "selector")}, {"of": "pod", "expression": _service_account(spec)}],
	array.concat(
		[{"of": "namespace", "expression": _text(spec, "namespaceSelector")}],
		[{"of": "namespace", "expression": $"projectcalico.org/name == '{namespace}'"} | namespace != ""],
	),
)

_text(thing, field) := text if {
	text := thing[field]
	is_string(text)
} else := ""

# Of a policy for some service accounts nobody can be sure that it selects a pod.
_service_account(spec) := "projectcalico.org/serviceaccount == ''" if {
	trim_space(_text(spec, "serviceAccountSelector")) != ""
} else := ""

_normal(spec) := {[field, text] |
	some field in ["selector", "namespaceSelector", "serviceAccountSelector"]
	text := _text(spec, field)
	not expression.everything(text)
}

_said(rule, i, [tier, order], [namespace, shared, public]) := [{
	"path": path,
	"index": i,
	"action": action,
	"tier": tier,
	"order": order,
	"everywhere": everywhere,
	"claims": array.concat(_claims(everywhere, destination, path, [namespace, shared, public]), _by_domain(destination, path, public)),
	"selectors": [found | not everywhere; some found in _selectors(destination)],
	"ports": _ports(rule, destination, action),
}] if {
	action := {"Allow": "allow", "Deny": "deny", "Pass": "pass"}[rule.action]
	path := $"spec.egress[{i}]"
	destination := statement.child(rule, "destination")
	everywhere := _everywhere(destination)
	_is_for_all(rule, action)
} else := []

# What a rule asks of the source, of the version or of ICMP is not known of all pods: such a rule may allow, and surely neither denies nor passes.
_is_for_all(_, "allow")

_is_for_all(rule, action) if {
	action in {"deny", "pass"}
	object.get(rule, "source", null) in [null, {}]
	count([1 | some field in ["ipVersion", "icmp", "notICMP", "notProtocol", "http"]; object.get(rule, field, null) != null]) == 0
	destination := statement.child(rule, "destination")
	count([1 | some field in ["notNets", "notSelector", "notPorts", "domains", "services", "serviceAccounts"]; _is_given(destination, field)]) == 0
	_is_one_choice(destination)
}

# Blocks and a selector together are fewer than the blocks; whose namespaces a selector means, only global() says for sure.
_is_one_choice(destination) if not _is_selecting(destination)

_is_one_choice(destination) if {
	not _is_given(destination, "nets")
	regex.match(`^\s*(global\(\s*\)\s*)?$`, _text(destination, "namespaceSelector"))
}

_choosing := ["selector", "namespaceSelector", "nets", "domains", "services", "serviceAccounts"]

_everywhere(destination) if {
	count([1 | some field in _choosing; _is_given(destination, field)]) == 0
	count(fields.items(destination, "notNets")) == 0
} else := false

_is_given(destination, field) if {
	value := object.get(destination, field, null)
	not value in [null, "", [], {}]
}

_claims(true, _, _, [_, _, public]) := allowance.everywhere(public)

# Of blocks and a selector both must hold: a selector can only take away from blocks.
_claims(false, destination, path, [namespace, shared, public]) := [claim |
	some [text, from] in _nets(destination, path, namespace, shared)
	some claim in statement.block(text, fields.items(destination, "notNets"), from, public)
]

_nets(destination, path, _, _) := [[text, $"{path}.destination.nets[{j}]"] | some j, text in destination.nets] if {
	_is_given(destination, "nets")
} else := [["0.0.0.0/0", $"{path}.destination.notNets"], ["::/0", $"{path}.destination.notNets"]] if {
	count([1 | some field in _choosing; _is_given(destination, field)]) == 0
}

_nets(destination, path, namespace, shared) := [[text, $"{path}.destination.selector"] |
	some set in _sets(destination, namespace, shared)
	some text in set.nets
] if {
	not _is_given(destination, "nets")
	count([1 | some field in _choosing; _is_given(destination, field)]) > 0
}

# Which sets a selector selects besides pods. Whose namespaces it means is told by its namespaceSelector, which may mean any.
_sets(destination, namespace, shared) := [set |
	_is_selecting(destination)
	some set in shared.network_sets
	_is_in(set, trim_space(_text(destination, "namespaceSelector")), namespace)
	expression.says(_text(destination, "selector"), _labels(set), []) == "yes"
]

_is_selecting(destination) if {
	some field in ["selector", "namespaceSelector"]
	_is_given(destination, field)
}

_labels(set) := object.union(set.labels, {"projectcalico.org/namespace": set.namespace})

# A policy of a namespace means its own where it says none, a global one all.
_is_in(_, "", "")

_is_in(set, "", namespace) if {
	namespace != ""
	set.namespace == namespace
}

_is_in(set, selected, _) if {
	contains(selected, "global(")
	set.namespace == ""
}

_is_in(set, selected, _) if {
	not regex.match(`^(global\(\s*\))?$`, selected)
	set.namespace != ""
}

_by_domain(destination, path, public) := [claim |
	some j, name in fields.items(destination, "domains")
	domain.any(name)
	some claim in statement.anywhere(name, $"{path}.destination.domains[{j}]", public)
]

_selectors(destination) := array.flatten([
	[{"namespaces": _namespaces(destination), "pods": _pods(destination)} | not _is_given(destination, "nets"); _is_selecting(destination)],
	[{"namespaces": null, "pods": null, "name": name} | some name in fields.items(destination, "domains"); not domain.any(name)],
	[{"namespaces": null, "pods": null, "name": field} | some field in ["services", "serviceAccounts"]; _is_given(destination, field)],
])

# Of Calico's expressions only what is true of all is a selector of all.
_namespaces(destination) := _all_or_some(_text(destination, "namespaceSelector")) if {
	_is_given(destination, "namespaceSelector")
} else := null

_pods(destination) := _all_or_some(_text(destination, "selector"))

_all_or_some(text) := {} if {
	expression.everything(text)
} else := {"matchLabels": {"\n": text}}

_ports(rule, destination, action) := [port | some protocol in _protocols(rule); some port in _of_protocol(protocol, destination, action)]

_protocols(rule) := [protocol | some protocol in ["TCP", "UDP", "SCTP"]; not _is_protocol(object.get(rule, "notProtocol", null), protocol)] if {
	object.get(rule, "protocol", null) in [null, ""]
} else := [protocol | some protocol in ["TCP", "UDP", "SCTP"]; _is_protocol(rule.protocol, protocol)]

_is_protocol(value, protocol) if {
	is_string(value)
	upper(value) == protocol
}

_is_protocol(value, protocol) if format_int(value, 10) == _numbers[protocol]

_is_protocol(value, protocol) if value == _numbers[protocol]

_numbers := {"TCP": "6", "UDP": "17", "SCTP": "132"}

# Of ports that are left out all others may be allowed.
_of_protocol(protocol, destination, action) := [port | some entry in destination.ports; some port in _port(protocol, entry, action)] if {
	_is_given(destination, "ports")
} else := statement.whole([protocol])

_port(protocol, entry, _) := statement.range(protocol, entry, entry) if is_number(entry)

_port(protocol, entry, _) := statement.range(protocol, to_number(first), to_number(last)) if {
	is_string(entry)
	regex.match(`^[0-9]{1,5}(:[0-9]{1,5})?$`, entry)
	ends := split(entry, ":")
	first := ends[0]
	last := ends[count(ends) - 1]
}

_port(protocol, entry, "allow") := [{"protocol": protocol, "name": entry}] if {
	is_string(entry)
	not regex.match(`^[0-9]{1,5}(:[0-9]{1,5})?$`, entry)
}

_unresolved(rule, path) := [{"path": $"{path}.destination.services", "message": "refers to a Service, whose endpoints are not known"} |
	_is_given(statement.child(rule, "destination"), "services")
]

_problems(spec, kind) := array.flatten([
	statement.shape_problems(
		spec, {
			"tier", "order", "selector", "namespaceSelector", "serviceAccountSelector", "types", "ingress", "egress", "performanceHints", "doNotTrack",
			"preDNAT", "applyOnForward", "stagedAction",
		},
		"spec",
	),
	[{"path": $"spec.types[{i}]", "message": "must be Ingress or Egress"} | some i, type in fields.items(spec, "types"); not type in {"Ingress", "Egress"}],
	[{"path": $"spec.{field}", "message": "cannot be read as an expression"} |
		some field in ["selector", "namespaceSelector", "serviceAccountSelector"]
		not _is_expression(object.get(spec, field, ""))
	],
	[{"path": "spec.namespaceSelector", "message": "is a field of GlobalNetworkPolicy"} | kind == "NetworkPolicy"; object.get(spec, "namespaceSelector", null) != null],
	[{"path": "spec.order", "message": "must be a number"} | not _is_order(object.get(spec, "order", null))],
	statement.list_problem(spec, "egress", "spec"),
	[problem | some i, rule in fields.items(spec, "egress"); some problem in _rule_problems(rule, $"spec.egress[{i}]")],
])

_is_expression(null)

_is_expression(text) if expression.valid(text)

_is_order(null)

_is_order(value) if is_number(value)

_rule_problems(rule, base) := array.flatten([
	statement.shape_problems(rule, {"action", "ipVersion", "protocol", "icmp", "notProtocol", "notICMP", "source", "destination", "http", "metadata"}, base),
	[{"path": $"{base}.action", "message": "must be Allow, Deny, Log or Pass"} | not object.get(rule, "action", null) in {"Allow", "Deny", "Log", "Pass"}],
	_destination_problems(statement.child(rule, "destination"), $"{base}.destination"),
	[{"path": $"{base}.destination.ports", "message": "needs a protocol: TCP, UDP or SCTP"} |
		_is_given(statement.child(rule, "destination"), "ports")
		count(_protocols(rule)) != 1
	],
	[{"path": $"{base}.destination.ports[{i}]", "message": "must be a port, a range or a name"} |
		some i, entry in fields.items(statement.child(rule, "destination"), "ports")
		not _port("TCP", entry, "allow")
	],
])

_destination_problems(destination, base) := array.flatten([
	statement.shape_problems(
		destination, {
			"nets", "notNets", "selector", "notSelector", "namespaceSelector", "ports", "notPorts", "serviceAccounts", "services", "domains",
		},
		base,
	),
	[problem | some field in ["nets", "notNets", "ports", "notPorts"]; some problem in statement.list_problem(destination, field, base)],
	[problem |
		some field in ["nets", "notNets"]
		some i, text in fields.items(destination, field)
		some problem in statement.block_problem(text, $"{base}.{field}[{i}]")
	],
	[{"path": $"{base}.{field}", "message": "cannot be read as an expression"} |
		some field in ["selector", "notSelector", "namespaceSelector"]
		not _is_expression(object.get(destination, field, null))
	],
])
