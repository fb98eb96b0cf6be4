package lib.egress.space_test

import data.lib.egress.cidr
import data.lib.egress.space

_usual := space.of([])

test_the_totals_are_those_that_are_documented if {
	space.family(_usual, 4).total == 3702257664
	space.family(_usual, 6).total == 669116613596306093021682226381717504
}

test_counts_public_addresses[name] if {
	some name, row in {
		"all": {"block": "0.0.0.0/0", "expected": 3702257664},
		"a public /8": {"block": "8.0.0.0/8", "expected": 16777216},
		"one public address": {"block": "93.184.215.14/32", "expected": 1},
		"a private block": {"block": "10.0.0.0/8", "expected": 0},
		"part of one": {"block": "10.1.0.0/16", "expected": 0},
		"a block with reserved ones inside": {"block": "192.0.0.0/16", "expected": 65024},
		"a /8 with one reserved block": {"block": "172.0.0.0/8", "expected": 15728640},
		"a block beside a reserved one in its octet": {"block": "172.32.0.0/11", "expected": 2097152},
		"less than an octet": {"block": "8.0.0.0/7", "expected": 33554432},
		"less than an octet, next to private": {"block": "10.0.0.0/7", "expected": 16777216},
		"multicast and reserved": {"block": "224.0.0.0/3", "expected": 0},
		"documentation": {"block": "203.0.113.0/24", "expected": 0},
		"all of IPv6": {"block": "::/0", "expected": 669116613596306093021682226381717504},
		"a block of a registry": {"block": "2a00::/12", "expected": 83076749736557242056487941267521536},
		"part of a block of a registry": {"block": "2a00:1450::/32", "expected": 79228162514264337593543950336},
		"what no registry was given": {"block": "3000::/4", "expected": 0},
		"unique local": {"block": "fc00::/7", "expected": 0},
		"documentation of IPv6": {"block": "2001:db8::/32", "expected": 0},
		"a block with documentation inside": {"block": "2001:c00::/23", "expected": 40485591044789076510300958621696},
	}
	space.public(_usual, cidr.parse(row.block)) == row.expected
}

test_internal_blocks_are_private[name] if {
	some name, row in {
		"in the total": {"internal": ["8.0.0.0/8"], "block": "0.0.0.0/0", "expected": 3685480448},
		"a part of them": {"internal": ["8.0.0.0/8"], "block": "8.8.0.0/16", "expected": 0},
		"what holds them": {"internal": ["8.0.0.0/9"], "block": "8.0.0.0/8", "expected": 8388608},
		"their neighbour": {"internal": ["8.0.0.0/9"], "block": "8.128.0.0/9", "expected": 8388608},
		"one inside another counts once": {"internal": ["8.0.0.0/9", "8.0.0.0/16"], "block": "8.0.0.0/8", "expected": 8388608},
		"the same twice": {"internal": ["8.0.0.0/9", "8.0.0.0/9"], "block": "8.0.0.0/8", "expected": 8388608},
		"one around a reserved one": {"internal": ["172.0.0.0/8"], "block": "172.0.0.0/7", "expected": 16777216},
		"one inside a reserved one changes nothing": {"internal": ["10.1.0.0/16"], "block": "0.0.0.0/0", "expected": 3702257664},
		"half of everything": {"internal": ["0.0.0.0/1"], "block": "0.0.0.0/0", "expected": 1609299968},
	}
	space.public(space.of(row.internal), cidr.parse(row.block)) == row.expected
}

_mixed := space.of(["2a00::/12", "8.0.0.0/8", "fd00::/8"])

test_internal_blocks_may_be_of_both_families[name] if {
	some name, row in {
		"internal IPv6": {"block": "2a00::/12", "expected": 0},
		"its neighbour": {"block": "2a10::/12", "expected": 83076749736557242056487941267521536},
		"internal IPv4": {"block": "8.0.0.0/8", "expected": 0},
		"IPv4 without it": {"block": "0.0.0.0/0", "expected": 3685480448},
		"what was private anyway is taken off once": {"block": "::/0", "expected": 586039863859748850965194285114195968},
	}
	space.public(_mixed, cidr.parse(row.block)) == row.expected
}

test_an_internal_block_may_hide_a_whole_family if {
	found := space.of(["2000::/3"])
	space.family(found, 6).total == 0
	space.public(found, cidr.parse("2a00::/12")) == 0
}

test_the_total_is_what_everything_holds[name] if {
	some name, internal in {
		"without internal blocks": [],
		"with internal blocks": ["8.0.0.0/8", "192.0.0.0/8", "10.0.0.0/7", "2001::/16"],
	}
	found := space.of(internal)
	space.family(found, 4).total == space.public(found, cidr.parse("0.0.0.0/0"))
	space.family(found, 6).total == space.public(found, cidr.parse("::/0"))
}

_listed := space.with_documentation(["8.0.0.0/8", "2a00::/12"])

test_documentation_may_be_public_while_the_rest_stays[name] if {
	some name, row in {
		"documentation": {"block": "203.0.113.0/24", "expected": 256},
		"documentation of IPv6": {"block": "2001:db8::/32", "expected": 79228162514264337593543950336},
		"a private block": {"block": "192.168.0.0/16", "expected": 0},
		"an internal block": {"block": "8.0.0.0/8", "expected": 0},
		"an internal block of IPv6": {"block": "2a00::/12", "expected": 0},
		"everything": {"block": "0.0.0.0/0", "expected": 3685481216},
	}
	space.public(_listed, cidr.parse(row.block)) == row.expected
}

# Internal blocks that are private already change nothing, but what is public is worked out with them.
test_what_is_written_out_follows_from_the_lists[name] if {
	some name, row in {
		"of IPv4": {"family": 4, "internal": ["10.0.0.0/8"]},
		"of IPv6": {"family": 6, "internal": ["2001:db8::/32"]},
	}
	written := space.family(_usual, row.family)
	worked_out := space.family(space.of(row.internal), row.family)
	written.total == worked_out.total
	every field in ["public", "hidden"] { _places(written[field]) == _places(worked_out[field]) }
	_octets(written) == _octets(worked_out)
}

test_documentation_made_of_the_usual_is_what_follows_from_the_lists[family] if {
	some family in [4, 6]
	made := space.family(space.with_documentation([]), family)
	worked_out := space.family(space.with_documentation(["10.0.0.0/8"]), family)
	made.total == worked_out.total
	every field in ["public", "hidden"] { _places(made[field]) == _places(worked_out[field]) }
	_octets(made) == _octets(worked_out)
}

_places(blocks) := {[block.family, block.length, block.low, block.high] | some block in blocks}

_octets(found) := {octet: _places(blocks) | some octet, blocks in found.by_octet}
