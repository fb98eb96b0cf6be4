# METADATA
# title: The review
# description: |
#   May this NetworkPolicy be applied? `decision` judges one policy by itself, as the audit judges it; what is missing beside it is no question. The input is {"object":
#   NetworkPolicy, "namespace": where it goes if it does not say so}, or an AdmissionReview. The answer is {"allowed": bool, "reason": text, "findings": [finding]}. What is unclear is
#   refused. `index` is what a bundle of data holds as data.egress.approved.review: with it, the time that an answer takes does not grow with what is approved.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
package egress.review

import data.egress.main as audit
import data.lib.egress.cidr
import data.lib.egress.dialects.network_policy
import data.lib.egress.dialects.network_policy.validity
import data.lib.egress.inventory
import data.lib.egress.nearby
import data.lib.egress.parameters

# METADATA
# description: |
#   {"form": 1, "parameters": those without what is approved, "usual": whether these change nothing of what is narrow, "lists": which of "approved" and "models" there are,
#   "approved": index of approvedDestinations, "models": {namespace: {"model": without HTTPS, "https": index, "shapes": [id], "ways": {id: what is told at a glance}}}}. See `nearby`.
index := _index

# OPA compiles whatever depends on an entrypoint as one, which functions cannot be: they look here.
_index := {
	"form": 1,
	"parameters": _others,
	"usual": (object.keys(_others) - {"profile", "now"}) == set(),
	"lists": {name: is_array(list) |
		some name, field in {"approved": "approvedDestinations", "models": "models"}
		list := object.get(_parameters, field, null)
	},
	"approved": _indexed(object.get(_parameters, "approvedDestinations", null)),
	"models": _models,
}

_others := object.remove(_parameters, ["approvedDestinations", "models"])

_given := data.egress.parameters

default _parameters := {}

_parameters := _given if _given != null

# No namespace has two models: the check of the parameters comes first, and refuses that.
_models := {namespace: {"model": without, "https": _indexed(https), "shapes": _shapes(https), "ways": _ways(https)} |
	some document in _parameters.models
	some namespace in document.spec.namespaces
	https := object.get(document.spec, "https", null)
	spec := object.union(object.remove(document.spec, ["https", "namespaces"]), {"namespaces": [namespace]})
	without := object.union(object.remove(document, ["spec"]), {"spec": spec})
}

_indexed(null) := nearby.index({}, {})

_indexed(entries) := nearby.index(
	{_id(i): entry | some i, entry in entries},
	{_id(i): [cidr.parse(text) | some text in entry.cidrs] | some i, entry in entries},
) if {
	entries != null
}

# Which layer a rule is in depends on all ports that the model has for HTTPS: of each list of ports the first entry is always there.
_shapes(entries) := sort([_id(first) |
	some ports in {object.get(entry, "ports", null) | some entry in entries}
	first := min({i | some i, entry in entries; object.get(entry, "ports", null) == ports})
])

# What is told of each entry at a glance: single ports alone, by their texts.
_ways(entries) := {_id(i): way |
	some i, entry in entries
	ports := [_port(port) | some port in _said(entry, "ports", [443])]
	way := {
		"from": _said(entry, "from", {}), "expires": _said(entry, "expires", _never),
		"ports": {$"{_said(port, "protocol", "TCP")} {port.port}": true | some port in ports; object.get(port, "endPort", null) == null},
	}
}

_said(thing, field, otherwise) := thing[field] if {
	not thing[field] in [null, []]
} else := otherwise

_port(port) := {"port": port} if {
	is_number(port)
} else := port

# So that texts are in the order of the list.
_id(i) := format_int(1000000 + i, 10)

# METADATA
# description: The answer to the input.
decision := decision_of(_question)

default _question := null

_question := input

# METADATA
# description: The answer to what is not the input.
decision_of(question) := {"allowed": true, "reason": "nothing is left of it", "findings": []} if {
	question.request.operation == "DELETE"
} else := _refused("the question holds no NetworkPolicy of networking.k8s.io/v1") if {
	not _asks_of_a_policy(question)
} else := _refused("what is approved is not known: the parameters are wrong") if {
	not _built
	parameters.problems(_parameters) != []
} else := _judged(_findings(_object(question), _namespace(question)))

_asks_of_a_policy(question) if inventory.is_network_policy(_object(question))

_refused(reason) := {"allowed": false, "reason": reason, "findings": []}

_judged(findings) := {"allowed": false, "reason": failing[0], "findings": findings} if {
	failing := [found.message | some found in findings; found.level == "fail"]
	count(failing) > 0
} else := {"allowed": true, "reason": "nothing fails", "findings": findings}

