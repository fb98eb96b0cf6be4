# METADATA
# title: The dialect of Cilium
# description: |
#   CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy v2. What any policy denies is denied, what any allows is allowed, and who is selected by one that has egress
#   rules is denied the rest, unless enableDefaultDeny says otherwise. They add to NetworkPolicies, with which they are enforced as one.
# related_resources:
#   - ref: https://docs.cilium.io/en/stable/security/policy/language/
package lib.egress.dialects.cilium

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.domain
import data.lib.egress.fields
import data.lib.egress.selector
import data.lib.egress.statement

kinds := {"cilium.io": {"CiliumNetworkPolicy": true, "CiliumClusterwideNetworkPolicy": true}}

cluster_kinds := {"cilium.io": {"CiliumClusterwideNetworkPolicy": true}}

references := {"cilium.io": {"CiliumCIDRGroup": true}}

versions := {"CiliumNetworkPolicy": {"cilium.io/v2"}, "CiliumClusterwideNetworkPolicy": {"cilium.io/v2"}}

# METADATA
# description: The facts of each of an object's rules (see `statement.facts`), which Cilium calls so, in spec and in specs.
policies(document, resource, shared, settings) := [_policy(document, resource, path, spec, shared, settings) |
	some [path, spec] in _specs(document.object)
]

_specs(thing) := array.concat(
	[["spec", thing.spec] | object.get(thing, "spec", null) != null],
	[[$"specs[{i}]", spec] | some i, spec in fields.items(thing, "specs")],
) if {
	_has_specs(thing)
} else := [["spec", object.get(thing, "spec", null)]]

_has_specs(thing) if count(fields.items(thing, "specs")) > 0

_policy(document, resource, path, spec, shared, settings) := statement.facts(document, resource, {
	"part": path,
	"selector": _chosen(spec),
	"applies": [{"of": "pod", "selector": compiled}],
	"normal": ({[key, "In", {value}] | some key, value in object.remove(compiled.pairs, _own(resource.namespace))} | {[one.key, one.operator, one.values] |
		some one in compiled.requirements
	}),
	"isolates": _isolates(spec),
	"problems": _problems(spec, path),
	"unresolved": array.concat(
		[{"path": $"{path}.nodeSelector", "message": "governs nodes, of which nothing is judged"} | is_object(spec.nodeSelector)],
		[found | some [field, _] in _directions; some i, rule in fields.items(spec, field); some found in _unresolved(rule, $"{path}.{field}[{i}]", shared)],
	),
	"said": [_said(rule, i, $"{path}.{field}[{i}]", action, resource.namespace, shared, settings.space) |
		some [field, action] in _directions
		some i, rule in fields.items(spec, field)
	],
}) if {
	compiled := _compiled(spec, resource.namespace)
}

# The namespace that every namespaced policy is about, which selects nobody there.
_own("") := []

_own(namespace) := ["io.kubernetes.pod.namespace"] if namespace != ""

_directions := [["egress", "allow"], ["egressDeny", "deny"]]

# Whatever namespace the selector of a namespaced policy says, Cilium puts in the policy's own.
_compiled(spec, namespace) := {
	"pairs": object.union(
		{_key(key): value | some key, value in found.pairs},
		{"io.kubernetes.pod.namespace": namespace | namespace != ""},
	),
	"requirements": [object.union(one, {"key": _key(one.key)}) | some one in found.requirements],
} if {
	is_object(spec.endpointSelector)
	found := selector.compiled(spec.endpointSelector)
} else := {"pairs": {"\n": "\n"}, "requirements": []}

_chosen(spec) := {"matchLabels": {_key(key): value | some key, value in statement.child(spec.endpointSelector, "matchLabels")}} if {
	is_object(spec.endpointSelector)
} else := {}

# Where a label comes from is said before it.
_key(key) := substring(key, 4, -1) if {
	is_string(key)
	regex.match(`^(k8s|any)[:.]`, key)
} else := key

_isolates(spec) := spec.enableDefaultDeny.egress if {
	is_boolean(spec.enableDefaultDeny.egress)
} else := (count(fields.items(spec, "egress")) + count(fields.items(spec, "egressDeny"))) > 0

