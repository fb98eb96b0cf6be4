package lib.egress.judgement_test

import data.lib.egress.judgement
import data.lib.egress.parameters
import data.lib.egress.ports
import data.lib.egress.testing

_https := testing.between("TCP", 443, 443)

_allow(blocks, given) := object.union(testing.given("allow", 2, 0, blocks, given), {"path": "spec.egress[0]"})

_selecting(namespaces, pods, given) := object.union(_allow([], given), {"selectors": [{"namespaces": namespaces, "pods": pods}]})

_entry(fields) := object.union({"name": "gateway", "cidrs": ["0.0.0.0/0"], "owner": "net", "reason": "egress"}, fields)

_settings(profile, entries) := parameters.settings({"profile": profile, "now": "2026-06-15", "approvedDestinations": entries})

_facts := {
	"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
	"selector": {"matchLabels": {"app": "web"}},
	"rules": [],
}

_with(given) := object.union(_facts, {"rules": [{"path": "spec.egress[0]", "index": 0, "allowance": given}]})

_judged(given, settings) := judgement.policy(_with(given), [], [[]], testing.nowhere, settings).rules[0]

test_a_verdict_is_the_first_that_holds[name] if {
	some name, row in {
		"open": {"given": _allow(["0.0.0.0/0"], ports.all), "expected": "open-egress"},
		"any destination": {"given": _allow(["0.0.0.0/0"], _https), "expected": "any-destination"},
		"broad, on all ports": {"given": _allow(["8.0.0.0/7"], ports.all), "expected": "broad-destination"},
		"every pod": {"given": _selecting({}, null, ports.all), "expected": "all-pods"},
		"every pod, and a broad block": {
			"given": object.union(_allow(["8.0.0.0/7"], ports.all), {"selectors": [{"namespaces": {}, "pods": null}]}),
			"expected": "broad-destination",
		},
		"some pods on all ports": {"given": _selecting(null, {"matchLabels": {"a": "b"}}, ports.all), "expected": "all-ports"},
		"a private block on all ports": {"given": _allow(["10.0.0.0/8"], ports.all), "expected": "all-ports"},
		"a private block on a port": {"given": _allow(["10.0.0.0/8"], _https), "expected": "narrow"},
		"nothing": {"given": _allow([], _https), "expected": "narrow"},
	}
	judgement.verdict(row.given, [], [], testing.nowhere, testing.usual) == row.expected
}

