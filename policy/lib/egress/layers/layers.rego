# METADATA
# title: Layers
# description: |
#   What the policies of a namespace are in the six-policy model: which layers they have, and what of their rules is in none. With a model of the namespace its
#   destinations decide; without one the shape of a rule does.
package lib.egress.layers

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.model
import data.lib.egress.ports
import data.lib.egress.reach
import data.lib.egress.selector
import data.lib.egress.width

# METADATA
# description: |
#   A view (see `inventory.view`) with its "layers", which are null where nobody asks for them: {"model": its name, or "", "breaches": [{"layer", "policy", "rule",
#   "path", "about"}], "missing": [{"layer", "about"}] or null where not all policies are known (the context says "alone"), "bearer": the facts that what is missing is said
#   of, "status": {layer: "present"|"missing"|"too wide"|"absent"}}.
seen(view) := object.union(view, {"layers": _layers(view)})

_layers(view) := {
	"model": declared.name,
	"breaches": breaches,
	"missing": missing,
	"bearer": _bearer(view),
	"status": {layer: _status(layer, breaches, missing, there) | some layer in model.layers},
} if {
	_asked(view.namespace, view, view.settings)
	declared := _declared(view.namespace, view.settings)
	breaches := [breach |
		some policy in view.policies
		policy.isolates
		some breach in _breaches(policy, declared, view.namespace, view.settings)
	]
	missing := _missing_of(view.policies, declared, view.namespace, view.context)
	there := {"default-deny-egress"} | _there(declared, view.policies)
} else := null

# METADATA
# description: |
#   What became of each namespace of each model: {"name", "namespace", "message" where there is something to do}, given the namespaces of which something was judged. A name
#   that is misspelt would let the namespace that is meant go by its shape.
report(null, _) := []

report(models, judged) := [object.union({"name": declared.name, "namespace": namespace}, _advice(declared.name, namespace, judged)) |
	some declared in models
	some namespace in declared.namespaces
] if {
	models != null
}

_advice(_, namespace, judged) := {} if namespace in judged

_advice(name, namespace, judged) := {"message": message} if {
	not namespace in judged
	message := $"Model '{name}' is for namespace '{namespace}', which has neither workloads nor policies here: is the name misspelt, or are its manifests elsewhere?"
}

# Coverage is no question in the system's namespaces, unless somebody declares them.
_asked(namespace, found, settings) if {
	settings.models != null
	namespace != ""
	_has_a_say(namespace, found, settings)
}

_has_a_say(namespace, _, settings) if _is_declared(namespace, settings)

_has_a_say(namespace, found, settings) if {
	not _is_declared(namespace, settings)
	not found.system
	count(found.governed) + count([1 | some policy in found.policies; policy.isolates]) > 0
}

_is_declared(namespace, settings) if {
	some declared in settings.models
	namespace in declared.namespaces
}

_declared(namespace, settings) := [declared | some declared in settings.models; namespace in declared.namespaces][0] if {
	_is_declared(namespace, settings)
} else := model.undeclared

_bearer(found) := found.governed[i] if {
	[_, _, i] := min({[workload.resource.kind, workload.resource.name, i] | some i, workload in found.governed})
} else := found.policies[i] if {
	[_, i] := min({[policy.resource.name, i] | some i, policy in found.policies})
} else := null

_status(layer, breaches, missing, there) := "too wide" if {
	some breach in breaches
	breach.layer == layer
} else := "missing" if {
	some gap in missing
	gap.layer == layer
} else := "present" if {
	layer in there
} else := "absent"

# The layers that a model declares; without one, those that rules look like.
_there(declared, _) := {destination.layer | some destination in declared.destinations} if declared.name != ""

_there(declared, policies) := {layer |
	some policy in policies
	policy.isolates
	some rule in policy.rules
	some layer in _looks_like(rule.allowance)
} if {
	declared.name == ""
}

_looks_like(given) := {layer |
	some layer, set in _usual_ports
	count(ports.common(_partial(given), set)) > 0
	_has_blocks_for(layer, given)
} | {"allow-internal-services" |
	given.selectors != []
	count(ports.common(given.ports, _usual_ports["allow-dns"])) + count(ports.common(given.ports, _database_ports)) == 0
}

