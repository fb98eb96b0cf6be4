# METADATA
# title: Parameters
# description: |
#   The one document of settings that every engine is given (data.egress.parameters in OPA and conftest, input.parameters in Gatekeeper):
#   its defaults, what is wrong with it, and what the rules need to know of it.
package lib.egress.parameters

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.finding
import data.lib.egress.ports
import data.lib.egress.space
import data.lib.egress.waiver
import data.lib.egress.width

defaults := {
	"profile": "baseline",
	"openAddressShare": 0.25,
	"openPortShare": 0.5,
	"internalBlocks": [],
	"systemNamespaces": ["kube-system", "kube-public", "kube-node-lease"],
}

# METADATA
# description: The parameters that differ from the defaults, as the report shows them.
differing(given) := {name: value |
	some name, value in given
	value != null
	object.get(defaults, name, null) != value
}

# METADATA
# description: |
#   The settings that follow from parameters without problems: {"profile", "address_share" and "port_share" in millionths, "few" addresses (see
#   `width.few`), "system_namespaces", "space", "listed_space" (documentation blocks are public in it), "approvals" or null, "waivers" as they are looked up}.
settings(given) := usual if {
	given == {}
} else := {
	"profile": values.profile,
	"address_share": round(values.openAddressShare * 1000000),
	"port_share": round(values.openPortShare * 1000000),
	"few": width.few(public, round(values.openAddressShare * 1000000)),
	"system_namespaces": values.systemNamespaces,
	"space": public,
	"listed_space": _listed_space(values),
	"approvals": _approvals(values, public),
	"waivers": _waivers(values),
} if {
	values := object.union(defaults, {name: value | some name, value in given; value != null})
	public := space.of(values.internalBlocks)
}

# METADATA
# description: The settings without parameters, written out, because Gatekeeper would work them out anew for each object and rule.
usual := {
	"profile": "baseline", "address_share": 250000, "port_share": 500000, "few": {4: 16777216, 6: 649037107316853453566312041152512},
	"system_namespaces": ["kube-system", "kube-public", "kube-node-lease"], "space": {4: null, 6: null}, "listed_space": null, "approvals": null, "waivers": {},
}

_waivers(values) := waiver.index(values.waivers, today(values)) if {
	count(values.waivers) > 0
} else := {}

# METADATA
# description: What became of each waiver, given the indexes of those that waived something; null where no list is given.
waiver_report(given, used) := waiver.report(given.waivers, today(given), used) if {
	is_array(given.waivers)
} else := null

# Only a list of approved destinations asks for it.
_listed_space(values) := space.with_documentation(values.internalBlocks) if {
	values.approvedDestinations
} else := null

_approvals(values, public) := [_approval(entry, values, public) | some entry in values.approvedDestinations] if {
	values.approvedDestinations
} else := null

_approval(entry, values, public) := {
	"name": entry.name,
	"allowance": {
		"action": "deny", "tier": allowance.tiers.approved, "order": 0, "everywhere": false, "selectors": [],
		"ports": _ports(entry), "path": "",
		"claims": [allowance.claim(public, cidr.parse(text), [], {"cidr": text, "path": ""}) |
			some text in entry.cidrs
		],
	},
	"namespaces": object.get(entry, "namespaces", null),
	"labels": _given(entry, "podLabels", {}),
	"open": _given(entry, "open", false),
	"expires": object.get(entry, "expires", null),
	"expired": _expired(entry, values),
}

_given(entry, field, otherwise) := entry[field] if {
	entry[field] != null
} else := otherwise

_ports(entry) := [_port(port) | some port in entry.ports] if {
	count(entry.ports) > 0
} else := ports.all

_port(port) := {"protocol": "TCP", "low": port, "high": port} if {
	is_number(port)
} else := {"protocol": _given(port, "protocol", "TCP"), "low": port.port, "high": _given(port, "endPort", port.port)} if {
	is_number(port.port)
} else := {"protocol": _given(port, "protocol", "TCP"), "low": 1, "high": ports.total}

_expired(entry, values) if {
	entry.expires != null
	entry.expires < today(values)
} else := false

# METADATA
# description: The date in UTC as YYYY-MM-DD; such dates sort as texts.
today(values) := substring(values.now, 0, 10) if {
	is_string(values.now)
} else := concat("-", [format_int(year, 10), _two_digits(month), _two_digits(day)]) if {
	[year, month, day] := time.date(time.now_ns())
}

_two_digits(n) := format_int(n, 10) if {
	n >= 10
} else := concat("", ["0", format_int(n, 10)])

