package lib.egress.remediation_test

import data.lib.egress.inventory
import data.lib.egress.remediation
import data.lib.egress.testing

_policy(written) := testing.view([written]).policies[0]

_cluster_dns := [{
	"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
	"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}]

_good := {"to": [{"podSelector": {}}], "ports": [{"port": 5432}]}

test_an_object_is_written_without_what_the_api_server_adds if {
	written := testing.egress([])
	remediation.clean(object.union(written, {
		"status": {"x": "y"},
		"metadata": {
			"uid": "a", "resourceVersion": "1", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [],
			"selfLink": "a", "labels": {"a": "b"}, "annotations": {"c": "d"},
		},
	})) == object.union(written, {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}})
	remediation.clean(written) == written
}

test_of_an_object_only_metadata_that_can_be_read_is_kept[name] if {
	some name, metadata in {
		"null": {"metadata": null},
		"a text": {"metadata": "x"},
		"none": {},
	}
	remediation.clean(object.union({"kind": "Pod"}, metadata)) == {"kind": "Pod", "metadata": {}}
}

test_a_policy_is_written_with_the_fields_that_it_has if {
	remediation.clean(object.union(testing.egress([]), {"data": {}})) == testing.egress([])
	remediation.clean({"kind": "Secret", "data": {}}) == {"kind": "Secret", "metadata": {}, "data": {}}
}

test_a_policy_keeps_its_types_or_gets_them[name] if {
	some name, row in {
		"as they are": {"spec": {"policyTypes": ["Egress"]}, "expected": ["Egress"]},
		"not said, for ingress is isolated by default": {"spec": {"egress": [{}]}, "expected": ["Ingress", "Egress"]},
		"null": {"spec": {"policyTypes": null, "egress": [{}]}, "expected": ["Ingress", "Egress"]},
		"empty": {"spec": {"policyTypes": [], "egress": [{}]}, "expected": ["Ingress", "Egress"]},
	}
	[changed.spec.policyTypes | some changed in remediation.with_egress(_policy(testing.network_policy("a", row.spec)), [])] == [row.expected]
}

test_an_invalid_policy_is_not_changed if {
	found := _policy(testing.network_policy("a", {"policyTypes": ["Egress"], "egress": [{}], "x": 1}))
	remediation.with_egress(found, []) == []
	remediation.without_rule(found, found.rules[0]) == []
	remediation.with_https_only(found, found.rules[0]) == []
	remediation.without_metadata(found, found.rules[0]) == []
	remediation.with_plain_cidrs(found) == []
	remediation.without_public_rules([found]) == []
}

test_all_else_of_a_policy_stays if {
	written := object.union(
		testing.egress_of("web", [{}, _good]),
		{"metadata": {"labels": {"a": "b"}}, "spec": {"ingress": [{"from": []}]}},
	)
	found := _policy(written)
	remediation.without_rule(found, found.rules[0]) == [object.union(written, {"spec": {"egress": [_good]}})]
}

test_a_policy_whose_name_nobody_knows_is_not_changed[name] if {
	some name, metadata in {
		"only the start of a name": {"generateName": "app-"},
		"an empty name": {"name": "", "generateName": "app-"},
	}
	found := _policy(testing.with_fields(testing.egress([{}]), {"metadata": metadata}))
	found.valid
	remediation.without_rule(found, found.rules[0]) == []
	remediation.with_plain_cidrs(found) == []
}

test_a_changed_policy_has_plain_blocks_only if {
	found := _policy(testing.egress([{}, testing.to_blocks(["10.0.0.1/8"], testing.https)]))
	_rules(remediation.without_rule(found, found.rules[0])) == [[testing.to_blocks(["10.0.0.0/8"], testing.https)]]
}

test_a_namespace_that_there_cannot_be_gets_no_policies if {
	remediation.default_deny(inventory.view("Shop", [], testing.nowhere, testing.usual)) == []
}

_rules(changed) := [policy.spec.egress | some policy in changed]

test_without_a_rule[name] if {
	some name, row in {
		"the others stay": {"rules": [_good, {}, _good], "index": 1, "expected": [_good, _good]},
		"no rule may be left": {"rules": [{}], "index": 0, "expected": []},
		"a block is not sent to the cluster's DNS": {
			"rules": [testing.to_blocks(["0.0.0.0/0"], [{"port": 53, "protocol": "UDP"}])], "index": 0, "expected": [],
		},
		"DNS is sent to the cluster's": {
			"rules": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}], "index": 0,
			"expected": [{"to": _cluster_dns, "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}],
		},
		"DNS with empty peers as well": {
			"rules": [_good, {"to": [], "ports": [{"port": 53}]}], "index": 1,
			"expected": [_good, {"to": _cluster_dns, "ports": [{"port": 53}]}],
		},
		"not DNS and something else": {"rules": [{"ports": [{"port": 53}, {"port": 443}]}], "index": 0, "expected": []},
		"not a range that holds DNS": {"rules": [{"ports": [{"port": 53, "endPort": 54}]}], "index": 0, "expected": []},
		"not a named port": {"rules": [{"ports": [{"port": "dns"}]}], "index": 0, "expected": []},
		"not all ports": {"rules": [{"ports": []}], "index": 0, "expected": []},
	}
	found := _policy(testing.egress(row.rules))
	_rules(remediation.without_rule(found, found.rules[row.index])) == [row.expected]
}

test_with_https_only[name] if {
	some name, row in {
		"destinations stay": {
			"rules": [{"to": [{"podSelector": {}}], "ports": [{"protocol": "UDP"}]}], "index": 0,
			"expected": [{"to": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 443}]}],
		},
		"other rules stay": {
			"rules": [_good, {"to": [{"podSelector": {}}]}], "index": 1,
			"expected": [_good, {"to": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 443}]}],
		},
	}
	found := _policy(testing.egress(row.rules))
	_rules(remediation.with_https_only(found, found.rules[row.index])) == [row.expected]
}

