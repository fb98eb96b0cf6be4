package lib.egress.admission_test

import data.lib.egress.admission
import data.lib.egress.testing

_web := testing.deployment("web")

_db := testing.deployment("db")

_deny := testing.egress([])

_open := testing.egress([{}])

_for(app) := testing.egress_of(app, [])

_named(name, thing) := testing.with_fields(thing, {"metadata": {"name": name, "namespace": "shop"}})

_labelled(name, labels) := testing.with_fields(testing.deployment(name), {"spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}})

# A thing that a controller made.
_made_by(owner, thing) := testing.with_fields(thing, {"metadata": object.union(thing.metadata, {"ownerReferences": [{"kind": owner.kind, "name": owner.metadata.name, "controller": true}]})})

_pod(name, labels) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels}, "spec": {"containers": []}}

test_what_is_given_and_what_was[name] if {
	some name, row in {
		"a new object": {"review": {"operation": "CREATE", "object": _deny}, "policy": true, "changes": true},
		"a new object with an old one that is null": {"review": {"operation": "CREATE", "object": _deny, "oldObject": null}, "policy": true, "changes": true},
		"a changed one": {"review": {"operation": "UPDATE", "object": _deny, "oldObject": _deny}, "policy": true, "changes": true},
		"one that goes": {"review": {"operation": "DELETE", "object": null, "oldObject": _deny}, "policy": true, "changes": true},
		"one that goes, without an object": {"review": {"operation": "DELETE", "oldObject": _deny}, "policy": true, "changes": true},
		"one that goes, with an empty object": {"review": {"operation": "DELETE", "object": {}, "oldObject": _deny}, "policy": true, "changes": true},
		"one that goes, with an object of the wrong type": {"review": {"operation": "DELETE", "object": [], "oldObject": _deny}, "policy": true, "changes": true},
		"one that an audit reviews": {"review": {"object": _deny}, "policy": true, "changes": false},
		"one with an operation that is empty": {"review": {"operation": "", "object": _deny}, "policy": true, "changes": false},
		"one with an operation that is null": {"review": {"operation": null, "object": _deny}, "policy": true, "changes": false},
		"one with an operation of the wrong type": {"review": {"operation": ["CREATE"], "object": _deny}, "policy": true, "changes": false},
		"one with an operation that changes nothing": {"review": {"operation": "CONNECT", "object": _deny}, "policy": true, "changes": false},
		"a workload": {"review": {"operation": "CREATE", "object": _web}, "policy": false, "changes": true},
		"a policy of another group": {
			"review": {"operation": "CREATE", "object": testing.with_fields(_deny, {"apiVersion": "projectcalico.org/v3"})},
			"policy": false, "changes": true,
		},
		"nothing": {"review": {}, "policy": false, "changes": false},
		"nothing that is an object": {"review": {"operation": "CREATE", "object": "app", "oldObject": 1}, "policy": false, "changes": true},
	}
	_is_policy({"review": row.review}) == row.policy
	_is_change({"review": row.review}) == row.changes
}

_is_policy(request) if {
	admission.reviews_policy(request)
} else := false

_is_change(request) if {
	admission.changes(request)
} else := false

test_a_view_is_of_the_namespace_of_the_object[name] if {
	some name, row in {
		"as it says": {"review": {"object": _web}, "expected": "shop"},
		"as it says, whatever the request says": {"review": {"object": _web, "namespace": "other"}, "expected": "shop"},
		"of the old object": {"review": {"operation": "DELETE", "object": null, "oldObject": _web}, "expected": "shop"},
		"of the old object, where the new one is empty": {"review": {"operation": "DELETE", "object": {}, "oldObject": _web}, "expected": "shop"},
		"as the request says": {"review": {"object": object.remove(_web, ["metadata"]), "namespace": "shop"}, "expected": "shop"},
		"as the request says, where metadata is null": {
			"review": {"object": testing.with_fields(_web, {"metadata": null}), "namespace": "shop"}, "expected": "shop",
		},
		"as the request says, where metadata is of the wrong type": {
			"review": {"object": testing.with_fields(_web, {"metadata": "web"}), "namespace": "shop"}, "expected": "shop",
		},
		"as the request says, where it is null": {
			"review": {"object": testing.with_fields(_web, {"metadata": {"name": "web", "namespace": null}}), "namespace": "shop"},
			"expected": "shop",
		},
		"as the request says, where it is empty": {
			"review": {"object": testing.with_fields(_web, {"metadata": {"name": "web", "namespace": ""}}), "namespace": "shop"},
			"expected": "shop",
		},
		"as the request says, where it is of the wrong type": {
			"review": {"object": testing.with_fields(_web, {"metadata": {"name": "web", "namespace": ["a"]}}), "namespace": "shop"},
			"expected": "shop",
		},
		"the default where nobody says": {"review": {"object": object.remove(_web, ["metadata"])}, "expected": "default"},
		"the default where the request says null": {"review": {"object": object.remove(_web, ["metadata"]), "namespace": null}, "expected": "default"},
		"the default where the request says nothing": {"review": {"object": object.remove(_web, ["metadata"]), "namespace": ""}, "expected": "default"},
		"the default where the request says a list": {"review": {"object": object.remove(_web, ["metadata"]), "namespace": ["a"]}, "expected": "default"},
		"the default without an object": {"review": {}, "expected": "default"},
		"none for what is cluster-wide": {
			"review": {"object": {"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy", "metadata": {"name": "a"}}, "namespace": "shop"},
			"expected": "",
		},
	}
	admission.namespace({"review": row.review}) == row.expected
}

