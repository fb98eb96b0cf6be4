# METADATA
# title: The view of a namespace
# description: |
#   Turns the objects of one namespace into the facts that rules ask for: its policies with their rules judged, its workloads with what
#   covers and reaches them, and what cannot be judged.
package lib.egress.inventory

import data.lib.egress.dialects.network_policy
import data.lib.egress.judgement
import data.lib.egress.selector
import data.lib.egress.subject
import data.lib.egress.unjudged
import data.lib.egress.workload

# METADATA
# description: |
#   The view of a namespace ("" for what is cluster-wide): {"namespace", "system", "settings", "context", "documents", "policies", "all" (those, and the cluster-wide
#   ones that have a say here), "workloads", "governed" (workloads that policies can govern), "combined", "unjudged"}. The context is {"namespace": what --namespace
#   gave, or "", "namespaces": [labels]} and, where other dialects are read, {"translated": see `translation.of`, "cluster": facts of cluster-wide policies,
#   "guarded": whether firewalls cover it}.
view(namespace, documents, context, settings) := {
	"namespace": namespace,
	"system": _system(namespace, settings),
	"settings": settings,
	"context": context,
	"documents": documents,
	"policies": array.slice(all, 0, count(own)),
	"all": all,
	"workloads": judged,
	"governed": governed,
	"combined": [group | count(governed) == 0; some group in _combined(own, settings)],
	"unjudged": array.concat(
		[found |
			some document in documents
			unjudged.is(document.object)
			not document.source.order in translated.read
			not _is_needless(document.object, governed)
			found := {"order": document.source.order, "resource": resource(document.object, namespace), "object": document.object}
		],
		translated.unjudged,
	),
} if {
	translated := object.get(context, "translated", {"policies": [], "read": set(), "unjudged": []})
	own := array.concat(
		[policy |
			some document in documents
			is_network_policy(document.object)
			policy := network_policy.policy(document, resource(document.object, namespace), settings)
		],
		translated.policies,
	)
	where := _place(namespace, translated, context)
	policies := array.concat(own, [policy |
		namespace != ""
		some policy in object.get(context, "cluster", [])
		_may_be_about(policy, where)
	])
	workloads := _workloads(documents, namespace, policies, where)
	pods := _pods(workloads, policies, where, settings)
	reaches := _reaches(pods, policies, settings)
	mixed := count([1 | some policy in policies; policy.applies]) > 0
	guards := _guards(pods, policies, _by_firewalls(namespace, context, settings), settings)
	alone := _alone(pods, policies, mixed, settings)
	all := [judgement.policy(policy, selected, _held(i, pods, reaches, policies, alone), context, settings) |
		some i, policy in policies
		selected := [{"resource": workloads[w].resource, "labels": pod.labels, "restraints": reaches[_key_of(pod)].restraints} |
			some w, list in pods
			some pod in list
			i in pod.policies
		]
	]
	judged := [found | some i, w in workloads; found := _judged(w, pods[i], reaches, guards)]
	governed := [w | some w in judged; w.governed]
}

# What a proxy refuses is no question where something else restricts every pod.
_is_needless(thing, governed) if {
	group(thing.apiVersion) == "networking.istio.io"
	count(governed) > 0
	every w in governed { w.covered }
}

# The labels of Namespaces are looked through only for who asks for them: Gatekeeper has a view for each object.
_place(namespace, translated, context) := {"namespace": namespace, "labels": {}, "known": false} if {
	translated.policies == []
	object.get(context, "cluster", []) == []
} else := subject.place(namespace, context.namespaces)

# By what is said of the namespace alone.
_may_be_about(policy, where) if {
	of_namespace := [condition | some condition in policy.applies; condition.of == "namespace"]
	subject.says(of_namespace, {}, where) != "no"
}

# The restraints that hold for the pods that a policy selects; of one that selects none, those of policies for the same pods or for all.
_held(_, _, _, _, null) := [[]]

_held(i, pods, reaches, policies, alone) := [array.concat(found.restraints, _ruled_before(i, found.indexes, policies))] if {
	alone != null
	count(_keys(i, pods)) == 0
	found := alone[policies[i].normal]
} else := [reaches[key].restraints | some key in _keys(i, pods)] if {
	alone != null
}

# By what policies select, where there are several dialects: those that are about the same or about every pod, and what they deny together.
_alone(_, _, false, _) := null

_alone(pods, policies, true, settings) := {normal: {"indexes": indexes, "restraints": judgement.restraints(indexes, [], policies, settings)} |
	some normal in {policy.normal | some i, policy in policies; count(_keys(i, pods)) == 0}
	indexes := _alike(normal, groups)
} if {
	groups := _groups(policies)
}

# The indexes of valid policies by what they select. Sorted, those that select the same lie beside each other, however many there are.
_groups(policies) := {sorted[start][0]: [entry[1] | some entry in array.slice(sorted, start, ends[g])] | some g, start in starts} if {
	sorted := sort([[policy.normal, i] | some i, policy in policies; policy.valid])
	starts := [k | some k, entry in sorted; _is_first(k, entry, sorted)]
	ends := array.concat(array.slice(starts, 1, count(starts)), [count(sorted)])
}

_is_first(0, _, _)

_is_first(k, entry, sorted) if {
	k > 0
	sorted[k - 1][0] != entry[0]
}

# Those that are about the same, and about every pod; a firewall is one for nobody's pods.
_alike(normal, groups) := sort(array.concat(_of_group(normal, groups), _of_group(set(), groups))) if {
	normal != set()
	not "firewall" in normal
} else := _of_group(normal, groups)

