package egress.rules.expired_destination_test

import data.egress.rules.expired_destination
import data.lib.egress.testing

_given(profile, entries) := {"profile": profile, "now": "2026-06-15", "approvedDestinations": entries}

_entry(fields) := object.union({"name": "gateway", "cidrs": ["0.0.0.0/0"], "expires": "2026-06-14"}, fields)

_findings(rules, given) := expired_destination.findings(testing.view_with([testing.egress(rules)], given))

_https := testing.to_blocks(["0.0.0.0/0"], testing.https)

test_denies_what_needs_it[name] if {
	some name, row in {
		"any destination": {"rules": [_https], "expected": {"spec.egress[0]"}},
		"every rule that does": {"rules": [_https, testing.to_blocks(["10.0.0.0/8"], testing.https), _https], "expected": {"spec.egress[0]", "spec.egress[2]"}},
		"a metadata service": {"rules": [testing.to_blocks(["169.254.169.254/32"], [{"port": 80}])], "expected": {"spec.egress[0]"}},
		"a private block on all ports": {"rules": [testing.to_blocks(["10.0.0.0/8"], [])], "expected": {"spec.egress[0]"}},
	}
	found := _findings(row.rules, _given("baseline", [_entry({})]))
	{path | some [_, _, path] in testing.about(found)} == row.expected
}

test_allows[name] if {
	some name, row in {
		"its last day": {"rule": _https, "entry": {"expires": "2026-06-15"}},
		"no expiry": {"rule": _https, "entry": {"expires": null}},
		"what does not need it": {"rule": testing.to_blocks(["10.0.0.0/8"], testing.https), "entry": {}},
		"what it does not excuse": {"rule": _https, "entry": {"namespaces": ["other"]}},
		"what is open all the same": {"rule": {}, "entry": {}},
	}
	_findings([row.rule], _given("baseline", [_entry(row.entry)])) == []
}

test_denies_with_a_sentence_that_is_said_once[name] if {
	some name, row in {"baseline": {"level": "warn"}, "strict": {"level": "fail"}}
	_findings([_https], _given(name, [_entry({})])) == [{
		"rule": "expired-destination", "level": row.level, "path": "spec.egress[0]", "order": 0, "once": ["gateway", 0],
		"message": "NetworkPolicy 'app' needs the approved destination 'gateway', which expired on 2026-06-14",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
	}]
}

test_two_of_one_name_tell_their_own_days if {
	entries := [_entry({"cidrs": ["0.0.0.0/1"]}), _entry({"cidrs": ["128.0.0.0/1"], "expires": "2026-01-01"})]
	{found.message | some found in _findings([_https], _given("baseline", entries))} == {
		"NetworkPolicy 'app' needs the approved destination 'gateway', which expired on 2026-06-14",
		"NetworkPolicy 'app' needs the approved destination 'gateway', which expired on 2026-01-01",
	}
}

test_denies_at_admission if {
	request := object.union(testing.review(testing.egress([_https])), {"parameters": _given("strict", [_entry({})])})
	said := expired_destination.violation with input as request
	testing.about_violations(said) == {["NetworkPolicy", "app", "spec.egress[0]"]}
}

test_allows_at_admission_without_approvals if {
	said := expired_destination.violation with input as testing.review(testing.egress([_https]))
	said == set()
}
