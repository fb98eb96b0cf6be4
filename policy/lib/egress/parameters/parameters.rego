# METADATA
# title: Parameters
# description: |
#   The one document of settings that every engine is given (data.egress.parameters in OPA and conftest, input.parameters in Gatekeeper):
#   its defaults, what is wrong with it, and what the rules need to know of it.
package lib.egress.parameters

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.fields
import data.lib.egress.finding
import data.lib.egress.model
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
	"firewallNamespaces": [],
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
#   `width.few`), "system_namespaces", "space", "listed_space" (documentation blocks are public in it), "approvals" or null, "models" (see `model.of`) or null,
#   "waivers" as they are looked up}.
settings(given) := usual if {
	given == {}
} else := {
	"profile": values.profile,
	"address_share": round(values.openAddressShare * 1000000),
	"port_share": round(values.openPortShare * 1000000),
	"few": width.few(public, round(values.openAddressShare * 1000000)),
	"system_namespaces": values.systemNamespaces,
	"firewall_namespaces": values.firewallNamespaces,
	"space": public,
	"listed_space": _listed_space(values, declared),
	"approvals": _approvals(values, declared, public),
	"models": declared,
	"waivers": _waivers(values),
} if {
	values := object.union(defaults, {name: value | some name, value in given; value != null})
	public := space.of(values.internalBlocks)
	declared := _models(values)
}

