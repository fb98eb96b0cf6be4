package egress.rules.open_egress_test

import data.egress.rules.open_egress
import data.lib.egress.testing

_findings(objects, given) := open_egress.findings(testing.view_with(objects, given))

_about(rules, given) := testing.about(_findings([testing.egress(rules)], given))

_half := [{"port": 1, "endPort": 32768}]

test_denies_what_is_open[name] if {
	some name, row in {
		"an empty rule": {"rules": [{}], "expected": {0}},
		"a rule that is null": {"rules": [null], "expected": {0}},
		"peers and ports that are null": {"rules": [{"to": null, "ports": null}], "expected": {0}},
		"peers and ports that are empty": {"rules": [{"to": [], "ports": []}], "expected": {0}},
		"all of one protocol": {"rules": [{"ports": [{"protocol": "UDP"}]}], "expected": {0}},
		"an entry of ports that is null, which is all of TCP": {"rules": [{"ports": [null]}], "expected": {0}},
		"half of the ports": {"rules": [{"ports": _half}], "expected": {0}},
		"0.0.0.0/0": {"rules": [testing.to_blocks(["0.0.0.0/0"], [])], "expected": {0}},
		"::/0": {"rules": [testing.to_blocks(["::/0"], [])], "expected": {0}},
		"two halves": {"rules": [testing.to_blocks(["0.0.0.0/1", "128.0.0.0/1"], [])], "expected": {0}},
		"everything but the private addresses": {
			"rules": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}]}], "expected": {0},
		},
		"an ambiguous form of it": {"rules": [testing.to_blocks(["010.1.2.3/0"], [])], "expected": {0}},
		"each rule that is": {"rules": [{}, testing.to_blocks(["10.0.0.0/8"], testing.https), {}], "expected": {0, 2}},
	}
	_about(row.rules, {}) == {["NetworkPolicy", "app", sprintf("spec.egress[%d]", [i])] | some i in row.expected}
}

test_allows_what_is_not[name] if {
	some name, row in {
		"no rules": [],
		"any destination on one port": [{"ports": testing.https}],
		"less than half of the ports": [{"ports": [{"port": 1, "endPort": 32767}]}],
		"a quarter less something": [testing.to_blocks(["128.0.0.0/3"], [])],
		"every pod": [{"to": [{"namespaceSelector": {}}]}],
		"a peer that cannot be read": [{"to": [{}]}],
		"peers of the wrong type": [{"to": "everywhere"}],
		"a rule of the wrong type": ["everything"],
	}
	_about(row, {}) == set()
}

test_allows_rules_of_a_policy_for_ingress if {
	_findings([testing.network_policy("a", {"policyTypes": ["Ingress"], "egress": [{}]})], {}) == []
}

test_denies_an_open_rule_of_an_invalid_policy if {
	policy := testing.network_policy("a", {"policyTypes": ["Egress"], "egress": [{}], "x": 1})
	testing.about(_findings([policy], {})) == {["NetworkPolicy", "a", "spec.egress[0]"]}
}

_entry(fields) := {"approvedDestinations": [object.union({"name": "a", "cidrs": ["0.0.0.0/0", "::/0"]}, fields)]}

test_denies_what_an_approval_does_not_open if {
	_about([{}], _entry({})) == {["NetworkPolicy", "app", "spec.egress[0]"]}
	_about([{}], _entry({"open": false})) == {["NetworkPolicy", "app", "spec.egress[0]"]}
	_about([{}], _entry({"open": true, "ports": [443]})) == {["NetworkPolicy", "app", "spec.egress[0]"]}
}

test_allows_what_an_approval_opens if _about([{}], _entry({"open": true})) == set()

test_denies_less_with_other_shares[name] if {
	some name, row in {
		"of addresses": {"rule": testing.to_blocks(["8.0.0.0/6"], []), "given": {"openAddressShare": 0.01}},
		"of ports": {"rule": {"ports": testing.https}, "given": {"openPortShare": 0.00001}},
	}
	_about([row.rule], {}) == set()
	count(_about([row.rule], row.given)) == 1
}

test_denies_with_a_sentence_a_witness_and_a_change if {
	[found] := _findings([testing.deployment("web"), testing.egress_of("web", [testing.to_blocks(["0.0.0.0/1", "128.0.0.0/1"], [])])], {})
	found == {
		"rule": "open-egress", "level": "fail", "path": "spec.egress[0]", "order": 1,
		"message": "NetworkPolicy 'web' allows egress to 0.0.0.0/1, 128.0.0.0/1 on all ports",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "web"},
		"witness": {"from": "shop/Deployment/web", "to": "93.184.215.14", "port": 4444, "protocol": "TCP"},
		"remediation": [testing.egress_of("web", [])],
	}
}

test_says_how_the_rule_is_written[name] if {
	some name, row in {
		"no peers": {"rule": {}, "expected": "NetworkPolicy 'app' allows egress to all destinations on all ports"},
		"half of the ports": {"rule": {"ports": _half}, "expected": "NetworkPolicy 'app' allows egress to all destinations on all ports"},
		"without exceptions": {
			"rule": {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]},
			"expected": "NetworkPolicy 'app' allows egress to 0.0.0.0/0 on all ports",
		},
		"IPv6 once": {"rule": testing.to_blocks(["::/0"], []), "expected": "NetworkPolicy 'app' allows egress to ::/0 on all ports"},
	}
	[found.message | some found in _findings([testing.egress([row.rule])], {})] == [row.expected]
}

test_has_a_witness_in_spite_of_an_approval if {
	_findings([testing.egress([{}])], _entry({}))[0].witness.to == "93.184.215.14"
}

test_the_change_makes_it_go_away if {
	objects := [testing.egress([{}, testing.to_blocks(["10.0.0.0/8"], testing.https)])]
	changed := testing.applied(objects, _findings(objects, {}))
	changed == [testing.egress([testing.to_blocks(["10.0.0.0/8"], testing.https)])]
	_findings(changed, {}) == []
}

test_denies_at_admission if {
	said := open_egress.violation with input as testing.review(testing.egress([{}]))
	testing.about_violations(said) == {["NetworkPolicy", "app", "spec.egress[0]"]}
	{v.msg | some v in said} == {"NetworkPolicy 'app' allows egress to all destinations on all ports"}
}

test_denies_at_admission_as_the_parameters_say if {
	request := object.union(testing.review(testing.egress([{}])), {"parameters": _entry({"open": true})})
	said := open_egress.violation with input as request
	said == set()
}

test_allows_at_admission[name] if {
	some name, request in {
		"what is not open": testing.review(testing.egress([])),
		"what goes": testing.deletion(testing.egress([{}])),
		"what is no policy": testing.review(testing.deployment("web")),
	}
	said := open_egress.violation with input as request
	said == set()
}
