# METADATA
# title: Kinds
# description: |
#   The kinds of objects that a cluster is asked for. Each dialect says its own; `nox -s generate` refuses a dialect that does not, and writes
#   the list where the reader of a cluster and its RBAC find it.
package lib.egress.kinds

import data.lib.egress.dialects.antrea
import data.lib.egress.dialects.calico
import data.lib.egress.dialects.cilium
import data.lib.egress.dialects.network_policy
import data.lib.egress.unjudged
import data.lib.egress.workload

# METADATA
# description: |
#   Every kind that matters, as {group: {kind: {"namespaced", "role"}}}: NetworkPolicies ("policy"), policies and firewalls of other kinds, some of which cannot be judged and
#   none at admission ("unjudged"), what they refer to ("reference"), what
#   makes pods ("workload"), and Namespaces for their labels ("namespace"). Charts and kustomizations are in no cluster.
listed := {group: kinds |
	some groups in _by_role
	some group, _ in object.remove(groups, ["egress-policy", "kustomize.config.k8s.io"])
	kinds := {kind: {"namespaced": _namespaced(group, kind), "role": role} |
		some role, of_role in _by_role
		some kind, _ in of_role[group]
	}
}

_by_role := {
	"policy": network_policy.kinds, "unjudged": unjudged.kinds,
	"reference": object.union_n([cilium.references, calico.references, antrea.references]), "workload": workload.kinds, "namespace": {"": {"Namespace": true}},
}

_namespaced(group, kind) := false if {
	unjudged.cluster_wide({"apiVersion": trim_left(concat("/", [group, "v1"]), "/"), "kind": kind})
} else := true
