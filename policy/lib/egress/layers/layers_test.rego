package lib.egress.layers_test

import data.lib.egress.inventory
import data.lib.egress.layers
import data.lib.egress.parameters
import data.lib.egress.testing

_model(spec) := {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": object.union({"namespaces": ["shop"]}, spec)}

_backend := {"tier": "backend"}

_declared := _model({
	"https": [
		{"name": "pay", "cidrs": ["8.8.8.0/24"]},
		{"name": "wide", "cidrs": ["9.9.8.0/24", "9.9.9.0/24"], "ports": [443, {"port": 8000, "endPort": 8010}], "from": _backend},
		{"name": "over", "cidrs": ["7.7.7.0/24"], "expires": "2026-01-01"},
		{"name": "six", "cidrs": ["2a04:4e42::/48"]},
	],
	"databases": [
		{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "db"}, "from": _backend},
		{"name": "cache", "engine": "redis", "labels": {"app": "cache"}, "from": _backend},
		{"name": "old", "engine": "mysql", "cidrs": ["10.9.0.0/24"], "from": _backend},
	],
	"services": [{"name": "auth", "namespace": "identity", "labels": {"app": "auth"}, "ports": [8080, 8081]}],
	"kubeAPI": {"service": ["10.96.0.1/32"], "endpoints": ["172.18.0.2/32"], "from": {"role": "controller"}},
})

_by_model := {"models": [_declared], "now": "2026-06-15"}

_by_shape := {"models": []}

_seen(objects, given) := layers.seen(testing.view_with(objects, given)).layers

_named(name, labels, rules) := {
	"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": "shop"},
	"spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Egress"], "egress": rules},
}

_in(namespace, labels) := {
	"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
	"podSelector": {"matchLabels": labels},
}

_on(ports, peers) := {"to": peers, "ports": ports}

_dns_ports := [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]

_dns := _on(_dns_ports, [_in("kube-system", {"k8s-app": "kube-dns"})])

_six := [
	_named("default-deny-egress", {}, []),
	_named("allow-dns", {}, [_dns]),
	_named("allow-https", {}, [testing.to_blocks(["8.8.8.0/24"], testing.https), testing.to_blocks(["2a04:4e42::/48"], testing.https)]),
	_named("allow-https-wide", _backend, [testing.to_blocks(["9.9.8.0/24", "9.9.9.0/24"], [{"port": 443}, {"port": 8000, "endPort": 8010}])]),
	_named("allow-database", _backend, [
		_on([{"port": 5432}], [_in("data", {"app": "db"})]),
		_on([{"port": 6379}], [{"podSelector": {"matchLabels": {"app": "cache"}}}]),
		testing.to_blocks(["10.9.0.0/24"], [{"port": 3306}]),
	]),
	_named("allow-internal-services", {}, [_on([{"port": 8080}, {"port": 8081}], [_in("identity", {"app": "auth"})])]),
	_named("allow-kube-api", {"role": "controller"}, [
		testing.to_blocks(["10.96.0.1/32"], [{"port": 443}]),
		testing.to_blocks(["172.18.0.2/32"], [{"port": 6443}]),
	]),
]

_all(word) := {
	"default-deny-egress": word, "allow-dns": word, "allow-https": word, "allow-database": word,
	"allow-internal-services": word, "allow-kube-api": word,
}

test_a_namespace_with_its_six_layers_lacks_nothing if {
	found := _seen(_six, _by_model)
	[found.model, found.breaches, found.missing] == ["m", [], []]
	found.status == _all("present")
}

test_nobody_asks_for_layers[name] if {
	some name, given in {"without models": {}, "with models that are null": {"models": null}}
	_seen(_six, given) == null
}

test_no_layers_where_there_is_nothing_to_judge[name] if {
	some name, row in {
		"no object": {"objects": [], "given": _by_shape},
		"a policy for ingress": {"objects": [testing.network_policy("a", {"policyTypes": ["Ingress"]})], "given": _by_shape},
		"a system namespace": {"objects": _six, "given": {"models": [], "systemNamespaces": ["sh*"]}},
	}
	_seen(row.objects, row.given) == null
}

