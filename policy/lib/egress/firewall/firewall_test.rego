package lib.egress.firewall_test

import data.lib.egress.firewall
import data.lib.egress.ports
import data.lib.egress.testing

test_reads_ports[name] if {
	some name, row in {
		"every protocol": {"given": ["-1", 443, 443], "expected": ports.all},
		"every protocol as a number": {"given": [-1, null, null], "expected": ports.all},
		"every protocol by nothing": {"given": [null, null, null], "expected": ports.all},
		"one of a protocol": {"given": ["tcp", 443, 443], "expected": testing.between("TCP", 443, 443)},
		"a protocol by its number": {"given": [17, 53, 53], "expected": testing.between("UDP", 53, 53)},
		"all of a protocol": {"given": ["TCP", null, null], "expected": testing.between("TCP", 1, 65535)},
		"what is no number": {"given": ["tcp", "x", 443], "expected": testing.between("TCP", 1, 65535)},
		"a protocol without ports": {"given": ["icmp", 8, 0], "expected": []},
	}
	[protocol, first, last] := row.given
	firewall.ports(protocol, first, last) == row.expected
}

test_reads_texts_of_ports[name] if {
	some name, row in {
		"none, which is all": {"texts": [], "expected": testing.between("TCP", 1, 65535)},
		"one": {"texts": ["443"], "expected": testing.between("TCP", 443, 443)},
		"a range": {"texts": ["80-90"], "expected": testing.between("TCP", 80, 90)},
		"a number": {"texts": [443], "expected": testing.between("TCP", 443, 443)},
		"what cannot be read, which may be any": {"texts": ["https"], "expected": testing.between("TCP", 1, 65535)},
	}
	firewall.ports_of_texts("tcp", row.texts) == row.expected
}

test_ports_beside_every_protocol_are_those_of_each if {
	count(firewall.ports_of_texts("*", ["443"])) == 3
}

test_texts_of_ports_can_be_read_or_not[name] if {
	some name, row in {
		"a number": {"text": 443, "expected": 0},
		"a port": {"text": "443", "expected": 0},
		"a range": {"text": "80-90", "expected": 0},
		"what HCL does not know yet": {"text": "${var.port}", "expected": 0},
		"what a template does not know yet": {"text": "[parameters('port')]", "expected": 0},
		"a word": {"text": "https", "expected": 1},
		"a boolean": {"text": true, "expected": 1},
	}
	count(firewall.port_problems([row.text], "p")) == row.expected
}
