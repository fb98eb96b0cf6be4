package lib.egress.witness_test

import data.lib.egress.parameters
import data.lib.egress.ports
import data.lib.egress.testing
import data.lib.egress.witness

_https := testing.between("TCP", 443, 443)

_allow(blocks, given) := testing.given("allow", 2, 0, blocks, given)

_reach(allowances) := {"allowances": allowances, "approvals": []}

_packet(allowances, word) := [w.to, w.port, w.protocol] if {
	w := witness.of_reach(_reach(allowances), "shop/Pod/web", testing.usual, word).witness
}

_usual := "93.184.215.14"

test_names_a_packet_that_is_allowed[name] if {
	some name, row in {
		"to a known host on a port without service": {
			"allowances": [_allow(["0.0.0.0/0"], ports.all)], "word": "open", "expected": [_usual, 4444, "TCP"],
		},
		"on the port that there is": {"allowances": [_allow(["0.0.0.0/0"], _https)], "word": "any", "expected": [_usual, 443, "TCP"]},
		"on the first port of a range": {
			"allowances": [_allow(["0.0.0.0/0"], testing.between("TCP", 8000, 9000))], "word": "any", "expected": [_usual, 8000, "TCP"],
		},
		"on 4444 at the end of a range": {
			"allowances": [_allow(["0.0.0.0/0"], testing.between("TCP", 1, 4444))], "word": "any", "expected": [_usual, 4444, "TCP"],
		},
		"on 4444 at the start of a range": {
			"allowances": [_allow(["0.0.0.0/0"], testing.between("TCP", 4444, 9000))], "word": "any", "expected": [_usual, 4444, "TCP"],
		},
	}
	_packet(row.allowances, row.word) == row.expected
}

test_names_a_packet_of_the_protocol_that_says_most[name] if {
	some name, row in {
		"of UDP where nothing else is": {
			"allowances": [_allow(["0.0.0.0/0"], testing.between("UDP", 53, 53))], "word": "any", "expected": [_usual, 53, "UDP"],
		},
		"rather of TCP than of UDP": {
			"allowances": [_allow(["0.0.0.0/0"], array.concat(testing.between("UDP", 53, 53), testing.between("TCP", 53, 53)))],
			"word": "any", "expected": [_usual, 53, "TCP"],
		},
		"rather of UDP than of SCTP": {
			"allowances": [_allow(["0.0.0.0/0"], array.concat(testing.between("SCTP", 9, 9), testing.between("UDP", 53, 53)))],
			"word": "any", "expected": [_usual, 53, "UDP"],
		},
		"rather on 4444 of UDP than on a port of TCP": {
			"allowances": [_allow(["0.0.0.0/0"], array.concat(_https, testing.between("UDP", 4000, 5000)))],
			"word": "any", "expected": [_usual, 4444, "UDP"],
		},
	}
	_packet(row.allowances, row.word) == row.expected
}

test_names_an_address_that_is_allowed_and_public[name] if {
	some name, row in {
		"where it is wide and not where it is narrow": {
			"allowances": [_allow(["0.0.0.0/0"], _https), _allow(["8.8.8.8/32"], testing.between("TCP", 4444, 4444))],
			"word": "any", "expected": [_usual, 443, "TCP"],
		},
		"to the first public address": {
			"allowances": [_allow([{"cidr": "0.0.0.0/0", "except": ["93.184.0.0/16"]}], _https)], "word": "any",
			"expected": ["1.0.0.0", 443, "TCP"],
		},
		"to the start of a block": {"allowances": [_allow(["8.0.0.0/7"], _https)], "word": "broad", "expected": ["8.0.0.0", 443, "TCP"]},
		"behind an exception": {
			"allowances": [_allow([{"cidr": "8.0.0.0/7", "except": ["8.0.0.0/32"]}], _https)], "word": "broad",
			"expected": ["8.0.0.1", 443, "TCP"],
		},
		"behind what is private at the start": {
			"allowances": [_allow(["10.0.0.0/7"], _https), _allow(["12.0.0.0/8"], _https)], "word": "broad", "expected": ["11.0.0.0", 443, "TCP"],
		},
	}
	_packet(row.allowances, row.word) == row.expected
}

test_names_a_packet_of_either_family[name] if {
	some name, row in {
		"of IPv6": {
			"allowances": [_allow(["2000::/3"], _https)], "word": "any", "expected": ["2001:200:0:0:0:0:0:0", 443, "TCP"],
		},
		"of an IPv6 block": {
			"allowances": [_allow(["2a00::/12"], _https)], "word": "broad", "expected": ["2a00:0:0:0:0:0:0:0", 443, "TCP"],
		},
		"of IPv4 where there are both": {
			"allowances": [_allow(["2000::/3", "8.0.0.0/7"], _https)], "word": "any", "expected": ["8.0.0.0", 443, "TCP"],
		},
	}
	_packet(row.allowances, row.word) == row.expected
}