test_a_system_namespace_that_is_declared_has_layers if {
	_seen(_six, object.union(_by_model, {"systemNamespaces": ["shop"]})).breaches == []
}

test_what_is_cluster_wide_has_none if {
	view := inventory.view("", [], testing.nowhere, parameters.settings(_by_shape))
	layers.seen(view).layers == null
}

# One policy beside the six: which layers it breaks, as [layer, path].
_broken(policy, given) := {[breach.layer, breach.path] | some breach in _seen(array.concat(_six, [policy]), given).breaches}

_one(rule) := _named("x", {}, [rule])

_of_backend(rule) := _named("x", _backend, [rule])

_at(layer) := {[layer, "spec.egress[0]"]}

test_is_in_the_model[name] if {
	some name, policy in {
		"nothing": _named("x", {"app": "x"}, []),
		"a part of a block": _one(testing.to_blocks(["8.8.8.8/32"], testing.https)),
		"two blocks that are declared as two": _of_backend(testing.to_blocks(["9.9.8.0/23"], testing.https)),
		"a wider block less the rest": _one({"to": [{"ipBlock": {"cidr": "8.8.8.0/23", "except": ["8.8.9.0/24"]}}], "ports": testing.https}),
		"a part of a range": _of_backend(testing.to_blocks(["9.9.9.9/32"], [{"port": 8001, "endPort": 8003}])),
		"a database, by an expression": {
			"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "x", "namespace": "shop"},
			"spec": {
				"podSelector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["backend"]}]}, "policyTypes": ["Egress"],
				"egress": [_on([{"port": 5432}], [_in("data", {"app": "db", "zone": "a"})])],
			},
		},
		"the own namespace by its name": _of_backend(_on([{"port": 6379}], [_in("shop", {"app": "cache"})])),
		"one of the ports of a service": _one(_on([{"port": 8081}], [_in("identity", {"app": "auth"})])),
		"adjacent ports as a range": _one(_on([{"port": 8080, "endPort": 8081}], [_in("identity", {"app": "auth"})])),
		"DNS on one protocol": _one(_on([{"port": 53, "protocol": "UDP"}], [_in("kube-system", {"k8s-app": "kube-dns"})])),
	}
	_broken(policy, _by_model) == set()
}

