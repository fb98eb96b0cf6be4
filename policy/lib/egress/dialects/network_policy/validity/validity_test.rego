package lib.egress.dialects.network_policy.validity_test

import data.lib.egress.dialects.network_policy.validity
import data.lib.egress.testing

_paths(policy) := {problem.path | some problem in validity.problems(policy)}

_good := testing.egress([{"to": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 80}]}])

_with(fields) := testing.with_fields(_good, fields)

test_a_policy_has_a_head[name] if {
	some name, row in {
		"a good one": {"policy": _good, "expected": set()},
		"no apiVersion": {"policy": object.remove(_good, ["apiVersion"]), "expected": {"apiVersion"}},
		"an apiVersion that is null": {"policy": _with({"apiVersion": null}), "expected": {"apiVersion"}},
		"an old group": {"policy": _with({"apiVersion": "extensions/v1beta1"}), "expected": {"apiVersion"}},
		"no group": {"policy": _with({"apiVersion": "v1"}), "expected": {"apiVersion"}},
		"a status, which nobody reads": {"policy": _with({"status": {"x": "y"}}), "expected": set()},
		"no metadata": {"policy": object.remove(_good, ["metadata"]), "expected": {"metadata.name"}},
		"metadata that is null": {"policy": _with({"metadata": null}), "expected": {"metadata.name"}},
		"metadata that is a text": {"policy": _with({"metadata": "app"}), "expected": {"metadata.name"}},
	}
	_paths(row.policy) == row.expected
}

_long := concat("", ["a" | some _ in numbers.range(1, 253)])

test_a_policy_has_a_name[name] if {
	some name, row in {
		"a word": {"metadata": {"name": "app"}, "good": true},
		"dots and hyphens": {"metadata": {"name": "0app-1.b.c"}, "good": true},
		"253 characters": {"metadata": {"name": _long}, "good": true},
		"254 characters": {"metadata": {"name": concat("", [_long, "a"])}, "good": false},
		"none": {"metadata": {}, "good": false},
		"nothing": {"metadata": {"name": ""}, "good": false},
		"null": {"metadata": {"name": null}, "good": false},
		"a number": {"metadata": {"name": 1}, "good": false},
		"a capital": {"metadata": {"name": "App"}, "good": false},
		"an underscore": {"metadata": {"name": "a_b"}, "good": false},
		"a hyphen at the end": {"metadata": {"name": "app-"}, "good": false},
		"a dot at the start": {"metadata": {"name": ".app"}, "good": false},
		"a line break behind": {"metadata": {"name": "app\n"}, "good": false},
		"a start of a name": {"metadata": {"generateName": "app-"}, "good": true},
		"a start of a name beside an empty one": {"metadata": {"name": "", "generateName": "app-"}, "good": true},
		"a start of a name beside null": {"metadata": {"name": null, "generateName": "app-"}, "good": true},
		"a start of a name with a capital": {"metadata": {"generateName": "App-"}, "good": false},
		"a start of a name that is a number": {"metadata": {"generateName": 1}, "good": false},
		"a start of a name that is null": {"metadata": {"generateName": null}, "good": false},
		"a wrong name beside a start": {"metadata": {"name": "App", "generateName": "app-"}, "good": false},
	}
	_paths(_with({"metadata": row.metadata})) == {path | some path in ["metadata.name"]; not row.good}
}

test_a_policy_may_have_a_namespace[name] if {
	some name, row in {
		"none": {"metadata": {}, "good": true},
		"nothing": {"metadata": {"namespace": ""}, "good": true},
		"null": {"metadata": {"namespace": null}, "good": true},
		"a word": {"metadata": {"namespace": "shop"}, "good": true},
		"a dot": {"metadata": {"namespace": "a.b"}, "good": false},
		"a number": {"metadata": {"namespace": 1}, "good": false},
	}
	_paths(_with({"metadata": object.union({"name": "app"}, row.metadata)})) == {path | some path in ["metadata.namespace"]; not row.good}
}

