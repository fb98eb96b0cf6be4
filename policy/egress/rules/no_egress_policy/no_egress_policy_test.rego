package egress.rules.no_egress_policy_test

import data.egress.rules.no_egress_policy
import data.lib.egress.inventory
import data.lib.egress.testing

_findings(objects, given) := no_egress_policy.findings(testing.view_with(objects, given))

_about(objects) := testing.about(_findings(objects, {}))

_web := testing.deployment("web")

_db := testing.deployment("db")

_host := testing.deployment_with("host", {"hostNetwork": true})

_deny := testing.egress([])

_job := testing.with_fields(_db, {"kind": "DaemonSet"})

test_denies_on_the_first_workload_by_kind_and_name[name] if {
	some name, row in {
		"the only one": {"objects": [_web], "expected": {["Deployment", "web", ""]}},
		"by name": {"objects": [_web, _db], "expected": {["Deployment", "db", ""]}},
		"by kind before name": {"objects": [testing.deployment("a"), _job], "expected": {["DaemonSet", "db", ""]}},
		"not one that no policy governs": {"objects": [_host, _web], "expected": {["Deployment", "web", ""]}},
		"with a policy for ingress": {
			"objects": [_web, testing.network_policy("in", {"policyTypes": ["Ingress"], "egress": [{}]})], "expected": {["Deployment", "web", ""]},
		},
		"with a policy that isolates others": {"objects": [_web, testing.egress_of("api", [])], "expected": {["Deployment", "web", ""]}},
		"with an invalid policy": {
			"objects": [_web, testing.network_policy("bad", {"policyTypes": ["Egress"], "x": 1})], "expected": {["Deployment", "web", ""]},
		},
		"with a policy of another group": {
			"objects": [_web, testing.with_fields(_deny, {"apiVersion": "projectcalico.org/v3"})], "expected": {["Deployment", "web", ""]},
		},
		"with a policy whose spec is null": {"objects": [_web, testing.network_policy("none", null)], "expected": {["Deployment", "web", ""]}},
		"with empty types and no rules": {
			"objects": [_web, testing.network_policy("none", {"policyTypes": [], "egress": []})], "expected": {["Deployment", "web", ""]},
		},
	}
	_about(row.objects) == row.expected
}

test_allows[name] if {
	some name, objects in {
		"nothing": [],
		"a policy alone": [_deny],
		"one that is isolated": [_web, _deny],
		"one of several that is isolated, which is another finding": [_web, _db, testing.egress_of("web", [])],
		"one that is isolated and open, which is another finding": [_web, testing.egress([{}])],
		"only what no policy governs": [_host],
	}
	_about(objects) == set()
}

test_allows_it_in_a_namespace_of_the_system if {
	no_egress_policy.findings(inventory.view("kube-system", testing.documents([_web]), testing.nowhere, testing.usual)) == []
}

test_denies_with_a_sentence_a_witness_and_a_change if {
	[found] := _findings([_web], {"profile": "strict"})
	object.remove(found, ["remediation"]) == {
		"rule": "no-egress-policy", "level": "fail", "path": "", "order": 0,
		"message": "Nothing isolates egress in namespace 'shop'. All outbound traffic of its workloads is allowed",
		"resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"},
		"witness": {"from": "shop/Deployment/web", "to": "93.184.215.14", "port": 4444, "protocol": "TCP"},
	}
	[policy.metadata.name | some policy in found.remediation] == ["default-deny-egress", "allow-dns"]
	_about(testing.applied([_web], [found])) == set()
}

_said(request, objects) := {found.details.resource.name | some found in said} if {
	said := no_egress_policy.violation with input as request with data.inventory as testing.inventoried(objects)
}

test_denies_at_admission if {
	missed := {name |
		some name, row in {
			"a workload where nothing isolates": {"request": testing.review(_web), "objects": [], "expected": {"web"}},
			"the last policy that goes": {"request": testing.deletion(_deny), "objects": [_web, _db, _deny], "expected": {"db"}},
			"the last policy that isolates egress no more": {
				"request": testing.update(_deny, testing.network_policy("app", {"policyTypes": ["Ingress"]})), "objects": [_web, _deny],
				"expected": {"web"},
			},
			"the only isolated workload, whose labels change, beside one that is first": {
				"request": testing.update(_web, testing.with_fields(_web, {"spec": _db.spec})),
				"objects": [testing.deployment("api"), _web, testing.egress_of("web", [])], "expected": {"web"},
			},
			"another workload beside one that is first": {
				"request": testing.review(_web), "objects": [testing.deployment("api")], "expected": {"web"},
			},
		}
		not _said(row.request, row.objects) == row.expected
	}
	missed == set()
}

test_allows_at_admission if {
	missed := {name |
		some name, row in {
			"a workload that is isolated": {"request": testing.review(_web), "objects": [_deny]},
			"the first policy": {"request": testing.review(_deny), "objects": [_web]},
			"a policy of others, where nothing isolates": {"request": testing.review(testing.egress_of("api", [])), "objects": [_web]},
			"a policy of others that goes, where nothing isolates": {"request": testing.deletion(testing.egress_of("api", [])), "objects": [_web]},
			"the only isolated workload that goes": {"request": testing.deletion(_web), "objects": [_web, _db, testing.egress_of("web", [])]},
			"the only workload that goes": {"request": testing.deletion(_web), "objects": [_web]},
			"one of two policies that goes": {"request": testing.deletion(_deny), "objects": [_web, _deny, testing.egress_of("web", [])]},
		}
		not _said(row.request, row.objects) == set()
	}
	missed == set()
}

test_denies_at_admission_without_an_inventory if {
	said := no_egress_policy.violation with input as testing.review(_web)
	testing.about_violations(said) == {["Deployment", "web", ""]}
}

test_denies_at_admission_with_an_empty_kind if {
	said := no_egress_policy.violation with input as testing.review(_web)
		with data.inventory as {"namespace": {"shop": {"networking.k8s.io/v1": {"NetworkPolicy": {}}}}}
	testing.about_violations(said) == {["Deployment", "web", ""]}
}

test_allows_at_admission_in_a_namespace_of_the_system if {
	thing := testing.with_fields(_web, {"metadata": {"name": "web", "namespace": "kube-system"}})
	said := no_egress_policy.violation with input as testing.review(thing)
	said == set()
}
