package egress.controls.egress_restricted_test

import data.egress.controls.egress_restricted
import data.egress.main
import data.lib.egress.layers
import data.lib.egress.parameters
import data.lib.egress.testing

_web := testing.deployment("web")

_db := testing.deployment("db")

_host := testing.deployment_with("host", {"hostNetwork": true})

_deny := testing.egress([])

_narrow := testing.to_blocks(["10.0.0.0/8"], testing.https)

_open := testing.egress([{}])

_any := testing.egress([{"ports": testing.https}])

_by_names := {"apiVersion": "networking.gke.io/v1alpha1", "kind": "FQDNNetworkPolicy", "metadata": {"name": "names", "namespace": "shop"}}

_of(objects) := _in("shop", objects)

_in(namespace, objects) := main.namespace({"namespace": namespace, "documents": testing.documents(objects)}, testing.nowhere, testing.usual)

# Everything that the namespace says but its findings and totals.
test_a_namespace_counts_its_rules_and_workloads if {
	found := _of([_web, _host, testing.egress([{}, _narrow, {"ports": testing.https}])])
	found.namespace == {
		"name": "shop", "status": "fail", "egress_rules": 3, "restricted_rules": 1,
		"workloads": [
			{"kind": "Deployment", "name": "web", "covered": true, "open": true, "public_share": 1},
			{"kind": "Deployment", "name": "host", "covered": null, "open": true, "public_share": 1},
		],
	}
	found.policies == [{
		"kind": "NetworkPolicy", "namespace": "shop", "name": "app", "order": 2,
		"egress_rules": 3, "restricted_rules": 1, "open_rules": 1,
	}]
	testing.about(found.findings) == {
		["NetworkPolicy", "app", "spec.egress[0]"], ["NetworkPolicy", "app", "spec.egress[2]"],
		["Deployment", "host", "spec.template.spec.hostNetwork"],
	}
}

test_its_totals_are_these if {
	_of([_web, _host, testing.egress([{}, _narrow])]).totals == {
		"egress_rules": 2, "restricted_rules": 1, "open_rules": 1, "application": 1, "restricted": 0, "workloads": 2, "governed": 1,
		"covered": 1, "policies": 1, "failing": 1, "unjudged": 0, "firewalls": {"found": 0, "guarding": 0, "open": false, "public_share": 0}, "kinds": {"NetworkPolicy": {"policies": 1, "egress_rules": 2, "restricted_rules": 1, "open_rules": 1}}, "waivers": [], "layered": [], "once": [],
	}
}

test_what_is_cluster_wide_is_no_namespace if {
	found := _in("", [{"apiVersion": "cilium.io/v2", "kind": "CiliumEgressGatewayPolicy", "metadata": {"name": "a"}}])
	found.namespace == null
	[found.totals.unjudged, found.totals.application] == [1, 0]
}

test_a_namespace_has_a_status[name] if {
	some name, row in {
		"fail, if a finding fails": {"objects": [_web, _open], "expected": "fail"},
		"fail, if nothing is covered": {"objects": [_web], "expected": "fail"},
		"fail, without workloads": {"objects": [_open], "expected": "fail"},
		"pass": {"objects": [_web, _deny], "expected": "pass"},
		"pass with a warning": {"objects": [_web, _any], "expected": "pass"},
		"pass without workloads": {"objects": [_deny], "expected": "pass"},
		"skip with nothing": {"objects": [], "expected": "skip"},
		"skip with a policy for ingress": {"objects": [testing.network_policy("a", {"policyTypes": ["Ingress"]})], "expected": "skip"},
		"skip with only what no policy governs": {"objects": [_host], "expected": "skip"},
		"skip with only what no policy governs, and a policy": {"objects": [_host, _deny], "expected": "skip"},
		"fail with only what no policy governs, and an open policy": {"objects": [_host, _open], "expected": "fail"},
	}
	_of(row.objects).namespace.status == row.expected
}

