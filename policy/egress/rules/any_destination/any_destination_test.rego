package egress.rules.any_destination_test

import data.egress.rules.any_destination
import data.lib.egress.testing

_findings(objects, given) := any_destination.findings(testing.view_with(objects, given))

_about(rules, given) := testing.about(_findings([testing.egress(rules)], given))

_first := {["NetworkPolicy", "app", "spec.egress[0]"]}

test_denies_any_destination[name] if {
	some name, rule in {
		"no peers": {"ports": testing.https},
		"peers that are null": {"to": null, "ports": testing.https},
		"peers that are empty": {"to": [], "ports": testing.https},
		"a named port": {"ports": [{"port": "web"}]},
	}
	_about([rule], {}) == _first
}

test_denies_blocks_that_are_any_destination[name] if {
	some name, rule in {
		"0.0.0.0/0": testing.to_blocks(["0.0.0.0/0"], testing.https),
		"all of IPv6": testing.to_blocks(["2000::/3"], testing.https),
		"a quarter": testing.to_blocks(["64.0.0.0/2"], testing.https),
	}
	_about([rule], {}) == _first
}

test_denies_any_destination_on_few_ports[name] if {
	some name, rule in {
		"less than half of the ports": {"ports": [{"port": 1, "endPort": 32767}]},
		"on several ports": {"ports": [{"port": 80}, {"port": 443}, {"port": 53, "protocol": "UDP"}]},
	}
	_about([rule], {}) == _first
}

test_allows_what_is_not[name] if {
	some name, rule in {
		"what is open, which is another finding": {},
		"less than a quarter": testing.to_blocks(["128.0.0.0/3"], testing.https),
		"pods": {"to": [{"podSelector": {}}], "ports": testing.https},
		"peers of the wrong type": {"to": {}, "ports": testing.https},
		"ports of the wrong type": {"ports": "443"},
		"a port of the wrong type": {"ports": [443]},
	}
	_about([rule], {}) == set()
}

_entry(fields) := {"approvedDestinations": [object.union({"name": "a", "cidrs": ["0.0.0.0/0", "::/0"], "ports": [443]}, fields)]}

test_allows_what_is_approved if _about([{"ports": testing.https}], _entry({})) == set()

test_denies_what_is_approved[name] if {
	some name, fields in {
		"elsewhere": {"namespaces": ["other"]},
		"for other pods": {"podLabels": {"app": "gateway"}},
	}
	_about([{"ports": testing.https}], _entry(fields)) == _first
}

test_denies_what_is_approved_in_part[name] if {
	some name, fields in {
		"for one family": {"cidrs": ["0.0.0.0/0"]},
		"on another port": {"ports": [80]},
	}
	_about([{"ports": testing.https}], _entry(fields)) == _first
}

test_denies_with_a_sentence_a_witness_and_a_change if {
	[found] := _findings([testing.egress([{"ports": [{"port": 443}, {"port": "web", "protocol": "UDP"}, {"port": 8, "endPort": 9}]}])], {})
	found == {
		"rule": "any-destination", "level": "warn", "path": "spec.egress[0]", "order": 0,
		"message": "NetworkPolicy 'app' allows egress to all destinations on TCP 443, UDP web, TCP 8-9",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"witness": {"from": "shop/pods of NetworkPolicy app", "to": "93.184.215.14", "port": 8, "protocol": "TCP"},
		"remediation": [testing.egress([])],
	}
}

test_a_named_port_has_no_witness if {
	[found] := _findings([testing.egress([{"ports": [{"port": "web"}]}])], {})
	not found.witness
}

test_the_change_makes_it_go_away[name] if {
	some name, rule in {
		"the rule goes": {"ports": testing.https},
		"DNS is sent to the cluster's": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]},
	}
	objects := [testing.egress([rule])]
	_findings(testing.applied(objects, _findings(objects, {})), {}) == []
}

test_the_level_is_that_of_the_profile if {
	rules := [{"ports": testing.https}]
	[found.level | some found in _findings([testing.egress(rules)], {"profile": "strict"})] == ["fail"]
}

test_denies_at_admission if {
	said := any_destination.violation with input as testing.review(testing.egress([{"ports": testing.https}]))
	testing.about_violations(said) == _first
}

test_allows_at_admission[name] if {
	some name, request in {
		"what is narrow": testing.review(testing.egress([])),
		"what goes": testing.deletion(testing.egress([{"ports": testing.https}])),
	}
	said := any_destination.violation with input as request
	said == set()
}
