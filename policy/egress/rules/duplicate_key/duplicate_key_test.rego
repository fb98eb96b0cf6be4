package egress.rules.duplicate_key_test

import data.egress.rules.duplicate_key
import data.lib.egress.inventory
import data.lib.egress.testing

_document(thing, order, paths) := {"object": thing, "source": {
	"order": order, "folder": "", "file": "a.yaml",
	"duplicates": [{"path": path, "line": 3} | some path in paths],
}}

_findings(documents, settings) := duplicate_key.findings(inventory.view("shop", documents, testing.nowhere, settings))

_policy := object.union(testing.egress([]), {"metadata": {"uid": "x"}})

test_denies_each_key_that_is_there_twice if {
	documents := [
		_document(testing.egress_of("web", []), 4, []),
		_document(_policy, 5, ["spec.egress", "spec.egress[0].to"]),
		_document(testing.deployment("web"), 6, ["metadata.labels"]),
	]
	testing.about(_findings(documents, testing.usual)) == {
		["NetworkPolicy", "app", "spec.egress"], ["NetworkPolicy", "app", "spec.egress[0].to"], ["Deployment", "web", "metadata.labels"],
	}
}

test_allows_keys_of_what_is_neither_policy_nor_workload if {
	_findings([_document({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, 0, ["metadata.name"])], testing.usual) == []
}

test_denies_with_a_sentence_and_the_object_as_it_counts if {
	_findings([_document(_policy, 5, ["spec.egress"])], testing.usual) == [{
		"rule": "duplicate-key", "level": "warn", "path": "spec.egress", "order": 5,
		"message": "NetworkPolicy 'app' has the field spec.egress twice, and the last one counts",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"remediation": [testing.egress([])],
	}]
}

test_the_level_is_that_of_the_profile if {
	[found.level | some found in _findings([_document(_policy, 0, ["spec"])], testing.strict)] == ["fail"]
}