# METADATA
# description: Everything that is wrong with some parameters, as {"path", "message"}.
problems(given) := [{"path": "parameters", "message": "must be an object"}] if {
	not is_object(given)
} else := array.flatten([
	[{"path": name, "message": "is an unknown parameter"} | some name, _ in given; not name in _known],
	[{"path": "profile", "message": "must be baseline or strict"} |
		not object.get(given, "profile", null) in {null, "baseline", "strict"}
	],
	[{"path": name, "message": "must be a number above 0 and up to 1"} |
		some name in ["openAddressShare", "openPortShare"]
		not _share(object.get(given, name, null))
	],
	_block_problems(given, "internalBlocks", ""),
	_all_internal(given),
	_text_problems(given, "systemNamespaces", ""),
	[{"path": "now", "message": "must be a date, as 2026-12-31 or 2026-12-31T23:59:59Z"} | not _now(object.get(given, "now", null))],
	_approval_problems(given),
	_waiver_problems(given),
])

_known := {
	"profile", "openAddressShare", "openPortShare", "internalBlocks", "systemNamespaces", "approvedDestinations", "waivers", "now",
}

_share(null)

_share(share) if {
	is_number(share)
	round(share * 1000000) > 0
	share <= 1
}

_date := `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`

_now(null)

_now(now) if {
	is_string(now)
	regex.match(concat("", [_date, `(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z)?$`]), now)
	_in_calendar(now)
}

_list_problem(container, field, prefix) := [{"path": concat("", [prefix, field]), "message": "must be a list"} |
	value := object.get(container, field, null)
	value != null
	not is_array(value)
]

_list(container, field) := value if {
	value := container[field]
	is_array(value)
} else := []

_block_problems(container, field, prefix) := array.concat(
	_list_problem(container, field, prefix),
	[{"path": $"{prefix}{field}[{i}]", "message": "must be a CIDR block without leading zeros or bits beyond its length"} |
		some i, text in _list(container, field)
		not _block(text)
	],
)

_block(text) if {
	cidr.parse(text).plain
}

# With nothing public left, nothing could ever be open.
_all_internal(given) := [{"path": "internalBlocks", "message": "must leave some public addresses of each family"} |
	public := space.of([text | some text in _list(given, "internalBlocks"); _block(text)])
	some family in [4, 6]
	space.family(public, family).total == 0
]

_text_problems(container, field, prefix) := array.concat(
	_list_problem(container, field, prefix),
	[{"path": $"{prefix}{field}[{i}]", "message": "must be a text that is not empty"} |
		some i, text in _list(container, field)
		not _text(text)
	],
)

_text(text) if {
	is_string(text)
	text != ""
}

_approval_problems(given) := array.concat(
	_list_problem(given, "approvedDestinations", ""),
	[problem |
		some i, entry in _list(given, "approvedDestinations")
		some problem in _entry_problems(entry, $"approvedDestinations[{i}]")
	],
)

_entry_problems(entry, path) := [{"path": path, "message": "must be an object"}] if {
	not is_object(entry)
} else := array.flatten([
	[{"path": $"{path}.{field}", "message": "is an unknown field"} | some field, _ in entry; not field in _entry_fields],
	[{"path": $"{path}.name", "message": "must be a text that is not empty"} | not _text(object.get(entry, "name", null))],
	[{"path": $"{path}.{field}", "message": "must be a text"} |
		some field in ["owner", "reason"]
		value := object.get(entry, field, "")
		not is_string(value)
	],
	[{"path": $"{path}.cidrs", "message": "must list at least one CIDR block"} | object.get(entry, "cidrs", null) in {null, []}],
	_block_problems(entry, "cidrs", $"{path}."),
	_list_problem(entry, "ports", $"{path}."),
	[{"path": $"{path}.ports[{i}]", "message": "must be a number from 1 to 65535, or protocol, port and endPort"} |
		some i, port in _list(entry, "ports")
		not _approved_port(port)
	],
	[{"path": $"{path}.expires", "message": "must be a date, as 2026-12-31"} | not _expires(object.get(entry, "expires", null))],
	_text_problems(entry, "namespaces", $"{path}."),
	[{"path": $"{path}.podLabels", "message": "must be an object of texts"} | not _labels(object.get(entry, "podLabels", null))],
	[{"path": $"{path}.open", "message": "must be true or false"} | not object.get(entry, "open", null) in {null, true, false}],
])