test_a_rule_is_restricted[name] if {
	some name, row in {
		"if nothing was found in it": {"rules": [_narrow], "expected": 1},
		"not if it is open": {"rules": [{}], "expected": 0},
		"not if it is warned of": {"rules": [{"ports": testing.https}], "expected": 0},
		"not if something in it is": {"rules": [testing.to_blocks(["169.254.169.254/32"], [{"port": 80}])], "expected": 0},
		"not if a block in it is ambiguous": {"rules": [testing.to_blocks(["10.0.0.1/8"], testing.https)], "expected": 0},
		"not if a field of it is wrong": {"rules": [object.union(_narrow, {"port": 443})], "expected": 0},
		"not if a field of it that is quoted in paths is wrong": {"rules": [object.union(_narrow, {"a.b": 443})], "expected": 0},
		"whatever the one beside it is": {"rules": [{}, _narrow], "expected": 1},
		"also as the eleventh beside a bad second": {
			"rules": array.concat([_narrow, {}], [_narrow | some _ in numbers.range(2, 10)]), "expected": 10,
		},
		"also as the second beside a bad eleventh": {
			"rules": array.concat([_narrow | some _ in numbers.range(0, 9)], [{}]), "expected": 10,
		},
	}
	_of([testing.egress(row.rules)]).totals.restricted_rules == row.expected
}

test_a_rule_that_an_approval_opens_is_not_restricted if {
	given := testing.view_with([], {"approvedDestinations": [{"name": "a", "cidrs": ["0.0.0.0/0", "::/0"], "open": true}]}).settings
	found := main.namespace({"namespace": "shop", "documents": testing.documents([testing.egress([{}, {"ports": testing.https}])])}, testing.nowhere, given)
	found.findings == []
	[found.totals.egress_rules, found.totals.restricted_rules, found.totals.open_rules] == [2, 1, 0]
}

test_findings_of_other_policies_do_not_count if {
	found := _of([testing.egress_of("web", [_narrow]), _open]).policies
	{policy.name: policy.restricted_rules | some policy in found} == {"web": 1, "app": 0}
}

test_rules_of_a_policy_that_isolates_no_egress_are_not_counted if {
	totals := _of([testing.network_policy("a", {"policyTypes": ["Ingress"], "egress": [{}]})]).totals
	[totals.egress_rules, totals.policies] == [0, 0]
}

test_a_workload_tells_its_reach[name] if {
	some name, row in {
		"not covered": {"objects": [_web], "expected": [false, true, 1]},
		"covered and shut": {"objects": [_web, _deny], "expected": [true, false, 0]},
		"covered and open": {"objects": [_web, _open], "expected": [true, true, 1]},
		"covered with a part": {"objects": [_web, testing.egress([testing.to_blocks(["8.0.0.0/8"], testing.https)])], "expected": [true, false, 0.004531]},
		"open together": {
			"objects": [_web, testing.egress([testing.to_blocks(["0.0.0.0/1"], []), testing.to_blocks(["128.0.0.0/1"], [])])],
			"expected": [true, true, 1],
		},
		"not governed": {"objects": [_host, _deny], "expected": [null, true, 1]},
	}
	[workload] := _of(row.objects).namespace.workloads
	[workload.covered, workload.open, workload.public_share] == row.expected
}

