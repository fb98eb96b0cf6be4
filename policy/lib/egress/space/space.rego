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
of(internal_blocks) := {4: null, 6: null} if {
	internal_blocks == []
} else := {4: _space4(internal_blocks, _reserved[4]), 6: _space6(internal_blocks, _reserved[6])}

# METADATA
# description: The same, but with the documentation blocks public, as they are everywhere but in sums.
with_documentation(internal_blocks) := {4: _documented4, 6: _documented6} if {
	internal_blocks == []
} else := {
	4: _space4(internal_blocks, [text | some text in _reserved[4]; not text in _documentation]),
	6: _family(_blocks(_assigned), _blocks(internal_blocks), []),
}

# Written out as the usual space is, and made of it.
_documented4 := {
	"public": _usual4.public,
	"total": _usual4.total + 768,
	"hidden": [
		{"family": 4, "length": 8, "low": 0, "high": 16777215},
		{"family": 4, "length": 8, "low": 167772160, "high": 184549375},
		{"family": 4, "length": 10, "low": 1681915904, "high": 1686110207},
		{"family": 4, "length": 8, "low": 2130706432, "high": 2147483647},
		{"family": 4, "length": 16, "low": 2851995648, "high": 2852061183},
		{"family": 4, "length": 12, "low": 2886729728, "high": 2887778303},
		{"family": 4, "length": 24, "low": 3221225472, "high": 3221225727},
		{"family": 4, "length": 24, "low": 3223307264, "high": 3223307519},
		{"family": 4, "length": 24, "low": 3224682752, "high": 3224683007},
		{"family": 4, "length": 24, "low": 3227017984, "high": 3227018239},
		{"family": 4, "length": 16, "low": 3232235520, "high": 3232301055},
		{"family": 4, "length": 24, "low": 3232706560, "high": 3232706815},
		{"family": 4, "length": 15, "low": 3323068416, "high": 3323199487},
		{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839},
		{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295},
	],
	"by_octet": object.union(object.remove(_usual4.by_octet, [192, 198, 203]), {
		192: [{"family": 4, "length": 24, "low": 3221225472, "high": 3221225727}, {"family": 4, "length": 24, "low": 3223307264, "high": 3223307519}, {"family": 4, "length": 24, "low": 3224682752, "high": 3224683007}, {"family": 4, "length": 24, "low": 3227017984, "high": 3227018239}, {"family": 4, "length": 16, "low": 3232235520, "high": 3232301055}, {"family": 4, "length": 24, "low": 3232706560, "high": 3232706815}],
		198: [{"family": 4, "length": 15, "low": 3323068416, "high": 3323199487}],
	}),
}

_documented6 := {"public": _usual6.public, "hidden": [], "total": _usual6.total + 79228162514264337593543950336}

_documentation := {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"}

_space4(internal_blocks, reserved) := object.union(found, {"by_octet": _by_octet(found.hidden)}) if {
	found := _family([cidr.block(4, 0, 0)], _blocks(internal_blocks), _blocks(reserved))
}

# Null stands for the usual, unless there are internal blocks of IPv6.
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

# METADATA
# description: What a space says of a family.
family(space, 4) := space[4] if {
	space[4] != null
} else := _usual4

family(space, 6) := space[6] if {
	space[6] != null
} else := _usual6

_family(public, internal, reserved) := {"public": public, "hidden": hidden, "total": total} if {
	hidden := _hidden(public, internal, reserved)
	total := sum([cidr.size(p.family, p.length) | some p in public]) - sum([cidr.size(p.family, p.length) | some p in hidden])
}

# The reserved blocks lie in public ones and apart.
_hidden(public, internal, reserved) := _outermost({[piece.family, piece.length, piece.low] |
	some candidate in array.concat(reserved, internal)
	some block in public
	piece := _common(candidate, block)
})

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
	not family(space, 4).by_octet[bits.rsh(block.low, 24)]
} else := 0 if {
	some hidden in _near(space, block)
	cidr.inside(block, hidden)
} else := sum([_overlap(block, p) | some p in family(space, block.family).public]) - sum([_overlap(block, h) | some h in _near(space, block)])

