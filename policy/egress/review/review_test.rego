package egress.review_test

import data.egress.review

_model := {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": {"namespaces": ["shop", "till"], "https": [
	{"name": "pay", "cidrs": ["151.101.2.0/24", "2a04:4e42::/32"], "from": {"app": "checkout"}},
	{"name": "half", "cidrs": ["151.101.4.0/24"], "ports": [443, {"protocol": "UDP", "port": 443}, {"port": 8000, "endPort": 8010}]},
	{"name": "other-half", "cidrs": ["151.101.5.0/24"]},
	{"name": "ends-today", "cidrs": ["7.7.7.0/24"], "expires": "2026-11-27"},
	{"name": "over-elsewhere", "cidrs": ["11.1.1.0/24"], "expires": "2026-11-25"},
	{"name": "over", "cidrs": ["9.9.9.0/24"], "expires": "2026-11-26"},
]}}

_list := [{"name": "mail", "cidrs": ["203.0.113.0/24", "198.51.100.0/24"], "ports": [465], "owner": "o", "reason": "r"}]

_settings := {
	"a model": {"profile": "strict", "now": "2026-11-27", "models": [_model]},
	"a list": {"profile": "strict", "now": "2026-11-27", "approvedDestinations": _list},
	"both": {"profile": "strict", "now": "2026-11-27", "models": [_model], "approvedDestinations": _list},
	"an empty list": {"profile": "strict", "approvedDestinations": []},
	"nothing": {"profile": "strict"},
	"nulls": {"models": null, "approvedDestinations": null},
}

_policy(cidrs, ports) := {
	"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"},
	"spec": {
		"podSelector": {"matchLabels": {"app": "checkout"}}, "policyTypes": ["Egress"],
		"egress": [{"to": [{"ipBlock": {"cidr": cidr}} | some cidr in cidrs], "ports": [{"port": port} | some port in ports]}],
	},
}

_policies := {
	"approved": _policy(["151.101.2.128/25"], [443]),
	"approved together": _policy(["151.101.4.0/23"], [443]),
	"approved with UDP": object.union(_policy([], []), {"spec": {"egress": [{
		"to": [{"ipBlock": {"cidr": "151.101.4.0/24"}}],
		"ports": [{"protocol": "UDP", "port": 443}, {"protocol": "TCP", "port": 443}],
	}]}}),
	"on a port that is a text": _policy(["151.101.4.0/24"], ["443"]),
	"written oddly": _policy(["151.101.04.0/24"], [443]),
	"a range from one to another": object.union(_policy([], []), {"spec": {"egress": [{
		"to": [{"ipBlock": {"cidr": "151.101.2.0/24"}}],
		"ports": [{"protocol": "TCP", "port": 443, "endPort": 8443}],
	}]}}),
	"in a range": _policy(["151.101.4.0/24"], [8001]),
	"of IPv6": _policy(["2a04:4e42:1::/48"], [443]),
	"on another port": _policy(["151.101.2.128/25"], [80]),
	"elsewhere": _policy(["8.8.8.0/24"], [443]),
	"on its last day": _policy(["7.7.7.7/32"], [443]),
	"over": _policy(["9.9.9.9/32"], [443]),
	"mail": _policy(["203.0.113.7/32"], [465]),
	"too much": _policy(["0.0.0.0/0"], []),
	"nowhere": object.union(_policy([], []), {"spec": {"egress": []}}),
	"everywhere": object.union(_policy([], []), {"spec": {"egress": [{}]}}),
}

_worked_out(question, given) := answer if {
	answer := review.decision_of(question) with data.egress.parameters as given with data.egress.approved as {}
}

_looked_up(question, given) := answer if {
	index := _index(given)
	answer := review.decision_of(question) with data.egress.approved as {"review": index} with data.egress.parameters as {}
}

_index(given) := found if {
	found := review.index with data.egress.parameters as given with data.egress.approved as {}
}

