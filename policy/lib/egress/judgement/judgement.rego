# METADATA
# title: Judgement of rules and reaches
# description: |
#   Joins widths with approvals. A rule's verdict is the first of "open-egress", "any-destination", "broad-destination", "all-pods" and
#   "all-ports" that holds of what the approvals leave, or "narrow".
package lib.egress.judgement

import data.lib.egress.allowance
import data.lib.egress.selector
import data.lib.egress.width

# METADATA
# description: |
#   A policy with its rules judged, given the pods that it selects as {"resource", "labels"}, and the restraints (see `restraints`) that hold for them, a list for
#   each that differs: the rules gain "verdict", "broad", "metadata" (see `width.metadata`), "unlisted", "expired" ([{"name", "expires"}] of approvals), "excused", "approvals" and
#   "restraints"; the policy gains "selected". A rule is as wide as it is for any of them.
policy(facts, selected, held, context, settings) := object.union(facts, {
	"selected": selected,
	"rules": [judged |
		some rule in facts.rules
		judged := _widest([found | some restraints_of in held; found := _rule(rule, restraints_of, approvals, context, settings)])
	],
}) if {
	approvals := approvals_of_policy(facts, selected, settings)
}

_widest([judged]) := judged

_widest(found) := object.union(found[first], {
	"broad": count([1 | some one in found; one.broad]) > 0,
	"metadata": reaching.metadata, "metadata_under": reaching.restraints,
	"unlisted": count([1 | some one in found; one.unlisted]) > 0,
	"excused": count([1 | some one in found; one.excused]) > 0,
}) if {
	count(found) > 1
	reaching := array.concat([one | some one in found; one.metadata != []], found)[0]
	[_, first] := min({[_rank[one.verdict], i] | some i, one in found})
}

_rank := {"open-egress": 0, "any-destination": 1, "broad-destination": 2, "all-pods": 3, "all-ports": 4, "narrow": 5}

_rule(rule, held, approvals, context, settings) := object.union(rule, {
	"verdict": verdict(rule.allowance, held, effective, context, settings),
	"broad": _left(array.concat([rule.allowance], held), effective, settings).broad,
	"metadata": width.metadata(rule.allowance, held, _allowances(effective)),
	"unlisted": _unlisted(rule.allowance, held, effective, settings),
	"expired": _expired(rule.allowance, held, approvals, context, settings),
	"excused": _excused(rule.allowance, held, effective, settings),
	"approvals": effective,
	"restraints": held,
	"metadata_under": held,
}) if {
	effective := _effective(approvals, settings)
}

# METADATA
# description: The same, but the rules gain no more than one of "verdict", "metadata", "unlisted" and "expired", and "approvals".
policy_for(part, facts, selected, context, settings) := object.union(facts, {
	"selected": selected,
	"rules": [object.union(rule, {part: found, "approvals": effective}) |
		some rule in facts.rules
		found := _part(part, rule.allowance, approvals, effective, context, settings)
	],
}) if {
	approvals := approvals_of_policy(facts, selected, settings)
	effective := _effective(approvals, settings)
}

_part("verdict", given, _, effective, context, settings) := verdict(given, [], effective, context, settings)

_part("metadata", given, _, effective, _, _) := width.metadata(given, [], _allowances(effective))

_part("unlisted", given, _, effective, _, settings) := _unlisted(given, [], effective, settings)

_part("expired", given, approvals, _, context, settings) := _expired(given, [], approvals, context, settings)

# Whether it takes an approval for the rule not to be open.
_excused(_, _, [], _) := false

_excused(given, held, approvals, settings) := _less_open(
	width.of(array.concat([given], held), [], [], settings).open,
	_left(array.concat([given], held), approvals, settings).open,
) if {
	count(approvals) > 0
}

_less_open(without, with_approvals) if {
	without
	not with_approvals
} else := false

_left(allowances, approvals, settings) := width.of(
	allowances,
	_allowances([approval | some approval in approvals; approval.open]),
	_allowances(approvals),
	settings,
)

# METADATA
# description: The verdict of a rule by its allowance, the restraints before it, and the approvals that hold for it.
verdict(given, held, approvals, context, settings) := _verdict(
	given, held,
	_left(array.concat([given], held), approvals, settings), approvals, context, settings,
)

_verdict(given, held, left, approvals, context, settings) := "open-egress" if {
	left.open
} else := "any-destination" if {
	left.any
} else := "broad-destination" if {
	left.broad
} else := "narrow" if {
	not width.all_ports(given, settings)
} else := "all-pods" if {
	width.every_pod(given, context.namespaces, settings)
} else := "all-ports" if {
	width.unapproved_on_all_ports(given, held, _allowances(approvals), settings)
} else := "narrow"

_allowances(approvals) := [approval.allowance | some approval in approvals]

# Without a list of approved destinations nothing is outside it.
_unlisted(_, _, _, settings) := false if settings.approvals == null

_unlisted(given, held, approvals, settings) if {
	settings.approvals != null
	width.unlisted(given, held, _allowances(approvals), settings)
} else := false

# In strict an expired approval excuses nothing.
_effective(approvals, settings) := [a | some a in approvals; not a.expired] if {
	settings.profile == "strict"
} else := approvals

