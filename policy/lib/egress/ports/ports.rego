# METADATA
# title: Port sets
# description: |
#   A port set is an array of ranges {"protocol", "low", "high"} of numbers from 1 to 65535, and named ports {"protocol", "name"},
#   which count as one port each.
package lib.egress.ports

# How many ports a protocol has.
total := 65535

# METADATA
# description: Every port of every protocol that has ports.
all := [
	{"protocol": "TCP", "low": 1, "high": 65535},
	{"protocol": "UDP", "low": 1, "high": 65535},
	{"protocol": "SCTP", "low": 1, "high": 65535},
]

# METADATA
# description: How many ports of one protocol a port set holds.
size(ports, protocol) := _single(ranges) + count({port.name | some port in ports; port.protocol == protocol; port.name}) if {
	ranges := [[port.low, port.high] | some port in ports; port.protocol == protocol; port.low]
}

_single([]) := 0

_single([range]) := (range[1] - range[0]) + 1

_single(ranges) := sum([n |
	some [first, last] in intervals(ranges)
	_held(first, ranges)
	n := (last - first) + 1
]) if {
	count(ranges) > 1
}

_held(port, ranges) if {
	some range in ranges
	range[0] <= port
	range[1] >= port
}

# METADATA
# description: The intervals between the edges of some ranges. Within one, every range holds all ports or none.
intervals(ranges) := [[first, edges[i + 1] - 1] |
	some i, first in edges
	i + 1 < count(edges)
] if {
	edges := sort({edge | some range in ranges; some edge in [range[0], range[1] + 1]})
}

# METADATA
# description: Whether a port set holds a port number of a protocol.
holds(ports, protocol, number) if {
	some port in ports
	port.protocol == protocol
	port.low <= number
	port.high >= number
}

# METADATA
# description: Whether a port set holds every port of a range; a named port only if it names it as well.
inside(port, set) if {
	ranges := [[other.low, other.high] | some other in set; other.protocol == port.protocol; other.low]
	follows := [next | some range in ranges; range[1] >= port.low; range[1] < port.high; next := range[1] + 1]
	every first in array.concat([port.low], follows) { _held(first, ranges) }
}

inside(port, set) if {
	port.name
	some other in set
	other == port
}

# METADATA
# description: The ports that two port sets share, named ones left out.
common(one, other) := [{"protocol": a.protocol, "low": low, "high": high} |
	some a in one
	some b in other
	a.protocol == b.protocol
	low := max([a.low, b.low])
	high := min([a.high, b.high])
	low <= high
]
