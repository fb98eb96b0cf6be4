# METADATA
# title: Kinds
# description: |
#   The kinds of objects that a cluster is asked for. Each dialect says its own; `nox -s generate` refuses a dialect that does not, and writes
#   the list where the reader of a cluster and its RBAC find it.
package lib.egress.kinds

import data.lib.egress.dialects.network_policy
import data.lib.egress.unjudged
import data.lib.egress.workload

# METADATA
# description: |
#   Every kind that matters, as {group: {kind: {"namespaced"}}}: policies of each dialect, what cannot be judged, what makes pods, and
#   Namespaces for their labels. A chart is a kind of ours and of no cluster.
listed := {group: {kind: {"namespaced": _namespaced(group, kind)} | some kind, _ in kinds} |
	some group, kinds in object.remove(_all, ["egress-policy"])
}

_all := object.union_n([network_policy.kinds, unjudged.kinds, workload.kinds, {"": {"Namespace": true}}])

_namespaced(group, kind) := false if {
	unjudged.cluster_wide({"apiVersion": trim_left(concat("/", [group, "v1"]), "/"), "kind": kind})
} else := true