test_breaks_a_layer_of_the_model[name] if {
	some name, row in {
		"rules in the one that denies": {"policy": _named("default-deny-egress", {}, [_dns]), "expected": {["default-deny-egress", "spec.egress"]}},
		"pods in the one that denies": {"policy": _named("default-deny-egress", {"a": "b"}, []), "expected": {["default-deny-egress", "spec.podSelector"]}},
		"DNS outside": {"policy": _one(testing.to_blocks(["8.8.4.4/32"], _dns_ports)), "expected": _at("allow-dns")},
		"DNS anywhere": {"policy": _one({"ports": _dns_ports}), "expected": _at("allow-dns")},
		"DNS in a range": {"policy": _one(testing.to_blocks(["8.8.4.4/32"], [{"port": 1, "endPort": 100}])), "expected": _at("allow-dns")},
		"DNS of approved addresses": {"policy": _one(testing.to_blocks(["8.8.8.0/24"], _dns_ports)), "expected": _at("allow-dns")},
		"DNS of other pods": {"policy": _one(_on(_dns_ports, [_in("other", {"k8s-app": "kube-dns"})])), "expected": _at("allow-dns")},
		"DNS of all pods of its namespace": {
			"policy": _one(_on(_dns_ports, [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}])),
			"expected": _at("allow-dns"),
		},
		"an unapproved block": {"policy": _one(testing.to_blocks(["8.8.9.0/24"], testing.https)), "expected": _at("allow-https")},
		"a wider block": {"policy": _one(testing.to_blocks(["8.8.8.0/23"], testing.https)), "expected": _at("allow-https")},
		"a block of IPv6": {"policy": _one(testing.to_blocks(["2a04:4e40::/32"], testing.https)), "expected": _at("allow-https")},
		"a block whose approval is over": {"policy": _one(testing.to_blocks(["7.7.7.0/24"], testing.https)), "expected": _at("allow-https")},
		"a block that others may reach": {"policy": _one(testing.to_blocks(["9.9.9.0/24"], testing.https)), "expected": _at("allow-https")},
		"a declared block on all ports of UDP": {
			"policy": _one(testing.to_blocks(["8.8.8.0/24"], [{"protocol": "UDP"}])), "expected": {["allow-dns", "spec.egress[0]"], ["allow-https", "spec.egress[0]"]},
		},
		"a declared block on another port": {"policy": _one(testing.to_blocks(["8.8.8.0/24"], [{"port": 22}])), "expected": _at("outside-model")},
		"an address that nobody approved, on another port": {"policy": _one(testing.to_blocks(["6.6.6.6/32"], [{"port": 8443}])), "expected": _at("allow-https")},
		"a block that others may reach, on another port": {"policy": _one(testing.to_blocks(["9.9.9.0/24"], [{"port": 22}])), "expected": _at("allow-https")},
		"a private address on another port": {"policy": _one(testing.to_blocks(["10.7.7.7/32"], [{"port": 8443}])), "expected": _at("outside-model")},
		"a named port": {"policy": _one(testing.to_blocks(["8.8.8.0/24"], [{"port": "https"}])), "expected": _at("outside-model")},
		"a database, for every pod": {"policy": _one(_on([{"port": 5432}], [_in("data", {"app": "db"})])), "expected": _at("allow-database")},
		"a database, for all pods but some": {
			"policy": {
				"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "x", "namespace": "shop"},
				"spec": {
					"podSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["frontend"]}]}, "policyTypes": ["Egress"],
					"egress": [_on([{"port": 5432}], [_in("data", {"app": "db"})])],
				},
			},
			"expected": _at("allow-database"),
		},
		"a database, by its namespace": {
			"policy": _one(_on([{"port": 5000, "endPort": 6000}], [{"namespaceSelector": {"matchLabels": {"team": "data"}}}])), "expected": _at("allow-database"),
		},
		"a database by a named port": {"policy": _one(_on([{"port": "postgres"}], [_in("data", {"app": "db"})])), "expected": _at("allow-database")},
		"a database by what is not excluded": {
			"policy": _one(_on([{"port": 6379}], [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}])), "expected": _at("allow-database"),
		},
		"a database by its address": {"policy": _one(testing.to_blocks(["10.9.0.7/32"], [{"port": 3306}])), "expected": _at("allow-database")},
		"a database by the address of its pod": {"policy": _one(testing.to_blocks(["10.244.0.0/16"], [{"port": 5432}])), "expected": _at("allow-database")},
		"a service without a port": {"policy": _one(_on([], [_in("identity", {"app": "auth"})])), "expected": _at("allow-internal-services")},
		"a service on another port": {"policy": _one(_on([{"port": 9090}], [_in("identity", {"app": "auth"})])), "expected": _at("allow-internal-services")},
		"a service by another label of its namespace": {
			"policy": _one(_on([{"port": 8080}], [{"namespaceSelector": {"matchLabels": {"name": "identity"}}, "podSelector": {"matchLabels": {"app": "auth"}}}])),
			"expected": _at("allow-internal-services"),
		},
		"all pods of a service's namespace": {
			"policy": _one(_on([{"port": 8080}], [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "identity"}}}])),
			"expected": _at("allow-internal-services"),
		},
		"the API, for every pod": {"policy": _one(testing.to_blocks(["10.96.0.1/32"], testing.https)), "expected": {["allow-https", "spec.egress[0]"], ["allow-kube-api", "spec.egress[0]"]}},
		"the API in a wider block": {"policy": _one(testing.to_blocks(["172.16.0.0/12"], [{"port": 6443}])), "expected": _at("allow-kube-api")},
		"pods of the own namespace": {"policy": _one(_on([{"port": 8080}], [{"podSelector": {"matchLabels": {"app": "web"}}}])), "expected": _at("outside-model")},
		"everything": {
			"policy": _one({}),
			"expected": {[layer, "spec.egress[0]"] | some layer in ["allow-dns", "allow-https", "allow-database", "allow-kube-api"]},
		},
	}
	_broken(row.policy, _by_model) == row.expected
}

