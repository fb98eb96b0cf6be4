package lib.egress.workload_test

import data.lib.egress.testing
import data.lib.egress.workload

_template := {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}

_thing(api_version, kind, spec) := {
	"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": spec,
}

_of(thing) := workload.of({"object": thing, "source": {"order": 7}}, {"kind": thing.kind})

_paths(thing) := [template.path | some template in _of(thing).templates]

test_makes_pods[name] if {
	some name, row in {
		"a Pod": {"thing": _thing("v1", "Pod", {"containers": []}), "expected": [""]},
		"a Deployment": {"thing": _thing("apps/v1", "Deployment", {"template": _template}), "expected": ["spec.template."]},
		"a StatefulSet": {"thing": _thing("apps/v1", "StatefulSet", {"template": _template}), "expected": ["spec.template."]},
		"a DaemonSet": {"thing": _thing("apps/v1", "DaemonSet", {"template": _template}), "expected": ["spec.template."]},
		"a ReplicaSet": {"thing": _thing("apps/v1", "ReplicaSet", {"template": _template}), "expected": ["spec.template."]},
		"a ReplicationController": {"thing": _thing("v1", "ReplicationController", {"template": _template}), "expected": ["spec.template."]},
		"a Job": {"thing": _thing("batch/v1", "Job", {"template": _template}), "expected": ["spec.template."]},
		"a CronJob": {
			"thing": _thing("batch/v1", "CronJob", {"jobTemplate": {"spec": {"template": _template}}}),
			"expected": ["spec.jobTemplate.spec.template."],
		},
		"an Argo Rollout": {"thing": _thing("argoproj.io/v1alpha1", "Rollout", {"template": _template}), "expected": ["spec.template."]},
		"a Knative Service": {"thing": _thing("serving.knative.dev/v1", "Service", {"template": _template}), "expected": ["spec.template."]},
		"an OpenShift DeploymentConfig": {
			"thing": _thing("apps.openshift.io/v1", "DeploymentConfig", {"template": _template}), "expected": ["spec.template."],
		},
		"a kind that nobody knows, with several": {
			"thing": _thing("example.org/v1", "Farm", {"groups": [{"template": _template}, {"inner": {"template": _template}}]}),
			"expected": ["spec.groups[0].template.", "spec.groups[1].inner.template."],
		},
		"a Deployment of an old version": {"thing": _thing("extensions/v1beta1", "Deployment", {"template": _template}), "expected": ["spec.template."]},
		"a Job of somebody else, with another path": {
			"thing": _thing("example.org/v1", "Job", {"tasks": [{"template": _template}]}), "expected": ["spec.tasks[0].template."],
		},
		"a list of jobs": {
			"thing": _thing("jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": [{"template": {"spec": {"template": _template}}}]}),
			"expected": ["spec.replicatedJobs[0].template.spec.template."],
		},
	}
	_paths(row.thing) == row.expected
}

test_makes_none[name] if {
	some name, thing in {
		"a PodTemplate": object.union(_thing("v1", "PodTemplate", {}), {"template": _template}),
		"a ConfigMap": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"template": "x"}},
		"a Service": _thing("v1", "Service", {"selector": {"app": "web"}}),
		"a Deployment without template": _thing("apps/v1", "Deployment", {}),
		"a Deployment whose template is null": _thing("apps/v1", "Deployment", {"template": null}),
		"a Deployment whose template is a text": _thing("apps/v1", "Deployment", {"template": "x"}),
		"a Deployment without containers": _thing("apps/v1", "Deployment", {"template": {"spec": {}}}),
		"a Deployment whose containers are null": _thing("apps/v1", "Deployment", {"template": {"spec": {"containers": null}}}),
		"a Deployment whose spec is null": _thing("apps/v1", "Deployment", null),
		"a Deployment without spec": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}},
		"a Pod of somebody else": _thing("example.org/v1", "Pod", {"containers": []}),
		"something called template that is none": _thing("example.org/v1", "Farm", {"template": {"spec": {"replicas": 1}}}),
		"no kind": {"spec": {"x": 1}},
	}
	not _of(object.union({"kind": "?"}, thing))
}

test_tells_its_facts if {
	_of(testing.with_fields(_thing("v1", "Pod", {"containers": [], "hostNetwork": true}), {"metadata": {
		"name": "web", "namespace": "shop", "labels": {"app": "web"},
		"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": true}],
	}})) == {
		"resource": {"kind": "Pod"},
		"order": 7,
		"object": {
			"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [], "hostNetwork": true},
			"metadata": {
				"name": "web", "namespace": "shop", "labels": {"app": "web"},
				"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": true}],
			},
		},
		"templates": [{"labels": {"app": "web"}, "written": {"app": "web"}, "host_network": true, "path": ""}],
		"owner": {"kind": "ReplicaSet", "name": "web-1"},
		"problems": [],
	}
}

