# METADATA
# title: What the tests share
# description: Manifests, views and requests in few words, and findings told apart by what they are about.
package lib.egress.testing

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.inventory
import data.lib.egress.parameters

usual := parameters.settings({})

strict := parameters.settings({"profile": "strict"})

# METADATA
# description: An object with fields replaced; a null replaces as well.
with_fields(thing, fields) := object.union(object.remove(thing, object.keys(fields)), fields)

# METADATA
# description: A NetworkPolicy in the namespace shop.
network_policy(name, spec) := {
	"apiVersion": "networking.k8s.io/v1",
	"kind": "NetworkPolicy",
	"metadata": {"name": name, "namespace": "shop"},
	"spec": spec,
}

# METADATA
# description: The policy 'app' that isolates the egress of every pod but for these rules.
egress(rules) := network_policy("app", {"podSelector": {}, "policyTypes": ["Egress"], "egress": rules})

# METADATA
# description: The same for the pods with the label app, by the name of its value.
egress_of(app, rules) := network_policy(app, {
	"podSelector": {"matchLabels": {"app": app}},
	"policyTypes": ["Egress"],
	"egress": rules,
})

# METADATA
# description: A Deployment in the namespace shop whose pods have the label app, the value of which is its name.
deployment(name) := deployment_with(name, {})

# METADATA
# description: The same with more fields in the spec of its pods.
deployment_with(name, more) := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": name, "namespace": "shop"},
	"spec": {"template": {"metadata": {"labels": {"app": name}}, "spec": object.union({"containers": []}, more)}},
}

# METADATA
# description: A rule to some blocks, on these entries of ports.
to_blocks(cidrs, ports) := {"to": [{"ipBlock": {"cidr": text}} | some text in cidrs], "ports": ports}

https := [{"port": 443}]

# METADATA
# description: Objects as documents, in their order.
documents(objects) := [{"object": thing, "source": {"order": i, "file": "a.yaml", "folder": "", "duplicates": []}} |
	some i, thing in objects
]

nowhere := {"namespace": "", "namespaces": []}

# METADATA
# description: The view of the namespace shop with these objects.
view(objects) := view_with(objects, {})

# METADATA
# description: The same with parameters.
view_with(objects, given) := inventory.view("shop", documents(objects), nowhere, parameters.settings(given))

# METADATA
# description: What findings are about, as {[kind, name, path]}.
about(findings) := {[found.resource.kind, found.resource.name, found.path] | some found in findings}

# METADATA
# description: The same of what `violation` says.
about_violations(violations) := about([said.details | some said in violations])

# METADATA
# description: The objects after the remediations of some findings were applied one after the other; each replaces its namesake.
applied(objects, findings) := array.concat(
	[thing | some thing in objects; not _key(thing) in {_key(change) | some change in changes}],
	[change | some i, change in changes; not _key(change) in {_key(later) | some later in array.slice(changes, i + 1, count(changes))}],
) if {
	changes := [change | some found in findings; some change in found.remediation]
}

_key(thing) := [thing.kind, thing.metadata.name]

# METADATA
# description: What Gatekeeper hands a rule for a new object.
review(thing) := {"review": {"operation": "CREATE", "object": thing}, "parameters": {}}

# METADATA
# description: What it hands a rule for a change.
update(before, after) := {"review": {"operation": "UPDATE", "object": after, "oldObject": before}, "parameters": {}}

# METADATA
# description: What it hands a rule for an object that goes.
deletion(thing) := {"review": {"operation": "DELETE", "object": null, "oldObject": thing}, "parameters": {}}

# METADATA
# description: The inventory of the namespace shop with these objects.
inventoried(objects) := {"namespace": {"shop": {version: kinds |
	some version in {thing.apiVersion | some thing in objects}
	kinds := {kind: named |
		some kind in {thing.kind | some thing in objects; thing.apiVersion == version}
		named := {thing.metadata.name: thing | some thing in objects; thing.apiVersion == version; thing.kind == kind}
	}
}}}

# METADATA
# description: An allowance of any dialect to blocks, which may have exceptions as {"cidr", "except"}, on a port set.
given(action, tier, order, blocks, ports) := {
	"action": action, "tier": tier, "order": order, "everywhere": false, "selectors": [], "ports": ports, "path": "",
	"claims": [claim | some block in blocks; some claim in _claims(block)],
}

_claims(block) := allowance.claims(
	usual.space, cidr.parse(found.cidr), [cidr.parse(text) | some text in found.except],
	{"cidr": found.cidr, "path": found.cidr},
) if {
	found := _block(block)
}

_block(text) := {"cidr": text, "except": []} if is_string(text)

_block(block) := block if is_object(block)

# METADATA
# description: An approval of blocks.
approving(blocks, ports) := given("deny", allowance.tiers.approved, 0, blocks, ports)

# METADATA
# description: The port set of one protocol from one number to another.
between(protocol, low, high) := [{"protocol": protocol, "low": low, "high": high}]