_waiver_problems(given) := array.flatten([
	_list_problem(given, "waivers", ""),
	[problem | some i, entry in _list(given, "waivers"); some problem in _waiver_entry_problems(entry, $"waivers[{i}]")],
	_waivers_twice(given),
])

_waiver_entry_problems(entry, path) := [{"path": path, "message": "must be an object"}] if {
	not is_object(entry)
} else := array.flatten([
	[{"path": $"{path}.{field}", "message": "is an unknown field"} | some field, _ in entry; not field in _waiver_fields],
	[{"path": $"{path}.rule", "message": "must be the name of a rule"} | not _names_rule(entry)],
	[{"path": $"{path}.{field}", "message": "must be a text that is not blank"} |
		some field in ["owner", "reason"]
		not _visible(object.get(entry, field, null))
	],
	[{"path": $"{path}.path", "message": "must be a text"} | not _text_or_null(object.get(entry, "path", null))],
	[{"path": $"{path}.expires", "message": "must be a date, as 2026-12-31: a waiver has an end"} | not _ends(entry)],
	_waived_problems(object.get(entry, "resource", null), $"{path}.resource"),
])

_names_rule(entry) if finding.levels[entry.rule]

# Somebody answers for it, and says why.
_visible(text) if {
	is_string(text)
	regex.match(`[^\t\n\f\r ]`, text)
}

_waiver_fields := {"rule", "resource", "path", "owner", "reason", "expires"}

_ends(entry) if {
	entry.expires != null
	_expires(entry.expires)
}

# Names are whole names: a pattern would waive what nobody has seen yet.
_waived_problems(resource, path) := [{"path": path, "message": "must be an object with kind, namespace and name, as a report has it"}] if {
	not is_object(resource)
} else := array.flatten([
	[{"path": $"{path}.{field}", "message": "is an unknown field"} | some field, _ in resource; not field in _resource_fields],
	[{"path": $"{path}.{field}", "message": "must be a text that is not empty"} |
		some field in ["kind", "name"]
		not _text(object.get(resource, field, null))
	],
	[{"path": $"{path}.{field}", "message": "must be a text"} |
		some field in ["apiVersion", "namespace"]
		not _text_or_null(object.get(resource, field, null))
	],
	[{"path": $"{path}.{field}", "message": "must be the whole name, without * or ?"} |
		some field in ["kind", "namespace", "name"]
		_pattern(resource[field])
	],
])

_pattern(text) if {
	is_string(text)
	regex.match(`[*?]`, text)
}

_resource_fields := {"apiVersion", "kind", "namespace", "name"}

_text_or_null(null)

_text_or_null(value) if is_string(value)

_waivers_twice(given) := [{"path": $"waivers[{i}]", "message": "waives the same as one before it"} |
	keys := [[waiver.key(entry), i] | some i, entry in _list(given, "waivers")]
	count({key[0] | some key in keys}) < count(keys)
	sorted := sort(keys)
	some n, [key, i] in sorted
	n > 0
	sorted[n - 1][0] == key
]

_entry_fields := {"name", "cidrs", "ports", "owner", "reason", "expires", "namespaces", "podLabels", "open"}

_approved_port(port) if _number(port)

_approved_port(port) if {
	is_object(port)
	object.keys(port) - {"protocol", "port", "endPort"} == set()
	object.get(port, "protocol", null) in {null, "TCP", "UDP", "SCTP"}
	_number_or_null(object.get(port, "port", null))
	_approved_end(port, object.get(port, "endPort", null))
}

_number(port) if {
	is_number(port)
	port >= 1
	port <= ports.total
	floor(port) == port
}

_number_or_null(null)

_number_or_null(port) if _number(port)

_approved_end(_, null)

_approved_end(port, last) if {
	_number(last)
	_number(port.port)
	last >= port.port
}

_expires(null)

_expires(date) if {
	is_string(date)
	regex.match(concat("", [_date, "$"]), date)
	_in_calendar(date)
}

# Whether a month has the day.
_in_calendar(date) if to_number(trim_left(substring(date, 8, 2), "0")) <= _days(substring(date, 0, 4), substring(date, 5, 2))

_days(year, month) := 30 if {
	month in {"04", "06", "09", "11"}
} else := 29 if {
	month == "02"
	_leap(to_number(concat("", ["1", year])) - 10000)
} else := 28 if {
	month == "02"
} else := 31

_leap(year) if {
	year % 4 == 0
	year % 100 != 0
}

_leap(year) if year % 400 == 0

_labels(null)

_labels(labels) if {
	is_object(labels)
	every _, value in labels { is_string(value) }
}
