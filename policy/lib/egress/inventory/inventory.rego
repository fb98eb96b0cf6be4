# METADATA
# title: The view of a namespace
# description: |
#   Turns the objects of one namespace into the facts that rules ask for: its policies with their rules judged, its workloads with what
#   covers and reaches them, and what cannot be judged.
package lib.egress.inventory

import data.lib.egress.dialects.network_policy
import data.lib.egress.judgement
import data.lib.egress.selector
import data.lib.egress.unjudged
import data.lib.egress.workload

# METADATA
# description: |
#   The view of a namespace ("" for what is cluster-wide): {"namespace", "system", "settings", "context", "documents", "policies",
#   "workloads", "governed" (workloads that policies can govern), "combined", "unjudged"}. The context is {"namespace": what --namespace gave, or "", "namespaces": [labels]}.
view(namespace, documents, context, settings) := {
	"namespace": namespace,
	"system": _system(namespace, settings),
	"settings": settings,
	"context": context,
	"documents": documents,
	"policies": [judgement.policy(policy, selected, context, settings) |
		some i, policy in policies
		selected := [{"resource": workloads[w].resource, "labels": pod.labels} |
			some w, list in pods
			some pod in list
			i in pod.policies
		]
	],
	"workloads": judged,
	"governed": governed,
	"combined": [group | count(governed) == 0; some group in _combined(policies, settings)],
	"unjudged": [found |
		some document in documents
		unjudged.is(document.object)
		found := {"order": document.source.order, "resource": resource(document.object, namespace), "object": document.object}
	],
} if {
	policies := [policy |
		some document in documents
		is_network_policy(document.object)
		policy := network_policy.policy(document, resource(document.object, namespace), settings)
	]
	workloads := _workloads(documents, namespace, policies)
	pods := _pods(workloads, policies, settings)
	reaches := _reaches(pods, policies, settings)
	copies := _copies(policies)
	judged := [found | some i, w in workloads; found := _judged(w, pods[i], reaches, copies)]
	governed := [w | some w in judged; w.governed]
}

_system(namespace, settings) if {
	some pattern in settings.system_namespaces
	glob.match(pattern, [], namespace)
} else := false

# METADATA
# description: |
#   How findings name an object, {"apiVersion", "kind", "namespace", "name"}.
resource(thing, namespace) := {
	"apiVersion": _text(object.get(thing, "apiVersion", "")),
	"kind": _text(object.get(thing, "kind", "")),
	"namespace": namespace,
	"name": _name(object.get(thing, "metadata", {})),
}

# METADATA
# description: The API group of an apiVersion, "" for the core group and for what is none.
group(api_version) := split(api_version, "/")[0] if {
	contains(api_version, "/")
} else := ""

_text(value) := value if {
	is_string(value)
} else := ""

_name(metadata) := metadata.name if {
	is_string(metadata.name)
	metadata.name != ""
} else := metadata.generateName if {
	is_string(metadata.generateName)
} else := ""

# METADATA
# description: The namespace that an object is taken for, "" for one that is cluster-wide.
namespace_of(thing, _) := "" if unjudged.cluster_wide(thing)

namespace_of(thing, otherwise) := namespace if {
	not unjudged.cluster_wide(thing)
	namespace := thing.metadata.namespace
	is_string(namespace)
	namespace != ""
} else := otherwise if {
	not unjudged.cluster_wide(thing)
}

# A null label value is the empty one.
_label(null) := ""

_label(value) := value if value != null

# METADATA
# description: The labels of a Namespace object, with the one that the API server sets itself.
namespace_labels(thing) := object.union(
	{key: text | some key, value in thing.metadata.labels; text := _label(value)},
	{"kubernetes.io/metadata.name": thing.metadata.name},
)

# METADATA
# description: |
#   Whether an object is, or means to be, a NetworkPolicy of Kubernetes. The core group has none, so that nobody else's can be meant there.
is_network_policy(thing) if {
	thing.kind == "NetworkPolicy"
	thing.apiVersion in {"networking.k8s.io/v1", "extensions/v1beta1", "v1", ""}
}

