package lib.egress.width_test

import data.lib.egress.allowance
import data.lib.egress.parameters
import data.lib.egress.ports
import data.lib.egress.testing
import data.lib.egress.width

_https := testing.between("TCP", 443, 443)

_named := [{"protocol": "TCP", "name": "web"}]

_allow(blocks, given) := testing.given("allow", 2, 0, blocks, given)

_deny(blocks, given) := testing.given("deny", 1, 0, blocks, given)

_approve(blocks, given) := testing.approving(blocks, given)

_width(allowances, opening, approvals) := {word | some word, true in width.of(allowances, opening, approvals, testing.usual)}

_half := "0.0.0.0/1"

_broad := ["8.0.0.0/7"]

test_a_width_is_open_any_or_broad[name] if {
	some name, row in {
		"nothing": {"allowances": [], "expected": set()},
		"everything on all ports": {"allowances": [_allow(["0.0.0.0/0"], ports.all)], "expected": {"open", "any", "broad"}},
		"everything on one port": {"allowances": [_allow(["0.0.0.0/0"], _https)], "expected": {"any", "broad"}},
		"everything on a named port": {"allowances": [_allow(["0.0.0.0/0"], _named)], "expected": {"any", "broad"}},
		"half of it": {"allowances": [_allow([_half], ports.all)], "expected": {"open", "any", "broad"}},
		"a quarter of the addresses that there are": {"allowances": [_allow(["64.0.0.0/2"], ports.all)], "expected": {"open", "any", "broad"}},
		"less than a quarter of the public ones": {"allowances": [_allow(["128.0.0.0/3"], ports.all)], "expected": {"broad"}},
	}
	_width(row.allowances, [], []) == row.expected
}

test_a_width_adds_up_what_several_blocks_allow[name] if {
	some name, row in {
		"split blocks that are a quarter together": {
			"allowances": [_allow(["32.0.0.0/3", "64.0.0.0/3"], ports.all)], "expected": {"open", "any", "broad"},
		},
		"the same in two allowances": {
			"allowances": [_allow(["32.0.0.0/3"], ports.all), _allow(["64.0.0.0/3"], ports.all)], "expected": {"open", "any", "broad"},
		},
		"the same on different ports": {
			"allowances": [_allow(["32.0.0.0/3"], _https), _allow(["64.0.0.0/3"], testing.between("TCP", 80, 80))],
			"expected": {"broad"},
		},
		"the same of different protocols": {
			"allowances": [_allow(["32.0.0.0/3"], _https), _allow(["64.0.0.0/3"], testing.between("UDP", 443, 443))],
			"expected": {"broad"},
		},
		"one /8": {"allowances": [_allow(["8.0.0.0/8"], ports.all)], "expected": set()},
		"one /8 and one address": {"allowances": [_allow(["8.0.0.0/8", "9.0.0.0/32"], ports.all)], "expected": {"broad"}},
		"one /8 twice": {"allowances": [_allow(["8.0.0.0/8", "8.0.0.0/8"], ports.all)], "expected": set()},
		"two /8 on different ports": {
			"allowances": [_allow(["8.0.0.0/8"], _https), _allow(["9.0.0.0/8"], testing.between("TCP", 80, 80))], "expected": set(),
		},
		"more than one /8, less an exception": {
			"allowances": [_allow([{"cidr": "8.0.0.0/7", "except": ["9.0.0.0/8"]}], ports.all)], "expected": set(),
		},
	}
	_width(row.allowances, [], []) == row.expected
}

test_a_width_is_of_each_family[name] if {
	some name, row in {
		"everything of IPv6": {"allowances": [_allow(["2000::/3"], ports.all)], "expected": {"open", "any", "broad"}},
		"::/0, which holds the translated IPv4": {"allowances": [_allow(["::/0"], ports.all)], "expected": {"open", "any", "broad"}},
		"every translated IPv4 address": {"allowances": [_allow(["64:ff9b::/96"], ports.all)], "expected": {"open", "any", "broad"}},
		"one /19 of IPv6": {"allowances": [_allow(["2001:8000::/19"], ports.all)], "expected": set()},
		"one /19 and one address": {"allowances": [_allow(["2001:8000::/19", "2a00::1/128"], ports.all)], "expected": {"broad"}},
		"private blocks": {"allowances": [_allow(["10.0.0.0/8", "172.16.0.0/12", "fc00::/7"], ports.all)], "expected": set()},
		"an IPv4 and an IPv6 block that are broad together only": {
			"allowances": [_allow(["8.0.0.0/8", "2001:8000::/19"], ports.all)], "expected": set(),
		},
	}
	_width(row.allowances, [], []) == row.expected
}

