package lib.egress.waiver_test

import data.lib.egress.testing
import data.lib.egress.waiver

_policy := {"kind": "NetworkPolicy", "namespace": "shop", "name": "app"}

_waiver := {"rule": "open-egress", "resource": _policy, "owner": "team", "reason": "migration", "expires": "2026-06-15"}

_with(fields) := testing.with_fields(_waiver, fields)

_for(fields) := _with({"resource": object.union(_policy, fields)})

_finding := {
	"rule": "open-egress", "level": "fail", "message": "m", "path": "spec.egress[0]", "order": 0,
	"resource": object.union(_policy, {"apiVersion": "networking.k8s.io/v1"}),
}

_found(fields) := testing.with_fields(_finding, fields)

_on(fields) := _found({"resource": object.union(_finding.resource, fields)})

# The index of the waiver of each finding, null where none waives it.
_waivers(listed, findings) := [object.get(found, "waiver", null) | some found in waiver.applied(findings, _settings(listed))]

_settings(listed) := {"waivers": waiver.index(listed, "2026-06-15")}

test_a_waived_finding_is_a_warning_that_says_who_waived_it if {
	waiver.applied([_finding], _settings([_waiver])) == [object.union(_finding, {
		"level": "warn", "waiver": 0, "waived": {"owner": "team", "reason": "migration", "expires": "2026-06-15"},
	})]
}

test_without_waivers_findings_are_as_they_were if {
	waiver.applied([_finding], {"waivers": {}}) == [_finding]
}

test_the_order_of_findings_is_kept if {
	other := _found({"rule": "all-ports"})
	waiver.applied([other, _finding, other], _settings([_waiver]))[0] == other
	_waivers([_waiver], [other, _finding, other]) == [null, 0, null]
}

test_waives_what_it_names[name] if {
	some name, row in {
		"all of it": {"waiver": _waiver, "finding": _finding, "expected": 0},
		"another rule": {"waiver": _waiver, "finding": _found({"rule": "all-ports"}), "expected": null},
		"the combined rule, which is another": {"waiver": _waiver, "finding": _found({"rule": "open-egress-combined"}), "expected": null},
		"another name": {"waiver": _waiver, "finding": _on({"name": "app2"}), "expected": null},
		"a name in other letters": {"waiver": _for({"name": "App"}), "finding": _finding, "expected": null},
		"another namespace": {"waiver": _waiver, "finding": _on({"namespace": "bank"}), "expected": null},
		"another kind": {"waiver": _waiver, "finding": _on({"kind": "Deployment"}), "expected": null},
		"no namespace, which is what is cluster-wide": {"waiver": _with({"resource": object.remove(_policy, ["namespace"])}), "finding": _finding, "expected": null},
		"a namespace that is null, for what is cluster-wide": {"waiver": _for({"namespace": null}), "finding": _on({"namespace": ""}), "expected": 0},
		"an empty namespace, for what is cluster-wide": {"waiver": _for({"namespace": ""}), "finding": _on({"namespace": ""}), "expected": 0},
		"the same group": {"waiver": _for({"apiVersion": "networking.k8s.io/v1"}), "finding": _finding, "expected": 0},
		"another version of the same group": {"waiver": _for({"apiVersion": "networking.k8s.io/v9"}), "finding": _finding, "expected": 0},
		"another group": {"waiver": _for({"apiVersion": "projectcalico.org/v3"}), "finding": _finding, "expected": null},
		"the core group": {"waiver": _for({"apiVersion": "v1"}), "finding": _finding, "expected": null},
		"the core group for what is in it": {"waiver": _for({"apiVersion": "v1"}), "finding": _on({"apiVersion": "v1"}), "expected": 0},
		"any group": {"waiver": _waiver, "finding": _on({"apiVersion": "projectcalico.org/v3"}), "expected": 0},
		"a group that is null, which is any": {"waiver": _for({"apiVersion": null}), "finding": _finding, "expected": 0},
		"a group that is empty, which is any": {"waiver": _for({"apiVersion": ""}), "finding": _finding, "expected": 0},
		"any path": {"waiver": _waiver, "finding": _found({"path": "spec.egress[7]"}), "expected": 0},
		"the whole object": {"waiver": _waiver, "finding": _found({"path": ""}), "expected": 0},
		"this path": {"waiver": _with({"path": "spec.egress[0]"}), "finding": _finding, "expected": 0},
		"another path": {"waiver": _with({"path": "spec.egress[1]"}), "finding": _finding, "expected": null},
		"a path that this one begins with": {"waiver": _with({"path": "spec.egress[1]"}), "finding": _found({"path": "spec.egress[10]"}), "expected": null},
		"a path below": {"waiver": _with({"path": "spec.egress[0]"}), "finding": _found({"path": "spec.egress[0].to[0]"}), "expected": null},
		"a path where the finding has none": {"waiver": _with({"path": "spec"}), "finding": _found({"path": ""}), "expected": null},
		"a path that is null, which is any": {"waiver": _with({"path": null}), "finding": _finding, "expected": 0},
		"a path that is empty, which is any": {"waiver": _with({"path": ""}), "finding": _finding, "expected": 0},
		"on its last day": {"waiver": _with({"expires": "2026-06-15"}), "finding": _finding, "expected": 0},
		"a day too late": {"waiver": _with({"expires": "2026-06-14"}), "finding": _finding, "expected": null},
		"a year before it ends": {"waiver": _with({"expires": "2027-01-01"}), "finding": _finding, "expected": 0},
	}
	_waivers([row.waiver], [row.finding]) == [row.expected]
}