test_a_policy_may_have_labels[name] if {
	some name, row in {
		"none": {"labels": {}, "expected": set()},
		"null": {"labels": null, "expected": set()},
		"good ones": {"labels": {"app.kubernetes.io/name": "web", "empty": "", "null": null}, "expected": set()},
		"a list": {"labels": [], "expected": {"metadata.labels"}},
		"a text": {"labels": "a=b", "expected": {"metadata.labels"}},
		"a number": {"labels": {"a": 1}, "expected": {"metadata.labels.a"}},
		"a wrong key": {"labels": {"a b": "c"}, "expected": {`metadata.labels["a b"]`}},
		"a wrong value": {"labels": {"a": "b c"}, "expected": {"metadata.labels.a"}},
	}
	_paths(_with({"metadata": {"name": "app", "labels": row.labels}})) == row.expected
}

test_a_policy_may_have_annotations[name] if {
	some name, row in {
		"none": {"annotations": {}, "expected": set()},
		"null": {"annotations": null, "expected": set()},
		"any text": {"annotations": {"a": "b c\n{}"}, "expected": set()},
		"a prefix with a capital": {"annotations": {"Example.org/a": "b"}, "expected": set()},
		"a value that is null": {"annotations": {"a": null}, "expected": set()},
		"a value that is a number": {"annotations": {"a": 1}, "expected": {"metadata.annotations.a"}},
		"a value that is an object": {"annotations": {"a": {}}, "expected": {"metadata.annotations.a"}},
		"a wrong key": {"annotations": {"a b": "c"}, "expected": {`metadata.annotations["a b"]`}},
		"a list": {"annotations": [], "expected": {"metadata.annotations"}},
		"a text": {"annotations": "a", "expected": {"metadata.annotations"}},
	}
	_paths(_with({"metadata": {"name": "app", "annotations": row.annotations}})) == row.expected
}

test_a_policy_has_a_spec[name] if {
	some name, row in {
		"none, which is empty": {"policy": object.remove(_good, ["spec"]), "expected": set()},
		"null, which is empty": {"policy": _with({"spec": null}), "expected": set()},
		"an empty one": {"policy": _with({"spec": {}}), "expected": set()},
		"a text": {"policy": _with({"spec": "x"}), "expected": {"spec"}},
		"a list": {"policy": _with({"spec": []}), "expected": {"spec"}},
		"an unknown field": {"policy": _with({"spec": {"Egress": []}}), "expected": {"spec.Egress"}},
		"an unknown field to be quoted": {"policy": _with({"spec": {"a.b": []}}), "expected": {`spec["a.b"]`}},
	}
	_paths(row.policy) == row.expected
}

_spec(fields) := _paths(_with({"spec": fields}))

test_a_spec_has_fields[name] if {
	some name, row in {
		"a selector that is null": {"spec": {"podSelector": null}, "expected": set()},
		"a selector that is a text": {"spec": {"podSelector": "app=web"}, "expected": {"spec.podSelector"}},
		"a selector with labels outside of matchLabels": {"spec": {"podSelector": {"app": "web"}}, "expected": {"spec.podSelector.app"}},
		"types that are null": {"spec": {"policyTypes": null}, "expected": set()},
		"no types": {"spec": {"policyTypes": []}, "expected": set()},
		"both types": {"spec": {"policyTypes": ["Ingress", "Egress"]}, "expected": set()},
		"the same type twice": {"spec": {"policyTypes": ["Egress", "Egress"]}, "expected": set()},
		"three types": {"spec": {"policyTypes": ["Ingress", "Egress", "Egress"]}, "expected": {"spec.policyTypes"}},
		"types that are a text": {"spec": {"policyTypes": "Egress"}, "expected": {"spec.policyTypes"}},
		"a type in small letters": {"spec": {"policyTypes": ["Ingress", "egress"]}, "expected": {"spec.policyTypes[1]"}},
		"a type that is null": {"spec": {"policyTypes": [null]}, "expected": {"spec.policyTypes[0]"}},
		"rules that are null": {"spec": {"egress": null, "ingress": null}, "expected": set()},
		"no rules": {"spec": {"egress": [], "ingress": []}, "expected": set()},
		"rules that are an object": {"spec": {"egress": {}, "ingress": {}}, "expected": {"spec.egress", "spec.ingress"}},
		"a rule that is null": {"spec": {"egress": [null]}, "expected": set()},
		"a rule that is a text": {"spec": {"egress": [{}, "all"]}, "expected": {"spec.egress[1]"}},
		"a rule that is a list": {"spec": {"ingress": [[]]}, "expected": {"spec.ingress[0]"}},
	}
	_spec(row.spec) == row.expected
}

