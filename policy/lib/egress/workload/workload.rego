# METADATA
# title: Workloads
# description: |
#   What makes pods: a Pod, or anything with a pod template somewhere under its spec, whatever its kind. Of a workload only the
#   labels and hostNetwork of its pods, its namespace and its controller are read.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/
package lib.egress.workload

import data.lib.egress.selector

# METADATA
# description: |
#   The facts of a workload: {"resource", "order", "object", "templates": [{"labels", "written", "host_network", "path"}], "owner": {"kind", "name"} or
#   null, "problems": [{"path", "message"}]}; undefined for what makes no pods.
of(document, resource) := {
	"resource": resource,
	"order": document.source.order,
	"object": document.object,
	"templates": [_template(template, path, document.object) | some [path, template] in found],
	"owner": owner(document.object),
	"problems": _problems(document.object, found),
} if {
	found := _templates(document.object)
	count(found) > 0
}

# METADATA
# description: The pod templates of an object alone, none for what makes no pods.
templates(thing) := [_template(template, path, thing) | some [path, template] in _templates(thing)]

# Each as [path with a dot behind it, object with metadata and spec].
_templates(thing) := [["", thing]] if {
	thing.kind == "Pod"
	thing.apiVersion == "v1"
} else := [["spec.template.", thing.spec.template]] if {
	_one_template[thing.apiVersion][thing.kind]
	_makes_pods(thing.spec.template)
} else := [[_path(keys), template] |
	walk(thing.spec, [keys, template])
	count(keys) > 0
	keys[count(keys) - 1] == "template"
	_makes_pods(template)
]

# Kinds with one template and no other.
_one_template := {
	"apps/v1": {"Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true},
	"batch/v1": {"Job": true},
	"v1": {"ReplicationController": true},
}

# METADATA
# description: The kinds of Kubernetes' own that make pods, by API group. Of all others the pods are seen.
kinds := {
	"": object.union(_one_template.v1, {"Pod": true}),
	"apps": _one_template["apps/v1"],
	"batch": object.union(_one_template["batch/v1"], {"CronJob": true}),
}

_makes_pods(template) if template.spec.containers != null

_path(keys) := concat("", ["spec", concat("", [step | some key in keys; step := _step(key)]), "."])

_step(key) := $".{key}" if is_string(key)

_step(key) := $"[{key}]" if is_number(key)

_template(template, path, thing) := {
	"labels": object.union(_controller_labels(thing), written),
	"written": written,
	"host_network": _host_network(template),
	"path": path,
} if {
	written := _labels(template)
}

# Labels that a controller puts on the pods it makes. Their values are nobody's guess: a line break is none that a selector could name.
_controller_labels(thing) := {label: "\n" | some label in _set_by[thing.kind]}

_controller_labels(thing) := {} if not _set_by[thing.kind]

_set_by := {
	"Deployment": ["pod-template-hash"],
	"ReplicaSet": ["pod-template-hash"],
	"DaemonSet": ["controller-revision-hash", "pod-template-generation"],
	"StatefulSet": ["controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"],
	"Job": _set_by_jobs,
	"CronJob": _set_by_jobs,
}

_set_by_jobs := ["job-name", "batch.kubernetes.io/job-name", "controller-uid", "batch.kubernetes.io/controller-uid"]

_labels(template) := {key: text |
	some key, value in template.metadata.labels
	text := _text(value)
}

_text(null) := ""

_text(value) := value if is_string(value)

_host_network(template) if {
	template.spec.hostNetwork == true
} else := false

# METADATA
# description: The controller of an object, {"kind", "name"}, or null.
owner(thing) := {"kind": first.kind, "name": first.name} if {
	owners := [reference | some reference in thing.metadata.ownerReferences; reference.controller == true]
	first := owners[0]
} else := null

_problems(thing, found) := array.flatten([
	[{"path": "metadata.namespace", "message": "must be a DNS label"} |
		namespace := thing.metadata.namespace
		not selector.valid_namespace(namespace)
	],
	[problem | some [path, template] in found; some problem in _label_problems(object.get(template, ["metadata", "labels"], null), path)],
	[{"path": $"{path}spec.hostNetwork", "message": "must be true or false"} |
		some [path, template] in found
		not object.get(template, ["spec", "hostNetwork"], null) in {null, true, false}
	],
])

_label_problems(null, _) := []

_label_problems(labels, path) := [{"path": $"{path}metadata.labels", "message": "must be an object"}] if {
	labels != null
	not is_object(labels)
}

_label_problems(labels, path) := selector.label_problems(labels, $"{path}metadata.labels") if is_object(labels)

# METADATA
# description: The kinds with one pod template, at spec.template, by apiVersion.
one_template := _one_template
