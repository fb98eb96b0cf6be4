# METADATA
# title: Admission
# description: |
#   Builds the view of a rule from what Gatekeeper hands it: {"review", "parameters"}, and what it has synced. The reviewed object takes the
#   place of its namesake; a DELETE takes it out. A view holds only what the question concerns, since Gatekeeper asks it for each object anew:
#   the policies that select a workload, the workloads that a policy selects. Views say besides which of their objects is "reviewed"
#   (an order, null for what goes), the "names" of all policies, which "levels" are reported, and what is "misconfigured".
package lib.egress.admission

import data.lib.egress.dialects.network_policy
import data.lib.egress.dialects.network_policy.validity
import data.lib.egress.inventory
import data.lib.egress.judgement
import data.lib.egress.parameters
import data.lib.egress.selector
import data.lib.egress.synced
import data.lib.egress.unjudged
import data.lib.egress.waiver
import data.lib.egress.workload

# METADATA
# description: |
#   The view of the reviewed policy alone, its rules judged. Only approvals by the labels of pods ask for the workloads that it selects.
policy(request) := object.union(_head(request), {"policies": [judged |
	some document in _reviewed(request.review)
	inventory.is_network_policy(document.object)
	facts := network_policy.read(document, _resource(document.object, request), settings)
	judged := judgement.policy(facts, [], _context(document.object), settings)
]}) if {
	settings := _settings(request)
	not _by_labels(settings)
} else := view(request)

_by_labels(settings) if {
	some approval in settings.approvals
	count(approval.labels) > 0
}

# METADATA
# description: The view of the reviewed workload alone, without what covers it.
workload_alone(request) := object.union(_head(request), {"workloads": [facts |
	some document in _reviewed(request.review)
	facts := workload.of(document, _resource(document.object, request))
]})

# METADATA
# description: The view of the reviewed object alone, if it cannot be judged.
unjudged_alone(request) := object.union(_head(request), {"unjudged": [subject |
	some document in _reviewed(request.review)
	unjudged.is(document.object)
	subject := {"order": document.source.order, "resource": _resource(document.object, request), "object": document.object}
]})

# METADATA
# description: The view of the reviewed object alone, with nothing but its problems.
problems(request) := object.union(_head(request), {
	"policies": [subject |
		some document in _reviewed(request.review)
		inventory.is_network_policy(document.object)
		subject := {
			"order": document.source.order, "resource": _resource(document.object, request),
			"problems": validity.problems(document.object),
		}
	],
	"workloads": [facts |
		some document in _reviewed(request.review)
		not inventory.is_network_policy(document.object)
		facts := workload.of(document, _resource(document.object, request))
	],
})

# METADATA
# description: The view of the reviewed object with the neighbours that it concerns.
view(request) := _view(request, _given(request.review), _neighbours(request))

# METADATA
# description: The same before the reviewed change.
former(request) := _view(request, _former(request.review), _neighbours(request))

# METADATA
# description: |
#   The view of the reviewed policy with one of the workloads that it selects, or with another one: enough to tell whether there is one.
glance(request) := _of(request, _given(request.review), array.slice(found, 0, 1)) if {
	others := _neighbours(request)
	found := array.concat(
		_selected(_given(request.review), others),
		[thing | some thing in others; _makes_pods(thing)],
	)
}

# METADATA
# description: The view of the whole namespace.
whole(request) := _of(request, _given(request.review), _neighbours(request))

# METADATA
# description: Whether the reviewed object is, or was, a policy.
reviews_policy(request) if inventory.is_network_policy(_object(request.review))

# METADATA
# description: |
#   Whether the reviewed object may be found wide together with others: a workload, or a policy in a namespace without workloads. A change of
#   a policy that lets nothing public out makes nothing wide.
judged_together(request) if not reviews_policy(request)

judged_together(request) if {
	reviews_policy(request)
	not changes(request)
	not _governed(_neighbours(request))
}

judged_together(request) if {
	may_open(request)
	not _governed(_neighbours(request))
}

# METADATA
# description: Whether the review is of a new or changed policy that lets something public out.
may_open(request) if {
	request.review.operation in {"CREATE", "UPDATE"}
	some document in _reviewed(request.review)
	inventory.is_network_policy(document.object)
	facts := network_policy.read(document, _resource(document.object, request), _settings(request))
	some rule in facts.rules
	some claim in rule.allowance.claims
	claim.public > 0
}

