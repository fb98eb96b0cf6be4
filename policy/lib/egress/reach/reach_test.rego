package lib.egress.reach_test

import data.lib.egress.cidr
import data.lib.egress.ports
import data.lib.egress.reach
import data.lib.egress.testing

_tcp(low, high) := testing.between("TCP", low, high)

_named(name) := [{"protocol": "TCP", "name": name}]

_allow(blocks, given) := testing.given("allow", 2, 0, blocks, given)

# Cells as [protocol, low, high, indexes of the allowances that speak], told apart by their tier.
_cells(allowances) := {[cell.protocol, cell.low, cell.high, cell.count, [given.order | some given in cell.allowances]] |
	some cell in reach.cells(allowances)
	cell.low
}

_at(order, given) := testing.given("allow", 2, order, ["10.0.0.0/8"], given)

test_cuts_ports_where_others_speak[name] if {
	some name, row in {
		"nothing": {"allowances": [], "expected": set()},
		"one range": {"allowances": [_at(0, _tcp(80, 90))], "expected": {["TCP", 80, 90, 11, [0]]}},
		"the first and the last port": {
			"allowances": [_at(0, _tcp(1, 1)), _at(1, _tcp(65535, 65535))],
			"expected": {["TCP", 1, 1, 1, [0]], ["TCP", 65535, 65535, 1, [1]]},
		},
		"between two ranges nobody speaks": {
			"allowances": [_at(0, _tcp(1, 2)), _at(1, _tcp(5, 6))],
			"expected": {["TCP", 1, 2, 2, [0]], ["TCP", 5, 6, 2, [1]]},
		},
		"in an overlap both speak": {
			"allowances": [_at(0, _tcp(1, 6)), _at(1, _tcp(4, 9))],
			"expected": {["TCP", 1, 3, 3, [0]], ["TCP", 4, 6, 3, [0, 1]], ["TCP", 7, 9, 3, [1]]},
		},
		"a port inside all": {
			"allowances": [_at(0, _tcp(1, 65535)), _at(1, _tcp(443, 443))],
			"expected": {["TCP", 1, 442, 442, [0]], ["TCP", 443, 443, 1, [0, 1]], ["TCP", 444, 65535, 65092, [0]]},
		},
		"ranges that touch": {
			"allowances": [_at(0, _tcp(1, 4)), _at(1, _tcp(5, 9))],
			"expected": {["TCP", 1, 4, 4, [0]], ["TCP", 5, 9, 5, [1]]},
		},
		"each protocol for itself": {
			"allowances": [_at(0, _tcp(53, 53)), _at(1, testing.between("UDP", 53, 53))],
			"expected": {["TCP", 53, 53, 1, [0]], ["UDP", 53, 53, 1, [1]]},
		},
		"two overlapping ranges of one allowance": {
			"allowances": [_at(0, array.concat(_tcp(1, 6), _tcp(4, 9)))],
			"expected": {["TCP", 1, 3, 3, [0]], ["TCP", 4, 6, 3, [0]], ["TCP", 7, 9, 3, [0]]},
		},
		"no ports at all": {"allowances": [_at(0, [])], "expected": set()},
	}
	_cells(row.allowances) == row.expected
}

_named_cells(allowances) := {[cell.protocol, cell.name, [given.order | some given in cell.allowances]] |
	some cell in reach.cells(allowances)
	cell.name
}

test_a_name_is_a_port_of_its_own[name] if {
	some name, row in {
		"alone": {"allowances": [_at(0, _named("web"))], "expected": {["TCP", "web", [0]]}},
		"of two allowances": {"allowances": [_at(0, _named("web")), _at(1, _named("web"))], "expected": {["TCP", "web", [0, 1]]}},
		"two names": {
			"allowances": [_at(0, _named("web")), _at(1, _named("db"))],
			"expected": {["TCP", "web", [0]], ["TCP", "db", [1]]},
		},
		"of two protocols": {
			"allowances": [_at(0, _named("dns")), _at(1, [{"protocol": "UDP", "name": "dns"}])],
			"expected": {["TCP", "dns", [0]], ["UDP", "dns", [1]]},
		},
		"beside numbers": {"allowances": [_at(0, array.concat(_named("web"), _tcp(80, 80)))], "expected": {["TCP", "web", [0]]}},
		"on which who speaks of every port of the protocol speaks as well": {
			"allowances": [_at(0, _named("web")), _at(1, _tcp(1, 65535))], "expected": {["TCP", "web", [0, 1]]},
		},
		"also who denies every port": {
			"allowances": [testing.given("deny", 1, 0, ["10.0.0.0/8"], ports.all), _at(1, _named("web"))],
			"expected": {["TCP", "web", [0, 1]]},
		},
		"but not who speaks of another protocol": {
			"allowances": [_at(0, _named("web")), _at(1, testing.between("UDP", 1, 65535))],
			"expected": {["TCP", "web", [0]]},
		},
		"not all ports but one": {
			"allowances": [_at(0, _named("web")), _at(1, _tcp(1, 65534))], "expected": {["TCP", "web", [0]]},
		},
	}
	_named_cells(row.allowances) == row.expected
}

