package egress.main_test

import data.egress.main
import data.lib.egress.finding
import data.lib.egress.testing

test_says_what_is_wrong_with_the_parameters[name] if {
	some name, row in {
		"nothing": {"given": {}, "expected": {"problems": [], "differing": {}}},
		"null": {"given": null, "expected": {"problems": [], "differing": {}}},
		"what differs": {"given": {"profile": "strict", "openPortShare": 0.5}, "expected": {"problems": [], "differing": {"profile": "strict"}}},
		"a problem": {
			"given": {"profile": "x"},
			"expected": {"problems": [{"path": "profile", "message": "must be baseline or strict"}], "differing": {"profile": "x"}},
		},
	}
	found := main.parameters with data.egress.parameters as row.given
	found == row.expected
}

test_without_parameters_the_defaults_hold if {
	main.parameters == {"problems": [], "differing": {}}
	main.settings == testing.usual
}

test_the_settings_follow_the_parameters if {
	found := main.settings with data.egress.parameters as {"profile": "strict"}
	found == testing.strict
}

_shard(namespace, objects) := {"namespace": namespace, "documents": testing.documents(objects)}

_input(shards) := {"namespace": "", "namespaces": [], "shards": shards}

test_answers_for_each_shard_in_order if {
	found := main.namespaces with input as _input([
		_shard("shop", [testing.deployment("web")]), _shard("", []), _shard("bank", [testing.egress([])]),
	])
	[object.get(answer, ["namespace", "name"], null) | some answer in found] == ["shop", null, "bank"]
	[count(answer.findings) | some answer in found] == [1, 0, 0]
}

test_answers_nothing_for_no_shards if {
	found := main.namespaces with input as _input([])
	found == []
}

test_judges_by_the_parameters if {
	found := main.namespaces with input as _input([_shard("shop", [testing.egress([{"ports": testing.https}])])])
		with data.egress.parameters as {"profile": "strict"}
	[said.level | some said in found[0].findings] == ["fail"]
}

test_judges_by_the_namespaces_that_are_known if {
	selector := {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["shop"]}]}
	shard := _shard("shop", [testing.egress([{"to": [{"namespaceSelector": selector}]}])])
	unknown := main.namespaces with input as _input([shard])
	known := main.namespaces with input as object.union(_input([shard]), {"namespaces": [{"kubernetes.io/metadata.name": "shop"}]})
	[[said.rule | some said in found[0].findings] | some found in [unknown, known]] == [["all-pods"], ["all-ports"]]
}

test_leaves_details_out_where_they_are_not_wanted[name] if {
	some name, row in {
		"wanted": {"more": {"details": true}, "expected": 1},
		"not wanted": {"more": {"details": false}, "expected": 0},
		"nothing said": {"more": {}, "expected": 1},
	}
	found := main.namespaces with input as object.union(_input([_shard("shop", [testing.egress([])])]), row.more)
	count(found[0].policies) == row.expected
}

test_reports_over_the_totals if {
	found := main.report with input as {"totals": [], "kubernetes": 0, "errors": 0}
	[found.status, found.summary] == ["skip", "Not applicable: no Kubernetes or container orchestration resources found."]
}

test_reports_the_parameters if {
	found := main.report with input as {"totals": [], "kubernetes": 0, "errors": 0} with data.egress.parameters as {"profile": "strict"}
	[found.profile, found.parameters] == ["strict", {"profile": "strict"}]
}

_document(order, folder, duplicates, thing) := {"object": thing, "source": {"order": order, "folder": folder, "file": folder, "duplicates": duplicates}}

_policy(name, rules) := testing.with_fields(testing.egress(rules), {"metadata": {"name": name}})

