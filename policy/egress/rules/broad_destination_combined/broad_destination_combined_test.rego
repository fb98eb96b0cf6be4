package egress.rules.broad_destination_combined_test

import data.egress.rules.broad_destination_combined
import data.lib.egress.testing

_findings(objects, given) := broad_destination_combined.findings(testing.view_with(objects, given))

_about(objects) := testing.about(_findings(objects, {}))

_web := testing.deployment("web")

_policy(name, cidrs, ports) := testing.with_fields(testing.egress([testing.to_blocks(cidrs, ports)]), {"metadata": {"name": name, "namespace": "shop"}})

_part(name, cidrs) := _policy(name, cidrs, testing.https)

_parts := [_part("a", ["8.0.0.0/8"]), _part("b", ["9.0.0.0/8"])]

test_denies_what_is_broad_together[name] if {
	some name, row in {
		"of two policies": {"objects": array.concat([_web], _parts), "expected": {["Deployment", "web", ""]}},
		"of two rules": {
			"objects": [_web, testing.egress([testing.to_blocks(["8.0.0.0/8"], testing.https), testing.to_blocks(["9.0.0.0/8"], testing.https)])],
			"expected": {["Deployment", "web", ""]},
		},
	}
	count([found | some found in _findings(row.objects, {})]) > 0
	_about(row.objects) == row.expected
}

test_denies_what_is_broad_together_of_ipv6_and_on_one_port[name] if {
	some name, row in {
		"of IPv6": {"objects": [_web, _part("a", ["2a00::/19"]), _part("b", ["2a10::/19"])], "expected": {["Deployment", "web", ""]}},
		"on one common port": {
			"objects": [_web, _policy("a", ["8.0.0.0/8"], [{"port": 1, "endPort": 443}]), _policy("b", ["9.0.0.0/8"], [{"port": 443, "endPort": 999}])],
			"expected": {["Deployment", "web", ""]},
		},
	}
	count([found | some found in _findings(row.objects, {})]) > 0
	_about(row.objects) == row.expected
}

test_allows[name] if {
	some name, objects in {
		"one part": [_web, _parts[0]],
		"the same part twice": [_web, _part("a", ["8.0.0.0/8"]), _part("b", ["8.0.0.0/8"])],
		"parts on different ports": [_web, _part("a", ["8.0.0.0/8"]), _policy("b", ["9.0.0.0/8"], [{"port": 80}])],
		"one that is broad by itself, which is another finding": [_web, _part("a", ["8.0.0.0/7"]), _part("b", ["11.0.0.0/8"])],
		"one with any destination, which is another finding": [_web, _part("a", ["0.0.0.0/0"]), _part("b", ["8.0.0.0/8"])],
		"what is open together, which is another finding": [_web, _policy("a", ["32.0.0.0/3"], []), _policy("b", ["64.0.0.0/3"], [])],
	}
	_about(objects) == set()
}

test_denies_any_destination_on_few_ports_as_well if {
	found := _findings(array.concat([_web], _parts), {"openAddressShare": 0.008})
	testing.about(found) == {["Deployment", "web", ""]}
}

test_denies_without_workloads_on_the_first_policy[name] if {
	some name, row in {
		"of one selector": {"objects": _parts, "expected": {["NetworkPolicy", "a", "spec.egress"]}},
		"of one selector and of every pod": {
			"objects": [testing.egress_of("web", [testing.to_blocks(["9.0.0.0/8"], testing.https)]), _parts[0]],
			"expected": {["NetworkPolicy", "web", "spec.egress"]},
		},
		"not again where those of every pod are broad by themselves": {
			"objects": array.concat([testing.egress_of("web", [])], _parts), "expected": {["NetworkPolicy", "a", "spec.egress"]},
		},
	}
	_about(row.objects) == row.expected
}

test_denies_with_a_sentence_a_witness_and_changes if {
	_findings(array.concat([_web], _parts), {}) == [{
		"rule": "broad-destination-combined", "level": "warn", "path": "", "order": 0,
		"message": "The policies that select Deployment 'web' together reach a large part of the public addresses",
		"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"},
		"witness": {"from": "shop/Deployment/web", "to": "8.0.0.0", "port": 443, "protocol": "TCP"},
		"remediation": [
			testing.with_fields(testing.egress([]), {"metadata": {"name": "a", "namespace": "shop"}}),
			testing.with_fields(testing.egress([]), {"metadata": {"name": "b", "namespace": "shop"}}),
		],
	}]
}

test_denies_with_a_sentence_on_a_policy if {
	[found] := _findings(_parts, {"profile": "strict"})
	found.level == "fail"
	found.message == "The policies that select the pods of NetworkPolicy 'a' together reach a large part of the public addresses"
	found.witness.from == "shop/pods of NetworkPolicy a"
}

test_the_changes_make_it_go_away[name] if {
	some name, objects in {
		"of a workload": array.concat([_web], _parts),
		"of policies": _parts,
	}
	_about(testing.applied(objects, _findings(objects, {}))) == set()
}

test_approvals_excuse_a_reach if {
	given := {"approvedDestinations": [{"name": "a", "cidrs": ["8.0.0.0/8"]}]}
	_findings(array.concat([_web], _parts), given) == []
	_findings(_parts, given) == []
}

_said(request, objects) := testing.about_violations(said) if {
	said := broad_destination_combined.violation with input as request with data.inventory as testing.inventoried(objects)
}

test_denies_at_admission[name] if {
	some name, row in {
		"a workload": {"request": testing.review(_web), "objects": _parts, "expected": {["Deployment", "web", ""]}},
		"a policy, where no workload is": {
			"request": testing.review(_parts[1]), "objects": [_parts[0]], "expected": {["NetworkPolicy", "a", "spec.egress"]},
		},
	}
	_said(row.request, row.objects) == row.expected
}

test_allows_at_admission[name] if {
	some name, row in {
		"a workload": {"request": testing.review(_web), "objects": [_parts[0]]},
		"a policy that goes": {"request": testing.deletion(_parts[0]), "objects": _parts},
	}
	_said(row.request, row.objects) == set()
}

test_allows_at_admission_without_an_inventory if {
	said := broad_destination_combined.violation with input as testing.review(_parts[0])
	said == set()
}
