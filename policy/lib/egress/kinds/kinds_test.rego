package lib.egress.kinds_test

import data.lib.egress.kinds

test_listed[name] if {
	some name, row in {
		"what is judged": {"kind": ["networking.k8s.io", "NetworkPolicy"], "namespaced": true},
		"what cannot be judged": {"kind": ["cilium.io", "CiliumNetworkPolicy"], "namespaced": true},
		"what lies in no namespace": {"kind": ["cilium.io", "CiliumClusterwideNetworkPolicy"], "namespaced": false},
		"pods": {"kind": ["", "Pod"], "namespaced": true},
		"what makes them": {"kind": ["apps", "Deployment"], "namespaced": true},
		"and what makes that": {"kind": ["batch", "CronJob"], "namespaced": true},
		"labels": {"kind": ["", "Namespace"], "namespaced": false},
	}
	kinds.listed[row.kind[0]][row.kind[1]].namespaced == row.namespaced
}

test_a_chart_is_in_no_cluster if not kinds.listed["egress-policy"]

test_each_has_a_role if {
	kinds.listed[""].Namespace.role == "namespace"
	kinds.listed[""].Pod.role == "workload"
	kinds.listed["networking.k8s.io"].NetworkPolicy.role == "policy"
	kinds.listed["cilium.io"].CiliumNetworkPolicy.role == "unjudged"
}

# What a dialect reads at admission nobody does, so that it is among what cannot be judged there.
test_each_dialect_is_listed if {
	missing := [[group, kind] |
		some dialect in data.lib.egress.dialects
		some group, of_group in dialect.kinds
		some kind, _ in of_group
		not kinds.listed[group][kind]
	]
	missing == []
}
