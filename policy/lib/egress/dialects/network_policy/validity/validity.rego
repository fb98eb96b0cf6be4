# METADATA
# title: What the API server refuses in a NetworkPolicy
# description: |
#   The checks of Kubernetes 1.36 on apiVersion, name, namespace and everything under spec, unknown fields among them, but
#   for CIDR texts that are only ambiguous. Each problem is {"path", "message"}.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
package lib.egress.dialects.network_policy.validity

import data.lib.egress.cidr
import data.lib.egress.path
import data.lib.egress.ports
import data.lib.egress.selector

# METADATA
# description: Every problem of a policy, in the order of its fields.
problems(policy) := [] if {
	_usual(policy)
} else := array.concat(_head(policy), _spec(object.get(policy, "spec", null)))

# Nearly all policies are valid and write the same few fields. That is told at once, by a few expressions over the whole policy: at admission
# it is asked anew of each. What is not usual is looked at part by part, and may be valid all the same.
_usual(policy) if {
	policy.apiVersion == "networking.k8s.io/v1"
	spec := policy.spec
	object.keys(spec) - {"podSelector", "policyTypes", "egress", "ingress"} == set()
	{kind | some kind in spec.policyTypes} in [{"Egress"}, {"Ingress"}, {"Egress", "Ingress"}]
	is_array(spec.policyTypes)
	count(spec.policyTypes) <= 2
	egress := object.get(spec, "egress", [])
	ingress := object.get(spec, "ingress", [])
	rules := array.concat(egress, ingress)
	_shaped(egress, {{"to"}, {"to", "ports"}})
	_shaped(ingress, {{"from"}, {"ports"}, {"from", "ports"}})
	entries := [list | list := rules[_].ports]
	peers := array.concat([list | list := egress[_].to], [list | list := ingress[_].from])
	{type_name(list) | some list in array.concat(entries, peers)} - {"array"} == set()
	_usual_ports(array.flatten(entries))
	_usual_peers(array.flatten(peers))
	_usual_metadata(policy.metadata)
	_usual_labels(policy.metadata, array.concat([spec.podSelector], _selectors(peers)))
}

_selectors(peers) := array.concat([given | given := peers[_][_].podSelector], [given | given := peers[_][_].namespaceSelector])

# What is no object has no keys.
_shaped(things, shapes) if {
	keys := [object.keys(thing) | some thing in things]
	count(keys) == count(things)
	{shape | some shape in keys} - shapes == set()
}

_usual_ports(entries) if {
	_shaped(entries, {{"port"}, {"protocol", "port"}, {"protocol", "port", "endPort"}})
	{protocol | protocol := entries[_].protocol} - {"TCP", "UDP", "SCTP"} == set()
	numbers := array.concat([number | number := entries[_].port], [number | number := entries[_].endPort])
	count(numbers) == count([1 | some number in numbers; number >= 1; number <= 65535; floor(number) == number])
	count([1 | some entry in entries; entry.endPort < entry.port]) == 0
}

_usual_peers(peers) if {
	_shaped(peers, {{"ipBlock"}, {"podSelector"}, {"namespaceSelector"}, {"podSelector", "namespaceSelector"}})
	blocks := [block | block := peers[_].ipBlock]
	_shaped(blocks, {{"cidr"}})
	count([1 | cidr.usual(blocks[_].cidr)]) == count(blocks)
}

_usual_metadata(given) if {
	names := [given.name, object.get(given, "namespace", "default")]
	count([1 | some name in names; regex.match(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, name)]) == 2
	_annotations(object.get(given, "annotations", null)) == []
}

_usual_labels(given, selectors) if {
	_shaped(selectors, {set(), {"matchLabels"}})
	maps := array.concat([labels | labels := given.labels], [pairs | pairs := selectors[_].matchLabels])
	{type_name(pairs) | some pairs in maps} - {"object"} == set()
	selector.short_pairs(maps)
}

