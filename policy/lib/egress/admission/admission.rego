# METADATA
# title: Admission
# description: |
#   Builds the view of a rule from what Gatekeeper hands it. The reviewed object takes the place of its namesake in the inventory;
#   a DELETE takes it out.
package lib.egress.admission

import data.lib.egress.inventory
import data.lib.egress.parameters

# The order of the reviewed object; those of the inventory follow.
reviewed := 0

# METADATA
# description: The view of the reviewed object alone, for rules that one object decides.
alone(request) := inventory.view(_namespace(request.review), _reviewed(request.review), _context, _settings(request))

# METADATA
# description: The view of the namespace of the reviewed object.
view(request, inventoried) := _view(request, inventoried, _reviewed(request.review))

# METADATA
# description: |
#   The workloads, by their resource, that something isolates now and nothing would once the reviewed change or DELETE is done.
exposed(request, inventoried) := {w.resource | some w in before.governed; w.covered} & {w.resource | some w in after.governed; not w.covered} if {
	before := _view(request, inventoried, _former(request.review))
	after := view(request, inventoried)
}

_view(request, inventoried, documents) := inventory.view(namespace, array.concat(documents, others), context, _settings(request)) if {
	namespace := _namespace(request.review)
	objects := [thing |
		some kinds in inventoried.namespace[namespace]
		some named in kinds
		some thing in named
		not _namesake(thing, request.review)
	]
	others := [_document(thing, i + 1) | some i, thing in objects]
	context := {"namespace": "", "namespaces": [inventory.namespace_labels(thing) | some thing in inventoried.cluster.v1.Namespace]}
}

_context := {"namespace": "", "namespaces": []}

_settings(request) := parameters.settings(object.get(request, "parameters", {}))

_document(thing, order) := {"object": thing, "source": {"order": order, "folder": "", "duplicates": []}}

_reviewed(review) := [_document(review.object, reviewed)] if {
	object.get(review, "operation", "") != "DELETE"
} else := []

# What the reviewed object takes the place of.
_former(review) := [_document(review.oldObject, reviewed)] if {
	is_object(review.oldObject)
	review.oldObject != {}
} else := []

_object(review) := review.object if {
	is_object(review.object)
	review.object != {}
} else := review.oldObject

_namespace(review) := inventory.namespace_of(_object(review), object.get(review, "namespace", "default"))

# Another version of the same group is the same object.
_namesake(thing, review) if {
	other := _object(review)
	inventory.group(thing.apiVersion) == inventory.group(other.apiVersion)
	thing.kind == other.kind
	thing.metadata.name == other.metadata.name
}

# METADATA
# description: What findings say of the reviewed object, as Gatekeeper reports it.
violations(findings) := [violation(found) | some found in findings; found.order == reviewed]

# METADATA
# description: A finding as Gatekeeper reports it, whose message is `msg`.
violation(found) := {"msg": found.message, "details": found}
