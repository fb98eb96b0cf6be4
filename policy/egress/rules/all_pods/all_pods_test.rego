package egress.rules.all_pods_test

import data.egress.rules.all_pods
import data.lib.egress.inventory
import data.lib.egress.testing

_findings(objects, given) := all_pods.findings(testing.view_with(objects, given))

_about(rules, given) := testing.about(_findings([testing.egress(rules)], given))

_first := {["NetworkPolicy", "app", "spec.egress[0]"]}

_to(namespaces, pods, ports) := {"to": [{"namespaceSelector": namespaces, "podSelector": pods}], "ports": ports}

_named(operator, values) := {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": operator, "values": values}]}

test_denies_every_pod[name] if {
	some name, rule in {
		"of every namespace": {"to": [{"namespaceSelector": {}}]},
		"with an empty pod selector": _to({}, {}, []),
		"with a pod selector that is null": _to({}, null, null),
		"by empty lists": _to({"matchLabels": {}, "matchExpressions": null}, {"matchLabels": null}, []),
		"by the label that the API server sets": _to(_named("Exists", null), null, []),
		"but one namespace that there is not": _to(_named("NotIn", ["nobody"]), null, []),
		"by a selector of the wrong type, which is invalid and asks for nothing": _to("all", null, []),
		"on half of the ports": _to({}, null, [{"port": 1, "endPort": 32768}]),
		"of a protocol": _to({}, null, [{"protocol": "UDP"}]),
		"beside something narrow": {"to": [{"podSelector": {"matchLabels": {"a": "b"}}}, {"namespaceSelector": {}}]},
	}
	_about([rule], {}) == _first
}

test_allows_what_is_not[name] if {
	some name, rule in {
		"every pod of this namespace": {"to": [{"podSelector": {}}]},
		"some namespaces": _to({"matchLabels": {"team": "a"}}, null, []),
		"some pods": _to({}, {"matchLabels": {"app": "db"}}, []),
		"every pod on a port": _to({}, null, testing.https),
		"every namespace but kube-system": _to(_named("NotIn", ["kube-system"]), null, []),
		"an open rule, which is another finding": {},
	}
	testing.about(_findings([testing.egress([rule])], {})) == set()
}

test_knows_the_namespaces[name] if {
	some name, row in {
		"none": {"namespaces": [], "expected": 1},
		"one that is left out": {"namespaces": [{"kubernetes.io/metadata.name": "shop"}], "expected": 0},
	}
	documents := testing.documents([testing.egress([_to(_named("NotIn", ["shop"]), null, [])])])
	view := inventory.view("shop", documents, {"namespace": "", "namespaces": row.namespaces}, testing.usual)
	count(all_pods.findings(view)) == row.expected
}

test_denies_with_a_sentence_and_a_change if {
	changed := _to({}, {}, [{"protocol": "TCP", "port": 443}])
	_findings([testing.egress([_to({}, {}, [])])], {}) == [{
		"rule": "all-pods", "level": "warn", "path": "spec.egress[0]", "order": 0,
		"message": "NetworkPolicy 'app' allows egress to every pod of every namespace on all ports",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"remediation": [testing.egress([changed])],
	}]
	_about([changed], {}) == set()
}

test_the_level_is_that_of_the_profile if {
	[found.level | some found in _findings([testing.egress([_to({}, {}, [])])], {"profile": "strict"})] == ["fail"]
}

test_denies_at_admission if {
	said := all_pods.violation with input as testing.review(testing.egress([_to({}, {}, [])]))
	testing.about_violations(said) == _first
}

test_allows_at_admission if {
	said := all_pods.violation with input as testing.review(testing.egress([_to({}, {}, testing.https)]))
	said == set()
}