test_a_rule_has_fields[name] if {
	some name, row in {
		"none": {"rule": {}, "expected": set()},
		"peers and ports that are null": {"rule": {"to": null, "ports": null}, "expected": set()},
		"peers and ports that are empty": {"rule": {"to": [], "ports": []}, "expected": set()},
		"peers that are an object": {"rule": {"to": {}}, "expected": {"spec.egress[0].to"}},
		"peers that are a text": {"rule": {"to": "all"}, "expected": {"spec.egress[0].to"}},
		"peers of the other direction": {"rule": {"from": []}, "expected": {"spec.egress[0].from"}},
		"ports that are an object": {"rule": {"ports": {}}, "expected": {"spec.egress[0].ports"}},
		"ports that are a number": {"rule": {"ports": 443}, "expected": {"spec.egress[0].ports"}},
		"an unknown field": {"rule": {"port": 443}, "expected": {"spec.egress[0].port"}},
	}
	_spec({"egress": [row.rule]}) == row.expected
}

test_an_ingress_rule_is_checked_alike if {
	_spec({"ingress": [{"to": [], "from": [{}], "ports": [{"port": 0}]}]}) == {
		"spec.ingress[0].to", "spec.ingress[0].from[0]", "spec.ingress[0].ports[0].port",
	}
}

_peer_paths(peer) := {trim_prefix(path, "spec.egress[0].to[0]") | some path in _spec({"egress": [{"to": [peer]}]})}

_block := {"cidr": "10.0.0.0/8"}

