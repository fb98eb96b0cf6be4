package lib.egress.admission_test

import data.lib.egress.admission
import data.lib.egress.testing

_names(found) := {[document.object.kind, document.object.metadata.name, document.source.order == found.reviewed] |
	some document in found.documents
}

_web := testing.deployment("web")

_db := testing.deployment("db")

_deny := testing.egress([])

_open := testing.egress([{}])

test_the_reviewed_object_takes_the_place_of_its_namesake[name] if {
	some name, row in {
		"a new one beside the others": {
			"request": testing.review(_web), "inventory": testing.inventoried([_db]),
			"expected": {["Deployment", "web", true], ["Deployment", "db", false]},
		},
		"a changed one": {
			"request": testing.update(_web, _web), "inventory": testing.inventoried([_web, _db]),
			"expected": {["Deployment", "web", true], ["Deployment", "db", false]},
		},
		"one that goes": {
			"request": testing.deletion(_web), "inventory": testing.inventoried([_web, _db]), "expected": {["Deployment", "db", false]},
		},
		"one that goes, with the object that Gatekeeper repeats": {
			"request": {"review": {"operation": "DELETE", "object": _web, "oldObject": _web}},
			"inventory": testing.inventoried([_web, _db]), "expected": {["Deployment", "db", false]},
		},
		"one that goes, with an empty object": {
			"request": {"review": {"operation": "DELETE", "object": {}, "oldObject": _web}},
			"inventory": testing.inventoried([_web, _db]), "expected": {["Deployment", "db", false]},
		},
		"one that an audit reviews, without operation": {
			"request": {"review": {"object": _web}}, "inventory": testing.inventoried([_web]), "expected": {["Deployment", "web", true]},
		},
		"one of the same name and another kind": {
			"request": testing.review(testing.egress_of("web", [])), "inventory": testing.inventoried([_web]),
			"expected": {["NetworkPolicy", "web", true], ["Deployment", "web", false]},
		},
		"one in another version of its group": {
			"request": testing.update(_web, _web), "inventory": testing.inventoried([testing.with_fields(_web, {"apiVersion": "apps/v1beta1"})]),
			"expected": {["Deployment", "web", true]},
		},
		"one of the same kind of another group": {
			"request": testing.review(testing.with_fields(_deny, {"apiVersion": "projectcalico.org/v3"})),
			"inventory": testing.inventoried([_deny]),
			"expected": {["NetworkPolicy", "app", true], ["NetworkPolicy", "app", false]},
		},
		"one without a name yet": {
			"request": testing.review(testing.with_fields(_web, {"metadata": {"namespace": "shop", "generateName": "web-"}, "kind": "Deployment"})),
			"inventory": testing.inventoried([_web]), "expected": {["Deployment", "web", false]},
		},
		"one of another namespace": {
			"request": testing.review(testing.with_fields(_web, {"metadata": {"name": "web", "namespace": "other"}})),
			"inventory": testing.inventoried([_db]), "expected": {["Deployment", "web", true]},
		},
		"with an empty inventory": {"request": testing.review(_web), "inventory": {}, "expected": {["Deployment", "web", true]}},
		"with an inventory of no namespaces": {
			"request": testing.review(_web), "inventory": {"namespace": {}, "cluster": {}}, "expected": {["Deployment", "web", true]},
		},
		"with an empty namespace": {
			"request": testing.review(_web), "inventory": {"namespace": {"shop": {}}}, "expected": {["Deployment", "web", true]},
		},
		"with a kind that is empty, as after a DELETE": {
			"request": testing.review(_web), "inventory": {"namespace": {"shop": {"apps/v1": {"Deployment": {}}, "v1": {}}}},
			"expected": {["Deployment", "web", true]},
		},
	}
	found := admission.whole(row.request) with data.inventory as row.inventory
	_names(found) == row.expected
}

