package egress.rules.duplicate_resource_test

import data.egress.rules.duplicate_resource
import data.lib.egress.testing

_findings(objects, given) := duplicate_resource.findings(testing.view_with(objects, given))

_orders(objects) := [found.order | some found in _findings(objects, {})]

_app := testing.egress([])

_web := testing.deployment("web")

_calico := {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}}

test_denies_all_but_the_first[name] if {
	some name, row in {
		"two policies": {"objects": [_app, _app], "expected": [1]},
		"two that differ": {"objects": [_app, testing.egress([{}])], "expected": [1]},
		"three": {"objects": [_app, _app, _app], "expected": [1, 2]},
		"two workloads": {"objects": [_web, _app, _web], "expected": [2]},
		"two versions of one group": {"objects": [_web, testing.with_fields(_web, {"apiVersion": "apps/v1beta2"})], "expected": [1]},
		"two that cannot be judged": {"objects": [_calico, _calico], "expected": [1]},
		"two of the core group": {
			"objects": [
				{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}},
				{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}},
			],
			"expected": [1],
		},
		"many, of which two are the same": {
			"objects": array.concat([testing.egress_of(sprintf("p%d", [i]), []) | some i in numbers.range(0, 10)], [testing.egress_of("p3", [])]),
			"expected": [11],
		},
	}
	_orders(row.objects) == row.expected
}

test_allows[name] if {
	some name, objects in {
		"nothing": [],
		"one": [_app],
		"other names": [_app, testing.egress_of("web", [])],
		"other kinds": [_app, testing.deployment("app")],
		"other groups": [_app, _calico],
		"a name that is made up by the API server": [
			testing.with_fields(_app, {"metadata": {"generateName": "app-", "namespace": "shop"}}),
			testing.with_fields(_app, {"metadata": {"generateName": "app-", "namespace": "shop"}}),
		],
		"no names": [
			testing.with_fields(_app, {"metadata": {"namespace": "shop"}}), testing.with_fields(_app, {"metadata": {"namespace": "shop"}}),
		],
		"names that are null": [
			testing.with_fields(_app, {"metadata": {"name": null}}), testing.with_fields(_app, {"metadata": {"name": null}}),
		],
		"names that are numbers": [testing.with_fields(_app, {"metadata": {"name": 1}}), testing.with_fields(_app, {"metadata": {"name": 1}})],
	}
	_orders(objects) == []
}

test_denies_with_a_sentence if {
	_findings([_app, _app], {}) == [{
		"rule": "duplicate-resource", "level": "warn", "path": "", "order": 1,
		"message": "NetworkPolicy 'app' is there more than once in namespace 'shop', and the last one applied counts",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
	}]
}

test_the_level_is_that_of_the_profile if {
	[found.level | some found in _findings([_app, _app], {"profile": "strict"})] == ["fail"]
}