_cilium := {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "a", "namespace": "shop"}}

_request(review, given) := {"review": review, "parameters": given}

test_parameters_are_those_of_the_constraint[name] if {
	some name, row in {
		"given": {"request": _request({"object": _cilium}, {"profile": "strict"}), "expected": ["strict", ["fail", "warn"]]},
		"none": {"request": _request({"object": _cilium}, {}), "expected": ["baseline", ["fail", "warn"]]},
		"null": {"request": _request({"object": _cilium}, null), "expected": ["baseline", ["fail", "warn"]]},
		"absent": {"request": {"review": {"object": _cilium}}, "expected": ["baseline", ["fail", "warn"]]},
		"levels": {"request": _request({"object": _cilium}, {"levels": ["warn"], "profile": "strict"}), "expected": ["strict", ["warn"]]},
		"rules alone, which are the constraint's": {"request": _request({"object": _cilium}, {"rules": ["open-egress"]}), "expected": ["baseline", ["fail", "warn"]]},
		"rules beside another": {"request": _request({"object": _cilium}, {"rules": [], "profile": "strict"}), "expected": ["strict", ["fail", "warn"]]},
		"levels that are null": {"request": _request({"object": _cilium}, {"levels": null, "profile": null}), "expected": ["baseline", ["fail", "warn"]]},
	}
	admission.misconfigured(row.request) == []
	found := admission.unjudged_alone(row.request)
	[found.settings.profile, found.levels] == row.expected
}

test_wrong_parameters_are_told_and_the_defaults_hold[name] if {
	some name, row in {
		"an unknown one": {"parameters": {"profil": "strict"}, "expected": ["parameter profil is an unknown parameter"]},
		"a wrong one": {"parameters": {"profile": "lax"}, "expected": ["parameter profile must be baseline or strict"]},
		"two": {
			"parameters": {"profile": "lax", "now": "today"},
			"expected": ["parameter profile must be baseline or strict", "parameter now must be a date, as 2026-12-31 or 2026-12-31T23:59:59Z"],
		},
		"a list": {"parameters": [], "expected": ["parameter parameters must be an object"]},
		"a text": {"parameters": "strict", "expected": ["parameter parameters must be an object"]},
		"no levels": {"parameters": {"levels": []}, "expected": ["parameter levels must list fail, warn or both"]},
		"a level that is none": {"parameters": {"levels": ["deny"]}, "expected": ["parameter levels must list fail, warn or both"]},
		"levels that are a text": {"parameters": {"levels": "fail"}, "expected": ["parameter levels must list fail, warn or both"]},
		"levels beside a wrong one": {
			"parameters": {"levels": false, "profile": 1},
			"expected": ["parameter profile must be baseline or strict", "parameter levels must list fail, warn or both"],
		},
	}
	request := _request({"object": _cilium}, row.parameters)
	said := admission.misconfigured(request)
	[one.msg | some one in said] == row.expected
	[$"parameter {one.details.path} {one.details.message}" | some one in said] == row.expected
	found := admission.unjudged_alone(request)
	[found.settings.profile, found.levels] == ["baseline", ["fail", "warn"]]
}

test_what_is_said_is_of_the_levels_that_are_asked_for[name] if {
	some name, row in {
		"all": {"parameters": {}, "expected": {"fails", "warns"}},
		"failures": {"parameters": {"levels": ["fail"]}, "expected": {"fails"}},
		"warnings": {"parameters": {"levels": ["warn"]}, "expected": {"warns"}},
		"both": {"parameters": {"levels": ["fail", "warn"]}, "expected": {"fails", "warns"}},
	}
	found := [{"message": "fails", "level": "fail", "order": 0}, {"message": "warns", "level": "warn", "order": 0}]
	said := admission.said(found, admission.unjudged_alone(_request({"object": _cilium}, row.parameters)))
	{one.msg | some one in said} == row.expected
	{one.details | some one in said} == {one | some one in found; one.message in row.expected}
}

