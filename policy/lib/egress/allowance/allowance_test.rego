package lib.egress.allowance_test

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.testing

_public := testing.usual.space

_written := {"cidr": "as written", "path": "spec.egress[0]"}

test_tiers_decide_in_their_order if {
	t := allowance.tiers
	t.approved < t.admin
	t.admin < t["network-policy"]
	t["network-policy"] < t.baseline
}

test_everywhere_is_every_address_of_both_families_by_every_way if {
	[[claim.cidr, claim.family, claim.length, claim.except, claim.way] | some claim in allowance.everywhere(_public)] == [
		["0.0.0.0/0", 4, 0, [], ""],
		["::/0", 6, 0, [], ""],
		["::/0", 4, 0, [], "mapped"],
		["::/0", 4, 0, [], "translated"],
	]
}

test_a_claim_carries_its_public_addresses_and_how_it_was_written if {
	block := cidr.parse("8.0.0.0/8")
	hole := cidr.parse("8.8.0.0/16")
	allowance.claim(_public, block, [hole], _written) == {
		"family": 4, "length": 8, "low": 134217728, "high": 150994943,
		"except": [object.union(hole, {"public": 65536})],
		"public": 16777216, "cidr": "as written", "path": "spec.egress[0]", "way": "",
	}
}

test_claims[name] if {
	some name, row in {
		"an IPv4 block claims itself": {"cidr": "10.0.0.0/8", "except": [], "expected": [["10.0.0.0/8", []]]},
		"with its exceptions": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"], "expected": [["10.0.0.0/8", ["10.1.0.0/16"]]]},
		"an IPv6 block of a registry claims itself": {
			"cidr": "2a00::/12", "except": [], "expected": [["2a00:0:0:0:0:0:0:0/12", []]],
		},
		"every IPv6 address claims IPv4 twice": {
			"cidr": "::/0", "except": [], "expected": [["0:0:0:0:0:0:0:0/0", []], ["0.0.0.0/0", []], ["0.0.0.0/0", []]],
		},
		"a translated block claims the one inside": {
			"cidr": "64:ff9b::8.0.0.0/104", "except": [], "expected": [["64:ff9b:0:0:0:0:800:0/104", []], ["8.0.0.0/8", []]],
		},
		"an exception takes from its window only": {
			"cidr": "::/0", "except": ["64:ff9b::8.0.0.0/104"],
			"expected": [
				["0:0:0:0:0:0:0:0/0", ["64:ff9b:0:0:0:0:800:0/104"]],
				["0.0.0.0/0", []],
				["0.0.0.0/0", ["8.0.0.0/8"]],
			],
		},
		"an exception elsewhere takes from none": {
			"cidr": "::/0", "except": ["2a00::/12"],
			"expected": [["0:0:0:0:0:0:0:0/0", ["2a00:0:0:0:0:0:0:0/12"]], ["0.0.0.0/0", []], ["0.0.0.0/0", []]],
		},
		"an exception of the whole window leaves nothing of it": {
			"cidr": "::/0", "except": ["64:ff9b::/95"],
			"expected": [["0:0:0:0:0:0:0:0/0", ["64:ff9b:0:0:0:0:0:0/95"]], ["0.0.0.0/0", []]],
		},
	}
	found := allowance.claims(_public, cidr.parse(row.cidr), [cidr.parse(text) | some text in row.except], _written)
	[[cidr.text(claim), [cidr.text(hole) | some hole in claim.except]] | some claim in found] == row.expected
}

test_what_is_claimed_besides_was_written_as_the_block if {
	{[claim.cidr, claim.path] | some claim in allowance.claims(_public, cidr.parse("::/0"), [], _written)} == {
		["as written", "spec.egress[0]"],
	}
}
