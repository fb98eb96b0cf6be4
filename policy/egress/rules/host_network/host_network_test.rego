package egress.rules.host_network_test

import data.egress.rules.host_network
import data.lib.egress.testing

_findings(objects, given) := host_network.findings(testing.view_with(objects, given))

_pod(spec) := {
	"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "agent", "namespace": "shop"},
	"spec": object.union({"containers": []}, spec),
}

_template(spec) := {"metadata": {"labels": {"app": "agent"}}, "spec": object.union({"containers": []}, spec)}

_cron := {
	"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "agent"},
	"spec": {"jobTemplate": {"spec": {"template": _template({"hostNetwork": true})}}},
}

_farm := {
	"apiVersion": "example.org/v1", "kind": "Farm", "metadata": {"name": "agent"},
	"spec": {"groups": [{"template": _template({"hostNetwork": true})}, {"template": _template({})}, {"template": _template({"hostNetwork": true})}]},
}

test_denies_the_host_network[name] if {
	some name, row in {
		"of a Pod": {"object": _pod({"hostNetwork": true}), "expected": {["Pod", "agent", "spec.hostNetwork"]}},
		"of a Deployment": {
			"object": testing.deployment_with("agent", {"hostNetwork": true}), "expected": {["Deployment", "agent", "spec.template.spec.hostNetwork"]},
		},
		"of a CronJob": {"object": _cron, "expected": {["CronJob", "agent", "spec.jobTemplate.spec.template.spec.hostNetwork"]}},
		"of each template": {
			"object": _farm,
			"expected": {["Farm", "agent", "spec.groups[0].template.spec.hostNetwork"], ["Farm", "agent", "spec.groups[2].template.spec.hostNetwork"]},
		},
	}
	testing.about(_findings([row.object], {})) == row.expected
}

test_allows[name] if {
	some name, spec in {
		"none": {},
		"false": {"hostNetwork": false},
		"null": {"hostNetwork": null},
		"a text, which is invalid": {"hostNetwork": "true"},
		"a number, which is invalid": {"hostNetwork": 1},
	}
	_findings([_pod(spec)], {}) == []
}

test_denies_with_a_sentence[name] if {
	some name, row in {"baseline": {"level": "warn"}, "strict": {"level": "fail"}}
	_findings([_pod({"hostNetwork": true})], {"profile": name}) == [{
		"rule": "host-network", "level": row.level, "path": "spec.hostNetwork", "order": 0,
		"message": "Pod 'agent' runs on the host's network, which no NetworkPolicy governs",
		"resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "agent"},
	}]
}

test_denies_at_admission if {
	said := host_network.violation with input as testing.review(_pod({"hostNetwork": true}))
	testing.about_violations(said) == {["Pod", "agent", "spec.hostNetwork"]}
}

test_allows_at_admission[name] if {
	some name, request in {
		"a pod with a network of its own": testing.review(_pod({})),
		"a pod that goes": testing.deletion(_pod({"hostNetwork": true})),
	}
	said := host_network.violation with input as request
	said == set()
}
