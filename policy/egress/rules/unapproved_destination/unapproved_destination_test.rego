package egress.rules.unapproved_destination_test

import data.egress.rules.unapproved_destination
import data.lib.egress.testing

_given(entries) := {"profile": "strict", "approvedDestinations": entries}

_entry := {"name": "a", "cidrs": ["8.8.8.0/24"], "ports": [443]}

_findings(rules, given) := unapproved_destination.findings(testing.view_with([testing.egress(rules)], given))

_first := {["NetworkPolicy", "app", "spec.egress[0]"]}

test_denies_what_is_outside_of_the_list[name] if {
	some name, rule in {
		"another block": testing.to_blocks(["9.9.9.9/32"], testing.https),
		"a wider block": testing.to_blocks(["8.8.0.0/16"], testing.https),
		"another port": testing.to_blocks(["8.8.8.8/32"], [{"port": 80}]),
		"all ports": testing.to_blocks(["8.8.8.8/32"], []),
		"another protocol": testing.to_blocks(["8.8.8.8/32"], [{"port": 443, "protocol": "UDP"}]),
		"a named port": testing.to_blocks(["8.8.8.8/32"], [{"port": "https"}]),
		"the listed block and another": testing.to_blocks(["8.8.8.8/32", "9.9.9.9/32"], testing.https),
		"documentation": testing.to_blocks(["203.0.113.1/32"], testing.https),
		"IPv6": testing.to_blocks(["2a00:1450::/32"], testing.https),
		"everything": {},
	}
	testing.about(_findings([rule], _given([_entry]))) == _first
}

test_allows[name] if {
	some name, rule in {
		"the listed block": testing.to_blocks(["8.8.8.0/24"], testing.https),
		"a part of it": testing.to_blocks(["8.8.8.8/32"], testing.https),
		"a private block": testing.to_blocks(["10.0.0.0/8"], []),
		"a wider block, less the rest": {
			"to": [{"ipBlock": {"cidr": "8.8.8.0/23", "except": ["8.8.9.0/24"]}}], "ports": testing.https,
		},
		"pods": {"to": [{"podSelector": {}}]},
		"a cidr that is null": testing.to_blocks([null], testing.https),
		"a block of the wrong type": {"to": [{"ipBlock": 8}]},
	}
	_findings([rule], _given([_entry])) == []
}

test_allows_without_a_list_or_in_baseline[name] if {
	some name, given in {
		"no list": {"profile": "strict"},
		"a list that is null": {"profile": "strict", "approvedDestinations": null},
		"baseline": {"profile": "baseline", "approvedDestinations": [_entry]},
	}
	_findings([testing.to_blocks(["9.9.9.9/32"], testing.https)], given) == []
}

test_denies_all_where_the_list_is_empty if {
	testing.about(_findings([testing.to_blocks(["8.8.8.8/32"], testing.https)], _given([]))) == _first
}

test_denies_with_a_sentence_and_a_change if {
	_findings([testing.to_blocks(["9.9.9.9/32", "8.8.8.8/32"], testing.https)], _given([_entry])) == [{
		"rule": "unapproved-destination", "level": "fail", "path": "spec.egress[0]", "order": 0,
		"message": "NetworkPolicy 'app' allows egress to 9.9.9.9/32, 8.8.8.8/32, not all of which is an approved destination",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"remediation": [testing.egress([])],
	}]
}

test_denies_at_admission if {
	request := object.union(
		testing.review(testing.egress([testing.to_blocks(["9.9.9.9/32"], testing.https)])),
		{"parameters": _given([_entry])},
	)
	said := unapproved_destination.violation with input as request
	testing.about_violations(said) == _first
}

test_allows_at_admission_without_a_list if {
	said := unapproved_destination.violation with input as testing.review(testing.egress([testing.to_blocks(["9.9.9.9/32"], testing.https)]))
	said == set()
}