test_a_peer_has_fields[name] if {
	some name, row in {
		"pods": {"peer": {"podSelector": {}}, "expected": set()},
		"namespaces": {"peer": {"namespaceSelector": {}}, "expected": set()},
		"pods of namespaces": {"peer": {"podSelector": {}, "namespaceSelector": {}}, "expected": set()},
		"a block": {"peer": {"ipBlock": _block}, "expected": set()},
		"a block beside nulls": {"peer": {"ipBlock": _block, "podSelector": null, "namespaceSelector": null}, "expected": set()},
		"nothing": {"peer": {}, "expected": {""}},
		"null": {"peer": null, "expected": {""}},
		"nulls": {"peer": {"podSelector": null, "namespaceSelector": null, "ipBlock": null}, "expected": {""}},
		"a text": {"peer": "10.0.0.0/8", "expected": {""}},
		"a list": {"peer": [], "expected": {""}},
		"a block beside pods": {"peer": {"ipBlock": _block, "podSelector": {}}, "expected": {""}},
		"a block beside namespaces": {"peer": {"ipBlock": _block, "namespaceSelector": {}}, "expected": {""}},
		"an unknown field": {"peer": {"podSelector": {}, "port": 1}, "expected": {".port"}},
		"an unknown field alone": {"peer": {"cidr": "10.0.0.0/8"}, "expected": {"", ".cidr"}},
		"an unknown field in a selector beside labels": {
			"peer": {"podSelector": {"matchLabels": {"a": "b"}, "x": 1}}, "expected": {".podSelector.x"},
		},
		"wrong expressions beside labels": {
			"peer": {"namespaceSelector": {"matchLabels": {"a": "b"}, "matchExpressions": {}}}, "expected": {".namespaceSelector.matchExpressions"},
		},
		"labels and expressions": {
			"peer": {"podSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}}, "expected": set(),
		},
		"a wrong one of two selectors": {
			"peer": {"podSelector": {"matchLabels": {"a": "b"}}, "namespaceSelector": {"matchLabels": {"a": 1}}},
			"expected": {".namespaceSelector.matchLabels.a"},
		},
		"two selectors and an unknown field": {"peer": {"podSelector": {}, "namespaceSelector": {}, "x": 1}, "expected": {".x"}},
		"a pod selector that is a text": {"peer": {"podSelector": "a"}, "expected": {".podSelector"}},
		"a namespace selector that is a list": {"peer": {"namespaceSelector": []}, "expected": {".namespaceSelector"}},
		"a wrong label": {
			"peer": {"namespaceSelector": {"matchLabels": {"a": 1}}}, "expected": {".namespaceSelector.matchLabels.a"},
		},
	}
	_peer_paths(row.peer) == row.expected
}

test_a_block_has_fields[name] if {
	some name, row in {
		"an empty list of exceptions": {"block": {"cidr": "10.0.0.0/8", "except": []}, "expected": set()},
		"null for exceptions": {"block": {"cidr": "10.0.0.0/8", "except": null}, "expected": set()},
		"an exception": {"block": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}, "expected": set()},
		"an ambiguous cidr, which is another finding": {"block": {"cidr": "10.0.0.1/8", "except": ["010.1.0.0/16"]}, "expected": set()},
		"a text": {"block": "10.0.0.0/8", "expected": {""}},
		"a list": {"block": ["10.0.0.0/8"], "expected": {""}},
		"nothing": {"block": {}, "expected": {".cidr"}},
		"a cidr that is null": {"block": {"cidr": null}, "expected": {".cidr"}},
		"a cidr that is a number": {"block": {"cidr": 10}, "expected": {".cidr"}},
		"an address": {"block": {"cidr": "10.0.0.1"}, "expected": {".cidr"}},
		"an unknown field": {"block": {"cidr": "10.0.0.0/8", "ports": []}, "expected": {".ports"}},
		"exceptions that are a text": {"block": {"cidr": "10.0.0.0/8", "except": "10.1.0.0/16"}, "expected": {".except"}},
		"exceptions that are an object": {"block": {"cidr": "10.0.0.0/8", "except": {}}, "expected": {".except"}},
		"an exception that is the block": {"block": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}, "expected": {".except[0]"}},
		"an exception that is the block in other words": {"block": {"cidr": "10.0.0.0/8", "except": ["10.9.9.9/8"]}, "expected": {".except[0]"}},
		"an exception that is as long as it is written, though it is longer": {
			"block": {"cidr": "::ffff:10.0.0.0/104", "except": ["10.1.0.0/16"]}, "expected": {".except[0]"},
		},
		"an exception that is written longer, though it is the block": {
			"block": {"cidr": "10.0.0.0/8", "except": ["::ffff:10.0.0.0/104"]}, "expected": {".except[0]"},
		},
		"an exception that is longer in both ways": {
			"block": {"cidr": "10.0.0.0/8", "except": ["::ffff:10.1.0.0/112"]}, "expected": set(),
		},
		"an exception around the block": {"block": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/7"]}, "expected": {".except[0]"}},
		"an exception beside the block": {"block": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "11.0.0.0/16"]}, "expected": {".except[1]"}},
		"an exception of the other family": {"block": {"cidr": "::/0", "except": ["10.0.0.0/8"]}, "expected": {".except[0]"}},
		"an exception that is an address": {"block": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0"]}, "expected": {".except[0]"}},
		"an exception that is null": {"block": {"cidr": "10.0.0.0/8", "except": [null]}, "expected": {".except[0]"}},
		"a good exception of a cidr that is none": {"block": {"cidr": "x", "except": ["10.0.0.0/8"]}, "expected": {".cidr"}},
		"an exception without a cidr": {"block": {"except": ["10.0.0.0/8"]}, "expected": {".cidr"}},
		"a wrong exception of a cidr that is none": {"block": {"cidr": "x", "except": ["y"]}, "expected": {".cidr", ".except[0]"}},
	}
	{trim_prefix(path, ".ipBlock") | some path in _peer_paths({"ipBlock": row.block})} == row.expected
}

