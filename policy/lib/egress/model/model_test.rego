package lib.egress.model_test

import data.lib.egress.model

_model(spec) := {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": spec}

_of(spec) := model.of(_model(object.union({"namespaces": ["shop"]}, spec)), "2026-06-15").destinations

_brief(destination) := object.filter(destination, ["layer", "name", "from", "namespace", "labels", "cidrs", "ports"])

test_accepts[name] if {
	some name, given in {
		"the least": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"]}},
		"all layers": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}, {"name": "mail", "cidrs": ["2a04:4e42::/48"], "ports": [{"port": 8000, "endPort": 8010}], "from": {"app": "w"}}], "databases": [{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "orders-db"}, "from": {"tier": "backend"}}, {"name": "cache", "engine": "redis", "labels": {"app": "cache"}, "from": {"tier": "backend"}}, {"name": "ledger", "port": 1521, "cidrs": ["10.9.0.5/32"], "from": {"app": "ledger"}}], "services": [{"name": "auth", "namespace": "identity", "labels": {"app": "auth"}, "ports": [8080, {"protocol": "UDP", "port": 8125}]}], "kubeAPI": {"service": ["10.96.0.1/32"], "endpoints": ["172.18.0.2/32"], "from": {"role": "controller"}}}},
		"null layers": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": null, "https": null, "databases": null, "services": null, "kubeAPI": null, "labels": null}},
		"empty layers": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {}, "https": [], "databases": [], "services": [], "labels": {}}},
		"two namespaces": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["a", "b"]}},
		"a preset": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"preset": "openshift"}}},
		"a DNS of its own": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"namespace": "dns", "labels": {"app": "dns"}, "cidrs": ["10.0.0.10/32"]}}},
		"null fields": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": null, "reason": null, "expires": null, "ports": null}]}},
		"every pod": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30", "from": {}}]}},
		"a port and no engine": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": null, "namespace": "data", "labels": {"app": "orders-db"}, "from": {"tier": "backend"}, "port": 5433}]}},
		"a database in the own namespace": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "postgresql", "labels": {"app": "orders-db"}, "from": {"tier": "backend"}}]}},
		"the API's service only": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "kubeAPI": {"service": ["10.96.0.1/32"], "endpoints": [], "from": {"role": "controller"}}}},
		"annotations": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m", "annotations": {"a": "b"}, "labels": {"a": "b"}}, "spec": {"namespaces": ["shop"]}},
	}
	model.problems(given, "m") == []
}

