# METADATA
# title: Firewalls
# description: |
#   What the firewalls of all clouds have in common: facts (see `statement.facts`) of a resource of theirs, made of rules {"path", "action", "order", "blocks": [[text,
#   path]], "anywhere": bool or the text that means it, "peers": [name], "ports", "implied": bool, "unknown": [{"path", "message"}], "partial": whether it is one for some
#   machines, or in some cases, only}. Resources that make one firewall together have the same key.
package lib.egress.firewall

import data.lib.egress.allowance
import data.lib.egress.infrastructure
import data.lib.egress.statement

# METADATA
# description: The facts of one resource, given who it is, the key of its firewall, where it is written, and its rules.
facts(document, resource, key, at, rules, settings) := object.union(
	statement.facts(document, resource, {
		"applies": [{"of": "nobody"}],
		"normal": {"firewall", key},
		"isolates": true,
		"closes": allowance.tiers.firewall,
		"problems": [problem | some rule in rules; some problem in rule.problems],
		"unresolved": [one | some rule in rules; some one in _unknown(rule)],
		"said": [_said(rule, i, settings.space) | some i, rule in rules],
	}),
	{
		"firewall": key, "at": at, "implied": {rule.path | some rule in rules; rule.implied},
		"for_all": {rule.path | some rule in rules; not rule.implied; not rule.partial; rule.unknown == []},
	},
)

# Several values of one rule are said once.
_unknown(rule) := rule.unknown if {
	count(_later(rule)) < 2
} else := array.concat(
	[{"path": rule.path, "message": $"has values that are known only later: {concat(", ", _later(rule))}"}],
	[one | some one in rule.unknown; one.message != infrastructure.known_later],
)

_later(rule) := [trim_prefix(one.path, $"{rule.path}.") | some one in rule.unknown; one.message == infrastructure.known_later]

_said(rule, i, public) := {
	"path": rule.path,
	"index": i,
	"action": _action(rule),
	"tier": allowance.tiers.firewall,
	"order": rule.order,
	"everywhere": rule.anywhere == true,
	"claims": _claims(rule, public),
	"selectors": [{"namespaces": null, "pods": null, "name": name} | some name in rule.peers],
	"ports": rule.ports,
}

# What denies some machines only, in some cases only, or not surely, denies nobody for sure.
_action(rule) := "none" if {
	rule.action != "allow"
	rule.partial
} else := "none" if {
	rule.action != "allow"
	rule.unknown != []
} else := rule.action

_claims(rule, public) := allowance.everywhere(public) if {
	rule.anywhere == true
} else := statement.anywhere(rule.anywhere, rule.path, public) if {
	is_string(rule.anywhere)
} else := [claim | some [text, path] in rule.blocks; some claim in statement.block(text, [], path, public)]

# METADATA
# description: A rule with what is usual where nothing is said.
rule(given) := object.union(
	{
		"action": "allow", "order": [], "blocks": [], "anywhere": false, "peers": [], "ports": [], "implied": false, "unknown": [], "partial": false,
		"problems": [],
	},
	given,
)

# METADATA
# description: Rules of which nothing is known yet, given where they are.
unknown_rules(paths) := [rule({"path": path, "order": [-1], "ports": ports("-1", null, null), "unknown": [{"path": path, "message": infrastructure.known_later}]}) |
	some path in paths
]

# METADATA
# description: A field that every format writes under another name; null where none is there.
one_of(values, names) := [value | some name in names; value := values[name]; value != null][0] if {
	count([1 | some name in names; object.get(values, name, null) != null]) > 0
} else := null

# METADATA
# description: The problems of blocks that are none.
block_problems(blocks) := [problem | some [text, path] in blocks; some problem in statement.block_problem(text, path)]

# METADATA
# description: The problems of texts of ports that cannot be read. A denial with such ports would deny all of them.
port_problems(texts, path) := [{"path": path, "message": $"has ports that cannot be read: {text}"} |
	some text in texts
	not _is_ports(text)
]

_is_ports(text) if is_number(text)

_is_ports(text) if regex.match(`^[0-9]{1,5}(-[0-9]{1,5})?$`, text)

_is_ports(text) if contains(text, "${")

_is_ports(text) if startswith(text, "[")

# METADATA
# description: |
#   A port set from a protocol, by its name or number, and a range of ports as clouds write them: "-1" and "all" are every protocol, whatever ports are said.
ports(protocol, first, last) := statement.whole(["TCP", "UDP", "SCTP"]) if {
	_names(protocol) in {"-1", "all", "*", "any", "null", ""}
} else := [port |
	name := _protocols[_names(protocol)]
	some port in _range(name, first, last)
]

_names(value) := lower(value) if is_string(value)

_names(value) := format_int(value, 10) if is_number(value)

_names(null) := "null"

_protocols := {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP", "6": "TCP", "17": "UDP", "132": "SCTP"}

# Nothing said, -1 and 0 to 0 are every port.
_range(protocol, first, last) := statement.whole([protocol]) if {
	[number(first), number(last)] in [[null, null], [-1, -1], [0, 0]]
} else := statement.range(protocol, number(first), number(last)) if {
	is_number(number(first))
	is_number(number(last))
} else := statement.whole([protocol])

# METADATA
# description: A number, also one written as a text; what is none of both as it is.
number(value) := to_number(value) if {
	is_string(value)
	regex.match(`^-?[0-9]{1,10}$`, value)
} else := value

# METADATA
# description: |
#   Where a rule stands among others, by its number, or what is usual where there is none. Of a number that is not known a rule stands before all: what it allows is then
#   denied by nobody, and it denies nothing itself as something of it is not known.
place(value, usual) := [number(value)] if {
	is_number(number(value))
} else := [usual] if {
	value == null
	usual != null
} else := [-1]

# METADATA
# description: The problem of a number that is none, given what is usual (null where it must be said) and what will be known only later.
place_problems(value, usual, path, later) := [{"path": path, "message": "must have a number for its place among the others"} |
	later == []
	not is_number(number(value))
	count([1 | value == null; usual != null]) == 0
]

# METADATA
# description: |
#   A port set from texts as "443", "8000-8080" and "*", none of which is every port. What cannot be read may be any port.
ports_of_texts(protocol, texts) := [port | some text in texts; some one in _each(protocol); some port in _of_text(one, text)] if {
	count(texts) > 0
} else := ports(protocol, null, null)

# Ports beside every protocol are those of each.
_each(protocol) := ["tcp", "udp", "sctp"] if {
	_names(protocol) in {"-1", "all", "*", "any", "null", ""}
} else := [protocol]

_of_text(protocol, text) := ports(protocol, ends[0], ends[count(ends) - 1]) if {
	is_string(text)
	regex.match(`^[0-9]{1,5}(-[0-9]{1,5})?$`, text)
	ends := split(text, "-")
} else := ports(protocol, text, text) if {
	is_number(text)
} else := ports(protocol, null, null)
