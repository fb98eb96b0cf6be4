package lib.egress.dialects.network_policy_test

import data.lib.egress.cidr
import data.lib.egress.dialects.network_policy
import data.lib.egress.ports
import data.lib.egress.testing

_resource := {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"}

_facts(policy) := network_policy.policy({"object": policy, "source": {"order": 4}}, _resource, testing.usual)

_of(spec) := _facts(testing.network_policy("app", spec))

_allowance(rule) := _of({"egress": [rule]}).rules[0].allowance

test_tells_its_facts if {
	written := testing.egress_of("web", [])
	_facts(written) == {
		"resource": _resource, "order": 4, "object": written,
		"selector": {"matchLabels": {"app": "web"}},
		"compiled": {"pairs": {"app": "web"}, "requirements": []},
		"normal": {["app", "In", {"web"}]},
		"isolates": true, "problems": [], "valid": true, "ambiguous": [], "rules": [],
	}
}

test_isolates_egress[name] if {
	some name, row in {
		"by its type": {"spec": {"policyTypes": ["Egress"]}, "expected": true},
		"by one of its types": {"spec": {"policyTypes": ["Ingress", "Egress"]}, "expected": true},
		"not by the other type, whatever it allows": {"spec": {"policyTypes": ["Ingress"], "egress": [{}]}, "expected": false},
		"by a rule, without types": {"spec": {"egress": [{}]}, "expected": true},
		"by a rule, with no types": {"spec": {"policyTypes": [], "egress": [{}]}, "expected": true},
		"by a rule, with types that are null": {"spec": {"policyTypes": null, "egress": [{}]}, "expected": true},
		"by a rule that is null": {"spec": {"egress": [null]}, "expected": true},
		"not by no rules": {"spec": {"egress": []}, "expected": false},
		"not by rules that are null": {"spec": {"egress": null}, "expected": false},
		"not by rules that are no list": {"spec": {"egress": {}}, "expected": false},
		"not by nothing": {"spec": {}, "expected": false},
		"not by a spec that is null": {"spec": null, "expected": false},
		"not by a spec that is a text": {"spec": "Egress", "expected": false},
	}
	_of(row.spec).isolates == row.expected
}

test_a_policy_that_isolates_no_egress_has_no_rules if {
	_of({"policyTypes": ["Ingress"], "egress": [{}]}).rules == []
}

test_selects_pods[name] if {
	some name, row in {
		"every pod where nothing is said": {"spec": {}, "expected": {}},
		"every pod by null": {"spec": {"podSelector": null}, "expected": {}},
		"every pod by a text, which is invalid": {"spec": {"podSelector": "a"}, "expected": {}},
		"by labels": {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}, "expected": {"matchLabels": {"a": "b"}}},
	}
	_of(row.spec).selector == row.expected
}

test_is_valid_or_not if {
	_of({}).valid
	found := _of({"egress": "x"})
	not found.valid
	[problem.path | some problem in found.problems] == ["spec.egress"]
}

test_an_allowance_has_these_fields if {
	found := _of({"podSelector": {"matchLabels": {"a": "b"}}, "egress": [{}, {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 1}]}]}).rules[1]
	[found.path, found.index] == ["spec.egress[1]", 1]
	object.remove(found.allowance, ["claims"]) == {
		"subject": {"namespace": "shop", "selector": {"matchLabels": {"a": "b"}}},
		"action": "allow", "tier": [1000000], "order": [1000], "everywhere": false, "selectors": [],
		"ports": [{"protocol": "TCP", "low": 1, "high": 1}], "path": "spec.egress[1]",
	}
	[[claim.cidr, claim.path] | some claim in found.allowance.claims] == [["10.0.0.0/8", "spec.egress[1].to[0].ipBlock.cidr"]]
}