_head(policy) := array.concat(
	[{"path": "apiVersion", "message": "must be networking.k8s.io/v1, the only version that clusters still serve"} |
		object.get(policy, "apiVersion", null) != "networking.k8s.io/v1"
	],
	array.concat(metadata(policy), _decoration(policy)),
)

# METADATA
# description: The problems of an object's name and namespace.
metadata(thing) := array.concat(
	[{"path": "metadata.name", "message": "must be a DNS subdomain name"} | not _named(object.get(thing, "metadata", null))],
	[{"path": "metadata.namespace", "message": "must be a DNS label"} |
		namespace := object.get(_map(object.get(thing, "metadata", null)), "namespace", null)
		not selector.valid_namespace(namespace)
	],
)

# Labels and annotations say nothing of egress, but with wrong ones the policy is refused as a whole.
_decoration(policy) := array.concat(
	_labels(object.get(policy, ["metadata", "labels"], null)),
	_annotations(object.get(policy, ["metadata", "annotations"], null)),
)

_labels(labels) := selector.label_problems(labels, "metadata.labels") if {
	is_object(labels)
} else := _object(labels, "metadata.labels", set())

_annotations(annotations) := [{"path": path.field("metadata.annotations", key), "message": "must be a text under a valid key"} |
	some key, value in annotations
	not _annotation(key, value)
] if {
	is_object(annotations)
} else := _object(annotations, "metadata.annotations", set())

# Other than those of labels, keys may have capitals in their prefix.
_annotation(key, value) if {
	selector.valid_key(lower(key))
	_text_or_null(value)
}

_text_or_null(null)

_text_or_null(value) if is_string(value)

_named(given) if _subdomain(object.get(_map(given), "name", null))

# With generateName the API server makes up the end of the name.
_named(given) if {
	object.get(_map(given), "name", null) in {null, ""}
	prefix := given.generateName
	is_string(prefix)
	_subdomain(concat("", [prefix, "a"]))
}

