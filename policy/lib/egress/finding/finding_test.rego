package lib.egress.finding_test

import data.lib.egress.finding
import data.lib.egress.ports
import data.lib.egress.testing

_subject := {"order": 3, "resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"}, "object": {}}

test_a_finding_has_these_fields_and_no_others if {
	finding.at("open-egress", _subject, testing.usual, "spec.egress[0]", "said", {}) == {
		"rule": "open-egress", "level": "fail", "message": "said", "path": "spec.egress[0]", "order": 3,
		"resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"},
	}
}

test_more_fields_are_kept_where_something_is_known[name] if {
	some name, row in {
		"a witness": {"more": {"witness": {"port": 1}}, "expected": {"witness": {"port": 1}}},
		"objects": {"more": {"remediation": [{}]}, "expected": {"remediation": [{}]}},
		"no objects": {"more": {"remediation": []}, "expected": {}},
		"null": {"more": {"witness": null, "remediation": [1]}, "expected": {"remediation": [1]}},
	}
	found := finding.at("open-egress", _subject, testing.usual, "", "", row.more)
	object.filter(found, ["witness", "remediation"]) == row.expected
}

test_the_level_is_that_of_the_profile[name] if {
	some name, row in {
		"fails in both": {"kind": "open-egress", "baseline": "fail", "strict": "fail"},
		"fails in strict only": {"kind": "any-destination", "baseline": "warn", "strict": "fail"},
		"warns in both": {"kind": "dangling-policy", "baseline": "warn", "strict": "warn"},
	}
	finding.at(row.kind, _subject, testing.usual, "", "", {}).level == row.baseline
	finding.at(row.kind, _subject, testing.strict, "", "", {}).level == row.strict
}

test_without_a_level_there_is_no_finding if {
	not finding.at("unapproved-destination", _subject, testing.usual, "", "", {})
	finding.at("unapproved-destination", _subject, testing.strict, "", "", {}).level == "fail"
}

test_levels_are_those_that_are_documented if {
	{kind | some kind, level in finding.levels; level == {"baseline": "fail", "strict": "fail"}} == {
		"open-egress", "open-egress-combined", "no-egress-policy", "uncovered-workload", "invalid-resource",
		"default-deny-egress", "allow-dns", "allow-https", "allow-database", "allow-kube-api",
	}
	{kind | some kind, level in finding.levels; level == {"baseline": "warn", "strict": "fail"}} == {
		"any-destination", "broad-destination", "broad-destination-combined", "all-ports", "all-pods", "metadata-endpoint",
		"ambiguous-cidr", "duplicate-key", "duplicate-resource", "assumed-namespace", "host-network", "not-evaluated",
		"expired-destination", "allow-internal-services", "outside-model",
	}
	{kind | some kind, level in finding.levels; level == {"baseline": "warn", "strict": "warn"}} == {"dangling-policy"}
	{kind | some kind, level in finding.levels; level == {"strict": "fail"}} == {"unapproved-destination"}
	count(finding.levels) == 27
}

test_names_an_object_by_kind_and_name if finding.name(_subject) == "Pod 'web'"

_claim(cidr, path) := {"cidr": cidr, "path": path}

test_names_destinations[name] if {
	some name, row in {
		"everywhere": {"given": {"everywhere": true, "claims": [_claim("0.0.0.0/0", ""), _claim("::/0", "")]}, "expected": "all destinations"},
		"a block as written": {"given": {"everywhere": false, "claims": [_claim("010.0.0.0/8", "a")]}, "expected": "010.0.0.0/8"},
		"blocks in their order": {
			"given": {"everywhere": false, "claims": [_claim("9.0.0.0/8", "b"), _claim("10.0.0.0/8", "a")]},
			"expected": "9.0.0.0/8, 10.0.0.0/8",
		},
		"the same block in two places twice": {
			"given": {"everywhere": false, "claims": [_claim("9.0.0.0/8", "a"), _claim("9.0.0.0/8", "b")]},
			"expected": "9.0.0.0/8, 9.0.0.0/8",
		},
		"a block that claims others besides once": {
			"given": {"everywhere": false, "claims": [_claim("::/0", "a"), _claim("::/0", "a"), _claim("::/0", "a")]}, "expected": "::/0",
		},
		"no block": {"given": {"everywhere": false, "claims": []}, "expected": "the pods it selects"},
	}
	finding.destinations(row.given) == row.expected
}

test_names_ports[name] if {
	some name, row in {
		"every port": {"ports": ports.all, "expected": "all ports"},
		"every port of one protocol": {"ports": testing.between("UDP", 1, 65535), "expected": "all ports"},
		"one port": {"ports": testing.between("TCP", 443, 443), "expected": "TCP 443"},
		"a range": {"ports": testing.between("TCP", 1, 65534), "expected": "TCP 1-65534"},
		"a name": {"ports": [{"protocol": "TCP", "name": "web"}], "expected": "TCP web"},
		"several in their order": {
			"ports": [{"protocol": "UDP", "low": 53, "high": 53}, {"protocol": "TCP", "name": "web"}, {"protocol": "TCP", "low": 8, "high": 9}],
			"expected": "UDP 53, TCP web, TCP 8-9",
		},
		"all ports beside a name": {
			"ports": array.concat([{"protocol": "TCP", "name": "web"}], testing.between("TCP", 1, 65535)), "expected": "all ports",
		},
	}
	finding.ports({"ports": row.ports}) == row.expected
}