test_allows_everywhere[name] if {
	some name, row in {
		"an empty rule": {"rule": {}, "expected": true},
		"a rule that is null": {"rule": null, "expected": true},
		"no peers": {"rule": {"to": []}, "expected": true},
		"peers that are null": {"rule": {"to": null, "ports": [{"port": 443}]}, "expected": true},
		"a peer": {"rule": {"to": [{"podSelector": {}}]}, "expected": false},
		"a peer that is invalid": {"rule": {"to": [{}]}, "expected": false},
		"peers that are an object": {"rule": {"to": {}}, "expected": false},
		"a rule that is a text": {"rule": "all", "expected": false},
	}
	found := _allowance(row.rule)
	[found.everywhere, count(found.claims) > 0] == [row.expected, row.expected]
}

_claims(rule) := [[cidr.text(claim), [cidr.text(hole) | some hole in claim.except]] | some claim in _allowance(rule).claims]

test_claims_blocks[name] if {
	some name, row in {
		"in their order": {
			"peers": [{"ipBlock": {"cidr": "11.0.0.0/8"}}, {"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}],
			"expected": [["11.0.0.0/8", []], ["10.0.0.0/8", []]],
		},
		"with exceptions": {
			"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}}],
			"expected": [["10.0.0.0/8", ["10.1.0.0/16", "10.2.0.0/16"]]],
		},
		"without exceptions that are null": {"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": null}}], "expected": [["10.0.0.0/8", []]]},
		"without exceptions that are a text": {
			"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": "10.1.0.0/16"}}], "expected": [["10.0.0.0/8", []]],
		},
		"without exceptions that are the whole block or lie outside": {
			"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8", "11.0.0.0/16", "0.0.0.0/0", "::/0", "x", null]}}],
			"expected": [["10.0.0.0/8", []]],
		},
		"as the API server reads them": {"peers": [{"ipBlock": {"cidr": "010.1.2.3/8"}}], "expected": [["10.0.0.0/8", []]]},
		"with what an IPv6 block holds besides": {
			"peers": [{"ipBlock": {"cidr": "64:ff9b::/96"}}], "expected": [["64:ff9b:0:0:0:0:0:0/96", []], ["0.0.0.0/0", []]],
		},
		"of peers with a selector beside": {
			"peers": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}], "expected": [["10.0.0.0/8", []]],
		},
		"not of what is no block": {"peers": [{"ipBlock": {"cidr": "10.0.0.0"}}, {"ipBlock": {}}, {"ipBlock": null}, null, "x"], "expected": []},
		"not of a block that is a text": {"peers": [{"ipBlock": "10.0.0.0/8"}], "expected": []},
	}
	_claims({"to": row.peers}) == row.expected
}

test_keeps_selectors[name] if {
	some name, row in {
		"of pods": {"peer": {"podSelector": {}}, "expected": [{"namespaces": null, "pods": {}}]},
		"of namespaces": {"peer": {"namespaceSelector": {}}, "expected": [{"namespaces": {}, "pods": null}]},
		"of both": {"peer": {"namespaceSelector": {}, "podSelector": {}}, "expected": [{"namespaces": {}, "pods": {}}]},
		"not of nulls": {"peer": {"namespaceSelector": null, "podSelector": null}, "expected": []},
		"not of a block": {"peer": {"ipBlock": {"cidr": "10.0.0.0/8"}}, "expected": []},
		"not of null": {"peer": null, "expected": []},
		"not of a text": {"peer": "all", "expected": []},
	}
	_allowance({"to": [row.peer]}).selectors == row.expected
}

_tcp(low, high) := testing.between("TCP", low, high)