_only_for(app, name, rules) := testing.network_policy(name, {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Egress"], "egress": rules})

_everything := [
	_shard("open", [testing.deployment("web"), testing.egress([{}])]),
	_shard("none", [testing.deployment("web")]),
	{"namespace": "rules", "documents": [
		_document(0, "a", [{"path": "spec", "line": 2}], _policy("p", [
			{"ports": testing.https},
			testing.to_blocks(["8.0.0.0/7"], testing.https),
			{"to": [{"namespaceSelector": {}}]},
			testing.to_blocks(["10.0.0.1/8"], []),
			testing.to_blocks(["169.254.169.254/32"], [{"port": 80}]),
			testing.to_blocks(["203.0.113.0/24"], [{"port": 80}]),
		])),
		_document(1, "b", [], _policy("p", [])),
		_document(2, "b", [], testing.with_fields(testing.deployment_with("host", {"hostNetwork": true}), {"metadata": {"name": "host"}})),
		_document(3, "b", [], {"apiVersion": "networking.gke.io/v1alpha1", "kind": "FQDNNetworkPolicy", "metadata": {"name": "c"}}),
		_document(4, "b", [], _policy("x", "x")),
	]},
	_shard("together", [
		testing.deployment("web"), testing.deployment("api"), testing.deployment("db"),
		_only_for("web", "a", [testing.to_blocks(["64.0.0.0/3"], [])]), _only_for("web", "b", [testing.to_blocks(["32.0.0.0/3"], [])]),
		_only_for("api", "c", [testing.to_blocks(["8.0.0.0/8"], testing.https)]), _only_for("api", "d", [testing.to_blocks(["9.0.0.0/8"], testing.https)]),
		_only_for("nobody", "e", []),
	]),
	_shard("layers", [testing.egress([
		testing.to_blocks(["8.8.8.8/32"], [{"port": 53}]),
		testing.to_blocks(["203.0.113.0/24"], [{"port": 5432}]),
		testing.to_blocks(["10.0.0.1/32"], [{"port": 6443}]),
		testing.to_blocks(["10.0.0.1/32"], [{"port": 9999}]),
		testing.to_blocks(["64.0.0.0/3"], testing.https),
		{"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "auth"}}}], "ports": [{"port": 8080}]},
	])]),
]

_parameters := {"profile": "strict", "now": "2026-06-15", "models": [], "approvedDestinations": [{"name": "a", "cidrs": ["203.0.113.0/24"], "expires": "2026-01-01"}]}

# Every kind of finding that there is a level for has its rule here.
test_asks_every_rule if {
	found := main.namespaces with input as _input(_everything) with data.egress.parameters as _parameters
	{said.rule | some answer in found; some said in answer.findings} == object.keys(finding.levels)
}

_waiver_of(said) := {
	"rule": said.rule, "resource": said.resource, "path": said.path, "owner": "team", "reason": "r", "expires": "2026-06-15",
}

# Nothing is hidden by a waiver: for each finding that there can be, it is the same but for its level.
test_a_waived_finding_is_listed_as_it_was if {
	before := main.namespaces with input as _input(_everything) with data.egress.parameters as _parameters
	findings := [said | some answer in before; some said in answer.findings]
	listed := {_waiver_of(said) | some said in findings}
	given := object.union(_parameters, {"waivers": [one | some one in listed]})
	problems := main.parameters.problems with data.egress.parameters as given
	problems == []
	after := main.namespaces with input as _input(_everything) with data.egress.parameters as given
	waived := [said | some answer in after; some said in answer.findings]
	{said.level | some said in waived} == {"warn"}
	count([said | some said in waived; said.waived == {"owner": "team", "reason": "r", "expires": "2026-06-15"}]) == count(findings)
	[_bare(said) | some said in waived] == [_bare(said) | some said in findings]
	[_facts(answer) | some answer in after] == [_facts(answer) | some answer in before]
}

_bare(said) := object.remove(said, ["level", "waived", "waiver"])

# What is there, which no waiver changes.
_facts(answer) := [
	answer.policies, answer.namespace.workloads, answer.namespace.restricted_rules,
	object.filter(answer.totals, [
		"egress_rules", "restricted_rules", "open_rules", "application", "restricted", "workloads", "governed", "covered", "policies", "unjudged",
	]),
]