test_a_block_and_pods_of_no_layer_are_told_once if {
	policy := _one(_on([{"port": 9999}], [{"ipBlock": {"cidr": "10.7.7.7/32"}}, {"podSelector": {"matchLabels": {"app": "web"}}}]))
	[breach.layer | some breach in _seen(array.concat(_six, [policy]), _by_model).breaches] == ["outside-model"]
}

# What pods may reach by one entry is no breach of another: a database for two groups, one outside beside one in the cluster, a proxy on its port.
_shared := _model({
	"https": [{"name": "proxy", "cidrs": ["10.3.0.0/24"], "ports": [5432]}],
	"databases": [
		{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "db"}, "from": _backend},
		{"name": "reports", "engine": "postgresql", "namespace": "data", "labels": {"app": "db"}, "from": {"app": "reporting"}},
		{"name": "ledger", "engine": "postgresql", "cidrs": ["10.1.0.0/24"], "from": {"app": "reporting"}},
		{"name": "archive", "engine": "postgresql", "cidrs": ["10.1.0.0/24", "10.2.0.0/24"], "from": _backend},
	],
})

test_what_pods_share[name] if {
	some name, row in {
		"the database of both, for one": {"labels": _backend, "rule": _on([{"port": 5432}], [_in("data", {"app": "db"})]), "expected": 0},
		"the database of both, for the other": {"labels": {"app": "reporting"}, "rule": _on([{"port": 5432}], [_in("data", {"app": "db"})]), "expected": 0},
		"the database of both, for neither": {"labels": {}, "rule": _on([{"port": 5432}], [_in("data", {"app": "db"})]), "expected": 2},
		"all pods beside it": {
			"labels": _backend, "expected": 1,
			"rule": _on([{"port": 5432}], [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}]),
		},
		"the block of both": {"labels": {"app": "reporting"}, "rule": testing.to_blocks(["10.1.0.0/24"], [{"port": 5432}]), "expected": 0},
		"the block of one, for the other": {"labels": {"app": "reporting"}, "rule": testing.to_blocks(["10.2.0.0/24"], [{"port": 5432}]), "expected": 2},
		"a wider block, which may hold pods": {"labels": {"app": "reporting"}, "rule": testing.to_blocks(["10.1.0.0/23"], [{"port": 5432}]), "expected": 2},
		"a proxy whose block holds no pods": {"labels": {"app": "web"}, "rule": testing.to_blocks(["10.3.0.0/24"], [{"port": 5432}]), "expected": 0},
		"a named port": {"labels": _backend, "rule": _on([{"port": "postgres"}], [_in("data", {"app": "db"})]), "expected": 1},
	}
	found := _seen([_six[0], _named("x", row.labels, [row.rule])], {"models": [_shared]}).breaches
	count([1 | some breach in found; breach.layer == "allow-database"]) == row.expected
}

test_does_not_touch_a_database[name] if {
	some name, rule in {
		"other labels": _on([{"port": 5432}], [_in("data", {"app": "web"})]),
		"a selector that excludes it": _on([{"port": 5432}], [{
			"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}},
			"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]},
		}]),
		"a selector that excludes whoever has its label": _on([{"port": 5432}], [{
			"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}},
			"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
		}]),
		"the own namespace": _on([{"port": 5432}], [{"podSelector": {"matchLabels": {"app": "db"}}}]),
		"a public address": testing.to_blocks(["8.8.8.8/32"], [{"port": 5432}]),
		"its block without its addresses": {"to": [{"ipBlock": {"cidr": "9.0.0.0/8", "except": ["9.9.0.0/16"]}}], "ports": [{"port": 3306}]},
	}
	not ["allow-database", "spec.egress[0]"] in _broken(_one(rule), _by_model)
}