_port_paths(port) := {trim_prefix(path, "spec.egress[0].ports[0]") | some path in _spec({"egress": [{"ports": [port]}]})}

test_a_port_has_fields[name] if {
	some name, row in {
		"none": {"port": {}, "expected": set()},
		"null": {"port": null, "expected": set()},
		"nulls": {"port": {"protocol": null, "port": null, "endPort": null}, "expected": set()},
		"a number": {"port": 443, "expected": {""}},
		"a text": {"port": "443", "expected": {""}},
		"an unknown field": {"port": {"targetPort": 443}, "expected": {".targetPort"}},
		"an unknown field beside a protocol and a port": {
			"port": {"protocol": "TCP", "port": 80, "targetPort": 443}, "expected": {".targetPort"},
		},
		"an unknown field beside a port": {"port": {"port": 80, "name": "web"}, "expected": {".name"}},
		"a wrong port beside a protocol": {"port": {"protocol": "TCP", "port": 0}, "expected": {".port"}},
		"a wrong protocol beside a port": {"port": {"protocol": "tcp", "port": 80}, "expected": {".protocol"}},
		"all three": {"port": {"protocol": "TCP", "port": 80, "endPort": 79}, "expected": {".endPort"}},
		"UDP": {"port": {"protocol": "UDP"}, "expected": set()},
		"SCTP": {"port": {"protocol": "SCTP"}, "expected": set()},
		"a protocol in small letters": {"port": {"protocol": "tcp"}, "expected": {".protocol"}},
		"an empty protocol": {"port": {"protocol": ""}, "expected": {".protocol"}},
		"a protocol without ports": {"port": {"protocol": "ICMP"}, "expected": {".protocol"}},
		"a protocol that is a number": {"port": {"protocol": 6}, "expected": {".protocol"}},
	}
	_port_paths(row.port) == row.expected
}

test_a_port_is_a_number_or_a_name[name] if {
	some name, row in {
		"the first": {"port": 1, "good": true},
		"the last": {"port": 65535, "good": true},
		"zero": {"port": 0, "good": false},
		"above the last": {"port": 65536, "good": false},
		"below zero": {"port": -1, "good": false},
		"a fraction": {"port": 80.5, "good": false},
		"a name": {"port": "http", "good": true},
		"a name with a hyphen and a digit": {"port": "http-2", "good": true},
		"a name of 15 characters": {"port": "abcdefghijklmno", "good": true},
		"a name of 16 characters": {"port": "abcdefghijklmnop", "good": false},
		"a name without a letter": {"port": "443", "good": false},
		"a name with a capital": {"port": "Http", "good": false},
		"a name with two hyphens": {"port": "a--b", "good": false},
		"a name with a hyphen at the end": {"port": "a-", "good": false},
		"a name with an underscore": {"port": "a_b", "good": false},
		"a name with a line break behind": {"port": "http\n", "good": false},
		"nothing": {"port": "", "good": false},
		"true": {"port": true, "good": false},
		"a list": {"port": [80], "good": false},
	}
	_port_paths({"port": row.port}) == {path | some path in [".port"]; not row.good}
}

