# METADATA
# title: Admission
# description: |
#   Builds the view of a rule from what Gatekeeper hands it: {"review", "parameters"}, and what it has synced. The reviewed object takes the
#   place of its namesake; a DELETE takes it out. A view holds only what the question concerns, since Gatekeeper asks it for each object anew, and is
#   undefined where the answer is at a glance that there is nothing to say. Views say besides which of their objects is "reviewed"
#   (an order, null for what goes), the "names" of all policies, and which "levels" are reported.
package lib.egress.admission

import data.lib.egress.dialects.network_policy
import data.lib.egress.dialects.network_policy.validity
import data.lib.egress.inventory
import data.lib.egress.judgement
import data.lib.egress.layers
import data.lib.egress.parameters
import data.lib.egress.selector
import data.lib.egress.synced
import data.lib.egress.unjudged
import data.lib.egress.waiver
import data.lib.egress.workload

# METADATA
# description: |
#   The view of the reviewed policy alone, its rules judged for one of "verdict", "metadata", "unlisted" and "expired". Only approvals by the labels of
#   pods ask for the workloads that it selects.
policy(part, request) := _judged(part, thing, settings, request) if {
	some thing in _policies(request)
	settings := _settings(request)
	_remarkable(part, thing, settings)
}

_judged(part, thing, settings, request) := _of(request, [thing], _selected(thing, request)) if {
	_by_labels(settings)
} else := object.union(_head(request), {"policies": [judged]}) if {
	facts := network_policy.read(_document(thing, 0), _resource(thing, request), settings)
	judged := judgement.policy_for(part, facts, [], _context_of([thing]), settings)
}

_remarkable("verdict", thing, settings) if not network_policy.narrow(thing, settings)

_remarkable("metadata", thing, _) if not network_policy.reaches_no_metadata(thing)

_remarkable("unlisted", _, settings) if settings.approvals != null

_remarkable("expired", _, settings) if {
	some approval in settings.approvals
	approval.expired
}

_by_labels(settings) if {
	some approval in settings.approvals
	count(approval.labels) > 0
}

# METADATA
# description: |
#   The view of the layers of the reviewed policy, with the workloads that it selects; or of all policies, for what an audit says of a namespace on
#   the first of its workloads. Whether a layer is missing is nothing that admission could tell: policies are applied one after the other.
layered(request) := layers.seen(_of_whole(request)) if {
	_settings(request).models != null
	not changes(request)
	_bears(request)
} else := layers.seen(_of_alone(request, [thing], _selected(thing, request))) if {
	_settings(request).models != null
	some thing in _policies(request)
	network_policy.isolates(thing)
}

# The first workload, or the first policy where there is none.
_bears(request) if {
	some thing in _workloads(request)
	count(_pods(thing)) > 0
	_stands_alone(thing, request)
	not _preceded(thing, request)
}

_bears(request) if {
	some thing in _policies(request)
	not _governs_some(request)
	count([1 | some name in synced.policy_names(namespace(request)); name < _name(thing)]) == 0
}

_of_whole(request) := _of(request, _given(request.review), array.concat(
	[_neighbour(name, request) | some name in synced.policy_names(namespace(request))],
	_makers({}, request),
))

# METADATA
# description: The view of the reviewed policy with no more than its ambiguous blocks.
ambiguous(request) := object.union(_head(request), {"policies": [facts]}) if {
	some thing in _policies(request)
	not network_policy.plain(thing)
	facts := {"order": 0, "resource": _resource(thing, request), "object": thing, "ambiguous": network_policy.ambiguous(thing)}
}

# METADATA
# description: The view of the reviewed object alone, if it cannot be judged.
unjudged_alone(request) := object.union(_head(request), {"unjudged": [{"order": 0, "resource": _resource(thing, request), "object": thing}]}) if {
	some thing in _given(request.review)
	unjudged.is(thing)
}

# METADATA
# description: The view of the reviewed object alone, with nothing but its problems.
problems(request) := object.union(_head(request), {"workloads": [], "policies": [facts]}) if {
	some thing in _policies(request)
	found := validity.problems(thing)
	found != []
	facts := {"order": 0, "resource": _resource(thing, request), "problems": found}
} else := object.union(_head(request), {"workloads": [facts], "policies": []}) if {
	some thing in _workloads(request)
	facts := workload.of(_document(thing, 0), _resource(thing, request))
	facts.problems != []
	_stands_alone(thing, request)
}