_near(space, block) := object.get(family(space, 4).by_octet, bits.rsh(block.low, 24), []) if {
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

# The usual space of IPv4, written out: Gatekeeper would work it out anew for each object and rule. A test compares it with what follows
# from `_reserved`.
_usual4 := {
	"public": [{"family": 4, "length": 0, "low": 0, "high": 4294967295}],
	"total": 3702257664,
	"hidden": [
		{"family": 4, "length": 8, "low": 0, "high": 16777215},
		{"family": 4, "length": 8, "low": 167772160, "high": 184549375},
		{"family": 4, "length": 10, "low": 1681915904, "high": 1686110207},
		{"family": 4, "length": 8, "low": 2130706432, "high": 2147483647},
		{"family": 4, "length": 16, "low": 2851995648, "high": 2852061183},
		{"family": 4, "length": 12, "low": 2886729728, "high": 2887778303},
		{"family": 4, "length": 24, "low": 3221225472, "high": 3221225727},
		{"family": 4, "length": 24, "low": 3221225984, "high": 3221226239},
		{"family": 4, "length": 24, "low": 3223307264, "high": 3223307519},
		{"family": 4, "length": 24, "low": 3224682752, "high": 3224683007},
		{"family": 4, "length": 24, "low": 3227017984, "high": 3227018239},
		{"family": 4, "length": 16, "low": 3232235520, "high": 3232301055},
		{"family": 4, "length": 24, "low": 3232706560, "high": 3232706815},
		{"family": 4, "length": 15, "low": 3323068416, "high": 3323199487},
		{"family": 4, "length": 24, "low": 3325256704, "high": 3325256959},
		{"family": 4, "length": 24, "low": 3405803776, "high": 3405804031},
		{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839},
		{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295},
	],
	"by_octet": {
		0: [{"family": 4, "length": 8, "low": 0, "high": 16777215}],
		10: [{"family": 4, "length": 8, "low": 167772160, "high": 184549375}],
		100: [{"family": 4, "length": 10, "low": 1681915904, "high": 1686110207}],
		127: [{"family": 4, "length": 8, "low": 2130706432, "high": 2147483647}],
		169: [{"family": 4, "length": 16, "low": 2851995648, "high": 2852061183}],
		172: [{"family": 4, "length": 12, "low": 2886729728, "high": 2887778303}],
		192: [{"family": 4, "length": 24, "low": 3221225472, "high": 3221225727}, {"family": 4, "length": 24, "low": 3221225984, "high": 3221226239}, {"family": 4, "length": 24, "low": 3223307264, "high": 3223307519}, {"family": 4, "length": 24, "low": 3224682752, "high": 3224683007}, {"family": 4, "length": 24, "low": 3227017984, "high": 3227018239}, {"family": 4, "length": 16, "low": 3232235520, "high": 3232301055}, {"family": 4, "length": 24, "low": 3232706560, "high": 3232706815}],
		198: [{"family": 4, "length": 15, "low": 3323068416, "high": 3323199487}, {"family": 4, "length": 24, "low": 3325256704, "high": 3325256959}],
		203: [{"family": 4, "length": 24, "low": 3405803776, "high": 3405804031}],
		224: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		225: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		226: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		227: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		228: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		229: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		230: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		231: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		232: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		233: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		234: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		235: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		236: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		237: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		238: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		239: [{"family": 4, "length": 4, "low": 3758096384, "high": 4026531839}],
		240: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		241: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		242: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		243: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		244: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		245: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		246: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		247: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		248: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		249: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		250: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		251: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		252: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		253: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		254: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
		255: [{"family": 4, "length": 4, "low": 4026531840, "high": 4294967295}],
	},
}

# The same of IPv6.
_usual6 := {
	"public": [
		{"family": 6, "length": 23, "low": 42540528726795050063891204319802818560, "high": 42540569291614257367232052214305390591},
		{"family": 6, "length": 23, "low": 42540569291614257367232052214305390592, "high": 42540609856433464670572900108807962623},
		{"family": 6, "length": 23, "low": 42540609856433464670572900108807962624, "high": 42540650421252671973913748003310534655},
		{"family": 6, "length": 22, "low": 42540650421252671973913748003310534656, "high": 42540731550891086580595443792315678719},
		{"family": 6, "length": 23, "low": 42540731550891086580595443792315678720, "high": 42540772115710293883936291686818250751},
		{"family": 6, "length": 23, "low": 42540772115710293883936291686818250752, "high": 42540812680529501187277139581320822783},
		{"family": 6, "length": 23, "low": 42540853245348708490617987475823394816, "high": 42540893810167915793958835370325966847},
		{"family": 6, "length": 22, "low": 42540893810167915793958835370325966848, "high": 42540974939806330400640531159331110911},
		{"family": 6, "length": 23, "low": 42540974939806330400640531159331110912, "high": 42541015504625537703981379053833682943},
		{"family": 6, "length": 23, "low": 42541015504625537703981379053833682944, "high": 42541056069444745007322226948336254975},
		{"family": 6, "length": 22, "low": 42541056069444745007322226948336254976, "high": 42541137199083159614003922737341399039},
		{"family": 6, "length": 19, "low": 42541137199083159614003922737341399040, "high": 42541786236190476467457489049382551551},
		{"family": 6, "length": 23, "low": 42541786236190476467457489049382551552, "high": 42541826801009683770798336943885123583},
		{"family": 6, "length": 23, "low": 42541826801009683770798336943885123584, "high": 42541867365828891074139184838387695615},
		{"family": 6, "length": 23, "low": 42541867365828891074139184838387695616, "high": 42541907930648098377480032732890267647},
		{"family": 6, "length": 23, "low": 42541907930648098377480032732890267648, "high": 42541948495467305680820880627392839679},
		{"family": 6, "length": 23, "low": 42541948495467305680820880627392839680, "high": 42541989060286512984161728521895411711},
		{"family": 6, "length": 23, "low": 42541989060286512984161728521895411712, "high": 42542029625105720287502576416397983743},
		{"family": 6, "length": 23, "low": 42542029625105720287502576416397983744, "high": 42542070189924927590843424310900555775},
		{"family": 6, "length": 20, "low": 42542110754744134894184272205403127808, "high": 42542435273297793320911055361423704063},
		{"family": 6, "length": 19, "low": 42543084310405110174364621673464856576, "high": 42543733347512427027818187985506009087},
		{"family": 6, "length": 20, "low": 42543733347512427027818187985506009088, "high": 42544057866066085454544971141526585343},
		{"family": 6, "length": 20, "low": 42544057866066085454544971141526585344, "high": 42544382384619743881271754297547161599},
		{"family": 6, "length": 18, "low": 42550872755692912415807417417958686720, "high": 42552170829907546122714550042040991743},
		{"family": 6, "length": 12, "low": 47852207848256971424537054170092404736, "high": 47935284597993528666593542111359926271},
		{"family": 6, "length": 12, "low": 47935284597993528666593542111359926272, "high": 48018361347730085908650030052627447807},
		{"family": 6, "length": 12, "low": 50510663839826803170344668290653093888, "high": 50593740589563360412401156231920615423},
		{"family": 6, "length": 23, "low": 50593740589563360412401156231920615424, "high": 50593781154382567715742004126423187455},
		{"family": 6, "length": 23, "low": 50676817339299917654457644173188136960, "high": 50676857904119124957798492067690708991},
		{"family": 6, "length": 12, "low": 50759894089036474896514132114455658496, "high": 50842970838773032138570620055723180031},
		{"family": 6, "length": 12, "low": 53169119831396634916152282411213783040, "high": 53252196581133192158208770352481304575},
		{"family": 6, "length": 12, "low": 55827575822966466661959896531774472192, "high": 55910652572703023904016384473041993727},
		{"family": 6, "length": 12, "low": 55910652572703023904016384473041993728, "high": 55993729322439581146072872414309515263},
		{"family": 6, "length": 12, "low": 58486031814536298407767510652335161344, "high": 58569108564272855649823998593602682879},
	],
	"hidden": [{"family": 6, "length": 32, "low": 42540766411282592856903984951653826560, "high": 42540766490510755371168322545197776895}],
	"total": 669116613596306093021682226381717504,
}
