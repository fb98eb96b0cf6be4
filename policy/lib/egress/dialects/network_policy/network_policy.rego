# METADATA
# title: The dialect of networking.k8s.io/v1 NetworkPolicy
# description: |
#   Translates a NetworkPolicy to facts and allowances, as the API server reads it: null list elements are zero values, policyTypes is
#   defaulted, what is absent allows everything.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
package lib.egress.dialects.network_policy

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.dialects.network_policy.validity
import data.lib.egress.ports
import data.lib.egress.selector
import data.lib.egress.space

# METADATA
# description: The kinds that this dialect reads, by API group.
kinds := {"networking.k8s.io": {"NetworkPolicy": true}}

# METADATA
# description: |
#   The facts of a policy: {"resource", "order", "object", "selector", "compiled", "normal", "isolates", "problems": [{"path", "message"}], "valid",
#   "ambiguous": [{"path", "text", "block"}], "rules": [{"path", "index", "allowance"}]}.
policy(document, resource, settings) := object.union(read(document, resource, settings), {
	"compiled": selector.compiled(selector_of(document.object)),
	"normal": selector.normal(selector_of(document.object)),
	"problems": problems,
	"valid": problems == [],
}) if {
	problems := validity.problems(document.object)
}

# METADATA
# description: |
#   Some of the facts of a policy, enough to judge its rules: {"resource", "order", "object", "selector", "isolates", "ambiguous", "rules"}.
read(document, resource, settings) := {
	"resource": resource,
	"order": document.source.order,
	"object": document.object,
	"selector": _selector(spec),
	"isolates": isolating,
	"ambiguous": _ambiguous(spec),
	"rules": [_rule(rule, i, resource, spec, settings) |
		isolating
		some i, rule in items(spec, "egress")
	],
} if {
	spec := _spec(document.object)
	isolating := _isolates(spec)
}

# METADATA
# description: Whether a policy isolates egress, valid or not.
isolates(thing) if _isolates(_spec(thing))

# METADATA
# description: The podSelector of a policy, {} where there is none.
selector_of(thing) := _selector(_spec(thing))

_spec(object) := object.spec if {
	is_object(object.spec)
} else := {}

_selector(spec) := spec.podSelector if {
	is_object(spec.podSelector)
} else := {}

# METADATA
# description: The items of a list field; none where it is absent, null or no list.
items(object, field) := list if {
	list := object[field]
	is_array(list)
} else := []

# Without policyTypes, and with an empty list, only egress rules make a policy isolate egress.
_isolates(spec) := "Egress" in spec.policyTypes if {
	count(items(spec, "policyTypes")) > 0
} else := count(items(spec, "egress")) > 0

_rule(written, i, resource, spec, settings) := {"path": path, "index": i, "allowance": {
	"subject": {"namespace": resource.namespace, "selector": _selector(spec)},
	"action": "allow",
	"tier": allowance.tiers["network-policy"],
	"order": allowance.orders["network-policy"],
	"everywhere": everywhere,
	"claims": claims,
	"selectors": selectors,
	"ports": _ports(written),
	"path": path,
}} if {
	path := $"spec.egress[{i}]"
	everywhere := _everywhere(written)
	claims := _claims(everywhere, written, path, settings.space)
	selectors := _selectors(written)
}

# What is no object cannot be read, and a null is a rule of zero values.
_everywhere(written) if {
	_readable(written)
	object.get(_object(written), "to", null) in [null, []]
} else := false

_readable(null)

_readable(value) if is_object(value)

_object(value) := value if {
	is_object(value)
} else := {}

_claims(true, _, _, public) := allowance.everywhere(public)

_claims(false, written, path, public) := [claim |
	some j, peer in items(written, "to")
	text := peer.ipBlock.cidr
	block := cidr.parse(text)
	some claim in allowance.claims(public, block, _holes(peer.ipBlock, block), {"cidr": text, "path": $"{path}.to[{j}].ipBlock.cidr"})
]

_holes(ip_block, block) := [hole |
	some text in items(ip_block, "except")
	hole := cidr.parse(text)
	cidr.inside(hole, block)
	hole.length > block.length
]

_selectors(written) := [{"namespaces": namespaces, "pods": pods} |
	some peer in items(written, "to")
	namespaces := object.get(_object(peer), "namespaceSelector", null)
	pods := object.get(_object(peer), "podSelector", null)
	[namespaces, pods] != [null, null]
]

_ports(written) := ports.all if {
	object.get(_object(written), "ports", null) in [null, []]
} else := [port |
	some entry in items(written, "ports")
	_readable(entry)
	port := _port(_object(entry))
]