test_a_width_is_what_denials_leave[name] if {
	some name, row in {
		"everything but what a tier before denies": {
			"allowances": [_deny(["0.0.0.0/0"], ports.all), _allow(["0.0.0.0/0"], ports.all)], "expected": set(),
		},
		"everything, denied on all but one port": {
			"allowances": [_deny(["0.0.0.0/0"], testing.between("TCP", 2, 65535)), _allow(["0.0.0.0/0"], testing.between("TCP", 1, 65535))],
			"expected": {"any", "broad"},
		},
		"everything, denied after it was allowed": {
			"allowances": [testing.given("deny", 3, 0, ["0.0.0.0/0"], ports.all), _allow(["0.0.0.0/0"], ports.all)],
			"expected": {"open", "any", "broad"},
		},
		"a denial alone": {"allowances": [_deny(["0.0.0.0/0"], ports.all)], "expected": set()},
	}
	_width(row.allowances, [], []) == row.expected
}

test_open_takes_half_of_the_ports_of_one_protocol[name] if {
	some name, row in {
		"one less than half": {"ports": [["TCP", 1, 32767]], "expected": false},
		"half": {"ports": [["TCP", 1, 32768]], "expected": true},
		"the upper half": {"ports": [["TCP", 32768, 65535]], "expected": true},
		"half, in two parts": {"ports": [["TCP", 1, 16384], ["TCP", 40000, 56383]], "expected": true},
		"half, in parts that overlap": {"ports": [["TCP", 1, 20000], ["TCP", 10000, 30000]], "expected": false},
		"half of two protocols together": {"ports": [["TCP", 1, 20000], ["UDP", 1, 20000]], "expected": false},
		"half of UDP": {"ports": [["UDP", 1, 32768]], "expected": true},
		"half of SCTP": {"ports": [["SCTP", 1, 32768]], "expected": true},
	}
	written := [{"protocol": p[0], "low": p[1], "high": p[2]} | some p in row.ports]
	width.of([_allow(["0.0.0.0/0"], written)], [], [], testing.usual).open == row.expected
}

test_open_takes_exactly_the_share_of_the_ports[name] if {
	some name, row in {
		"one less than a fifth": {"last": 13106, "expected": false},
		"a fifth": {"last": 13107, "expected": true},
	}
	settings := parameters.settings({"openPortShare": 0.2})
	width.of([_allow(["0.0.0.0/0"], testing.between("TCP", 1, row.last))], [], [], settings).open == row.expected
}

test_each_family_may_hold_on_its_own_ports_of_the_half if {
	allowances := [
		_allow(["0.0.0.0/0"], testing.between("TCP", 1, 20000)),
		_allow(["2000::/3"], testing.between("TCP", 20001, 40000)),
	]
	_width(allowances, [], []) == {"open", "any", "broad"}
}

# What is left of the internet where nearly all of it is internal: 8.0.0.0/8, 9.0.0.0/8 and 11.0.0.0/8.
_small := parameters.settings({"internalBlocks": [
	"0.0.0.0/5", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/1",
]})

test_any_takes_exactly_the_share[name] if {
	some name, row in {
		"a quarter": {"blocks": ["8.0.0.0/9", "8.128.0.0/10"], "expected": true},
		"one address less": {"blocks": ["8.0.0.0/9", {"cidr": "8.128.0.0/10", "except": ["8.128.0.0/32"]}], "expected": false},
		"less without exceptions": {
			"blocks": ["8.0.0.0/9", "8.128.0.0/11", "8.160.0.0/12"], "expected": false,
		},
	}
	width.of([_allow(row.blocks, ports.all)], [], [], _small).any == row.expected
}

