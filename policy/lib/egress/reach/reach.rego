# METADATA
# title: Reach
# description: |
#   The one place where allowances are resolved to what may be reached. A reach is {"cells": [cell], "default": action}. A cell is
#   the ports of one protocol on which the same allowances speak, with those allowances as layers in the order in which
#   they decide: {"protocol", "count", "low", "high" or "name", "layers": {family: [layer]}}. The addresses of a cell are those for which
#   `allows` holds; `measure` counts them exactly.
package lib.egress.reach

import data.lib.egress.cidr
import data.lib.egress.ports

# METADATA
# description: |
#   The cells of some allowances. Blocks are nested or apart, and so are the port intervals between the edges of all ranges: within a
#   cell no allowance holds only some of the ports.
cells(allowances) := array.concat(_numbered(allowances), _named(allowances))

# A rule that lists hundreds of ports and no range needs no intervals.
_numbered([given]) := [cell |
	some [protocol, number] in {[port.protocol, port.low] | some port in given.ports}
	cell := {"protocol": protocol, "low": number, "high": number, "count": 1, "speaking": {0}, "allowances": [given]}
] if {
	_single_ports(given)
}

_numbered(allowances) := _between_edges(allowances) if {
	count(allowances) != 1
}

_numbered([given]) := _between_edges([given]) if not _single_ports(given)

_single_ports(given) if {
	every port in given.ports { port.low == port.high }
}

_between_edges(allowances) := [cell |
	some protocol in {port.protocol | some given in allowances; some port in given.ports}
	segments := [[port.low, port.high, i] |
		some i, given in allowances
		some port in given.ports
		port.protocol == protocol
		port.low
	]
	some [first, last] in ports.intervals(segments)
	speaking := {i |
		some segment in segments
		segment[0] <= first
		segment[1] >= first
		i := segment[2]
	}
	count(speaking) > 0
	cell := {
		"protocol": protocol, "low": first, "high": last, "count": (last - first) + 1, "speaking": speaking,
		"allowances": [given | some i, given in allowances; i in speaking],
	}
]

# A named port is a port of its own, on which those that hold every port speak as well.
_named(allowances) := [cell |
	some [protocol, name] in {[port.protocol, port.name] | some given in allowances; some port in given.ports; port.name}
	speaking := {i |
		some i, given in allowances
		_speaks_on(given, protocol, name)
	}
	cell := {
		"protocol": protocol, "name": name, "count": 1, "speaking": speaking,
		"allowances": [given | some i, given in allowances; i in speaking],
	}
]

_speaks_on(given, protocol, name) if {"protocol": protocol, "name": name} in given.ports

_speaks_on(given, protocol, _) if {"protocol": protocol, "low": 1, "high": ports.total} in given.ports

# METADATA
# description: |
#   The ways to the addresses of a family, by their names (see `allowance`), each as the layers of some allowances in the order in which they decide. An address is
#   reached if one way is open: a denial of IPv6 says nothing of IPv4 itself. Where nobody allows anything there is no way.
ways(allowances, family) := {way: layers |
	some way in {claim.way | some given in allowances; given.action == "allow"; some claim in given.claims; claim.family == family}
	layers := _layers(allowances, family, way)
}

# METADATA
# description: The same without what IPv6 leads to as IPv4.
direct(allowances, family) := object.filter(ways(allowances, family), [""])

_layers(allowances, family, way) := [layer |
	some [tier, order, action] in sort({[given.tier, given.order, _first[given.action]] | some given in allowances})
	claims := [claim |
		some given in allowances
		[given.tier, given.order, _first[given.action]] == [tier, order, action]
		some claim in given.claims
		claim.family == family
		claim.way == way
	]
	layer := {
		"tier": tier, "action": _actions[action],
		"plain": {[claim.length, claim.low] | some claim in claims; claim.except == []},
		"lengths": {claim.length | some claim in claims; claim.except == []},
		"holed": [claim | some claim in claims; claim.except != []],
	}
]

# Of two that stand at the same place the denial comes first.
_first := {"deny": 0, "allow": 1, "pass": 2}

_actions := {0: "deny", 1: "allow", 2: "pass"}

# METADATA
# description: Whether a way is open to a block that no other mentioned block splits.
allows(ways_of, block) if {
	some layers in ways_of
	_allows(layers, block)
}

# What no layer holds is not allowed.
_allows(layers_of, block) if {
	speaking := [layer | some layer in layers_of; _holds(layer, block)]
	passed := {tier |
		some tier in {layer.tier | some layer in speaking}
		[layer.action | some layer in speaking; layer.tier == tier][0] == "pass"
	}
	[layer.action | some layer in speaking; not layer.tier in passed][0] == "allow"
}

_holds(layer, block) if {
	some length in layer.lengths
	length <= block.length
	layer.plain[[length, block.low - (block.low % cidr.size(block.family, length))]]
}

_holds(layer, block) if {
	some claim in layer.holed
	cidr.inside(block, claim)
	not _excepted(claim, block)
}

_excepted(claim, block) if {
	some hole in claim.except
	cidr.inside(block, hole)
}

# METADATA
# description: |
#   The blocks and exceptions that some allowances mention in one family, each once, as [length, low, weight], weighed by their
#   "public" addresses, as their claims carry them, or by "all". No object: OPA does not find keys that hold large computed integers.
mentions(allowances, family, "public") := {[block.length, block.low, block.public] |
	some given in allowances
	some claim in given.claims
	claim.family == family
	some block in array.concat([claim], claim.except)
}

mentions(allowances, family, "all") := {[block.length, block.low, cidr.size(family, block.length)] |
	some given in allowances
	some claim in given.claims
	claim.family == family
	some block in array.concat([claim], claim.except)
}

# METADATA
# description: |
#   How many addresses of one family are allowed by any of some alternatives, each the ways of a cell. The sum over the mentioned blocks
#   of their weight where they are allowed, less their weight where the next block around them is.
measure(mentioned, alternatives, family) := sum([weight | some [length, low, weight] in mentioned; allowed[[length, low]]]) - sum([weight |
	some [length, low, weight] in mentioned
	allowed[_parent(places, lengths, family, [length, low])]
]) if {
	places := {[length, low] | some [length, low, _] in mentioned}
	lengths := {place[0] | some place in places}
	allowed := {place |
		some place in places
		block := cidr.block(family, place[0], place[1])
		some ways_of in alternatives
		allows(ways_of, block)
	}
}

_parent(places, lengths, family, place) := max({around |
	some length in lengths
	length < place[0]
	around := [length, place[1] - (place[1] % cidr.size(family, length))]
	places[around] # compiled to wasm, `in` looks at each one
})

# METADATA
# description: How many addresses of a family the allowances of a cell allow.
addresses(allowances, family, weight) := 0 if {
	mentions(allowances, family, weight) == set()
} else := measure(mentions(allowances, family, weight), [ways(allowances, family)], family)

# METADATA
# description: How many public IPv4 addresses are allowed on any port of any cell.
anywhere(allowances, cells_of) := 0 if {
	mentions(allowances, 4, "public") == set()
} else := measure(mentions(allowances, 4, "public"), [ways(cell.allowances, 4) | some cell in cells_of], 4)