test_refuses[name] if {
	some name, row in {
		"nothing": {"given": null, "expected": {"path": "m", "message": "must be an EgressModel"}},
		"a text": {"given": "shop", "expected": {"path": "m", "message": "must be an EgressModel"}},
		"a list": {"given": [], "expected": {"path": "m", "message": "must be an EgressModel"}},
		"another version": {"given": {"apiVersion": "v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.apiVersion", "message": "must be egress-policy.dev/v1"}},
		"another kind": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "NetworkPolicy", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.kind", "message": "must be EgressModel"}},
		"no kind": {"given": {"apiVersion": "egress-policy.dev/v1", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.kind", "message": "must be EgressModel"}},
		"an unknown field": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"]}, "status": {}}, "expected": {"path": "m.status", "message": "is an unknown field"}},
		"no metadata": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.metadata", "message": "must be an object with a name"}},
		"metadata that are a list": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": [], "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.metadata", "message": "must be an object with a name"}},
		"no name": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {}, "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.metadata.name", "message": "must be lower-case letters, digits and hyphens, up to 40"}},
		"a name with a blank": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "a b"}, "spec": {"namespaces": ["shop"]}}, "expected": {"path": "m.metadata.name", "message": "must be lower-case letters, digits and hyphens, up to 40"}},
		"no spec": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}}, "expected": {"path": "m.spec", "message": "must be an object"}},
		"a spec that is null": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": null}, "expected": {"path": "m.spec", "message": "must be an object"}},
		"no namespaces": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {}}, "expected": {"path": "m.spec.namespaces", "message": "must list at least one namespace"}},
		"empty namespaces": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": []}}, "expected": {"path": "m.spec.namespaces", "message": "must list at least one namespace"}},
		"namespaces that are a text": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": "a"}}, "expected": {"path": "m.spec.namespaces", "message": "must list at least one namespace"}},
		"a namespace with a star": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["*"]}}, "expected": {"path": "m.spec.namespaces[0]", "message": "must be the name of a namespace"}},
		"a number for a namespace": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": [0]}}, "expected": {"path": "m.spec.namespaces[0]", "message": "must be the name of a namespace"}},
		"a namespace twice": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["a", "a"]}}, "expected": {"path": "m.spec.namespaces[1]", "message": "is there twice"}},
		"an unknown layer": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "http": []}}, "expected": {"path": "m.spec.http", "message": "is an unknown field"}},
		"labels that are a list": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "labels": []}}, "expected": {"path": "m.spec.labels", "message": "must be an object of labels"}},
		"a label that is a number": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "labels": {"a": 1}}}, "expected": {"path": "m.spec.labels.a", "message": "must be a valid label key and value"}},
		"DNS that is a list": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": []}}, "expected": {"path": "m.spec.dns", "message": "must be an object"}},
		"an unknown preset": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"preset": "x"}}}, "expected": {"path": "m.spec.dns.preset", "message": "must be kube-dns, node-local, openshift"}},
		"a preset and more": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"preset": "kube-dns", "ports": [53]}}}, "expected": {"path": "m.spec.dns.ports", "message": "must be absent beside a preset"}},
		"DNS that is nowhere": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"ports": [53]}}}, "expected": {"path": "m.spec.dns", "message": "must name a preset, labels of pods or cidrs"}},
		"a DNS port that is none": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"cidrs": ["10.0.0.1/32"], "ports": [0]}}}, "expected": {"path": "m.spec.dns.ports[0]", "message": "must be a number from 1 to 65535"}},
		"a DNS namespace without labels": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "dns": {"namespace": "dns", "cidrs": ["10.0.0.1/32"]}}}, "expected": {"path": "m.spec.dns.namespace", "message": "needs the labels of the pods there"}},
		"https that is an object": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": {}}}, "expected": {"path": "m.spec.https", "message": "must be a list"}},
		"an entry that is null": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [null]}}, "expected": {"path": "m.spec.https[0]", "message": "must be an object"}},
		"an entry without a name": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].name", "message": "must be lower-case letters, digits and hyphens, up to 40"}},
		"no cidrs": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].cidrs", "message": "must list at least one CIDR block"}},
		"empty cidrs": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": [], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].cidrs", "message": "must list at least one CIDR block"}},
		"cidrs that are a text": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": "8.8.8.8/32", "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].cidrs", "message": "must be a list"}},
		"host bits": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["8.8.8.8/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].cidrs[0]", "message": "must be a CIDR block without leading zeros or bits beyond its length"}},
		"a name instead of an address": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["api.example.com"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].cidrs[0]", "message": "must be a CIDR block without leading zeros or bits beyond its length"}},
		"all ports of a protocol": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30", "ports": [{"protocol": "TCP"}]}]}}, "expected": {"path": "m.spec.https[0].ports[0]", "message": "must be a number from 1 to 65535, or protocol, port and endPort"}},
		"a named port": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30", "ports": ["https"]}]}}, "expected": {"path": "m.spec.https[0].ports[0]", "message": "must be a number from 1 to 65535, or protocol, port and endPort"}},
		"a range that goes backwards": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30", "ports": [{"port": 9, "endPort": 8}]}]}}, "expected": {"path": "m.spec.https[0].ports[0]", "message": "must be a number from 1 to 65535, or protocol, port and endPort"}},
		"a day that there is not": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2026-02-30"}]}}, "expected": {"path": "m.spec.https[0].expires", "message": "must be a date, as 2026-12-31"}},
		"an owner that is a list": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": ["a"], "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[0].owner", "message": "must be a text"}},
		"open, which no model can say": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30", "open": true}]}}, "expected": {"path": "m.spec.https[0].open", "message": "is an unknown field"}},
		"pods that are a list": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30", "from": []}]}}, "expected": {"path": "m.spec.https[0].from", "message": "must be an object of labels"}},
		"a name twice": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "https": [{"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}, {"name": "payments", "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"}]}}, "expected": {"path": "m.spec.https[1].name", "message": "is the name of another one before"}},
		"an unknown engine": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "oracle", "namespace": "data", "labels": {"app": "orders-db"}, "from": {"tier": "backend"}}]}}, "expected": {"path": "m.spec.databases[0].engine", "message": "must be mysql, postgresql, redis, or be left out beside a port"}},
		"an unknown engine beside a port": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "oracle", "namespace": "data", "labels": {"app": "orders-db"}, "from": {"tier": "backend"}, "port": 1521}]}}, "expected": {"path": "m.spec.databases[0].engine", "message": "must be mysql, postgresql, redis, or be left out beside a port"}},
		"a port that is a text": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "orders-db"}, "from": {"tier": "backend"}, "port": "5432"}]}}, "expected": {"path": "m.spec.databases[0].port", "message": "must be a number from 1 to 65535"}},
		"a database that is nowhere": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "a", "engine": "redis", "from": {"a": "b"}}]}}, "expected": {"path": "m.spec.databases[0]", "message": "needs labels of the database's pods, or cidrs"}},
		"a database of every pod of a namespace": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "postgresql", "namespace": "data", "from": {"tier": "backend"}, "cidrs": ["10.0.0.1/32"]}]}}, "expected": {"path": "m.spec.databases[0].namespace", "message": "needs the labels of the pods there"}},
		"a database for every pod": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "orders-db"}, "from": {}}]}}, "expected": {"path": "m.spec.databases[0].from", "message": "must hold labels: only pods that have them may reach the database"}},
		"a database for null": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "databases": [{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "orders-db"}, "from": null}]}}, "expected": {"path": "m.spec.databases[0].from", "message": "must hold labels: only pods that have them may reach the database"}},
		"a service without a namespace": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "services": [{"name": "auth", "labels": {"app": "auth"}, "ports": [8080, {"protocol": "UDP", "port": 8125}]}]}}, "expected": {"path": "m.spec.services[0].namespace", "message": "must be the name of a namespace"}},
		"a service of every pod": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "services": [{"name": "auth", "namespace": "identity", "labels": {}, "ports": [8080, {"protocol": "UDP", "port": 8125}]}]}}, "expected": {"path": "m.spec.services[0].labels", "message": "must hold labels of the service's pods"}},
		"a service on all ports": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "services": [{"name": "auth", "namespace": "identity", "labels": {"app": "auth"}, "ports": []}]}}, "expected": {"path": "m.spec.services[0].ports", "message": "must list at least one port"}},
		"an API that is nowhere": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "kubeAPI": {"from": {"a": "b"}}}}, "expected": {"path": "m.spec.kubeAPI", "message": "must list blocks of service, endpoints or both"}},
		"an API for every pod": {"given": {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop"], "kubeAPI": {"service": ["10.96.0.1/32"], "endpoints": ["172.18.0.2/32"]}}}, "expected": {"path": "m.spec.kubeAPI.from", "message": "must hold labels: only pods that have them may reach the Kubernetes API"}},
	}
	row.expected in model.problems(row.given, "m")
}