_said(rule, i, path, action, namespace, shared, public) := {
	"path": path,
	"index": i,
	"action": action,
	"tier": allowance.tiers["network-policy"],
	"order": _orders[action],
	"everywhere": everywhere,
	"claims": array.concat(_claims(everywhere, rule, path, shared, public), [claim | action == "allow"; some claim in _by_name(rule, path, public)]),
	"selectors": [found | not everywhere; some found in _selectors(rule, namespace)],
	"ports": _ports(rule),
} if {
	everywhere := _everywhere(rule, action)
}

_orders := {"deny": allowance.orders.first, "allow": allowance.orders["network-policy"]}

_members := ["toEndpoints", "toCIDR", "toCIDRSet", "toEntities", "toServices", "toFQDNs", "toGroups", "toNodes"]

# Ports without peers are those of everybody. Older versions took an empty list of peers for none as well: it may allow, and does not deny.
_everywhere(rule, "allow") if {
	_has_ports(rule)
	count([1 | some field in _members; count(fields.items(rule, field)) > 0]) == 0
} else := false

_everywhere(rule, "deny") if {
	_has_ports(rule)
	count([1 | some field in _members; object.get(rule, field, null) != null]) == 0
} else := false

_has_ports(rule) if count(fields.items(rule, "toPorts")) + count(fields.items(rule, "icmps")) > 0

_claims(true, _, _, _, public) := allowance.everywhere(public)

_claims(false, rule, path, shared, public) := array.flatten([
	[claim | some j, text in fields.items(rule, "toCIDR"); some claim in statement.block(text, [], $"{path}.toCIDR[{j}]", public)],
	[claim |
		some j, entry in fields.items(rule, "toCIDRSet")
		some claim in _of_set(entry, $"{path}.toCIDRSet[{j}]", shared, public)
	],
	[claim | some j, name in fields.items(rule, "toEntities"); some claim in _of_entity(name, $"{path}.toEntities[{j}]", public)],
	[claim |
		some j, chosen in fields.items(rule, "toEndpoints")
		_selects_world(chosen)
		some claim in statement.anywhere("reserved:world", $"{path}.toEndpoints[{j}]", public)
	],
])

# What a name stands for is known only when somebody asks for it, so that a name denies nothing for sure.
_by_name(rule, path, public) := [claim |
	some j, entry in fields.items(rule, "toFQDNs")
	some field in ["matchName", "matchPattern"]
	domain.any(entry[field])
	some claim in statement.anywhere(entry[field], $"{path}.toFQDNs[{j}].{field}", public)
]

_of_set(entry, path, _, public) := statement.block(entry.cidr, fields.items(entry, "except"), $"{path}.cidr", public) if is_string(entry.cidr)

_of_set(entry, path, shared, public) := [claim |
	some group in _groups(entry, shared)
	some text in group.cidrs
	some claim in statement.block(text, fields.items(entry, "except"), $"{path}.{_referring(entry)}", public)
] if {
	not is_string(object.get(entry, "cidr", null))
}

_referring(entry) := "cidrGroupRef" if {
	is_string(entry.cidrGroupRef)
} else := "cidrGroupSelector"

_groups(entry, shared) := [group | some group in shared.cidr_groups; group.name == entry.cidrGroupRef] if {
	is_string(entry.cidrGroupRef)
} else := [group |
	is_object(entry.cidrGroupSelector)
	some group in shared.cidr_groups
	selector.matches(entry.cidrGroupSelector, group.labels)
]

# METADATA
# description: What policies refer to, {"name", "labels", "cidrs"} of a CiliumCIDRGroup.
cidr_group(thing) := {
	"name": thing.metadata.name,
	"labels": statement.child(thing.metadata, "labels"),
	"cidrs": [text | some text in fields.items(statement.child(thing, "spec"), "externalCIDRs")],
}

_of_entity(name, path, public) := statement.anywhere(name, path, public) if {
	name in {"world", "all"}
} else := allowance.claims(public, cidr.block(_world[name], 0, 0), [], {"cidr": name, "path": path}) if {
	_world[name]
} else := []

_world := {"world-ipv4": 4, "world-ipv6": 6}

_inside := {"cluster", "host", "remote-node", "kube-apiserver", "init", "ingress", "health", "unmanaged", "none"}

