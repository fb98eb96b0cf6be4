package lib.egress.cidr_test

import data.lib.egress.cidr

test_reads_a_block[name] if {
	some name, row in {
		"everything": {"text": "0.0.0.0/0", "expected": "0.0.0.0/0", "plain": true},
		"half of it": {"text": "128.0.0.0/1", "expected": "128.0.0.0/1", "plain": true},
		"one address": {"text": "255.255.255.255/32", "expected": "255.255.255.255/32", "plain": true},
		"bits beyond the length": {"text": "10.1.2.3/8", "expected": "10.0.0.0/8", "plain": false},
		"bits of the first octet": {"text": "255.1.2.3/4", "expected": "240.0.0.0/4", "plain": false},
		"leading zeros, which are decimal": {"text": "010.000.001.000/24", "expected": "10.0.1.0/24", "plain": false},
		"a leading zero in the length": {"text": "10.0.0.0/08", "expected": "10.0.0.0/8", "plain": false},
		"zeros for zero": {"text": "00.0.0.0/00", "expected": "0.0.0.0/0", "plain": false},
		"everything of IPv6": {"text": "::/0", "expected": "0:0:0:0:0:0:0:0/0", "plain": true},
		"eight groups": {"text": "1:2:3:4:5:6:7:8/128", "expected": "1:2:3:4:5:6:7:8/128", "plain": true},
		"no groups in the middle": {"text": "2001:db8::1/128", "expected": "2001:db8:0:0:0:0:0:1/128", "plain": true},
		"none at the end": {"text": "2001:db8::/32", "expected": "2001:db8:0:0:0:0:0:0/32", "plain": true},
		"none at the start": {"text": "::2:3/128", "expected": "0:0:0:0:0:0:2:3/128", "plain": true},
		"one group left out": {"text": "1:2:3::5:6:7:8/128", "expected": "1:2:3:0:5:6:7:8/128", "plain": true},
		"capitals": {"text": "2001:DB8:ABCD::/48", "expected": "2001:db8:abcd:0:0:0:0:0/48", "plain": true},
		"the highest address": {
			"text": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
			"expected": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "plain": true,
		},
		"bits beyond the length of IPv6": {"text": "2001:db8::1/32", "expected": "2001:db8:0:0:0:0:0:0/32", "plain": false},
		"four digits with zeros in front": {"text": "2001:0db8::/32", "expected": "2001:db8:0:0:0:0:0:0/32", "plain": true},
		"a group of five digits": {"text": "02001:db8::/32", "expected": "2001:db8:0:0:0:0:0:0/32", "plain": false},
		"a leading zero in a length of IPv6": {"text": "2001:db8::/032", "expected": "2001:db8:0:0:0:0:0:0/32", "plain": false},
		"a dotted tail": {"text": "64:ff9b::10.0.0.0/104", "expected": "64:ff9b:0:0:0:0:a00:0/104", "plain": true},
		"a dotted tail with leading zeros": {"text": "64:ff9b::010.0.0.0/104", "expected": "64:ff9b:0:0:0:0:a00:0/104", "plain": false},
		"a dotted tail with a leading zero behind its first dot": {
			"text": "64:ff9b::10.01.0.0/112", "expected": "64:ff9b:0:0:0:0:a01:0/112", "plain": false,
		},
		"a dotted tail with zeros that stand alone": {"text": "64:ff9b::10.0.0.10/128", "expected": "64:ff9b:0:0:0:0:a00:a/128", "plain": true},
		"a dotted tail after six groups": {"text": "64:ff9b:0:0:0:0:1.2.3.4/128", "expected": "64:ff9b:0:0:0:0:102:304/128", "plain": true},
		"v4-mapped, which is the IPv4 block": {"text": "::ffff:10.0.0.0/104", "expected": "10.0.0.0/8", "plain": false},
		"v4-mapped in hexadecimal": {"text": "::ffff:a00:0/104", "expected": "10.0.0.0/8", "plain": false},
		"every v4-mapped address": {"text": "::ffff:0:0/96", "expected": "0.0.0.0/0", "plain": false},
		"a v4-mapped address with a shorter length, which is IPv6": {
			"text": "::ffff:10.0.0.0/95", "expected": "0:0:0:0:0:fffe:0:0/95", "plain": false,
		},
	}
	block := cidr.parse(row.text)
	[cidr.text(block), block.plain] == [row.expected, row.plain]
}

