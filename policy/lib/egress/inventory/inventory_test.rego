package lib.egress.inventory_test

import data.lib.egress.inventory
import data.lib.egress.testing

_web := testing.deployment("web")

_db := testing.deployment("db")

_host := testing.deployment_with("host", {"hostNetwork": true})

_deny := testing.egress([])

_for(app) := testing.egress_of(app, [])

_covered(objects) := {workload.resource.name: workload.covered | some workload in testing.view(objects).workloads}

test_an_empty_namespace_has_nothing if {
	object.remove(testing.view([]), ["settings", "context"]) == {
		"namespace": "shop", "system": false, "documents": [], "policies": [], "all": [], "workloads": [], "governed": [], "combined": [], "unjudged": [],
	}
}

test_a_view_keeps_what_it_was_given if {
	found := testing.view_with([_web], {"profile": "strict"})
	found.settings == testing.strict
	found.context == testing.nowhere
	found.documents == testing.documents([_web])
}

test_a_namespace_is_of_the_system[name] if {
	some name, row in {
		"by default": {"namespace": "kube-system", "given": {}, "expected": true},
		"not by part of a name": {"namespace": "kube-system-2", "given": {}, "expected": false},
		"not the default one": {"namespace": "default", "given": {}, "expected": false},
		"by a glob": {"namespace": "istio-system", "given": {"systemNamespaces": ["istio-*"]}, "expected": true},
		"not by another": {"namespace": "kube-system", "given": {"systemNamespaces": ["istio-*"]}, "expected": false},
		"never where there are none": {"namespace": "kube-system", "given": {"systemNamespaces": []}, "expected": false},
	}
	inventory.view(row.namespace, [], testing.nowhere, testing.view_with([], row.given).settings).system == row.expected
}

test_a_workload_is_covered[name] if {
	some name, row in {
		"by nothing": {"objects": [_web], "expected": {"web": false}},
		"by a policy of every pod": {"objects": [_web, _deny], "expected": {"web": true}},
		"by a policy of its pods": {"objects": [_web, _db, _for("web")], "expected": {"web": true, "db": false}},
		"whatever the policy allows": {"objects": [_web, testing.egress([{}])], "expected": {"web": true}},
		"not by one for ingress": {"objects": [_web, testing.network_policy("a", {"policyTypes": ["Ingress"]})], "expected": {"web": false}},
		"not by one without rules or types": {"objects": [_web, testing.network_policy("a", {"egress": []})], "expected": {"web": false}},
		"not by one that is invalid": {
			"objects": [_web, testing.network_policy("a", {"policyTypes": ["Egress"], "x": 1})], "expected": {"web": false},
		},
		"not by an old group": {"objects": [_web, testing.with_fields(_deny, {"apiVersion": "extensions/v1beta1"})], "expected": {"web": false}},
		"neither nor, on the host's network": {"objects": [_host, _deny], "expected": {"host": null}},
		"where both copies of a policy do": {"objects": [_web, _deny, _deny], "expected": {"web": true}},
		"not where one of two copies does not": {
			"objects": [_web, _db, _deny, testing.with_fields(_deny, {"spec": _for("web").spec})], "expected": {"web": true, "db": false},
		},
		"not where one of two copies isolates nothing": {
			"objects": [_web, _deny, testing.with_fields(_deny, {"spec": {"policyTypes": ["Ingress"]}})], "expected": {"web": false},
		},
		"where one of two does that the API server names": {
			"objects": [_web, _generated(_deny.spec), _generated({"podSelector": {}, "policyTypes": ["Ingress"]})], "expected": {"web": true},
		},
		"where another policy does besides": {
			"objects": [_web, _deny, testing.with_fields(_deny, {"spec": {"policyTypes": ["Ingress"]}}), _for("web")], "expected": {"web": true},
		},
	}
	_covered(row.objects) == row.expected
}

_generated(spec) := {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"generateName": "p-"}, "spec": spec}

_template(labels, host_network) := {"metadata": {"labels": labels}, "spec": {"containers": [], "hostNetwork": host_network}}

_farm(templates) := {
	"apiVersion": "example.org/v1", "kind": "Farm", "metadata": {"name": "farm"},
	"spec": {"groups": [{"template": template} | some template in templates]},
}