test_without_public_rules[name] if {
	some name, row in {
		"a public block": {"rules": [_good, testing.to_blocks(["8.0.0.0/8"], testing.https)], "expected": [[_good]]},
		"a public block of IPv6": {"rules": [testing.to_blocks(["2a00::/12"], testing.https)], "expected": [[]]},
		"a public block among private ones": {"rules": [testing.to_blocks(["10.0.0.0/8", "8.8.8.8/32"], testing.https)], "expected": [[]]},
		"everywhere": {"rules": [{}], "expected": [[]]},
		"nothing public, so nothing changes": {"rules": [_good, testing.to_blocks(["10.0.0.0/8"], testing.https)], "expected": []},
		"no rules": {"rules": [], "expected": []},
	}
	_rules(remediation.without_public_rules([_policy(testing.egress(row.rules))])) == row.expected
}

test_of_several_policies_those_change_that_hold_public_rules if {
	public := testing.egress_of("web", [testing.to_blocks(["8.0.0.0/8"], testing.https)])
	found := testing.view([public, testing.egress([_good])]).policies
	[policy.metadata.name | some policy in remediation.without_public_rules(found)] == ["web"]
}

_http := [{"port": 80}]

_without_metadata(peers) := [policy.spec.egress[0].to | some policy in remediation.without_metadata(found, found.rules[0])] if {
	found := _policy(testing.egress([{"to": peers, "ports": _http}]))
}

_excepting(cidr, except) := {"ipBlock": {"cidr": cidr, "except": except}}

test_without_metadata_services[name] if {
	some name, row in {
		"an exception is added": {
			"peers": [{"ipBlock": {"cidr": "169.254.169.0/24"}}], "expected": [_excepting("169.254.169.0/24", ["169.254.169.254/32"])],
		},
		"every service that the block holds is excepted": {
			"peers": [{"ipBlock": {"cidr": "169.254.0.0/16"}}],
			"expected": [_excepting("169.254.0.0/16", ["169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32"])],
		},
		"exceptions stay": {
			"peers": [_excepting("169.254.169.0/24", ["169.254.169.0/25"])],
			"expected": [_excepting("169.254.169.0/24", ["169.254.169.0/25", "169.254.169.254/32"])],
		},
		"one that is there already is not repeated": {
			"peers": [_excepting("169.254.169.0/24", ["169.254.169.254/32"])],
			"expected": [_excepting("169.254.169.0/24", ["169.254.169.254/32"])],
		},
		"exceptions that are null are none": {
			"peers": [_excepting("169.254.169.0/24", null)], "expected": [_excepting("169.254.169.0/24", ["169.254.169.254/32"])],
		},
		"the address itself cannot be excepted, and goes": {
			"peers": [{"ipBlock": {"cidr": "169.254.169.254/32"}}, {"podSelector": {}}], "expected": [{"podSelector": {}}],
		},
		"a block that holds them translated goes": {
			"peers": [{"ipBlock": {"cidr": "64:ff9b::/96"}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}], "expected": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
		},
		"an IPv6 block gets an exception": {
			"peers": [{"ipBlock": {"cidr": "fd00:ec2::/32"}}], "expected": [_excepting("fd00:ec2::/32", ["fd00:ec2:0:0:0:0:0:254/128"])],
		},
		"other peers stay": {
			"peers": [{"podSelector": {}}, {"ipBlock": {"cidr": "169.254.169.0/24"}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}],
			"expected": [{"podSelector": {}}, _excepting("169.254.169.0/24", ["169.254.169.254/32"]), {"ipBlock": {"cidr": "10.0.0.0/8"}}],
		},
	}
	_without_metadata(row.peers) == [row.expected]
}

