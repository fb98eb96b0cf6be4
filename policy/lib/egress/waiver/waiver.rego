# METADATA
# title: Waivers
# description: |
#   A waiver lets a finding pass until a date, on somebody's responsibility. The finding stays, as a warning that says who waived it;
#   whatever else it touches stays touched.
package lib.egress.waiver

import data.lib.egress.inventory

# METADATA
# description: |
#   The waivers of a list without problems as they are looked up: {[rule, kind, namespace, name, path]: waiver}. One that names no path is for all
#   paths, under "". One that has expired is for none.
index(listed, today) := {_key(waiver): object.union(waiver, {"index": i}) |
	some i, waiver in listed
	not expired(waiver, today)
}

# METADATA
# description: Whether the last day of a waiver, in UTC, is over.
expired(waiver, today) if waiver.expires < today

# METADATA
# description: What tells one waiver of a list from another.
key(waiver) := _key(waiver)

_key(waiver) := [waiver.rule, waiver.resource.kind, _text(waiver.resource, "namespace"), waiver.resource.name, _text(waiver, "path")]

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
	waiver := _of(found, waivers)[0]
} else := {}

# The one for this very path comes first.
_of(found, waivers) := [waiver |
	named := found.resource
	some key in array.concat(
		[[found.rule, named.kind, named.namespace, named.name, path] | some path in [found.path, ""]],
		[[found.rule, "Namespace", "", named.namespace, ""] | found.rule == "no-egress-policy"],
	)
	waiver := waivers[key]
	_same_group(waiver.resource, named)
]

# Two kinds of one name are told apart by their group, where the waiver gives it.
_same_group(wanted, _) if object.get(wanted, "apiVersion", null) in {null, ""}

_same_group(wanted, named) if inventory.group(wanted.apiVersion) == inventory.group(named.apiVersion)

_same_group(wanted, _) if wanted.kind == "Namespace"

# METADATA
# description: |
#   What became of each waiver of a list: {"rule", "resource", "path", "owner", "reason", "expires", "status": "used" | "unused" | "expired", "findings": n},
#   given the indexes of those that waived something, once for each finding.
report(listed, today, used) := [object.union(waiver, {"status": status, "findings": count(mine)}) |
	some i, waiver in listed
	mine := [1 | some index in used; index == i]
	status := _status(waiver, today, mine)
]

_status(waiver, today, _) := "expired" if expired(waiver, today)

_status(waiver, today, mine) := "used" if {
	not expired(waiver, today)
	count(mine) > 0
} else := "unused" if not expired(waiver, today)