test_a_workload_with_several_templates_is_covered[name] if {
	some name, row in {
		"where all are": {"templates": [_template({"app": "web"}, false), _template({"app": "web", "x": "y"}, false)], "expected": {"farm": true}},
		"not where one is not": {"templates": [_template({"app": "web"}, false), _template({"app": "db"}, false)], "expected": {"farm": false}},
		"where one is on the host's network, which does not count": {
			"templates": [_template({"app": "web"}, false), _template({"app": "web"}, true)], "expected": {"farm": true},
		},
		"neither nor where all are": {"templates": [_template({"app": "web"}, true)], "expected": {"farm": null}},
	}
	_covered([_farm(row.templates), _for("web")]) == row.expected
}

test_only_what_policies_can_govern_is_governed if {
	found := testing.view([_web, _host])
	[workload.resource.name | some workload in found.workloads] == ["web", "host"]
	[workload.resource.name | some workload in found.governed] == ["web"]
	[workload.governed | some workload in found.workloads] == [true, false]
}

_selected(objects) := {policy.resource.name: {pod.resource.name | some pod in policy.selected} | some policy in testing.view(objects).policies}

test_a_policy_selects[name] if {
	some name, row in {
		"every pod": {"objects": [_web, _db, _deny], "expected": {"app": {"web", "db"}}},
		"its pods": {"objects": [_web, _db, _for("web")], "expected": {"web": {"web"}}},
		"none": {"objects": [_web, _for("db")], "expected": {"db": set()}},
		"none on the host's network": {"objects": [_host, _deny], "expected": {"app": set()}},
		"none, for ingress": {"objects": [_web, testing.network_policy("a", {"policyTypes": ["Ingress"]})], "expected": {"a": set()}},
		"none, if invalid": {"objects": [_web, testing.network_policy("a", {"policyTypes": ["Egress"], "x": 1})], "expected": {"a": set()}},
	}
	_selected(row.objects) == row.expected
}

_reach(objects, name) := [reach.policies |
	some workload in testing.view(objects).workloads
	workload.resource.name == name
	some reach in workload.reaches
]

test_a_workload_reaches_what_its_policies_allow[name] if {
	some name, row in {
		"of none": {"objects": [_web], "expected": [[]]},
		"of those that select it": {"objects": [_for("db"), _web, _deny, _for("web")], "expected": [[1, 2]]},
		"not of invalid ones": {"objects": [_web, testing.network_policy("a", {"policyTypes": ["Egress"], "x": 1}), _deny], "expected": [[1]]},
	}
	_reach(row.objects, "web") == row.expected
}

test_each_template_has_its_reach if {
	_reach([_farm([_template({"app": "web"}, false), _template({"app": "db"}, false)]), _for("web"), _deny], "farm") == [[0, 1], [1]]
	_reach([_host, _deny], "host") == []
}

test_approvals_hold_for_the_pods_that_they_name if {
	entry := {"name": "a", "cidrs": ["0.0.0.0/0"], "podLabels": {"app": "web"}, "open": true}
	found := testing.view_with([_web, _db, testing.egress([{}])], {"approvedDestinations": [entry]})
	{workload.resource.name: [approval.name | some approval in workload.reaches[0].approvals] | some workload in found.workloads} == {
		"web": ["a"], "db": [],
	}
}

# Pods and what controls them.
_pod(name, labels, owners) := {
	"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
	"metadata": {"name": name, "namespace": "shop", "labels": labels, "ownerReferences": owners},
}

_controlled(kind, name) := [{"kind": kind, "name": name, "controller": true}]

_set(name, owners) := object.union(
	object.union(testing.deployment("web"), {"kind": "ReplicaSet"}),
	{"metadata": {"name": name, "ownerReferences": owners}},
)

_names(objects) := {[workload.resource.kind, workload.resource.name] | some workload in testing.view(objects).workloads}

