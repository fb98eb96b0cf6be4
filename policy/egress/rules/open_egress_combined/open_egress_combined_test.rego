package egress.rules.open_egress_combined_test

import data.egress.rules.open_egress_combined
import data.lib.egress.testing

_findings(objects, given) := open_egress_combined.findings(testing.view_with(objects, given))

_about(objects) := testing.about(_findings(objects, {}))

_web := testing.deployment("web")

_db := testing.deployment("db")

_named(name, policy) := testing.with_fields(policy, {"metadata": {"name": name, "namespace": "shop"}})

# Each reaches less than a quarter; together they are all of the public addresses.
_parts := ["0.0.0.0/3", "32.0.0.0/3", "64.0.0.0/3", "96.0.0.0/3", "128.0.0.0/2", "192.0.0.0/2"]

_part(i) := _named(sprintf("p%d", [i]), testing.egress([testing.to_blocks([_parts[i]], [])]))

_first_two := [_part(1), _part(2)]

_on(name, ports) := _named(name, testing.egress([{"ports": ports}]))

test_denies_what_is_open_together[name] if {
	some name, row in {
		"blocks of two policies": {"objects": array.concat([_web], _first_two), "expected": {["Deployment", "web", ""]}},
		"blocks of two rules": {
			"objects": [_web, testing.egress([testing.to_blocks([_parts[1]], []), testing.to_blocks([_parts[2]], [])])],
			"expected": {["Deployment", "web", ""]},
		},
		"ports of two policies": {
			"objects": [_web, _on("low", [{"port": 1, "endPort": 20000}]), _on("high", [{"port": 20001, "endPort": 40000}])],
			"expected": {["Deployment", "web", ""]},
		},
		"an exception that another policy fills": {
			"objects": [
				_web,
				_named("a", testing.egress([{"to": [{"ipBlock": {"cidr": "64.0.0.0/2", "except": ["64.0.0.0/3"]}}]}])),
				_named("b", testing.egress([testing.to_blocks(["64.0.0.0/3"], [])])),
			],
			"expected": {["Deployment", "web", ""]},
		},
	}
	_about(row.objects) == row.expected
}

test_denies_each_workload_for_itself[name] if {
	some name, row in {
		"each workload": {"objects": array.concat([_web, _db], _first_two), "expected": {["Deployment", "web", ""], ["Deployment", "db", ""]}},
		"only of those whom both select": {
			"objects": [_web, _db, _part(1), testing.with_fields(testing.egress_of("web", []), {"spec": object.union(_part(2).spec, {"podSelector": {"matchLabels": {"app": "web"}}})})],
			"expected": {["Deployment", "web", ""]},
		},
	}
	_about(row.objects) == row.expected
}

test_allows[name] if {
	some name, objects in {
		"one part": [_web, _part(1)],
		"a rule that is open by itself, which is another finding": array.concat([_web, _named("open", testing.egress([{}]))], _first_two),
		"parts on different ports": [
			_web, _named("a", testing.egress([testing.to_blocks([_parts[1]], testing.https)])),
			_named("b", testing.egress([testing.to_blocks([_parts[2]], [{"port": 80}])])),
		],
		"ports that are too few together": [_web, _on("low", [{"port": 1, "endPort": 16000}]), _on("high", [{"port": 16001, "endPort": 32000}])],
		"ports of two protocols": [_web, _on("a", [{"port": 1, "endPort": 20000}]), _on("b", [{"port": 1, "endPort": 20000, "protocol": "UDP"}])],
		"a part of an invalid policy": [_web, _part(1), testing.network_policy("p2", object.union(_part(2).spec, {"x": 1}))],
		"parts for ingress": [_web, _part(1), testing.network_policy("p2", object.union(_part(2).spec, {"policyTypes": ["Ingress"]}))],
		"who is on the host's network": array.concat([testing.deployment_with("host", {"hostNetwork": true}), _web], [_part(1)]),
	}
	_about(objects) == set()
}

