package egress.rules.all_ports_test

import data.egress.rules.all_ports
import data.lib.egress.testing

_findings(objects, given) := all_ports.findings(testing.view_with(objects, given))

_about(rules, given) := testing.about(_findings([testing.egress(rules)], given))

_first := {["NetworkPolicy", "app", "spec.egress[0]"]}

_to_db(ports) := {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": ports}

test_denies_destinations_on_all_ports[name] if {
	some name, rule in {
		"pods": _to_db([]),
		"pods, with ports that are null": _to_db(null),
		"pods, with an entry that is null": _to_db([null]),
		"pods of every name in this namespace": {"to": [{"podSelector": {}}]},
		"namespaces": {"to": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]},
		"a private block": testing.to_blocks(["10.0.0.0/8"], []),
		"a public block that is not broad": testing.to_blocks(["8.8.8.8/32"], []),
		"a protocol without port": _to_db([{"protocol": "UDP"}]),
		"half of the ports": _to_db([{"port": 1, "endPort": 32768}]),
	}
	_about([rule], {}) == _first
}

test_allows_what_is_not[name] if {
	some name, rule in {
		"a port": _to_db([{"port": 5432}]),
		"a named port": _to_db([{"port": "db"}]),
		"less than half of the ports": _to_db([{"port": 1, "endPort": 32767}]),
		"ports of the wrong type": _to_db("all"),
		"a port of the wrong type": _to_db([{"port": {}}]),
		"every pod, which is another finding": {"to": [{"namespaceSelector": {}}]},
		"a broad block, which is another finding": testing.to_blocks(["8.0.0.0/7"], []),
		"everything, which is another finding": {},
	}
	_about([rule], {}) == set()
}

test_allows_blocks_that_are_approved[name] if {
	some name, row in {
		"on all ports": {"entry": {"cidrs": ["10.0.0.0/8"]}, "expected": set()},
		"on enough ports": {"entry": {"cidrs": ["10.0.0.0/8"], "ports": [{"port": 1, "endPort": 32768}, {"protocol": "UDP"}, {"protocol": "SCTP"}]}, "expected": set()},
		"but not others": {"entry": {"cidrs": ["10.0.0.0/9"]}, "expected": _first},
	}
	_about([testing.to_blocks(["10.0.0.0/8"], [])], {"approvedDestinations": [object.union({"name": "a"}, row.entry)]}) == row.expected
}

test_denies_with_a_sentence_and_a_change[name] if {
	some name, row in {
		"pods": {"rule": _to_db([]), "message": "NetworkPolicy 'app' allows egress to the pods it selects on all ports"},
		"blocks": {
			"rule": testing.to_blocks(["10.0.0.0/8", "8.8.8.8/32"], []),
			"message": "NetworkPolicy 'app' allows egress to 10.0.0.0/8, 8.8.8.8/32 on all ports",
		},
	}
	changed := object.union(row.rule, {"ports": [{"protocol": "TCP", "port": 443}]})
	_findings([testing.egress([row.rule])], {}) == [{
		"rule": "all-ports", "level": "warn", "path": "spec.egress[0]", "order": 0, "message": row.message,
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"remediation": [testing.egress([changed])],
	}]
	_about([changed], {}) == set()
}

test_the_level_is_that_of_the_profile if {
	[found.level | some found in _findings([testing.egress([_to_db([])])], {"profile": "strict"})] == ["fail"]
}

test_denies_at_admission if {
	said := all_ports.violation with input as testing.review(testing.egress([_to_db([])]))
	testing.about_violations(said) == _first
}

test_allows_at_admission if {
	said := all_ports.violation with input as testing.review(testing.egress([_to_db([{"port": 5432}])]))
	said == set()
}
