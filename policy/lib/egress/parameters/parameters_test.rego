package lib.egress.parameters_test

import data.lib.egress.cidr
import data.lib.egress.parameters
import data.lib.egress.ports
import data.lib.egress.space

_paths(given) := {problem.path | some problem in parameters.problems(given)}

test_refuses_a_wrong_parameter[name] if {
	some name, row in {
		"nothing given": {"given": {}, "expected": set()},
		"null": {"given": null, "expected": {"parameters"}},
		"a list": {"given": [], "expected": {"parameters"}},
		"an unknown name": {"given": {"profil": "strict"}, "expected": {"profil"}},
		"a profile that is null": {"given": {"profile": null}, "expected": set()},
		"baseline": {"given": {"profile": "baseline"}, "expected": set()},
		"strict": {"given": {"profile": "strict"}, "expected": set()},
		"another profile": {"given": {"profile": "Strict"}, "expected": {"profile"}},
		"a profile that is a number": {"given": {"profile": 1}, "expected": {"profile"}},
		"shares that are null": {"given": {"openAddressShare": null, "openPortShare": null}, "expected": set()},
		"a share of 1": {"given": {"openAddressShare": 1}, "expected": set()},
		"a share of a millionth": {"given": {"openAddressShare": 0.000001}, "expected": set()},
		"a share of nothing": {"given": {"openAddressShare": 0}, "expected": {"openAddressShare"}},
		"a share of nearly nothing": {"given": {"openPortShare": 0.0000001}, "expected": {"openPortShare"}},
		"a negative share": {"given": {"openPortShare": -0.5}, "expected": {"openPortShare"}},
		"a share above 1": {"given": {"openAddressShare": 1.1, "openPortShare": 25}, "expected": {"openAddressShare", "openPortShare"}},
		"a share that is a text": {"given": {"openAddressShare": "0.25"}, "expected": {"openAddressShare"}},
		"a share that is true": {"given": {"openPortShare": true}, "expected": {"openPortShare"}},
		"system namespaces that are null": {"given": {"systemNamespaces": null}, "expected": set()},
		"no system namespaces": {"given": {"systemNamespaces": []}, "expected": set()},
		"system namespaces that are a text": {"given": {"systemNamespaces": "a"}, "expected": {"systemNamespaces"}},
		"an empty namespace": {"given": {"systemNamespaces": ["a", ""]}, "expected": {"systemNamespaces[1]"}},
		"a namespace that is a number": {"given": {"systemNamespaces": [1]}, "expected": {"systemNamespaces[0]"}},
		"a namespace that is null": {"given": {"systemNamespaces": [null]}, "expected": {"systemNamespaces[0]"}},
		"several at once": {"given": {"profile": "x", "openPortShare": 2, "y": 1}, "expected": {"profile", "openPortShare", "y"}},
	}
	_paths(row.given) == row.expected
}

test_refuses_wrong_internal_blocks[name] if {
	some name, row in {
		"null": {"given": null, "expected": set()},
		"none": {"given": [], "expected": set()},
		"both families": {"given": ["8.0.0.0/8", "2a00::/12"], "expected": set()},
		"a text": {"given": "8.0.0.0/8", "expected": {"internalBlocks"}},
		"an object": {"given": {}, "expected": {"internalBlocks"}},
		"no block": {"given": ["8.0.0.0/8", "8.0.0.0"], "expected": {"internalBlocks[1]"}},
		"a number": {"given": [8], "expected": {"internalBlocks[0]"}},
		"null in the list": {"given": [null], "expected": {"internalBlocks[0]"}},
		"leading zeros": {"given": ["010.0.0.0/8"], "expected": {"internalBlocks[0]"}},
		"bits beyond the length": {"given": ["10.0.0.1/8"], "expected": {"internalBlocks[0]"}},
		"all of IPv4": {"given": ["0.0.0.0/0"], "expected": {"internalBlocks"}},
		"all of IPv4 in two halves": {"given": ["0.0.0.0/1", "128.0.0.0/1"], "expected": {"internalBlocks"}},
		"all of IPv6": {"given": ["2000::/3"], "expected": {"internalBlocks"}},
		"all but little": {"given": ["0.0.0.0/1", "128.0.0.0/2"], "expected": set()},
	}
	_paths({"internalBlocks": row.given}) == row.expected
}