test_of_several_templates_the_widest_tells if {
	template := {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": []}}
	farm := {
		"apiVersion": "example.org/v1", "kind": "Farm", "metadata": {"name": "farm"},
		"spec": {"groups": [{"template": template}, {"template": testing.with_fields(template, {"metadata": {"labels": {"app": "b"}}})}]},
	}
	[workload] := _of([farm, testing.egress_of("a", [testing.to_blocks(["8.0.0.0/8"], [])]), testing.egress_of("b", [])]).namespace.workloads
	[workload.covered, workload.open, workload.public_share] == [true, false, 0.004531]
}

test_an_application_namespace_is_counted_and_restricted[name] if {
	some name, row in {
		"covered without a failure": {"namespace": "shop", "objects": [_web, _deny], "expected": [1, 1]},
		"covered with a warning": {"namespace": "shop", "objects": [_web, _any], "expected": [1, 1]},
		"covered with a failure": {"namespace": "shop", "objects": [_web, _open], "expected": [1, 0]},
		"not covered": {"namespace": "shop", "objects": [_web], "expected": [1, 0]},
		"covered in part": {"namespace": "shop", "objects": [_web, _db, testing.egress_of("web", [])], "expected": [1, 0]},
		"without workloads": {"namespace": "shop", "objects": [_deny], "expected": [0, 0]},
		"with only what no policy governs": {"namespace": "shop", "objects": [_host, _deny], "expected": [0, 0]},
		"of the system": {"namespace": "kube-system", "objects": [_web, _deny], "expected": [0, 0]},
		"of the system, not covered": {"namespace": "kube-system", "objects": [_web], "expected": [0, 0]},
	}
	totals := _in(row.namespace, row.objects).totals
	[totals.application, totals.restricted] == row.expected
}

test_a_namespace_counts_what_the_report_needs[name] if {
	some name, row in {
		"policies that isolate": {"objects": [_deny, testing.network_policy("in", {"policyTypes": ["Ingress"]})], "field": "policies", "expected": 1},
		"policies that are invalid as well": {"objects": [testing.network_policy("a", {"policyTypes": ["Egress"], "x": 1})], "field": "policies", "expected": 1},
		"what cannot be judged": {"objects": [_by_names, _by_names], "field": "unjudged", "expected": 2},
		"workloads": {"objects": [_web, _db, _host], "field": "workloads", "expected": 3},
		"those that policies govern": {"objects": [_web, _db, _host], "field": "governed", "expected": 2},
		"those that are covered": {"objects": [_web, _db, _host, testing.egress_of("web", [])], "field": "covered", "expected": 1},
		"findings that fail": {"objects": [_open, _any, _by_names], "field": "failing", "expected": 1},
	}
	_of(row.objects).totals[row.field] == row.expected
}

_expiring(names) := testing.view_with([], {"now": "2026-06-15", "approvedDestinations": [entry |
	some name in names
	entry := {"name": name, "cidrs": ["0.0.0.0/0"], "expires": "2026-01-01"}
]}).settings

_all_https := testing.to_blocks(["0.0.0.0/0"], testing.https)

_needing(rules, names) := main.namespace({"namespace": "shop", "documents": testing.documents([testing.egress(rules)])}, testing.nowhere, _expiring(names))

test_what_is_said_once_is_handed_on if {
	_needing([_all_https], ["a"]).totals.once == [{
		"name": "a", "place": [0, 0], "kind": "NetworkPolicy", "level": "warn", "waiver": null, "alone": true,
		"drop": [
			0, "spec.egress[0]", "expired-destination",
			"NetworkPolicy 'app' needs the approved destination 'a', which expired on 2026-01-01",
		],
	}]
}

test_a_rule_is_restricted_but_for_what_is_said_once[name] if {
	some name, row in {
		"alone": {"rules": [_all_https], "names": ["a"], "expected": [true]},
		"twice": {"rules": [_all_https], "names": ["a", "b"], "expected": [true, true]},
		"beside another finding": {
			"rules": [{"to": [{"ipBlock": {"cidr": "1.2.3.4/0"}}], "ports": testing.https}], "names": ["a"], "expected": [false],
		},
	}
	[entry.alone | some entry in _needing(row.rules, row.names).totals.once] == row.expected
}

test_who_only_wants_totals_is_not_told_of_policies_and_workloads if {
	context := object.union(testing.nowhere, {"details": false})
	found := main.namespace({"namespace": "shop", "documents": testing.documents([_web, _open])}, context, testing.usual)
	[found.policies, found.namespace.workloads] == [[], []]
	found.totals == _of([_web, _open]).totals
	found.findings == _of([_web, _open]).findings
}

# The report over namespaces, each given by its objects.
_report(shards) := egress_restricted.report({"totals": [_of(objects).totals | some objects in shards], "kubernetes": 1, "errors": 0}, {}, testing.usual)

test_a_report_has_these_fields if {
	_report([[_web, _any], []]) == {
		"control": "egress-restricted", "control_version": "1.0.0", "severity": "medium", "profile": "baseline", "status": "pass",
		"summary": "1 egress rules found, 0 restrict to specific destinations; none allows all destinations on all ports.",
		"counts": {
			"egress_rules": 1, "restricted_rules": 0, "open_rules": 0, "application_namespaces": 1, "restricted_namespaces": 1,
			"workloads": 1, "covered_workloads": 1,
		},
		"kinds": [{"kind": "NetworkPolicy", "policies": 1, "egress_rules": 1, "restricted_rules": 0, "open_rules": 0}],
		"parameters": {}, "waivers": null, "models": [], "dropped": [],
	}
}

test_counts_each_kind_over_all_namespaces if {
	_report([[_web, _open, testing.egress_of("web", [_narrow])], [_deny], []]).kinds == [
		{"kind": "NetworkPolicy", "policies": 3, "egress_rules": 2, "restricted_rules": 1, "open_rules": 1},
	]
	_report([]).kinds == []
}

test_what_is_said_once_is_restricted_elsewhere_by_kind_as_well if {
	totals := [_needing([_all_https], ["a"]).totals, object.union(_needing([_all_https], ["a"]).totals, {"once": [
	object.union(entry, {"place": [7, 0]}) |
		some entry in _needing([_all_https], ["a"]).totals.once
	]})]
	found := egress_restricted.report({"totals": totals, "kubernetes": 1, "errors": 0}, {}, _expiring(["a"]))
	found.counts.restricted_rules == 1
	[kind.restricted_rules | some kind in found.kinds] == [1]
}

test_says_to_the_letter[name] if {
	some name, row in {
		"pass, all rules": {
			"shards": [[_web, testing.egress([_narrow])]], "status": "pass",
			"summary": "1 egress rules found, all 1 restrict to specific destinations.",
		},
		"pass, no rule": {
			"shards": [[_web, _deny]], "status": "pass", "summary": "0 egress rules found, all 0 restrict to specific destinations.",
		},
		"pass, some rules": {
			"shards": [[_web, testing.egress([_narrow, {"ports": testing.https}])]], "status": "pass",
			"summary": "2 egress rules found, 1 restrict to specific destinations; none allows all destinations on all ports.",
		},
		"fail, nothing isolates": {
			"shards": [[_web]], "status": "fail", "summary": "No NetworkPolicy defines egress rules. All outbound traffic is allowed.",
		},
		"fail, only ingress is isolated": {
			"shards": [[_web, testing.network_policy("in", {"policyTypes": ["Ingress"]})]], "status": "fail",
			"summary": "No NetworkPolicy defines egress rules. All outbound traffic is allowed.",
		},
		"fail, nothing isolates but something that cannot be judged": {
			"shards": [[_web, _by_names]], "status": "fail",
			"summary": "0 egress rules found, 0 restrict to specific destinations; 1 of 1 application namespaces are not restricted. 1 objects could not be judged.",
		},
		"fail, an invalid policy is there": {
			"shards": [[_web, testing.network_policy("a", {"policyTypes": ["Egress"], "x": 1})]], "status": "fail",
			"summary": "0 egress rules found, 0 restrict to specific destinations; 1 of 1 application namespaces are not restricted.",
		},
		"fail, a namespace is not restricted": {
			"shards": [[_web, _open], [_db, _deny], []], "status": "fail",
			"summary": "1 egress rules found, 0 restrict to specific destinations; 1 of 2 application namespaces are not restricted.",
		},
		"fail, though all namespaces are restricted": {
			"shards": [[_web, _deny], [_open]], "status": "fail",
			"summary": "1 egress rules found, 0 restrict to specific destinations; 1 findings fail.",
		},
		"skip, nothing to govern": {
			"shards": [[_host]], "status": "skip",
			"summary": "Not applicable: no workloads that policies govern, no egress policies and no firewalls found.",
		},
		"skip, something that cannot be judged": {
			"shards": [[_by_names, _by_names]], "status": "skip",
			"summary": "Not applicable: no workloads that policies govern, no egress policies and no firewalls found. 2 objects could not be judged.",
		},
		"pass, something that cannot be judged": {
			"shards": [[_web, _deny, _by_names]], "status": "pass",
			"summary": "0 egress rules found, all 0 restrict to specific destinations. 1 objects could not be judged.",
		},
	}
	found := _report(row.shards)
	[found.status, found.summary] == [row.status, row.summary]
}

test_says_to_the_letter_that_there_is_nothing[name] if {
	some name, row in {
		"of Kubernetes": {"kubernetes": 0, "expected": "Not applicable: no Kubernetes or container orchestration resources found."},
		"to govern": {
			"kubernetes": 1, "expected": "Not applicable: no workloads that policies govern, no egress policies and no firewalls found.",
		},
	}
	every totals in [[], [_of([]).totals]] {
		found := egress_restricted.report({"totals": totals, "kubernetes": row.kubernetes, "errors": 0}, {}, testing.usual)
		[found.status, found.summary] == ["skip", row.expected]
	}
}

test_an_error_of_reading_is_the_status[name] if {
	some name, row in {
		"whatever passes": {"objects": [_web, _deny], "summary": "0 egress rules found, all 0 restrict to specific destinations."},
		"whatever fails": {"objects": [_web], "summary": "No NetworkPolicy defines egress rules. All outbound traffic is allowed."},
		"whatever is skipped": {
			"objects": [], "summary": "Not applicable: no workloads that policies govern, no egress policies and no firewalls found.",
		},
	}
	found := egress_restricted.report({"totals": [_of(row.objects).totals], "kubernetes": 1, "errors": 1}, {}, testing.usual)
	[found.status, found.summary] == ["error", row.summary]
}

test_counts_are_added_up if {
	_report([[_web, _open], [_db, _host, testing.egress([_narrow, _narrow])], [_deny]]).counts == {
		"egress_rules": 3, "restricted_rules": 2, "open_rules": 1, "application_namespaces": 2, "restricted_namespaces": 1,
		"workloads": 3, "covered_workloads": 2,
	}
}

test_shows_the_parameters_that_differ if {
	found := egress_restricted.report({"totals": [], "kubernetes": 0, "errors": 0}, {"profile": "strict", "openPortShare": 0.5}, testing.strict)
	[found.profile, found.parameters] == ["strict", {"profile": "strict"}]
}

_once(name, order, index, level) := {
	"name": name, "place": [order, index], "kind": "NetworkPolicy", "level": level, "waiver": null, "alone": true,
	"drop": [order, sprintf("spec.egress[%d]", [index]), "r", name],
}

test_what_is_said_once_stays_on_the_first[name] if {
	some name, row in {
		"nothing": {"once": [], "expected": set()},
		"one": {"once": [[_once("a", 1, 0, "fail")]], "expected": set()},
		"the second of a namespace": {"once": [[_once("a", 2, 0, "warn"), _once("a", 1, 0, "warn")]], "expected": {[2, 0]}},
		"all but the first of all namespaces": {
			"once": [[_once("a", 20, 0, "warn")], [_once("a", 3, 0, "warn")], [_once("a", 100, 0, "warn")]], "expected": {[20, 0], [100, 0]},
		},
		"the eleventh rule comes after the second": {"once": [[_once("a", 1, 10, "warn"), _once("a", 1, 1, "warn")]], "expected": {[1, 10]}},
		"each thing for itself": {"once": [[_once("a", 1, 0, "warn"), _once("b", 2, 0, "warn")]], "expected": set()},
	}
	totals := [object.union(_of([]).totals, {"once": once}) | some once in row.once]
	found := egress_restricted.report({"totals": totals, "kubernetes": 1, "errors": 0}, {}, testing.usual)
	{[entry[0], entry[1]] | some entry in found.dropped} == {[order, sprintf("spec.egress[%d]", [index])] | some [order, index] in row.expected}
}

test_a_rule_of_which_nothing_is_said_any_more_is_restricted[name] if {
	some name, row in {
		"the second that needs it": {"once": [_once("a", 1, 0, "warn"), _once("a", 2, 0, "warn")], "expected": 1},
		"not where another is said of it": {
			"once": [_once("a", 1, 0, "warn"), _once("a", 2, 0, "warn"), _once("b", 2, 0, "warn")], "expected": 0,
		},
		"once, if two were said of it": {
			"once": [_once("a", 1, 0, "warn"), _once("b", 1, 0, "warn"), _once("a", 2, 0, "warn"), _once("b", 2, 0, "warn")], "expected": 1,
		},
		"not where it would not be without": {
			"once": [_once("a", 1, 0, "warn"), object.union(_once("a", 2, 0, "warn"), {"alone": false})], "expected": 0,
		},
	}
	totals := [object.union(_of([]).totals, {"once": row.once})]
	egress_restricted.report({"totals": totals, "kubernetes": 1, "errors": 0}, {}, testing.usual).counts.restricted_rules == row.expected
}

test_what_is_left_out_does_not_fail if {
	totals := [object.union(_of([]).totals, {"failing": 2, "once": [_once("a", 1, 0, "fail"), _once("a", 2, 0, "fail")]})]
	found := egress_restricted.report({"totals": totals, "kubernetes": 1, "errors": 0}, {}, testing.usual)
	found.summary == "0 egress rules found, 1 restrict to specific destinations; 1 findings fail."
}

_waiver(rule, kind, name) := {
	"rule": rule, "resource": {"kind": kind, "namespace": "shop", "name": name}, "owner": "team", "reason": "r", "expires": "2026-12-31",
}

_waive_open := _waiver("open-egress", "NetworkPolicy", "app")

_waive_any := _waiver("any-destination", "NetworkPolicy", "app")

_waive_namespace := testing.with_fields(_waiver("no-egress-policy", "Namespace", "shop"), {"resource": {"kind": "Namespace", "name": "shop"}})

_waiving(listed) := {"now": "2026-06-15", "waivers": listed}

# One namespace with waivers.
_waived(objects, listed) := main.namespace(
	{"namespace": "shop", "documents": testing.documents(objects)}, testing.nowhere,
	testing.view_with([], _waiving(listed)).settings,
)

_waived_report(objects, listed) := _report_of([_waived(objects, listed).totals], listed)

_report_of(totals, listed) := egress_restricted.report({"totals": totals, "kubernetes": 1, "errors": 0}, _waiving(listed), testing.usual)

test_a_waived_rule_is_neither_restricted_nor_failing if {
	found := _waived([_web, testing.egress([{}, _narrow])], [_waive_open])
	[found.namespace.status, found.namespace.restricted_rules] == ["pass", 1]
	[found.policies[0].restricted_rules, found.policies[0].open_rules] == [1, 1]
	object.filter(found.totals, ["failing", "restricted_rules", "open_rules", "restricted", "waivers"]) == {
		"failing": 0, "restricted_rules": 1, "open_rules": 1, "restricted": 0, "waivers": [0],
	}
	found.namespace.workloads == [{"kind": "Deployment", "name": "web", "covered": true, "open": true, "public_share": 1}]
}

test_a_namespace_whose_want_of_a_policy_is_waived_is_not_restricted if {
	found := _waived([_web], [_waive_namespace])
	found.namespace.status == "pass"
	object.filter(found.totals, ["failing", "application", "restricted", "covered", "waivers"]) == {
		"failing": 0, "application": 1, "restricted": 0, "covered": 0, "waivers": [0],
	}
}

_broad_halves := testing.egress([testing.to_blocks(["32.0.0.0/3"], []), testing.to_blocks(["64.0.0.0/3"], [])])

test_says_to_the_letter_what_is_waived[name] if {
	some name, row in {
		"an open rule": {
			"objects": [_web, testing.egress([{}, _narrow])], "waivers": [_waive_open], "status": "pass",
			"summary": "2 egress rules found, 1 restrict to specific destinations; 1 of 1 application namespaces are not restricted. 1 findings are waived.",
		},
		"two open rules by one waiver, without a workload": {
			"objects": [testing.egress([{}, {}])], "waivers": [_waive_open], "status": "pass",
			"summary": "2 egress rules found, 0 restrict to specific destinations; 2 allow all destinations on all ports. 2 findings are waived.",
		},
		"a namespace without a policy": {
			"objects": [_web], "waivers": [_waive_namespace], "status": "pass",
			"summary": "No NetworkPolicy defines egress rules. All outbound traffic is allowed. 1 findings are waived.",
		},
		"a workload that nothing isolates": {
			"objects": [_web, _db, testing.egress_of("web", [])], "waivers": [_waiver("uncovered-workload", "Deployment", "db")],
			"status": "pass",
			"summary": "0 egress rules found, 0 restrict to specific destinations; 1 of 1 application namespaces are not restricted. 1 findings are waived.",
		},
		"what is open only together, of which no rule is": {
			"objects": [_web, _broad_halves], "waivers": [_waiver("open-egress-combined", "Deployment", "web")], "status": "pass",
			"summary": "2 egress rules found, 0 restrict to specific destinations; 1 of 1 application namespaces are not restricted. 1 findings are waived.",
		},
		"the same without a workload": {
			"objects": [_broad_halves], "waivers": [_waiver("open-egress-combined", "NetworkPolicy", "app")], "status": "pass",
			"summary": "2 egress rules found, 0 restrict to specific destinations. 1 findings are waived.",
		},
		"a warning": {
			"objects": [_web, testing.egress([{"ports": testing.https}, _narrow])], "waivers": [_waive_any], "status": "pass",
			"summary": "2 egress rules found, 1 restrict to specific destinations. 1 findings are waived.",
		},
		"a warning beside what fails": {
			"objects": [_web, testing.egress([{"ports": testing.https}, {}])], "waivers": [_waive_any], "status": "fail",
			"summary": "2 egress rules found, 0 restrict to specific destinations; 1 of 1 application namespaces are not restricted. 1 findings are waived.",
		},
		"one of two findings without a workload": {
			"objects": [testing.egress([{}, {}])], "waivers": [object.union(_waive_open, {"path": "spec.egress[1]"})], "status": "fail",
			"summary": "2 egress rules found, 0 restrict to specific destinations; 1 findings fail. 1 findings are waived.",
		},
		"what cannot be judged": {
			"objects": [_web, _deny, _by_names], "waivers": [_waiver("not-evaluated", "FQDNNetworkPolicy", "names")], "status": "pass",
			"summary": "0 egress rules found, 0 restrict to specific destinations. 1 objects could not be judged. 1 findings are waived.",
		},
		"the only thing there is": {
			"objects": [_by_names], "waivers": [_waiver("not-evaluated", "FQDNNetworkPolicy", "names")], "status": "skip",
			"summary": concat("", [
				"Not applicable: no workloads that policies govern, no egress policies and no firewalls found.",
				" 1 objects could not be judged. 1 findings are waived.",
			]),
		},
		"nothing, by a waiver of something else": {
			"objects": [_web, _deny], "waivers": [_waive_open], "status": "pass",
			"summary": "0 egress rules found, all 0 restrict to specific destinations.",
		},
	}
	found := _waived_report(row.objects, row.waivers)
	[found.status, found.summary] == [row.status, row.summary]
}

test_reports_what_became_of_the_waivers if {
	listed := [_waive_any, _waive_open, object.union(_waive_open, {"path": "a", "expires": "2026-06-14"})]
	found := _waived_report([_web, testing.egress([{}, {}])], listed)
	[[one.rule, one.status, one.findings] | some one in found.waivers] == [
		["any-destination", "unused", 0], ["open-egress", "used", 2], ["open-egress", "expired", 0],
	]
}

test_waivers_are_counted_over_all_namespaces if {
	totals := [object.union(_of([]).totals, {"waivers": waivers}) | some waivers in [[0, 1], [], [1]]]
	found := _report_of(totals, [_waive_any, _waive_open])
	[one.findings | some one in found.waivers] == [1, 2]
	endswith(found.summary, " 3 findings are waived.")
}

test_without_a_list_nothing_is_reported_of_waivers if {
	egress_restricted.report({"totals": [], "kubernetes": 0, "errors": 0}, {"waivers": null}, testing.usual).waivers == null
}

_once_waived(name, order, waiver) := object.union(_once(name, order, 0, "warn"), {"waiver": waiver})

_failing(0) := "firewalls found."

_failing(n) := $"{n} findings fail." if n > 0

# What is waived speaks for what the same waiver waives, and for nothing else.
test_what_is_said_once_is_said_of_the_waived_and_of_the_rest[name] if {
	some name, row in {
		"the waived one comes first": {
			"once": [_once_waived("a", 1, 0), _once("a", 2, 0, "fail")], "dropped": set(), "failing": 1, "findings": [1, 0],
		},
		"the waived one comes second": {
			"once": [_once("a", 1, 0, "fail"), _once_waived("a", 2, 0)], "dropped": set(), "failing": 1, "findings": [1, 0],
		},
		"between two of the rest": {
			"once": [_once("a", 1, 0, "fail"), _once_waived("a", 2, 0), _once("a", 3, 0, "fail")], "dropped": {3}, "failing": 1,
			"findings": [1, 0],
		},
		"one waiver of two places": {
			"once": [_once_waived("a", 1, 0), _once_waived("a", 2, 0)], "dropped": {2}, "failing": 0, "findings": [1, 0],
		},
		"two waivers": {
			"once": [_once_waived("a", 1, 0), _once_waived("a", 2, 1)], "dropped": set(), "failing": 0, "findings": [1, 1],
		},
		"two things by one waiver": {
			"once": [_once_waived("a", 1, 0), _once_waived("b", 1, 0)], "dropped": set(), "failing": 0, "findings": [2, 0],
		},
	}
	fails := count([1 | some entry in row.once; entry.level == "fail"])
	found := _report_of([object.union(_of([]).totals, {"once": row.once, "failing": fails})], [_waive_any, _waive_open])
	{entry[0] | some entry in found.dropped} == row.dropped
	[one.findings | some one in found.waivers] == row.findings
	endswith(found.summary, concat("", [_failing(row.failing), $" {sum(row.findings)} findings are waived."]))
}

test_a_waived_rule_that_needs_what_has_expired_is_handed_on if {
	given := object.union(_waiving([_waiver("expired-destination", "NetworkPolicy", "app")]), {"approvedDestinations": [{
		"name": "a", "cidrs": ["0.0.0.0/0"], "expires": "2026-01-01",
	}]})
	settings := testing.view_with([], given).settings
	documents := testing.documents([testing.egress([_all_https])])
	totals := main.namespace({"namespace": "shop", "documents": documents}, testing.nowhere, settings).totals
	[[entry.waiver, entry.level] | some entry in totals.once] == [[0, "warn"]]
	totals.waivers == []
}

test_a_namespace_of_a_model_that_has_nothing_is_told if {
	declared := {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop", "shpo"]}}
	found := testing.view_with([_web], {"models": [declared]})
	totals := egress_restricted.namespace(layers.seen(found), []).totals
	totals.layered == ["shop"]
	report := egress_restricted.report({"totals": [totals], "kubernetes": 1, "errors": 0}, {}, found.settings)
	[[one.namespace, object.get(one, "message", "") != ""] | some one in report.models] == [["shop", false], ["shpo", true]]
}

# Whom only firewalls guard they let out.
test_a_workload_behind_firewalls_reaches_what_they_let_out[open] if {
	some open in [true, false]
	context := object.union(testing.nowhere, {"firewalls": {"found": 1, "guarding": 1, "open": open, "public_share": 0.25}})
	found := main.namespace({"namespace": "shop", "documents": testing.documents([_web])}, context, parameters.settings({"firewallNamespaces": ["shop"]}))
	workload := found.namespace.workloads[0]
	[workload.covered, workload.open, workload.public_share] == [true, open, 0.25]
}
