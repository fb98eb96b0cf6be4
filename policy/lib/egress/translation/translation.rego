# METADATA
# title: Translation
# description: |
#   Turns the policies of all dialects but NetworkPolicy into facts (see `statement.facts`). It is apart from the view, which is handed what it gives: at admission
#   only NetworkPolicies are judged, and Gatekeeper need not be given all dialects.
package lib.egress.translation

import data.lib.egress.dialects.antrea
import data.lib.egress.dialects.aws
import data.lib.egress.dialects.azure
import data.lib.egress.dialects.calico
import data.lib.egress.dialects.cilium
import data.lib.egress.dialects.cluster_network_policy
import data.lib.egress.dialects.google
import data.lib.egress.dialects.openshift
import data.lib.egress.firewall
import data.lib.egress.infrastructure
import data.lib.egress.inventory

_dialects := {
	"cilium.io": "cilium",
	"projectcalico.org": "calico",
	"crd.projectcalico.org": "calico",
	"crd.antrea.io": "antrea",
	"policy.networking.k8s.io": "cluster_network_policy",
	"k8s.ovn.org": "openshift",
	"network.openshift.io": "openshift",
}

_versions := {
	"cilium": cilium.versions, "calico": calico.versions, "antrea": antrea.versions,
	"cluster_network_policy": cluster_network_policy.versions, "openshift": openshift.versions,
}

# METADATA
# description: |
#   What the documents of a shard come to, given what is shared: {"policies": [facts], "read": {order of each document that was}, "unjudged": [{"order", "resource", "object",
#   "path", "message"}] of what could not be known of them}.
of(documents, namespace, shared, settings) := {
	"policies": policies,
	"read": ({policy.order | some policy in policies} | {one.document.source.order | some one in found; one.cloud != "other"}),
	"unjudged": array.concat(
		[object.union(said, {"order": policy.order, "resource": policy.resource, "object": policy.object}) |
			some policy in policies
			some said in policy.unresolved
		],
		array.concat(_undecided(policies), _elsewhere(documents, namespace, found)),
	),
} if {
	found := _resources(documents, namespace)
	policies := array.concat(_policies(documents, namespace, shared, settings), _firewalls(found, settings))
}

# Firewalls are cluster-wide.
_resources(_, namespace) := [] if namespace != ""

_resources(documents, "") := [object.union(one, {"document": document, "cloud": _cloud(one), "scope": scope}) |
	some document in documents
	scope := _scope(document)
	some one in infrastructure.resources(document.object)
]

# Within what addresses mean the same: a module in HCL is a folder, a plan and a template are each by themselves, and a cloud has names once.
_scope(document) := ["module", document.source.folder] if {
	document.object.format_version == "hcl"
} else := ["document", document.source.order] if {
	infrastructure.format(document.object) in {"terraform", "terraform-state", "tfstate", "cloudformation", "arm"}
} else := ["cloud", ""]

_firewalls([], _) := []

_firewalls(found, settings) := [facts |
	some [cloud, scope] in {[one.cloud, one.scope] | some one in found; one.cloud != "other"}
	resources := [one | some one in found; one.cloud == cloud; one.scope == scope]
	some one in _of_cloud(cloud, resources)
	document := one.resource.document
	facts := object.union(
		firewall.facts(document, _named(one, document.object), [scope, object.get(one.resource, "module", ""), one.key], one.resource.path, _rules(one), settings),
		{"goes_on": object.get(one, "goes_on", false)},
	)
] if {
	count(found) > 0
}

_cloud(one) := cloud if {
	cloud := infrastructure.cloud(one)
} else := "other"

# Of a resource that is there in some cases only, no rule denies anything for sure.
_rules(one) := [object.union(rule, {"partial": true}) | some rule in one.rules] if {
	one.resource.maybe
} else := one.rules

_of_cloud("aws", resources) := aws.firewalls(resources)

_of_cloud("google", resources) := google.firewalls(resources)

_of_cloud("azure", resources) := azure.firewalls(resources)

# An object of an operator has its own name, all else the type and name that its tool knows.
_named(one, thing) := {
	"apiVersion": thing.apiVersion, "kind": one.kind, "namespace": object.get(thing, ["metadata", "namespace"], ""),
	"name": object.get(one, "name", one.resource.name),
} if {
	is_string(thing.apiVersion)
} else := {"apiVersion": one.resource.format, "kind": one.kind, "namespace": "", "name": object.get(one, "name", one.resource.name)}

