# METADATA
# title: What became reachable
# description: |
#   Compares what the workloads of a namespace may reach before and after a change: by what is allowed, and not by how it is written.
#   `namespaces` says so of each namespace, `report` adds them up.
package egress.diff

import data.egress.diff.destinations
import data.egress.diff.sides
import data.egress.main

# METADATA
# description: |
#   The differences in each shard {"namespace", "old": [document], "new": [document]} of the input, in their order.
namespaces := [found |
	some shard in input.shards
	found := namespace(shard, input.namespace, main.settings)
]

# METADATA
# description: |
#   The differences in one shard: {"namespace", "workloads": [{"kind" and "name" or "podSelector", "change": "added", "removed" or "changed", "order", "opened", "closed"}],
#   "unjudged": [{"kind", "name", "order", "side", "reason"}], "totals"}. Orders are those of documents. What is opened or closed is a list
#   of {"protocol", "port", "endPort", "destination", "approved", "sources": [{"policy", "order", "path"}]}.
namespace(shard, assumed, settings) := {
	"namespace": shard.namespace,
	"workloads": workloads,
	"unjudged": unjudged,
	"totals": {
		"workloads": count(workloads),
		"opened": sum([n | some workload in workloads; n := count(workload.opened)]),
		"unapproved": count([1 | some workload in workloads; some entry in workload.opened; not entry.approved]),
		"closed": sum([n | some workload in workloads; n := count(workload.closed)]),
		"unjudged": count(unjudged),
	},
} if {
	old := sides.of(shard.namespace, shard.old, assumed, settings)
	new := sides.of(shard.namespace, shard.new, assumed, settings)
	workloads := _workloads(old, new, settings)
	unjudged := array.concat(_unjudged(old, new, "old"), _unjudged(new, old, "new"))
}

# What changes is worked out once for all that were and are under the same policies.
_workloads(old, new, settings) := [found |
	pairs := _pairs(old, new)
	changes := {key: change |
		some key in {pair.key | some pair in pairs}
		change := _change(key, old, new, settings)
	}
	some pair in pairs
	change := changes[pair.key]
	count(change.opened) + count(change.closed) > 0
	found := object.union(pair.about, change)
]

# Workloads by kind and name; where neither side has one that policies can govern, also the pods that policies select.
_pairs(old, new) := array.concat(_pairs_of(old.workloads, new.workloads), [pair |
	old.governed + new.governed == 0
	subjects := old.subjects | new.subjects
	some pair in _pairs_of(sides.selected(old, subjects), sides.selected(new, subjects))
])

_pairs_of(old, new) := [{"about": about, "key": [_reach(old, name), _reach(new, name), _latest(old, new, name).approvals]} |
	some name in sort(object.keys(old) | object.keys(new))
	about := object.union(
		_latest(old, new, name).about,
		{"change": _kind_of_change(old, new, name), "order": _order(old, new, name)},
	)
]

_latest(_, new, name) := new[name]

_latest(old, new, name) := old[name] if not new[name]

# Pods that no policy selects any more stand where one did.
_order(old, new, name) := order if {
	order := _latest(old, new, name).order
	order >= 0
} else := old[name].order

# Who is not there reaches nothing.
_reach(found, name) := found[name].reach if {
	found[name]
} else := []

_kind_of_change(old, new, name) := "added" if {
	not old[name]
} else := "removed" if {
	not new[name]
} else := "changed"

_change([before, after, approved], old, new, settings) := {"opened": [], "closed": []} if {
	destinations.told(sides.rules(old, before)) == destinations.told(sides.rules(new, after))
} else := destinations.differing(sides.rules(old, before), sides.rules(new, after), approvals, new.namespace) if {
	approvals := [settings.approvals[i].allowance | some i in approved]
}

_unjudged(side, other, name) := [object.union(found, {"side": name}) |
	known := {found.object | some found in other.unjudged}
	some one in side.unjudged
	not known[one.object]
	found := object.remove(one, ["object"])
]

# METADATA
# description: |
#   The differences of all namespaces: {"status": "error", "opened" (something that is not approved), "changed" or "same", "summary", "counts", "parameters"}, from {"totals",
#   "namespaces": all that there are on either side, "errors": errors of reading}.
report := {
	"status": _status(counts, input.errors),
	"summary": concat("", [_summary(counts), _unknown(counts.unjudged)]),
	"counts": counts,
	"parameters": main.parameters.differing,
} if {
	counts := object.union({"namespaces": input.namespaces, "changed_namespaces": _changed(input.totals)}, {field: n |
		some field in ["workloads", "opened", "unapproved", "closed", "unjudged"]
		n := sum([total[field] | some total in input.totals])
	})
}

_changed(totals) := count([1 | some total in totals; total.workloads > 0])

_status(_, errors) := "error" if errors > 0

_status(counts, 0) := "opened" if {
	counts.unapproved > 0
} else := "changed" if {
	counts.opened + counts.closed > 0
} else := "same"

_summary(counts) := "No destination became reachable, and none is no longer reachable." if {
	counts.opened + counts.closed == 0
} else := $"{counts.opened} destinations became reachable, {counts.unapproved} of them not approved; {counts.closed} are no longer reachable."

_unknown(0) := ""

_unknown(n) := $" {n} changed objects could not be judged." if n > 0
