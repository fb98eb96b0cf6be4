package lib.egress.ports_test

import data.lib.egress.ports

test_counts_the_ports_of_a_protocol[name] if {
	some name, row in {
		"none": {"ports": [], "expected": 0},
		"one": {"ports": [{"protocol": "TCP", "low": 443, "high": 443}], "expected": 1},
		"a range with both its ends": {"ports": [{"protocol": "TCP", "low": 1, "high": 65535}], "expected": 65535},
		"those of another protocol do not count": {"ports": [{"protocol": "UDP", "low": 1, "high": 9}], "expected": 0},
		"ranges apart": {
			"ports": [{"protocol": "TCP", "low": 1, "high": 2}, {"protocol": "TCP", "low": 5, "high": 6}],
			"expected": 4,
		},
		"ranges that overlap count once": {
			"ports": [{"protocol": "TCP", "low": 1, "high": 6}, {"protocol": "TCP", "low": 4, "high": 9}],
			"expected": 9,
		},
		"a range inside another, and the same twice": {
			"ports": [
				{"protocol": "TCP", "low": 1, "high": 9}, {"protocol": "TCP", "low": 4, "high": 4},
				{"protocol": "TCP", "low": 1, "high": 9},
			],
			"expected": 9,
		},
		"ranges that touch": {
			"ports": [{"protocol": "TCP", "low": 1, "high": 4}, {"protocol": "TCP", "low": 5, "high": 9}],
			"expected": 9,
		},
		"a name is one port": {"ports": [{"protocol": "TCP", "name": "web"}], "expected": 1},
		"a name twice is one, two names are two": {
			"ports": [
				{"protocol": "TCP", "name": "web"}, {"protocol": "TCP", "name": "web"}, {"protocol": "TCP", "name": "db"},
				{"protocol": "UDP", "name": "dns"}, {"protocol": "TCP", "low": 80, "high": 80},
			],
			"expected": 3,
		},
	}
	ports.size(row.ports, "TCP") == row.expected
}

test_every_port_is_that_of_three_protocols if {
	{port.protocol | some port in ports.all} == {"TCP", "UDP", "SCTP"}
	every port in ports.all { ports.size(ports.all, port.protocol) == ports.total }
}

test_cuts_ranges_at_their_edges[name] if {
	some name, row in {
		"none": {"ranges": [], "expected": []},
		"one": {"ranges": [[1, 9]], "expected": [[1, 9]]},
		"an overlap is an interval of its own": {"ranges": [[4, 9], [1, 6]], "expected": [[1, 3], [4, 6], [7, 9]]},
		"a gap is one as well": {"ranges": [[1, 2], [5, 6]], "expected": [[1, 2], [3, 4], [5, 6]]},
		"more than two numbers in a range are fine": {"ranges": [[1, 2, "x"]], "expected": [[1, 2]]},
		"numbers sort as numbers": {"ranges": [[9, 10], [100, 100]], "expected": [[9, 10], [11, 99], [100, 100]]},
	}
	ports.intervals(row.ranges) == row.expected
}

_web := [{"protocol": "TCP", "low": 80, "high": 443}, {"protocol": "TCP", "name": "web"}]

test_holds_a_number[name] if {
	some name, row in {
		"below": {"protocol": "TCP", "number": 79, "expected": false},
		"the first": {"protocol": "TCP", "number": 80, "expected": true},
		"the last": {"protocol": "TCP", "number": 443, "expected": true},
		"above": {"protocol": "TCP", "number": 444, "expected": false},
		"of another protocol": {"protocol": "UDP", "number": 80, "expected": false},
	}
	_holds(row) == row.expected
}

_holds(row) if {
	ports.holds(_web, row.protocol, row.number)
} else := false

test_holds_every_port_of_a_range[name] if {
	some name, row in {
		"itself": {"port": _range("TCP", 1, 5), "set": [_range("TCP", 1, 5)], "expected": true},
		"a part": {"port": _range("TCP", 2, 3), "set": [_range("TCP", 1, 5)], "expected": true},
		"of adjacent ranges": {"port": _range("TCP", 1, 5), "set": [_range("TCP", 3, 9), _range("TCP", 1, 2)], "expected": true},
		"not of ranges with a gap": {"port": _range("TCP", 1, 5), "set": [_range("TCP", 1, 2), _range("TCP", 4, 5)], "expected": false},
		"not one more": {"port": _range("TCP", 1, 6), "set": [_range("TCP", 1, 5)], "expected": false},
		"not of another protocol": {"port": _range("UDP", 1, 5), "set": [_range("TCP", 1, 5)], "expected": false},
		"not of nothing": {"port": _range("TCP", 1, 5), "set": [], "expected": false},
		"a name": {"port": {"protocol": "TCP", "name": "web"}, "set": [{"protocol": "TCP", "name": "web"}], "expected": true},
		"not another name": {"port": {"protocol": "TCP", "name": "web"}, "set": [{"protocol": "TCP", "name": "db"}, _range("TCP", 1, 5)], "expected": false},
	}
	_inside(row.port, row.set) == row.expected
}

_range(protocol, low, high) := {"protocol": protocol, "low": low, "high": high}

_inside(port, set) if {
	ports.inside(port, set)
} else := false

test_shares_ports[name] if {
	some name, row in {
		"a part": {"one": [_range("TCP", 1, 5)], "other": [_range("TCP", 4, 9)], "expected": [_range("TCP", 4, 5)]},
		"none": {"one": [_range("TCP", 1, 5)], "other": [_range("TCP", 6, 9)], "expected": []},
		"none of another protocol": {"one": [_range("TCP", 1, 5)], "other": [_range("UDP", 1, 5)], "expected": []},
		"no name": {"one": [{"protocol": "TCP", "name": "web"}], "other": ports.all, "expected": []},
	}
	ports.common(row.one, row.other) == row.expected
}
