package egress.rules.broad_destination_test

import data.egress.rules.broad_destination
import data.lib.egress.testing

_findings(objects, given) := broad_destination.findings(testing.view_with(objects, given))

_about(rules, given) := testing.about(_findings([testing.egress(rules)], given))

_first := {["NetworkPolicy", "app", "spec.egress[0]"]}

test_denies_what_is_broad[name] if {
	some name, rule in {
		"more than one /8": testing.to_blocks(["8.0.0.0/7"], testing.https),
		"one /8 and one address": testing.to_blocks(["8.0.0.0/8", "9.0.0.0/32"], testing.https),
	}
	_about([rule], {}) == _first
}

test_denies_what_is_broad_of_ipv6_on_all_ports_or_with_exceptions[name] if {
	some name, rule in {
		"more than one /19 of IPv6": testing.to_blocks(["2a00::/18"], testing.https),
		"on all ports": testing.to_blocks(["8.0.0.0/7"], []),
		"with an exception": {"to": [{"ipBlock": {"cidr": "8.0.0.0/6", "except": ["8.0.0.0/8"]}}], "ports": testing.https},
		"with exceptions that are null": {"to": [{"ipBlock": {"cidr": "8.0.0.0/7", "except": null}}], "ports": testing.https},
	}
	_about([rule], {}) == _first
}

test_allows_what_is_not[name] if {
	some name, rule in {
		"one /8": testing.to_blocks(["8.0.0.0/8"], testing.https),
		"one /19 of IPv6": testing.to_blocks(["2a00::/19"], testing.https),
		"private blocks": testing.to_blocks(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], testing.https),
		"any destination, which is another finding": testing.to_blocks(["0.0.0.0/0"], testing.https),
		"more than one /8 less an exception": {"to": [{"ipBlock": {"cidr": "8.0.0.0/7", "except": ["9.0.0.0/8"]}}], "ports": testing.https},
		"a block without cidr": {"to": [{"ipBlock": {"except": ["9.0.0.0/8"]}}], "ports": testing.https},
		"a cidr that is null": testing.to_blocks([null], testing.https),
		"a cidr that is a number": testing.to_blocks([8], testing.https),
		"a block of the wrong type": {"to": [{"ipBlock": "8.0.0.0/7"}], "ports": testing.https},
	}
	_about([rule], {}) == set()
}

test_allows_what_is_approved_or_internal[name] if {
	some name, given in {
		"approved": {"approvedDestinations": [{"name": "a", "cidrs": ["8.0.0.0/7"]}]},
		"approved in part": {"approvedDestinations": [{"name": "a", "cidrs": ["9.0.0.0/8"]}]},
		"internal": {"internalBlocks": ["8.0.0.0/8"]},
	}
	_about([testing.to_blocks(["8.0.0.0/7"], testing.https)], given) == set()
}

test_denies_with_a_sentence_a_witness_and_a_change if {
	[found] := _findings([testing.egress([testing.to_blocks(["8.0.0.0/7", "10.0.0.0/8"], testing.https)])], {})
	found == {
		"rule": "broad-destination", "level": "warn", "path": "spec.egress[0]", "order": 0,
		"message": "NetworkPolicy 'app' allows egress to a large part of the public addresses, by 8.0.0.0/7, 10.0.0.0/8 on TCP 443",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"witness": {"from": "shop/pods of NetworkPolicy app", "to": "8.0.0.0", "port": 443, "protocol": "TCP"},
		"remediation": [testing.egress([])],
	}
}

test_the_change_makes_it_go_away if {
	objects := [testing.egress([testing.to_blocks(["8.0.0.0/7"], testing.https)])]
	_findings(testing.applied(objects, _findings(objects, {})), {}) == []
}

test_the_level_is_that_of_the_profile if {
	policy := testing.egress([testing.to_blocks(["8.0.0.0/7"], testing.https)])
	[found.level | some found in _findings([policy], {"profile": "strict"})] == ["fail"]
}

test_denies_at_admission if {
	said := broad_destination.violation with input as testing.review(testing.egress([testing.to_blocks(["8.0.0.0/7"], testing.https)]))
	testing.about_violations(said) == _first
}

test_allows_at_admission if {
	said := broad_destination.violation with input as testing.review(testing.egress([testing.to_blocks(["8.0.0.0/8"], testing.https)]))
	said == set()
}