test_a_pod_is_left_out_where_its_controller_is_there[name] if {
	some name, row in {
		"a controller that makes such pods": {
			"objects": [_web, _pod("p", {"app": "web", "x": "y"}, _controlled("Deployment", "web"))], "expected": {["Deployment", "web"]},
		},
		"a controller of its controller": {
			"objects": [_pod("p", {"app": "web"}, _controlled("ReplicaSet", "s")), _set("s", _controlled("Deployment", "web")), _web],
			"expected": {["Deployment", "web"]},
		},
		"not one that is not there": {
			"objects": [_pod("p", {"app": "web"}, _controlled("Deployment", "gone"))], "expected": {["Pod", "p"]},
		},
		"not one whose own controller is not there": {
			"objects": [_pod("p", {"app": "web"}, _controlled("ReplicaSet", "s")), _set("s", _controlled("Deployment", "gone"))],
			"expected": {["Pod", "p"], ["ReplicaSet", "s"]},
		},
		"not one that makes pods with other labels": {
			"objects": [_web, _pod("p", {"app": "other"}, _controlled("Deployment", "web"))],
			"expected": {["Deployment", "web"], ["Pod", "p"]},
		},
		"not one that makes pods on the host's network": {
			"objects": [_host, _pod("p", {"app": "host"}, _controlled("Deployment", "host"))],
			"expected": {["Deployment", "host"], ["Pod", "p"]},
		},
		"not one that makes no pods": {
			"objects": [
				{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}, _pod("p", {}, _controlled("ConfigMap", "c")),
			],
			"expected": {["Pod", "p"]},
		},
		"not where two control each other": {
			"objects": [_set("a", _controlled("ReplicaSet", "b")), _set("b", _controlled("ReplicaSet", "a"))],
			"expected": {["ReplicaSet", "a"], ["ReplicaSet", "b"]},
		},
		"not where one controls itself": {
			"objects": [_set("a", _controlled("ReplicaSet", "a"))], "expected": {["ReplicaSet", "a"]},
		},
		"not by an owner that does not control": {
			"objects": [_web, _pod("p", {"app": "web"}, [{"kind": "Deployment", "name": "web"}])],
			"expected": {["Deployment", "web"], ["Pod", "p"]},
		},
	}
	_names(row.objects) == row.expected
}

_groups(objects) := [[group.first, group.everyone, group.reach.policies] | some group in testing.view(objects).combined]

test_without_workloads_policies_of_one_selector_are_taken_together[name] if {
	some name, row in {
		"none": {"objects": [], "expected": []},
		"of every pod": {"objects": [_deny, testing.network_policy("b", {"policyTypes": ["Egress"]})], "expected": [[0, true, [0, 1]]]},
		"with those of every pod": {"objects": [_for("web"), _deny], "expected": [[1, true, [1]], [0, false, [0, 1]]]},
		"each selector for itself": {"objects": [_for("web"), _for("db")], "expected": [[1, false, [1]], [0, false, [0]]]},
		"selectors that say the same": {
			"objects": [_for("web"), testing.network_policy("b", {
				"policyTypes": ["Egress"],
				"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]},
			})],
			"expected": [[0, false, [0, 1]]],
		},
		"without those that are invalid": {
			"objects": [testing.network_policy("a", {"policyTypes": ["Egress"], "x": 1}), _deny], "expected": [[1, true, [1]]],
		},
		"without those for ingress": {"objects": [testing.network_policy("a", {"policyTypes": ["Ingress"]})], "expected": []},
		"not with a workload": {"objects": [_deny, _web], "expected": []},
		"also with a workload that no policy governs": {"objects": [_deny, _host], "expected": [[0, true, [0]]]},
	}
	{group | some group in _groups(row.objects)} == {group | some group in row.expected}
}

