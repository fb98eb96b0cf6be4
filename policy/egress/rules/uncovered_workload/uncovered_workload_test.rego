package egress.rules.uncovered_workload_test

import data.egress.rules.uncovered_workload
import data.lib.egress.inventory
import data.lib.egress.parameters
import data.lib.egress.testing

_findings(objects, given) := uncovered_workload.findings(testing.view_with(objects, given))

_names(objects) := {name | some [_, name, _] in testing.about(_findings(objects, {}))}

_web := testing.deployment("web")

_db := testing.deployment("db")

_host := testing.deployment_with("host", {"hostNetwork": true})

_for(app) := testing.egress_of(app, [])

_deny := testing.egress([])

test_denies_who_is_left_out[name] if {
	some name, row in {
		"where one is isolated": {"objects": [_web, _db, _for("web")], "expected": {"db"}},
		"each of them": {"objects": [_web, _db, testing.deployment("api"), _for("web")], "expected": {"db", "api"}},
		"by a policy for ingress": {
			"objects": [_web, _db, _for("web"), testing.network_policy("in", {"policyTypes": ["Ingress"]})], "expected": {"db"},
		},
		"by a policy without rules or types": {
			"objects": [_web, _db, _for("web"), testing.network_policy("none", {"podSelector": {}, "egress": []})], "expected": {"db"},
		},
		"by an invalid policy": {
			"objects": [_web, _db, _for("web"), testing.network_policy("bad", {"policyTypes": ["Egress"], "x": 1})], "expected": {"db"},
		},
		"without labels": {
			"objects": [_web, _for("web"), {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": {"containers": []}}],
			"expected": {"bare"},
		},
		"with labels that are null": {
			"objects": [_web, _for("web"), {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "labels": null}, "spec": {"containers": []}}],
			"expected": {"bare"},
		},
		"by one of two copies of a policy": {
			"objects": [_web, _db, _for("web"), _deny, testing.with_fields(_deny, {"spec": _for("web").spec})], "expected": {"db"},
		},
	}
	_names(row.objects) == row.expected
}

test_allows[name] if {
	some name, objects in {
		"nobody": [],
		"all isolated by one": [_web, _db, _deny],
		"each isolated by its own": [_web, _db, _for("web"), _for("db")],
		"nobody isolated, which is another finding": [_web, _db],
		"who is on the host's network, which is another finding": [_web, _host, _for("web")],
	}
	_names(objects) == set()
}

test_allows_it_in_a_namespace_of_the_system if {
	view := inventory.view("kube-system", testing.documents([_web, _db, _for("web")]), testing.nowhere, testing.usual)
	uncovered_workload.findings(view) == []
	other := inventory.view("kube-system", testing.documents([_web, _db, _for("web")]), testing.nowhere, parameters.settings({"systemNamespaces": []}))
	count(uncovered_workload.findings(other)) == 1
}

test_denies_with_a_sentence_a_witness_and_a_change if {
	[found] := _findings([_web, _db, _for("web")], {"profile": "strict"})
	object.remove(found, ["remediation"]) == {
		"rule": "uncovered-workload", "level": "fail", "path": "", "order": 1,
		"message": "Deployment 'db' is selected by no policy that isolates egress. All its outbound traffic is allowed",
		"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "db"},
		"witness": {"from": "shop/Deployment/db", "to": "93.184.215.14", "port": 4444, "protocol": "TCP"},
	}
	[policy.metadata.name | some policy in found.remediation] == ["default-deny-egress", "allow-dns"]
	_names(testing.applied([_web, _db, _for("web")], [found])) == set()
}

_said(request, objects) := said if {
	said := uncovered_workload.violation with input as request with data.inventory as testing.inventoried(objects)
}

_relabelled := testing.with_fields(_web, {"spec": {"template": {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": []}}}})

test_denies_at_admission if {
	missed := {name |
		some name, row in {
			"a new workload that nothing isolates": {"request": testing.review(_db), "objects": [_web, _for("web")], "expected": {"db"}},
			"a workload whose labels change so that nothing isolates it": {
				"request": testing.update(_web, _relabelled), "objects": [_web, _db, _for("web"), _for("db")], "expected": {"web"},
			},
			"the policy of a workload that goes, while others are isolated": {
				"request": testing.deletion(_for("db")), "objects": [_web, _db, _for("web"), _for("db")], "expected": {"db"},
			},
			"the policy of all that goes, while one keeps its own": {
				"request": testing.deletion(_deny), "objects": [_web, _db, testing.deployment("api"), _for("web"), _deny], "expected": {"db", "api"},
			},
			"a policy that selects others now": {
				"request": testing.update(_deny, testing.with_fields(_deny, {"spec": _for("web").spec})), "objects": [_web, _db, _deny],
				"expected": {"db"},
			},
			"a policy that isolates egress no more": {
				"request": testing.update(_for("db"), testing.network_policy("db", {"podSelector": {}, "policyTypes": ["Ingress"]})),
				"objects": [_web, _db, _for("web"), _for("db")], "expected": {"db"},
			},
			"a policy whose only rule goes, which has no types": {
				"request": testing.update(
					testing.network_policy("db", {"podSelector": {"matchLabels": {"app": "db"}}, "egress": [{}]}),
					testing.network_policy("db", {"podSelector": {"matchLabels": {"app": "db"}}, "egress": []}),
				),
				"objects": [_web, _db, _for("web"), testing.network_policy("db", {"podSelector": {"matchLabels": {"app": "db"}}, "egress": [{}]})],
				"expected": {"db"},
			},
		}
		not {said.details.resource.name | some said in _said(row.request, row.objects)} == row.expected
	}
	missed == set()
}

test_allows_at_admission if {
	missed := {name |
		some name, row in {
			"a workload that is isolated": {"request": testing.review(_db), "objects": [_web, _for("web"), _for("db")]},
			"a workload where nobody is isolated, which is another finding": {"request": testing.review(_db), "objects": [_web]},
			"a policy that leaves those uncovered who were": {"request": testing.deletion(_for("x")), "objects": [_web, _db, _for("web"), _for("x")]},
			"a new policy beside somebody uncovered": {"request": testing.review(_for("web")), "objects": [_web, _db]},
			"a policy that is still there, as an audit sees it": {"request": {"review": {"object": _for("web")}}, "objects": [_web, _db, _for("web")]},
			"a workload that goes": {"request": testing.deletion(_db), "objects": [_web, _db, _for("web")]},
			"the last policy that goes, which is another finding": {"request": testing.deletion(_deny), "objects": [_web, _db, _deny]},
			"a policy where another one still isolates all": {"request": testing.deletion(_for("web")), "objects": [_web, _db, _for("web"), _deny]},
			"another object": {
				"request": testing.review({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}),
				"objects": [_web, _db, _for("web")],
			},
		}
		not _said(row.request, row.objects) == set()
	}
	missed == set()
}

test_allows_at_admission_without_an_inventory if {
	said := uncovered_workload.violation with input as testing.review(_web)
	said == set()
}

test_denies_at_admission_with_a_kind_that_is_empty if {
	emptied := {"namespace": {"shop": object.union(testing.inventoried([_web, _for("web")]).namespace.shop, {"v1": {"Pod": {}}})}}
	said := uncovered_workload.violation with input as testing.review(_db) with data.inventory as emptied
	testing.about_violations(said) == {["Deployment", "db", ""]}
}
