# METADATA
# title: The audit for conftest
# description: |
#   What `conftest test -p policy` runs. With --combine all files are judged together, as `egress audit` judges them: deny for what fails,
#   warn for what warns, for waived findings, for waivers that waive nothing, and for models of namespaces that have nothing. Without, each document is judged alone, and what takes more
#   than one is said to be unseen. Parameters are data: --data with a file that has them under egress.parameters.
# related_resources:
#   - ref: https://www.conftest.dev/options/
package main

import data.egress.main as audit
import data.lib.egress.infrastructure
import data.lib.egress.inventory
import data.lib.egress.translation

deny contains _said(found) if {
	some found in _findings
	found.level == "fail"
}

deny contains {"msg": $"parameter {problem.path} {problem.message}", "rule": "parameters", "path": problem.path} if {
	some problem in audit.parameters.problems
}

warn contains _said(found) if {
	some found in _findings
	found.level == "warn"
}

warn contains {"msg": message, "rule": "alone", "path": ""} if {
	_is_object
	message := "each document was judged alone: whether namespaces and workloads are covered takes conftest test --combine"
}

# Of one document alone nearly every waiver is one of something else.
warn contains {"msg": waiver.message, "rule": "waivers", "path": $"waivers[{i}]"} if {
	not _is_object
	audit.parameters.problems == []
	some i, waiver in _report.waivers
}

# Of one document alone nearly every namespace is another.
warn contains {"msg": declared.message, "rule": "models", "path": $"models[{i}]"} if {
	not _is_object
	audit.parameters.problems == []
	some i, declared in _report.models
}

_said(found) := object.union(
	{"msg": found.message, "file": found.file},
	object.filter(found, ["rule", "path", "resource", "witness", "waived"]),
)

_is_object if is_object(input)

# What one document cannot tell.
_unseen_alone := {"no-egress-policy", "uncovered-workload", "dangling-policy", "duplicate-resource", "assumed-namespace"}

_findings contains object.union(found, {"file": _documents[found.order].source.file}) if {
	some answer in _answers
	some found in answer.findings
	not [found.order, found.path, found.rule, found.message] in _report.dropped
	not _unseen(found)
}

_unseen(found) if {
	_is_object
	found.rule in _unseen_alone
}

_answers := [answer |
	audit.parameters.problems == []
	some namespace, numbered in _by_namespace
	shard := {"namespace": namespace, "documents": [document | some document in numbered]}
	answer := audit.namespace(shard, object.union(_around_of(namespace), {"namespace": "", "namespaces": _labels, "details": false}), audit.settings)
]

# Firewalls may cover namespaces, and are judged before them.
_around_of("") := _around

_around_of(namespace) := object.union(_around, {"firewalls": _firewalls}) if namespace != ""

default _firewalls := null

_firewalls := audit.namespace(shard, object.union(_around, {"namespace": "", "namespaces": _labels, "details": false}), audit.settings).totals.firewalls if {
	count(audit.settings.firewall_namespaces) > 0
	shard := {"namespace": "", "documents": [document | some document in _by_namespace[""]]}
}

_around := audit.around([document | some document in _documents; translation.is_shared(document.object)])

_report := audit.report_of({"totals": [answer.totals | some answer in _answers], "kubernetes": 1, "errors": 0})

_by_namespace[namespace][i] := document if {
	some i, document in _documents
	namespace := inventory.namespace_of(document.object, "default")
}

_labels := [labels |
	some document in _documents
	document.object.kind == "Namespace"
	document.object.apiVersion == "v1"
	labels := inventory.namespace_labels(document.object)
]

# One document is an object, and what --combine gives an array.
_documents := [{"object": thing, "source": source} |
	some i, [path, thing] in _objects_by_path
	source := {"file": path, "line": 1, "folder": _folder(path), "order": i, "duplicates": []}
]

_objects_by_path := [["", thing] | some thing in _objects(input)] if {
	_is_object
} else := [[item.path, thing] | some item in input; some thing in _objects(item.contents)]

_folder(path) := concat("/", array.slice(steps, 0, count(steps) - 1)) if steps := split(path, "/")

# As kubectl does: what has items is a list, of lists as well. What has no apiVersion is no object, unless it means to be a policy.
_objects(value) := [thing | some thing in [value]; _is_thing(thing)] if {
	not _is_list(value)
} else := [thing |
	walk(value, [keys, item])
	_is_item(keys)
	not _is_list(item)
	thing := _typed(item, object.get(value, array.slice(keys, 0, count(keys) - 2), {}))
	_is_thing(thing)
]

_is_list(value) if is_array(value.items)

_is_item(keys) if {
	count(keys) > 0
	count(keys) % 2 == 0
	every i, key in keys { _step(i, key) }
}

_step(i, key) if {
	i % 2 == 0
	key == "items"
}

_step(i, key) if {
	i % 2 == 1
	is_number(key)
}

# The items of a list of one kind may leave the kind to the list.
_typed(item, list) := object.union(item, {"apiVersion": list.apiVersion, "kind": trim_suffix(list.kind, "List")}) if {
	not item.kind
	not item.apiVersion
} else := item

_is_thing(thing) if {
	is_string(thing.kind)
	is_string(thing.apiVersion)
	thing.apiVersion != ""
	not _has_items(thing)
}

_is_thing(thing) if infrastructure.format(thing)

_is_thing(thing) if {
	thing.kind == "NetworkPolicy"
	not _has_items(thing)
}

# kubectl takes it for a list all the same, and applies nothing of it.
_has_items(thing) if {
	some key, _ in thing
	key == "items"
}