# The expired approvals that the rule takes to be judged as it would be with all, alone or with others: of two that
# excuse the same, each counts.
_expired(given, held, approvals, context, settings) := [{"name": approval.name, "expires": approval.expires} |
	valid := [a | some a in approvals; not a.expired]
	count(valid) < count(approvals)
	without := _said(given, held, valid, context, settings)
	with_all := _said(given, held, approvals, context, settings)
	some approval in approvals
	approval.expired
	_matters(given, held, approval, approvals, [valid, without, with_all], context, settings)
]

_matters(given, held, approval, _, [valid, without, _], context, settings) if {
	without != _said(given, held, array.concat(valid, [approval]), context, settings)
}

_matters(given, held, approval, approvals, [_, _, with_all], context, settings) if {
	others := [a | some a in approvals; a != approval]
	_said(given, held, others, context, settings) != with_all
}

_said(given, held, approvals, context, settings) := [
	verdict(given, held, approvals, context, settings),
	width.metadata(given, held, _allowances(approvals)),
	_unlisted(given, held, approvals, settings),
]

# METADATA
# description: The approvals that hold for a policy, whose podSelector must require their podLabels, or all selected pods have them.
approvals_of_policy(facts, selected, settings) := [approval |
	some approval in settings.approvals
	_in_namespace(approval, facts.resource.namespace)
	_labelled(approval.labels, facts.selector, selected)
]

_labelled(labels, required, _) if {
	every key, value in labels { selector.requires(required, key, value) }
}

_labelled(labels, _, selected) if {
	count(selected) > 0
	every pod in selected {
		every key, value in labels { pod.labels[key] == value }
	}
}

# METADATA
# description: The approvals that hold for a pod.
approvals_of_pod(namespace, labels, settings) := [approval |
	some approval in settings.approvals
	_in_namespace(approval, namespace)
	every key, value in approval.labels { labels[key] == value }
]

_in_namespace(approval, _) if approval.namespaces == null

_in_namespace(approval, namespace) if {
	some pattern in approval.namespaces
	glob.match(pattern, [], namespace)
}

# METADATA
# description: |
#   What the policies of some indexes let a pod reach together, some of which may not select it: {"policies", "allowances", "restraints", "approvals", "open",
#   "left" (the width that the approvals leave, open by those that say so), "public_share"}.
reach_of(indexes, unsure, policies, approvals, settings) := {
	"policies": indexes,
	"allowances": allowances,
	"restraints": held,
	"approvals": effective,
	"open": all.open,
	"left": _left_of(all, allowances, effective, settings),
	"public_share": width.public_share(allowances, settings),
} if {
	held := restraints(indexes, unsure, policies, settings)
	allowances := array.flatten([_allowed(indexes, policies), held, _implied(indexes, unsure, policies, settings)])
	effective := _effective(approvals, settings)
	all := width.of(allowances, [], [], settings)
}

# What allows for a while only what others allow as well is a restraint.
_allowed(indexes, policies) := [rule.allowance |
	some i in indexes
	not policies[i].narrows
	some rule in policies[i].rules
]

# NetworkPolicies leave nothing to it. Who is not guarded is said to be uncovered, and what rules allow is another matter.
_implied(indexes, unsure, policies, settings) := [allowance.implied(settings.space) |
	_mixed(indexes, policies)
	guarded(indexes, unsure, policies, settings)
]

_mixed(indexes, policies) if policies[indexes[_]].applies

_left_of(all, _, [], _) := all

_left_of(_, allowances, approvals, settings) := _left(allowances, approvals, settings) if count(approvals) > 0

# METADATA
# description: |
#   What takes away from what rules allow to a pod, as allowances that deny or pass: what the policies of some indexes deny and pass, and what each tier denies at its
#   end. Who is unsure to be selected is denied nothing; nor is anybody by a tier that is perhaps passed.
restraints(indexes, unsure, policies, settings) := [] if {
	not _mixed(indexes, policies)
} else := [one | some one in array.concat(said, closings); not _perhaps_passed(one, passed)] if {
	sure := [policies[i] | some i in indexes; not i in unsure]
	passed := {one.tier | some i in unsure; some one in policies[i].restraints; one.action == "pass"}
	said := [one | some policy in sure; some one in _said_by(policy)]
	closings := [allowance.closing(tier, settings.space) |
		some tier in {tier | some policy in sure; policy.isolates; tier := object.get(policy, "closes", allowance.tiers["network-policy"])}
	]
}

_perhaps_passed(one, passed) if {
	one.action == "deny"
	one.tier in passed
}

_said_by(policy) := array.concat(
	object.get(policy, "restraints", []),
	[object.union(rule.allowance, {"action": "pass"}) | policy.narrows; some rule in policy.rules],
)

# METADATA
# description: |
#   Whether a pod is guarded by the policies of some indexes: what is allowed to it without any rule that allows it, because nobody speaks, is not open.
guarded(indexes, _, policies, _) := count(indexes) > 0 if not _mixed(indexes, policies)

guarded(indexes, unsure, policies, settings) := width.of(array.concat(ruled, open), [], [], settings).open == false if {
	_mixed(indexes, policies)
	held := restraints(indexes, unsure, policies, settings)
	ruled := [object.union(one, {"action": "deny"}) |
		some one in array.concat([rule.allowance | some i in indexes; not i in unsure; some rule in policies[i].rules], held)
		one.action != "pass"
	]
	passes := [one | some one in held; one.action == "pass"]
	open := array.concat(passes, [allowance.implied(settings.space)])
}