# What the control is about, and is not read.
_elsewhere(_, namespace, _) := [] if namespace != ""

_elsewhere(documents, "", found) := array.concat(
	[_unread(one.document, {"path": one.path, "type": one.type, "name": one.name, "message": message}) |
		some one in found
		message := infrastructure.not_read(one)
	],
	[_unread(document, said) |
		some document in documents
		infrastructure.format(document.object) in {"workloads", "cloudformation"}
		some said in infrastructure.elsewhere(document.object)
	],
)

_unread(document, said) := {
	"order": document.source.order, "object": document.object, "path": said.path, "message": said.message,
	"resource": {"apiVersion": infrastructure.format(document.object), "kind": said.type, "namespace": "", "name": said.name},
}

_policies(documents, namespace, shared, settings) := [policy |
	some document in documents
	dialect := _dialects[inventory.group(document.object.apiVersion)]
	document.object.apiVersion in _versions[dialect][document.object.kind]
	resource := inventory.resource(document.object, namespace)
	some policy in _translated(dialect, document, resource, shared, settings)
]

_translated("cilium", document, resource, shared, settings) := cilium.policies(document, resource, shared, settings)

_translated("calico", document, resource, shared, settings) := calico.policies(document, resource, shared, settings)

_translated("antrea", document, resource, shared, settings) := antrea.policies(document, resource, shared, settings)

_translated("cluster_network_policy", document, resource, shared, settings) := cluster_network_policy.policies(document, resource, shared, settings)

_translated("openshift", document, resource, shared, settings) := openshift.policies(document, resource, shared, settings)

# Of two policies of one priority nobody knows which comes first.
_undecided(policies) := [{
	"order": policy.order, "resource": policy.resource, "object": policy.object, "path": "spec.priority",
	"message": $"has the priority of {other}, and which of them comes first is not known",
} |
	some policy in policies
	_dialects[inventory.group(policy.resource.apiVersion)] == "cluster_network_policy"
	policy.resource.kind != "BaselineAdminNetworkPolicy"
	mine := cluster_network_policy.precedence(policy.object)
	other := min({one.resource.name |
		some one in policies
		one.order != policy.order
		one.resource.kind == policy.resource.kind
		cluster_network_policy.precedence(one.object) == mine
	})
]

# METADATA
# description: What policies everywhere refer to, from the documents that every shard is told of.
shared(documents) := {
	"cidr_groups": [cilium.cidr_group(thing) | some thing in _of_kind(documents, "cilium.io", "CiliumCIDRGroup")],
	"network_sets": [calico.network_set(thing) |
		some group in ["projectcalico.org", "crd.projectcalico.org"]
		some kind in ["NetworkSet", "GlobalNetworkSet"]
		some thing in _of_kind(documents, group, kind)
	],
	"tiers": [calico.tier(thing) |
		some group in ["projectcalico.org", "crd.projectcalico.org"]
		some thing in _of_kind(documents, group, "Tier")
	],
	"antrea_tiers": [antrea.tier(thing) | some thing in _of_kind(documents, "crd.antrea.io", "Tier")],
}

_of_kind(documents, group, kind) := [document.object |
	some document in documents
	document.object.kind == kind
	inventory.group(document.object.apiVersion) == group
	is_string(document.object.metadata.name)
]

# METADATA
# description: The facts of the policies that are about pods of every namespace, from the documents that every shard is told of.
everywhere(documents, known, settings) := _policies([document | some document in documents; _is_cluster_wide(document.object)], "", known, settings)

_is_cluster_wide(thing) if {
	some kinds in [cilium.cluster_kinds, calico.cluster_kinds, antrea.cluster_kinds, cluster_network_policy.cluster_kinds]
	kinds[inventory.group(thing.apiVersion)][thing.kind]
}

# METADATA
# description: Whether an object has a say in every namespace, by its rules or because policies there refer to it.
is_shared(thing) if _is_cluster_wide(thing)

is_shared(thing) if {
	some kinds in [cilium.references, calico.references, antrea.references]
	kinds[inventory.group(thing.apiVersion)][thing.kind]
}