test_refuses_a_wrong_date_for_now[name] if {
	some name, row in {
		"null": {"given": null, "expected": set()},
		"a date": {"given": "2026-12-31", "expected": set()},
		"a time": {"given": "2026-12-31T23:59:59Z", "expected": set()},
		"midnight": {"given": "2026-12-31T00:00:00Z", "expected": set()},
		"a time with fractions": {"given": "2026-12-31T23:59:59.123Z", "expected": set()},
		"a time of another zone": {"given": "2026-12-31T23:59:59+01:00", "expected": {"now"}},
		"the last moment of a day": {"given": "2026-12-31T23:59:59Z", "expected": set()},
		"an hour that there is not": {"given": "2026-12-31T24:00:00Z", "expected": {"now"}},
		"a minute that there is not": {"given": "2026-12-31T00:60:00Z", "expected": {"now"}},
		"a second that there is not": {"given": "2026-12-31T00:00:60Z", "expected": {"now"}},
		"a month that there is not": {"given": "2026-13-01", "expected": {"now"}},
		"a day that there is not": {"given": "2026-12-32", "expected": {"now"}},
		"a date that is short": {"given": "2026-1-1", "expected": {"now"}},
		"something behind": {"given": "2026-12-31x", "expected": {"now"}},
		"a number": {"given": 1798761599, "expected": {"now"}},
		"nothing": {"given": "", "expected": {"now"}},
	}
	_paths({"now": row.given}) == row.expected
}

test_knows_how_long_months_are[name] if {
	some name, row in {
		"31 days": {"given": "2026-01-31", "good": true},
		"31 days in August": {"given": "2026-08-31", "good": true},
		"30 days": {"given": "2026-04-30", "good": true},
		"no 31st of April": {"given": "2026-04-31", "good": false},
		"no 31st of November": {"given": "2026-11-31", "good": false},
		"28 days": {"given": "2026-02-28", "good": true},
		"no 29th of February": {"given": "2026-02-29", "good": false},
		"but in a leap year": {"given": "2028-02-29", "good": true},
		"no 30th in a leap year": {"given": "2028-02-30", "good": false},
		"not in a century": {"given": "2100-02-29", "good": false},
		"but in every fourth": {"given": "2000-02-29", "good": true},
		"a day with a leading zero": {"given": "2026-02-09", "good": true},
		"the eighth of the ninth": {"given": "2026-09-08", "good": true},
	}
	{problem.path | some problem in parameters.problems({"now": row.given})} == {path | some path in ["now"]; not row.good}
	entry := object.union(_entry, {"expires": row.given})
	{problem.path | some problem in parameters.problems({"approvedDestinations": [entry]})} == {path |
		some path in ["approvedDestinations[0].expires"]
		not row.good
	}
}

_entry := {"name": "partner", "cidrs": ["8.8.8.0/24"], "owner": "payments", "reason": "cards"}

_without(field) := object.remove(_entry, [field])

_with(fields) := object.union(object.remove(_entry, object.keys(fields)), fields)

# Paths below the entry.
_entry_paths(entry) := {trim_prefix(path, "approvedDestinations[0]") | some path in _paths({"approvedDestinations": [entry]})}

test_refuses_a_wrong_list_of_approved_destinations[name] if {
	some name, row in {
		"null": {"given": null, "expected": set()},
		"none": {"given": [], "expected": set()},
		"an object": {"given": {}, "expected": {"approvedDestinations"}},
		"a text": {"given": "a", "expected": {"approvedDestinations"}},
		"the second": {"given": [_entry, _without("name")], "expected": {"approvedDestinations[1].name"}},
	}
	_paths({"approvedDestinations": row.given}) == row.expected
}