test_reads_ports[name] if {
	some name, row in {
		"none said, which is all": {"rule": {}, "expected": ports.all},
		"null, which is all": {"rule": {"ports": null}, "expected": ports.all},
		"an empty list, which is all": {"rule": {"ports": []}, "expected": ports.all},
		"a number": {"rule": {"ports": [{"port": 443}]}, "expected": _tcp(443, 443)},
		"a protocol alone, which is all of it": {"rule": {"ports": [{"protocol": "UDP"}]}, "expected": testing.between("UDP", 1, 65535)},
		"an empty entry, which is all of TCP": {"rule": {"ports": [{}]}, "expected": _tcp(1, 65535)},
		"an entry that is null, which is all of TCP": {"rule": {"ports": [null]}, "expected": _tcp(1, 65535)},
		"nulls": {"rule": {"ports": [{"protocol": null, "port": null, "endPort": null}]}, "expected": _tcp(1, 65535)},
		"a range": {"rule": {"ports": [{"port": 80, "endPort": 90}]}, "expected": _tcp(80, 90)},
		"a range whose end is null": {"rule": {"ports": [{"port": 80, "endPort": null}]}, "expected": _tcp(80, 80)},
		"a range whose end is a text": {"rule": {"ports": [{"port": 80, "endPort": "90"}]}, "expected": _tcp(80, 80)},
		"a name": {"rule": {"ports": [{"port": "web", "protocol": "UDP"}]}, "expected": [{"protocol": "UDP", "name": "web"}]},
		"several in their order": {
			"rule": {"ports": [{"port": 443}, {"port": 53, "protocol": "UDP"}]},
			"expected": array.concat(_tcp(443, 443), testing.between("UDP", 53, 53)),
		},
		"a range beyond the last, which is cut": {"rule": {"ports": [{"port": 80, "endPort": 70000}]}, "expected": _tcp(80, 65535)},
		"a range from zero, which is cut": {"rule": {"ports": [{"port": 0, "endPort": 9}]}, "expected": _tcp(1, 9)},
		"zero, which is no port": {"rule": {"ports": [{"port": 0}]}, "expected": []},
		"a number beyond the last, which is no port": {"rule": {"ports": [{"port": 65536}]}, "expected": []},
		"a range that goes down": {"rule": {"ports": [{"port": 90, "endPort": 80}]}, "expected": []},
		"an entry that is a number, which cannot be read": {"rule": {"ports": [443]}, "expected": []},
		"a list that is an object, which cannot be read": {"rule": {"ports": {"port": 443}}, "expected": []},
		"a protocol that is a number": {"rule": {"ports": [{"protocol": 6, "port": 1}]}, "expected": _tcp(1, 1)},
	}
	_allowance(row.rule).ports == row.expected
}

