# METADATA
# title: Waivers
# description: |
#   A waiver lets a finding pass until a date, on somebody's responsibility. The finding stays, as a warning that says who waived it;
#   whatever else it touches stays touched.
package lib.egress.waiver

import data.lib.egress.inventory

# METADATA
# description: |
#   The waivers of a list without problems as they are looked up: {key: waiver}, each with its "index" in the list. One that has expired is
#   looked up by nobody.
index(listed, today) := {key(waiver): object.union(waiver, {"index": i}) |
	some i, waiver in listed
	not expired(waiver, today)
}

# METADATA
# description: Whether the last day of a waiver, in UTC, is over.
expired(waiver, today) if waiver.expires < today

# METADATA
# description: |
#   What tells one waiver of a list from another: [rule, group, kind, namespace, name, path]. The group is null where it may be any, the path
#   is "" for all paths.
key(waiver) := [
	waiver.rule, _group(waiver.resource), waiver.resource.kind, _text(waiver.resource, "namespace"), waiver.resource.name,
	_text(waiver, "path"),
]

# Two kinds of one name are told apart by their group, where the waiver gives it. Versions of one group are the same object.
_group(resource) := null if {
	_text(resource, "apiVersion") == ""
} else := inventory.group(resource.apiVersion)

_text(container, field) := value if {
	value := container[field]
	is_string(value)
} else := ""

# METADATA
# description: |
#   Findings with those that are waived as warnings, "waived": {"owner", "reason", "expires"} and "waiver", the index in the list.
applied(findings, settings) := findings if {
	settings.waivers == {}
} else := [object.union(found, _waived(found, settings.waivers)) | some found in findings]

_waived(found, waivers) := {
	"level": "warn", "waiver": waiver.index,
	"waived": {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires},
} if {
	waiver := [waiver | some key in _keys(found); waiver := waivers[key]][0]
} else := {}

# What may waive a finding, the most exact first: this path before all of them, this group before any.
_keys(found) := array.concat(
	[[found.rule, group, named.kind, named.namespace, named.name, path] |
		some path in [found.path, ""]
		some group in [inventory.group(named.apiVersion), null]
	],
	_keys_of_namespace(found),
) if {
	named := found.resource
}

# Which workload a namespace without a policy is reported on changes with its workloads; the namespace does not.
_keys_of_namespace(found) := [[found.rule, group, "Namespace", "", found.resource.namespace, ""] |
	found.rule == "no-egress-policy"
	some group in ["", null]
]

# METADATA
# description: |
#   What became of each waiver of a list: {"rule", "resource", "path" where it is not for all, "owner", "reason", "expires", "status": "used" |
#   "unused" | "expired", "findings": n, "message" where there is something to do}, given the indexes of those that waived something, once for
#   each finding.
report(listed, today, used) := [object.union_n([_shown(waiver), {"status": status, "findings": n}, _advice(waiver, status)]) |
	counts := _counts(used)
	some i, waiver in listed
	n := object.get(counts, i, 0)
	status := _status(waiver, today, n)
]

# How often each index is there. They are sorted, so that each is a run: counting through all for each would take the square of their number.
_counts(used) := {sorted[start]: length |
	sorted := sort(used)
	starts := [i | some i, index in sorted; _first(sorted, i, index)]
	ends := array.concat(array.slice(starts, 1, count(starts)), [count(sorted)])
	some n, start in starts
	length := ends[n] - start
}

_first(_, 0, _)

_first(sorted, i, index) if {
	i > 0
	sorted[i - 1] != index
}

_status(waiver, today, n) := "expired" if {
	expired(waiver, today)
} else := "used" if {
	n > 0
} else := "unused"

# The namespace is always said, as findings say it; what may be any is not.
_shown(waiver) := object.union(
	object.filter(waiver, {"rule", "owner", "reason", "expires"}),
	object.union(
		{"resource": object.union(_given(waiver.resource, "apiVersion"), {
			"kind": waiver.resource.kind, "namespace": _text(waiver.resource, "namespace"), "name": waiver.resource.name,
		})},
		_given(waiver, "path"),
	),
)

_given(container, field) := {field: text |
	text := _text(container, field)
	text != ""
}

_advice(_, "used") := {}

_advice(waiver, "unused") := {"message": message} if {
	message := $"The waiver of {_name(waiver)} waives nothing: remove it, or name rule, resource and path as a report does"
}

_advice(waiver, "expired") := {"message": message} if {
	message := $"The waiver of {_name(waiver)} expired on {waiver.expires}: remove it, or have it granted anew"
}

_name(waiver) := concat(" ", [part |
	some part in [waiver.rule, "for", waiver.resource.kind, _place(waiver.resource), _text(waiver, "path")]
	part != ""
])

_place(resource) := concat("/", [part | some part in [_text(resource, "namespace"), resource.name]; part != ""])