test_own_findings_are_those_on_the_reviewed_object[name] if {
	some name, row in {
		"the first": {"reviewed": 0, "expected": {"first"}},
		"another": {"reviewed": 1, "expected": {"second"}},
		"none, of what goes": {"reviewed": null, "expected": set()},
	}
	found := [{"message": "first", "level": "fail", "order": 0}, {"message": "second", "level": "fail", "order": 1}]
	view := object.union(admission.unjudged_alone({"review": {"object": _cilium}}), {"reviewed": row.reviewed})
	{one.msg | some one in admission.own(found, view)} == row.expected
}

# The objects of a view, the reviewed one marked.
_objects(found) := {[document.object.kind, document.object.metadata.name, document.source.order == found.reviewed] |
	some document in found.documents
}

_halves := [testing.to_blocks(["64.0.0.0/3"], []), testing.to_blocks(["32.0.0.0/3"], [])]

_half(name, selecting, i) := _named(name, testing.with_fields(testing.egress_of(selecting, [_halves[i]]), {}))

_wide(name, app) := _named(name, testing.egress_of(app, [testing.to_blocks(["8.0.0.0/6", "20.0.0.0/6"], [])]))

test_together_holds_what_may_be_wide_in_sum[name] if {
	some name, row in {
		"a workload and the policies that select it": {
			"request": testing.review(_web), "objects": [_web, _db, _wide("a", "web"), _wide("b", "db")],
			"expected": {["Deployment", "web", true], ["NetworkPolicy", "a", false]},
		},
		"a workload as it will be": {
			"request": testing.update(_labelled("web", {"app": "web"}), _labelled("web", {"app": "db"})),
			"objects": [_labelled("web", {"app": "web"}), _wide("a", "web"), _wide("b", "db")],
			"expected": {["Deployment", "web", true], ["NetworkPolicy", "b", false]},
		},
		"a workload, its controllers and their policies": {
			"request": testing.review(_made_by({"kind": "Deployment", "metadata": {"name": "web"}}, _pod("p", {"app": "x"}))),
			"objects": [_web, _db, _wide("a", "web"), _wide("b", "x"), _wide("c", "db")],
			"expected": {["Pod", "p", true], ["Deployment", "web", false], ["NetworkPolicy", "a", false], ["NetworkPolicy", "b", false]},
		},
		"a policy and the workloads that it selects": {
			"request": testing.review(_wide("a", "web")), "objects": [_web, _db, _wide("b", "web"), _wide("c", "db")],
			"expected": {["NetworkPolicy", "a", true], ["Deployment", "web", false], ["NetworkPolicy", "b", false]},
		},
		"a policy that takes the place of its namesake": {
			"request": testing.update(_wide("a", "db"), _wide("a", "web")), "objects": [_web, _db, _wide("a", "db")],
			"expected": {["NetworkPolicy", "a", true], ["Deployment", "web", false]},
		},
		"without workloads, a policy and those of its selector or of every pod": {
			"request": testing.review(_wide("a", "web")), "objects": [_wide("b", "web"), _wide("c", "db"), _named("d", _open)],
			"expected": {["NetworkPolicy", "a", true], ["NetworkPolicy", "b", false], ["NetworkPolicy", "d", false]},
		},
		"without workloads, a selector in other words": {
			"request": testing.review(_named("a", testing.with_fields(_wide("a", "web"), {"spec": object.union(_wide("a", "web").spec, {"podSelector": {
				"matchLabels": null, "matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}],
			}})}))),
			"objects": [_wide("b", "web"), _wide("c", "db")],
			"expected": {["NetworkPolicy", "a", true], ["NetworkPolicy", "b", false]},
		},
		"without workloads, a new policy of every pod and all": {
			"request": testing.review(_named("a", _open)), "objects": [_for("web"), _for("db")],
			"expected": {["NetworkPolicy", "a", true], ["NetworkPolicy", "web", false], ["NetworkPolicy", "db", false]},
		},
		"without workloads that policies govern, as an audit sees it": {
			"request": {"review": {"object": _wide("a", "web")}},
			"objects": [testing.deployment_with("web", {"hostNetwork": true}), _wide("a", "web"), _for("web"), _for("db")],
			"expected": {["NetworkPolicy", "a", true], ["NetworkPolicy", "web", false]},
		},
	}
	found := admission.together(row.request) with data.inventory as testing.inventoried(row.objects)
	_objects(found) == row.expected
}