# METADATA
# description: The view of the reviewed workload, if it is on the host's network, without what covers it.
on_host_network(request) := object.union(_head(request), {"workloads": [facts]}) if {
	some thing in _workloads(request)
	facts := workload.of(_document(thing, 0), _resource(thing, request))
	count([1 | some template in facts.templates; template.host_network]) > 0
	_stands_alone(thing, request)
}

# METADATA
# description: The view of the reviewed policy, if it isolates none of the workloads that are there, with one of these.
idle(request) := _of(request, [thing], [other]) if {
	some thing in _policies(request)
	network_policy.isolates(thing)
	not _selects_some(thing, request)
	other := [found |
		some key in synced.makers(namespace(request), {})
		found := synced.maker(namespace(request), key)
		count(workload.templates(found)) > 0
	][0]
}

# METADATA
# description: |
#   The view whose "governed" are the workloads that nothing isolates, though others are: the reviewed one, or those that a changed policy, or
#   one that goes, would leave so.
left_out(request) := _bare(request, left) if {
	left := _unisolated(request)
	count(left) > 0
	_isolates_some(request)
}

# METADATA
# description: |
#   The view whose one of "governed" is the workload of which it is said that nothing isolates in its namespace. A change is refused on whatever
#   workload it is; what is there already is said once, on the first workload.
unprotected(request) := _bare(request, [bearer]) if {
	left := _unisolated(request)
	count(left) > 0
	not _isolates_some(request)
	bearer := _bearer(left, request)
}

_bearer(left, request) := _first(request) if {
	reviews_policy(request)
} else := left[0] if {
	changes(request)
} else := left[0] if {
	not _preceded(left[0], request)
}

# METADATA
# description: |
#   The view in which the reach of a workload, or of a group of policies, may be wide only in sum: of the reviewed workload, of those that the
#   reviewed policy selects, or of the policies of its selector.
together(request) := _of(request, _given(request.review), _concerned(request))

# METADATA
# description: |
#   Of findings in `together`, those on others that the change of a policy causes: of reaches that were not "open" or "broad" before.
caused(found, view, word, request) := [one | some one in others; not _was(one, view, before, word)] if {
	reviews_policy(request)
	changes(request)
	others := [one | some one in found; one.order != view.reviewed]
	count(others) > 0
	before := _of(request, _former(request.review), _concerned(request))
} else := []

_was(found, _, before, word) if {
	some subject in before.governed
	subject.resource == found.resource
	some reach in subject.reaches
	reach.left[word]
}

_was(found, view, before, word) if {
	some of_group in view.policies
	of_group.order == found.order
	some group in before.combined
	group.reach.left[word]
	before.policies[group.first].normal == of_group.normal
}

# METADATA
# description: Whether the reviewed object is, or was, a policy.
reviews_policy(request) if inventory.is_network_policy(_object(request.review))

# METADATA
# description: Whether the review is of a change, and not of what is there, as an audit's is.
changes(request) if request.review.operation in {"CREATE", "UPDATE", "DELETE"}

# METADATA
# description: The namespace of the reviewed object, "" for one that is cluster-wide.
namespace(request) := inventory.namespace_of(_object(request.review), _said_namespace(request.review))

_said_namespace(review) := review.namespace if {
	is_string(review.namespace)
	review.namespace != ""
} else := "default"

# METADATA
# description: What Gatekeeper reports of findings about the reviewed object.
own(found, view) := said([one | some one in found; one.order == view.reviewed], view)

# METADATA
# description: What Gatekeeper reports of findings, with the message as `msg`. Only levels that the constraint asks for are reported.
said(found, view) := [{"msg": one.message, "details": one} |
	some one in waiver.applied(found, view.settings)
	one.level in view.levels
]

# METADATA
# description: What every reviewed object is told where the parameters are wrong. The defaults hold then.
misconfigured(request) := [] if {
	_are_usual(request.parameters)
} else := [{"msg": message, "details": problem} |
	some problem in _problems(request)
	message := $"parameter {problem.path} {problem.message}"
]

# What every view says.
_head(request) := {"namespace": namespace(request), "settings": _settings(request), "reviewed": 0, "levels": _levels(request)}

