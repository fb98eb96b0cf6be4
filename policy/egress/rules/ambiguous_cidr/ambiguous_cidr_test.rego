package egress.rules.ambiguous_cidr_test

import data.egress.rules.ambiguous_cidr
import data.lib.egress.testing

_findings(objects, given) := ambiguous_cidr.findings(testing.view_with(objects, given))

_paths(spec) := {path | some [_, _, path] in testing.about(_findings([testing.network_policy("app", spec)], {}))}

_to(ip_block) := {"egress": [{"to": [{"ipBlock": ip_block}]}]}

_cidr := "spec.egress[0].to[0].ipBlock.cidr"

test_denies_what_is_read_otherwise[name] if {
	some name, row in {
		"leading zeros": {"spec": _to({"cidr": "010.0.0.0/8"}), "expected": {_cidr}},
		"a leading zero in the length": {"spec": _to({"cidr": "10.0.0.0/08"}), "expected": {_cidr}},
		"bits beyond the length": {"spec": _to({"cidr": "10.1.2.3/8"}), "expected": {_cidr}},
		"v4-mapped": {"spec": _to({"cidr": "::ffff:10.0.0.0/104"}), "expected": {_cidr}},
		"bits beyond the length of IPv6": {"spec": _to({"cidr": "2001:db8::1/32"}), "expected": {_cidr}},
		"in an exception": {
			"spec": _to({"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.1/16"]}),
			"expected": {"spec.egress[0].to[0].ipBlock.except[1]"},
		},
		"in both": {
			"spec": _to({"cidr": "10.0.0.1/8", "except": ["10.2.0.1/16"]}), "expected": {_cidr, "spec.egress[0].to[0].ipBlock.except[0]"},
		},
		"of ingress": {
			"spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]},
			"expected": {"spec.ingress[0].from[0].ipBlock.cidr"},
		},
	}
	_paths(row.spec) == row.expected
}

test_allows[name] if {
	some name, ip_block in {
		"a plain block": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]},
		"plain IPv6": {"cidr": "2001:DB8::/32"},
		"what is no block, which is invalid": {"cidr": "10.0.0.0"},
		"no cidr": {},
		"a cidr that is null": {"cidr": null},
		"a cidr that is a number": {"cidr": 10},
		"exceptions that are null": {"cidr": "10.0.0.0/8", "except": null},
		"exceptions of the wrong type": {"cidr": "10.0.0.0/8", "except": "10.0.0.1/8"},
		"a block of the wrong type": "10.0.0.1/8",
		"a block that is null": null,
	}
	_paths(_to(ip_block)) == set()
}

test_denies_with_a_sentence_and_a_change if {
	written := testing.egress([testing.to_blocks(["010.1.2.3/8"], testing.https)])
	_findings([written], {}) == [{
		"rule": "ambiguous-cidr", "level": "warn", "path": _cidr, "order": 0,
		"message": "NetworkPolicy 'app' writes '010.1.2.3/8', which the API server reads as 10.0.0.0/8",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"remediation": [testing.egress([testing.to_blocks(["10.0.0.0/8"], testing.https)])],
	}]
}

test_the_level_is_that_of_the_profile if {
	written := testing.egress([testing.to_blocks(["10.1.2.3/8"], testing.https)])
	[found.level | some found in _findings([written], {"profile": "strict"})] == ["fail"]
}

test_denies_at_admission if {
	written := testing.egress([testing.to_blocks(["10.1.2.3/8"], testing.https)])
	said := ambiguous_cidr.violation with input as testing.review(written)
	testing.about_violations(said) == {["NetworkPolicy", "app", _cidr]}
}

test_allows_at_admission if {
	said := ambiguous_cidr.violation with input as testing.review(testing.egress([testing.to_blocks(["10.0.0.0/8"], testing.https)]))
	said == set()
}