test_an_approval_excuses[name] if {
	some name, row in {
		"any destination": {"rule": ["0.0.0.0/0"], "ports": _https, "entry": {}, "expected": ["narrow", false]},
		"what is broad": {"rule": ["8.0.0.0/7"], "ports": _https, "entry": {}, "expected": ["narrow", false]},
		"all ports": {"rule": ["10.0.0.0/8"], "ports": ports.all, "entry": {}, "expected": ["narrow", false]},
		"nothing that is open": {"rule": ["0.0.0.0/0"], "ports": ports.all, "entry": {}, "expected": ["open-egress", false]},
		"what is open, if it says so": {"rule": ["0.0.0.0/0"], "ports": ports.all, "entry": {"open": true}, "expected": ["narrow", true]},
		"what was not open without being counted": {"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"open": true}, "expected": ["narrow", false]},
		"nothing of the other family": {
			"rule": ["2000::/3"], "ports": _https, "entry": {}, "expected": ["any-destination", false],
		},
		"its namespaces": {
			"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"namespaces": ["sh*"]}, "expected": ["narrow", false],
		},
		"no other namespace": {
			"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"namespaces": ["hop", "s"]}, "expected": ["any-destination", false],
		},
		"no namespace at all": {
			"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"namespaces": []}, "expected": ["any-destination", false],
		},
		"the pods that the policy must select": {
			"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"podLabels": {"app": "web"}}, "expected": ["narrow", false],
		},
		"no other pods": {
			"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"podLabels": {"app": "gateway"}}, "expected": ["any-destination", false],
		},
		"no pods that need not have all its labels": {
			"rule": ["0.0.0.0/0"], "ports": _https, "entry": {"podLabels": {"app": "web", "tier": "a"}}, "expected": ["any-destination", false],
		},
	}
	rule := _judged(_allow(row.rule, row.ports), _settings("baseline", [_entry(row.entry)]))
	[rule.verdict, rule.excused] == row.expected
}

_pod(labels) := {"labels": labels, "resource": {"kind": "Pod", "namespace": "shop", "name": "web"}}

test_an_approval_holds_for_labels_that_every_selected_pod_has[name] if {
	some name, row in {
		"required by the policy": {"selected": [], "labels": {"app": "web"}, "expected": 1},
		"had by the only pod": {"selected": [_pod({"app": "web", "tier": "a"})], "labels": {"tier": "a"}, "expected": 1},
		"had by every pod": {"selected": [_pod({"tier": "a"}), _pod({"tier": "a", "x": "y"})], "labels": {"tier": "a"}, "expected": 1},
		"not had by one": {"selected": [_pod({"tier": "a"}), _pod({"tier": "b"})], "labels": {"tier": "a"}, "expected": 0},
		"not known of any": {"selected": [], "labels": {"tier": "a"}, "expected": 0},
		"no labels": {"selected": [], "labels": {}, "expected": 1},
	}
	settings := _settings("baseline", [_entry({"podLabels": row.labels})])
	count(judgement.approvals_of_policy(_facts, row.selected, settings)) == row.expected
}

test_an_approval_holds_for_a_pod[name] if {
	some name, row in {
		"of its namespace and labels": {"entry": {"namespaces": ["shop"], "podLabels": {"app": "web"}}, "expected": 1},
		"everywhere": {"entry": {}, "expected": 1},
		"not of another namespace": {"entry": {"namespaces": ["shop2"]}, "expected": 0},
		"not of other labels": {"entry": {"podLabels": {"app": "db"}}, "expected": 0},
	}
	count(judgement.approvals_of_pod("shop", {"app": "web"}, _settings("baseline", [_entry(row.entry)]))) == row.expected
}

test_without_a_list_nothing_is_approved if {
	judgement.approvals_of_policy(_facts, [], testing.usual) == []
	judgement.approvals_of_pod("shop", {}, testing.usual) == []
}

_expired := "2026-06-14"

_names(rule) := [approval.name | some approval in rule.expired]

test_an_expired_approval[name] if {
	some name, row in {
		"still excuses in baseline": {"profile": "baseline", "entries": [{"expires": _expired}], "expected": ["narrow", ["gateway"]]},
		"excuses nothing in strict": {"profile": "strict", "entries": [{"expires": _expired}], "expected": ["any-destination", ["gateway"]]},
		"is not expired on its last day": {"profile": "strict", "entries": [{"expires": "2026-06-15"}], "expected": ["narrow", []]},
		"is not reported where another one excuses": {
			"profile": "strict", "entries": [{"expires": _expired}, {"name": "other"}], "expected": ["narrow", []],
		},
		"is not reported where it excuses nothing": {
			"profile": "baseline", "entries": [{"expires": _expired, "cidrs": ["10.0.0.0/8"]}], "expected": ["any-destination", []],
		},
		"is reported beside another that is expired": {
			"profile": "baseline", "entries": [{"expires": _expired}, {"name": "other", "expires": _expired}],
			"expected": ["narrow", ["gateway", "other"]],
		},
		"is reported beside another in strict": {
			"profile": "strict", "entries": [{"expires": _expired}, {"name": "other", "expires": _expired}],
			"expected": ["any-destination", ["gateway", "other"]],
		},
		"is reported where it takes two": {
			"profile": "strict",
			"entries": [{"expires": _expired, "cidrs": ["0.0.0.0/1"]}, {"name": "other", "expires": _expired, "cidrs": ["128.0.0.0/1"]}],
			"expected": ["any-destination", ["gateway", "other"]],
		},
		"is reported where it adds to one that is not": {
			"profile": "baseline",
			"entries": [{"expires": _expired, "cidrs": ["0.0.0.0/1"]}, {"name": "other", "cidrs": ["128.0.0.0/1"]}],
			"expected": ["narrow", ["gateway"]],
		},
	}
	rule := _judged(_allow(["0.0.0.0/0"], _https), _settings(row.profile, [_entry(fields) | some fields in row.entries]))
	[rule.verdict, _names(rule)] == row.expected
}

test_an_expired_approval_is_told_with_its_day if {
	rule := _judged(_allow(["0.0.0.0/0"], _https), _settings("strict", [_entry({"expires": _expired})]))
	rule.expired == [{"name": "gateway", "expires": "2026-06-14"}]
	rule.approvals == []
}

test_what_only_a_list_of_addresses_needs_may_expire_as_well[name] if {
	some name, row in {
		"a metadata service": {"rule": "169.254.169.254/32", "ports": testing.between("TCP", 80, 80)},
		"a narrow public block": {"rule": "8.8.8.8/32", "ports": _https},
	}
	rule := _judged(_allow([row.rule], row.ports), _settings("strict", [_entry({"expires": _expired})]))
	_names(rule) == ["gateway"]
}

test_a_list_tells_what_is_outside_of_it[name] if {
	some name, row in {
		"no list": {"entries": null, "expected": false},
		"an empty list": {"entries": [], "expected": true},
		"a list that has it": {"entries": [_entry({"cidrs": ["8.8.8.0/24"]})], "expected": false},
		"a list that has another": {"entries": [_entry({"cidrs": ["9.9.9.0/24"]})], "expected": true},
	}
	_judged(_allow(["8.8.8.8/32"], _https), _settings("strict", row.entries)).unlisted == row.expected
}

test_a_metadata_service_is_told if {
	rule := _judged(_allow(["169.254.169.254/32"], testing.between("TCP", 80, 80)), testing.usual)
	rule.metadata == [{"path": "169.254.169.254/32", "address": "169.254.169.254"}]
	rule.expired == []
	not rule.unlisted
}

test_a_policy_keeps_its_facts_and_gains_its_pods if {
	found := judgement.policy(_facts, [_pod({})], [[]], testing.nowhere, testing.usual)
	found == object.union(_facts, {"selected": [_pod({})], "rules": []})
}

_policies := [
	_with(_allow(["0.0.0.0/1"], ports.all)),
	_with(_allow(["128.0.0.0/1"], ports.all)),
	_with(_allow(["8.0.0.0/8"], ports.all)),
]

test_a_reach_joins_the_rules_of_its_policies[name] if {
	some name, row in {
		"none": {"indexes": [], "expected": [false, set(), 0]},
		"one": {"indexes": [2], "expected": [false, set(), 0.004531]},
		"several": {"indexes": [0, 1], "expected": [true, {"open", "any", "broad"}, 1]},
	}
	found := judgement.reach_of(row.indexes, [], _policies, [], testing.usual)
	found.policies == row.indexes
	[found.open, {word | some word, true in found.left}, found.public_share] == row.expected
}

test_approvals_excuse_a_reach_as_they_excuse_a_rule[name] if {
	some name, row in {
		"but not from being open": {"entry": {}, "expected": [true, {"open"}]},
		"also from being open where one says so": {"entry": {"open": true}, "expected": [true, set()]},
		"on its ports": {"entry": {"open": true, "ports": [443]}, "expected": [true, {"open", "any", "broad"}]},
	}
	settings := _settings("baseline", [_entry(row.entry)])
	found := judgement.reach_of([0, 1], [], _policies, settings.approvals, settings)
	[found.open, {word | some word, true in found.left}] == row.expected
}

test_expired_approvals_do_not_excuse_a_reach_in_strict[name] if {
	some name, row in {
		"baseline": {"profile": "baseline", "expected": 1},
		"strict": {"profile": "strict", "expected": 0},
	}
	settings := _settings(row.profile, [_entry({"expires": _expired})])
	count(judgement.reach_of([0, 1], [], _policies, settings.approvals, settings).approvals) == row.expected
}