test_an_exception_that_holds_all_of_the_api_leaves_none if {
	not ["allow-kube-api", "spec.egress[0]"] in _broken(_one({"to": [{"ipBlock": {"cidr": "172.16.0.0/12", "except": ["172.18.0.0/16"]}}], "ports": [{"port": 6443}]}), _by_model)
}

# By the labels of all pods that are known.
test_a_policy_whose_pods_all_have_the_labels_may if {
	web := testing.with_fields(testing.deployment("web"), {"spec": {"template": {"metadata": {"labels": {"app": "web", "tier": "backend"}}, "spec": {"containers": []}}}})
	policy := _named("x", {"app": "web"}, [_on([{"port": 5432}], [_in("data", {"app": "db"})])])
	_seen(array.concat(_six, [policy, web]), _by_model).breaches == []
	[breach.layer | some breach in _seen(array.concat(_six, [policy, testing.deployment("web")]), _by_model).breaches] == ["allow-database"]
}

test_says_whose_approval_is_over if {
	[breach] := _seen(array.concat(_six, [_one(testing.to_blocks(["7.7.7.0/24"], testing.https))]), _by_model).breaches
	[breach.about.name, breach.about.expires] == ["over", "2026-01-01"]
}

test_what_is_missing[name] if {
	some name, row in {
		"nothing denies": {"without": {"default-deny-egress"}, "more": [], "expected": ["default-deny-egress"]},
		"what denies selects some": {"without": {"default-deny-egress"}, "more": [_named("deny", {"app": "web"}, [])], "expected": ["default-deny-egress"]},
		"what denies is called otherwise": {"without": {"default-deny-egress"}, "more": [_named("deny", {}, [])], "expected": []},
		"what denies is invalid": {"without": {"default-deny-egress"}, "more": [object.union(_named("deny", {}, []), {"spec": {"x": 1}})], "expected": ["default-deny-egress"]},
		"DNS": {"without": {"allow-dns"}, "more": [], "expected": ["allow-dns"]},
		"DNS on TCP": {"without": {"allow-dns"}, "more": [_one(_on([{"port": 53, "protocol": "UDP"}], _dns.to))], "expected": ["allow-dns"]},
		"DNS for some": {"without": {"allow-dns"}, "more": [_of_backend(_dns)], "expected": ["allow-dns"]},
		"no DNS that is in two policies": {
			"without": {"allow-dns"},
			"more": [_one(_on([{"port": 53, "protocol": "UDP"}], _dns.to)), _one(_on([{"port": 53}], _dns.to))], "expected": [],
		},
		"no DNS that is open": {"without": {"allow-dns"}, "more": [_one({"ports": _dns_ports})], "expected": []},
		"no DNS by a label more": {
			"without": {"allow-dns"},
			"more": [_one(_on(_dns_ports, [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]))], "expected": [],
		},
		"a destination": {"without": {"allow-https-wide"}, "more": [], "expected": ["allow-https"]},
		"a half of a destination": {"without": {"allow-https-wide"}, "more": [_of_backend(testing.to_blocks(["9.9.8.0/24"], [{"port": 443}, {"port": 8000, "endPort": 8010}]))], "expected": ["allow-https"]},
		"no destination in one block": {"without": {"allow-https-wide"}, "more": [_of_backend(testing.to_blocks(["9.9.8.0/23"], [{"port": 443}, {"port": 8000, "endPort": 8010}]))], "expected": []},
		"databases": {"without": {"allow-database"}, "more": [], "expected": ["allow-database", "allow-database", "allow-database"]},
		"a service": {"without": {"allow-internal-services"}, "more": [], "expected": ["allow-internal-services"]},
		"the API": {"without": {"allow-kube-api"}, "more": [], "expected": ["allow-kube-api", "allow-kube-api"]},
		"everything": {
			"without": {policy.metadata.name | some policy in _six}, "more": [testing.network_policy("a", {"policyTypes": ["Ingress"]})],
			"expected": [
				"default-deny-egress", "allow-dns", "allow-https", "allow-https", "allow-https", "allow-database", "allow-database", "allow-database",
				"allow-internal-services", "allow-kube-api", "allow-kube-api",
			],
		},
	}
	left := [policy | some policy in _six; not policy.metadata.name in row.without]
	[gap.layer | some gap in _seen(array.concat(left, row.more), _by_model).missing] == row.expected
}