test_tells_family_length_and_both_ends if {
	cidr.parse("10.0.0.0/8") == {"family": 4, "length": 8, "low": 167772160, "high": 184549375, "plain": true}
	cidr.parse("2001:db8::/32") == {
		"family": 6, "length": 32, "plain": true,
		"low": 42540766411282592856903984951653826560, "high": 42540766490510755371168322545197776895,
	}
	cidr.parse("::ffff:10.0.0.0/104") == object.union(cidr.parse("10.0.0.0/8"), {"plain": false})
}

test_refuses[name] if {
	some name, text in {
		"nothing": "",
		"null": null,
		"a number": 10,
		"a list": ["10.0.0.0/8"],
		"an address alone": "10.0.0.0",
		"an address of IPv6 alone": "2001:db8::1",
		"a length alone": "/8",
		"no length": "10.0.0.0/",
		"two lengths": "10.0.0.0/8/8",
		"a length beyond 32": "10.0.0.0/33",
		"a negative length": "10.0.0.0/-1",
		"a length with a sign": "10.0.0.0/+8",
		"a length that is no number": "10.0.0.0/a",
		"a netmask": "10.0.0.0/255.0.0.0",
		"three octets": "10.0.0/8",
		"five octets": "10.0.0.0.0/8",
		"an octet beyond 255": "256.0.0.0/8",
		"an empty octet": "10..0.0/8",
		"a hexadecimal octet": "0x10.0.0.0/8",
		"a blank behind": "10.0.0.0/8 ",
		"a blank before": " 10.0.0.0/8",
		"a line break behind": "10.0.0.0/8\n",
		"a length of IPv6 beyond 128": "2001:db8::/129",
		"a length of IPv6 that is empty": "2001:db8::/",
		"two gaps": "1::2::3/64",
		"three colons": ":::/0",
		"a gap that stands for nothing": "1:2:3:4::5:6:7:8/64",
		"seven groups": "1:2:3:4:5:6:7/64",
		"nine groups": "1:2:3:4:5:6:7:8:9/64",
		"a group beyond ffff": "12345::/16",
		"a group that is no number": "2001:dbg::/32",
		"a colon at the end": "2001:db8:/32",
		"a colon at the start": ":2001:db8::/32",
		"a zone": "fe80::1%eth0/64",
		"a dotted tail of three octets": "::ffff:1.2.3/128",
		"a dotted tail with an octet beyond 255": "::ffff:1.2.3.256/128",
		"a dotted part that is no tail": "1.2.3.4::/16",
		"a dotted tail after seven groups": "1:2:3:4:5:6:7:1.2.3.4/128",
		"brackets": "[2001:db8::]/32",
	}
	not cidr.parse(text)
}

test_a_length_is_read_as_it_is_written[name] if {
	some name, row in {
		"IPv4": {"text": "10.0.0.0/8", "expected": 8},
		"a leading zero": {"text": "10.0.0.0/08", "expected": 8},
		"v4-mapped": {"text": "::ffff:10.0.0.0/104", "expected": 104},
	}
	cidr.written_length(row.text) == row.expected
}

test_lies_inside[name] if {
	some name, row in {
		"itself": {"inner": "10.0.0.0/8", "outer": "10.0.0.0/8", "expected": true},
		"a part at the start": {"inner": "10.0.0.0/9", "outer": "10.0.0.0/8", "expected": true},
		"a part at the end": {"inner": "10.255.255.255/32", "outer": "10.0.0.0/8", "expected": true},
		"the block after it": {"inner": "11.0.0.0/32", "outer": "10.0.0.0/8", "expected": false},
		"the block before it": {"inner": "9.255.255.255/32", "outer": "10.0.0.0/8", "expected": false},
		"what is larger": {"inner": "0.0.0.0/0", "outer": "10.0.0.0/8", "expected": false},
		"another family, though the numbers would": {"inner": "10.0.0.0/8", "outer": "::/0", "expected": false},
	}
	_inside(cidr.parse(row.inner), cidr.parse(row.outer)) == row.expected
}