test_names_a_packet_behind_denials[name] if {
	some name, row in {
		"behind what a tier before denies": {
			"allowances": [testing.given("deny", 1, 0, ["0.0.0.0/1"], ports.all), _allow(["0.0.0.0/0"], _https)], "word": "any",
			"expected": ["128.0.0.0", 443, "TCP"],
		},
		"on the ports that a tier before leaves": {
			"allowances": [testing.given("deny", 1, 0, ["0.0.0.0/0"], testing.between("TCP", 1, 60000)), _allow(["0.0.0.0/0"], testing.between("TCP", 1, 65535))],
			"word": "any", "expected": [_usual, 60001, "TCP"],
		},
	}
	_packet(row.allowances, row.word) == row.expected
}

test_names_none[name] if {
	some name, row in {
		"where only a named port is wide": {"allowances": [_allow(["0.0.0.0/0"], [{"protocol": "TCP", "name": "web"}])], "word": "any"},
		"where nothing is wide": {"allowances": [_allow(["8.8.8.8/32"], _https)], "word": "any"},
		"where it is broad and not any destination": {"allowances": [_allow(["8.0.0.0/7"], _https)], "word": "any"},
		"where nothing is allowed": {"allowances": [], "word": "open"},
	}
	witness.of_reach(_reach(row.allowances), "shop/Pod/web", testing.usual, row.word) == {}
}

test_an_internal_address_is_no_witness if {
	settings := parameters.settings({"internalBlocks": ["93.184.0.0/16", "1.0.0.0/8"]})
	witness.of_reach(_reach([_allow(["0.0.0.0/0"], _https)]), "a", settings, "any").witness.to == "2.0.0.0"
}

_approval(blocks, given, open) := {"allowance": testing.approving(blocks, given), "open": open}

test_what_is_approved_is_no_witness[name] if {
	some name, row in {
		"but what is left": {
			"approvals": [_approval(["0.0.0.0/1"], ports.all, false)], "word": "any", "expected": {["128.0.0.0", 443]},
		},
		"of IPv4 by an approval of IPv6": {
			"approvals": [_approval(["::/0"], ports.all, false)], "word": "any", "expected": {[_usual, 443]},
		},
		"for what is open, if the approval does not say so": {
			"approvals": [_approval(["0.0.0.0/0"], ports.all, false)], "word": "open", "expected": {[_usual, 443]},
		},
		"and nothing is left where it says so": {
			"approvals": [_approval(["0.0.0.0/0"], ports.all, true)], "word": "open", "expected": set(),
		},
	}
	found := witness.of_reach({"allowances": [_allow(["0.0.0.0/0"], _https)], "approvals": row.approvals}, "a", testing.usual, row.word)
	{[said.to, said.port] | some said in found} == row.expected
}

_policy := {"resource": {"kind": "NetworkPolicy", "namespace": "shop", "name": "app"}, "selected": []}

_selecting(names) := object.union(_policy, {"selected": [{
	"labels": {}, "resource": {"kind": "Deployment", "namespace": "shop", "name": name},
} |
	some name in names
]})

test_names_the_source[name] if {
	some name, row in {
		"by the policy where no pods are known": {"policy": _policy, "expected": "shop/pods of NetworkPolicy app"},
		"by the pods": {"policy": _selecting(["web"]), "expected": "shop/Deployment/web"},
		"by the first of them": {"policy": _selecting(["web", "db"]), "expected": "shop/Deployment/db"},
	}
	witness.pods(row.policy, []) == row.expected
}

test_the_witness_of_a_rule_comes_from_its_pods if {
	rule := {"allowance": _allow(["0.0.0.0/0"], _https), "approvals": []}
	witness.of_rule(_selecting(["web"]), rule, testing.usual, "any") == {"witness": {
		"from": "shop/Deployment/web", "to": _usual, "port": 443, "protocol": "TCP",
	}}
}

test_the_witness_of_an_isolated_by_nothing if {
	witness.unrestricted({"resource": {"kind": "Pod", "namespace": "shop", "name": "web"}}, testing.usual) == {
		"from": "shop/Pod/web", "to": _usual, "port": 4444, "protocol": "TCP",
	}
}

test_also_there_an_internal_address_is_none if {
	settings := parameters.settings({"internalBlocks": ["93.184.0.0/16"]})
	witness.unrestricted({"resource": {"kind": "Pod", "namespace": "shop", "name": "web"}}, settings).to == "1.0.0.0"
}

test_the_witness_of_a_metadata_service if {
	witness.of_metadata(_policy, {"metadata": [{"address": "169.254.169.254", "path": "a"}, {"address": "168.63.129.16", "path": "b"}]}) == {
		"witness": {"from": "shop/pods of NetworkPolicy app", "to": "169.254.169.254", "port": 80, "protocol": "TCP"},
	}
}
