package lib.egress.subject_test

import data.lib.egress.selector
import data.lib.egress.subject

_known := subject.place("shop", [{"kubernetes.io/metadata.name": "shop", "env": "prod"}])

_unknown := subject.place("shop", [{"kubernetes.io/metadata.name": "other", "env": "prod"}])

_by(of, pairs) := {"of": of, "selector": selector.compiled({"matchLabels": pairs})}

_without(of, key) := {"of": of, "selector": selector.compiled({"matchExpressions": [{"key": key, "operator": "DoesNotExist"}]})}

test_says[name] if {
	some name, row in {
		"yes of no condition": {"given": [], "expected": ["yes", "yes"]},
		"yes of a label": {"given": [_by("pod", {"app": "web"})], "expected": ["yes", "yes"]},
		"no of another": {"given": [_by("pod", {"app": "db"})], "expected": ["no", "no"]},
		"by a label of the namespace": {"given": [_by("namespace", {"env": "prod"})], "expected": ["yes", "maybe"]},
		"by the name of the namespace": {"given": [_by("namespace", {"kubernetes.io/metadata.name": "shop"})], "expected": ["yes", "yes"]},
		"by the name of another namespace": {"given": [_by("namespace", {"kubernetes.io/metadata.name": "other"})], "expected": ["no", "no"]},
		"by a label that the namespace has not": {"given": [_without("namespace", "team")], "expected": ["yes", "maybe"]},
		"by what Cilium knows a pod by": {"given": [_by("pod", {"io.kubernetes.pod.namespace": "shop"})], "expected": ["yes", "yes"]},
		"by what Cilium knows of its namespace": {"given": [_by("pod", {"io.cilium.k8s.namespace.labels.env": "prod"})], "expected": ["yes", "maybe"]},
		"maybe of a service account": {"given": [_by("pod", {"io.cilium.k8s.policy.serviceaccount": "a"})], "expected": ["maybe", "maybe"]},
		"no of all conditions where one says so": {"given": [_by("pod", {"app": "db"}), {"of": "unknown"}], "expected": ["no", "no"]},
		"maybe of all where one says so": {"given": [_by("pod", {"app": "web"}), {"of": "unknown"}], "expected": ["maybe", "maybe"]},
		"no of nobody": {"given": [{"of": "nobody"}], "expected": ["no", "no"]},
		"yes of several where one says so": {"given": [{"of": "any", "alternatives": [[{"of": "unknown"}], [_by("pod", {"app": "web"})]]}], "expected": ["yes", "yes"]},
		"maybe of several where one does not say no": {"given": [{"of": "any", "alternatives": [[{"of": "unknown"}], [_by("pod", {"app": "db"})]]}], "expected": ["maybe", "maybe"]},
		"no of no list": {"given": [{"of": "any", "alternatives": []}], "expected": ["no", "no"]},
		"by an expression": {"given": [{"of": "pod", "expression": "app == 'web'"}], "expected": ["yes", "yes"]},
		"by an expression about the namespace": {"given": [{"of": "namespace", "expression": "env == 'prod'"}], "expected": ["yes", "maybe"]},
	}
	[subject.says(row.given, {"app": "web"}, place) | some place in [_known, _unknown]] == row.expected
}

# A label that a pod gives itself is not what its namespace says.
test_a_pod_does_not_say_where_it_is if {
	subject.says([_by("pod", {"io.kubernetes.pod.namespace": "other"})], {"io.kubernetes.pod.namespace": "other"}, _known) == "no"
}