test_tells_what_cannot_be_judged if {
	calico := {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": {"name": "c", "namespace": "shop"}}
	testing.view([_web, calico]).unjudged == [{
		"order": 1, "object": calico,
		"resource": {"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "namespace": "shop", "name": "c"},
	}]
}

test_a_network_policy_of_another_group_is_none_of_ours[name] if {
	some name, row in {
		"the group": {"version": "networking.k8s.io/v1", "expected": 1},
		"the old group, which is invalid": {"version": "extensions/v1beta1", "expected": 1},
		"no group, which is invalid": {"version": "v1", "expected": 1},
		"nothing, which is invalid": {"version": "", "expected": 1},
		"null, which is invalid": {"version": null, "expected": 1},
		"a version to come, which cannot be judged": {"version": "networking.k8s.io/v2", "expected": 0},
		"Calico": {"version": "projectcalico.org/v3", "expected": 0},
		"somebody": {"version": "example.org/v1", "expected": 0},
	}
	count(testing.view([testing.with_fields(_deny, {"apiVersion": row.version})]).policies) == row.expected
}

test_a_network_policy_without_api_version_is_invalid if {
	found := testing.view([object.remove(_deny, ["apiVersion"])]).policies
	[[problem.path | some problem in policy.problems] | some policy in found] == [["apiVersion"]]
}

test_a_network_policy_with_a_template_is_no_workload if {
	testing.view([testing.with_fields(_deny, {"spec": {"template": _template({}, false)}})]).workloads == []
}

test_names_an_object[name] if {
	some name, row in {
		"as it is": {"thing": _web, "expected": ["apps/v1", "Deployment", "web"]},
		"without anything": {"thing": {}, "expected": ["", "", ""]},
		"with nulls": {"thing": {"apiVersion": null, "kind": null, "metadata": null}, "expected": ["", "", ""]},
		"with numbers": {"thing": {"apiVersion": 1, "kind": 2, "metadata": {"name": 3}}, "expected": ["", "", ""]},
		"by the start of a name": {"thing": {"metadata": {"generateName": "web-"}}, "expected": ["", "", "web-"]},
		"by the start of a name beside an empty one": {"thing": {"metadata": {"name": "", "generateName": "web-"}}, "expected": ["", "", "web-"]},
		"by its name beside a start": {"thing": {"metadata": {"name": "web", "generateName": "w-"}}, "expected": ["", "", "web"]},
		"by a start that is a number": {"thing": {"metadata": {"generateName": 1}}, "expected": ["", "", ""]},
	}
	inventory.resource(row.thing, "shop") == {
		"apiVersion": row.expected[0], "kind": row.expected[1], "namespace": "shop", "name": row.expected[2],
	}
}

test_takes_an_object_for_a_namespace[name] if {
	some name, row in {
		"as it says": {"thing": _web, "expected": "shop"},
		"none": {"thing": {"apiVersion": "v1", "kind": "Pod", "metadata": {}}, "expected": "otherwise"},
		"no metadata": {"thing": {"apiVersion": "v1", "kind": "Pod"}, "expected": "otherwise"},
		"null": {"thing": {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": null}}, "expected": "otherwise"},
		"nothing": {"thing": {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": ""}}, "expected": "otherwise"},
		"a number": {"thing": {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": 1}}, "expected": "otherwise"},
		"cluster-wide": {"thing": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, "expected": ""},
		"cluster-wide, whatever it says": {
			"thing": {"apiVersion": "crd.projectcalico.org/v1", "kind": "GlobalNetworkPolicy", "metadata": {"namespace": "shop"}}, "expected": "",
		},
	}
	inventory.namespace_of(row.thing, "otherwise") == row.expected
}

test_reads_the_labels_of_a_namespace[name] if {
	some name, row in {
		"with the one that the API server sets": {"labels": {"labels": {"a": "b"}}, "expected": {"a": "b"}},
		"none": {"labels": {}, "expected": {}},
		"null": {"labels": {"labels": null}, "expected": {}},
		"a null, which is the empty text, and what the API server refuses": {"labels": {"labels": {"a": 1, "b": null, "c": "d"}}, "expected": {"a": 1, "b": "", "c": "d"}},
		"without a lie": {"labels": {"labels": {"kubernetes.io/metadata.name": "other"}}, "expected": {}},
	}
	found := inventory.namespace_labels({"metadata": object.union({"name": "shop"}, row.labels)})
	found == object.union(row.expected, {"kubernetes.io/metadata.name": "shop"})
}

test_tells_the_group_of_an_api_version[name] if {
	some name, row in {
		"a group": {"version": "apps/v1", "expected": "apps"},
		"the core group": {"version": "v1", "expected": ""},
		"nothing": {"version": "", "expected": ""},
		"null": {"version": null, "expected": ""},
		"a number": {"version": 1, "expected": ""},
	}
	inventory.group(row.version) == row.expected
}