test_nothing_is_missing_where_not_all_is_known if {
	view := inventory.view("shop", testing.documents([_six[1]]), object.union(testing.nowhere, {"alone": true}), parameters.settings(_by_model))
	layers.seen(view).layers.missing == null
}

test_what_is_missing_is_said_of[name] if {
	some name, row in {
		"the first workload": {"objects": array.concat(_six, [testing.deployment("web"), testing.deployment("api")]), "expected": ["Deployment", "api"]},
		"the first policy, without workloads": {"objects": _six, "expected": ["NetworkPolicy", "allow-database"]},
	}
	bearer := _seen(row.objects, _by_model).bearer
	[bearer.resource.kind, bearer.resource.name] == row.expected
}

test_nobody_bears_what_is_missing_where_nothing_is if _seen([], _by_model).bearer == null

test_status[name] if {
	some name, row in {
		"too wide": {"objects": array.concat(_six, [_one(testing.to_blocks(["8.8.4.4/32"], _dns_ports))]), "layer": "allow-dns", "expected": "too wide"},
		"missing": {"objects": [_six[0]], "layer": "allow-dns", "expected": "missing"},
		"present": {"objects": _six, "layer": "allow-dns", "expected": "present"},
	}
	_seen(row.objects, _by_model).status[row.layer] == row.expected
}

test_a_layer_that_no_model_declares_is_absent if {
	_seen([_six[0], _six[1]], {"models": [_model({})]}).status == object.union(_all("absent"), {"default-deny-egress": "present", "allow-dns": "present"})
}

_any(key, values) := {"matchExpressions": [{"key": key, "operator": "In", "values": values}]}

_values(prefix, from, to) := [$"{prefix}{i}" | some i in numbers.range(from, to)]

# 12 services of 8 namespaces, and a database for 20 kinds of pods.
_many := {"models": [_model({
	"services": [{"name": $"s{i}-{j}", "namespace": $"n{i}", "labels": {"app": $"a{j}"}, "ports": [8080]} |
		some i in numbers.range(1, 8)
		some j in numbers.range(1, 12)
	],
	"databases": [{"name": $"d{i}", "engine": "mysql", "labels": {"app": "db"}, "from": {"app": $"p{i}"}} | some i in numbers.range(1, 20)],
})]}

_to_many(spaces, pods) := _one(_on([{"port": 8080}], [{"namespaceSelector": _any("kubernetes.io/metadata.name", spaces), "podSelector": pods}]))

_from_many(pods) := object.union(
	_one(_on([{"port": 3306}], [{"podSelector": {"matchLabels": {"app": "db"}}}])),
	{"spec": {"podSelector": pods}},
)

_lists(keys) := {"matchExpressions": [{"key": key, "operator": "In", "values": [$"{key}1", $"{key}2"]} | some key in keys]}

test_values_that_are_declared_each_are_declared[name] if {
	some name, policy in {
		"of namespaces": _to_many(["n1", "n2"], {"matchLabels": {"app": "a1"}}),
		"of namespaces and pods": _to_many(["n1", "n2"], _any("app", ["a1", "a2"])),
		"beside another list": _to_many(["n1"], object.union({"matchLabels": {"app": "a1"}}, _lists(["track", "zone"]))),
		"of the pods of the policy": _from_many(_any("app", ["p1", "p2"])),
		"of its pods, beside another list": _from_many({"matchExpressions": array.concat(_lists(["track"]).matchExpressions, _any("app", ["p1", "p2"]).matchExpressions)}),
		"as many as 64 together": _to_many(_values("n", 1, 8), _any("app", _values("a", 1, 8))),
	}
	_seen([policy], _many).breaches == []
}