test_paths_start_where_the_document_does if {
	[problem.path | some problem in model.problems(object.union(_model({"namespaces": ["a"]}), {"kind": "x", "a b": 1}), "")] == ["a b", "kind"]
}

test_says_where_the_pods_may_go[name] if {
	some name, row in {
		"the DNS of the cluster, if nothing is said": {
			"spec": {},
			"expected": {
				"layer": "allow-dns", "name": "dns", "from": {}, "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}, "cidrs": [],
				"ports": [{"protocol": "UDP", "low": 53, "high": 53}, {"protocol": "TCP", "low": 53, "high": 53}],
			},
		},
		"the same, if it is null": {
			"spec": {"dns": null},
			"expected": {
				"layer": "allow-dns", "name": "dns", "from": {}, "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}, "cidrs": [],
				"ports": [{"protocol": "UDP", "low": 53, "high": 53}, {"protocol": "TCP", "low": 53, "high": 53}],
			},
		},
		"another DNS": {
			"spec": {"dns": {"preset": "openshift"}},
			"expected": {
				"layer": "allow-dns", "name": "dns", "from": {}, "namespace": "openshift-dns", "labels": {"dns.operator.openshift.io/daemonset-dns": "default"}, "cidrs": [],
				"ports": [{"protocol": "UDP", "low": 5353, "high": 5353}, {"protocol": "TCP", "low": 5353, "high": 5353}],
			},
		},
		"a DNS of its own": {
			"spec": {"dns": {"cidrs": ["10.0.0.10/32"], "ports": [54]}},
			"expected": {
				"layer": "allow-dns", "name": "dns", "from": {}, "namespace": null, "labels": null, "cidrs": ["10.0.0.10/32"],
				"ports": [{"protocol": "UDP", "low": 54, "high": 54}, {"protocol": "TCP", "low": 54, "high": 54}],
			},
		},
		"an address on 443": {
			"spec": {"https": [{"name": "a", "cidrs": ["8.8.8.0/24"]}]},
			"expected": {
				"layer": "allow-https", "name": "a", "from": {}, "namespace": null, "labels": null, "cidrs": ["8.8.8.0/24"],
				"ports": [{"protocol": "TCP", "low": 443, "high": 443}],
			},
		},
		"ports of other protocols": {
			"spec": {"https": [{"name": "a", "cidrs": ["8.8.8.0/24"], "ports": [{"protocol": "UDP", "port": 443}, {"port": 1, "endPort": 2}], "from": {"a": "b"}}]},
			"expected": {
				"layer": "allow-https", "name": "a", "from": {"a": "b"}, "namespace": null, "labels": null, "cidrs": ["8.8.8.0/24"],
				"ports": [{"protocol": "UDP", "low": 443, "high": 443}, {"protocol": "TCP", "low": 1, "high": 2}],
			},
		},
		"a database by its engine": {
			"spec": {"databases": [{"name": "a", "engine": "mysql", "labels": {"app": "db"}, "from": {"tier": "backend"}}]},
			"expected": {
				"layer": "allow-database", "name": "a", "from": {"tier": "backend"}, "namespace": null, "labels": {"app": "db"}, "cidrs": [],
				"ports": [{"protocol": "TCP", "low": 3306, "high": 3306}],
			},
		},
		"a service": {
			"spec": {"services": [{"name": "a", "namespace": "b", "labels": {"app": "c"}, "ports": [80]}]},
			"expected": {
				"layer": "allow-internal-services", "name": "a", "from": {}, "namespace": "b", "labels": {"app": "c"}, "cidrs": [],
				"ports": [{"protocol": "TCP", "low": 80, "high": 80}],
			},
		},
		"the Kubernetes API": {
			"spec": {"kubeAPI": {"endpoints": ["10.0.0.1/32"], "from": {"a": "b"}}},
			"expected": {
				"layer": "allow-kube-api", "name": "endpoints", "from": {"a": "b"}, "namespace": null, "labels": null, "cidrs": ["10.0.0.1/32"],
				"ports": [{"protocol": "TCP", "low": 6443, "high": 6443}],
			},
		},
	}
	row.expected in [_brief(destination) | some destination in _of(row.spec)]
}

test_expires_after_its_last_day[name] if {
	some name, row in {
		"not on it": {"expires": "2026-06-15", "expected": false},
		"the day after": {"expires": "2026-06-14", "expected": true},
		"never, if it says nothing": {"expires": null, "expected": false},
	}
	found := _of({"https": [{"name": "a", "cidrs": ["8.8.8.0/24"], "expires": row.expires}]})
	found[1].expired == row.expected
}

test_without_a_model_the_dns_may_be_any_that_is_known if {
	[destination.namespace | some destination in model.undeclared.destinations] == ["kube-system", "kube-system", "openshift-dns"]
	model.undeclared.name == ""
}

test_policies_have_these_labels if model.labels["app.kubernetes.io/part-of"] == "k8s-security-pro"

test_the_layers_are_applied_in_this_order if model.layers[0] == "default-deny-egress"

test_refuses_an_api_that_is_a_list if {
	model.problems(_model({"namespaces": ["shop"], "kubeAPI": []}), "m") == [{"path": "m.spec.kubeAPI", "message": "must be an object"}]
}
