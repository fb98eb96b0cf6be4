package lib.egress.nearby_test

import data.lib.egress.cidr
import data.lib.egress.nearby

_blocks := {id: [cidr.parse(text) | some text in texts] | some id, texts in {
	"wide": ["8.0.0.0/7"],
	"usual": ["8.8.8.0/24"],
	"one": ["8.8.8.8/32", "1.1.1.1/32"],
	"six": ["2600:1f00::/24"],
	"host": ["2600:1f00::1/128"],
	"everything": ["0.0.0.0/0"],
	"nothing": [],
}}

_index := nearby.index({id: id | some id, _ in _blocks}, _blocks)

_near(found, block) := {id | some text in nearby.around(found.lengths, block); some id, _ in found.blocks[text]} | {id | some id, _ in found.inside[nearby.within(block)]}

test_finds_what_shares_an_address[text] if {
	some text, expected in {
		"8.8.8.0/24": {"wide", "usual", "one", "everything"},
		"8.8.8.8/32": {"wide", "usual", "one", "everything"},
		"1.1.1.1/32": {"one", "everything"},
		"9.9.9.9/32": {"wide", "everything"},
		"0.0.0.0/0": {"wide", "usual", "one", "everything"},
		"2600:1f00::/32": {"six", "host"},
		"::/0": {"six", "host"},
		"2600:1f00:1::/48": {"six"},
		"7.0.0.0/32": {"everything"},
	}
	_near(_index, cidr.parse(text)) == expected
}

# Whatever the lengths: a block of each length finds itself, and one of each length around it or inside it.
test_misses_nothing_of_any_length[family] if {
	some family, address in {4: 134744072, 6: 50510663839826803170344668290653093889}
	lengths := numbers.range(0, cidr.address_bits[family])
	own := {format_int(length, 10): [cidr.block(family, length, address)] | some length in lengths}
	found := nearby.index({id: true | some id, _ in own}, own)
	every length in lengths {
		_near(found, cidr.block(family, length, address)) == object.keys(own)
	}
}

test_of_nothing_nothing_is_near if {
	_near(nearby.index({}, {}), cidr.parse("8.8.8.0/24")) == set()
}