test_not_all_values_are_declared[name] if {
	some name, policy in {
		"a namespace": _to_many(["n1", "vault"], {"matchLabels": {"app": "a1"}}),
		"pods": _to_many(["n1", "n2"], _any("app", ["a1", "admin"])),
		"pods of the policy": _from_many(_any("app", ["p1", "web"])),
		"pods of the policy by another label": _from_many(_any("role", ["p1", "p2"])),
		"more than 64 together": _to_many(_values("n", 1, 8), _any("app", _values("a", 1, 9))),
		"more than 16 of a list": _from_many(_any("app", _values("p", 1, 17))),
		"more than two lists": _from_many(object.union(_lists(["x", "y"]), {"matchExpressions": array.concat(_lists(["x", "y"]).matchExpressions, _any("app", ["p1", "p2"]).matchExpressions)})),
	}
	count(_seen([policy], _many).breaches) > 0
}

test_the_pods_of_each_value_are_asked_for_their_labels if {
	policy := _from_many(_any("track", ["stable", "canary"]))
	_seen([policy, _labelled("one", {"app": "p1", "track": "stable"}), _labelled("other", {"app": "p2", "track": "canary"})], _many).breaches == []
	count(_seen([policy, _labelled("one", {"app": "p1", "track": "stable"}), _labelled("other", {"app": "web", "track": "canary"})], _many).breaches) > 0
	count(_seen([policy, _labelled("one", {"app": "p1", "track": "stable"})], _many).breaches) == 0
}

_labelled(name, labels) := object.union(testing.deployment(name), {"spec": {"template": {"metadata": {"labels": labels}}}})

test_has_the_shape_of_a_layer[name] if {
	some name, row in {
		"a node-local DNS": {"policy": _one(testing.to_blocks(["169.254.20.10/32"], _dns_ports)), "layer": "allow-dns"},
		"the DNS of OpenShift": {
			"policy": _one(_on([{"port": 5353, "protocol": "UDP"}], [_in("openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"})])),
			"layer": "allow-dns",
		},
		"a narrow block on 443": {"policy": _one(testing.to_blocks(["4.4.4.0/24"], testing.https)), "layer": "allow-https"},
		"a database of labelled pods": {"policy": _of_backend(testing.to_blocks(["10.1.1.1/32"], [{"port": 5432}])), "layer": "allow-database"},
		"a service by its name": {"policy": _one(_on([{"port": 9090}], [_in("metrics", {"app": "m"})])), "layer": "allow-internal-services"},
		"pods of the own namespace": {"policy": _one(_on([{"port": 9090}], [{"podSelector": {"matchLabels": {"app": "m"}}}])), "layer": "allow-internal-services"},
		"the API for labelled pods": {"policy": _of_backend(testing.to_blocks(["10.1.1.1/32"], [{"port": 6443}])), "layer": "allow-kube-api"},
	}
	found := _seen([_six[0], _six[1], row.policy], _by_shape)
	found.breaches == []
	found.status[row.layer] == "present"
}