is_network_policy(thing) if {
	thing.kind == "NetworkPolicy"
	not is_string(object.get(thing, "apiVersion", null))
}

# Pods that a controller made are judged by its template. An owner that makes other pods, or none, speaks for nobody.
_workloads(documents, namespace, policies) := [w |
	some w in all
	not _made_by_another(w, all, owners, policies)
] if {
	all := [w |
		some document in documents
		not is_network_policy(document.object)
		w := workload.of(document, resource(document.object, namespace))
	]
	owned := [w | some w in all; w.owner != null]
	keys := {_key(w) | some w in owned} | {_owner_key(w) | some w in owned}
	owners := {key: {_owner_key(w) | some w in owned; _key(w) == key} | some key in keys}
}

_owner_key(w) := [w.owner.kind, w.owner.name]

_key(w) := [w.resource.kind, w.resource.name]

# Only who has no controller makes pods of its own accord; controllers that control each other make none.
_made_by_another(w, all, owners, policies) if {
	w.owner != null
	above := graph.reachable(owners, {_owner_key(w)})
	some other in all
	other.owner == null
	_key(other) in above
	every template in w.templates { _made_from(template, other, policies) }
}

# A label more than its owner's template has must not take a pod out of a policy.
_made_from(template, owner, policies) if {
	some original in owner.templates
	original.host_network == template.host_network
	every key, value in original.written { template.written[key] == value }
	_selecting(policies, template.labels) == _selecting(policies, original.labels)
}

# The indexes of the policies that isolate pods of these labels.
_selecting(policies, labels) := [i |
	some i, policy in policies
	policy.valid
	policy.isolates
	selector.selects(policy.compiled, labels)
]

# The pods of each workload that policies can govern, with the policies that select them and the approvals that hold for them.
_pods(workloads, policies, settings) := [pods |
	some w in workloads
	pods := [pod |
		some template in w.templates
		not template.host_network
		pod := {
			"labels": template.labels,
			"policies": _selecting(policies, template.labels),
			"approvals": judgement.approvals_of_pod(w.resource.namespace, template.labels, settings),
		}
	]
]

# What a set of policies lets a pod reach is worked out once for all pods that they select.
_reaches(pods, policies, settings) := {key: found |
	some key in {[pod.policies, pod.approvals] | some list in pods; some pod in list}
	found := judgement.reach_of(key[0], policies, key[1], settings)
}

_judged(w, pods, reaches, copies) := object.union(w, {
	"governed": count(pods) > 0,
	"covered": covered,
	"reaches": [found | some pod in pods; found := reaches[[pod.policies, pod.approvals]]],
}) if {
	covered := _covered(pods, copies)
}

_covered([], _) := null

_covered(pods, copies) := count([1 | some pod in pods; _isolated(pod, copies)]) == count(pods) if {
	count(pods) > 0
}

# A policy that is there twice isolates only what every copy isolates: whoever is applied last wins.
_isolated(pod, copies) if {
	some i in pod.policies
	every j in object.get(copies, i, [i]) { j in pod.policies }
}

# The indexes of all copies by the index of each copy; nothing where each policy is there once.
_copies(policies) := {} if {
	count({_identity(policy) | some policy in policies}) == count(policies)
} else := {i: copies |
	some i, policy in policies
	copies := [j | some j, other in policies; _identity(other) == _identity(policy)]
	count(copies) > 1
}

# Of two objects with a generateName the API server makes two.
_identity(policy) := policy.resource.name if {
	policy.object.metadata.name == policy.resource.name
} else := policy.order

# Without workloads, policies of one selector are taken together with those that select every pod, on the first of them.
_combined(policies, settings) := [group |
	some selected in array.concat([set()], [s | some s in {policy.normal | some policy in policies}; s != set()])
	indexes := [i |
		some i, policy in policies
		policy.valid
		policy.isolates
		policy.normal in {selected, set()}
	]
	own := [i | some i in indexes; policies[i].normal == selected]
	count(own) > 0
	approvals := judgement.approvals_of_policy(policies[own[0]], [], settings)
	group := {"first": own[0], "everyone": selected == set(), "reach": judgement.reach_of(indexes, policies, approvals, settings)}
]
