package lib.egress.parameters_test

import data.lib.egress.cidr
import data.lib.egress.finding
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

_waived_policy := {"kind": "NetworkPolicy", "namespace": "shop", "name": "app"}

_waiver := {
	"rule": "open-egress", "resource": _waived_policy, "owner": "shop team", "reason": "migration", "expires": "2026-12-31",
}

_waiver_without(field) := object.remove(_waiver, [field])

_waiver_with(fields) := object.union(object.remove(_waiver, object.keys(fields)), fields)

_waiving(fields) := _waiver_with({"resource": object.union(object.remove(_waived_policy, object.keys(fields)), fields)})

test_refuses_a_wrong_list_of_waivers[name] if {
	some name, row in {
		"null": {"given": null, "expected": set()},
		"none": {"given": [], "expected": set()},
		"one": {"given": [_waiver], "expected": set()},
		"an object": {"given": {"0": _waiver}, "expected": {"waivers"}},
		"a text": {"given": "waivers.yaml", "expected": {"waivers"}},
		"a number": {"given": 1, "expected": {"waivers"}},
		"true": {"given": true, "expected": {"waivers"}},
		"the second": {"given": [_waiver, object.remove(_waiver_with({"path": "spec"}), ["owner"])], "expected": {"waivers[1].owner"}},
		"the same twice": {"given": [_waiver, _waiver], "expected": {"waivers[1]"}},
		"the same three times": {"given": [_waiver, _waiver, _waiver], "expected": {"waivers[1]", "waivers[2]"}},
		"the same of another owner until another day": {
			"given": [_waiver, _waiver_with({"owner": "other", "reason": "r", "expires": "2027-01-01"})], "expected": {"waivers[1]"},
		},
		"the same beside others": {
			"given": [_waiver_with({"path": "spec"}), _waiver, _waiver_with({"rule": "all-ports"}), _waiver], "expected": {"waivers[3]"},
		},
		"the same in two versions of a group": {
			"given": [_waiving({"apiVersion": "networking.k8s.io/v1"}), _waiving({"apiVersion": "networking.k8s.io/v2"})],
			"expected": {"waivers[1]"},
		},
		"one for a group, one for any": {"given": [_waiver, _waiving({"apiVersion": "networking.k8s.io/v1"})], "expected": set()},
		"one of two groups each": {
			"given": [_waiving({"apiVersion": "networking.k8s.io/v1"}), _waiving({"apiVersion": "projectcalico.org/v3"})], "expected": set(),
		},
		"one for a path, one for all": {"given": [_waiver, _waiver_with({"path": "spec.egress[0]"})], "expected": set()},
		"wrong ones, which are not told apart": {"given": [{}, {}], "expected": {concat("", [entry, field]) |
			some entry in ["waivers[0]", "waivers[1]"]
			some field in [".rule", ".resource", ".owner", ".reason", ".expires"]
		}},
	}
	_paths({"waivers": row.given}) == row.expected
}

# Paths below the entry.
_waiver_paths(entry) := {trim_prefix(path, "waivers[0]") | some path in _paths({"waivers": [entry]})}