_object(question) := question.request.object if {
	question.request
} else := question.object

_namespace(question) := name if {
	some name in [question.request.namespace]
	_is_name(name)
} else := question.namespace if {
	_is_name(question.namespace)
} else := "default"

_is_name(name) if {
	is_string(name)
	name != ""
}

# What is told at a glance takes a fraction of the time: a few small blocks on a few ports are narrow together as well.
_findings(thing, otherwise) := [] if {
	data.egress.approved.review.usual
	network_policy.isolates(thing)
	count([1 | thing.spec.egress[_].to[_]]) <= _most
	validity.problems(thing) == []
	namespace := inventory.namespace_of(thing, otherwise)
	labels := _required(thing.spec.podSelector)
	every rule in thing.spec.egress { _is_approved(rule, labels, namespace) }
} else := audit.findings(shard, _context, parameters.settings(_concerning(document, namespace))) if {
	namespace := inventory.namespace_of(thing, otherwise)
	document := {"object": thing, "source": {"order": 0, "folder": "", "duplicates": []}}
	shard := {"namespace": namespace, "documents": [document]}
}

_required(chosen) := object.get(chosen, "matchLabels", {})

# Blocks of IPv4 alone, each of them in one entry of the namespace's model, on ports that this entry has.
_is_approved(rule, labels, namespace) if {
	count(rule.to) > 0
	count(rule.ports) > 0
	count(rule.ports) <= _most
	count([1 | rule.ports[_].endPort]) == 0
	ports := [$"{object.get(entry, "protocol", "TCP")} {entry.port}" | some entry in rule.ports]
	every peer in rule.to {
		count(peer) + count(peer.ipBlock) == 2
		_is_in_one(cidr.parse(peer.ipBlock.cidr), ports, labels, namespace)
	}
}

_is_in_one(block, ports, labels, namespace) if {
	block.family == 4
	block.plain
	block.length >= 16
	some text in nearby.around(data.egress.approved.review.models[namespace].https.lengths, block)
	some id, _ in data.egress.approved.review.models[namespace].https.blocks[text]
	way := data.egress.approved.review.models[namespace].ways[id]
	object.union(labels, way.from) == labels
	_not_over(way.expires)
	every port in ports { way.ports[port] }
}

_not_over(date) if date == _never

_not_over(date) if date >= parameters.today(data.egress.approved.review.parameters)

_never := "9999-12-31"

_most := 64

_context := {"namespace": "", "namespaces": [], "alone": true}

# Each of these looks for one thing in the data: to look at all of it would take the longer the more is approved.
_built if data.egress.approved.review.form == 1

# The parameters, with no more than concerns the blocks of a policy. What shares no address with any says nothing about it.
_concerning(_, _) := _parameters if not _built

_concerning(document, namespace) := object.union_n([data.egress.approved.review.parameters, _list(blocks), _model(namespace, blocks)]) if {
	_built
	policy := network_policy.read(document, inventory.resource(document.object, namespace), parameters.usual)
	blocks := [claim | some rule in policy.rules; some claim in rule.allowance.claims]
}

# A list that is there says that all else is not approved, also where none of it is concerned.
_list(blocks) := {"approvedDestinations": [data.egress.approved.review.approved.entries[id] | some id in sort([id | some id in ids])]} if {
	_lists("approved")
	ids := {id |
		some block in blocks
		some id in _at(block)
	}
} else := {"approvedDestinations": []} if {
	_lists("models")
} else := {}

_lists(name) if data.egress.approved.review.lists[name]

_at(block) := {id | some text in nearby.around(data.egress.approved.review.approved.lengths, block); some id, _ in data.egress.approved.review.approved.blocks[text]} | {id | some id, _ in data.egress.approved.review.approved.inside[nearby.within(block)]}

_model(_, _) := {} if not _lists("models")

_model(namespace, _) := {"models": []} if {
	_lists("models")
	not data.egress.approved.review.models[namespace].model
}

_model(namespace, blocks) := {"models": [object.union(data.egress.approved.review.models[namespace].model, {"spec": {"https": https}})]} if {
	_lists("models")
	ids := {id |
		some block in blocks
		some id in _of(namespace, block)
	} | {id | some id in data.egress.approved.review.models[namespace].shapes}
	https := [data.egress.approved.review.models[namespace].https.entries[id] | some id in sort([id | some id in ids])]
}

_of(namespace, block) := {id |
	some text in nearby.around(data.egress.approved.review.models[namespace].https.lengths, block)
	some id, _ in data.egress.approved.review.models[namespace].https.blocks[text]
} | {id | some id, _ in data.egress.approved.review.models[namespace].https.inside[nearby.within(block)]}