# A selector with a key of Cilium's own labels gets no namespace beside it, and may select what is outside.
_selects_world(chosen) if {
	compiled := selector.compiled(chosen)
	keys := array.concat([key | some key, _ in compiled.pairs], [one.key | some one in compiled.requirements])
	some key in keys
	regex.match(`^reserved[:.]`, key)
	some world in ["reserved:world", "reserved.world", "reserved:world-ipv4", "reserved.world-ipv4", "reserved:world-ipv6", "reserved.world-ipv6"]
	selector.selects(compiled, {world: ""})
}

_selectors(rule, namespace) := array.flatten([
	[_of_endpoints(chosen, namespace) | some chosen in fields.items(rule, "toEndpoints"); not _selects_world(chosen)],
	[{"namespaces": {}, "pods": {}} | "cluster" in fields.items(rule, "toEntities")],
	[{"namespaces": null, "pods": null, "name": name} | some name in fields.items(rule, "toEntities"); name in _inside; name != "cluster"],
	[{"namespaces": null, "pods": null, "name": name} |
		some entry in fields.items(rule, "toFQDNs")
		some field in ["matchName", "matchPattern"]
		name := entry[field]
		not domain.any(name)
	],
	[{"namespaces": null, "pods": null, "name": field} | some field in ["toServices", "toGroups", "toNodes"]; count(fields.items(rule, field)) > 0],
])

# The labels of pods and those of their namespace are in one selector.
_of_endpoints(chosen, namespace) := {"namespaces": _namespaces(_pairs_of(pairs), _requirements_of(requirements), namespace), "pods": {
	"matchLabels": {key: value | some key, value in pairs; not _about_namespace(key)},
	"matchExpressions": [one | some one in requirements; not _about_namespace(one.key)],
}} if {
	found := selector.compiled(chosen)
	pairs := {_key(key): value | some key, value in found.pairs}
	requirements := [{"key": _key(one.key), "operator": one.operator, "values": [value | some value in one.values]} | some one in found.requirements]
}

_namespace_label := "io.kubernetes.pod.namespace"

_namespace_labels := "io.cilium.k8s.namespace.labels."

_about_namespace(key) if key == _namespace_label

_about_namespace(key) if startswith(key, _namespace_labels)

_named(key) := "kubernetes.io/metadata.name" if {
	key == _namespace_label
} else := trim_prefix(key, _namespace_labels)

_pairs_of(pairs) := {_named(key): value | some key, value in pairs; _about_namespace(key)}

_requirements_of(requirements) := [object.union(one, {"key": _named(one.key)}) | some one in requirements; _about_namespace(one.key)]

_namespaces(pairs, requirements, namespace) := null if {
	pairs == {}
	requirements == []
	namespace != ""
} else := {"matchLabels": pairs, "matchExpressions": requirements}

# Only ICMP where it is the only thing said.
_ports(rule) := [port | some entry in fields.items(rule, "toPorts"); some port in _of_entry(entry)] if {
	count(fields.items(rule, "toPorts")) > 0
} else := [] if {
	count(fields.items(rule, "icmps")) > 0
} else := statement.whole(["TCP", "UDP", "SCTP"])

_of_entry(entry) := [port | some written in fields.items(entry, "ports"); some port in _port(written)] if {
	count(fields.items(entry, "ports")) > 0
} else := statement.whole(["TCP", "UDP", "SCTP"])

_port(written) := [port | some protocol in _protocols(written); some port in _number_or_name(protocol, object.get(written, "port", "0"), written)]

_protocols(written) := ["TCP", "UDP", "SCTP"] if {
	upper(_text(object.get(written, "protocol", null), "ANY")) in {"ANY", ""}
} else := [protocol |
	protocol := upper(written.protocol)
	protocol in {"TCP", "UDP", "SCTP"}
]

_text(value, otherwise) := value if {
	is_string(value)
} else := otherwise

# Ports are texts: 0 is every port, and what is neither a plain number nor a name may be read as any.
_number_or_name(protocol, text, written) := statement.range(protocol, number, max([number, object.get(written, "endPort", number)])) if {
	regex.match(`^[1-9][0-9]{0,4}$`, _digits(text))
	number := to_number(_digits(text))
} else := [{"protocol": protocol, "name": lower(text)}] if {
	is_string(text)
	regex.match(`^[a-zA-Z0-9-]{1,15}$`, text)
	regex.match(`[a-zA-Z]`, text)
} else := statement.whole([protocol])