test_has_the_shape_of_none[name] if {
	some name, row in {
		"DNS outside": {"policy": _one(testing.to_blocks(["8.8.4.4/32"], _dns_ports)), "expected": {"allow-dns"}},
		"a wide block on 443": {"policy": _one(testing.to_blocks(["64.0.0.0/3"], testing.https)), "expected": {"allow-https"}},
		"a wide block on another port": {"policy": _one(testing.to_blocks(["64.0.0.0/3"], [{"port": 9999}])), "expected": {"outside-model"}},
		"a block on all ports": {"policy": _of_backend(testing.to_blocks(["10.1.1.1/32"], [])), "expected": {"allow-dns", "allow-https"}},
		"a block on another port": {"policy": _one(testing.to_blocks(["10.1.1.1/32"], [{"port": 9999}])), "expected": {"outside-model"}},
		"a database for every pod": {"policy": _one(testing.to_blocks(["10.1.1.1/32"], [{"port": 5432}])), "expected": {"allow-database"}},
		"a database in a range": {"policy": _one(_on([{"port": 5000, "endPort": 6000}], [_in("data", {"app": "db"})])), "expected": {"allow-dns", "allow-database"}},
		"the API for every pod": {"policy": _one(testing.to_blocks(["10.1.1.1/32"], [{"port": 6443}])), "expected": {"allow-kube-api"}},
		"pods of a namespace with a label": {
			"policy": _one(_on([{"port": 8080}], [{"namespaceSelector": {"matchLabels": {"team": "a"}}, "podSelector": {"matchLabels": {"app": "m"}}}])),
			"expected": {"allow-internal-services"},
		},
		"all pods of a namespace": {
			"policy": _one(_on([{"port": 8080}], [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}}])),
			"expected": {"allow-internal-services"},
		},
		"pods on all ports": {"policy": _one(_on([], [_in("metrics", {"app": "m"})])), "expected": {"allow-internal-services"}},
	}
	{breach.layer | some breach in _seen([_six[0], _six[1], row.policy], _by_shape).breaches} == row.expected
}

test_outside_the_list_is_no_shape_of_https if {
	given := {"models": [], "approvedDestinations": [{"name": "a", "cidrs": ["8.8.8.0/24"], "ports": [443]}]}
	found := _seen([_six[0], _six[1], _one(testing.to_blocks(["4.4.4.0/24"], testing.https))], given)
	[breach.layer | some breach in found.breaches] == ["allow-https"]
}

test_without_a_model_some_dns_must_be_reached[name] if {
	some name, row in {
		"none": {"rules": [], "expected": ["allow-dns"]},
		"for some pods": {"rules": [_dns], "expected": []},
		"on one protocol": {"rules": [_on([{"port": 53, "protocol": "UDP"}], _dns.to)], "expected": ["allow-dns"]},
	}
	policies := [_of_backend(rule) | some rule in row.rules]
	[gap.layer | some gap in _seen(array.concat([_six[0]], policies), _by_shape).missing] == row.expected
}

test_a_dns_that_is_not_wholly_held_is_named_by_its_ports if {
	found := _seen([_six[0], _six[1], _one(_on([{"port": 53, "protocol": "UDP"}, {"port": 5353, "protocol": "UDP"}], _dns.to))], _by_shape)
	[breach.layer | some breach in found.breaches] == ["allow-dns"]
}

test_all_ports_of_what_is_listed_are_no_https if {
	given := {"models": [], "approvedDestinations": [{"name": "a", "cidrs": ["8.8.8.0/24"]}]}
	found := _seen([_six[0], _six[1], _of_backend(testing.to_blocks(["8.8.8.0/24"], [{"protocol": "TCP"}]))], given)
	{breach.layer | some breach in found.breaches} == {"allow-dns", "allow-https"}
}

test_of_each_namespace_of_a_model_it_says_whether_anything_was_judged_by_it[name] if {
	some name, row in {
		"no model": {"models": null, "expected": []},
		"by shape": {"models": [], "expected": []},
		"judged": {"models": [{"name": "m", "namespaces": ["shop"]}], "expected": [{"name": "m", "namespace": "shop"}]},
		"one of two": {
			"models": [{"name": "m", "namespaces": ["shop", "shpo"]}],
			"expected": [{"name": "m", "namespace": "shop"}, {"name": "m", "namespace": "shpo", "message": _nothing_there}],
		},
	}
	layers.report(row.models, {"shop"}) == row.expected
}

_nothing_there := "Model 'm' is for namespace 'shpo', which has neither workloads nor policies here: is the name misspelt, or are its manifests elsewhere?"