test_the_most_exact_waiver_counts[name] if {
	some name, row in {
		"a path before all": {"waivers": [_waiver, _with({"path": "spec.egress[0]"})], "expected": 1},
		"all where the path is another": {"waivers": [_waiver, _with({"path": "spec.egress[1]"})], "expected": 0},
		"a group before any": {"waivers": [_waiver, _for({"apiVersion": "networking.k8s.io/v1"})], "expected": 1},
		"any where the group is another": {"waivers": [_waiver, _for({"apiVersion": "projectcalico.org/v3"})], "expected": 0},
		"of two groups its own": {
			"waivers": [_for({"apiVersion": "projectcalico.org/v3"}), _for({"apiVersion": "networking.k8s.io/v1"})], "expected": 1,
		},
		"a path of any group before a group": {
			"waivers": [_for({"apiVersion": "networking.k8s.io/v1"}), _with({"path": "spec.egress[0]"})], "expected": 1,
		},
		"all where the exact one has expired": {
			"waivers": [_with({"path": "spec.egress[0]", "expires": "2026-06-14"}), _waiver], "expected": 1,
		},
	}
	_waivers(row.waivers, [_finding]) == [row.expected]
}

_namespace(fields) := _with({"rule": "no-egress-policy", "resource": object.union({"kind": "Namespace", "name": "shop"}, fields)})

_nothing_isolates := _found({
	"rule": "no-egress-policy", "path": "",
	"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"},
})

test_a_namespace_without_a_policy_is_waived[name] if {
	some name, row in {
		"by its name": {"waiver": _namespace({}), "finding": _nothing_isolates, "expected": 0},
		"by its name and group": {"waiver": _namespace({"apiVersion": "v1"}), "finding": _nothing_isolates, "expected": 0},
		"by the workload": {
			"waiver": _with({"rule": "no-egress-policy", "resource": {"kind": "Deployment", "namespace": "shop", "name": "web"}}),
			"finding": _nothing_isolates, "expected": 0,
		},
		"not by another namespace": {"waiver": _namespace({"name": "bank"}), "finding": _nothing_isolates, "expected": null},
		"not by a Namespace of somebody else": {"waiver": _namespace({"apiVersion": "example.org/v1"}), "finding": _nothing_isolates, "expected": null},
		"not by an object in it that is called Namespace": {"waiver": _namespace({"namespace": "shop"}), "finding": _nothing_isolates, "expected": null},
		"not with a path": {
			"waiver": object.union(_namespace({}), {"path": "spec"}), "finding": _nothing_isolates, "expected": null,
		},
		"not for another rule": {
			"waiver": object.union(_namespace({}), {"rule": "uncovered-workload"}),
			"finding": object.union(_nothing_isolates, {"rule": "uncovered-workload"}), "expected": null,
		},
	}
	_waivers([row.waiver], [row.finding]) == [row.expected]
}

test_the_workload_comes_before_its_namespace if {
	mine := _with({"rule": "no-egress-policy", "resource": {"kind": "Deployment", "namespace": "shop", "name": "web"}})
	_waivers([_namespace({}), mine], [_nothing_isolates]) == [1]
}

