package lib.egress.synced_test

import data.lib.egress.synced
import data.lib.egress.testing

_selecting(name, selector) := testing.network_policy(name, {"podSelector": selector, "policyTypes": ["Egress"]})

_pod(name, labels) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels}, "spec": {"containers": []}}

_cron_job(name, labels) := {
	"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name, "namespace": "shop"},
	"spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}}},
}

_names(labels, policies) := names if {
	names := synced.policies_for("shop", labels) with data.inventory as testing.inventoried(policies)
}

test_which_policies_may_select_pods[name] if {
	some name, row in {
		"one by its label": {"labels": {"app": "web"}, "policies": [_selecting("a", {"matchLabels": {"app": "web"}})], "expected": {"a"}},
		"none by another value": {"labels": {"app": "web"}, "policies": [_selecting("a", {"matchLabels": {"app": "db"}})], "expected": set()},
		"none by another key": {"labels": {"app": "web"}, "policies": [_selecting("a", {"matchLabels": {"tier": "web"}})], "expected": set()},
		"none by a label of pods that have none": {"labels": {}, "policies": [_selecting("a", {"matchLabels": {"app": "web"}})], "expected": set()},
		"one for every pod": {"labels": {"app": "web"}, "policies": [_selecting("a", {})], "expected": {"a"}},
		"one with a selector that is null": {"labels": {}, "policies": [_selecting("a", null)], "expected": {"a"}},
		"one without a selector": {"labels": {}, "policies": [testing.network_policy("a", {})], "expected": {"a"}},
		"one with a selector of the wrong type": {"labels": {}, "policies": [_selecting("a", "app=web")], "expected": {"a"}},
		"one without a spec": {"labels": {}, "policies": [testing.network_policy("a", null)], "expected": {"a"}},
		"one with labels that are null": {"labels": {}, "policies": [_selecting("a", {"matchLabels": null})], "expected": {"a"}},
		"one with labels of the wrong type": {"labels": {}, "policies": [_selecting("a", {"matchLabels": "app=web"})], "expected": {"a"}},
		"one whose label is null": {"labels": {"app": ""}, "policies": [_selecting("a", {"matchLabels": {"app": null}})], "expected": {"a"}},
		"one whose label is empty": {"labels": {"app": ""}, "policies": [_selecting("a", {"matchLabels": {"app": ""}})], "expected": {"a"}},
		"one by expressions": {
			"labels": {"app": "web"}, "policies": [_selecting("a", {"matchExpressions": [{"key": "app", "operator": "Exists"}]})],
			"expected": {"a"},
		},
		"one by an expression and a label": {
			"labels": {"app": "web"},
			"policies": [_selecting("a", {"matchLabels": {"app": "db"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]})],
			"expected": set(),
		},
		"of two labels the one that the fewest want": {
			"labels": {"app": "web", "tier": "front"},
			"policies": [
				_selecting("a", {"matchLabels": {"app": "web", "tier": "front"}}),
				_selecting("b", {"matchLabels": {"app": "web", "tier": "back"}}),
				_selecting("c", {"matchLabels": {"app": "db", "tier": "front"}}),
				_selecting("d", {"matchLabels": {"app": "web"}}),
			],
			"expected": {"a", "d"},
		},
		"several": {
			"labels": {"app": "web"},
			"policies": [_selecting("a", {"matchLabels": {"app": "web"}}), _selecting("b", {}), _selecting("c", {"matchLabels": {"app": "web"}})],
			"expected": {"a", "b", "c"},
		},
	}
	_names(row.labels, row.policies) == row.expected
}

_makers(labels, objects) := {name | some [_, _, name] in keys} if {
	keys := synced.makers("shop", labels) with data.inventory as testing.inventoried(objects)
}

