# METADATA
# title: One side of a comparison
# description: |
#   Who is in a namespace, and which policies say what each may reach. A *reach* is a sorted array of the indexes of policies, or "everything" for
#   whom nothing isolates.
package egress.diff.sides

import data.egress.diff.groups
import data.egress.diff.peers
import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.inventory
import data.lib.egress.judgement
import data.lib.egress.ports

# METADATA
# description: |
#   A side: {"namespace", "workloads": {[kind, name]: {"about", "reach", "approvals": [index], "order"}}, "governed": how many of them policies can govern, "forms": {index of
#   a policy: form of the pods that it selects}, "orders" and "rules" of each policy, "subjects": the forms, each label with one value, "unjudged": [{"kind", "name", "order", "reason", "object"}]}.
of(namespace, documents, assumed, settings) := {
	"namespace": namespace,
	"settings": settings,
	"workloads": _workloads(view, settings),
	"governed": count(view.governed),
	"forms": forms,
	"orders": [policy.order | some policy in view.policies],
	"rules": [_rules(policy, namespace) | some policy in view.policies],
	"subjects": {subject | some found in forms; some subject in peers.single(found)},
	"unjudged": array.concat(_unknown(view), _invalid(view)),
} if {
	view := inventory.view(namespace, documents, {"namespace": assumed, "namespaces": []}, _unweighed(settings))
	forms := {i: found |
		some i, policy in view.policies
		policy.valid
		policy.isolates
		found := peers.form_of_pods(policy.normal)
	}
}

# How wide something is, or whether it may be so, is no question here, and takes the longest.
_unweighed(settings) := object.union(settings, {"few": {4: cidr.powers[128], 6: cidr.powers[128]}, "approvals": null})

# Copies of a workload, and pods of the same generateName, are one.
_workloads(view, settings) := {name: found |
	some [name, indexes] in groups.of(sort([[[w.resource.kind, w.resource.name], i] | some i, w in view.workloads]))
	copies := [view.workloads[i] | some i in indexes]
	found := {
		"about": {"kind": name[0], "name": name[1]},
		"reach": _reach(copies),
		"approvals": [i | some i, approval in settings.approvals; _approved(approval, copies)],
		"order": copies[0].order,
	}
}

_reach(copies) := sort({i | some w in copies; some reach in w.reaches; some i in reach.policies}) if {
	every w in copies { _isolated(w) }
} else := "everything"

_isolated(w) if {
	w.covered
	every template in w.templates { not template.host_network }
}

# What holds for some of the pods only does not hold for the workload.
_approved(approval, copies) if {
	not approval.expired
	every w in copies {
		every template in w.templates {
			count(judgement.approvals_of_pod(w.resource.namespace, template.labels, {"approvals": [approval]})) == 1
		}
	}
}

# METADATA
# description: |
#   The pods of some forms, by written form, as a side's workloads are told. Policies count for the pods of which they select all; the order is -1
#   where there is none.
selected(side, subjects) := {written: found |
	some subject in subjects
	written := peers.written(subject)
	policies := sort({i | some i, outer in side.forms; peers.holds(outer, subject)})
	found := {
		"about": {"podSelector": peers.pod_selector(written)},
		"reach": _reach_of(policies),
		"approvals": [i |
			some i, approval in side.settings.approvals
			not approval.expired
			_holds_for(approval, side.namespace, peers.pod_selector(written))
		],
		"order": _first([order | some i in policies; order := side.orders[i]]),
	}
}

_reach_of([]) := "everything"

_reach_of(policies) := policies if count(policies) > 0

_first([]) := -1

_first(orders) := min(orders) if count(orders) > 0

_holds_for(approval, namespace, selector) if {
	facts := {"resource": {"namespace": namespace}, "selector": selector}
	count(judgement.approvals_of_policy(facts, [], {"approvals": [approval]})) == 1
}

# METADATA
# description: |
#   The rules of a reach: {"allowance", "peers": [form], "source": [order, index of the rule, name of the policy, path], or [] where it is no
#   policy that allows}.
rules(_, "everything") := [{
	"allowance": {
		"action": "allow", "tier": allowance.tiers["network-policy"], "order": allowance.orders["network-policy"], "ports": ports.all,
		"claims": allowance.everywhere({4: null, 6: null}),
	},
	"peers": [{}],
	"source": [],
}]

rules(side, reach) := [rule | some i in reach; some rule in side.rules[i]] if is_array(reach)

_rules(policy, namespace) := [found |
	some rule in policy.rules
	found := {
		"allowance": object.union(rule.allowance, {"claims": _direct(rule.allowance.claims), "ports": _whole(rule.allowance.ports)}),
		"peers": _peers(rule.allowance, namespace),
		"source": [policy.order, rule.index, policy.resource.name, rule.path],
	}
]

# An IPv6 block that a gateway translates is told as what it is: what it may stand for in IPv4 is reached through it alone.
_direct(claims) := [claim | some claim in claims; not _image(claim)]

_image(claim) if {
	claim.family == 4
	contains(claim.cidr, ":")
	cidr.parse(claim.cidr).family == 6
}

# Ranges of one rule that are all ports together hold named ports as well.
_whole(given) := array.concat(
	[port | some port in given; not port.protocol in filled],
	[{"protocol": protocol, "low": 1, "high": ports.total} | some protocol in filled],
) if {
	filled := {protocol |
		some protocol in {port.protocol | some port in given}
		ports.size([port | some port in given; port.low], protocol) == ports.total
	}
}

# To everything is also to every pod.
_peers(given, _) := [{}] if given.everywhere

_peers(given, namespace) := [form | some peer in given.selectors; form := peers.form(peer, namespace)] if not given.everywhere

_unknown(view) := [found |
	some one in view.unjudged
	found := {
		"kind": one.resource.kind, "name": one.resource.name, "order": one.order, "object": one.object,
		"reason": $"{one.resource.apiVersion} is not judged",
	}
]

_invalid(view) := [found |
	some policy in view.policies
	not policy.valid
	found := {
		"kind": policy.resource.kind, "name": policy.resource.name, "order": policy.order, "object": policy.object,
		"reason": $"invalid, so that it isolates nobody: {policy.problems[0].path} {policy.problems[0].message}",
	}
]