test_a_rule_that_would_be_left_without_peers_goes if {
	found := _policy(testing.egress([_good, testing.to_blocks(["169.254.169.254/32"], _http)]))
	_rules(remediation.without_metadata(found, found.rules[1])) == [[_good]]
}

_plain(spec) := [object.remove(policy.spec, ["podSelector"]) | some policy in remediation.with_plain_cidrs(_policy(testing.network_policy("a", spec)))]

_block(cidr) := {"ipBlock": {"cidr": cidr}}

test_with_plain_cidrs[name] if {
	some name, row in {
		"of egress": {
			"spec": {"egress": [{"to": [_block("010.0.0.1/8")], "ports": _http}]},
			"expected": {"egress": [{"to": [_block("10.0.0.0/8")], "ports": _http}]},
		},
		"of ingress": {
			"spec": {"ingress": [{"from": [_block("10.0.0.1/8")]}]}, "expected": {"ingress": [{"from": [_block("10.0.0.0/8")]}]},
		},
		"of exceptions": {
			"spec": {"egress": [{"to": [_excepting("10.0.0.0/8", ["10.1.0.1/16", "10.2.0.0/16"])]}]},
			"expected": {"egress": [{"to": [_excepting("10.0.0.0/8", ["10.1.0.0/16", "10.2.0.0/16"])]}]},
		},
		"of IPv6 that is IPv4": {
			"spec": {"egress": [{"to": [_block("::ffff:10.0.0.0/104")]}]}, "expected": {"egress": [{"to": [_block("10.0.0.0/8")]}]},
		},
		"plain ones stay as they are written": {
			"spec": {"egress": [{"to": [_block("2001:DB8::/32"), _block("10.0.0.1/8")]}]},
			"expected": {"egress": [{"to": [_block("2001:DB8::/32"), _block("10.0.0.0/8")]}]},
		},
		"peers without blocks stay": {
			"spec": {"egress": [{"to": [{"podSelector": {}}, _block("10.0.0.1/8")]}]},
			"expected": {"egress": [{"to": [{"podSelector": {}}, _block("10.0.0.0/8")]}]},
		},
		"rules without peers stay": {
			"spec": {"egress": [{}, {"ports": _http}, {"to": [_block("10.0.0.1/8")]}]},
			"expected": {"egress": [{}, {"ports": _http}, {"to": [_block("10.0.0.0/8")]}]},
		},
		"exceptions that are null are left out": {
			"spec": {"egress": [{"to": [_excepting("10.0.0.1/8", null)]}]}, "expected": {"egress": [{"to": [_block("10.0.0.0/8")]}]},
		},
		"a rule that is null stays": {
			"spec": {"egress": [null, {"to": [_block("10.0.0.1/8")]}]}, "expected": {"egress": [null, {"to": [_block("10.0.0.0/8")]}]},
		},
		"a peer list that is null stays": {
			"spec": {"egress": [{"to": null, "ports": _http}, {"to": [_block("10.0.0.1/8")]}]},
			"expected": {"egress": [{"to": null, "ports": _http}, {"to": [_block("10.0.0.0/8")]}]},
		},
	}
	_plain(row.spec) == [row.expected]
}

test_a_namespace_gets_two_policies if {
	remediation.default_deny(testing.view([])) == [
		{
			"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "default-deny-egress", "namespace": "shop"},
			"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": []},
		},
		{
			"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "allow-dns", "namespace": "shop"},
			"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{
				"to": _cluster_dns, "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
			}]},
		},
	]
}

test_new_policies_get_names_that_are_free[name] if {
	some name, row in {
		"the first": {"taken": ["a"], "expected": ["default-deny-egress", "allow-dns"]},
		"the next": {"taken": ["default-deny-egress"], "expected": ["default-deny-egress-2", "allow-dns"]},
		"the one after it": {
			"taken": ["default-deny-egress", "default-deny-egress-2", "allow-dns"], "expected": ["default-deny-egress-3", "allow-dns-2"],
		},
		"one between": {"taken": ["allow-dns", "allow-dns-3"], "expected": ["default-deny-egress", "allow-dns-2"]},
	}
	view := testing.view([testing.network_policy(taken, {}) | some taken in row.taken])
	[policy.metadata.name | some policy in remediation.default_deny(view)] == row.expected
}