test_a_cell_of_a_name_counts_one_port if {
	[cell.count | some cell in reach.cells([_at(0, _named("web"))])] == [1]
}

# What is allowed of one address, asked as a block of one.
_allowed(allowances, address) if {
	block := cidr.parse(address)
	reach.allows(reach.ways(allowances, block.family), block)
} else := false

_said(action, tier, order, blocks) := testing.given(action, tier, order, blocks, ports.all)

test_the_first_by_tier_and_order_decides[name] if {
	some name, row in {
		"what nothing holds is not allowed": {"allowances": [_said("allow", 2, 0, ["8.0.0.0/8"])], "expected": false},
		"of no allowances nothing is allowed": {"allowances": [], "expected": false},
		"an allowance allows": {"allowances": [_said("allow", 2, 0, ["10.0.0.0/8"])], "expected": true},
		"a denial alone denies": {"allowances": [_said("deny", 2, 0, ["10.0.0.0/8"])], "expected": false},
		"a denial before": {
			"allowances": [_said("allow", 2, 1, ["10.0.0.0/8"]), _said("deny", 2, 0, ["10.0.0.0/8"])], "expected": false,
		},
		"a denial after": {
			"allowances": [_said("deny", 2, 1, ["10.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"])], "expected": true,
		},
		"a denial at the same place comes first": {
			"allowances": [_said("allow", 2, 0, ["10.0.0.0/8"]), _said("deny", 2, 0, ["10.0.0.0/8"])], "expected": false,
		},
		"an earlier tier decides whatever the order": {
			"allowances": [_said("allow", 2, 0, ["10.0.0.0/8"]), _said("deny", 1, 99, ["10.0.0.0/8"])], "expected": false,
		},
		"a later tier is not asked": {
			"allowances": [_said("deny", 3, 0, ["10.0.0.0/8"]), _said("allow", 2, 9, ["10.0.0.0/8"])], "expected": true,
		},
		"tiers and orders are numbers, not texts": {
			"allowances": [_said("deny", 10, 0, ["10.0.0.0/8"]), _said("allow", 9, 0, ["10.0.0.0/8"])], "expected": true,
		},
		"orders may be fractions and negative": {
			"allowances": [_said("deny", 2, -0.5, ["10.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"])], "expected": false,
		},
		"an earlier one about something else does not speak": {
			"allowances": [_said("deny", 1, 0, ["8.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"])], "expected": true,
		},
		"a narrower allowance does not beat an earlier denial around it": {
			"allowances": [_said("deny", 1, 0, ["0.0.0.0/0"]), _said("allow", 2, 0, ["10.0.0.1/32"])], "expected": false,
		},
		"a pass leaves it to the next tier": {
			"allowances": [_said("pass", 1, 0, ["10.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"])], "expected": true,
		},
		"a pass skips the denial after it in its tier": {
			"allowances": [
				_said("pass", 1, 0, ["10.0.0.0/8"]), _said("deny", 1, 1, ["10.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"]),
			],
			"expected": true,
		},
		"a pass skips the allowance after it in its tier": {
			"allowances": [_said("pass", 1, 0, ["10.0.0.0/8"]), _said("allow", 1, 1, ["10.0.0.0/8"])], "expected": false,
		},
		"a pass after a denial is not asked": {
			"allowances": [
				_said("deny", 1, 0, ["10.0.0.0/8"]), _said("pass", 1, 1, ["10.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"]),
			],
			"expected": false,
		},
		"a pass after an allowance is not asked": {
			"allowances": [
				_said("allow", 1, 0, ["10.0.0.0/8"]), _said("pass", 1, 1, ["10.0.0.0/8"]), _said("deny", 2, 0, ["10.0.0.0/8"]),
			],
			"expected": true,
		},
		"a pass that nothing follows is not allowed": {"allowances": [_said("pass", 1, 0, ["10.0.0.0/8"])], "expected": false},
		"a pass in two tiers": {
			"allowances": [
				_said("pass", 1, 0, ["10.0.0.0/8"]), _said("deny", 1, 1, ["10.0.0.0/8"]),
				_said("pass", 2, 0, ["10.0.0.0/8"]), _said("deny", 2, 1, ["10.0.0.0/8"]),
				_said("allow", 3, 0, ["10.0.0.0/8"]),
			],
			"expected": true,
		},
		"a pass does not reach beyond the next tier": {
			"allowances": [
				_said("pass", 1, 0, ["10.0.0.0/8"]), _said("deny", 2, 0, ["10.0.0.0/8"]), _said("allow", 3, 0, ["10.0.0.0/8"]),
			],
			"expected": false,
		},
		"a pass about something else skips nothing": {
			"allowances": [
				_said("pass", 1, 0, ["8.0.0.0/8"]), _said("deny", 1, 1, ["10.0.0.0/8"]), _said("allow", 2, 0, ["10.0.0.0/8"]),
			],
			"expected": false,
		},
		"an exception is not spoken of": {
			"allowances": [
				_said("deny", 1, 0, [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/24"]}]), _said("allow", 2, 0, ["10.0.0.0/8"]),
			],
			"expected": true,
		},
		"an exception elsewhere does not matter": {
			"allowances": [
				_said("deny", 1, 0, [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]), _said("allow", 2, 0, ["10.0.0.0/8"]),
			],
			"expected": false,
		},
		"an exception of one block is refilled by another": {
			"allowances": [_said("allow", 2, 0, [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/24"]}, "10.0.0.0/16"])],
			"expected": true,
		},
		"the other family does not speak": {"allowances": [_said("allow", 2, 0, ["2a00::/12"])], "expected": false},
	}
	_allowed(row.allowances, "10.0.0.1/32") == row.expected
}

test_ipv6_is_resolved_alike[name] if {
	some name, row in {
		"allowed": {"allowances": [_said("allow", 2, 0, ["2a00::/12"])], "expected": true},
		"denied before": {
			"allowances": [_said("deny", 1, 0, ["2a00:1450::/32"]), _said("allow", 2, 0, ["2a00::/12"])], "expected": false,
		},
		"in an exception": {
			"allowances": [_said("allow", 2, 0, [{"cidr": "2a00::/12", "except": ["2a00:1450::/32"]}])], "expected": false,
		},
		"IPv4 does not speak": {"allowances": [_said("allow", 2, 0, ["0.0.0.0/0"])], "expected": false},
	}
	_allowed(row.allowances, "2a00:1450::1/128") == row.expected
}

test_measures_exactly[name] if {
	some name, row in {
		"nothing": {"allowances": [], "expected": 0},
		"a public block": {"allowances": [_said("allow", 2, 0, ["8.0.0.0/8"])], "expected": 16777216},
		"a private block": {"allowances": [_said("allow", 2, 0, ["10.0.0.0/8"])], "expected": 0},
		"the other family": {"allowances": [_said("allow", 2, 0, ["2a00::/12"])], "expected": 0},
		"the same twice": {
			"allowances": [_said("allow", 2, 0, ["8.0.0.0/8"]), _said("allow", 2, 0, ["8.0.0.0/8"])], "expected": 16777216,
		},
		"one inside another": {
			"allowances": [_said("allow", 2, 0, ["8.0.0.0/8", "8.8.0.0/16"])], "expected": 16777216,
		},
		"two halves": {"allowances": [_said("allow", 2, 0, ["0.0.0.0/1", "128.0.0.0/1"])], "expected": 3702257664},
		"less an exception": {
			"allowances": [_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}])], "expected": 16711680,
		},
		"less exceptions inside each other": {
			"allowances": [_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16", "8.8.8.0/24"]}])],
			"expected": 16711680,
		},
		"an exception refilled in part": {
			"allowances": [
				_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}]), _said("allow", 2, 0, ["8.8.8.0/24"]),
			],
			"expected": 16711936,
		},
		"a refill with an exception of its own": {
			"allowances": [
				_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}]),
				_said("allow", 2, 0, [{"cidr": "8.8.8.0/24", "except": ["8.8.8.8/32"]}]),
			],
			"expected": 16711935,
		},
		"an exception refilled by one that excepts something else": {
			"allowances": [
				_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.0.0.0/9"]}]),
				_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.128.0.0/9"]}]),
			],
			"expected": 16777216,
		},
		"only what both except is left out": {
			"allowances": [
				_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.0.0.0/9"]}]),
				_said("allow", 2, 0, [{"cidr": "8.0.0.0/8", "except": ["8.64.0.0/10"]}]),
			],
			"expected": 12582912,
		},
		"less what an earlier tier denies": {
			"allowances": [_said("deny", 1, 0, ["8.8.0.0/16"]), _said("allow", 2, 0, ["8.0.0.0/8"])], "expected": 16711680,
		},
		"what a later tier denies is there": {
			"allowances": [_said("deny", 3, 0, ["8.8.0.0/16"]), _said("allow", 2, 0, ["8.0.0.0/8"])], "expected": 16777216,
		},
		"a denial with an exception": {
			"allowances": [
				_said("deny", 1, 0, [{"cidr": "8.8.0.0/16", "except": ["8.8.8.0/24"]}]), _said("allow", 2, 0, ["8.0.0.0/8"]),
			],
			"expected": 16711936,
		},
		"a denial around it": {
			"allowances": [_said("deny", 1, 0, ["0.0.0.0/0"]), _said("allow", 2, 0, ["8.0.0.0/8"])], "expected": 0,
		},
		"a pass around it, and a denial in the next tier": {
			"allowances": [
				_said("pass", 1, 0, ["8.0.0.0/8"]), _said("deny", 1, 1, ["0.0.0.0/0"]),
				_said("deny", 2, 0, ["8.0.0.0/9"]), _said("allow", 2, 1, ["0.0.0.0/0"]),
			],
			"expected": 8388608,
		},
	}
	reach.addresses(row.allowances, 4, "public") == row.expected
}