# Databases and DNS may be pods as well.
_has_blocks_for(layer, _) if layer in {"allow-dns", "allow-database"}

_has_blocks_for(_, given) if given.claims != []

_usual_ports := {
	"allow-dns": [{"protocol": "UDP", "low": 53, "high": 53}, {"protocol": "UDP", "low": 5353, "high": 5353}],
	"allow-https": [{"protocol": "TCP", "low": 443, "high": 443}],
	"allow-database": _database_ports,
	"allow-kube-api": [{"protocol": "TCP", "low": 6443, "high": 6443}],
}

# What of a policy is in no layer, or wider than its layer.

_breaches(policy, declared, namespace, settings) := array.concat(_deny_breaches(policy), _allow_breaches(policy, declared, namespace, settings))

# Pods of several kinds may share a policy that each of them might have.
_allow_breaches(policy, declared, namespace, settings) := found if {
	found := _found_in(policy, declared, namespace, settings)
	not _each_may(found, policy, declared, namespace, settings)
} else := []

_each_may(found, policy, declared, namespace, settings) if {
	count(found) > 0
	some selectors in _ways(policy.selector)
	count(selectors) > 1
	every chosen in selectors { _found_in(_of_pods(policy, chosen), declared, namespace, settings) == [] }
}

_of_pods(policy, chosen) := object.union(policy, {
	"selector": chosen, "normal": selector.normal(chosen),
	"selected": [pod | some pod in policy.selected; selector.matches(chosen, pod.labels)],
})

_found_in(policy, declared, namespace, settings) := [breach |
	current := [destination | some destination in declared.destinations; not destination.expired]
	chosen := [destination | some destination in current; _requires(destination.from, policy)]
	some rule in policy.rules
	some found in _rule_breaches(rule, policy, {"declared": declared, "current": current, "chosen": chosen, "namespace": namespace, "settings": settings})
	breach := object.union(found, {"policy": policy, "rule": rule, "path": rule.path})
]

# The one that is named so is taken at its word.
_deny_breaches(policy) := [{"layer": "default-deny-egress", "policy": policy, "rule": null, "path": path, "about": about} |
	policy.resource.name == "default-deny-egress"
	some [path, about] in array.concat(
		[["spec.egress", "allows"] | count(policy.rules) > 0],
		[["spec.podSelector", "selects"] | policy.normal != set()],
	)
]

# By its podSelector, or by the labels of all pods that are known.
_requires(labels, policy) if {
	every key, value in labels { selector.requires(policy.selector, key, value) }
}

_requires(labels, policy) if {
	count(policy.selected) > 0
	every pod in policy.selected {
		every key, value in labels { pod.labels[key] == value }
	}
}

_rule_breaches(rule, policy, known) := array.concat(guarded, [found |
	some found in _rest(rule, object.union(known, {"guarded": count(guarded) > 0}))
	not _said_already(found, guarded)
]) if {
	given := rule.allowance
	guarded := array.flatten([_dns_breaches(given, known), _database_breaches(given, policy, known), _api_breaches(given, policy, known)])
}

_said_already(found, guarded) if {
	count(guarded) > 0
	found.layer != "allow-https"
}

# Another resolver than the cluster's is a tunnel, whatever layer allows it.
_dns_breaches(given, known) := [{"layer": "allow-dns", "about": null} | _asks_elsewhere(given, known)]

_asks_elsewhere(given, known) if {
	shared := ports.common(given.ports, _dns_ports(known))
	count(shared) > 0
	_blocks_left(object.union(given, {"ports": shared}), _of_layer("allow-dns", known.current)) != []
}

_asks_elsewhere(given, known) if {
	some port in ports.common([port | some port in given.ports; not _whole(port)], _dns_ports(known))
	some peer in given.selectors
	not _peer_inside(peer, port, _of_layer("allow-dns", known.current), known.namespace)
}

_dns_ports(known) := array.concat(
	[{"protocol": "UDP", "low": 53, "high": 53}, {"protocol": "TCP", "low": 53, "high": 53}],
	[port | some destination in _of_layer("allow-dns", known.current); some port in destination.ports],
)

_of_layer(layer, destinations) := [destination | some destination in destinations; destination.layer == layer]

_whole(port) if {
	port.low == 1
	port.high == ports.total
}