test_a_view_is_of_the_namespace_of_the_object[name] if {
	some name, row in {
		"as it says": {"review": {"object": _web}, "expected": "shop"},
		"of the old object": {"review": {"operation": "DELETE", "object": null, "oldObject": _web}, "expected": "shop"},
		"as the request says": {"review": {"object": object.remove(_web, ["metadata"]), "namespace": "shop"}, "expected": "shop"},
		"as the request says, where it is null": {
			"review": {"object": testing.with_fields(_web, {"metadata": {"name": "web", "namespace": null}}), "namespace": "shop"},
			"expected": "shop",
		},
		"as the request says, where it is empty": {
			"review": {"object": testing.with_fields(_web, {"metadata": {"name": "web", "namespace": ""}}), "namespace": "shop"},
			"expected": "shop",
		},
		"the default where nobody says": {"review": {"object": object.remove(_web, ["metadata"])}, "expected": "default"},
		"none for what is cluster-wide": {
			"review": {"object": {"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy", "metadata": {"name": "a"}}},
			"expected": "",
		},
	}
	admission.namespace({"review": row.review}) == row.expected
}

test_a_view_knows_the_namespaces_of_the_inventory if {
	policy := testing.egress([{"to": [{"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}}]}])
	found := admission.view(testing.review(policy)) with data.inventory as {"cluster": {"v1": {"Namespace": {
		"shop": {"metadata": {"name": "shop", "labels": {"team": "a"}}}, "bare": {"metadata": {"name": "bare"}},
	}}}}
	{labels | some labels in found.context.namespaces} == {
		{"team": "a", "kubernetes.io/metadata.name": "shop"},
		{"kubernetes.io/metadata.name": "bare"},
	}
}

test_a_view_is_of_the_parameters[name] if {
	some name, row in {
		"given": {"request": {"review": {"object": _web}, "parameters": {"profile": "strict"}}, "expected": "strict"},
		"none": {"request": {"review": {"object": _web}, "parameters": {}}, "expected": "baseline"},
		"null": {"request": {"review": {"object": _web}, "parameters": null}, "expected": "baseline"},
		"absent": {"request": {"review": {"object": _web}}, "expected": "baseline"},
	}
	admission.view(row.request).settings.profile == row.expected
	admission.workload_alone(row.request).settings.profile == row.expected
}

_exposed(request, objects) := {thing.name | some thing in found} if {
	found := admission.exposed(request) with data.inventory as testing.inventoried(objects)
}

_for(app) := testing.egress_of(app, [])

_relabelled(app) := testing.with_fields(_for("web"), {"spec": {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Egress"]}})

test_what_a_review_exposes[name] if {
	some name, row in {
		"who loses the only policy": {"request": testing.deletion(_for("web")), "objects": [_for("web"), _web, _db], "expected": {"web"}},
		"also where the inventory has forgotten the policy": {
			"request": testing.deletion(_for("web")), "objects": [_web, _db], "expected": {"web"},
		},
		"everyone whom it isolated": {"request": testing.deletion(_deny), "objects": [_deny, _web, _db], "expected": {"web", "db"}},
		"nobody whom another policy isolates": {
			"request": testing.deletion(_deny), "objects": [_deny, _for("web"), _web, _db], "expected": {"db"},
		},
		"nobody where it isolated nobody": {"request": testing.deletion(_for("x")), "objects": [_for("x"), _for("web"), _web, _db], "expected": set()},
		"who is no longer selected": {
			"request": testing.update(_relabelled("web"), _relabelled("db")), "objects": [_relabelled("web"), _web, _db],
			"expected": {"web"},
		},
		"who is no longer isolated": {
			"request": testing.update(_for("web"), testing.network_policy("web", {"policyTypes": ["Ingress"]})),
			"objects": [_for("web"), _web], "expected": {"web"},
		},
		"nobody by a policy that allows more": {"request": testing.update(_deny, _open), "objects": [_deny, _web], "expected": set()},
		"nobody by a new policy": {"request": testing.review(_for("web")), "objects": [_web, _db], "expected": set()},
		"nobody by a new workload": {"request": testing.review(_db), "objects": [_for("web"), _web], "expected": set()},
		"nobody by a workload that goes": {"request": testing.deletion(_web), "objects": [_for("web"), _web, _db], "expected": set()},
		"nobody by an audit of what is there": {
			"request": {"review": {"object": _for("web")}}, "objects": [_for("web"), _web, _db], "expected": set(),
		},
		"nobody where the old object is empty": {
			"request": {"review": {"operation": "CREATE", "object": _for("web"), "oldObject": {}}}, "objects": [_web], "expected": set(),
		},
	}
	_exposed(row.request, row.objects) == row.expected
}