_all_levels := ["fail", "warn"]

_levels(request) := levels if {
	_level_problems(request) == []
	levels := request.parameters.levels
	levels != null
} else := _all_levels

# The usual ones are not checked for each object anew.
_problems(request) := _level_problems(request) if {
	_parameters(request) == {}
} else := array.concat(parameters.problems(_parameters(request)), _level_problems(request))

_level_problems(request) := [{"path": "levels", "message": "must list fail, warn or both"} | not _valid_levels(request)]

_valid_levels(request) if object.get(_constraint_parameters(request), "levels", null) == null

_valid_levels(request) if {
	levels := request.parameters.levels
	is_array(levels)
	count(levels) > 0
	every level in levels { level in _all_levels }
}

_constraint_parameters(request) := request.parameters if {
	is_object(request.parameters)
} else := {}

# Which rules are asked and which levels are reported is the constraint's matter alone.
_parameters(request) := object.remove(request.parameters, ["levels", "rules"]) if {
	is_object(request.parameters)
} else := request.parameters if {
	request.parameters != null
} else := {}

_are_usual({})

_are_usual(given) if object.keys(given) == {"rules"}

# With parameters that are wrong the defaults hold.
_settings(request) := parameters.usual if {
	_are_usual(request.parameters)
} else := parameters.settings(_parameters(request)) if {
	_problems(request) == []
} else := parameters.settings({})

_resource(thing, request) := inventory.resource(thing, namespace(request))

# The object as it will be.
_given(review) := [review.object] if {
	object.get(review, "operation", "") != "DELETE"
	is_object(review.object)
	review.object != {}
} else := []

# The object as it was, and as it is no more.
_former(review) := [review.oldObject] if {
	_is_there(review.oldObject)
} else := []

_is_there(thing) if {
	is_object(thing)
	thing != {}
}

_object(review) := review.object if {
	_is_there(review.object)
} else := review.oldObject if {
	_is_there(review.oldObject)
} else := {}

_policies(request) := [thing | some thing in _given(request.review); inventory.is_network_policy(thing)]

_workloads(request) := [thing | some thing in _given(request.review); not inventory.is_network_policy(thing)]

# The view of some objects and of others around them.
_of(request, subjects, others) := _seen(request, subjects, others, {})

# The same where the others are not all that there are.
_of_alone(request, subjects, others) := _seen(request, subjects, others, {"alone": true})

_seen(request, subjects, others, more) := object.union(
	inventory.view(namespace(request), documents, object.union(_context_of(objects), more), _settings(request)),
	{"reviewed": _position(subjects, objects), "names": set(), "levels": _levels(request)},
) if {
	objects := _sorted(array.concat(subjects, others))
	documents := [_document(thing, i) | some i, thing in objects]
}

# The same of some workloads without what covers them.
_bare(request, workloads) := object.union(_of(request, workloads, []), {"names": _taken(request)})

_position([], _) := null

_position(subjects, objects) := min({i | some i, thing in objects; thing == subjects[0]}) if count(subjects) > 0

# A cluster has its objects in the order of their names, as a List has them that kubectl gets.
_sorted(objects) := [objects[key[2]] | some key in sort([[thing.kind, _name(thing), i] | some i, thing in objects])]

_name(thing) := name if {
	name := thing.metadata.name
	is_string(name)
} else := ""

_document(thing, order) := {"object": thing, "source": {"order": order, "folder": "", "duplicates": []}}

# Only a selector that leaves namespaces out has to know them all.
_context_of(objects) := {"namespace": "", "namespaces": labels} if {
	some thing in objects
	some rule in thing.spec.egress
	some peer in rule.to
	count(peer.namespaceSelector.matchExpressions) > 0
	labels := [inventory.namespace_labels(found) | some found in synced.namespaces]
} else := {"namespace": "", "namespaces": []}

# The names that a new policy cannot have. The one that goes gives its own back.
_taken(request) := synced.policy_names(namespace(request)) - {_name(thing) |
	some thing in _former(request.review)
	inventory.is_network_policy(thing)
	_given(request.review) == []
}

# The synced policies that may select pods of these labels, but for the reviewed one.
_policies_for(labels, request) := [found |
	some name in synced.policies_for(namespace(request), labels)
	found := _neighbour(name, request)
]

