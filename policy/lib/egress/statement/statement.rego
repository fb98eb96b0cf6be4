# METADATA
# title: Statements
# description: |
#   What dialects other than NetworkPolicy have in common: the facts of a policy are those of `network_policy.policy`, and besides {"applies": conditions (see `subject`),
#   "restraints": allowances that deny or pass, "closes": the tier at whose end an isolating policy denies the rest, "narrows": whether what it allows must be allowed
#   by others as well, "part": which part of an object it is, "unresolved": [{"path", "message"}] of what cannot be known}.
package lib.egress.statement

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.fields
import data.lib.egress.path as paths
import data.lib.egress.selector

# METADATA
# description: |
#   The facts of a policy, given what its dialect says of it: {"applies", "normal", "isolates", "closes", "problems", "unresolved", "said": [{"path", "index", "action",
#   "tier", "order", "everywhere", "claims", "selectors", "ports"}]} and, where they differ, "selector", "narrows" and "part".
facts(document, resource, given) := {
	"resource": resource,
	"order": document.source.order,
	"object": document.object,
	"part": object.get(given, "part", ""),
	"selector": chosen,
	"compiled": selector.compiled(chosen),
	"normal": given.normal,
	"applies": given.applies,
	"isolates": given.isolates,
	"closes": object.get(given, "closes", allowance.tiers["network-policy"]),
	"narrows": object.get(given, "narrows", false),
	"problems": given.problems,
	"valid": given.problems == [],
	"ambiguous": _ambiguous(given.said),
	"unresolved": object.get(given, "unresolved", []),
	"rules": [{"path": one.path, "index": one.index, "allowance": _allowance(one, chosen, resource)} |
		some one in given.said
		one.action == "allow"
	],
	"restraints": [_allowance(one, chosen, resource) | some one in given.said; one.action in {"deny", "pass"}],
} if {
	chosen := object.get(given, "selector", {})
}

# Claims know what they were written as, and where.
_ambiguous(said) := [{"path": path, "text": text, "block": block} |
	some [path, text] in sort({[claim.path, claim.cidr] | some one in said; some claim in one.claims})
	block := parsed(text)
	not block.plain
]

_allowance(one, chosen, resource) := {
	"subject": {"namespace": resource.namespace, "selector": chosen},
	"action": one.action,
	"tier": one.tier,
	"order": one.order,
	"everywhere": object.get(one, "everywhere", false),
	"claims": one.claims,
	"selectors": object.get(one, "selectors", []),
	"ports": one.ports,
	"path": one.path,
}

# METADATA
# description: The claims of every address there is, by the text that means it.
anywhere(text, path, public) := array.concat(
	allowance.claims(public, cidr.block(4, 0, 0), [], {"cidr": text, "path": path}),
	allowance.claims(public, cidr.block(6, 0, 0), [], {"cidr": text, "path": path}),
)

# METADATA
# description: The claims of one CIDR text with exceptions, none for what is no block. An address alone is a block of one.
block(text, exceptions, path, public) := [claim |
	found := parsed(text)
	holes := [hole | some exception in exceptions; hole := parsed(exception); cidr.inside(hole, found)]
	count([1 | some exception in exceptions; cidr.inside(found, parsed(exception))]) == 0
	some claim in allowance.claims(public, found, holes, {"cidr": text, "path": path})
]

# METADATA
# description: The block of a CIDR text or of an address alone; undefined for what is neither.
parsed(text) := cidr.parse(text) if {
	contains(text, "/")
} else := cidr.parse(concat("", [text, "/128"])) if {
	contains(text, ":")
} else := cidr.parse(concat("", [text, "/32"]))

# METADATA
# description: The problem of a CIDR text that is none.
block_problem(text, path) := [{"path": path, "message": "must be a CIDR block"} | not _is_block(text)]

_is_block(text) if parsed(text)

# METADATA
# description: A field that is an object; {} where it is not.
child(thing, field) := value if {
	value := thing[field]
	is_object(value)
} else := {}

# METADATA
# description: The problems of the form of an object, as that it is none, or has fields that nobody knows.
shape_problems(thing, known, base) := [{"path": base, "message": "must be an object"}] if {
	not is_object(thing)
} else := [{"path": paths.field(base, key), "message": "unknown field"} | some key, _ in thing; not key in known]

# METADATA
# description: The problem of a field that must be a list, or absent.
list_problem(thing, field, base) := [{"path": $"{base}.{field}", "message": "must be a list"} |
	value := object.get(thing, field, null)
	value != null
	not is_array(value)
]

# METADATA
# description: |
#   The problems of a label selector's form: what is read as no requirement at all would select everything. Keys are those of its dialect.
selector_problems(chosen, base) := array.flatten([
	shape_problems(chosen, {"matchLabels", "matchExpressions"}, base),
	[{"path": $"{base}.matchLabels", "message": "must be an object"} | not _is_object_or_null(object.get(_object(chosen), "matchLabels", null))],
	list_problem(_object(chosen), "matchExpressions", base),
	[{"path": $"{base}.matchExpressions[{i}]", "message": "must have a key, and an operator In, NotIn, Exists or DoesNotExist"} |
		some i, one in fields.items(_object(chosen), "matchExpressions")
		not _is_requirement(one)
	],
])

_object(value) := value if {
	is_object(value)
} else := {}

_is_object_or_null(null)

_is_object_or_null(value) if is_object(value)

_is_requirement(one) if {
	is_string(one.key)
	one.operator in {"In", "NotIn", "Exists", "DoesNotExist"}
}

# METADATA
# description: The problem of a port that is neither a number nor, where names may be, a name.
port_problem(value, path) := [{"path": path, "message": "must be a port"} | not _is_port(value)]

_is_port(null)

_is_port(value) if is_number(value)

_is_port(value) if {
	is_string(value)
	regex.match(`^[a-zA-Z0-9-]*[a-zA-Z][a-zA-Z0-9-]*$`, value)
}

# METADATA
# description: A range of ports of a protocol as far as there are such ports.
range(protocol, first, last) := [{"protocol": protocol, "low": low, "high": high} |
	low := max([first, 1])
	high := min([last, 65535])
	low <= high
]

# METADATA
# description: A port, by its number or its name.
port(protocol, value) := range(protocol, value, value) if is_number(value)

port(protocol, value) := [{"protocol": protocol, "name": value}] if is_string(value)

# METADATA
# description: All ports of each of some protocols.
whole(protocols) := [{"protocol": protocol, "low": 1, "high": 65535} | some protocol in protocols]
