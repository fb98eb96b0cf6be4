# METADATA
# title: Remediations
# description: |
#   The smallest changes that make a finding go away, as whole objects that `kubectl apply` takes: what it is given replaces what is there,
#   so that a partial object would drop fields.
package lib.egress.remediation

import data.lib.egress.cidr
import data.lib.egress.dialects.network_policy
import data.lib.egress.dialects.network_policy.validity
import data.lib.egress.selector
import data.lib.egress.width

# METADATA
# description: An object as a user would write it, without what the API server adds.
clean(thing) := object.union(
	object.remove(_known(thing), ["status", "metadata"]),
	{"metadata": object.remove(_metadata(thing), ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"])},
)

# A policy has no other fields, and the API server would refuse them.
_known(thing) := object.filter(thing, ["apiVersion", "kind", "metadata", "spec"]) if {
	thing.kind == "NetworkPolicy"
} else := thing

_metadata(thing) := thing.metadata if {
	is_object(thing.metadata)
} else := {}

# METADATA
# description: The policy with other egress rules; nothing for one that the API server would refuse all the same.
with_egress(policy, rules) := [plain |
	_can_be_applied(policy)
	changed := {"spec": {"egress": rules, "policyTypes": _policy_types(policy)}}
	plain := _with_plain_cidrs(object.union(clean(policy.object), changed))
]

# Of a policy with a generateName nobody knows the name. Where hundreds of rules are too wide, each with the whole policy as its
# remediation would be more than anybody reads.
_can_be_applied(policy) if {
	not policy.applies
	_valid(policy)
	count(network_policy.items(policy.object.spec, "egress")) <= 500
	policy.object.metadata.name == policy.resource.name
}

# At admission it is asked only of a policy that has a finding.
_valid(policy) if policy.valid

_valid(policy) if {
	object.get(policy, "valid", null) == null
	validity.problems(policy.object) == []
}

# Without its last egress rule a policy that says no policyTypes would stop isolating egress.
_policy_types(policy) := types if {
	types := network_policy.items(policy.object.spec, "policyTypes")
	count(types) > 0
} else := ["Ingress", "Egress"]

# METADATA
# description: |
#   The policy without one rule; a rule to every address that is only for DNS is sent to the cluster's DNS instead.
without_rule(policy, rule) := with_egress(policy, array.flatten([replaced |
	some i, written in policy.object.spec.egress
	replaced := _replaced(i, written, rule)
]))

_replaced(i, written, rule) := written if {
	i != rule.index
} else := {"to": _cluster_dns, "ports": written.ports} if {
	rule.allowance.everywhere
	every port in rule.allowance.ports { port.low == 53; port.high == 53}
} else := []

_cluster_dns := [{
	"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
	"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}]

# METADATA
# description: The policy with one rule narrowed to HTTPS, for a rule whose destinations are fine and whose ports are not.
with_https_only(policy, rule) := with_egress(policy, [changed |
	some i, written in policy.object.spec.egress
	changed := _https(i, written, rule)
])

_https(i, written, rule) := written if {
	i != rule.index
} else := object.union(written, {"ports": [{"protocol": "TCP", "port": 443}]})

# METADATA
# description: The policies without the rules that hold public addresses, for what is too wide only in sum.
without_public_rules(policies) := array.flatten([changed |
	some policy in policies
	count([1 | some rule in policy.rules; _public(rule)]) > 0
	changed := with_egress(policy, [written |
		some i, written in policy.object.spec.egress
		not _public(policy.rules[i])
	])
])

_public(rule) if {
	some claim in rule.allowance.claims
	claim.public > 0
}

# METADATA
# description: The policy with one rule that excepts the clouds' metadata services, without the blocks that cannot.
without_metadata(policy, rule) := with_egress(policy, array.flatten([changed |
	some i, written in policy.object.spec.egress
	changed := _excepting(i, written, rule)
]))

_excepting(i, written, rule) := written if i != rule.index

_excepting(i, written, rule) := [object.union(written, {"to": peers}) | peers != []] if {
	i == rule.index
	peers := [changed |
		some peer in written.to
		changed := _excepting_peer(peer)
	]
}

_excepting_peer(peer) := peer if {
	not peer.ipBlock
} else := peer if {
	_held(cidr.parse(peer.ipBlock.cidr)) == []
} else := {"ipBlock": {"cidr": _plain(peer.ipBlock.cidr), "except": array.concat(kept, held)}} if {
	block := cidr.parse(peer.ipBlock.cidr)
	count(cidr.images(block)) == 0
	block.length < cidr.address_bits[block.family]
	held := [cidr.text(service) | some service in _held(block)]
	kept := [plain |
		some text in network_policy.items(peer.ipBlock, "except")
		plain := _plain(text)
		not plain in held
	]
}

# The metadata services that a block holds, also by the IPv4 addresses inside IPv6.
_held(block) := [service |
	some service in width.metadata_services
	some found in array.concat([block], [image | some [_, image] in cidr.images(block)])
	cidr.inside(service, found)
]

# METADATA
# description: The policy with every ambiguous CIDR written as the API server reads it.
with_plain_cidrs(policy) := [_with_plain_cidrs(clean(policy.object)) | _can_be_applied(policy)]

_with_plain_cidrs(thing) := object.union(thing, {"spec": {direction: rules |
	some direction, peers in {"egress": "to", "ingress": "from"}
	written := network_policy.items(thing.spec, direction)
	count(written) > 0
	rules := [_plain_rule(rule, peers) | some rule in written]
}})

_plain_rule(rule, peers) := object.union(rule, {peers: [_plain_peer(peer) | some peer in rule[peers]]}) if {
	is_array(rule[peers])
} else := rule

_plain_peer(peer) := {"ipBlock": object.union(
	{"cidr": _plain(peer.ipBlock.cidr)},
	{"except": [_plain(text) | some text in except] | except := peer.ipBlock.except; is_array(except)},
)} if {
	peer.ipBlock
} else := peer

_plain(text) := cidr.text(block) if {
	block := cidr.parse(text)
	not block.plain
} else := text

# METADATA
# description: New policies that isolate every pod of a namespace and leave it the cluster's DNS.
default_deny(view) := [policy |
	selector.valid_namespace(view.namespace)
	some policy in [
		_policy(view, "default-deny-egress", []),
		_policy(view, "allow-dns", [{"to": _cluster_dns, "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}]),
	]
]

_policy(view, name, rules) := {
	"apiVersion": "networking.k8s.io/v1",
	"kind": "NetworkPolicy",
	"metadata": {"name": _free(view, name), "namespace": view.namespace},
	"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": rules},
}

_free(view, name) := free[0] if {
	taken := {policy.resource.name | some policy in view.policies} | object.get(view, "names", set())
	names := array.concat([name], [$"{name}-{i}" | some i in numbers.range(2, count(taken) + 2)])
	free := [candidate | some candidate in names; not candidate in taken]
}