# Without a model a database is known by its port alone.
_database_breaches(given, policy, known) := [{"layer": "allow-database", "about": destination} |
	some destination in _of_layer("allow-database", known.current)
	not _requires(destination.from, policy)
	_touches(given, destination, known)
] if {
	known.declared.name != ""
} else := [{"layer": "allow-database", "about": null} |
	not _asks_for_labels(policy.normal)
	count(ports.common(_partial(given), _database_ports)) > 0
]

_partial(given) := [port | some port in given.ports; not _whole(port)]

_database_ports := [{"protocol": "TCP", "low": port, "high": port} | some port in model.engines]

_api_breaches(given, policy, known) := [{"layer": "allow-kube-api", "about": destination} |
	some destination in _of_layer("allow-kube-api", known.current)
	not _requires(destination.from, policy)
	_touches(given, destination, known)
] if {
	known.declared.name != ""
} else := [{"layer": "allow-kube-api", "about": null} |
	not _asks_for_labels(policy.normal)
	given.claims != []
	count(ports.common(_partial(given), [{"protocol": "TCP", "low": model.api_ports.endpoints, "high": model.api_ports.endpoints}])) > 0
]

# What only leaves pods out is met by a pod without labels.
_asks_for_labels(normal) if {
	some [_, operator, _] in normal
	operator in {"In", "Exists"}
}

# Whether a rule reaches some of a destination, as far as anybody can know, by more than its pods may: a database of theirs may be that of others too.
_touches(given, destination, known) if {
	shared := array.concat(ports.common(given.ports, destination.ports), [port | some port in given.ports; port.name])
	count(shared) > 0
	_meets(object.union(given, {"ports": shared}), destination, known)
}

_meets(given, destination, known) if {
	destination.labels != null
	some peer in given.selectors
	_may_select(peer, destination, known.namespace)
	some port in given.ports
	not _peer_inside(peer, port, _of_layer(destination.layer, known.chosen), known.namespace)
}

# Pods have addresses too, none of which is public, nor in a block that is declared for something else.
_meets(given, destination, known) if {
	destination.labels != null
	some claim in given.claims
	claim.family == 4
	claim.public < (claim.high - claim.low) + 1
	_blocks_left(object.union(given, {"claims": [claim]}), known.chosen) != []
}

_meets(given, destination, known) if {
	some claim in given.claims
	some block in destination.claims
	_overlap(claim, block)
	_blocks_left(object.union(given, {"claims": [claim]}), _of_layer(destination.layer, known.chosen)) != []
}

_overlap(claim, block) if {
	claim.family == block.family
	claim.low <= block.high
	block.low <= claim.high
	count([1 | some hole in claim.except; hole.low <= block.low; hole.high >= block.high]) == 0
}

_may_select(peer, destination, namespace) if {
	_may_be_namespace(peer.namespaces, destination, namespace)
	not _contradicts(peer.pods, destination.labels)
}

_may_be_namespace(null, destination, namespace) if _place(destination, namespace) == namespace

_may_be_namespace(written, destination, namespace) if {
	written != null
	not _contradicts(written, {model.name_label: _place(destination, namespace)})
}

_place(destination, namespace) := destination.namespace if {
	destination.namespace != null
} else := namespace

# Whether nothing that has these labels, and perhaps others, is selected.
_contradicts(written, labels) if {
	some [key, operator, values] in selector.normal(written)
	_excludes(operator, labels[key], values)
}

_excludes("In", value, values) if not value in values

_excludes("NotIn", value, values) if value in values

_excludes("DoesNotExist", _, _)

# What is left of a rule once everything that its pods may reach is taken off it.
_rest(rule, known) := _rest_by_model(rule.allowance, known) if {
	known.declared.name != ""
} else := _rest_by_shape(rule, known)

_rest_by_model(given, known) := array.concat(found, [{"layer": layer, "about": null} |
	some layer in ({_peer_layer(peer) |
		some peer in given.selectors
		some port in given.ports
		not _peer_inside(peer, port, known.chosen, known.namespace)
	} - {other.layer | some other in found})
]) if {
	found := [{"layer": _block_layer(left, given, known), "about": _expired_about(given, known)} | left := _blocks_left(given, known.chosen); left != []]
}

