package egress.model.allow_internal_services_test

import data.egress.model.allow_internal_services
import data.lib.egress.layers
import data.lib.egress.testing

_model := {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {
	"namespaces": ["shop"],
	"https": [{"name": "pay", "cidrs": ["8.8.8.0/24"]}, {"name": "over", "cidrs": ["7.7.7.0/24"], "expires": "2026-01-01"}],
	"databases": [{"name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "db"}, "from": {"tier": "backend"}}],
	"services": [{"name": "auth", "namespace": "identity", "labels": {"app": "auth"}, "ports": [8080]}],
	"kubeAPI": {"service": ["10.96.0.1/32"], "from": {"role": "controller"}},
}}

_by_model := {"models": [_model], "now": "2026-06-15"}

_by_shape := {"models": []}

_findings(objects, given) := allow_internal_services.findings(layers.seen(testing.view_with(objects, given)))

_said(request, objects, given) := testing.about_violations(said) if {
	said := allow_internal_services.violation with input as object.union(request, {"parameters": given}) with data.inventory as testing.inventoried(objects)
}

_wide := testing.egress([{"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "auth"}}}], "ports": [{"port": 8080}]}])

test_denies[name] if {
	some name, row in {
		"by a model": {"given": _by_model, "message": "NetworkPolicy 'app' allows egress to pods on TCP 8080, not all of which model 'm' declares"},
		"by its shape": {"given": _by_shape, "message": "NetworkPolicy 'app' allows egress to pods on TCP 8080, without naming their namespace, labels and ports"},
	}
	some found in _findings([_wide], row.given)
	[found.rule, found.path, found.message] == ["allow-internal-services", "spec.egress[0]", row.message]
}

test_denies_what_is_missing if {
	[[found.message, found.path, found.resource.kind] | some found in _findings([testing.deployment("web")], _by_model)] == [[
		"Namespace 'shop' has no policy that lets its pods reach service 'auth' (app=auth) on TCP 8080", "", "Deployment",
	]]
}

test_denies_what_is_missing_in_an_audit_only if {
	web := testing.deployment("web")
	_said({"review": {"object": web}}, [web], _by_model) == {["Deployment", "web", ""]}
	_said(testing.review(web), [web], _by_model) == set()
}

test_denies_at_admission if {
	["NetworkPolicy", "app", "spec.egress[0]"] in _said(testing.review(_wide), [], _by_model)
	["NetworkPolicy", "app", "spec.egress[0]"] in _said({"review": {"object": _wide}}, [_wide], _by_model)
}

test_says_that_a_parameter_is_wrong if {
	said := allow_internal_services.violation with input as object.union(testing.review(_wide), {"parameters": {"models": [1]}})
	"parameter models[0] must be an EgressModel" in {one.msg | some one in said}
}

test_allows[name] if {
	some name, given in {"nobody asks": {}, "models that are null": {"models": null}}
	_findings([_wide], given) == []
	_said(testing.review(_wide), [], given) == set()
}

test_allows_at_admission_what_goes if {
	_said(testing.deletion(_wide), [_wide], _by_model) == set()
}
