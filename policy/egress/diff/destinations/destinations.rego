# METADATA
# title: Destinations that differ
# description: |
#   What some rules let out and others do not, port by port: addresses exactly, as few blocks; pods by the form of the peers that select them.
package egress.diff.destinations

import data.egress.diff.blocks
import data.egress.diff.groups
import data.egress.diff.peers
import data.egress.diff.sources
import data.lib.egress.cidr
import data.lib.egress.reach

# METADATA
# description: What of some rules decides where they lead, to tell at a glance that nothing differs.
told(rules) := [[rule.allowance.claims, rule.allowance.ports, rule.peers] | some rule in rules]

# METADATA
# description: |
#   What rules (see `sides.rules`) of a namespace let out and did not before, and the other way round: {"opened": [entry], "closed": [entry]}.
#   Approvals are allowances that hold for both.
differing(before, after, approvals, namespace) := {
	"opened": _entries([[cell, row] | some cell in cells; some row in by_speaking[cell.speaking].opened], namespace),
	"closed": _entries([[cell, row] | some cell in cells; some row in by_speaking[cell.speaking].closed], namespace),
} if {
	allowances := array.flatten([
		[rule.allowance | some rule in before],
		[rule.allowance | some rule in after],
		[object.union(approval, {"action": "allow"}) | some approval in approvals],
	])
	cells := reach.cells(allowances)
	by_speaking := {speaking: rows |
		some speaking in {cell.speaking | some cell in cells}
		rows := _rows(
			[before[i] | some i in sort(speaking); i < count(before)],
			[after[i - count(before)] | some i in sort(speaking); i >= count(before); i < count(before) + count(after)],
			[allowances[i] | some i in sort(speaking); i >= count(before) + count(after)],
		)
	}
}

# What differs where these speak, as [destination, approved, sources]. A destination is [family, low, length, exceptions], or [7, -1, written form,
# written forms of exceptions].
_rows(before, after, approvals) := {
	"opened": array.concat(_addresses(marks, [false, true], after), _pods(before, after)),
	"closed": array.concat(_addresses(marks, [true, false], before), _pods(after, before)),
} if {
	marks := {family: found |
		some family in [4, 6]
		found := _marks(family, before, after, approvals)
	}
}

# The mentioned blocks as sorted [low, length, [allowed before, allowed after, approved]], each for the addresses that are in no smaller one.
# A destination is told as what it is: where IPv6 is translated to it is told as IPv6, and approved as such.
_marks(family, before, after, approvals) := [] if {
	_claimed(family, before) == _claimed(family, after)
} else := [[low, length, [_allowed(olds, block), _allowed(news, block), _allowed(approved, block)]] |
	mentioned := [[low, length] | some [length, low, _] in reach.mentions(array.flatten([_allowances(before), _allowances(after), approvals]), family, "all")]
	some [low, length] in groups.sorted(mentioned, [low | some [low, _] in mentioned])
	block := cidr.block(family, length, low)
] if {
	olds := reach.ways(_allowances(before), family)
	news := reach.ways(_allowances(after), family)
	approved := reach.direct(approvals, family)
}

_allowances(rules) := [rule.allowance | some rule in rules]

_claimed(family, rules) := {[claim.length, claim.low, {[hole.length, hole.low] | some hole in claim.except}] |
	some rule in rules
	some claim in rule.allowance.claims
	claim.family == family
}

_allowed(ways, block) if {
	reach.allows(ways, block)
} else := false

_addresses(marks, wanted, rules) := [[[family, low, length, holes], approved, by[i]] |
	some family in [4, 6]
	some approved in [false, true]
	entries := _blocks_of(family, marks[family], array.concat(wanted, [approved]))
	by := sources.of(family, entries, rules)
	some i, [low, length, holes] in entries
]

_blocks_of(family, marks, wanted) := blocks.fewest(family, [[low, length, mark == wanted] | some [low, length, mark] in marks]) if {
	wanted in {mark | some [_, _, mark] in marks}
} else := []

# No list of approved destinations is about pods.
_pods(before, after) := [[[7, -1, part, holes], false, [source | some [source, _] in found; count(source) > 0]] |
	known := {form | some rule in before; some form in rule.peers}
	some [_, found] in groups.of(sort([[peers.written(form), [rule.source, form]] | some rule in after; some form in rule.peers]))
	form := found[0][1]
	not known[form]
	some [part, holes] in peers.less(form, known)
]

# Ports that follow each other are told together where all else is the same; named ones come last.
_entries(found, namespace) := [_entry(row, namespace) | some row in array.concat(_ordered(numbered), _ordered(named))] if {
	ranges := [[[row[0][1], row, cell.protocol], cell.low, cell.high] | some [cell, row] in found; cell.low]
	numbered := [[_protocols[protocol], [low, high], protocol, row] |
		some [[_, row, protocol], low, high, _] in groups.runs(groups.sorted(ranges, [low | some [[low, _, _], _, _] in ranges]))
	]
	named := [[_protocols[cell.protocol], [cell.name], cell.protocol, row] | some [cell, row] in found; cell.name]
}

_protocols := {"TCP": 0, "UDP": 1, "SCTP": 2}

_ordered(rows) := groups.sorted(rows, [number | some row in rows; number := (row[0] * 65536) + _number(row[1][0])])

_number(port) := port if is_number(port)

# Named ports sort by name, whatever the number.
_number(port) := 0 if is_string(port)

_entry([_, [low, high], protocol, [destination, approved, from]], namespace) := {
	"protocol": protocol,
	"port": low,
	"endPort": high,
	"destination": _destination(destination, namespace),
	"approved": approved,
	"sources": _sources(from),
}

_entry([_, [name], protocol, [destination, approved, from]], namespace) := {
	"protocol": protocol,
	"port": name,
	"destination": _destination(destination, namespace),
	"approved": approved,
	"sources": _sources(from),
}

_sources(from) := [{"policy": name, "order": order, "path": path} | some [order, _, name, path] in from]

_destination([7, _, part, holes], namespace) := object.union(
	peers.peer(part, namespace),
	_except([hole | some found in holes; hole := peers.peer(found, namespace)]),
)

_destination([family, low, length, []], _) := {"cidr": cidr.text({"family": family, "length": length, "low": low})} if family != 7

_destination([family, low, length, holes], _) := {
	"cidr": cidr.text({"family": family, "length": length, "low": low}),
	"except": [hole | some [start, longer] in holes; hole := cidr.text({"family": family, "length": longer, "low": start})],
} if {
	family != 7
	count(holes) > 0
}

_except([]) := {}

_except(holes) := {"except": holes} if count(holes) > 0