_digits(text) := text if {
	is_string(text)
} else := format_int(text, 10)

_unresolved(rule, base, shared) := array.concat(
	[{"path": $"{base}.toCIDRSet[{j}]", "message": $"refers to a CiliumCIDRGroup that is not there"} |
		some j, entry in fields.items(rule, "toCIDRSet")
		not is_string(object.get(entry, "cidr", null))
		count(_groups(entry, shared)) == 0
	],
	[{"path": $"{base}.toGroups", "message": "refers to groups of a cloud, whose addresses are not known"} | count(fields.items(rule, "toGroups")) > 0],
)

_problems(spec, path) := statement.shape_problems(spec, set(), path) if {
	not is_object(spec)
} else := array.flatten([
	statement.shape_problems(
		spec, {
			"endpointSelector", "nodeSelector", "ingress", "ingressDeny", "egress", "egressDeny", "labels", "description", "enableDefaultDeny", "log",
		},
		path,
	),
	[{"path": path, "message": "must have either endpointSelector or nodeSelector"} | count([1 | some field in ["endpointSelector", "nodeSelector"]; is_object(spec[field])]) != 1],
	[problem | is_object(spec.endpointSelector); some problem in statement.selector_problems(spec.endpointSelector, $"{path}.endpointSelector")],
	[problem | some [field, _] in _directions; some problem in statement.list_problem(spec, field, path)],
	[problem |
		some [field, action] in _directions
		some i, rule in fields.items(spec, field)
		some problem in _rule_problems(rule, $"{path}.{field}[{i}]")
	],
])

_rule_problems(null, _) := []

_rule_problems(rule, base) := array.flatten([
	statement.shape_problems(rule, {field | some field in _members} | {"toRequires", "toPorts", "icmps", "authentication"}, base),
	[problem | some field in array.concat(_members, ["toPorts", "icmps"]); some problem in statement.list_problem(rule, field, base)],
	_combined_problems([field | some field in _members; count(fields.items(rule, field)) > 0], base),
	[problem | some j, text in fields.items(rule, "toCIDR"); some problem in statement.block_problem(text, $"{base}.toCIDR[{j}]")],
	[problem | some j, entry in fields.items(rule, "toCIDRSet"); some problem in _set_problems(entry, $"{base}.toCIDRSet[{j}]")],
	[{"path": $"{base}.toEntities[{j}]", "message": "is no entity of Cilium"} |
		some j, name in fields.items(rule, "toEntities")
		not name in (_inside | {"world", "all", "world-ipv4", "world-ipv6"})
	],
	[{"path": $"{base}.toPorts[{j}].ports[{k}].port", "message": "must be a text: a number or a name"} |
		some j, entry in fields.items(rule, "toPorts")
		some k, written in fields.items(entry, "ports")
		not _is_port(object.get(written, "port", null))
	],
	[problem | some j, chosen in fields.items(rule, "toEndpoints"); some problem in statement.selector_problems(chosen, $"{base}.toEndpoints[{j}]")],
]) if {
	rule != null
}

_combined_problems(held, base) := [{"path": base, "message": $"must not have both {held[0]} and {held[1]}"}] if {
	count(held) > 1
} else := []

_is_port(text) if {
	is_string(text)
	regex.match(`^(0|[1-9][0-9]{0,4}|[a-zA-Z0-9-]*[a-zA-Z][a-zA-Z0-9-]*)$`, text)
}

_set_problems(entry, base) := [{"path": base, "message": "must have one of cidr, cidrGroupRef and cidrGroupSelector"}] if {
	count([1 | some field in ["cidr", "cidrGroupRef", "cidrGroupSelector"]; object.get(entry, field, null) != null]) != 1
} else := [problem |
	entry.cidr
	some [field, text] in array.concat([["cidr", entry.cidr]], [[$"except[{i}]", text] | some i, text in fields.items(entry, "except")])
	some problem in statement.block_problem(text, $"{base}.{field}")
]
