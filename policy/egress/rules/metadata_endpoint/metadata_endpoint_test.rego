package egress.rules.metadata_endpoint_test

import data.egress.rules.metadata_endpoint
import data.lib.egress.testing

_findings(objects, given) := metadata_endpoint.findings(testing.view_with(objects, given))

_paths(rules, given) := {path | some [_, _, path] in testing.about(_findings([testing.egress(rules)], given))}

_http := [{"port": 80}]

_block(j) := sprintf("spec.egress[0].to[%d].ipBlock.cidr", [j])

test_denies_a_metadata_service[name] if {
	some name, row in {
		"by its address": {"rule": testing.to_blocks(["169.254.169.254/32"], _http), "expected": {_block(0)}},
		"by a block around it": {"rule": testing.to_blocks(["169.254.0.0/16"], _http), "expected": {_block(0)}},
		"by 0.0.0.0/0": {"rule": testing.to_blocks(["0.0.0.0/0"], _http), "expected": {_block(0)}},
		"by ::/0": {"rule": testing.to_blocks(["::/0"], _http), "expected": {_block(0)}},
		"by the first block that does": {
			"rule": testing.to_blocks(["10.0.0.0/8", "169.254.0.0/16", "0.0.0.0/0"], _http), "expected": {_block(1)},
		},
		"on all ports": {"rule": testing.to_blocks(["169.254.169.254/32"], []), "expected": {_block(0)}},
		"on an entry of ports that is null": {"rule": testing.to_blocks(["169.254.169.254/32"], [null]), "expected": {_block(0)}},
		"in a range of ports": {"rule": testing.to_blocks(["169.254.169.254/32"], [{"port": 1, "endPort": 80}]), "expected": {_block(0)}},
		"over IPv6": {"rule": testing.to_blocks(["fd00:ec2::254/128"], _http), "expected": {_block(0)}},
	}
	_paths([row.rule], {}) == row.expected
}

test_allows_what_is_none[name] if {
	some name, rule in {
		"no peers": {"ports": _http},
		"peers that are null": {"to": null, "ports": _http},
		"pods": {"to": [{"podSelector": {}}], "ports": _http},
		"another block": testing.to_blocks(["10.0.0.0/8"], _http),
		"another port": testing.to_blocks(["169.254.169.254/32"], testing.https),
		"another protocol": testing.to_blocks(["169.254.169.254/32"], [{"port": 80, "protocol": "UDP"}]),
		"a named port": testing.to_blocks(["169.254.169.254/32"], [{"port": "http"}]),
		"an exception": {"to": [{"ipBlock": {"cidr": "169.254.169.0/24", "except": ["169.254.169.254/32"]}}], "ports": _http},
		"a cidr that is null": testing.to_blocks([null], _http),
		"no cidr": {"to": [{"ipBlock": {}}], "ports": _http},
		"a block of the wrong type": {"to": [{"ipBlock": "169.254.169.254/32"}], "ports": _http},
	}
	_paths([rule], {}) == set()
}

test_allows_what_is_approved if {
	given := {"approvedDestinations": [{"name": "a", "cidrs": ["169.254.169.254/32"], "ports": [80]}]}
	_paths([testing.to_blocks(["169.254.169.254/32"], _http)], given) == set()
}

test_denies_with_a_sentence_a_witness_and_a_change if {
	rules := [testing.to_blocks(["169.254.169.0/24"], _http)]
	_findings([testing.deployment("web"), testing.egress(rules)], {}) == [{
		"rule": "metadata-endpoint", "level": "warn", "path": _block(0), "order": 1,
		"message": "NetworkPolicy 'app' allows egress to a cloud's metadata service, by 169.254.169.0/24",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"witness": {"from": "shop/Deployment/web", "to": "169.254.169.254", "port": 80, "protocol": "TCP"},
		"remediation": [testing.egress([{
			"to": [{"ipBlock": {"cidr": "169.254.169.0/24", "except": ["169.254.169.254/32"]}}], "ports": _http,
		}])],
	}]
}

test_the_change_makes_it_go_away[name] if {
	some name, cidr in {
		"an exception": "0.0.0.0/0",
		"the address": "169.254.169.254/32",
		"IPv6": "fd00:ec2::/32",
		"both by ::/0": "::/0",
		"translated": "64:ff9b::169.254.169.254/128",
	}
	objects := [testing.egress([testing.to_blocks([cidr], _http)])]
	found := _findings(objects, {})
	count(found) == 1
	_findings(testing.applied(objects, found), {}) == []
}

test_the_level_is_that_of_the_profile if {
	policy := testing.egress([testing.to_blocks(["169.254.169.254/32"], _http)])
	[found.level | some found in _findings([policy], {"profile": "strict"})] == ["fail"]
}

test_denies_at_admission if {
	said := metadata_endpoint.violation with input as testing.review(testing.egress([testing.to_blocks(["169.254.169.254/32"], _http)]))
	testing.about_violations(said) == {["NetworkPolicy", "app", _block(0)]}
}

test_allows_at_admission if {
	said := metadata_endpoint.violation with input as testing.review(testing.egress([{"ports": _http}]))
	said == set()
}