_port(entry) := {"protocol": _protocol(entry), "low": 1, "high": ports.total} if {
	object.get(entry, "port", null) == null
} else := {"protocol": _protocol(entry), "name": entry.port} if {
	is_string(entry.port)
} else := {"protocol": _protocol(entry), "low": low, "high": high} if {
	low := max([entry.port, 1])
	high := min([_last(entry), ports.total])
	low <= high
}

_protocol(entry) := protocol if {
	protocol := object.get(entry, "protocol", null)
	is_string(protocol)
} else := "TCP"

_last(entry) := entry.endPort if {
	is_number(entry.endPort)
} else := entry.port

# Paths are written for what is found only: most blocks are plain.
_ambiguous(spec) := [{"path": $"spec.{direction}[{i}].{peers}[{j}].ipBlock.{place}", "text": text, "block": block} |
	some [direction, peers] in [["egress", "to"], ["ingress", "from"]]
	some i, written in items(spec, direction)
	some j, peer in items(written, peers)
	some [place, text, block] in _odd_blocks(peer.ipBlock)
]

_odd_blocks(ip_block) := array.concat(
	[["cidr", ip_block.cidr, block] | block := cidr.parse(ip_block.cidr); not block.plain],
	[[$"except[{k}]", text, block] | some k, text in items(ip_block, "except"); block := cidr.parse(text); not block.plain],
)

# METADATA
# description: The CIDR texts of a policy that are read otherwise than they look, as [{"path", "text", "block"}].
ambiguous(thing) := _ambiguous(_spec(thing))

# METADATA
# description: |
#   Whether it is told at a glance that every rule of a policy is narrow: blocks of IPv4 with few addresses or selectors, on single ports.
#   One that is not may be narrow all the same. At admission each rule looks at each policy anew, so that a glance takes few expressions over the
#   whole of it, and no function for each of its parts.
narrow(thing, _) if not thing.spec.egress

narrow(thing, settings) if {
	rules := thing.spec.egress
	count([1 | rules[_].to[0]]) == count(rules)
	count(_single_ports(rules)) * 1000000 < settings.port_share * ports.total
	_few([text | text := rules[_].to[_].ipBlock.cidr], settings)
}

narrow(thing, _) if not isolates(thing)

# The ports of rules that all name single ones.
_single_ports(rules) := single if {
	count([1 | rules[_].ports[0]]) == count(rules)
	single := [port | port := rules[_].ports[_].port; port != null]
	count(single) == count([1 | rules[_].ports[_]])
	count([1 | rules[_].ports[_].endPort]) == 0
}

# By all their addresses, or else by those that are public.
_few(texts, settings) if {
	sum([cidr.most(text) | some text in texts]) <= settings.few[4]
} else if sum([_weight(text, settings.space) | some text in texts]) <= settings.few[4]

# One of IPv6 is weighed at more than are few.
_weight(text, public) := space.public(public, block) if {
	block := cidr.parse(text)
	block.family == 4
} else := cidr.most(text)

# METADATA
# description: Whether it is told at a glance that no rule of a policy reaches a metadata service by a block on TCP 80.
reaches_no_metadata(thing) if count([1 | thing.spec.egress[_].to[_].ipBlock]) == 0

reaches_no_metadata(thing) if {
	single := _single_ports(thing.spec.egress)
	not 80 in single
}

# METADATA
# description: Whether it is told at a glance that no CIDR text of a policy is read otherwise than it looks.
plain(thing) if {
	every text in _texts(thing.spec) { cidr.plain(text) }
}

_texts(spec) := array.concat(
	[text | text := spec[_][_][_][_].ipBlock.cidr],
	[text | text := spec[_][_][_][_].ipBlock.except[_]],
)

_rules(thing) := items(_spec(thing), "egress") if {
	isolates(thing)
} else := []

# METADATA
# description: Whether a rule of a policy holds a public address, exceptions not taken off.
lets_out(thing, public) if {
	some rule in _rules(thing)
	some claim in _claims(_everywhere(rule), rule, "", public)
	claim.public > 0
}

# METADATA
# description: |
#   How many public addresses of a family the rules of a policy hold in sum at most, {family: n}. No reach is wider than the sum over its policies.
most(thing, public) := {family: sum([n[family] | some n in found]) | some family in [4, 6]} if {
	found := [n | some rule in _rules(thing); some n in _most_of(rule, public)]
}

_most_of(rule, public) := [{claim.family: claim.public} | some claim in _claims(true, rule, "", public)] if {
	_everywhere(rule)
} else := [n | some peer in items(rule, "to"); some n in _most(peer.ipBlock.cidr, public)]

# Few addresses need not be told from public ones.
_most(text, public) := [{4: n}] if {
	n := cidr.most(text)
	n <= cidr.powers[22]
} else := [{claim.family: claim.public} | block := cidr.parse(text); some claim in allowance.claims(public, block, [], {"cidr": text, "path": ""})]