test_tells_ambiguous_blocks[name] if {
	some name, row in {
		"none": {"spec": {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}, "expected": []},
		"of egress": {
			"spec": {"egress": [{}, {"to": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.1/8"}}]}]},
			"expected": [["spec.egress[1].to[1].ipBlock.cidr", "10.0.0.1/8", "10.0.0.0/8"]],
		},
		"of ingress": {
			"spec": {"ingress": [{"from": [{"ipBlock": {"cidr": "010.0.0.0/8"}}]}]},
			"expected": [["spec.ingress[0].from[0].ipBlock.cidr", "010.0.0.0/8", "10.0.0.0/8"]],
		},
		"of egress that isolates nothing": {
			"spec": {"policyTypes": ["Ingress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]},
			"expected": [["spec.egress[0].to[0].ipBlock.cidr", "10.0.0.1/8", "10.0.0.0/8"]],
		},
		"of exceptions": {
			"spec": {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.1/16"]}}]}]},
			"expected": [["spec.egress[0].to[0].ipBlock.except[1]", "10.2.0.1/16", "10.2.0.0/16"]],
		},
		"of IPv6": {
			"spec": {"egress": [{"to": [{"ipBlock": {"cidr": "::ffff:10.0.0.0/104"}}]}]},
			"expected": [["spec.egress[0].to[0].ipBlock.cidr", "::ffff:10.0.0.0/104", "10.0.0.0/8"]],
		},
		"not of what is no block": {
			"spec": {"egress": [{"to": [{"ipBlock": {"cidr": null, "except": [1]}}, {"ipBlock": "x"}, null]}, null, "x"]}, "expected": [],
		},
	}
	[[found.path, found.text, cidr.text(found.block)] | some found in _of(row.spec).ambiguous] == row.expected
}

test_items_are_those_of_a_list[name] if {
	some name, row in {
		"a list": {"object": {"a": [1]}, "expected": [1]},
		"absent": {"object": {}, "expected": []},
		"null": {"object": {"a": null}, "expected": []},
		"a text": {"object": {"a": "b"}, "expected": []},
		"of nothing": {"object": null, "expected": []},
	}
	network_policy.items(row.object, "a") == row.expected
}

_narrow(rule) if network_policy.narrow(testing.egress([rule]), testing.usual)

_https_to(peers) := {"to": peers, "ports": [{"port": 443}]}

test_is_narrow_at_a_glance[name] if {
	some name, rule in {
		"a small block": _https_to([{"ipBlock": {"cidr": "8.8.8.0/24"}}]),
		"a large block of few public addresses": _https_to([{"ipBlock": {"cidr": "10.0.0.0/7"}}]),
		"private blocks, however large": _https_to([{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "172.16.0.0/12"}}]),
		"selectors": _https_to([{"podSelector": {}}, {"namespaceSelector": {}}]),
	}
	_narrow(rule)
}

test_is_not_narrow_at_a_glance[name] if {
	some name, rule in {
		"no rule": {},
		"null": null,
		"a text": "all",
		"peers that are a text": {"to": "all", "ports": [{"port": 443}]},
		"no ports": {"to": [{"ipBlock": {"cidr": "8.8.8.0/24"}}]},
		"a port that is null": {"to": [{"ipBlock": {"cidr": "8.8.8.0/24"}}], "ports": [{"port": null}]},
		"an entry of ports that is null": {"to": [{"ipBlock": {"cidr": "8.8.8.0/24"}}], "ports": [null]},
		"a range": {"to": [{"ipBlock": {"cidr": "8.8.8.0/24"}}], "ports": [{"port": 1, "endPort": 65535}]},
		"a large public block": _https_to([{"ipBlock": {"cidr": "8.0.0.0/6"}}]),
		"everything": _https_to([{"ipBlock": {"cidr": "0.0.0.0/0"}}]),
		"everything, written oddly": _https_to([{"ipBlock": {"cidr": "0.0.0.0/00"}}]),
		"IPv6": _https_to([{"ipBlock": {"cidr": "2001:db8::/64"}}]),
		"a block that is none": _https_to([{"ipBlock": {"cidr": "all"}}]),
	}
	not _narrow(rule)
}

test_a_policy_for_ingress_is_narrow if {
	network_policy.narrow(testing.network_policy("a", {"policyTypes": ["Ingress"], "egress": [{}]}), testing.usual)
}

test_a_policy_without_rules_is_narrow[name] if {
	some name, thing in {
		"none written": testing.network_policy("a", {"policyTypes": ["Egress"]}),
		"an empty list": testing.egress([]),
		"no spec": {"kind": "NetworkPolicy"},
		"a spec that is a text": testing.network_policy("a", "all"),
	}
	network_policy.narrow(thing, testing.usual)
}

test_a_policy_for_ingress_lets_nothing_out if {
	policy := testing.network_policy("a", {"policyTypes": ["Ingress"], "egress": [{}]})
	not network_policy.lets_out(policy, testing.usual.space)
	network_policy.most(policy, testing.usual.space) == {4: 0, 6: 0}
}

test_reaches_no_metadata_service_at_a_glance[name] if {
	block := {"ipBlock": {"cidr": "169.254.0.0/16"}}
	some name, row in {
		"on another port": {"rule": _https_to([block]), "expected": true},
		"by selectors": {"rule": {"to": [{"podSelector": {}}], "ports": [{"port": 80}]}, "expected": true},
		"not on its port": {"rule": {"to": [block], "ports": [{"port": 80}]}, "expected": false},
		"not in a range": {"rule": {"to": [block], "ports": [{"port": 70, "endPort": 90}]}, "expected": false},
		"not on all ports": {"rule": {"to": [block]}, "expected": false},
		"not on all ports of a protocol": {"rule": {"to": [block], "ports": [{"protocol": "TCP"}]}, "expected": false},
		"not on an entry that is null": {"rule": {"to": [block], "ports": [null]}, "expected": false},
	}
	_reaches_none(row.rule) == row.expected
}

_reaches_none(rule) if {
	network_policy.reaches_no_metadata(testing.egress([rule]))
} else := false