test_refuses_a_wrong_waiver[name] if {
	some name, row in {
		"what is needed": {"entry": _waiver, "expected": set()},
		"every field": {"entry": object.union(_waiving({"apiVersion": "networking.k8s.io/v1"}), {"path": "spec.egress[0]"}), "expected": set()},
		"null for what is not needed": {"entry": object.union(_waiving({"apiVersion": null, "namespace": null}), {"path": null}), "expected": set()},
		"empty for what is not needed": {"entry": object.union(_waiving({"apiVersion": "", "namespace": ""}), {"path": ""}), "expected": set()},
		"null": {"entry": null, "expected": {""}},
		"a text": {"entry": "open-egress", "expected": {""}},
		"a list": {"entry": [], "expected": {""}},
		"an unknown field": {"entry": _waiver_with({"expiry": "2026-12-31"}), "expected": {".expiry"}},
		"no rule": {"entry": _waiver_without("rule"), "expected": {".rule"}},
		"a rule that is null": {"entry": _waiver_with({"rule": null}), "expected": {".rule"}},
		"a rule that is a number": {"entry": _waiver_with({"rule": 1}), "expected": {".rule"}},
		"a rule that is a list": {"entry": _waiver_with({"rule": ["open-egress"]}), "expected": {".rule"}},
		"a rule that is an object": {"entry": _waiver_with({"rule": {}}), "expected": {".rule"}},
		"an empty rule": {"entry": _waiver_with({"rule": ""}), "expected": {".rule"}},
		"a rule that there is not": {"entry": _waiver_with({"rule": "open_egress"}), "expected": {".rule"}},
		"every rule": {"entry": _waiver_with({"rule": "*"}), "expected": {".rule"}},
		"no owner": {"entry": _waiver_without("owner"), "expected": {".owner"}},
		"an owner that is null": {"entry": _waiver_with({"owner": null}), "expected": {".owner"}},
		"an owner that is a number": {"entry": _waiver_with({"owner": 1}), "expected": {".owner"}},
		"an empty owner": {"entry": _waiver_with({"owner": ""}), "expected": {".owner"}},
		"an owner of blanks": {"entry": _waiver_with({"owner": " \t\n"}), "expected": {".owner"}},
		"no reason": {"entry": _waiver_without("reason"), "expected": {".reason"}},
		"a reason that is null": {"entry": _waiver_with({"reason": null}), "expected": {".reason"}},
		"a reason that is a list": {"entry": _waiver_with({"reason": ["a"]}), "expected": {".reason"}},
		"an empty reason": {"entry": _waiver_with({"reason": ""}), "expected": {".reason"}},
		"a reason of blanks": {"entry": _waiver_with({"reason": "  "}), "expected": {".reason"}},
		"a path that is a number": {"entry": _waiver_with({"path": 0}), "expected": {".path"}},
		"a path that is a list": {"entry": _waiver_with({"path": ["spec.egress[0]"]}), "expected": {".path"}},
		"no end": {"entry": _waiver_without("expires"), "expected": {".expires"}},
		"an end that is null": {"entry": _waiver_with({"expires": null}), "expected": {".expires"}},
		"an end that is never": {"entry": _waiver_with({"expires": "never"}), "expected": {".expires"}},
		"an empty end": {"entry": _waiver_with({"expires": ""}), "expected": {".expires"}},
		"an end that is false": {"entry": _waiver_with({"expires": false}), "expected": {".expires"}},
		"an end that is a number": {"entry": _waiver_with({"expires": 20261231}), "expected": {".expires"}},
		"an end with a time": {"entry": _waiver_with({"expires": "2026-12-31T00:00:00Z"}), "expected": {".expires"}},
		"an end on no day": {"entry": _waiver_with({"expires": "2026-02-30"}), "expected": {".expires"}},
		"an end that is short": {"entry": _waiver_with({"expires": "2026-1-1"}), "expected": {".expires"}},
		"a year of five figures": {"entry": _waiver_with({"expires": "10000-01-01"}), "expected": {".expires"}},
		"no resource": {"entry": _waiver_without("resource"), "expected": {".resource"}},
		"a resource that is null": {"entry": _waiver_with({"resource": null}), "expected": {".resource"}},
		"a resource that is a text": {"entry": _waiver_with({"resource": "NetworkPolicy/shop/app"}), "expected": {".resource"}},
		"a resource that is a list": {"entry": _waiver_with({"resource": [_waived_policy]}), "expected": {".resource"}},
		"an empty resource": {"entry": _waiver_with({"resource": {}}), "expected": {".resource.kind", ".resource.name"}},
		"an unknown field of the resource": {"entry": _waiving({"labels": {}}), "expected": {".resource.labels"}},
		"a resource without kind": {"entry": _waiver_with({"resource": object.remove(_waived_policy, ["kind"])}), "expected": {".resource.kind"}},
		"a kind that is null": {"entry": _waiving({"kind": null}), "expected": {".resource.kind"}},
		"a kind that is a number": {"entry": _waiving({"kind": 1}), "expected": {".resource.kind"}},
		"an empty kind": {"entry": _waiving({"kind": ""}), "expected": {".resource.kind"}},
		"a pattern of kinds": {"entry": _waiving({"kind": "*"}), "expected": {".resource.kind"}},
		"a resource without name": {"entry": _waiver_with({"resource": object.remove(_waived_policy, ["name"])}), "expected": {".resource.name"}},
		"a name that is null": {"entry": _waiving({"name": null}), "expected": {".resource.name"}},
		"a name that is a list": {"entry": _waiving({"name": ["app"]}), "expected": {".resource.name"}},
		"an empty name": {"entry": _waiving({"name": ""}), "expected": {".resource.name"}},
		"a pattern of names": {"entry": _waiving({"name": "app-*"}), "expected": {".resource.name"}},
		"a pattern of one letter": {"entry": _waiving({"name": "app?"}), "expected": {".resource.name"}},
		"no namespace": {"entry": _waiver_with({"resource": object.remove(_waived_policy, ["namespace"])}), "expected": set()},
		"a namespace that is a number": {"entry": _waiving({"namespace": 1}), "expected": {".resource.namespace"}},
		"a namespace that is a list": {"entry": _waiving({"namespace": ["shop"]}), "expected": {".resource.namespace"}},
		"a pattern of namespaces": {"entry": _waiving({"namespace": "*"}), "expected": {".resource.namespace"}},
		"an apiVersion that is a number": {"entry": _waiving({"apiVersion": 1}), "expected": {".resource.apiVersion"}},
		"an apiVersion that is an object": {"entry": _waiving({"apiVersion": {}}), "expected": {".resource.apiVersion"}},
	}
	_waiver_paths(row.entry) == row.expected
}

