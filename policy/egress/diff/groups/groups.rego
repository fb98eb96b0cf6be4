# METADATA
# title: Order and groups
# description: |
#   What Rego has no aggregate for: neighbours in a sorted array, taken together in one pass, where the same by keys would look at everything
#   once for each key. And sorting that stays quick: compiled to wasm, `sort` compares everything with everything.
package egress.diff.groups

# So few are sorted as they are.
_few := 32

_ways := 16

# METADATA
# description: |
#   Rows sorted, of which each has a number, in the same order; a row of a lower number is one that sorts before.
sorted(rows, ordinals) := sort(rows) if {
	_nearly(rows)
} else := [row |
	some part in _parts([[ordinals[i], row] | some i, row in rows])
	some finer in _finer(part)
	some finest in _finer(finer)
	some row in sort([pair[1] | some pair in finest])
]

_nearly(rows) if count(rows) <= _few

# What comes out of a set is sorted in OPA.
_nearly(rows) if {
	count(rows) > _few
	count([1 | some i, row in rows; row > rows[i + 1]]) == 0
}

_finer(pairs) := [pairs] if {
	count(pairs) <= _few
} else := _parts(pairs)

# By what part of the way from the lowest to the highest number each is.
_parts(pairs) := [part |
	lowest := min([pair[0] | some pair in pairs])
	width := (max([pair[0] | some pair in pairs]) - lowest) + 1
	places := [place | some pair in pairs; place := floor(((pair[0] - lowest) * _ways) / width)]
	some way in numbers.range(0, _ways)
	part := [pairs[i] | some i, place in places; place == way]
	count(part) > 0
]

# METADATA
# description: The values of each key, [[key, [value]]], of an array of [key, value] in which the same keys follow each other.
of(pairs) := [[pairs[start][0], [pair[1] | some pair in array.slice(pairs, start, ends[n])]] | some n, start in starts] if {
	starts := [i | some i, _ in pairs; _differs(pairs, i)]
	ends := _ends(starts, pairs)
}

# METADATA
# description: |
#   The runs of intervals of the same key that follow each other without a gap, [[key, low, high, [interval]]], of a sorted array of
#   intervals [key, low, high, …].
runs(intervals) := [[intervals[start][0], intervals[start][1], intervals[ends[n] - 1][2], array.slice(intervals, start, ends[n])] |
	some n, start in starts
] if {
	starts := [i | some i, _ in intervals; _begins(intervals, i)]
	ends := _ends(starts, intervals)
}

_ends(starts, rows) := array.concat(array.slice(starts, 1, count(starts)), [count(rows)])

_differs(_, 0)

_differs(rows, i) if {
	i > 0
	rows[i - 1][0] != rows[i][0]
}

_begins(rows, i) if _differs(rows, i)

_begins(rows, i) if {
	i > 0
	rows[i - 1][0] == rows[i][0]
	rows[i - 1][2] + 1 != rows[i][1]
}