# METADATA
# description: Whether the review is of a change, and not of what is there, as an audit's is.
changes(request) if request.review.operation in {"CREATE", "UPDATE", "DELETE"}

# METADATA
# description: |
#   The workloads, by their resource, that something isolates now and nothing would once the reviewed policy is changed or gone. Where the
#   whole namespace goes nobody is.
exposed(request) := {w.resource | some w in before.governed; w.covered} & {w.resource | some w in after.governed; not w.covered} if {
	_may_expose(request)
	before := former(request)
	after := view(request)
} else := set()

_may_expose(request) if {
	request.review.operation in {"UPDATE", "DELETE"}
	some old in _former(request.review)
	inventory.is_network_policy(old)
	network_policy.isolates(old)
	not _selects_the_same(old, request.review)
	not _terminating(request)
}

_selects_the_same(old, review) if {
	some new in _given(review)
	network_policy.isolates(new)
	network_policy.selector_of(new) == network_policy.selector_of(old)
	validity.problems(new) == []
}

# A namespace takes its policies and its workloads along, in any order.
_terminating(request) if request.review.namespaceObject.metadata.deletionTimestamp

_terminating(request) if synced.namespaces[namespace(request)].metadata.deletionTimestamp

# METADATA
# description: Whether a policy isolates some workload of the namespace.
isolates_some(request) if {
	objects := array.concat(_given(request.review), _neighbours(request))
	isolating := [found |
		some thing in objects
		inventory.is_network_policy(thing)
		network_policy.isolates(thing)
		found := {"compiled": selector.compiled(network_policy.selector_of(thing)), "object": thing}
	]
	count(isolating) > 0
	some thing in objects
	pods := _pods(thing)
	count(pods) > 0
	every pod in pods { _isolated(pod, isolating) }
}

_isolated(pod, isolating) if {
	some candidate in isolating
	selector.selects(candidate.compiled, pod.labels)
	validity.problems(candidate.object) == []
}

# METADATA
# description: Whether a workload of its own comes before this one, by kind and name, so that the finding of the namespace is on that one.
preceded(request, subject) if {
	some thing in _neighbours(request)
	[thing.kind, thing.metadata.name] < [subject.resource.kind, subject.resource.name]
	count(_pods(thing)) > 0
	workload.owner(thing) == null
}

# METADATA
# description: The namespace of the reviewed object, "" for one that is cluster-wide.
namespace(request) := inventory.namespace_of(_object(request.review), object.get(request.review, "namespace", "default"))

# METADATA
# description: What Gatekeeper reports of findings about the reviewed object.
own(found, view_of) := said([one | some one in found; one.order == view_of.reviewed], view_of)

# METADATA
# description: What Gatekeeper reports of findings, with the message as `msg`. Only levels that the constraint asks for are reported.
said(found, view_of) := array.concat(view_of.misconfigured, [{"msg": one.message, "details": one} |
	some one in waiver.applied(found, view_of.settings)
	one.level in view_of.levels
])

_view(request, subjects, others) := _of(request, subjects, _concerning(_subjects(request.review), others))

_subjects(review) := array.concat(_given(review), _former(review))

_of(request, subjects, others) := object.union(_head(request), object.union(
	inventory.view(namespace(request), documents, _context_of(objects), _settings(request)),
	{"reviewed": reviewed, "names": {_name(thing) | some thing in _neighbours(request); inventory.is_network_policy(thing)}},
)) if {
	objects := _sorted(array.concat(subjects, others))
	documents := [_document(thing, i) | some i, thing in objects]
	reviewed := _position(subjects, objects)
}

_position([], _) := null

_position(subjects, objects) := min({i | some i, thing in objects; thing == subjects[0]}) if count(subjects) > 0

# A cluster has its objects in the order of their names, as a List has them that kubectl gets.
_sorted(objects) := [objects[key[2]] | some key in sort([[thing.kind, _name(thing), i] | some i, thing in objects])]

_name(thing) := name if {
	name := thing.metadata.name
	is_string(name)
} else := ""

# What every view says.
_head(request) := {
	"namespace": namespace(request),
	"settings": _settings(request),
	"reviewed": 0,
	"levels": object.get(_parameters(request), "levels", ["fail", "warn"]),
	"misconfigured": [{"msg": message, "details": problem} |
		some problem in _problems(request)
		message := $"parameter {problem.path} {problem.message}"
	],
}