_block_layer(left, given, known) := "allow-https" if {
	count(ports.common(left, _https_ports(known))) > 0
} else := "allow-https" if {
	_of_nobody(given, known)
} else := "outside-model"

# Addresses of the internet that a model approves on no port are no better on an odd one.
_of_nobody(given, known) if {
	known.declared.name != ""
	not known.guarded
	anywhere := [object.union(destination, {"ports": ports.all}) | some destination in known.chosen]
	some claim in given.claims
	claim.public > 0
	_blocks_left(object.union(given, {"claims": [claim], "ports": ports.all}), anywhere) != []
}

_https_ports(known) := array.concat([{"protocol": protocol, "low": 443, "high": 443} | some protocol in ["TCP", "UDP"]], [port |
	some destination in _of_layer("allow-https", known.declared.destinations)
	some port in destination.ports
])

# The destinations whose end is why nothing of the model has the rule any more.
_expired_about(given, known) := _needed(given, expired, known)[0] if {
	expired := [destination | some destination in known.declared.destinations; destination.expired]
	count(expired) > 0
	_blocks_left(given, array.concat(known.chosen, expired)) == []
} else := null

# One that would do alone goes first, then those that each of the others would miss, then any that have some of it.
_needed(given, expired, known) := array.flatten([
	[one | some one in expired; _blocks_left(given, array.concat(known.chosen, [one])) == []],
	[one |
		some i, one in expired
		others := [other | some j, other in expired; j != i]
		_blocks_left(given, array.concat(known.chosen, others)) != []
	],
	[one |
		some one in expired
		some claim in given.claims
		some block in one.claims
		_overlap(claim, block)
	],
])

_peer_layer(peer) := "outside-model" if {
	peer.namespaces == null
} else := "allow-internal-services"

_rest_by_shape(rule, known) := array.concat(
	[{"layer": layer, "about": null} | rule.allowance.claims != []; some layer in _odd_blocks(rule, known)],
	[{"layer": "allow-internal-services", "about": null} |
		count([1 | some peer in rule.allowance.selectors; not _named_service(peer, rule.allowance, known)]) > 0
	],
)

_odd_blocks(rule, known) := {_block_layer(rule.allowance.ports, rule.allowance, known)} if {
	_too_wide(rule, known)
} else := {"outside-model"} if {
	some port in rule.allowance.ports
	not ports.inside(port, array.flatten([_https_ports(known), _dns_ports(known), _database_ports, [{"protocol": "TCP", "low": 6443, "high": 6443}]]))
} else := set()

_too_wide(rule, _) if rule.verdict != "narrow"

_too_wide(rule, _) if rule.unlisted

_too_wide(rule, known) if width.all_ports(rule.allowance, known.settings)

_named_service(peer, given, known) if {
	every port in given.ports { _peer_inside(peer, port, known.current, known.namespace) }
}

_named_service(peer, given, known) if {
	not width.all_ports(given, known.settings)
	_names_namespace(peer.namespaces)
	_asks_for_labels(selector.normal(peer.pods))
}

_names_namespace(null)

_names_namespace(written) if {
	some [key, operator, _] in selector.normal(written)
	[key, operator] == [model.name_label, "In"]
}

# The parts of a rule's ports on which addresses of its blocks are left.
_blocks_left(given, destinations) := [] if {
	given.claims == []
} else := [object.filter(cell, ["protocol", "low", "high", "name"]) |
	approvals := [_approval(destination) | some destination in destinations; destination.claims != []]
	some cell in reach.cells(array.concat([given], approvals))
	0 in cell.speaking
	_any_address(cell.allowances)
]

_approval(destination) := {
	"action": "deny", "tier": 0, "order": 0, "everywhere": false, "selectors": [], "path": "",
	"ports": destination.ports, "claims": [claim |
		some written in destination.claims
		some claim in allowance.claims(model.all_addresses, cidr.parse(written.cidr), [], written)
	],
}

_any_address(allowances) if {
	some family in [4, 6]
	reach.addresses(allowances, family, "all") > 0
}

