# METADATA
# title: The public address space
# description: |
#   How many public addresses a block holds. What is public is told by a *space*, made once from the parameter
#   `internalBlocks`; `family` tells of each family {"public": [block], "hidden": [block], "total": n}, where hidden blocks lie inside
#   public ones and apart from each other.
# related_resources:
#   - ref: https://www.iana.org/assignments/iana-ipv4-special-registry
#   - ref: https://www.iana.org/assignments/ipv6-unicast-address-assignments
package lib.egress.space

import data.lib.egress.cidr

# METADATA
# description: The space in which the given blocks (CIDR texts that `cidr.parse` reads) are private.
of(internal_blocks) := {4: _space4(internal_blocks, _reserved[4]), 6: _space6(internal_blocks, _reserved[6])}

# METADATA
# description: The same, but with the documentation blocks public, as they are everywhere but in sums.
with_documentation(internal_blocks) := {
	4: _space4(internal_blocks, [text | some text in _reserved[4]; not text in _documentation]),
	6: _family(_blocks(_assigned), _blocks(internal_blocks), []),
}

_documentation := {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"}

_space4(internal_blocks, reserved) := object.union(found, {"by_octet": _by_octet(found.hidden)}) if {
	found := _family([cidr.block(4, 0, 0)], _blocks(internal_blocks), _blocks(reserved))
}

# Made only when IPv6 is asked for, unless there are internal blocks of IPv6.
_space6(internal_blocks, _) := null if {
	not _has_ipv6(internal_blocks)
}

_space6(internal_blocks, reserved) := _family(_blocks(_assigned), _blocks(internal_blocks), _blocks(reserved)) if {
	_has_ipv6(internal_blocks)
}

_has_ipv6(texts) if {
	some text in texts
	contains(text, ":")
}

_usual6 := _family(_blocks(_assigned), [], _blocks(_reserved[6]))

# METADATA
# description: What a space says of a family.
family(space, 4) := space[4]

family(space, 6) := space[6] if {
	space[6] != null
} else := _usual6

_family(public, internal, reserved) := {"public": public, "hidden": hidden, "total": total} if {
	hidden := _hidden(public, internal, reserved)
	total := sum([cidr.size(p.family, p.length) | some p in public]) - sum([cidr.size(p.family, p.length) | some p in hidden])
}

# The reserved blocks lie in public ones and apart.
_hidden(_, [], reserved) := reserved

_hidden(public, internal, reserved) := _outermost({[piece.family, piece.length, piece.low] |
	some candidate in array.concat(reserved, internal)
	some block in public
	piece := _common(candidate, block)
}) if {
	count(internal) > 0
}

_blocks(texts) := [block | some text in texts; block := cidr.parse(text)]

_common(a, b) := a if {
	cidr.inside(a, b)
} else := b if {
	cidr.inside(b, a)
}

_outermost(pieces) := [block |
	some block in blocks
	count([1 | some other in blocks; cidr.inside(block, other)]) == 1
] if {
	blocks := [cidr.block(piece[0], piece[1], piece[2]) | some piece in pieces]
}

# Hidden IPv4 blocks by each first octet that they touch, so that the common block looks at few.
_by_octet(hidden) := {octet: found |
	spans := [[bits.rsh(block.low, 24), bits.rsh(block.high, 24), block] | some block in hidden]
	some octet in {n | some [first, last, _] in spans; some n in numbers.range(first, last)}
	found := [block |
		some [first, last, block] in spans
		first <= octet
		last >= octet
	]
}

# METADATA
# description: How many public addresses a block holds.
public(space, block) := family(space, block.family).total if {
	block.length == 0
} else := cidr.size(4, block.length) if {
	block.family == 4
	block.length >= 8
	not space[4].by_octet[bits.rsh(block.low, 24)]
} else := 0 if {
	some hidden in _near(space, block)
	cidr.inside(block, hidden)
} else := sum([_overlap(block, p) | some p in family(space, block.family).public]) - sum([_overlap(block, h) | some h in _near(space, block)])

_near(space, block) := object.get(space[4].by_octet, bits.rsh(block.low, 24), []) if {
	block.family == 4
	block.length >= 8
} else := family(space, block.family).hidden

_overlap(a, b) := cidr.size(a.family, a.length) if {
	cidr.inside(a, b)
} else := cidr.size(b.family, b.length) if {
	cidr.inside(b, a)
} else := 0

_reserved := {
	4: [
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	],
	6: ["2001:db8::/32"],
}

# What IANA has assigned to the regional registries, as of December 2024.
_assigned := [
	"2001:200::/23", "2001:400::/23", "2001:600::/23", "2001:800::/22", "2001:c00::/23", "2001:e00::/23", "2001:1200::/23",
	"2001:1400::/22", "2001:1800::/23", "2001:1a00::/23", "2001:1c00::/22", "2001:2000::/19", "2001:4000::/23",
	"2001:4200::/23", "2001:4400::/23", "2001:4600::/23", "2001:4800::/23", "2001:4a00::/23", "2001:4c00::/23",
	"2001:5000::/20", "2001:8000::/19", "2001:a000::/20", "2001:b000::/20", "2003::/18", "2400::/12", "2410::/12",
	"2600::/12", "2610::/23", "2620::/23", "2630::/12", "2800::/12", "2a00::/12", "2a10::/12", "2c00::/12",
]
