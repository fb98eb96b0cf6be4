# METADATA
# title: Who opens what
# description: Finds the rules behind blocks of addresses, in one pass over both.
package egress.diff.sources

import data.egress.diff.groups
import data.lib.egress.cidr

# METADATA
# description: |
#   The sources of each of some sorted entries [low, length, exceptions] of a family, in their order: of each rule that holds some of it, the first
#   [order, index of the rule, name of the policy, path].
of(family, entries, rules) := [found |
	some [low, length, _] in entries
	key := _text(family, low, length)
	found := _each_rule(sort(array.concat(object.get(inside, key, []), object.get(around, key, []))))
] if {
	claims := _claims(family, rules)
	inside := _inside(family, entries, claims)
	around := _around(family, entries, claims)
}

# Integers of IPv6 are no keys of objects in OPA, and print differently in wasm.
_text(4, low, length) := $"{low}/{length}"

_text(6, low, length) := cidr.text({"family": 6, "length": length, "low": low})

_claims(family, rules) := groups.sorted(found, [claim[0] | some claim in found]) if {
	found := [[claim.low, claim.length, _source(rule.source, i, claim.path), _holes(claim.except)] |
		some rule in rules
		count(rule.source) > 0
		some i, claim in rule.allowance.claims
		claim.family == family
	]
}

_holes(except) := {"places": {[hole.low, hole.length] | some hole in except}, "lengths": {hole.length | some hole in except}}

# As [order, index of the rule, index of the block, name of the policy, path].
_source([order, index, name, path], _, "") := [order, index, 0, name, path]

_source([order, index, name, _], i, path) := [order, index, i, name, path] if path != ""

# The sources that lie in an entry, and not in one of its exceptions.
_inside(family, entries, claims) := _by_text(family, [[[low, length], source] |
	places := {[low, length] | some [low, length, _] in entries}
	lengths := {length | some [_, length, _] in entries}
	holes := {[low, length, start, longer] | some [low, length, found] in entries; some [start, longer] in found}
	longers := {longer | some [_, _, _, longer] in holes}
	some [start, own, source, _] in claims
	some length in lengths
	length <= own
	low := _aligned(family, length, start)
	places[[low, length]]
	count([1 | some longer in longers; longer <= own; holes[[low, length, _aligned(family, longer, start), longer]]]) == 0
])

# The sources that lie around an entry.
_around(family, entries, claims) := _by_text(family, [[[low, length], source] |
	places := {[start, own] | some [start, own, _, _] in claims}
	lengths := {own | some [_, own, _, _] in claims}
	around := {[start, own] |
		some [low, length, _] in entries
		some own in lengths
		own < length
		start := _aligned(family, own, low)
		places[[start, own]]
	}
	by_place := _by_text(family, [[[start, own], [source, holes]] | some [start, own, source, holes] in claims; around[[start, own]]])
	some [low, length, _] in entries
	some own in lengths
	own < length
	start := _aligned(family, own, low)
	around[[start, own]]
	some [source, holes] in by_place[_text(family, start, own)]
	not _excepted(family, holes, low, length)
])

_excepted(family, holes, low, length) if {
	some longer in holes.lengths
	longer <= length
	holes.places[[_aligned(family, longer, low), longer]]
}

_aligned(family, length, low) := low - (low % cidr.size(family, length))

_by_text(family, pairs) := {_text(family, low, length): values |
	some [[low, length], values] in groups.of(groups.sorted(pairs, [low | some [[low, _], _] in pairs]))
}

_each_rule([]) := []

_each_rule([[order, index, _, name, path]]) := [[order, index, name, path]]

_each_rule(sources) := [[order, index, rest[0][0], rest[0][1]] |
	some [[order, index], rest] in groups.of([[[order, index], [name, path]] | some [order, index, _, name, path] in sources])
] if {
	count(sources) > 1
}