# Whether a peer on a port is of some destinations, or each of the peers that it is short for is.
_peer_inside(peer, port, destinations, namespace) if {
	some spaces in _ways(peer.namespaces)
	some pods in _ways(peer.pods)
	count(spaces) * count(pods) <= _most_together
	every space in spaces {
		every chosen in pods { _one_inside({"namespaces": space, "pods": chosen}, port, destinations, namespace) }
	}
}

# A selector as selectors that select the same together: itself, or one for each value of an `In`.
_ways(written) := array.concat([[written]], [[_narrowed(written, key, value) | some value in values] |
	several := [[key, values] | some [key, "In", values] in selector.normal(written); count(values) > 1]
	count(several) <= _most_lists
	some [key, values] in several
	count(values) <= _most_values
])

# Nobody writes more, and it would take long to judge.
_most_lists := 2

_most_values := 16

_most_together := 64

_narrowed(written, key, value) := object.union(written, {"matchExpressions": array.concat(
	[{"key": key, "operator": "In", "values": [value]}],
	written.matchExpressions,
)})

_one_inside(peer, port, destinations, namespace) if {
	set := [p |
		some destination in destinations
		destination.labels != null
		_peer_within(peer, destination, namespace)
		some p in destination.ports
	]
	ports.inside(port, set)
}

_peer_within(peer, destination, namespace) if {
	_in_place(peer.namespaces, _place(destination, namespace), namespace)
	every key, value in destination.labels { selector.requires(peer.pods, key, value) }
}

_in_place(null, place, namespace) if place == namespace

_in_place(written, place, _) if {
	written != null
	selector.requires(written, model.name_label, place)
}

# What a layer lacks.

_missing_of(_, _, _, context) := null if context.alone

_missing_of(policies, declared, namespace, context) := array.concat(
	[{"layer": "default-deny-egress", "about": null} | not _denies(policies)],
	[{"layer": destination.layer, "about": destination} |
		some destination in _wanted(declared)
		not _reached(destination, policies, namespace)
	],
) if {
	not context.alone
}

_denies(policies) if {
	some policy in policies
	policy.valid
	policy.isolates
	policy.normal == set()
	policy.rules == []
}

# Without a model any of the known places is the cluster's DNS, and a cache on the node may be all that pods ask.
_wanted(declared) := [destination | some destination in declared.destinations; not destination.expired] if {
	declared.name != ""
} else := [object.union(declared.destinations[0], {"any": array.concat(
	declared.destinations,
	[object.union(destination, {"labels": null}) | some destination in declared.destinations; destination.claims != []],
)})]

_reached(destination, policies, namespace) if {
	some one in object.get(destination, "any", [destination])
	rules := [rule | some policy in policies; _counts_for(policy, destination); some rule in policy.rules]
	_blocks_reached(one, rules)
	_pods_reached(one, rules, namespace)
}

_counts_for(policy, destination) if {
	policy.valid
	policy.isolates
	_selects(policy, destination)
}

# Without a model nobody has said which pods.
_selects(_, destination) if destination.any

_selects(policy, destination) if selector.selects(policy.compiled, destination.from)

_blocks_reached(destination, _) if destination.claims == []

_blocks_reached(destination, rules) if {
	destination.claims != []
	wanted := object.union(_approval(destination), {"action": "allow", "tier": 2})
	given := [object.union(rule.allowance, {"action": "deny", "tier": 0}) | some rule in rules; rule.allowance.claims != []]
	left := [1 |
		some cell in reach.cells(array.concat([wanted], given))
		0 in cell.speaking
		_any_address(cell.allowances)
	]
	left == []
}

_pods_reached(destination, _, _) if destination.labels == null

_pods_reached(destination, rules, namespace) if {
	destination.labels != null
	set := [port |
		some rule in rules
		_holds_pods(rule.allowance, destination, namespace)
		some port in rule.allowance.ports
	]
	every port in destination.ports { ports.inside(port, set) }
}

_holds_pods(given, _, _) if given.everywhere

_holds_pods(given, destination, namespace) if {
	some peer in given.selectors
	_covers(peer, destination, namespace)
}

_covers(peer, destination, namespace) if {
	_is_there(peer.namespaces, _place(destination, namespace), namespace)
	selector.matches(peer.pods, destination.labels)
}

_is_there(null, place, namespace) if place == namespace

_is_there(written, place, _) if {
	written != null
	selector.matches(written, {model.name_label: place})
}