test_a_range_has_two_numbers[name] if {
	some name, row in {
		"up": {"port": {"port": 80, "endPort": 90}, "good": true},
		"of one": {"port": {"port": 80, "endPort": 80}, "good": true},
		"to the last": {"port": {"port": 80, "endPort": 65535}, "good": true},
		"down": {"port": {"port": 80, "endPort": 79}, "good": false},
		"beyond the last": {"port": {"port": 80, "endPort": 65536}, "good": false},
		"without a start": {"port": {"endPort": 90}, "good": false},
		"with a start that is null": {"port": {"port": null, "endPort": 90}, "good": false},
		"with a name": {"port": {"port": "http", "endPort": 90}, "good": false},
		"to a text": {"port": {"port": 80, "endPort": "90"}, "good": false},
		"to zero": {"port": {"port": 80, "endPort": 0}, "good": false},
		"to a fraction": {"port": {"port": 80, "endPort": 90.5}, "good": false},
	}
	_port_paths(row.port) == {path | some path in [".endPort"]; not row.good}
}

test_problems_say_what_would_be_right if {
	written := {
		"apiVersion": "v1", "metadata": {"name": "A", "namespace": "B", "labels": {"a": 1}, "annotations": {"a": 1}},
		"spec": {
			"x": 1, "podSelector": {"matchExpressions": [{"key": "", "operator": ""}]}, "policyTypes": ["x"], "ingress": 1,
			"egress": [
				1,
				{"to": [{}, {"podSelector": {}, "ipBlock": {"cidr": "x", "except": ["y"]}}], "ports": [{"protocol": "x", "port": 0, "endPort": 0}]},
			],
		},
	}
	{problem.path: problem.message | some problem in validity.problems(written)} == {
		"apiVersion": "must be networking.k8s.io/v1, the only version that clusters still serve",
		"metadata.name": "must be a DNS subdomain name",
		"metadata.namespace": "must be a DNS label",
		"metadata.labels.a": "must be a valid label key and value",
		"metadata.annotations.a": "must be a text under a valid key",
		"spec.x": "unknown field",
		"spec.podSelector.matchExpressions[0].key": "must be a valid label key",
		"spec.podSelector.matchExpressions[0].operator": "must be In, NotIn, Exists or DoesNotExist",
		"spec.policyTypes[0]": "must be Ingress or Egress",
		"spec.ingress": "must be a list",
		"spec.egress[0]": "must be an object",
		"spec.egress[1].to[0]": "must select pods, namespaces or an ipBlock",
		"spec.egress[1].to[1]": "must not have an ipBlock beside a selector",
		"spec.egress[1].to[1].ipBlock.cidr": "must be a CIDR block such as 10.9.8.0/24 or 2001:db8::/64",
		"spec.egress[1].to[1].ipBlock.except[0]": "must be a CIDR block that lies strictly inside the cidr",
		"spec.egress[1].ports[0].protocol": "must be TCP, UDP or SCTP",
		"spec.egress[1].ports[0].port": "must be a number from 1 to 65535 or the name of a port",
		"spec.egress[1].ports[0].endPort": "must be a number from port to 65535, with a number in port",
	}
	[problem.message | some problem in validity.problems(testing.network_policy("a", {"policyTypes": ["Egress", "Egress", "Egress"]}))] == [
		"must not have more than two items",
	]
}

test_problems_come_in_the_order_of_the_fields if {
	[problem.path | some problem in validity.problems({
		"apiVersion": "x", "metadata": {"name": "A", "namespace": "B"},
		"spec": {"x": 1, "podSelector": 1, "policyTypes": 1, "ingress": 1, "egress": [{"to": [1], "ports": [1]}]},
	})] == [
		"apiVersion", "metadata.name", "metadata.namespace", "spec.x", "spec.podSelector", "spec.policyTypes", "spec.ingress",
		"spec.egress[0].to[0]", "spec.egress[0].ports[0]",
	]
}