test_refuses_a_wrong_approved_destination[name] if {
	some name, row in {
		"what is needed": {"entry": _entry, "expected": set()},
		"every field": {
			"entry": _with({
				"ports": [443, {"port": 80}], "expires": "2026-12-31", "namespaces": ["shop*"], "podLabels": {"a": "b"}, "open": true,
			}),
			"expected": set(),
		},
		"null for what is not needed": {
			"entry": _with({"ports": null, "expires": null, "namespaces": null, "podLabels": null, "open": null}), "expected": set(),
		},
		"null": {"entry": null, "expected": {""}},
		"a text": {"entry": "8.8.8.0/24", "expected": {""}},
		"an unknown field": {"entry": _with({"cidr": "8.8.8.0/24"}), "expected": {".cidr"}},
		"no name": {"entry": _without("name"), "expected": {".name"}},
		"an empty name": {"entry": _with({"name": ""}), "expected": {".name"}},
		"a name that is null": {"entry": _with({"name": null}), "expected": {".name"}},
		"a name that is a number": {"entry": _with({"name": 1}), "expected": {".name"}},
		"no owner, no reason": {"entry": object.remove(_entry, ["owner", "reason"]), "expected": set()},
		"an owner that is a number": {"entry": _with({"owner": 1}), "expected": {".owner"}},
		"a reason that is a list": {"entry": _with({"reason": []}), "expected": {".reason"}},
		"no cidrs": {"entry": _without("cidrs"), "expected": {".cidrs"}},
		"cidrs that are null": {"entry": _with({"cidrs": null}), "expected": {".cidrs"}},
		"an empty list of cidrs": {"entry": _with({"cidrs": []}), "expected": {".cidrs"}},
		"cidrs that are a text": {"entry": _with({"cidrs": "8.8.8.0/24"}), "expected": {".cidrs"}},
		"an address for a cidr": {"entry": _with({"cidrs": ["8.8.8.8"]}), "expected": {".cidrs[0]"}},
		"an ambiguous cidr": {"entry": _with({"cidrs": ["8.8.8.0/24", "8.8.8.8/24"]}), "expected": {".cidrs[1]"}},
		"ports that are a number": {"entry": _with({"ports": 443}), "expected": {".ports"}},
		"namespaces that are a text": {"entry": _with({"namespaces": "shop"}), "expected": {".namespaces"}},
		"an empty namespace": {"entry": _with({"namespaces": [""]}), "expected": {".namespaces[0]"}},
		"a namespace that is null": {"entry": _with({"namespaces": [null]}), "expected": {".namespaces[0]"}},
		"labels that are a list": {"entry": _with({"podLabels": ["a=b"]}), "expected": {".podLabels"}},
		"a label that is a number": {"entry": _with({"podLabels": {"a": 1}}), "expected": {".podLabels"}},
		"a label that is null": {"entry": _with({"podLabels": {"a": null}}), "expected": {".podLabels"}},
		"open as a text": {"entry": _with({"open": "true"}), "expected": {".open"}},
		"an expiry with a time": {"entry": _with({"expires": "2026-12-31T00:00:00Z"}), "expected": {".expires"}},
		"an expiry that is no date": {"entry": _with({"expires": "2026-02-00"}), "expected": {".expires"}},
		"an expiry that is a number": {"entry": _with({"expires": 2026}), "expected": {".expires"}},
	}
	_entry_paths(row.entry) == row.expected
}

test_refuses_a_wrong_approved_port[name] if {
	some name, row in {
		"the first": {"port": 1, "good": true},
		"the last": {"port": 65535, "good": true},
		"zero": {"port": 0, "good": false},
		"above the last": {"port": 65536, "good": false},
		"a fraction": {"port": 1.5, "good": false},
		"a text": {"port": "443", "good": false},
		"null": {"port": null, "good": false},
		"a list": {"port": [443], "good": false},
		"nothing said, which is all of TCP": {"port": {}, "good": true},
		"a protocol": {"port": {"protocol": "UDP"}, "good": true},
		"a protocol that is null": {"port": {"protocol": null, "port": 1}, "good": true},
		"a protocol in small letters": {"port": {"protocol": "udp", "port": 1}, "good": false},
		"another protocol": {"port": {"protocol": "ICMP"}, "good": false},
		"a port in an object": {"port": {"protocol": "SCTP", "port": 1}, "good": true},
		"a port that is null": {"port": {"protocol": "UDP", "port": null}, "good": true},
		"a port that is a name": {"port": {"port": "web"}, "good": false},
		"a port of zero": {"port": {"port": 0}, "good": false},
		"a range": {"port": {"port": 1, "endPort": 9}, "good": true},
		"a range of one": {"port": {"port": 9, "endPort": 9}, "good": true},
		"a range whose end is null": {"port": {"port": 9, "endPort": null}, "good": true},
		"a range that goes down": {"port": {"port": 9, "endPort": 8}, "good": false},
		"a range beyond the last": {"port": {"port": 9, "endPort": 65536}, "good": false},
		"an end without a start": {"port": {"endPort": 9}, "good": false},
		"an end with a start that is null": {"port": {"port": null, "endPort": 9}, "good": false},
		"an end that is a text": {"port": {"port": 1, "endPort": "9"}, "good": false},
		"an unknown field": {"port": {"port": 1, "end": 9}, "good": false},
	}
	expected := {path | some path in [".ports[0]"]; not row.good}
	_entry_paths(_with({"ports": [row.port]})) == expected
}

