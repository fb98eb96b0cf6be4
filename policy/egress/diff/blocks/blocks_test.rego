package egress.diff.blocks_test

import data.egress.diff.blocks
import data.lib.egress.cidr

_family(text) := 6 if contains(text, ":")

_family(text) := 4 if not contains(text, ":")

_told(texts) := sort([[block.low, block.length, belongs] | some [text, belongs] in texts; block := cidr.parse(text)])

_text(family, low, length) := cidr.text({"family": family, "length": length, "low": low})

# Each block, and after it its exceptions.
_fewest(texts) := [written |
	family := _family(texts[0][0])
	some [low, length, holes] in blocks.fewest(family, _told(texts))
	written := array.concat([_text(family, low, length)], [hole | some [l, n] in holes; hole := _text(family, l, n)])
]

test_fewest[name] if {
	some name, [texts, expected] in {
		"nothing is in nothing": [[["10.0.0.0/8", false]], []],
		"a block beside one with an exception is told as well": [
			[["10.0.0.0/8", true], ["10.1.0.0/16", false], ["12.0.0.0/16", true]],
			[["10.0.0.0/8", "10.1.0.0/16"], ["12.0.0.0/16"]],
		],
		"a block is itself": [[["10.0.0.0/8", true]], [["10.0.0.0/8"]]],
		"two halves are one block": [[["10.0.0.0/9", true], ["10.128.0.0/9", true]], [["10.0.0.0/8"]]],
		"four quarters are one block, in whatever order": [
			[["10.192.0.0/10", true], ["10.0.0.0/10", true], ["10.128.0.0/10", true], ["10.64.0.0/10", true]],
			[["10.0.0.0/8"]],
		],
		"neighbours that are no siblings stay apart": [
			[["10.64.0.0/10", true], ["10.128.0.0/10", true]],
			[["10.64.0.0/10"], ["10.128.0.0/10"]],
		],
		"a run of single addresses is told in powers of two": [
			[["10.0.0.1/32", true], ["10.0.0.2/32", true], ["10.0.0.3/32", true], ["10.0.0.4/32", true]],
			[["10.0.0.1/32"], ["10.0.0.2/31"], ["10.0.0.4/32"]],
		],
		"everything but a block is told with an exception": [
			[["0.0.0.0/0", true], ["10.0.0.0/8", false]],
			[["0.0.0.0/0", "10.0.0.0/8"]],
		],
		"a block less its half is the other half": [[["10.0.0.0/8", true], ["10.0.0.0/9", false]], [["10.128.0.0/9"]]],
		"a block less its half and an address is told in the other half": [
			[["10.0.0.0/8", true], ["10.0.0.0/9", false], ["10.200.0.1/32", false]],
			[["10.128.0.0/9", "10.200.0.1/32"]],
		],
		"two exceptions that are siblings are one": [
			[["0.0.0.0/0", true], ["10.0.0.0/9", false], ["10.128.0.0/9", false]],
			[["0.0.0.0/0", "10.0.0.0/8"]],
		],
		"what halves take out of a block wholly says nothing": [
			[["10.0.0.0/8", true], ["10.0.0.0/9", false], ["10.128.0.0/9", false]],
			[],
		],
		"what halves fill wholly is the block": [
			[["10.0.0.0/8", false], ["10.0.0.0/9", true], ["10.128.0.0/9", true]],
			[["10.0.0.0/8"]],
		],
		"a block in an exception is told beside": [
			[["0.0.0.0/0", true], ["10.0.0.0/8", false], ["10.1.2.0/24", true]],
			[["0.0.0.0/0", "10.0.0.0/8"], ["10.1.2.0/24"]],
		],
		"a block within a block of its kind is not told": [[["10.0.0.0/8", true], ["10.1.0.0/16", true]], [["10.0.0.0/8"]]],
		"an exception below a block that is not told is that of the whole": [
			[["0.0.0.0/0", true], ["10.0.0.0/8", true], ["10.1.0.0/16", false]],
			[["0.0.0.0/0", "10.1.0.0/16"]],
		],
		"halves that have exceptions are one block with both": [
			[["10.0.0.0/9", true], ["10.1.0.0/16", false], ["10.128.0.0/9", true], ["10.200.0.0/16", false]],
			[["10.0.0.0/8", "10.1.0.0/16", "10.200.0.0/16"]],
		],
		"the last address": [[["255.255.255.254/32", true], ["255.255.255.255/32", true]], [["255.255.255.254/31"]]],
		"IPv6 halves": [[["::/1", true], ["8000::/1", true]], [["0:0:0:0:0:0:0:0/0"]]],
		"IPv6 less an address": [
			[["2001:db8::/32", true], ["2001:db8::1/128", false]],
			[["2001:db8:0:0:0:0:0:0/32", "2001:db8:0:0:0:0:0:1/128"]],
		],
	}
	_fewest(texts) == expected
}

test_many_exceptions_stay_exceptions if {
	holes := [[low, 32, false] | some i in numbers.range(0, 39); low := i * 2]
	found := blocks.fewest(4, sort(array.concat([[0, 25, true]], holes)))
	found == [[0, 25, [[low, 32] | some [low, _, _] in holes]]]
}