test_nothing_is_together if {
	together := {name |
		some name, row in {
			"where a workload has no policies": {"request": testing.review(_web), "objects": [_wide("a", "db")]},
			"where its policies are narrow in sum": {"request": testing.review(_web), "objects": [_for("web"), _named("b", testing.egress([testing.to_blocks(["8.0.0.0/24"], [])]))]},
			"where a workload is on the host's network": {
				"request": testing.review(testing.deployment_with("web", {"hostNetwork": true})), "objects": [_wide("a", "web")],
			},
			"where a workload goes": {"request": testing.deletion(_web), "objects": [_web, _wide("a", "web")]},
			"where a policy goes": {"request": testing.deletion(_wide("a", "web")), "objects": [_web, _wide("a", "web"), _wide("b", "web")]},
			"where a policy selects none of the workloads": {"request": testing.review(_wide("a", "x")), "objects": [_web, _wide("b", "x")]},
			"where a new policy lets nothing public out": {
				"request": testing.review(_named("a", testing.egress([testing.to_blocks(["10.0.0.0/8"], [])]))), "objects": [_web, _wide("b", "web")],
			},
			"where it does so without workloads": {
				"request": testing.review(_named("a", testing.egress([testing.to_blocks(["10.0.0.0/8"], [])]))), "objects": [_wide("b", "web")],
			},
			"where only the metadata of a policy change": {
				"request": testing.update(_wide("a", "web"), testing.with_fields(_wide("a", "web"), {"metadata": {"name": "a", "namespace": "shop", "labels": {"a": "b"}}})),
				"objects": [_web, _wide("a", "web"), _wide("b", "web")],
			},
			"where a policy is reviewed by an audit, beside workloads": {"request": {"review": {"object": _wide("a", "web")}}, "objects": [_web, _wide("a", "web")]},
			"where policies are narrow in sum": {"request": testing.review(_for("web")), "objects": [_web, _wide("b", "db")]},
			"of another object": {
				"request": testing.review({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}), "objects": [_web],
			},
			"of no object": {"request": {"review": {}}, "objects": [_web, _wide("a", "web")]},
		}
		admission.together(row.request).documents with data.inventory as testing.inventoried(row.objects)
	}
	together == set()
}

# The names of the workloads of a view.
_left(request, objects) := {workload.resource.name | some workload in found.governed} if {
	found := admission.left_out(request) with data.inventory as testing.inventoried(objects)
} else := set()

_unprotected(request, objects) := {workload.resource.name | some workload in found.governed} if {
	found := admission.unprotected(request) with data.inventory as testing.inventoried(objects)
} else := set()

