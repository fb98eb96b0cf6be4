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
view(request, inventoried) := inventory.view(namespace, array.concat(_reviewed(request.review), others), context, _settings(request)) if {
	namespace := _namespace(request.review)
	objects := [thing |
		some kinds in inventoried.namespace[namespace]
		some named in kinds
		some thing in named
		not _namesake(thing, request.review)
	]
	others := [{"object": thing, "source": {"order": i + 1, "folder": "", "duplicates": []}} | some i, thing in objects]
	context := {"namespace": "", "namespaces": [labels | some thing in inventoried.cluster.v1.Namespace; labels := thing.metadata.labels]}
}

_context := {"namespace": "", "namespaces": []}

_settings(request) := parameters.settings(object.get(request, "parameters", {}))

_reviewed(review) := [{"object": review.object, "source": {"order": reviewed, "folder": "", "duplicates": []}}] if {
	object.get(review, "operation", "") != "DELETE"
} else := []

_object(review) := review.object if {
	is_object(review.object)
	review.object != {}
} else := review.oldObject

_namespace(review) := namespace if {
	namespace := _object(review).metadata.namespace
} else := object.get(review, "namespace", "default")

_namesake(thing, review) if {
	other := _object(review)
	thing.kind == other.kind
	thing.metadata.name == other.metadata.name
}

# METADATA
# description: A finding as Gatekeeper reports it, whose message is `msg`.
violation(found) := {"msg": found.message, "details": found}
