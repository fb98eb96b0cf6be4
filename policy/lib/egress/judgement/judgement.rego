# METADATA
# title: Judgement of rules and reaches
# description: |
#   Joins widths with approvals. A rule's verdict is the first of "open-egress", "any-destination", "broad-destination", "all-pods" and
#   "all-ports" that holds of what the approvals leave, or "narrow".
package lib.egress.judgement

import data.lib.egress.selector
import data.lib.egress.width

# METADATA
# description: |
#   A policy with its rules judged, given the pods that it selects as {"resource", "labels"}: the rules gain "verdict", "broad", "metadata" (see `width.metadata`), "unlisted", "expired" ([{"name", "expires"}] of approvals), "excused" and "approvals"; the policy gains "selected" and "approvals".
policy(facts, selected, context, settings) := object.union(facts, {
	"selected": selected,
	"rules": [judged |
		some rule in facts.rules
		judged := _rule(rule, approvals, context, settings)
	],
}) if {
	approvals := approvals_of_policy(facts, selected, settings)
}

_rule(rule, approvals, context, settings) := object.union(rule, {
	"verdict": verdict(rule.allowance, effective, context, settings),
	"broad": _left([rule.allowance], effective, settings).broad,
	"metadata": width.metadata(rule.allowance, _allowances(effective)),
	"unlisted": _unlisted(rule.allowance, effective, settings),
	"expired": _expired(rule.allowance, approvals, context, settings),
	"excused": _excused(rule.allowance, effective, settings),
	"approvals": effective,
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

_part("verdict", given, _, effective, context, settings) := verdict(given, effective, context, settings)

_part("metadata", given, _, effective, _, _) := width.metadata(given, _allowances(effective))

_part("unlisted", given, _, effective, _, settings) := _unlisted(given, effective, settings)

_part("expired", given, approvals, _, context, settings) := _expired(given, approvals, context, settings)

# Whether it takes an approval for the rule not to be open.
_excused(_, [], _) := false

_excused(given, approvals, settings) := _less_open(
	width.of([given], [], [], settings).open,
	_left([given], approvals, settings).open,
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
# description: The verdict of a rule by its allowance alone, and the approvals that hold for it.
verdict(given, approvals, context, settings) := _verdict(given, _left([given], approvals, settings), approvals, context, settings)

_verdict(given, left, approvals, context, settings) := "open-egress" if {
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
	width.unapproved_on_all_ports(given, _allowances(approvals), settings)
} else := "narrow"

_allowances(approvals) := [approval.allowance | some approval in approvals]

# Without a list of approved destinations nothing is outside it.
_unlisted(_, _, settings) := false if settings.approvals == null

_unlisted(given, approvals, settings) if {
	settings.approvals != null
	width.unlisted(given, _allowances(approvals), settings)
} else := false

# In strict an expired approval excuses nothing.
_effective(approvals, settings) := [a | some a in approvals; not a.expired] if {
	settings.profile == "strict"
} else := approvals

# The expired approvals that the rule takes to be judged as it would be with all, alone or with others: of two that
# excuse the same, each counts.
_expired(given, approvals, context, settings) := [{"name": approval.name, "expires": approval.expires} |
	valid := [a | some a in approvals; not a.expired]
	count(valid) < count(approvals)
	without := _said(given, valid, context, settings)
	with_all := _said(given, approvals, context, settings)
	some approval in approvals
	approval.expired
	_matters(given, approval, approvals, [valid, without, with_all], context, settings)
]

_matters(given, approval, _, [valid, without, _], context, settings) if {
	without != _said(given, array.concat(valid, [approval]), context, settings)
}

_matters(given, approval, approvals, [_, _, with_all], context, settings) if {
	others := [a | some a in approvals; a != approval]
	_said(given, others, context, settings) != with_all
}

_said(given, approvals, context, settings) := [
	verdict(given, approvals, context, settings),
	width.metadata(given, _allowances(approvals)),
	_unlisted(given, approvals, settings),
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
#   What the policies of some indexes let a pod reach together: {"policies", "allowances", "approvals", "open", "left" (the width that the
#   approvals leave, open by those that say so), "public_share"}.
reach_of(indexes, policies, approvals, settings) := {
	"policies": indexes,
	"allowances": allowances,
	"approvals": effective,
	"open": all.open,
	"left": _left_of(all, allowances, effective, settings),
	"public_share": width.public_share(allowances, settings),
} if {
	allowances := [rule.allowance | some i in indexes; some rule in policies[i].rules]
	effective := _effective(approvals, settings)
	all := width.of(allowances, [], [], settings)
}

_left_of(all, _, [], _) := all

_left_of(_, allowances, approvals, settings) := _left(allowances, approvals, settings) if count(approvals) > 0
