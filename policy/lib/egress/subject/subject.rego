# METADATA
# title: Whom a policy is about
# description: |
#   Whether a policy of another dialect than NetworkPolicy selects a pod. Such a policy "applies" as a list of conditions that must all hold, each about the labels of
#   the "pod" or of its "namespace": {"of", "selector": see `selector.compiled`} or {"of", "expression": see `expression`}; {"of": "any", "alternatives": [conditions]} where one
#   of several lists is enough, {"of": "unknown"} where nobody can tell, and {"of": "nobody"}. What is known of a namespace without its
#   Namespace object is its name.
package lib.egress.subject

import data.lib.egress.expression
import data.lib.egress.selector

# METADATA
# description: |
#   A place that pods are in: {"namespace", "labels" of the namespace, "known": whether those are all}, given the labels of all Namespaces.
place(namespace, namespaces) := {"namespace": namespace, "labels": _with_names(namespace, labels), "known": true} if {
	found := {labels | some labels in namespaces; labels["kubernetes.io/metadata.name"] == namespace}
	count(found) == 1 # of two Namespaces of one name nobody knows which counts
	some labels in found
} else := {"namespace": namespace, "labels": _with_names(namespace, {"kubernetes.io/metadata.name": namespace}), "known": false}

_with_names(namespace, labels) := object.union(labels, {"projectcalico.org/name": namespace})

# METADATA
# description: |
#   What is said of a pod with these labels in a place: "yes", "no", or "maybe" where it takes what no manifest says.
says(conditions, labels, where) := _all({said |
	some condition in conditions
	said := _one_says(condition, labels, where)
})

_all(said) := "no" if {
	"no" in said
} else := "maybe" if {
	"maybe" in said
} else := "yes"

_one_says(condition, labels, where) := _says(condition, labels, where) if condition.of != "any"

_one_says(condition, labels, where) := _any({said |
	some conditions in condition.alternatives
	said := _all({one | some other in conditions; one := _says(other, labels, where)})
}) if {
	condition.of == "any"
}

_any(said) := "yes" if {
	"yes" in said
} else := "maybe" if {
	"maybe" in said
} else := "no"

_says(condition, labels, where) := _said(condition, object.union(labels, _names(where)), _hidden(where)) if {
	condition.of == "pod"
} else := "maybe" if {
	condition.of == "unknown"
} else := "no" if {
	condition.of == "nobody"
} else := _said(condition, where.labels, []) if {
	where.known
} else := _said(condition, where.labels, [""])

# What Cilium and Calico know pods by besides their labels.
_names(where) := object.union(
	{
		"io.kubernetes.pod.namespace": where.namespace,
		"projectcalico.org/namespace": where.namespace,
		"projectcalico.org/orchestrator": "k8s",
	},
	{concat("", ["io.cilium.k8s.namespace.labels.", key]): value | some key, value in where.labels; key != "projectcalico.org/name"},
)

# How keys begin of which the values are not known.
_hidden(where) := array.concat(
	["io.cilium.k8s.policy.", "projectcalico.org/serviceaccount", "pcsa."],
	["io.cilium.k8s.namespace.labels." | not where.known],
)

_said(condition, labels, hidden) := _by_selector(condition.selector, labels, hidden) if {
	condition.selector
} else := expression.says(condition.expression, labels, hidden)

_by_selector(compiled, labels, hidden) := "no" if {
	not selector.selects(_about_known(compiled, labels, hidden), labels)
} else := "yes" if {
	_about_known(compiled, labels, hidden) == compiled
} else := "maybe"

_about_known(compiled, _, []) := compiled

_about_known(compiled, labels, hidden) := {
	"pairs": {key: value | some key, value in compiled.pairs; _is_known(key, labels, hidden)},
	"requirements": [one | some one in compiled.requirements; _is_known(one.key, labels, hidden)],
} if {
	hidden != []
}

_is_known(key, labels, _) if labels[key]

_is_known(key, labels, hidden) if {
	not labels[key]
	is_string(key)
	every beginning in hidden { not startswith(key, beginning) }
}