_statuses(listed, used) := [[one.status, one.findings] | some one in waiver.report(listed, "2026-06-15", used)]

test_reports_what_became_of_each[name] if {
	some name, row in {
		"none listed": {"waivers": [], "used": [], "expected": []},
		"used": {"waivers": [_waiver], "used": [0], "expected": [["used", 1]]},
		"used more than once": {"waivers": [_waiver], "used": [0, 0, 0], "expected": [["used", 3]]},
		"unused": {"waivers": [_waiver], "used": [], "expected": [["unused", 0]]},
		"expired": {"waivers": [_with({"expires": "2026-06-14"})], "used": [], "expected": [["expired", 0]]},
		"in the order of the list": {
			"waivers": [_waiver, _with({"expires": "2020-01-01"}), _waiver, _waiver], "used": [3, 0, 3],
			"expected": [["used", 1], ["expired", 0], ["unused", 0], ["used", 2]],
		},
		"the eleventh comes after the second": {
			"waivers": [_waiver | some _ in numbers.range(0, 10)], "used": [10, 1, 10],
			"expected": [[status, n] | some i in numbers.range(0, 10); [status, n] := _expected(i)],
		},
	}
	_statuses(row.waivers, row.used) == row.expected
}

_expected(1) := ["used", 1]

_expected(10) := ["used", 2]

_expected(i) := ["unused", 0] if not i in {1, 10}

test_reports_a_waiver_in_one_form[name] if {
	some name, row in {
		"used": {
			"waiver": _waiver, "used": [0],
			"expected": object.union(_waiver, {"status": "used", "findings": 1}),
		},
		"every field": {
			"waiver": object.union(_for({"apiVersion": "networking.k8s.io/v1"}), {"path": "spec.egress[0]"}), "used": [0],
			"expected": object.union(
				_for({"apiVersion": "networking.k8s.io/v1"}),
				{"path": "spec.egress[0]", "status": "used", "findings": 1},
			),
		},
		"nulls": {
			"waiver": object.union(_for({"apiVersion": null, "namespace": null}), {"path": null}), "used": [0],
			"expected": object.union(_for({"namespace": ""}), {"status": "used", "findings": 1}),
		},
		"unused": {
			"waiver": _with({"path": "spec.egress[0]"}), "used": [],
			"expected": object.union(_with({"path": "spec.egress[0]"}), {
				"status": "unused", "findings": 0,
				"message": concat("", [
					"The waiver of open-egress for NetworkPolicy shop/app spec.egress[0] waives nothing: ",
					"remove it, or name rule, resource and path as a report does",
				]),
			}),
		},
		"expired": {
			"waiver": _with({"resource": {"kind": "Namespace", "name": "shop"}, "expires": "2026-06-14"}), "used": [],
			"expected": object.union(_with({"resource": {"kind": "Namespace", "namespace": "", "name": "shop"}, "expires": "2026-06-14"}), {
				"status": "expired", "findings": 0,
				"message": "The waiver of open-egress for Namespace shop expired on 2026-06-14: remove it, or have it granted anew",
			}),
		},
	}
	waiver.report([row.waiver], "2026-06-15", row.used) == [row.expected]
}

test_tells_waivers_apart[name] if {
	some name, row in {
		"the same": {"waivers": [_waiver, _with({"owner": "other", "reason": "r", "expires": "2027-01-01"})], "expected": 1},
		"versions of one group": {
			"waivers": [_for({"apiVersion": "networking.k8s.io/v1"}), _for({"apiVersion": "networking.k8s.io/v2"})], "expected": 1,
		},
		"what is left out and what is null or empty": {
			"waivers": [_waiver, object.union(_for({"apiVersion": null}), {"path": null}), object.union(_for({"apiVersion": ""}), {"path": ""})],
			"expected": 1,
		},
		"by group": {"waivers": [_waiver, _for({"apiVersion": "v1"}), _for({"apiVersion": "apps/v1"})], "expected": 3},
		"by path": {"waivers": [_waiver, _with({"path": "spec"})], "expected": 2},
		"by rule": {"waivers": [_waiver, _with({"rule": "all-ports"})], "expected": 2},
		"by kind, namespace and name": {
			"waivers": [_waiver, _for({"kind": "Pod"}), _for({"namespace": "bank"}), _for({"name": "web"})], "expected": 4,
		},
	}
	count({waiver.key(one) | some one in row.waivers}) == row.expected
}