test_measures_ipv6_exactly if {
	reach.addresses([_said("allow", 2, 0, [{"cidr": "2a00::/12", "except": ["2a00::/13"]}])], 6, "public") == cidr.size(6, 13)
	reach.addresses([_said("allow", 2, 0, ["::/0"])], 4, "public") == 3702257664
}

test_weighs_all_addresses_alike_when_asked if {
	allowances := [_said("allow", 2, 0, [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9"]}])]
	reach.addresses(allowances, 4, "all") == 8388608
	reach.addresses(allowances, 4, "public") == 0
	reach.addresses(allowances, 6, "all") == 0
}

test_measures_what_is_allowed_on_any_port[name] if {
	some name, row in {
		"nothing": {"allowances": [], "expected": 0},
		"no address of IPv4": {"allowances": [_allow(["2a00::/12"], ports.all)], "expected": 0},
		"each on a port of its own": {
			"allowances": [_allow(["8.0.0.0/8"], _tcp(80, 80)), _allow(["9.0.0.0/8"], _tcp(443, 443))], "expected": 33554432,
		},
		"the same on two ports once": {
			"allowances": [_allow(["8.0.0.0/8"], _tcp(80, 80)), _allow(["8.0.0.0/8"], _tcp(443, 443))], "expected": 16777216,
		},
		"nested ones on two ports once": {
			"allowances": [_allow(["8.0.0.0/8"], _tcp(80, 80)), _allow(["8.8.0.0/16"], _tcp(443, 443))], "expected": 16777216,
		},
		"denied on one of two ports": {
			"allowances": [
				testing.given("deny", 1, 0, ["8.0.0.0/8"], _tcp(80, 80)), _allow(["8.0.0.0/8"], _tcp(80, 81)),
			],
			"expected": 16777216,
		},
		"denied on the only port": {
			"allowances": [
				testing.given("deny", 1, 0, ["8.0.0.0/8"], _tcp(80, 80)), _allow(["8.0.0.0/8"], _tcp(80, 80)),
			],
			"expected": 0,
		},
		"by a named port": {"allowances": [_allow(["8.0.0.0/8"], _named("web"))], "expected": 16777216},
		"by a named port, beside every port of something else": {
			"allowances": [_allow(["8.0.0.0/8"], _named("web")), _allow(["10.0.0.0/8"], ports.all)], "expected": 16777216,
		},
	}
	reach.anywhere(row.allowances, reach.cells(row.allowances)) == row.expected
}

test_mentions_blocks_and_exceptions_once if {
	allowances := [_allow([{"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}, "8.8.0.0/16", "::/0"], ports.all)]
	reach.mentions(allowances, 4, "public") == {[8, 134217728, 16777216], [16, 134742016, 65536], [0, 0, 3702257664]}
	reach.mentions(allowances, 6, "all") == {[0, 0, cidr.powers[128]]}
}