# METADATA
# description: The settings without parameters, written out, because Gatekeeper would work them out anew for each object and rule.
usual := {
	"profile": "baseline", "address_share": 250000, "port_share": 500000, "few": {4: 16777216, 6: 649037107316853453566312041152512},
	"system_namespaces": ["kube-system", "kube-public", "kube-node-lease"], "firewall_namespaces": [], "space": {4: null, 6: null}, "listed_space": null, "approvals": null, "models": null, "waivers": {},
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
_listed_space(values, declared) := space.with_documentation(values.internalBlocks) if {
	_approved(values, declared) != null
} else := null

_approvals(values, declared, public) := [_approval(entry, values, public) | some entry in approved] if {
	approved := _approved(values, declared)
	approved != null
} else := null

# A model approves what it declares; of several documents each adds to the list.
_approved(values, models) := array.concat(fields.items(values, "approvedDestinations"), _declared(models)) if {
	some name in ["approvedDestinations", "models"]
	count(fields.items(values, name)) > 0
} else := values.approvedDestinations if {
	values.approvedDestinations
} else := null

_declared(models) := [entry |
	some declared in models
	some destination in declared.destinations
	destination.cidrs != []
	entry := {
		"name": destination.name, "cidrs": destination.cidrs, "expires": destination.expires,
		"namespaces": declared.namespaces, "podLabels": destination.from,
		"ports": [{"protocol": port.protocol, "port": port.low, "endPort": port.high} | some port in destination.ports],
	}
]

_models(values) := [model.of(document, today(values)) | some document in values.models] if {
	values.models
} else := null

_approval(entry, values, public) := {
	"name": entry.name,
	"allowance": {
		"action": "deny", "tier": allowance.tiers.approved, "order": 0, "everywhere": false, "selectors": [],
		"ports": _ports(entry), "path": "",
		"claims": [claim |
			some text in entry.cidrs
			some claim in allowance.claims(public, cidr.parse(text), [], {"cidr": text, "path": ""})
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
	fields.block_problems(given, "internalBlocks", ""),
	_all_internal(given),
	fields.text_problems(given, "systemNamespaces", ""),
	fields.text_problems(given, "firewallNamespaces", ""),
	[{"path": "now", "message": "must be a date, as 2026-12-31 or 2026-12-31T23:59:59Z"} | not _now(object.get(given, "now", null))],
	_approval_problems(given),
	_waiver_problems(given),
	_model_problems(given),
])

_known := {
	"profile", "openAddressShare", "openPortShare", "internalBlocks", "systemNamespaces", "firewallNamespaces", "approvedDestinations", "models", "waivers", "now",
}

_share(null)

_share(share) if {
	is_number(share)
	round(share * 1000000) > 0
	share <= 1
}

_now(null)

_now(now) if {
	is_string(now)
	regex.match(concat("", [fields.date_pattern, `(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z)?$`]), now)
	fields.in_calendar(now)
}

# With nothing public left, nothing could ever be open.
_all_internal(given) := [{"path": "internalBlocks", "message": "must leave some public addresses of each family"} |
	public := space.of([text | some text in fields.items(given, "internalBlocks"); fields.is_block(text)])
	some family in [4, 6]
	space.family(public, family).total == 0
]

_approval_problems(given) := array.concat(
	fields.list_problem(given, "approvedDestinations", ""),
	[problem |
		some i, entry in fields.items(given, "approvedDestinations")
		some problem in _entry_problems(entry, $"approvedDestinations[{i}]")
	],
)

_entry_problems(entry, path) := [{"path": path, "message": "must be an object"}] if {
	not is_object(entry)
} else := array.flatten([
	[{"path": $"{path}.{field}", "message": "is an unknown field"} | some field, _ in entry; not field in _entry_fields],
	[{"path": $"{path}.name", "message": "must be a text that is not empty"} | not fields.is_text(object.get(entry, "name", null))],
	[{"path": $"{path}.{field}", "message": "must be a text"} |
		some field in ["owner", "reason"]
		value := object.get(entry, field, "")
		not is_string(value)
	],
	[{"path": $"{path}.cidrs", "message": "must list at least one CIDR block"} | object.get(entry, "cidrs", null) in {null, []}],
	fields.block_problems(entry, "cidrs", $"{path}."),
	fields.list_problem(entry, "ports", $"{path}."),
	[{"path": $"{path}.ports[{i}]", "message": "must be a number from 1 to 65535, or protocol, port and endPort"} |
		some i, port in fields.items(entry, "ports")
		not fields.is_port(port)
	],
	[{"path": $"{path}.expires", "message": "must be a date, as 2026-12-31"} | not fields.is_date_or_null(object.get(entry, "expires", null))],
	fields.text_problems(entry, "namespaces", $"{path}."),
	[{"path": $"{path}.podLabels", "message": "must be an object of texts"} | not fields.is_labels(object.get(entry, "podLabels", null))],
	[{"path": $"{path}.open", "message": "must be true or false"} | not object.get(entry, "open", null) in {null, true, false}],
])

_model_problems(given) := array.flatten([
	fields.list_problem(given, "models", ""),
	[problem | some i, document in fields.items(given, "models"); some problem in model.problems(document, $"models[{i}]")],
	[{"path": $"models[{i}].spec.namespaces[{j}]", "message": "is a namespace of another model before"} |
		some i, document in fields.items(given, "models")
		some j, namespace in document.spec.namespaces
		some other in array.slice(given.models, 0, i)
		namespace in other.spec.namespaces
	],
])

_waiver_problems(given) := array.flatten([
	fields.list_problem(given, "waivers", ""),
	[problem | some i, entry in fields.items(given, "waivers"); some problem in _waiver_entry_problems(entry, $"waivers[{i}]")],
	_waivers_twice(given),
])

_waiver_entry_problems(entry, path) := [{"path": path, "message": "must be an object"}] if {
	not is_object(entry)
} else := array.flatten([
	[{"path": $"{path}.{field}", "message": "is an unknown field"} | some field, _ in entry; not field in _waiver_fields],
	[{"path": $"{path}.rule", "message": "must be the name of a rule"} | not _names_rule(entry)],
	[{"path": $"{path}.{field}", "message": "must be a text that is not blank"} |
		some field in ["owner", "reason"]
		not fields.is_visible(object.get(entry, field, null))
	],
	[{"path": $"{path}.path", "message": "must be a text"} | not fields.is_text_or_null(object.get(entry, "path", null))],
	[{"path": $"{path}.expires", "message": "must be a date, as 2026-12-31: a waiver has an end"} | not _ends(entry)],
	_waived_problems(object.get(entry, "resource", null), $"{path}.resource"),
])

_names_rule(entry) if finding.levels[entry.rule]

_waiver_fields := {"rule", "resource", "path", "owner", "reason", "expires"}

_ends(entry) if {
	entry.expires != null
	fields.is_date_or_null(entry.expires)
}

# Names are whole names: a pattern would waive what nobody has seen yet.
_waived_problems(resource, path) := [{"path": path, "message": "must be an object with kind, namespace and name, as a report has it"}] if {
	not is_object(resource)
} else := array.flatten([
	[{"path": $"{path}.{field}", "message": "is an unknown field"} | some field, _ in resource; not field in _resource_fields],
	[{"path": $"{path}.{field}", "message": "must be a text that is not empty"} |
		some field in ["kind", "name"]
		not fields.is_text(object.get(resource, field, null))
	],
	[{"path": $"{path}.{field}", "message": "must be a text"} |
		some field in ["apiVersion", "namespace"]
		not fields.is_text_or_null(object.get(resource, field, null))
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

_waivers_twice(given) := [{"path": $"waivers[{i}]", "message": "waives the same as one before it"} |
	keys := [[waiver.key(entry), i] | some i, entry in fields.items(given, "waivers")]
	count({key[0] | some key in keys}) < count(keys)
	sorted := sort(keys)
	some n, [key, i] in sorted
	n > 0
	sorted[n - 1][0] == key
]

_entry_fields := {"name", "cidrs", "ports", "owner", "reason", "expires", "namespaces", "podLabels", "open"}