test_it_answers[name] if {
	some name, row in {
		"approved": {"policy": "approved", "given": "a model", "namespace": "shop", "expected": "nothing fails"},
		"approved together": {"policy": "approved together", "given": "a model", "namespace": "till", "expected": "nothing fails"},
		"approved with UDP": {"policy": "approved with UDP", "given": "a model", "namespace": "shop", "expected": "nothing fails"},
		"a range from one to another": {
			"policy": "a range from one to another", "given": "a model", "namespace": "shop",
			"expected": "NetworkPolicy 'p' allows egress to 151.101.2.0/24, not all of which is an approved destination",
		},
		"in a range": {"policy": "in a range", "given": "a model", "namespace": "shop", "expected": "nothing fails"},
		"on its last day": {"policy": "on its last day", "given": "a model", "namespace": "shop", "expected": "nothing fails"},
		"over": {
			"policy": "over", "given": "a model", "namespace": "shop",
			"expected": "NetworkPolicy 'p' needs the approved destination 'over', which expired on 2026-11-26",
		},
		"of IPv6": {"policy": "of IPv6", "given": "a model", "namespace": "shop", "expected": "nothing fails"},
		"on another port": {
			"policy": "on another port", "given": "a model", "namespace": "shop",
			"expected": "NetworkPolicy 'p' allows egress to 151.101.2.128/25, not all of which is an approved destination",
		},
		"elsewhere": {
			"policy": "elsewhere", "given": "a model", "namespace": "shop",
			"expected": "NetworkPolicy 'p' allows egress to 8.8.8.0/24, not all of which is an approved destination",
		},
		"where no model is": {
			"policy": "approved", "given": "a model", "namespace": "cart",
			"expected": "NetworkPolicy 'p' allows egress to 151.101.2.128/25, not all of which is an approved destination",
		},
		"of a list": {"policy": "mail", "given": "a list", "namespace": "cart", "expected": "nothing fails"},
		"of an empty list": {
			"policy": "mail", "given": "an empty list", "namespace": "cart",
			"expected": "NetworkPolicy 'p' allows egress to 203.0.113.7/32, not all of which is an approved destination",
		},
		"without any": {"policy": "elsewhere", "given": "nothing", "namespace": "cart", "expected": "nothing fails"},
		"with nulls": {"policy": "elsewhere", "given": "nulls", "namespace": "cart", "expected": "nothing fails"},
		"too much": {
			"policy": "too much", "given": "both", "namespace": "shop",
			"expected": "NetworkPolicy 'p' allows egress to a cloud's metadata service, by 0.0.0.0/0",
		},
		"nowhere": {"policy": "nowhere", "given": "both", "namespace": "shop", "expected": "nothing fails"},
	}
	question := {"object": _policies[row.policy], "namespace": row.namespace}
	answer := _worked_out(question, _settings[row.given])
	answer.reason == row.expected
	answer.allowed == _passes(row.expected)
	_looked_up(question, _settings[row.given]) == answer
}

default _passes(_) := false

_passes("nothing fails")

test_it_names_the_approval_that_has_ended if {
	answer := _worked_out({"object": _policies.over, "namespace": "shop"}, _settings["a model"])
	some found in answer.findings
	found.message == "NetworkPolicy 'p' allows egress to 9.9.9.9/32 on TCP 443, which was approved as 'over' until 2026-11-26"
}

test_the_index_says_what_all_of_it_says[what] if {
	some what, given in _settings
	every policy in _policies {
		every namespace in ["shop", "cart"] {
			question := {"object": policy, "namespace": namespace}
			_looked_up(question, given) == _worked_out(question, given)
		}
	}
}

test_it_refuses_what_is_unclear[name] if {
	some name, row in {
		"nothing": {"question": null, "given": {}, "expected": "the question holds no NetworkPolicy of networking.k8s.io/v1"},
		"an empty question": {"question": {}, "given": {}, "expected": "the question holds no NetworkPolicy of networking.k8s.io/v1"},
		"a text": {"question": "x", "given": {}, "expected": "the question holds no NetworkPolicy of networking.k8s.io/v1"},
		"an object of null": {"question": {"object": null}, "given": {}, "expected": "the question holds no NetworkPolicy of networking.k8s.io/v1"},
		"a request of null": {"question": {"request": null}, "given": {}, "expected": "the question holds no NetworkPolicy of networking.k8s.io/v1"},
		"another kind": {
			"question": {"object": {"apiVersion": "v1", "kind": "Pod"}}, "given": {},
			"expected": "the question holds no NetworkPolicy of networking.k8s.io/v1",
		},
		"another request": {
			"question": {"request": {"object": {"apiVersion": "crd.example.com/v1", "kind": "NetworkPolicy"}}}, "given": {},
			"expected": "the question holds no NetworkPolicy of networking.k8s.io/v1",
		},
		"wrong parameters": {
			"question": {"object": _policies.approved}, "given": {"profile": "x"},
			"expected": "what is approved is not known: the parameters are wrong",
		},
	}
	answer := _worked_out(row.question, row.given)
	answer == {"allowed": false, "reason": row.expected, "findings": []}
}

test_it_takes_what_an_api_server_asks[name] if {
	some name, row in {
		"a policy": {"request": {"operation": "CREATE", "namespace": "shop", "object": _policies.approved}, "allowed": true},
		"one elsewhere": {"request": {"operation": "UPDATE", "namespace": "shop", "object": _policies.elsewhere}, "allowed": false},
		"one of another namespace": {"request": {"operation": "CREATE", "namespace": "cart", "object": _policies.approved}, "allowed": false},
		"a namespace of its own": {
			"request": {"operation": "CREATE", "namespace": "cart", "object": object.union(_policies.approved, {"metadata": {"namespace": "shop"}})},
			"allowed": true,
		},
		"no namespace": {"request": {"operation": "CREATE", "object": _policies.approved}, "allowed": false},
		"an empty namespace": {"request": {"operation": "CREATE", "namespace": "", "object": _policies.approved}, "allowed": false},
		"one that goes": {"request": {"operation": "DELETE", "namespace": "shop", "object": null}, "allowed": true},
	}
	question := {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": row.request}
	_worked_out(question, _settings["a model"]).allowed == row.allowed
	_looked_up(question, _settings["a model"]).allowed == row.allowed
}

test_the_decision_is_of_the_input if {
	answer := review.decision with input as {"object": _policies.elsewhere} with data.egress.parameters as _settings["a list"] with data.egress.approved as {}
	answer.allowed == false
}

test_without_input_it_refuses if {
	not review.decision.allowed
}

test_without_parameters_the_defaults_hold if {
	answer := review.decision_of({"object": _policies["too much"]}) with data.egress.approved as {}
	answer.reason == "NetworkPolicy 'p' allows egress to 0.0.0.0/0 on all ports"
}