test_a_small_share_is_any_destination_below_what_is_broad[name] if {
	some name, row in {
		"IPv4": {"block": "8.0.0.0/9", "expected": {"open", "any"}},
		"too little of IPv4": {"block": "8.0.0.0/16", "expected": set()},
		"IPv6": {"block": "2a00::/20", "expected": {"open", "any"}},
		"too little of IPv6": {"block": "2a00::/32", "expected": set()},
	}
	settings := parameters.settings({"openAddressShare": 0.0001})
	{word | some word, true in width.of([_allow([row.block], ports.all)], [], [], settings)} == row.expected
}

test_a_small_share_of_ports_is_open if {
	settings := parameters.settings({"openPortShare": 0.00001})
	width.of([_allow(["0.0.0.0/0"], _https)], [], [], settings).open
}

test_approvals_take_out[name] if {
	some name, row in {
		"what lies inside, but not from being open": {
			"rule": ["0.0.0.0/0"], "ports": ports.all, "opening": [], "approvals": [_approve(["0.0.0.0/0"], ports.all)],
			"expected": {"open"},
		},
		"also from being open, where the entry says so": {
			"rule": ["0.0.0.0/0"], "ports": ports.all,
			"opening": [_approve(["0.0.0.0/0"], ports.all)], "approvals": [_approve(["0.0.0.0/0"], ports.all)],
			"expected": set(),
		},
		"what lies inside, on its ports": {
			"rule": ["0.0.0.0/0"], "ports": _https, "opening": [], "approvals": [_approve(["0.0.0.0/0"], _https)], "expected": set(),
		},
		"nothing on another port": {
			"rule": ["0.0.0.0/0"], "ports": _https, "opening": [],
			"approvals": [_approve(["0.0.0.0/0"], testing.between("TCP", 80, 80))], "expected": {"any", "broad"},
		},
		"nothing of another protocol": {
			"rule": ["0.0.0.0/0"], "ports": _https, "opening": [],
			"approvals": [_approve(["0.0.0.0/0"], testing.between("UDP", 443, 443))], "expected": {"any", "broad"},
		},
		"a named port, where every port is approved": {
			"rule": ["0.0.0.0/0"], "ports": _named, "opening": [], "approvals": [_approve(["0.0.0.0/0"], ports.all)], "expected": set(),
		},
		"no named port, where numbers are approved": {
			"rule": ["0.0.0.0/0"], "ports": _named, "opening": [], "approvals": [_approve(["0.0.0.0/0"], testing.between("TCP", 1, 9))],
			"expected": {"any", "broad"},
		},
		"a part, so that less than a quarter is left": {
			"rule": ["64.0.0.0/2"], "ports": _https, "opening": [], "approvals": [_approve(["64.0.0.0/3"], _https)], "expected": {"broad"},
		},
		"parts that add up": {
			"rule": _broad, "ports": _https, "opening": [],
			"approvals": [_approve(["8.0.0.0/8"], _https), _approve(["9.0.0.0/8"], _https)], "expected": set(),
		},
		"the translated IPv4 of what is approved as IPv6": {
			"rule": ["::/0"], "ports": _https, "opening": [], "approvals": [_approve(["::/0"], _https)], "expected": set(),
		},
		"no IPv4 that was written as such": {
			"rule": ["0.0.0.0/0"], "ports": _https, "opening": [], "approvals": [_approve(["2000::/3"], _https)], "expected": {"any", "broad"},
		},
		"of ::/0 only the family that is approved": {
			"rule": ["::/0"], "ports": _https, "opening": [], "approvals": [_approve(["2000::/3"], _https)], "expected": {"any", "broad"},
		},
		"of both families only the one that is approved": {
			"rule": ["0.0.0.0/0", "2000::/3"], "ports": _https, "opening": [], "approvals": [_approve(["0.0.0.0/0"], _https)],
			"expected": {"any", "broad"},
		},
	}
	_width([_allow(row.rule, row.ports)], row.opening, row.approvals) == row.expected
}

test_only_a_part_of_the_ports_may_be_approved_to_be_open if {
	opening := [_approve(["0.0.0.0/0"], testing.between("TCP", 1, 32768))]
	_width([_allow(["0.0.0.0/0"], testing.between("TCP", 1, 65535))], opening, opening) == {"any", "broad"}
	_width([_allow(["0.0.0.0/0"], ports.all)], opening, opening) == {"open", "any", "broad"}
}

