# METADATA
# title: What Gatekeeper has synced
# description: |
#   The only place that reads data.inventory. Gatekeeper's engine converts what it is asked for, for each object and rule anew, but a whole object
#   only where one is asked for: of most it is told by a label here whether they matter. What is not synced is empty.
package lib.egress.synced

import data.lib.egress.workload

# METADATA
# description: The Namespaces by their name.
namespaces := found if {
	found := data.inventory.cluster.v1.Namespace
} else := {}

# METADATA
# description: The names of the policies of a namespace.
policy_names(namespace) := {name | data.inventory.namespace[namespace]["networking.k8s.io/v1"].NetworkPolicy[name]}

# METADATA
# description: A policy by its name.
policy(namespace, name) := data.inventory.namespace[namespace]["networking.k8s.io/v1"].NetworkPolicy[name]

# METADATA
# description: |
#   The names of the policies of a namespace by a label that their podSelector wants: {"wanting": {key: {value: {name: true}}}, "others": {name}},
#   where others want none by matchLabels. Of several labels it is the one that the fewest want. What an API server does not serve any more
#   isolates nobody, and is not looked for.
by_label(namespace) := {"wanting": object.union_n([{key: {value: {name: true}}} | some name, [_, key, value] in rarest]), "others": others} if {
	pairs := [[name, key, value] |
		value := data.inventory.namespace[namespace]["networking.k8s.io/v1"].NetworkPolicy[name].spec.podSelector.matchLabels[key]
		not value in {"", null}
	]
	all := object.union_n([{key: {value: {name: true}}} | some [name, key, value] in pairs])
	rarest := {name: min(ranked) |
		some name in {pair[0] | some pair in pairs}
		ranked := {[count(all[key][value]), key, value] |
			value := data.inventory.namespace[namespace]["networking.k8s.io/v1"].NetworkPolicy[name].spec.podSelector.matchLabels[key]
			not value in {"", null}
		}
	}
	others := {name | some name in policy_names(namespace); not rarest[name]}
}

# METADATA
# description: The names of the policies of a namespace that may select pods of these labels; no other one does.
policies_for(namespace, labels) := policies_by(namespace, {[key, value] | some key, value in labels})

# METADATA
# description: The names of the policies of a namespace that want one of these labels [key, value], or none by matchLabels.
policies_by(namespace, pairs) := index.others | {name | some [key, value] in pairs; index.wanting[key][value][name]} if {
	index := by_label(namespace)
}

# METADATA
# description: |
#   The keys [apiVersion, kind, name] of what may make pods in a namespace, and may give them some labels. What makes pods in another way
#   than by one template is always among them.
makers(namespace, labels) := [[version, kind, name] |
	data.inventory.namespace[namespace][version][kind][name]
	kind != "NetworkPolicy"
] if {
	labels == {}
} else := array.flatten([
	[[version, kind, name] |
		some version, kinds in workload.one_template
		some kind, _ in kinds
		object.subset(data.inventory.namespace[namespace][version][kind][name].spec.template.metadata.labels, labels)
	],
	[["v1", "Pod", name] | object.subset(data.inventory.namespace[namespace].v1.Pod[name].metadata.labels, labels)],
	[[version, kind, name] |
		data.inventory.namespace[namespace][version][kind]
		not _usual(version, kind)
		data.inventory.namespace[namespace][version][kind][name]
	],
])

_usual("v1", "Pod")

_usual(_, "NetworkPolicy")

_usual(version, kind) if workload.one_template[version][kind]

# METADATA
# description: What makes pods, by its key; of the usual kinds only what is read of them.
maker(namespace, [version, kind, name]) := {
	"apiVersion": version, "kind": kind,
	"metadata": {"name": name, "ownerReferences": object.get(found, ["metadata", "ownerReferences"], [])},
	"spec": {"template": {
		"metadata": {"labels": object.get(found, ["spec", "template", "metadata", "labels"], null)},
		"spec": {"containers": [], "hostNetwork": object.get(found, ["spec", "template", "spec", "hostNetwork"], null)},
	}},
} if {
	workload.one_template[version][kind]
	found := data.inventory.namespace[namespace][version][kind][name]
	"containers" in object.keys(found.spec.template.spec)
} else := {
	"apiVersion": version, "kind": kind,
	"metadata": {
		"name": name, "labels": object.get(found, ["metadata", "labels"], null),
		"ownerReferences": object.get(found, ["metadata", "ownerReferences"], []),
	},
	"spec": {"hostNetwork": object.get(found, ["spec", "hostNetwork"], null)},
} if {
	[version, kind] == ["v1", "Pod"]
	found := data.inventory.namespace[namespace][version][kind][name]
} else := data.inventory.namespace[namespace][version][kind][name]

# METADATA
# description: What makes pods, by kind and name, in whatever version.
makers_named(namespace, kind, name) := [maker(namespace, [version, kind, name]) |
	data.inventory.namespace[namespace][version][kind][name]
	kind != "NetworkPolicy"
]