_parameters(request) := request.parameters if {
	is_object(request.parameters)
} else := {}

# Which levels are reported is the constraint's matter alone.
_given_parameters(request) := object.remove(_parameters(request), ["levels"])

# The usual ones are not checked for each object anew.
_problems(request) := [] if {
	_given_parameters(request) == {}
} else := parameters.problems(_given_parameters(request))

# With parameters that are wrong the defaults hold, and every object is told so.
_settings(request) := parameters.settings(_given_parameters(request)) if {
	_problems(request) == []
} else := parameters.settings({})

_resource(thing, request) := inventory.resource(thing, namespace(request))

# Only a selector that leaves namespaces out has to know them all.
_context(thing) := _context_of([thing])

_context_of(objects) := {"namespace": "", "namespaces": labels} if {
	some thing in objects
	some rule in thing.spec.egress
	some peer in rule.to
	count(peer.namespaceSelector.matchExpressions) > 0
	labels := [inventory.namespace_labels(found) | some found in synced.namespaces]
} else := {"namespace": "", "namespaces": []}

_document(thing, order) := {"object": thing, "source": {"order": order, "folder": "", "duplicates": []}}

_reviewed(review) := [_document(thing, 0) | some thing in _given(review)]

# The object as it will be.
_given(review) := [review.object] if {
	object.get(review, "operation", "") != "DELETE"
	is_object(review.object)
} else := []

# The object as it was, and as it is no more.
_former(review) := [review.oldObject] if {
	is_object(review.oldObject)
	review.oldObject != {}
} else := []

_object(review) := review.object if {
	is_object(review.object)
	review.object != {}
} else := review.oldObject

_neighbours(request) := [thing |
	some kinds in synced.objects(namespace(request))
	some named in kinds
	some thing in named
	not _namesake(thing, request.review)
]

# Another version of the same group is the same object.
_namesake(thing, review) if {
	other := _object(review)
	inventory.group(thing.apiVersion) == inventory.group(other.apiVersion)
	thing.kind == other.kind
	thing.metadata.name == other.metadata.name
}

# What a policy concerns: the workloads that it selects or selected, and the policies that select them. Where there are none, all.
_concerning(subjects, others) := array.concat(workloads, _selecting(workloads, others)) if {
	some subject in subjects
	inventory.is_network_policy(subject)
	_governed(others)
	workloads := _selected(subjects, others)
} else := others if {
	some subject in subjects
	inventory.is_network_policy(subject)
} else := array.concat(chain, _selecting(array.concat(subjects, chain), others)) if {
	# What a workload concerns: its controllers, and the policies that select it or them.
	chain := _controllers(subjects, others)
}

_governed(objects) if {
	some thing in objects
	count(_pods(thing)) > 0
}

# The pods of a workload that policies can govern.
_pods(thing) := [template |
	not inventory.is_network_policy(thing)
	some template in workload.templates(thing)
	not template.host_network
]

_makes_pods(thing) if {
	not inventory.is_network_policy(thing)
	count(workload.templates(thing)) > 0
}

_selected(subjects, others) := [thing |
	selectors := [selector.compiled(network_policy.selector_of(subject)) | some subject in subjects; inventory.is_network_policy(subject)]
	some thing in others
	_selects_one(selectors, thing)
]

_selects_one(selectors, thing) if {
	some pod in _pods(thing)
	some compiled in selectors
	selector.selects(compiled, pod.labels)
}

_selecting(workloads, others) := [thing |
	labels := {template.labels | some workload_of in workloads; some template in workload.templates(workload_of)}
	some thing in others
	inventory.is_network_policy(thing)
	_selects_any(selector.compiled(network_policy.selector_of(thing)), labels)
]

_selects_any(compiled, labels) if {
	some of_pod in labels
	selector.selects(compiled, of_pod)
}

# As far as Pod, Job, CronJob and whatever makes those.
_controllers(subjects, others) := array.flatten([first, second, third]) if {
	first := _owners(subjects, others)
	second := _owners(first, others)
	third := _owners(second, others)
}

_owners(subjects, others) := [thing |
	owners := {[owner.kind, owner.name] | some subject in subjects; owner := workload.owner(subject); owner != null}
	count(owners) > 0
	some thing in others
	[thing.kind, thing.metadata.name] in owners
]