test_is_on_all_ports[name] if {
	some name, row in {
		"every port": {"ports": ports.all, "expected": true},
		"half of one protocol": {"ports": testing.between("UDP", 1, 32768), "expected": true},
		"less than half": {"ports": testing.between("UDP", 1, 32767), "expected": false},
		"one port": {"ports": _https, "expected": false},
		"a named port": {"ports": _named, "expected": false},
		"no port": {"ports": [], "expected": false},
	}
	_all_ports(_allow(["10.0.0.0/8"], row.ports)) == row.expected
}

_all_ports(given) if {
	width.all_ports(given, testing.usual)
} else := false

_selecting(selectors, given) := object.union(_allow([], given), {"selectors": selectors})

_pods_of(namespaces, pods) := {"namespaces": namespaces, "pods": pods}

test_destinations_on_all_ports_are_excused_by_approvals[name] if {
	some name, row in {
		"a block": {"given": _allow(["10.0.0.0/8"], ports.all), "approvals": [], "expected": true},
		"a block on a few ports": {"given": _allow(["10.0.0.0/8"], _https), "approvals": [], "expected": false},
		"a block that is approved": {
			"given": _allow(["10.0.0.0/8"], ports.all), "approvals": [_approve(["10.0.0.0/8"], ports.all)], "expected": false,
		},
		"a block that is approved in part": {
			"given": _allow(["10.0.0.0/8"], ports.all), "approvals": [_approve(["10.0.0.0/9"], ports.all)], "expected": true,
		},
		"a block that is approved on so many ports that less than half are left": {
			"given": _allow(["10.0.0.0/8"], testing.between("TCP", 1, 65535)),
			"approvals": [_approve(["10.0.0.0/8"], testing.between("TCP", 1, 32768))], "expected": false,
		},
		"a block that is approved on a few ports": {
			"given": _allow(["10.0.0.0/8"], ports.all), "approvals": [_approve(["10.0.0.0/8"], _https)], "expected": true,
		},
		"an IPv6 block": {"given": _allow(["fd00::/8"], ports.all), "approvals": [], "expected": true},
		"an IPv6 block that is approved": {
			"given": _allow(["fd00::/8"], ports.all), "approvals": [_approve(["fd00::/8"], ports.all)], "expected": false,
		},
		"a translated block that is approved": {
			"given": _allow(["64:ff9b::10.0.0.0/104"], ports.all), "approvals": [_approve(["64:ff9b::/96"], ports.all)], "expected": false,
		},
		"a selector, which no approval lists": {
			"given": _selecting([_pods_of(null, {})], ports.all), "approvals": [_approve(["0.0.0.0/0", "::/0"], ports.all)], "expected": true,
		},
		"a selector on a few ports": {"given": _selecting([_pods_of(null, {})], _https), "approvals": [], "expected": false},
		"no destination that can be read": {"given": _allow([], ports.all), "approvals": [], "expected": false},
	}
	_unapproved_on_all_ports(row.given, row.approvals) == row.expected
}

_unapproved_on_all_ports(given, approvals) if {
	width.unapproved_on_all_ports(given, [], approvals, testing.usual)
} else := false

test_selects_every_pod[name] if {
	some name, row in {
		"of every namespace": {"selectors": [_pods_of({}, null)], "ports": ports.all, "expected": true},
		"with an empty pod selector": {"selectors": [_pods_of({}, {})], "ports": ports.all, "expected": true},
		"beside another peer": {
			"selectors": [_pods_of(null, {"matchLabels": {"a": "b"}}), _pods_of({}, null)], "ports": ports.all, "expected": true,
		},
		"by the label that the API server sets": {
			"selectors": [_pods_of({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}, null)],
			"ports": ports.all, "expected": true,
		},
		"not without a namespace selector": {"selectors": [_pods_of(null, {})], "ports": ports.all, "expected": false},
		"not with a label of pods": {
			"selectors": [_pods_of({}, {"matchLabels": {"a": "b"}})], "ports": ports.all, "expected": false,
		},
		"not with a label of namespaces": {
			"selectors": [_pods_of({"matchLabels": {"a": "b"}}, null)], "ports": ports.all, "expected": false,
		},
		"not on a few ports": {"selectors": [_pods_of({}, null)], "ports": _https, "expected": false},
		"not where nothing is selected": {"selectors": [], "ports": ports.all, "expected": false},
	}
	_every_pod(_selecting(row.selectors, row.ports)) == row.expected
}