_of_group(normal, groups) := groups[normal] if {
	groups[normal]
} else := []

# Where a firewall lets out what no rule speaks about, its rules that allow speak as well.
_ruled_before(i, indexes, policies) := [object.union(rule.allowance, {"action": "deny"}) |
	object.get(policies[i], "implied", set()) != set()
	some j in indexes
	some rule in policies[j].rules
	rule.path in policies[j].for_all
]

_keys(i, pods) := {_key_of(pod) |
	some list in pods
	some pod in list
	i in pod.policies
}

_key_of(pod) := [pod.policies, pod.unsure, pod.approvals]

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
_workloads(documents, namespace, policies, where) := [w |
	some w in all
	not _made_by_another(w, all, owners, policies, where)
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
_made_by_another(w, all, owners, policies, where) if {
	w.owner != null
	above := graph.reachable(owners, {_owner_key(w)})
	some other in all
	other.owner == null
	_key(other) in above
	every template in w.templates { _made_from(template, other, policies, where) }
}

# A label more than its owner's template has must not take a pod out of a policy.
_made_from(template, owner, policies, where) if {
	some original in owner.templates
	original.host_network == template.host_network
	every key, value in original.written { template.written[key] == value }
	_selecting(policies, template.labels, where) == _selecting(policies, original.labels, where)
}

# The indexes of the policies that select, or may select, pods of these labels.
_selecting(policies, labels, where) := [i |
	some i, policy in policies
	policy.valid
	_selects(policy, labels, where)
]

_selects(policy, labels, _) if {
	policy.isolates
	not policy.applies
	selector.selects(policy.compiled, labels)
}

_selects(policy, labels, where) if subject.says(policy.applies, labels, where) != "no"

# The pods of each workload that policies can govern, with the policies that select them (of some of which nobody can be sure) and the approvals that hold for them.
_pods(workloads, policies, where, settings) := [pods |
	some w in workloads
	pods := [pod |
		some template in w.templates
		not template.host_network
		selecting := _selecting(policies, template.labels, where)
		pod := {
			"labels": template.labels,
			"policies": selecting,
			"unsure": [i | some i in selecting; subject.says(policies[i].applies, template.labels, where) == "maybe"],
			"approvals": judgement.approvals_of_pod(w.resource.namespace, template.labels, settings),
		}
	]
]

# What a set of policies lets a pod reach is worked out once for all pods that they select.
_reaches(pods, policies, settings) := {key: found |
	some key in {_key_of(pod) | some list in pods; some pod in list}
	found := judgement.reach_of(key[0], key[1], policies, key[2], settings)
}

# Whether pods are guarded, by the policies that select them or else by firewalls. A policy that is there twice guards only what every copy selects: whoever is applied
# last wins. Without pods, as where firewalls are, no copies are looked for.
_guards(pods, policies, behind, settings) := {key: found |
	count(pods) > 0
	copies := _copies(policies)
	some key in {_key_of(pod) | some list in pods; some pod in list}
	firm := [i | some i in key[0]; _is_firm(i, key[0], copies)]
	found := _guarded(firm, key[1], policies, behind, settings)
}

_guarded(_, _, _, true, _) := true

_guarded(firm, unsure, policies, false, settings) := judgement.guarded(firm, unsure, policies, settings)

# Whether the settings say that firewalls guard a namespace, and all there are do.
_by_firewalls(namespace, context, settings) if {
	some pattern in settings.firewall_namespaces
	glob.match(pattern, [], namespace)
	found := object.get(context, "firewalls", null)
	found != null
	found.found > 0
	found.guarding == found.found
} else := false

_is_firm(i, selecting, copies) if {
	every j in object.get(copies, i, [i]) { j in selecting }
}

_judged(w, pods, reaches, guards) := object.union(w, {
	"governed": count(pods) > 0,
	"covered": covered,
	"reaches": [found | some pod in pods; found := reaches[_key_of(pod)]],
}) if {
	covered := _covered(pods, guards)
}

_covered([], _) := null

_covered(pods, guards) := count([1 | some pod in pods; guards[_key_of(pod)]]) == count(pods) if {
	count(pods) > 0
}

# The indexes of all copies by the index of each copy; nothing where each policy is there once.
_copies(policies) := {} if {
	count({_identity(policy) | some policy in policies}) == count(policies)
} else := {i: copies |
	some i, policy in policies
	copies := [j | some j, other in policies; _identity(other) == _identity(policy)]
	count(copies) > 1
}

# Of two objects with a generateName the API server makes two. The parts of one object are none of each other's copies.
_identity(policy) := [policy.resource.kind, group(policy.resource.apiVersion), policy.resource.name, object.get(policy, "part", "")] if {
	policy.object.metadata.name == policy.resource.name
} else := [policy.order, object.get(policy, "part", "")]

# Without workloads, policies of one selector are taken together with those that select every pod, on the first of them.
_combined(policies, settings) := [group |
	some selected in array.concat([set()], [s | some s in {policy.normal | some policy in policies}; s != set()])
	indexes := [i | some i in _alike(selected, groups); _speaks(policies[i])]
	own := [i | some i in indexes; policies[i].normal == selected]
	count(own) > 0
	approvals := judgement.approvals_of_policy(policies[own[0]], [], settings)
	group := {"first": own[0], "everyone": selected == set(), "reach": judgement.reach_of(indexes, [], policies, approvals, settings)}
] if {
	groups := _groups(policies)
}

_speaks(policy) if policy.isolates

_speaks(policy) if policy.applies
