package egress.diff.groups_test

import data.egress.diff.groups

_shuffled := [n | some i in numbers.range(0, 199); n := (i * 67) % 200]

test_sorted[name] if {
	some name, given in {
		"few": [3, 1, 2],
		"many": _shuffled,
		"many that are sorted": numbers.range(0, 199),
		"many of the same number": [7 | some _ in _shuffled],
		"crowds far apart": [n | some i in _shuffled; n := (i % 2) * 340282366920938463463374607431768211455],
		"a crowd and one far away": array.concat(_shuffled, [340282366920938463463374607431768211455]),
	}
	rows := [[number, i] | some i, number in given]
	groups.sorted(rows, given) == sort(rows)
}

test_of[name] if {
	some name, [pairs, expected] in {
		"nothing": [[], []],
		"one": [[["a", 1]], [["a", [1]]]],
		"two keys": [[["a", 1], ["a", 2], ["b", 1]], [["a", [1, 2]], ["b", [1]]]],
	}
	groups.of(pairs) == expected
}

test_runs[name] if {
	some name, [intervals, expected] in {
		"nothing": [[], []],
		"one": [[["a", 1, 2]], [["a", 1, 2]]],
		"two that follow each other": [[["a", 1, 2], ["a", 3, 4]], [["a", 1, 4]]],
		"a gap": [[["a", 1, 2], ["a", 4, 4]], [["a", 1, 2], ["a", 4, 4]]],
		"another key": [[["a", 1, 2], ["b", 3, 4]], [["a", 1, 2], ["b", 3, 4]]],
	}
	[array.slice(run, 0, 3) | some run in groups.runs(intervals)] == expected
}