_inside(inner, outer) if {
	cidr.inside(inner, outer)
} else := false

test_holds_ipv4_besides[name] if {
	some name, row in {
		"IPv4 holds none": {"text": "10.0.0.0/8", "expected": []},
		"everything holds both": {"text": "::/0", "expected": ["0.0.0.0/0", "0.0.0.0/0"]},
		"what holds only the mapped ones": {"text": "::/80", "expected": ["0.0.0.0/0"]},
		"what holds only the translated ones": {"text": "64:ff9b::/95", "expected": ["0.0.0.0/0"]},
		"a part of the translated ones": {"text": "64:ff9b::10.0.0.0/104", "expected": ["10.0.0.0/8"]},
		"one translated address": {"text": "64:ff9b::1.2.3.4/128", "expected": ["1.2.3.4/32"]},
		"the public addresses hold none": {"text": "2000::/3", "expected": []},
		"the block after the translated ones": {"text": "64:ff9b:0:0:0:1::/96", "expected": []},
	}
	[cidr.text(image) | some [_, image] in cidr.images(cidr.parse(row.text))] == row.expected
}

test_an_exception_has_an_image_in_its_window_only if {
	hole := cidr.parse("64:ff9b::8.0.0.0/104")
	cidr.text(cidr.image(hole, cidr.translated)) == "8.0.0.0/8"
	not cidr.image(hole, cidr.mapped)
	not cidr.image(cidr.parse("8.0.0.0/8"), cidr.translated)
}

test_the_windows_are_those_of_the_standards if {
	cidr.text(cidr.mapped) == "0:0:0:0:0:ffff:0:0/96"
	cidr.text(cidr.translated) == "64:ff9b:0:0:0:0:0:0/96"
	every window in [cidr.mapped, cidr.translated] { (window.high - window.low) + 1 == cidr.size(4, 0) }
}

test_has_a_block_for_every_length[name] if {
	some name, row in {
		"every address": {"family": 4, "length": 0, "address": 167772161, "expected": "0.0.0.0/0"},
		"a network": {"family": 4, "length": 24, "address": 167772161, "expected": "10.0.0.0/24"},
		"one address": {"family": 4, "length": 32, "address": 167772161, "expected": "10.0.0.1/32"},
		"one of IPv6": {"family": 6, "length": 128, "address": 1, "expected": "0:0:0:0:0:0:0:1/128"},
	}
	cidr.text(cidr.block(row.family, row.length, row.address)) == row.expected
}

test_counts_addresses if {
	cidr.size(4, 0) == 4294967296
	cidr.size(4, 32) == 1
	cidr.size(6, 128) == 1
	cidr.size(6, 0) == 340282366920938463463374607431768211456
}

test_tells_by_the_length_how_many_addresses_there_are_at_most[name] if {
	some name, row in {
		"IPv4": {"text": "10.0.0.0/8", "expected": 16777216},
		"one address": {"text": "10.0.0.1/32", "expected": 1},
		"IPv6": {"text": "2001:db8::/64", "expected": cidr.powers[128]},
		"a length that is written oddly": {"text": "10.0.0.0/08", "expected": cidr.powers[128]},
		"a length that no IPv4 has": {"text": "10.0.0.0/33", "expected": cidr.powers[128]},
		"no length": {"text": "10.0.0.0", "expected": cidr.powers[128]},
		"no text": {"text": 10, "expected": cidr.powers[128]},
		"null": {"text": null, "expected": cidr.powers[128]},
	}
	cidr.most(row.text) == row.expected
}