_relabelled(app) := testing.with_fields(_for("web"), {"spec": {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Egress"]}})

_two_templates := {
	"apiVersion": "example.com/v1", "kind": "Pair", "metadata": {"name": "pair", "namespace": "shop"},
	"spec": {
		"first": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}},
		"second": {"template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}}},
	},
}

test_who_is_left_out_where_others_are_isolated[name] if {
	some name, row in {
		"a new workload": {"request": testing.review(_db), "objects": [_web, _for("web")], "expected": {"db"}},
		"a workload that an audit reviews": {"request": {"review": {"object": _db}}, "objects": [_web, _db, _for("web")], "expected": {"db"}},
		"a workload in another version of its group": {
			"request": testing.review(_db), "objects": [_web, testing.with_fields(_db, {"apiVersion": "apps/v1beta1"}), _for("web")],
			"expected": {"db"},
		},
		"one of two templates": {"request": testing.review(_two_templates), "objects": [_web, _for("web")], "expected": {"pair"}},
		"no workload that is isolated": {"request": testing.review(_web), "objects": [_db, _for("web"), _for("db")], "expected": set()},
		"no workload of two templates that are isolated": {
			"request": testing.review(_two_templates), "objects": [_web, _for("web"), _for("db")], "expected": set(),
		},
		"no workload where nobody is isolated": {"request": testing.review(_web), "objects": [_db, _for("x")], "expected": set()},
		"no workload where the one isolated is itself, as it was": {
			"request": testing.update(_web, _labelled("web", {"app": "x"})), "objects": [_web, _db, _for("web")], "expected": set(),
		},
		"no workload on the host's network": {
			"request": testing.review(testing.deployment_with("db", {"hostNetwork": true})), "objects": [_web, _for("web")], "expected": set(),
		},
		"no workload where the one isolated is on the host's network": {
			"request": testing.review(_db), "objects": [testing.deployment_with("web", {"hostNetwork": true}), _for("web")], "expected": set(),
		},
		"nothing that makes no pods": {
			"request": testing.review({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db", "namespace": "shop"}}),
			"objects": [_web, _for("web")], "expected": set(),
		},
		"no workload that goes": {"request": testing.deletion(_db), "objects": [_web, _db, _for("web")], "expected": set()},
		"a pod without a controller": {"request": testing.review(_pod("p", {})), "objects": [_web, _for("web")], "expected": {"p"}},
		"a pod whose controller is not there": {
			"request": testing.review(_made_by({"kind": "Deployment", "metadata": {"name": "db"}}, _pod("p", {}))), "objects": [_web, _for("web")],
			"expected": {"p"},
		},
		"no pod whose controller is there": {
			"request": testing.review(_made_by(_db, _pod("p", {"app": "db"}))), "objects": [_web, _db, _for("web")], "expected": set(),
		},
		"no pod whose controller's controller is there": {
			"request": testing.review(_made_by({"kind": "ReplicaSet", "metadata": {"name": "db-1"}}, _pod("p", {"app": "db"}))),
			"objects": [_web, _db, _made_by(_db, testing.with_fields(_labelled("db-1", {"app": "db"}), {"kind": "ReplicaSet"})), _for("web")],
			"expected": set(),
		},
		"a pod that its controller does not make like that": {
			"request": testing.review(_made_by(_db, _pod("p", {"app": "x"}))), "objects": [_web, _db, _for("web")], "expected": {"p"},
		},
		"no workload where the one isolated is a pod of itself": {
			"request": testing.update(_web, _labelled("web", {"tier": "a"})),
			"objects": [_web, _made_by(_web, _pod("p", {"tier": "a", "app": "web"})), _named("deny", _for("x"))],
			"expected": set(),
		},
		"who loses the only policy": {"request": testing.deletion(_for("web")), "objects": [_for("web"), _for("db"), _web, _db], "expected": {"web"}},
		"also where the inventory has forgotten the policy": {
			"request": testing.deletion(_for("web")), "objects": [_for("db"), _web, _db], "expected": {"web"},
		},
		"whom another policy does not isolate": {
			"request": testing.deletion(_deny), "objects": [_deny, _for("web"), _web, _db], "expected": {"db"},
		},
		"nobody where the policy isolated nobody": {"request": testing.deletion(_for("x")), "objects": [_for("x"), _for("web"), _web, _db], "expected": set()},
		"nobody where the policy was invalid": {
			"request": testing.deletion(testing.with_fields(_deny, {"spec": {"policyTypes": ["Egress"], "x": 1}})),
			"objects": [_for("web"), _web, _db], "expected": set(),
		},
		"nobody who was left out before": {
			"request": testing.deletion(_for("db")), "objects": [_for("db"), _for("y"), testing.deployment("y"), _two_templates], "expected": set(),
		},
		"who is no longer selected": {
			"request": testing.update(_relabelled("web"), _relabelled("db")), "objects": [_relabelled("web"), _web, _db],
			"expected": {"web"},
		},
		"who is no longer isolated": {
			"request": testing.update(_for("web"), testing.network_policy("web", {"policyTypes": ["Ingress"]})),
			"objects": [_for("web"), _for("db"), _db, _web], "expected": {"web"},
		},
		"whose policy becomes invalid": {
			"request": testing.update(_for("web"), testing.with_fields(_for("web"), {"spec": object.union(_for("web").spec, {"x": 1})})),
			"objects": [_for("web"), _for("db"), _db, _web], "expected": {"web"},
		},
		"nobody by a policy that says the same in other words": {
			"request": testing.update(_for("web"), testing.network_policy("web", {
				"policyTypes": ["Egress"], "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]},
			})),
			"objects": [_for("web"), _for("db"), _db, _web], "expected": set(),
		},
		"nobody by a policy that allows more": {"request": testing.update(_deny, _open), "objects": [_deny, _web], "expected": set()},
		"nobody by a new policy": {"request": testing.review(_for("web")), "objects": [_web, _db], "expected": set()},
		"nobody by a policy that an audit reviews": {
			"request": {"review": {"object": _for("web"), "oldObject": _for("web")}}, "objects": [_for("web"), _web, _db], "expected": set(),
		},
		"nobody by a change whose old object is not given": {
			"request": {"review": {"operation": "UPDATE", "object": _relabelled("db")}}, "objects": [_relabelled("web"), _web, _db], "expected": set(),
		},
		"nobody by a change whose old object is null": {
			"request": {"review": {"operation": "UPDATE", "object": _relabelled("db"), "oldObject": null}}, "objects": [_web, _db], "expected": set(),
		},
		"nobody by a change whose old object is empty": {
			"request": {"review": {"operation": "UPDATE", "object": _relabelled("db"), "oldObject": {}}}, "objects": [_web, _db], "expected": set(),
		},
		"a controller, and not what it makes": {
			"request": testing.deletion(_for("db")),
			"objects": [_web, _db, _made_by(_db, _pod("p", {"app": "db"})), _for("web"), _for("db")], "expected": {"db"},
		},
		"a pod that its controller does not make like that, which loses its own policy": {
			"request": testing.deletion(_for("x")),
			"objects": [_web, _db, _made_by(_db, _pod("p", {"app": "x"})), _for("web"), _for("db"), _for("x")], "expected": {"p"},
		},
		"a pod alone, which loses its own policy, though its controller never had one": {
			"request": testing.deletion(testing.egress_of("x", [])),
			"objects": [_web, _labelled("bare", {}), _made_by(_labelled("bare", {}), _pod("p", {"app": "x"})), _for("web"), _for("x")],
			"expected": {"p"},
		},
	}
	_left(row.request, row.objects) == row.expected
}

test_of_whom_it_is_said_that_nothing_isolates[name] if {
	some name, row in {
		"a new workload": {"request": testing.review(_web), "objects": [], "expected": {"web"}},
		"a new workload that is not the first": {"request": testing.review(_web), "objects": [_db], "expected": {"web"}},
		"a changed one that is not the first": {"request": testing.update(_web, _web), "objects": [_web, _db], "expected": {"web"}},
		"in an audit the first": {"request": {"review": {"object": _db}}, "objects": [_web, _db], "expected": {"db"}},
		"in an audit no other one": {"request": {"review": {"object": _web}}, "objects": [_web, _db], "expected": set()},
		"in an audit the first by kind": {"request": {"review": {"object": _pod("a", {})}}, "objects": [_pod("a", {}), _db], "expected": set()},
		"in an audit no one after a pod whose controller is not there": {
			"request": {"review": {"object": _pod("q", {})}},
			"objects": [_made_by(_web, _pod("p", {})), _pod("q", {})], "expected": set(),
		},
		"in an audit the first, but for one on the host's network": {
			"request": {"review": {"object": _web}}, "objects": [_web, testing.deployment_with("a", {"hostNetwork": true})], "expected": {"web"},
		},
		"in an audit the first, but for one that is made by another": {
			"request": {"review": {"object": testing.with_fields(_web, {"kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1"})}},
			"objects": [
				testing.with_fields(_web, {"kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1"}),
				_made_by({"kind": "Rollout", "metadata": {"name": "web"}}, _pod("p", {"app": "web"})),
			],
			"expected": {"web"},
		},
		"where there is a policy that isolates nobody": {"request": testing.review(_web), "objects": [_db, _for("x")], "expected": {"web"}},
		"where there is a policy for ingress": {
			"request": testing.review(_web), "objects": [_db, testing.network_policy("in", {"policyTypes": ["Ingress"]})], "expected": {"web"},
		},
		"the first of those that the last policy isolated": {"request": testing.deletion(_deny), "objects": [_web, _db, _deny], "expected": {"db"}},
		"the first of all, where the last policy isolated another": {
			"request": testing.deletion(_for("web")), "objects": [_web, _db, _for("web")], "expected": {"db"},
		},
		"by a change of the last policy": {
			"request": testing.update(_deny, testing.network_policy("app", {"policyTypes": ["Ingress"]})), "objects": [_web, _deny],
			"expected": {"web"},
		},
		"nobody where a policy is left": {"request": testing.deletion(_deny), "objects": [_web, _db, _deny, _for("db")], "expected": set()},
		"nobody where the changed policy still isolates somebody": {
			"request": testing.update(_relabelled("web"), _relabelled("db")), "objects": [_relabelled("web"), _web, _db], "expected": set(),
		},
		"nobody where the last policy isolated nobody": {"request": testing.deletion(_for("x")), "objects": [_web, _for("x")], "expected": set()},
	}
	_unprotected(row.request, row.objects) == row.expected
}

test_nobody_is_left_where_the_namespace_goes[name] if {
	some name, row in {
		"as the review says": {"namespace": {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, "synced": {}, "expected": set()},
		"as the inventory says": {"namespace": null, "synced": {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, "expected": set()},
		"but where nobody says": {"namespace": null, "synced": {}, "expected": {"web"}},
		"but where it stays": {"namespace": {"metadata": {"name": "shop"}}, "synced": {"metadata": {"name": "shop"}}, "expected": {"web"}},
		"but where it says null": {
			"namespace": {"metadata": {"deletionTimestamp": null}}, "synced": {"metadata": {"deletionTimestamp": null}}, "expected": {"web"},
		},
		"but where metadata are null": {"namespace": {"metadata": null}, "synced": {"metadata": null}, "expected": {"web"}},
		"but where it is of the wrong type": {"namespace": "shop", "synced": "shop", "expected": {"web"}},
	}
	request := {"review": object.union(testing.deletion(_deny).review, {"namespaceObject": row.namespace}), "parameters": {}}
	inventory := object.union(testing.inventoried([_web, _deny]), {"cluster": {"v1": {"Namespace": {"shop": row.synced}}}})
	found := [view.governed | view := admission.unprotected(request) with data.inventory as inventory]
	{workload.resource.name | some governed in found; some workload in governed} == row.expected
}

test_it_takes_any_inventory[name] if {
	some name, inventory in {
		"none": {},
		"null": null,
		"of no namespaces": {"namespace": {}, "cluster": {}},
		"of namespaces that are null": {"namespace": null, "cluster": null},
		"of an empty namespace": {"namespace": {"shop": {}}, "cluster": {"v1": {}}},
		"of a kind that is empty, as after a DELETE": {
			"namespace": {"shop": {"apps/v1": {"Deployment": {}}, "v1": {}, "networking.k8s.io/v1": {"NetworkPolicy": {}}}},
			"cluster": {"v1": {"Namespace": {}}},
		},
		"of kinds that are null": {
			"namespace": {"shop": {"apps/v1": {"Deployment": null}, "v1": null, "networking.k8s.io/v1": {"NetworkPolicy": null}}},
			"cluster": {"v1": {"Namespace": null}},
		},
		"of other namespaces": {"namespace": {"other": testing.inventoried([_db, _deny]).namespace.shop}},
		"of objects that are empty or null": {
			"namespace": {"shop": {"apps/v1": {"Deployment": {"a": {}, "b": null}}, "v1": {"Pod": {"c": null}}, "networking.k8s.io/v1": {"NetworkPolicy": {"d": {}, "e": null}}}},
			"cluster": {"v1": {"Namespace": {"shop": null}}},
		},
		"of objects whose fields are null": {
			"namespace": {"shop": {
				"apps/v1": {"Deployment": {"a": {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": null, "spec": null}, "b": {"spec": {"template": null}}}},
				"networking.k8s.io/v1": {"NetworkPolicy": {"d": {"metadata": null, "spec": null}, "e": {"spec": {"podSelector": {"matchLabels": null}}}}},
			}},
			"cluster": {"v1": {"Namespace": {"shop": {"metadata": null}}}},
		},
	}
	said := admission.unprotected(testing.review(_web)) with data.inventory as inventory
	[workload.resource.name | some workload in said.governed] == ["web"]
}

test_owners_are_read_as_they_are[name] if {
	some name, row in {
		"its controller": {"references": [{"kind": "Deployment", "name": "db", "controller": true}], "expected": set()},
		"none": {"references": [], "expected": {"p"}},
		"null": {"references": null, "expected": {"p"}},
		"a text": {"references": "db", "expected": {"p"}},
		"a null among them": {"references": [null, {"kind": "Deployment", "name": "db", "controller": true}], "expected": set()},
		"an owner that is no controller": {"references": [{"kind": "Deployment", "name": "db", "controller": false}], "expected": {"p"}},
		"an owner that does not say": {"references": [{"kind": "Deployment", "name": "db"}], "expected": {"p"}},
		"a controller without a name": {"references": [{"kind": "Deployment", "controller": true}], "expected": {"p"}},
		"a controller without a kind": {"references": [{"name": "db", "controller": true}], "expected": {"p"}},
		"a controller of another kind": {"references": [{"kind": "StatefulSet", "name": "db", "controller": true}], "expected": {"p"}},
		"itself": {"references": [{"kind": "Pod", "name": "p", "controller": true}], "expected": {"p"}},
	}
	pod := _pod("p", {"app": "db"})
	owned := testing.with_fields(pod, {"metadata": object.union(pod.metadata, {"ownerReferences": row.references})})
	_left(testing.review(owned), [_web, _db, _for("web")]) == row.expected
	_left({"review": {"object": owned}}, [_web, _db, owned, _for("web")]) == row.expected
}

test_a_view_knows_the_names_that_are_taken[name] if {
	some name, row in {
		"of policies that are there": {"request": testing.review(_db), "expected": {"web", "x"}},
		"of the policy that changes": {
			"request": testing.update(_for("web"), testing.network_policy("web", {"policyTypes": ["Ingress"]})), "expected": {"web", "x"},
		},
		"not of the policy that goes": {"request": testing.deletion(_for("web")), "expected": {"x"}},
	}
	_names(row.request, testing.inventoried([_web, _for("web"), _for("x")])) == row.expected
}

_names(request, inventory) := found.names if {
	found := admission.left_out(request) with data.inventory as inventory
} else := found.names if {
	found := admission.unprotected(request) with data.inventory as inventory
}

_allowing(given) := {"approvedDestinations": [object.union({"name": "a", "cidrs": ["0.0.0.0/0"]}, given)], "profile": "strict"}

_verdict(policy, objects, given) := verdict if {
	request := object.union(testing.review(policy), {"parameters": given})
	found := admission.policy("verdict", request) with data.inventory as testing.inventoried(objects)
	verdict := found.policies[0].rules[0].verdict
}

test_approvals_by_labels_of_pods_know_the_workloads[name] if {
	any_destination := testing.egress([testing.to_blocks(["0.0.0.0/0"], testing.https)])
	some name, row in {
		"that all have them": {"objects": [_web], "labels": {"app": "web"}, "expected": "narrow"},
		"of which one has others": {"objects": [_web, _db], "labels": {"app": "web"}, "expected": "any-destination"},
		"of which there are none": {"objects": [], "labels": {"app": "web"}, "expected": "any-destination"},
		"where no labels are asked for": {"objects": [], "labels": {}, "expected": "narrow"},
	}
	_verdict(any_destination, row.objects, _allowing({"podLabels": row.labels})) == row.expected
}

test_what_lies_outside_a_list_is_looked_for_where_there_is_one if {
	policy := testing.egress([testing.to_blocks(["8.8.8.0/24"], testing.https)])
	request := object.union(testing.review(policy), {"parameters": {"approvedDestinations": []}})
	admission.policy("unlisted", request).policies[0].rules[0].unlisted
	not admission.policy("unlisted", testing.review(policy))
}

test_the_problems_of_a_workload[name] if {
	wrong := testing.with_fields(_web, {"spec": {"template": {"metadata": {"labels": {"app": "-"}}, "spec": {"containers": []}}}})
	some name, row in {
		"are those of its own": {"thing": wrong, "expected": ["spec.template.metadata.labels.app"]},
		"are none": {"thing": _web, "expected": []},
	}
	[problem.path | some facts in _problems_of(row.thing); some problem in facts.problems] == row.expected
}

_problems_of(thing) := found if {
	found := admission.problems(testing.review(thing)).workloads
} else := []

test_a_group_of_policies_that_a_change_makes_wide[name] if {
	some name, row in {
		"by a second half": {"request": testing.review(_half("b", "web", 1)), "objects": [_half("a", "web", 0)], "expected": {"a"}},
		"not where it was wide before": {
			"request": testing.review(_half("c", "web", 1)), "objects": [_half("a", "web", 0), _half("b", "web", 1)], "expected": set(),
		},
		"not where an audit looks": {
			"request": {"review": {"object": _half("b", "web", 1)}}, "objects": [_half("a", "web", 0), _half("b", "web", 1)], "expected": set(),
		},
	}
	_caused(row.request, row.objects) == row.expected
}

_caused(request, objects) := {found.resource.name | some found in caused} if {
	view := admission.together(request) with data.inventory as testing.inventoried(objects)
	findings := [{"order": view.policies[group.first].order, "resource": view.policies[group.first].resource} | some group in view.combined; group.reach.left.any]
	caused := admission.caused(findings, view, "any", request) with data.inventory as testing.inventoried(objects)
}

test_a_policy_without_a_name_yet_is_reviewed_beside_others if {
	nameless := object.union(object.remove(_half("b", "web", 1), ["metadata"]), {"metadata": {"namespace": "shop", "generateName": "b-"}})
	found := admission.together(testing.review(nameless)) with data.inventory as testing.inventoried([_half("a", "web", 0)])
	count(found.documents) == 2
}

_everywhere_but(labels) := testing.egress([{"to": [{"namespaceSelector": {"matchExpressions": [
	{"key": "team", "operator": "NotIn", "values": labels},
]}}]}])

test_a_selector_that_leaves_namespaces_out_knows_them[name] if {
	some name, row in {
		"one of which it leaves out": {"labels": {"team": "a"}, "expected": "all-ports"},
		"none of which it leaves out": {"labels": {"team": "b"}, "expected": "all-pods"},
	}
	found := admission.policy("verdict", testing.review(_everywhere_but(["a"]))) with data.inventory as {"cluster": {"v1": {"Namespace": {
		"shop": {"metadata": {"name": "shop", "labels": row.labels}},
	}}}}
	found.policies[0].rules[0].verdict == row.expected
}