test_a_problem_says_what_would_be_right if {
	parameters.problems({"profile": "x"}) == [{"path": "profile", "message": "must be baseline or strict"}]
}

test_problems_say_what_would_be_right if {
	given := {
		"x": 1, "profile": 1, "openPortShare": 2, "internalBlocks": [1, "0.0.0.0/0"], "systemNamespaces": "a", "now": 1,
		"approvedDestinations": [1, {
			"name": "", "x": 1, "owner": 1, "cidrs": [], "ports": [0], "expires": 1, "namespaces": [""], "podLabels": 1, "open": 1,
		}],
	}
	{problem.path: problem.message | some problem in parameters.problems(given)} == {
		"x": "unknown parameter",
		"profile": "must be baseline or strict",
		"openPortShare": "must be a number above 0 and up to 1",
		"internalBlocks[0]": "must be a CIDR block without leading zeros or bits beyond its length",
		"internalBlocks": "must leave some public addresses of each family",
		"systemNamespaces": "must be a list",
		"now": "must be a date, as 2026-12-31 or 2026-12-31T23:59:59Z",
		"approvedDestinations[0]": "must be an object",
		"approvedDestinations[1].x": "unknown field",
		"approvedDestinations[1].name": "must be a text that is not empty",
		"approvedDestinations[1].owner": "must be a text",
		"approvedDestinations[1].cidrs": "must list at least one CIDR block",
		"approvedDestinations[1].ports[0]": "must be a number from 1 to 65535, or protocol, port and endPort",
		"approvedDestinations[1].expires": "must be a date, as 2026-12-31",
		"approvedDestinations[1].namespaces[0]": "must be a text that is not empty",
		"approvedDestinations[1].podLabels": "must be an object of texts",
		"approvedDestinations[1].open": "must be true or false",
	}
}

test_shows_what_differs_from_the_defaults[name] if {
	some name, row in {
		"nothing": {"given": {}, "expected": {}},
		"the defaults": {"given": parameters.defaults, "expected": {}},
		"null is the default": {"given": {"profile": null, "approvedDestinations": null}, "expected": {}},
		"another profile": {"given": {"profile": "strict", "openPortShare": 0.5}, "expected": {"profile": "strict"}},
		"what has no default": {"given": {"now": "2026-12-31", "approvedDestinations": []}, "expected": {"now": "2026-12-31", "approvedDestinations": []}},
		"a share as another number of the same value": {"given": {"openAddressShare": 0.250}, "expected": {}},
	}
	parameters.differing(row.given) == row.expected
}

test_settings_fill_the_defaults[name] if {
	some name, given in {
		"nothing given": {},
		"nulls": {
			"profile": null, "openAddressShare": null, "openPortShare": null, "internalBlocks": null, "systemNamespaces": null,
			"approvedDestinations": null, "waivers": null, "now": null,
		},
	}
	parameters.settings(given) == {
		"profile": "baseline", "address_share": 250000, "port_share": 500000,
		"system_namespaces": ["kube-system", "kube-public", "kube-node-lease"],
		"space": space.of([]), "listed_space": null, "approvals": null, "waivers": {},
	}
}

test_settings_follow_what_is_given if {
	found := parameters.settings({
		"profile": "strict", "openAddressShare": 0.1, "openPortShare": 1, "internalBlocks": ["8.0.0.0/8"],
		"systemNamespaces": ["istio-*"], "approvedDestinations": [],
	})
	found.profile == "strict"
	[found.address_share, found.port_share, found.system_namespaces, found.approvals] == [100000, 1000000, ["istio-*"], []]
	space.public(found.space, cidr.parse("8.0.0.0/8")) == 0
	space.public(found.listed_space, cidr.parse("203.0.113.0/24")) == 256
	space.public(found.listed_space, cidr.parse("8.0.0.0/8")) == 0
}