_every_pod(given) if {
	width.every_pod(given, [], testing.usual)
} else := false

_listing := parameters.settings({"approvedDestinations": []})

test_is_outside_of_the_list[name] if {
	some name, row in {
		"a public block": {"given": _allow(["8.8.8.8/32"], _https), "approvals": [], "expected": true},
		"a public block that is listed": {
			"given": _allow(["8.8.8.8/32"], _https), "approvals": [_approve(["8.8.8.0/24"], _https)], "expected": false,
		},
		"a block that is listed in two parts": {
			"given": _allow(["8.8.8.0/24"], _https),
			"approvals": [_approve(["8.8.8.0/25"], _https), _approve(["8.8.8.128/25"], _https)], "expected": false,
		},
		"a block that is wider than the listed one": {
			"given": _allow(["8.8.8.0/23"], _https), "approvals": [_approve(["8.8.8.0/24"], _https)], "expected": true,
		},
		"a port that is not listed": {
			"given": _allow(["8.8.8.8/32"], testing.between("TCP", 443, 444)), "approvals": [_approve(["8.8.8.8/32"], _https)],
			"expected": true,
		},
		"a named port": {"given": _allow(["8.8.8.8/32"], _named), "approvals": [_approve(["8.8.8.8/32"], _https)], "expected": true},
		"a named port, where all are listed": {
			"given": _allow(["8.8.8.8/32"], _named), "approvals": [_approve(["8.8.8.8/32"], ports.all)], "expected": false,
		},
		"a private block": {"given": _allow(["10.0.0.0/8"], ports.all), "approvals": [], "expected": false},
		"a documentation block": {"given": _allow(["203.0.113.0/24"], _https), "approvals": [], "expected": true},
		"an IPv6 block": {"given": _allow(["2a00:1450::/32"], _https), "approvals": [], "expected": true},
		"an IPv6 block, where all of IPv4 is listed": {
			"given": _allow(["2a00:1450::/32"], _https), "approvals": [_approve(["0.0.0.0/0"], ports.all)], "expected": true,
		},
		"a documentation block of IPv6": {"given": _allow(["2001:db8::/32"], _https), "approvals": [], "expected": true},
		"everything": {"given": _allow(["0.0.0.0/0"], _https), "approvals": [_approve(["8.0.0.0/8"], ports.all)], "expected": true},
		"no block": {"given": _selecting([_pods_of({}, null)], ports.all), "approvals": [], "expected": false},
	}
	_unlisted(row.given, row.approvals) == row.expected
}

_unlisted(given, approvals) if {
	width.unlisted(given, [], approvals, _listing)
} else := false

_http := testing.between("TCP", 80, 80)

_addresses(given, approvals) := [found.address | some found in width.metadata(given, [], approvals)]

test_holds_a_metadata_service[name] if {
	some name, row in {
		"the common one": {"given": _allow(["169.254.169.254/32"], _http), "expected": ["169.254.169.254"]},
		"the one of container credentials": {"given": _allow(["169.254.170.2/32"], _http), "expected": ["169.254.170.2"]},
		"the one of pod identity": {"given": _allow(["169.254.170.23/32"], _http), "expected": ["169.254.170.23"]},
		"the one of Azure": {"given": _allow(["168.63.129.16/32"], _http), "expected": ["168.63.129.16"]},
		"the one of Alibaba": {"given": _allow(["100.100.100.200/32"], _http), "expected": ["100.100.100.200"]},
		"the one of AWS over IPv6": {"given": _allow(["fd00:ec2::254/128"], _http), "expected": ["fd00:ec2:0:0:0:0:0:254"]},
		"the one of Google over IPv6": {"given": _allow(["fd20:ce::254/128"], _http), "expected": ["fd20:ce:0:0:0:0:0:254"]},
		"its neighbour": {"given": _allow(["169.254.169.253/32"], _http), "expected": []},
		"inside a block": {
			"given": _allow(["169.254.0.0/16"], _http), "expected": ["169.254.169.254", "169.254.170.2", "169.254.170.23"],
		},
		"excepted": {
			"given": _allow([{"cidr": "169.254.0.0/16", "except": ["169.254.169.254/32", "169.254.170.0/24"]}], _http), "expected": [],
		},
		"by its translated address": {"given": _allow(["64:ff9b::169.254.169.254/128"], _http), "expected": ["169.254.169.254"]},
		"on all ports": {"given": _allow(["169.254.169.254/32"], ports.all), "expected": ["169.254.169.254"]},
		"in a range that ends there": {"given": _allow(["169.254.169.254/32"], testing.between("TCP", 1, 80)), "expected": ["169.254.169.254"]},
		"on another port": {"given": _allow(["169.254.169.254/32"], _https), "expected": []},
		"of another protocol": {"given": _allow(["169.254.169.254/32"], testing.between("UDP", 80, 80)), "expected": []},
		"on a named port": {"given": _allow(["169.254.169.254/32"], _named), "expected": []},
		"not by an absent destination": {
			"given": object.union(_allow([], _http), {"everywhere": true, "claims": allowance.everywhere(testing.usual.space)}), "expected": [],
		},
		"not by a selector": {"given": _selecting([_pods_of({}, {})], _http), "expected": []},
	}
	_addresses(row.given, []) == row.expected
}