_subdomain(name) if {
	is_string(name)
	count(name) <= 253
	regex.match(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`, name)
}

_map(value) := value if {
	is_object(value)
} else := {}

_spec(spec) := array.flatten([
	_object(spec, "spec", {"podSelector", "policyTypes", "egress", "ingress"}),
	selector.problems(object.get(_map(spec), "podSelector", null), "spec.podSelector"),
	_policy_types(object.get(_map(spec), "policyTypes", null)),
	_rules(spec, "ingress", "from"),
	_rules(spec, "egress", "to"),
])

# null and what is absent are zero values; anything else must be an object with known fields.
_object(null, _, _) := []

_object(value, place, known) := [{"path": path.field(place, field), "message": "unknown field"} |
	some field, _ in value
	not field in known
] if {
	is_object(value)
}

_object(value, place, _) := _not_object(place) if _mistyped(value)

_not_object(place) := [{"path": place, "message": "must be an object"}]

_mistyped(value) if {
	value != null
	not is_object(value)
}

_list(value, _) := [] if value == null

_list(value, _) := [] if is_array(value)

_list(value, place) := [{"path": place, "message": "must be a list"}] if {
	value != null
	not is_array(value)
}

_items(container, field) := list if {
	list := container[field]
	is_array(list)
} else := []

_policy_types(types) := array.concat(_list(types, "spec.policyTypes"), _type_items(types))

_type_items(types) := [{"path": "spec.policyTypes", "message": "must not have more than two items"}] if {
	is_array(types)
	count(types) > 2
} else := [{"path": $"spec.policyTypes[{i}]", "message": "must be Ingress or Egress"} |
	is_array(types)
	some i, type in types
	not type in {"Ingress", "Egress"}
]

_rules(spec, direction, peers) := array.flatten([
	_list(object.get(_map(spec), direction, null), $"spec.{direction}"),
	[problem |
		some i, rule in _items(spec, direction)
		some problem in _rule(rule, $"spec.{direction}[{i}]", peers)
	],
])

_rule(rule, place, peers) := array.flatten([
	_object(rule, place, {"ports", peers}),
	_list(object.get(_map(rule), peers, null), $"{place}.{peers}"),
	[problem | some j, peer in _items(rule, peers); some problem in _peer(peer, $"{place}.{peers}[{j}]")],
	_list(object.get(_map(rule), "ports", null), $"{place}.ports"),
	[problem | some j, port in _items(rule, "ports"); some problem in _port(port, $"{place}.ports[{j}]")],
])

_peer(peer, place) := _not_object(place) if {
	_mistyped(peer)
} else := array.flatten([
	_object(peer, place, {"podSelector", "namespaceSelector", "ipBlock"}),
	_peer_kind(peer, place),
	selector.problems(object.get(_map(peer), "podSelector", null), $"{place}.podSelector"),
	selector.problems(object.get(_map(peer), "namespaceSelector", null), $"{place}.namespaceSelector"),
	_ip_block(object.get(_map(peer), "ipBlock", null), $"{place}.ipBlock"),
])

_peer_kind(peer, place) := [{"path": place, "message": "must select pods, namespaces or an ipBlock"}] if {
	_given(peer) == set()
} else := [{"path": place, "message": "must not have an ipBlock beside a selector"}] if {
	"ipBlock" in _given(peer)
	count(_given(peer)) > 1
} else := []

_given(peer) := {field |
	some field in ["podSelector", "namespaceSelector", "ipBlock"]
	object.get(_map(peer), field, null) != null
}

_ip_block(null, _) := []

_ip_block(ip_block, place) := _not_object(place) if _mistyped(ip_block)

_ip_block(ip_block, place) := array.flatten([
	_object(ip_block, place, {"cidr", "except"}),
	[{"path": $"{place}.cidr", "message": "must be a CIDR block such as 10.9.8.0/24 or 2001:db8::/64"} |
		not cidr.parse(object.get(_map(ip_block), "cidr", null))
	],
	_list(object.get(_map(ip_block), "except", null), $"{place}.except"),
	[{"path": $"{place}.except[{i}]", "message": "must be a CIDR block that lies strictly inside the cidr"} |
		some i, text in _items(ip_block, "except")
		not _excepts(ip_block, text)
	],
]) if {
	is_object(ip_block)
}

# Against a cidr that is none, an exception is only asked to be one itself.
_excepts(ip_block, text) if {
	hole := cidr.parse(text)
	block := cidr.parse(ip_block.cidr)
	cidr.inside(hole, block)
	hole.length > block.length
	_longer(text, ip_block.cidr)
}

# The lengths are compared as they are written, also where only one of the two is v4-mapped.
_longer(text, block_text) if cidr.written_length(text) > cidr.written_length(block_text)

_excepts(ip_block, text) if {
	cidr.parse(text)
	not cidr.parse(object.get(_map(ip_block), "cidr", null))
}

_port(port, place) := _not_object(place) if {
	_mistyped(port)
} else := array.flatten([
	_object(port, place, {"protocol", "port", "endPort"}),
	[{"path": $"{place}.protocol", "message": "must be TCP, UDP or SCTP"} |
		not object.get(_map(port), "protocol", null) in {null, "TCP", "UDP", "SCTP"}
	],
	[{"path": $"{place}.port", "message": "must be a number from 1 to 65535 or the name of a port"} |
		not _port_or_name(object.get(_map(port), "port", null))
	],
	[{"path": $"{place}.endPort", "message": "must be a number from port to 65535, with a number in port"} |
		not _end_port(_map(port), object.get(_map(port), "endPort", null))
	],
])

_port_or_name(null)

_port_or_name(port) if _number(port)

_port_or_name(port) if {
	is_string(port)
	count(port) <= 15
	regex.match(`^[a-z0-9]+(-[a-z0-9]+)*$`, port)
	regex.match(`[a-z]`, port)
}

_number(port) if {
	is_number(port)
	port >= 1
	port <= ports.total
	floor(port) == port
}

_end_port(_, null)

_end_port(port, last) if {
	_number(last)
	is_number(object.get(port, "port", null))
	last >= port.port
}
