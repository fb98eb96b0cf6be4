package egress.rules.not_evaluated_test

import data.egress.rules.not_evaluated
import data.lib.egress.inventory
import data.lib.egress.testing

_findings(objects, given) := not_evaluated.findings(testing.view_with(objects, given))

_thing(api_version, kind) := {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "shop"}}

test_denies_what_cannot_be_judged[name] if {
	some name, row in {
		"another dialect": {"thing": ["cilium.io/v2", "CiliumNetworkPolicy"]},
		"another version": {"thing": ["networking.k8s.io/v2", "NetworkPolicy"]},
		"a chart that is not rendered": {"thing": ["egress-policy/v1", "HelmChart"]},
		"a kustomization that is not rendered": {"thing": ["kustomize.config.k8s.io/v1beta1", "Kustomization"]},
		"a component": {"thing": ["kustomize.config.k8s.io/v1alpha1", "Component"]},
	}
	testing.about(_findings([_thing(row.thing[0], row.thing[1])], {})) == {[row.thing[1], "a", ""]}
}

test_allows[name] if {
	some name, thing in {
		"what is judged": testing.egress([]),
		"what is none of ours": _thing("example.org/v1", "NetworkPolicy"),
		"a kind that restricts nothing": _thing("cilium.io/v2", "CiliumNode"),
		"no apiVersion": {"kind": "CiliumNetworkPolicy", "metadata": {"name": "a"}},
		"an apiVersion that is null": _thing(null, "CiliumNetworkPolicy"),
		"no kind": {"apiVersion": "cilium.io/v2", "metadata": {"name": "a"}},
		"a kind of the wrong type": _thing("cilium.io/v2", 1),
	}
	_findings([thing], {}) == []
}

test_denies_with_a_sentence[name] if {
	some name, row in {"baseline": {"level": "warn"}, "strict": {"level": "fail"}}
	_findings([_thing("cilium.io/v2", "CiliumNetworkPolicy")], {"profile": name}) == [{
		"rule": "not-evaluated", "level": row.level, "path": "", "order": 0,
		"message": "CiliumNetworkPolicy 'a' (cilium.io/v2) could not be judged",
		"resource": {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "namespace": "shop", "name": "a"},
	}]
}

test_denies_with_what_to_do_about_what_is_not_rendered[name] if {
	some name, row in {
		"a chart": {"thing": _thing("egress-policy/v1", "HelmChart"), "expected": "helm template FOLDER | egress audit -"},
		"a chart with a reason": {"thing": object.union(_thing("egress-policy/v1", "HelmChart"), {"reason": "because"}), "expected": "because"},
		"a kustomization": {"thing": _thing("kustomize.config.k8s.io/v1beta1", "Kustomization"), "expected": "kubectl kustomize FOLDER | egress audit -"},
		"a component": {
			"thing": _thing("kustomize.config.k8s.io/v1alpha1", "Component"),
			"expected": "kubectl kustomize FOLDER | egress audit -, of a kustomization that uses it",
		},
	}
	[said] := [found.message | some found in _findings([row.thing], {})]
	endswith(said, $" is not rendered: {row.expected}")
}

test_denies_what_is_cluster_wide if {
	thing := {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy", "metadata": {"name": "a"}}
	view := inventory.view("", testing.documents([thing]), testing.nowhere, testing.usual)
	[found.resource.namespace | some found in not_evaluated.findings(view)] == [""]
}

test_denies_at_admission[name] if {
	some name, row in {
		"in a namespace": {"thing": _thing("cilium.io/v2", "CiliumNetworkPolicy"), "expected": {"shop"}},
		"cluster-wide": {
			"thing": {"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy", "metadata": {"name": "a"}}, "expected": {""},
		},
	}
	said := not_evaluated.violation with input as testing.review(row.thing)
	{found.details.resource.namespace | some found in said} == row.expected
}

test_allows_at_admission if {
	said := not_evaluated.violation with input as testing.review(testing.egress([]))
	said == set()
}