_neighbour(name, request) := found if {
	not _reviewed_policy(name, request)
	found := synced.policy(namespace(request), name)
}

# A policy of a former group is another object.
_reviewed_policy(name, request) if {
	thing := _object(request.review)
	thing.kind == "NetworkPolicy"
	inventory.group(thing.apiVersion) == "networking.k8s.io"
	thing.metadata.name == name
}

# What else makes pods and may give them these labels. Another version of the same group is the same object.
_makers(labels, request) := [found |
	some key in synced.makers(namespace(request), labels)
	not _reviewed_maker(key, request)
	found := synced.maker(namespace(request), key)
]

_reviewed_maker([version, kind, name], request) if {
	thing := _object(request.review)
	[thing.kind, thing.metadata.name] == [kind, name]
	inventory.group(thing.apiVersion) == inventory.group(version)
}

# The pods of a workload that policies can govern.
_pods(thing) := [template | some template in workload.templates(thing); not template.host_network]

# Who is selected by a policy, in one pod at least.
_selected(thing, request) := [found |
	wanted := selector.wanted(network_policy.selector_of(thing))
	compiled := selector.compiled(network_policy.selector_of(thing))
	some found in _makers(wanted, request)
	_selects_one(compiled, found)
]

_selects_one(compiled, thing) if {
	some pod in _pods(thing)
	selector.selects(compiled, pod.labels)
}

_selects_some(thing, request) if {
	compiled := selector.compiled(network_policy.selector_of(thing))
	some key in synced.makers(namespace(request), selector.wanted(network_policy.selector_of(thing)))
	_selects_one(compiled, synced.maker(namespace(request), key))
}

# The policies that select a pod of some workloads, also pods on the host's network.
_selecting(workloads, request) := [_neighbour(name, request) |
	some name in {name |
		some thing in workloads
		some template in workload.templates(thing)
		some name in synced.policies_for(namespace(request), template.labels)
		selector.selects(_compiled(name, request), template.labels)
	}
]

_compiled(name, request) := selector.compiled(network_policy.selector_of(_neighbour(name, request)))

# The controllers of some workloads, as far as Pod, ReplicaSet, Deployment and one more.
_controllers(things, request) := array.flatten([first, second, third]) if {
	first := _owners(things, request)
	second := _owners(first, request)
	third := _owners(second, request)
}

_owners(things, request) := [found |
	some owner in {owner | some thing in things; owner := workload.owner(thing); owner != null}
	some found in array.concat(_workloads(request), synced.makers_named(namespace(request), owner.kind, owner.name))
	[found.kind, _name(found)] == [owner.kind, owner.name]
	_is_newest(found, request)
]

# The reviewed object as it will be is given, and not what is synced of it.
_is_newest(found, request) if not _reviewed_maker([found.apiVersion, found.kind, _name(found)], request)

_is_newest(found, request) if found in _workloads(request)

# Whether a workload is judged by itself, and not by the controller that makes it.
_stands_alone(thing, _) if workload.owner(thing) == null

_stands_alone(thing, request) if {
	workload.owner(thing) != null
	view := _of(request, [thing], array.concat(_policies(request), _around([thing], request)))
	some facts in view.workloads
	facts.order == view.reviewed
}

# The controllers of some workloads, and the policies that select any of them.
_around(things, request) := array.concat(chain, _selecting(array.concat(things, chain), request)) if {
	chain := _controllers(things, request)
}

# Whether something isolates every pod of a workload, given the reviewed policy as it is or was.
_covered(thing, reviewed, request) if {
	every pod in _pods(thing) { _isolated(pod, reviewed, request) }
}

_isolated(pod, reviewed, _) if {
	some candidate in reviewed
	_isolates(candidate, pod)
}

_isolated(pod, _, request) if {
	some candidate in _policies_for(pod.labels, request)
	_isolates(candidate, pod)
}

_isolates(candidate, pod) if {
	inventory.is_network_policy(candidate)
	network_policy.isolates(candidate)
	selector.matches(network_policy.selector_of(candidate), pod.labels)
	validity.problems(candidate) == []
}