test_what_may_make_pods_with_labels[name] if {
	some name, row in {
		"a Deployment": {"labels": {"app": "web"}, "objects": [testing.deployment("web"), testing.deployment("db")], "expected": {"web"}},
		"a Pod": {"labels": {"app": "web"}, "objects": [_pod("a", {"app": "web"}), _pod("b", {"app": "db"})], "expected": {"a"}},
		"a Pod whose labels are null": {"labels": {"app": "web"}, "objects": [_pod("a", null)], "expected": set()},
		"with more labels": {"labels": {"app": "web"}, "objects": [_pod("a", {"app": "web", "tier": "x"})], "expected": {"a"}},
		"with all labels": {"labels": {"app": "web", "tier": "x"}, "objects": [_pod("a", {"app": "web"}), _pod("b", {"app": "web", "tier": "x"})], "expected": {"b"}},
		"without labels asked for": {"labels": {}, "objects": [_pod("a", {}), testing.deployment("web"), testing.egress([])], "expected": {"a", "web"}},
		"any CronJob": {"labels": {"app": "web"}, "objects": [_cron_job("a", {"app": "db"})], "expected": {"a"}},
		"anything of a kind that nobody knows": {
			"labels": {"app": "web"}, "objects": [testing.with_fields(testing.deployment("db"), {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"})],
			"expected": {"db"},
		},
		"no policy": {"labels": {"app": "web"}, "objects": [testing.egress([])], "expected": set()},
	}
	_makers(row.labels, row.objects) == row.expected
}

# What is read of an object is what matters: the same templates and the same owner as of the whole one.
test_what_is_read_of_a_maker[name] if {
	some name, row in {
		"of a Deployment": {
			"object": {
				"apiVersion": "apps/v1", "kind": "Deployment",
				"metadata": {"name": "a", "labels": {"x": "y"}, "ownerReferences": [{"kind": "Foo"}]},
				"spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": "a"}, "annotations": {}}, "spec": {"containers": [{"name": "a"}], "hostNetwork": true}}},
			},
			"expected": {
				"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "ownerReferences": [{"kind": "Foo"}]},
				"spec": {"template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [], "hostNetwork": true}}},
			},
		},
		"of a Deployment that says little": {
			"object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": {"containers": []}}}},
			"expected": {
				"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "ownerReferences": []},
				"spec": {"template": {"metadata": {"labels": null}, "spec": {"containers": [], "hostNetwork": null}}},
			},
		},
		"of a Deployment without containers": {
			"object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": {}}}},
			"expected": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": {}}}},
		},
		"of a Deployment without a template": {
			"object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": null},
			"expected": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": null},
		},
		"of a Pod": {
			"object": {
				"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"x": "y"}, "annotations": {}, "ownerReferences": [{"kind": "Job"}]},
				"spec": {"containers": [{"name": "a"}], "hostNetwork": true},
			},
			"expected": {
				"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"x": "y"}, "ownerReferences": [{"kind": "Job"}]},
				"spec": {"hostNetwork": true},
			},
		},
		"of a Pod that says nothing": {
			"object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},
			"expected": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": null, "ownerReferences": []}, "spec": {"hostNetwork": null}},
		},
		"all of a kind that nobody knows": {"object": _cron_job("a", {"app": "a"}), "expected": _cron_job("a", {"app": "a"})},
	}
	found := synced.maker("shop", [row.object.apiVersion, row.object.kind, "a"]) with data.inventory as testing.inventoried([row.object])
	found == row.expected
}

test_makers_by_kind_and_name if {
	objects := [_pod("a", {}), _pod("b", {}), testing.deployment("a"), testing.egress_of("a", [])]
	named := [synced.makers_named("shop", kind, "a") | some kind in ["Pod", "Deployment", "Job", "NetworkPolicy"]] with data.inventory as testing.inventoried(objects)
	[{thing.metadata.name | some thing in found} | some found in named] == [{"a"}, {"a"}, set(), set()]
}

test_it_takes_any_inventory[name] if {
	some name, inventory in {
		"none": {},
		"null": null,
		"of the wrong type": "synced",
		"of nothing": {"namespace": {}, "cluster": {}},
		"of nulls": {"namespace": null, "cluster": null},
		"of an empty namespace": {"namespace": {"shop": {}}, "cluster": {"v1": {}}},
		"of a namespace that is null": {"namespace": {"shop": null}, "cluster": {"v1": null}},
		"of empty versions": {"namespace": {"shop": {"v1": {}, "apps/v1": {}, "networking.k8s.io/v1": {}}}, "cluster": {"v1": {}}},
		"of empty kinds": {
			"namespace": {"shop": {"v1": {"Pod": {}}, "apps/v1": {"Deployment": {}}, "networking.k8s.io/v1": {"NetworkPolicy": {}}}},
			"cluster": {"v1": {"Namespace": {}}},
		},
		"of kinds that are null": {
			"namespace": {"shop": {"v1": {"Pod": null}, "apps/v1": {"Deployment": null}, "networking.k8s.io/v1": {"NetworkPolicy": null}}},
			"cluster": {"v1": {"Namespace": {}}},
		},
		"of another namespace": {"namespace": {"other": testing.inventoried([testing.deployment("a"), testing.egress([])]).namespace.shop}},
	}
	found := [synced.policy_names("shop"), synced.policies_for("shop", {"a": "b"}), synced.makers("shop", {}), synced.makers("shop", {"a": "b"}), synced.namespaces] with data.inventory as inventory
	found == [set(), set(), [], [], {}]
}

test_namespaces_are_those_of_the_cluster if {
	shop := {"metadata": {"name": "shop"}}
	found := synced.namespaces with data.inventory as {"cluster": {"v1": {"Namespace": {"shop": shop}}}}
	found == {"shop": shop}
}

test_policies_by_their_names if {
	policies := [testing.egress_of("a", []), testing.egress_of("b", [])]
	names := synced.policy_names("shop") with data.inventory as testing.inventoried(policies)
	names == {"a", "b"}
	found := synced.policy("shop", "b") with data.inventory as testing.inventoried(policies)
	found == policies[1]
}