_approval(entry) := parameters.settings({"now": "2026-06-15T12:00:00Z", "approvedDestinations": [entry]}).approvals[0]

test_an_approval_has_defaults[name] if {
	some name, entry in {
		"only what is needed": _entry,
		"nulls": _with({"ports": null, "expires": null, "namespaces": null, "podLabels": null, "open": null}),
	}
	found := object.remove(_approval(entry), ["allowance"])
	found == {"name": "partner", "namespaces": null, "labels": {}, "open": false, "expires": null, "expired": false}
}

test_an_approval_keeps_what_is_given if {
	entry := _with({"expires": "2026-06-14", "namespaces": ["shop"], "podLabels": {"a": "b"}, "open": true})
	object.remove(_approval(entry), ["allowance"]) == {
		"name": "partner", "namespaces": ["shop"], "labels": {"a": "b"}, "open": true, "expires": "2026-06-14", "expired": true,
	}
}

test_an_approval_is_a_denial_before_all_tiers if {
	found := _approval(_with({"cidrs": ["8.8.8.0/24", "2a00::/12"], "ports": [443]})).allowance
	object.remove(found, ["claims"]) == {
		"action": "deny", "tier": 0, "order": 0, "everywhere": false, "selectors": [], "path": "",
		"ports": [{"protocol": "TCP", "low": 443, "high": 443}],
	}
	[[cidr.text(claim), claim.except] | some claim in found.claims] == [["8.8.8.0/24", []], ["2a00:0:0:0:0:0:0:0/12", []]]
}

test_an_approval_holds_on_ports[name] if {
	some name, row in {
		"none given, which is all": {"ports": [], "expected": ports.all},
		"a number, which is of TCP": {"ports": [443], "expected": [{"protocol": "TCP", "low": 443, "high": 443}]},
		"a port without protocol": {"ports": [{"port": 443}], "expected": [{"protocol": "TCP", "low": 443, "high": 443}]},
		"a protocol": {"ports": [{"protocol": "UDP"}], "expected": [{"protocol": "UDP", "low": 1, "high": 65535}]},
		"a protocol with a port that is null": {
			"ports": [{"protocol": "UDP", "port": null}], "expected": [{"protocol": "UDP", "low": 1, "high": 65535}],
		},
		"an empty object": {"ports": [{}], "expected": [{"protocol": "TCP", "low": 1, "high": 65535}]},
		"a range": {"ports": [{"protocol": "SCTP", "port": 1, "endPort": 9}], "expected": [{"protocol": "SCTP", "low": 1, "high": 9}]},
		"nulls": {
			"ports": [{"protocol": null, "port": 7, "endPort": null}], "expected": [{"protocol": "TCP", "low": 7, "high": 7}],
		},
	}
	_approval(_with({"ports": row.ports})).allowance.ports == row.expected
}

test_an_approval_expires_at_the_end_of_its_day[name] if {
	some name, row in {
		"the day before": {"now": "2026-06-14T23:59:59Z", "expected": false},
		"on its day": {"now": "2026-06-15T23:59:59Z", "expected": false},
		"the day after": {"now": "2026-06-16T00:00:00Z", "expected": true},
		"a date alone": {"now": "2026-06-16", "expected": true},
		"a year later": {"now": "2027-01-01", "expected": true},
		"a year before": {"now": "2025-12-31", "expected": false},
	}
	given := {"now": row.now, "approvedDestinations": [_with({"expires": "2026-06-15"})]}
	parameters.settings(given).approvals[0].expired == row.expected
}

test_without_a_now_it_is_the_clock_that_tells[name] if {
	some name, row in {
		"the day after": {"clock": "2026-01-02T00:00:00Z", "expected": true},
		"on its day": {"clock": "2026-01-01T23:59:59Z", "expected": false},
		"a day of two digits": {"clock": "2026-10-11T00:00:00Z", "expected": true},
		"the tenth": {"clock": "2026-01-10T00:00:00Z", "expected": true},
		"the tenth month": {"clock": "2026-10-01T00:00:00Z", "expected": true},
		"a month before": {"clock": "2025-12-31T00:00:00Z", "expected": false},
	}
	given := {"approvedDestinations": [_with({"expires": "2026-01-01"})]}
	found := parameters.settings(given) with time.now_ns as time.parse_rfc3339_ns(row.clock)
	found.approvals[0].expired == row.expected
}