# The reviewed workload if nothing isolates it, or those that something isolated and nothing does once the reviewed policy is changed or
# gone. Where the whole namespace goes nobody is left.
_unisolated(request) := [thing |
	some thing in _workloads(request)
	count(_pods(thing)) > 0
	not _covered(thing, [], request)
	_stands_alone(thing, request)
] if {
	not reviews_policy(request)
} else := [thing |
	some old in _former(request.review)
	some thing in _selected(old, request)
	_covered(thing, [old], request)
	not _covered(thing, _given(request.review), request)
] if {
	_may_expose(request)
} else := []

_may_expose(request) if {
	request.review.operation in {"UPDATE", "DELETE"}
	some old in _former(request.review)
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
_terminating(request) if is_string(request.review.namespaceObject.metadata.deletionTimestamp)

_terminating(request) if is_string(synced.namespaces[namespace(request)].metadata.deletionTimestamp)

# Whether a policy isolates some workload of the namespace.
_isolates_some(request) if {
	_isolates_any(request)
	some key in synced.makers(namespace(request), {})
	not _reviewed_maker(key, request)
	thing := synced.maker(namespace(request), key)
	count(_pods(thing)) > 0
	_covered(thing, _policies(request), request)
	_stands_alone(thing, request)
}

# Whether there is a policy at all that may isolate somebody.
_isolates_any(request) if {
	some thing in _policies(request)
	network_policy.isolates(thing)
}

_isolates_any(request) if {
	some name in synced.policy_names(namespace(request))
	network_policy.isolates(_neighbour(name, request))
}

# Whether another workload comes before, by kind and name.
_preceded(thing, request) if {
	some key in synced.makers(namespace(request), {})
	[key[1], key[2]] < [thing.kind, _name(thing)]
	other := synced.maker(namespace(request), key)
	count(_pods(other)) > 0
	_stands_alone(other, request)
}

_first(request) := synced.maker(namespace(request), [key[2], key[0], key[1]]) if {
	key := min({[kind, name, version] |
		some [version, kind, name] in synced.makers(namespace(request), {})
		thing := synced.maker(namespace(request), [version, kind, name])
		count(_pods(thing)) > 0
		_stands_alone(thing, request)
	})
}

# What is beside the reviewed object where something may be wide in sum.
_concerned(request) := _around([thing], request) if {
	some thing in _workloads(request)
	_adds_up(thing, [], request)
} else := array.concat(wide, _around(wide, request)) if {
	changes(request)
	not _only_metadata_changes(request.review)
	some thing in _policies(request)
	_lets_out(thing, request)
	wide := [found | some found in _selected(thing, request); _adds_up(found, [thing], request)]
	count(wide) > 0
} else := group if {
	some thing in _policies(request)
	_lets_out_unless_audited(thing, request)
	not _governs_some(request)
	group := _group(thing, request)
	_too_much(array.concat([thing], group), request)
}

_only_metadata_changes(review) if review.object.spec == review.oldObject.spec

# A change of a policy that lets nothing public out makes nothing wide.
_lets_out_unless_audited(_, request) if not changes(request)

_lets_out_unless_audited(thing, request) if {
	changes(request)
	_lets_out(thing, request)
}

_lets_out(thing, request) if network_policy.lets_out(thing, _settings(request).space)

_adds_up(thing, reviewed, request) if {
	some pod in _pods(thing)
	candidates := array.concat(reviewed, _policies_for(pod.labels, request))
	_too_much([found | some found in candidates; selector.matches(network_policy.selector_of(found), pod.labels)], request)
}

_too_much(policies, request) if {
	settings := _settings(request)
	some family in [4, 6]
	n := sum([most[family] | some found in policies; most := network_policy.most(found, settings.space)])
	n > settings.few[family]
}

# Without workloads: the policies of the same selector, and those that select every pod; a change of one of these concerns all.
_group(thing, request) := [found | some name in synced.policy_names(namespace(request)); found := _neighbour(name, request)] if {
	changes(request)
	selector.normal(network_policy.selector_of(thing)) == set()
} else := [found |
	mine := selector.normal(network_policy.selector_of(thing))
	some name in synced.policies_by(namespace(request), selector.wanted_by_normal(mine))
	found := _neighbour(name, request)
	selector.normal(network_policy.selector_of(found)) in {mine, set()}
]

_governs_some(request) if {
	some key in synced.makers(namespace(request), {})
	count(_pods(synced.maker(namespace(request), key))) > 0
}
