package egress.rules.invalid_resource_test

import data.egress.rules.invalid_resource
import data.lib.egress.testing

_findings(objects, given) := invalid_resource.findings(testing.view_with(objects, given))

_broken := testing.network_policy("app", {"policyTypes": ["egress"], "egress": [{"to": [{}], "port": 443}]})

_web(fields) := testing.with_fields(testing.deployment("web"), fields)

test_denies_each_field_that_is_wrong[name] if {
	some name, row in {
		"of a policy": {
			"object": _broken,
			"expected": {
				["NetworkPolicy", "app", "spec.policyTypes[0]"], ["NetworkPolicy", "app", "spec.egress[0].to[0]"],
				["NetworkPolicy", "app", "spec.egress[0].port"],
			},
		},
		"of a policy without spec that is readable": {
			"object": testing.network_policy("app", "x"), "expected": {["NetworkPolicy", "app", "spec"]},
		},
		"of a policy of an old group": {
			"object": testing.with_fields(testing.egress([]), {"apiVersion": "extensions/v1beta1"}), "expected": {["NetworkPolicy", "app", "apiVersion"]},
		},
		"of a workload": {
			"object": testing.with_fields(testing.deployment("web"), {"spec": {"template": {
				"metadata": {"labels": {"app": 1}}, "spec": {"containers": [], "hostNetwork": "yes"},
			}}}),
			"expected": {
				["Deployment", "web", "spec.template.metadata.labels.app"], ["Deployment", "web", "spec.template.spec.hostNetwork"],
			},
		},
		"of a workload's namespace": {
			"object": _web({"metadata": {"name": "web", "namespace": "Shop"}}), "expected": {["Deployment", "web", "metadata.namespace"]},
		},
	}
	testing.about(_findings([row.object], {})) == row.expected
}

test_allows[name] if {
	some name, thing in {
		"a good policy": testing.egress([]),
		"a policy whose spec is null": testing.network_policy("app", null),
		"a policy without spec": object.remove(testing.egress([]), ["spec"]),
		"a good workload": testing.deployment("web"),
		"a workload with a name that no API server takes, which we do not read": _web({"metadata": {"name": "Web_1"}}),
		"a policy of somebody else": testing.with_fields(_broken, {"apiVersion": "example.org/v1"}),
		"a policy that cannot be judged": testing.with_fields(_broken, {"apiVersion": "networking.k8s.io/v2"}),
		"an ambiguous cidr, which is another finding": testing.egress([testing.to_blocks(["10.0.0.1/8"], testing.https)]),
	}
	_findings([thing], {}) == []
}

test_denies_with_a_sentence if {
	_findings([testing.network_policy("app", {"policyTypes": ["egress"]})], {}) == [{
		"rule": "invalid-resource", "level": "fail", "path": "spec.policyTypes[0]", "order": 0,
		"message": "NetworkPolicy 'app' is invalid: spec.policyTypes[0] must be Ingress or Egress",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
	}]
}

test_the_level_is_fail_in_strict_too if {
	{found.level | some found in _findings([_broken], {"profile": "strict"})} == {"fail"}
}

test_denies_at_admission if {
	said := invalid_resource.violation with input as testing.review(testing.network_policy("app", {"x": 1}))
	testing.about_violations(said) == {["NetworkPolicy", "app", "spec.x"]}
}

test_allows_at_admission if {
	said := invalid_resource.violation with input as testing.review(testing.egress([]))
	said == set()
}