test_a_metadata_service_may_be_approved[name] if {
	some name, row in {
		"by its address": {"rule": "169.254.169.254/32", "approvals": [_approve(["169.254.169.254/32"], _http)], "expected": []},
		"by a block around it, on all ports": {
			"rule": "169.254.169.254/32", "approvals": [_approve(["169.254.0.0/16"], ports.all)], "expected": [],
		},
		"not on another port": {
			"rule": "169.254.169.254/32", "approvals": [_approve(["169.254.169.254/32"], _https)], "expected": ["169.254.169.254"],
		},
		"not by another address": {
			"rule": "169.254.169.254/32", "approvals": [_approve(["169.254.170.2/32"], _http)], "expected": ["169.254.169.254"],
		},
		"each for itself": {
			"rule": "169.254.0.0/16", "approvals": [_approve(["169.254.170.0/24"], _http)], "expected": ["169.254.169.254"],
		},
		"with the IPv6 block that holds it translated": {
			"rule": "64:ff9b::169.254.0.0/112", "approvals": [_approve(["64:ff9b::/96"], _http)], "expected": [],
		},
		"not by an IPv6 block where it was written as IPv4": {
			"rule": "169.254.169.254/32", "approvals": [_approve(["::/0"], _http)], "expected": ["169.254.169.254"],
		},
	}
	_addresses(_allow([row.rule], _http), row.approvals) == row.expected
}

test_a_metadata_service_is_found_where_it_is_written if {
	width.metadata(_allow(["10.0.0.0/8", "169.254.169.254/32"], _http), [], []) == [{
		"path": "169.254.169.254/32", "address": "169.254.169.254",
	}]
}

test_the_share_is_cut_to_six_decimals[name] if {
	some name, row in {
		"nothing": {"allowances": [], "expected": 0},
		"everything": {"allowances": [_allow(["0.0.0.0/0"], ports.all)], "expected": 1},
		"one address": {"allowances": [_allow(["8.8.8.8/32"], ports.all)], "expected": 0},
		"one /8": {"allowances": [_allow(["8.0.0.0/8"], ports.all)], "expected": 0.004531},
		"on one port only": {"allowances": [_allow(["8.0.0.0/8"], _https)], "expected": 0.004531},
		"all but one address": {
			"allowances": [_allow([{"cidr": "0.0.0.0/0", "except": ["8.8.8.8/32"]}], ports.all)], "expected": 0.999999,
		},
		"private blocks": {"allowances": [_allow(["10.0.0.0/8"], ports.all)], "expected": 0},
		"IPv6 is not counted": {"allowances": [_allow(["2000::/3"], ports.all)], "expected": 0},
		"but the translated IPv4 is": {"allowances": [_allow(["::/0"], ports.all)], "expected": 1},
		"less what is denied": {
			"allowances": [_deny(["0.0.0.0/1"], ports.all), _allow(["8.0.0.0/8"], ports.all)], "expected": 0,
		},
	}
	width.public_share(row.allowances, testing.usual) == row.expected
}