test_every_rule_may_be_waived if {
	missed := {rule | some rule, _ in finding.levels; _waiver_paths(_waiver_with({"rule": rule})) != set()}
	missed == set()
}

test_problems_of_waivers_say_what_would_be_right if {
	given := {"waivers": [
		1,
		{"rule": "x", "resource": {"kind": "", "name": "*", "namespace": 1, "x": 1}, "path": 1, "owner": " ", "reason": 1, "x": 1},
		{"rule": "open-egress", "resource": 1, "owner": "a", "reason": "b", "expires": "2026-12-31"},
		_waiver, _waiver,
	]}
	{problem.path: problem.message | some problem in parameters.problems(given)} == {
		"waivers[0]": "must be an object",
		"waivers[1].rule": "must be the name of a rule",
		"waivers[1].owner": "must be a text that is not blank",
		"waivers[1].reason": "must be a text that is not blank",
		"waivers[1].path": "must be a text",
		"waivers[1].expires": "must be a date, as 2026-12-31: a waiver has an end",
		"waivers[1].x": "is an unknown field",
		"waivers[1].resource.kind": "must be a text that is not empty",
		"waivers[1].resource.name": "must be the whole name, without * or ?",
		"waivers[1].resource.namespace": "must be a text",
		"waivers[1].resource.x": "is an unknown field",
		"waivers[2].resource": "must be an object with kind, namespace and name, as a report has it",
		"waivers[4]": "waives the same as one before it",
	}
}

test_settings_look_waivers_up[name] if {
	some name, row in {
		"none": {"given": {"waivers": []}, "expected": set()},
		"one": {"given": {"waivers": [_waiver]}, "expected": {0}},
		"not the expired one": {"given": {"now": "2027-01-01", "waivers": [_waiver, _waiver_with({"path": "a", "expires": "2027-01-01"})]}, "expected": {1}},
		"by the clock, where now is null": {"given": {"now": null, "waivers": [_waiver, _waiver_with({"path": "a", "expires": "2026-12-30"})]}, "expected": {0}},
	}
	found := parameters.settings(row.given) with time.now_ns as time.parse_rfc3339_ns("2026-12-31T23:59:59Z")
	{one.index | some one in found.waivers} == row.expected
}

test_reports_what_became_of_waivers[name] if {
	some name, row in {
		"no parameters": {"given": {}, "used": [], "expected": null},
		"null": {"given": {"waivers": null}, "used": [], "expected": null},
		"none": {"given": {"waivers": []}, "used": [], "expected": []},
		"by now": {"given": {"now": "2027-01-01", "waivers": [_waiver]}, "used": [], "expected": ["expired"]},
		"by the clock": {"given": {"waivers": [_waiver]}, "used": [], "expected": ["unused"]},
		"by the clock, where now is null": {"given": {"now": null, "waivers": [_waiver]}, "used": [0], "expected": ["used"]},
	}
	found := parameters.waiver_report(row.given, row.used) with time.now_ns as time.parse_rfc3339_ns("2026-12-31T23:59:59Z")
	_statuses(found) == row.expected
}

_statuses(null) := null

_statuses(found) := [one.status | some one in found] if is_array(found)

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
		"x": "is an unknown parameter",
		"profile": "must be baseline or strict",
		"openPortShare": "must be a number above 0 and up to 1",
		"internalBlocks[0]": "must be a CIDR block without leading zeros or bits beyond its length",
		"internalBlocks": "must leave some public addresses of each family",
		"systemNamespaces": "must be a list",
		"now": "must be a date, as 2026-12-31 or 2026-12-31T23:59:59Z",
		"approvedDestinations[0]": "must be an object",
		"approvedDestinations[1].x": "is an unknown field",
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
			"profile": null, "openAddressShare": null, "openPortShare": null, "internalBlocks": null, "systemNamespaces": null, "firewallNamespaces": null,
			"approvedDestinations": null, "models": null, "waivers": null, "now": null,
		},
	}
	parameters.settings(given) == {
		"profile": "baseline", "address_share": 250000, "port_share": 500000, "few": {4: cidr.powers[24], 6: cidr.powers[109]},
		"system_namespaces": ["kube-system", "kube-public", "kube-node-lease"], "firewall_namespaces": [],
		"space": space.of([]), "listed_space": null, "approvals": null, "models": null, "waivers": {},
	}
}

test_no_address_is_surely_few_where_a_small_share_is_any_destination[name] if {
	some name, row in {
		"a share below a /8": {"given": {"openAddressShare": 0.004}, "expected": {4: 0, 6: cidr.powers[109]}},
		"a share below a /8 and a /19": {"given": {"openAddressShare": 0.0009}, "expected": {4: 0, 6: 0}},
		"few addresses that are public at all": {"given": {"internalBlocks": ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/4", "208.0.0.0/5", "216.0.0.0/6"]}, "expected": {4: 0, 6: cidr.powers[109]}},
	}
	parameters.settings(row.given).few == row.expected
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
