package egress.rules.dangling_policy_test

import data.egress.rules.dangling_policy
import data.lib.egress.testing

_findings(objects, given) := dangling_policy.findings(testing.view_with(objects, given))

_names(objects) := {name | some [_, name, _] in testing.about(_findings(objects, {}))}

_web := testing.deployment("web")

_for(app) := testing.egress_of(app, [])

_selecting(selector) := testing.network_policy("app", {"podSelector": selector, "policyTypes": ["Egress"]})

test_denies_what_selects_nobody[name] if {
	some name, row in {
		"another label": {"objects": [_web, _for("wbe")], "expected": {"wbe"}},
		"each of them": {"objects": [_web, _for("a"), _for("web"), _for("b")], "expected": {"a", "b"}},
		"what must not exist": {
			"objects": [_web, _selecting({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})], "expected": {"app"},
		},
		"workloads that no policy governs": {
			"objects": [testing.deployment_with("host", {"hostNetwork": true}), _for("host")], "expected": {"host"},
		},
	}
	_names(row.objects) == row.expected
}

test_allows[name] if {
	some name, objects in {
		"one that selects": [_web, _for("web")],
		"one that selects every pod": [_web, testing.egress([])],
		"a selector that is null": [_web, _selecting(null)],
		"no selector": [_web, testing.network_policy("app", {"policyTypes": ["Egress"]})],
		"one without workloads": [_for("web")],
		"one for ingress": [_web, testing.network_policy("a", {"podSelector": {"matchLabels": {"app": "x"}}, "policyTypes": ["Ingress"]})],
		"one that is invalid, which is another finding": [_web, _selecting("app=x")],
	}
	_names(objects) == set()
}

test_warns_with_a_sentence[name] if {
	some name, profile in {"in baseline": "baseline", "in strict": "strict"}
	_findings([_web, _for("x")], {"profile": profile}) == [{
		"rule": "dangling-policy", "level": "warn", "path": "spec.podSelector", "order": 1,
		"message": "NetworkPolicy 'x' selects none of the workloads of namespace 'shop'",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "x"},
	}]
}

test_denies_at_admission if {
	said := dangling_policy.violation with input as testing.review(_for("x")) with data.inventory as testing.inventoried([_web, _for("y")])
	testing.about_violations(said) == {["NetworkPolicy", "x", "spec.podSelector"]}
}

test_allows_at_admission[name] if {
	some name, row in {
		"one that selects": {"request": testing.review(_for("web")), "inventory": testing.inventoried([_web])},
		"an empty inventory": {"request": testing.review(_for("x")), "inventory": {}},
		"a kind that is empty": {"request": testing.review(_for("x")), "inventory": {"namespace": {"shop": {"apps/v1": {"Deployment": {}}}}}},
		"workloads of another namespace": {
			"request": testing.review(_for("x")), "inventory": {"namespace": {"other": testing.inventoried([_web]).namespace.shop}},
		},
		"a workload, though a policy dangles": {"request": testing.review(_web), "inventory": testing.inventoried([_for("x")])},
	}
	said := dangling_policy.violation with input as row.request with data.inventory as row.inventory
	said == set()
}

test_allows_at_admission_without_an_inventory if {
	said := dangling_policy.violation with input as testing.review(_for("x"))
	said == set()
}
