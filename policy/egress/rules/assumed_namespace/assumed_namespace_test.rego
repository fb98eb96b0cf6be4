package egress.rules.assumed_namespace_test

import data.egress.rules.assumed_namespace
import data.lib.egress.inventory
import data.lib.egress.testing

_document(order, folder, thing) := {"object": thing, "source": {"order": order, "folder": folder, "file": "a.yaml", "duplicates": []}}

_homeless(thing) := testing.with_fields(thing, {"metadata": {"name": thing.metadata.name}})

_web := _homeless(testing.deployment("web"))

_app := _homeless(testing.egress([]))

_findings(documents, namespace, settings) := assumed_namespace.findings(inventory.view("default", documents, {"namespace": namespace, "namespaces": []}, settings))

_orders(documents) := [found.order | some found in _findings(documents, "", testing.usual)]

test_denies_the_first_of_the_second_folder[name] if {
	some name, row in {
		"a workload": {"documents": [_document(0, "a", _app), _document(1, "b", _web)], "expected": [1]},
		"a policy": {"documents": [_document(0, "a", _web), _document(1, "b", _app)], "expected": [1]},
		"once": {
			"documents": [_document(0, "a", _web), _document(1, "a", _app), _document(2, "b", _app), _document(3, "c", _web)], "expected": [2],
		},
		"by the order of reading": {"documents": [_document(9, "b", _web), _document(10, "a", _web)], "expected": [10]},
		"a namespace that is null": {
			"documents": [_document(0, "a", _web), _document(1, "b", testing.with_fields(_web, {"metadata": {"name": "x", "namespace": null}}))],
			"expected": [1],
		},
		"an empty namespace": {
			"documents": [_document(0, "a", testing.with_fields(_web, {"metadata": {"name": "x", "namespace": ""}})), _document(1, "b", _web)],
			"expected": [1],
		},
		"no metadata": {
			"documents": [_document(0, "a", _web), _document(1, "b", object.remove(_web, ["metadata"]))], "expected": [1],
		},
	}
	_orders(row.documents) == row.expected
}

test_allows[name] if {
	some name, documents in {
		"nothing": [],
		"one folder": [_document(0, "a", _web), _document(1, "a", _app)],
		"a namespace that is said": [_document(0, "a", _web), _document(1, "b", testing.deployment("web"))],
		"what is neither policy nor workload": [
			_document(0, "a", _web), _document(1, "b", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}),
		],
	}
	_orders(documents) == []
}

test_allows_it_with_a_namespace_that_was_asked_for if {
	documents := [_document(0, "a", _app), _document(1, "b", _web)]
	_findings(documents, "default", testing.usual) == []
}

test_denies_with_a_sentence[name] if {
	some name, row in {"baseline": {"level": "warn"}, "strict": {"level": "fail"}}
	settings := testing.view_with([], {"profile": name}).settings
	_findings([_document(0, "k8s/a", _app), _document(1, "k8s/b", _web)], "", settings) == [{
		"rule": "assumed-namespace", "level": row.level, "path": "", "order": 1,
		"message": "Deployment 'web' and others in 'k8s/a' name no namespace, and were taken for neighbours in 'default'",
		"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": "web"},
	}]
}
