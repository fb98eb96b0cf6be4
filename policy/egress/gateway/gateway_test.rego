package egress.gateway_test

import data.egress.gateway

_model(spec) := {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": object.union({"namespaces": ["shop"]}, spec)}

_parameters := {"now": "2026-11-27", "models": [_model({
	"https": [
		{"name": "pay", "hosts": ["pay.example.com"], "cidrs": ["151.101.2.0/24"], "from": {"app": "checkout"}},
		{"name": "plain", "cidrs": ["8.8.8.0/24", "2001:db8:5::/48"], "ports": [443, {"protocol": "UDP", "port": 4000, "endPort": 4010}]},
		{"name": "over", "hosts": ["old.example.com"], "cidrs": ["9.9.9.0/24"], "expires": "2026-11-26"},
		{"name": "ends-today", "cidrs": ["7.7.7.0/24"], "expires": "2026-11-27"},
	],
	"services": [{"name": "auth", "hosts": ["auth.identity.svc"], "namespace": "identity", "labels": {"app": "auth"}, "ports": [8080]}],
})]}

_ask(labels, destination) := {"source": {"namespace": "shop", "labels": labels}, "destination": destination}

_checkout := {"app": "checkout"}

_answer(question) := answer if {
	answer := gateway.decision_of(question) with data.egress.parameters as _parameters
}

_from_bundle(question) := answer if {
	answer := gateway.decision_of(question) with data.egress.approved as _index with data.egress.parameters as {"now": "2026-11-27"}
}

_index := made if {
	made := gateway.index with data.egress.parameters as _parameters
}

test_it_allows[name] if {
	some name, row in {
		"an address": {"labels": _checkout, "destination": {"address": "151.101.2.9", "port": 443}, "expected": "pay"},
		"a host": {"labels": _checkout, "destination": {"host": "pay.example.com", "port": 443, "protocol": "TCP"}, "expected": "pay"},
		"a host and its address": {"labels": _checkout, "destination": {"host": "Pay.Example.Com.", "address": "151.101.2.9", "port": 443}, "expected": "pay"},
		"any host at an address without names": {"labels": {}, "destination": {"host": "x.example.com", "address": "8.8.8.8", "port": 443}, "expected": "plain"},
		"IPv6": {"labels": {}, "destination": {"address": "2001:DB8:5::1", "port": 443}, "expected": "plain"},
		"IPv4 in IPv6": {"labels": null, "destination": {"address": "::ffff:8.8.8.8", "port": 443}, "expected": "plain"},
		"a range": {"labels": {}, "destination": {"address": "8.8.8.8", "port": 4010, "protocol": "UDP"}, "expected": "plain"},
		"an address for a host": {"labels": {}, "destination": {"host": "8.8.8.8", "port": 443}, "expected": "plain"},
		"an address in brackets for a host": {"labels": {}, "destination": {"host": "[2001:db8:5::1]", "port": 443}, "expected": "plain"},
		"an address twice": {"labels": {}, "destination": {"host": "8.8.8.8", "address": "8.8.8.8", "port": 443}, "expected": "plain"},
		"pods by their host": {"labels": {}, "destination": {"host": "auth.identity.svc", "port": 8080}, "expected": "auth"},
		"on the last day": {"labels": {}, "destination": {"address": "7.7.7.7", "port": 443}, "expected": "ends-today"},
	}
	question := _ask(row.labels, row.destination)
	every answer in [_answer(question), _from_bundle(question)] {
		answer.allowed == true
		answer.destination == row.expected
	}
}

test_it_refuses[name] if {
	some name, row in {
		"an address that nobody approved": {"labels": _checkout, "destination": {"address": "151.101.3.0", "port": 443}, "expected": "151.101.3.0 is not approved for namespace 'shop'"},
		"a host that nobody approved": {"labels": _checkout, "destination": {"host": "evil.example.com", "port": 443}, "expected": "evil.example.com is not approved for namespace 'shop'"},
		"a host below one that is": {"labels": _checkout, "destination": {"host": "x.pay.example.com", "port": 443}, "expected": "x.pay.example.com is not approved for namespace 'shop'"},
		"a host at another address": {"labels": _checkout, "destination": {"host": "pay.example.com", "address": "8.8.4.4", "port": 443}, "expected": "pay.example.com at 8.8.4.4 is not approved for namespace 'shop'"},
		"another host at its address": {"labels": _checkout, "destination": {"host": "evil.example.com", "address": "151.101.2.9", "port": 443}, "expected": "evil.example.com at 151.101.2.9 is not approved for namespace 'shop'"},
		"pods by a host at an address": {"labels": {}, "destination": {"host": "auth.identity.svc", "address": "10.0.0.1", "port": 8080}, "expected": "auth.identity.svc at 10.0.0.1 is not approved for namespace 'shop'"},
		"an address for a host at another": {"labels": {}, "destination": {"host": "8.8.8.8", "address": "8.8.8.9", "port": 443}, "expected": "the host is no name of a host"},
		"another port": {"labels": _checkout, "destination": {"address": "151.101.2.9", "port": 80}, "expected": "151.101.2.9 is approved on TCP 443 only"},
		"another protocol": {"labels": {}, "destination": {"address": "8.8.8.8", "port": 443, "protocol": "UDP"}, "expected": "8.8.8.8 is approved on TCP 443, UDP 4000-4010 only"},
		"other pods": {"labels": {"app": "web"}, "destination": {"address": "151.101.2.9", "port": 443}, "expected": "151.101.2.9 is approved for pods with app=checkout only"},
		"pods without labels": {"labels": {}, "destination": {"address": "151.101.2.9", "port": 443}, "expected": "151.101.2.9 is approved for pods with app=checkout only"},
		"pods whose labels are not known": {"labels": null, "destination": {"address": "151.101.2.9", "port": 443}, "expected": "151.101.2.9 is approved for pods with app=checkout only, and the labels of these are not known"},
		"after its end": {"labels": {}, "destination": {"host": "old.example.com", "port": 443}, "expected": "old.example.com is approved as 'over' until 2026-11-26 only"},
		"DNS to an address": {"labels": {}, "destination": {"address": "8.8.8.8", "port": 53, "protocol": "UDP"}, "expected": "8.8.8.8 is approved on TCP 443, UDP 4000-4010 only"},
		"nowhere": {"labels": {}, "destination": {"port": 443}, "expected": "the destination has neither host nor address"},
	}
	question := _ask(row.labels, row.destination)
	every answer in [_answer(question), _from_bundle(question)] {
		answer.allowed == false
		answer.reason == row.expected
		answer.http_status == 403
	}
}

test_a_namespace_without_a_model_goes_nowhere if {
	question := {"source": {"namespace": "other", "labels": {}}, "destination": {"address": "8.8.8.8", "port": 443}}
	_answer(question).reason == "no model is for namespace 'other'"
	_from_bundle(question).reason == "no model is for namespace 'other'"
}

test_without_parameters_nothing_leaves if {
	question := _ask({}, {"address": "8.8.8.8", "port": 443})
	gateway.decision_of(question).reason == "no model is for namespace 'shop'"
	some wrong in [null, [], "x", {"models": "x"}, {"models": [{}]}]
	not gateway.decision_of(question).allowed with data.egress.parameters as wrong
}

test_wrong_parameters_are_told if {
	said := gateway.decision_of(_ask({}, {"address": "8.8.8.8", "port": 443})).reason with data.egress.parameters as {"models": [{}]}
	said == "what is approved is not known: the sidecar's parameters are wrong"
}

test_the_input_is_asked if {
	answer := gateway.decision with data.egress.parameters as _parameters with input as _ask(_checkout, {"host": "pay.example.com", "port": 443})
	answer.allowed
}

test_without_a_question_the_answer_is_no if gateway.decision.reason == "the question is no object"