_pod(metadata, spec) := {
	"apiVersion": "v1", "kind": "Pod", "metadata": object.union({"name": "web"}, metadata), "spec": object.union({"containers": []}, spec),
}

test_reads_labels[name] if {
	some name, row in {
		"none": {"labels": {}, "expected": {}},
		"null": {"labels": {"labels": null}, "expected": {}},
		"a list": {"labels": {"labels": [1]}, "expected": {}},
		"a text": {"labels": {"labels": "a"}, "expected": {}},
		"a value": {"labels": {"labels": {"a": "b"}}, "expected": {"a": "b"}},
		"a null value, which is the empty one": {"labels": {"labels": {"a": null}}, "expected": {"a": ""}},
		"a value that is a number is none": {"labels": {"labels": {"a": 1, "b": "c"}}, "expected": {"b": "c"}},
	}
	_of(_pod(row.labels, {})).templates[0].labels == row.expected
}

test_reads_host_network[name] if {
	some name, row in {
		"absent": {"spec": {}, "expected": [false, []]},
		"true": {"spec": {"hostNetwork": true}, "expected": [true, []]},
		"false": {"spec": {"hostNetwork": false}, "expected": [false, []]},
		"null": {"spec": {"hostNetwork": null}, "expected": [false, []]},
		"a text": {"spec": {"hostNetwork": "true"}, "expected": [false, ["spec.hostNetwork"]]},
		"a number": {"spec": {"hostNetwork": 1}, "expected": [false, ["spec.hostNetwork"]]},
	}
	found := _of(_pod({}, row.spec))
	[found.templates[0].host_network, [problem.path | some problem in found.problems]] == row.expected
}

test_reads_its_controller[name] if {
	some name, row in {
		"none": {"metadata": {}, "expected": null},
		"null": {"metadata": {"ownerReferences": null}, "expected": null},
		"a text": {"metadata": {"ownerReferences": "a"}, "expected": null},
		"an owner that does not control": {"metadata": {"ownerReferences": [{"kind": "A", "name": "a"}]}, "expected": null},
		"an owner that says it does not": {"metadata": {"ownerReferences": [{"kind": "A", "name": "a", "controller": false}]}, "expected": null},
		"the one that controls": {
			"metadata": {"ownerReferences": [{"kind": "A", "name": "a"}, {"kind": "B", "name": "b", "controller": true}]},
			"expected": {"kind": "B", "name": "b"},
		},
		"one without name": {"metadata": {"ownerReferences": [{"kind": "A", "controller": true}]}, "expected": null},
		"one without kind": {"metadata": {"ownerReferences": [{"name": "a", "controller": true}]}, "expected": null},
	}
	_of(_pod(row.metadata, {})).owner == row.expected
}

test_finds_problems_of_what_is_read[name] if {
	some name, row in {
		"none": {"metadata": {"namespace": "shop", "labels": {"a": "b"}}, "expected": []},
		"no namespace": {"metadata": {}, "expected": []},
		"a namespace that is null": {"metadata": {"namespace": null}, "expected": []},
		"an empty namespace": {"metadata": {"namespace": ""}, "expected": []},
		"a namespace with capitals": {"metadata": {"namespace": "Shop"}, "expected": ["metadata.namespace"]},
		"a namespace that is a number": {"metadata": {"namespace": 1}, "expected": ["metadata.namespace"]},
		"labels that are null": {"metadata": {"labels": null}, "expected": []},
		"labels that are a list": {"metadata": {"labels": []}, "expected": ["metadata.labels"]},
		"labels that are a text": {"metadata": {"labels": "a=b"}, "expected": ["metadata.labels"]},
		"a label that is a number": {"metadata": {"labels": {"a": 1}}, "expected": ["metadata.labels.a"]},
		"a label that is true": {"metadata": {"labels": {"a.b/c": true}}, "expected": [`metadata.labels["a.b/c"]`]},
		"a label with a blank": {"metadata": {"labels": {"a": "b c"}}, "expected": ["metadata.labels.a"]},
		"a label that is null": {"metadata": {"labels": {"a": null}}, "expected": []},
	}
	[problem.path | some problem in _of(_pod(row.metadata, {})).problems] == row.expected
}

test_finds_problems_of_each_template if {
	bad := {"metadata": {"labels": {"a": 1}}, "spec": {"containers": [], "hostNetwork": "yes"}}
	found := _of(_thing("example.org/v1", "Farm", {"groups": [{"template": _template}, {"template": bad}]}))
	{[problem.path, problem.message] | some problem in found.problems} == {
		["spec.groups[1].template.metadata.labels.a", "must be a valid label key and value"],
		["spec.groups[1].template.spec.hostNetwork", "must be true or false"],
	}
}