test_denies_without_workloads_on_the_first_policy[name] if {
	some name, row in {
		"of one selector": {"objects": _first_two, "expected": {["NetworkPolicy", "p1", "spec.egress"]}},
		"of one selector and of every pod": {
			"objects": [_named("w", testing.egress_of("web", [testing.to_blocks([_parts[2]], [])])), _part(1)],
			"expected": {["NetworkPolicy", "w", "spec.egress"]},
		},
		"not again where those of every pod are open by themselves": {
			"objects": array.concat([_named("w", testing.egress_of("web", []))], _first_two), "expected": {["NetworkPolicy", "p1", "spec.egress"]},
		},
		"not of two selectors": {
			"objects": [
				_named("w", testing.egress_of("web", [testing.to_blocks([_parts[1]], [])])),
				_named("d", testing.egress_of("db", [testing.to_blocks([_parts[2]], [])])),
			],
			"expected": set(),
		},
	}
	_about(row.objects) == row.expected
}

test_denies_with_a_sentence_a_witness_and_changes if {
	_findings(array.concat([_web], _first_two), {}) == [{
		"rule": "open-egress-combined", "level": "fail", "path": "", "order": 0,
		"message": "The policies that select Deployment 'web' together allow egress to everywhere on all ports",
		"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"},
		"witness": {"from": "shop/Deployment/web", "to": "93.184.215.14", "port": 4444, "protocol": "TCP"},
		"remediation": [_named("p1", testing.egress([])), _named("p2", testing.egress([]))],
	}]
}

test_denies_with_a_sentence_on_a_policy if {
	[found] := _findings(_first_two, {})
	found.message == "The policies that select the pods of NetworkPolicy 'p1' together allow egress to everywhere on all ports"
	found.witness.from == "shop/pods of NetworkPolicy p1"
	[policy.metadata.name | some policy in found.remediation] == ["p1", "p2"]
}

test_the_changes_make_it_go_away[name] if {
	some name, objects in {
		"of a workload": array.concat([_web], _first_two),
		"of policies": _first_two,
	}
	_about(testing.applied(objects, _findings(objects, {}))) == set()
}

test_an_approval_opens_a_reach[name] if {
	some name, row in {
		"if it says so": {"open": true, "expected": set()},
		"not otherwise": {"open": false, "expected": {["Deployment", "web", ""]}},
	}
	given := {"approvedDestinations": [{"name": "a", "cidrs": ["0.0.0.0/0"], "open": row.open}]}
	testing.about(_findings(array.concat([_web], _first_two), given)) == row.expected
	testing.about(_findings(_first_two, given)) == {["NetworkPolicy", "p1", "spec.egress"] | some _ in row.expected}
}

test_has_a_witness_in_spite_of_an_approval if {
	given := {"approvedDestinations": [{"name": "a", "cidrs": ["0.0.0.0/0"]}]}
	[found.witness.to | some found in _findings(array.concat([_web], _first_two), given)] == ["93.184.215.14"]
}

test_the_level_is_fail_in_strict_too if {
	[found.level | some found in _findings(_first_two, {"profile": "strict"})] == ["fail"]
}

_said(request, objects) := testing.about_violations(said) if {
	said := open_egress_combined.violation with input as request with data.inventory as testing.inventoried(objects)
}

test_denies_at_admission[name] if {
	some name, row in {
		"a workload": {"request": testing.review(_web), "objects": _first_two, "expected": {["Deployment", "web", ""]}},
		"a policy, where no workload is": {"request": testing.review(_part(1)), "objects": [_part(2)], "expected": {["NetworkPolicy", "p1", "spec.egress"]}},
		"a policy that opens a workload together with another": {
			"request": testing.review(_part(1)), "objects": [_web, _part(2)], "expected": {["Deployment", "web", ""]},
		},
		"a policy that is widened so that it does": {
			"request": testing.update(_named("p1", testing.egress([])), _part(1)),
			"objects": [_web, _named("p1", testing.egress([])), _part(2)], "expected": {["Deployment", "web", ""]},
		},
	}
	_said(row.request, row.objects) == row.expected
}

test_allows_at_admission[name] if {
	some name, row in {
		"a policy beside those that are open together already": {
			"request": testing.review(_part(3)), "objects": array.concat([_web], _first_two),
		},
		"a workload": {"request": testing.review(_web), "objects": [_part(1)]},
		"a policy that goes": {"request": testing.deletion(_part(1)), "objects": _first_two},
		"a policy that takes the place of a wider one": {
			"request": testing.update(_part(1), _named("p1", testing.egress([]))), "objects": _first_two,
		},
	}
	_said(row.request, row.objects) == set()
}

test_allows_at_admission_without_an_inventory if {
	said := open_egress_combined.violation with input as testing.review(_part(1))
	said == set()
}
