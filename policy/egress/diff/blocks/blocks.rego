# METADATA
# title: Sets of addresses as few blocks
# description: |
#   Writes a set of addresses as CIDR blocks less exceptions, exactly and as few as it finds. The set is told by blocks that are
#   nested or apart: of each, whether the addresses that are in it and in no smaller one belong to the set.
package egress.diff.blocks

import data.egress.diff.groups
import data.lib.egress.cidr

# More exceptions than these are told as such, though there might be as few blocks without them.
_few := 32

# What stands for the block around one that is in no other.
_nowhere := [-1, 0]

# METADATA
# description: |
#   A set of one family as a sorted array of [low, length, [[low, length] of an exception]], from a sorted array of blocks [low, length, whether it belongs
#   to the set].
fewest(family, told) := [] if {
	count([1 | some [_, _, belongs] in told; belongs]) == 0
} else := [[low, length, []] |
	some run in groups.runs([["", low, (low + cidr.size(family, length)) - 1, length] | some [low, length, belongs] in told; belongs])
	some [low, length] in _blocks_of_run(family, run)
] if {
	_apart(family, told)
} else := groups.sorted(found, [low | some [low, _, _] in found]) if {
	turns := _turns(family, _filled(family, told))
	merged := [block | some [_, block] in _merged(family, turns, true)]
	placed := _placed(family, merged, _merged(family, turns, false))
	holes := groups.of(groups.sorted(placed, [low | some [[low, _], _] in placed]))
	pierced := {block | some [block, _] in holes}
	found := array.concat(
		[[low, length, []] | some [low, length] in merged; not pierced[[low, length]]],
		[entry | some [block, inside] in holes; some entry in _less(family, block, inside)],
	)
}

# Most lists of blocks are of blocks that lie apart, about which there is not much to say.
_apart(family, told) if count([1 | some i, block in told; block[0] + cidr.size(family, block[1]) > told[i + 1][0]]) == 0

# The blocks that have addresses of their own: what smaller ones cover wholly says nothing.
_filled(family, told) := [block | some block in told; not covered[[block[0], block[1]]]] if {
	index := _index(told)
	inside := [[around, cidr.size(family, length)] |
		some [low, length, _] in told
		around := _around(family, index, low, length)
		around != _nowhere
	]
	by_block := groups.of(groups.sorted(inside, [low | some [[low, _], _] in inside]))
	covered := {block | some [block, sizes] in by_block; sum(sizes) == cidr.size(family, block[1])}
}

_index(told) := {"places": {[block[0], block[1]] | some block in told}, "lengths": sort({block[1] | some block in told})}

# The smallest indexed block around one that is longer than it.
_around(_, index, _, length) := _nowhere if {
	index.lengths[0] >= length
}

_around(family, index, low, length) := found[count(found) - 1] if {
	index.lengths[0] < length
	found := [place |
		some shorter in index.lengths
		shorter < length
		place := [low - (low % cidr.size(family, shorter)), shorter]
		index.places[place]
	]
	count(found) > 0
} else := _nowhere if {
	index.lengths[0] < length
}

# The blocks that differ from what is around them, as [the one around, low, length, whether it belongs to the set].
_turns(family, filled) := [[_around(family, kept, low, length), low, length, belongs] | some [low, length, belongs] in differing] if {
	index := _index(filled)
	belonging := {[low, length] | some [low, length, belongs] in filled; belongs}
	differing := [block |
		some block in filled
		block[2] != _has(belonging, _around(family, index, block[0], block[1]))
	]
	kept := _index(differing)
}

_has(set_of, key) if {
	set_of[key]
} else := false

# The turns of one kind, neighbours within the same block taken together, as [the one around, [low, length]].
_merged(family, turns, kind) := [[run[0], block] |
	intervals := [[around, low, (low + cidr.size(family, length)) - 1, length] |
		some [around, low, length, belongs] in turns
		belongs == kind
	]
	some run in groups.runs(groups.sorted(intervals, [low | some [[low, _], _, _, _] in intervals]))
	some block in _blocks_of_run(family, run)
]

_blocks_of_run(_, [_, low, _, [[_, _, _, length]]]) := [[low, length]]

_blocks_of_run(family, [_, low, high, intervals]) := exactly(family, low, high) if count(intervals) > 1

# METADATA
# description: The fewest blocks, as sorted [low, length], that together are the addresses from one to another.
exactly(family, low, high) := sort(found) if {
	# Of each size there is one at most where the small ones grow, and one where they shrink again.
	found := {[start, length] |
		some length in numbers.range(0, cidr.address_bits[family])
		size := cidr.size(family, length)
		size <= (high - low) + 1
		some start in [low + ((size - (low % size)) % size), ((high + 1) - ((high + 1) % size)) - size]
		_between(start, size, low, high)
		not _in_larger(family, length, start, low, high)
	}
}

_between(start, size, low, high) if {
	start >= low
	start + size <= high + 1
}

_in_larger(family, length, start, low, high) if {
	length > 0
	size := cidr.size(family, length - 1)
	_between(start - (start % size), size, low, high)
}

# Each exception with the block that it is one of.
_placed(family, merged, exceptions) := [[block, hole] |
	index := _index(merged)
	some [around, hole] in exceptions
	block := _around(family, index, around[0], around[1] + 1)
]

# A block less exceptions, [low, length] each and sorted: in other blocks, if they are no more, else in the smallest around what is left.
_less(family, block, holes) := [[low, length, []] | some [low, length] in pieces] if {
	count(holes) <= _few
	pieces := [piece | some [low, high] in _left(family, block, holes); some piece in exactly(family, low, high)]
	count(pieces) <= count(holes) + 1
} else := [[low, length, [hole | some hole in holes; _in_block(family, hole, length, low)]]] if {
	left := _left(family, block, holes)
	[low, length] := _smallest_around(family, left[0][0], left[count(left) - 1][1])
}

_in_block(family, hole, length, low) if hole[0] - (hole[0] % cidr.size(family, length)) == low

_left(family, [low, length], holes) := [[first, lasts[i]] |
	some i, first in firsts
	first <= lasts[i]
] if {
	firsts := array.concat([low], [next | some [start, longer] in holes; next := start + cidr.size(family, longer)])
	lasts := array.concat([before | some [start, _] in holes; before := start - 1], [(low + cidr.size(family, length)) - 1])
}

_smallest_around(family, low, high) := [low - (low % cidr.size(family, longest)), longest] if {
	longest := max([length |
		some length in numbers.range(0, cidr.address_bits[family])
		size := cidr.size(family, length)
		low - (low % size) == high - (high % size)
	])
}
