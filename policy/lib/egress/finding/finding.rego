# METADATA
# title: Findings
# description: The one constructor of findings, and the level of each kind in each profile.
package lib.egress.finding

# Levels by kind and profile; a kind without a level in a profile is not reported there.
levels := {
	"open-egress": {"baseline": "fail", "strict": "fail"},
	"open-egress-combined": {"baseline": "fail", "strict": "fail"},
	"no-egress-policy": {"baseline": "fail", "strict": "fail"},
	"uncovered-workload": {"baseline": "fail", "strict": "fail"},
	"invalid-resource": {"baseline": "fail", "strict": "fail"},
	"any-destination": {"baseline": "warn", "strict": "fail"},
	"broad-destination": {"baseline": "warn", "strict": "fail"},
	"broad-destination-combined": {"baseline": "warn", "strict": "fail"},
	"all-ports": {"baseline": "warn", "strict": "fail"},
	"all-pods": {"baseline": "warn", "strict": "fail"},
	"metadata-endpoint": {"baseline": "warn", "strict": "fail"},
	"ambiguous-cidr": {"baseline": "warn", "strict": "fail"},
	"duplicate-key": {"baseline": "warn", "strict": "fail"},
	"duplicate-resource": {"baseline": "warn", "strict": "fail"},
	"assumed-namespace": {"baseline": "warn", "strict": "fail"},
	"host-network": {"baseline": "warn", "strict": "fail"},
	"not-evaluated": {"baseline": "warn", "strict": "fail"},
	"dangling-policy": {"baseline": "warn", "strict": "warn"},
	"unapproved-destination": {"strict": "fail"},
	"expired-destination": {"baseline": "warn", "strict": "fail"},
	"default-deny-egress": {"baseline": "fail", "strict": "fail"},
	"allow-dns": {"baseline": "fail", "strict": "fail"},
	"allow-https": {"baseline": "fail", "strict": "fail"},
	"allow-database": {"baseline": "fail", "strict": "fail"},
	"allow-internal-services": {"baseline": "warn", "strict": "fail"},
	"allow-kube-api": {"baseline": "fail", "strict": "fail"},
	"outside-model": {"baseline": "warn", "strict": "fail"},
}

# METADATA
# description: |
#   A finding {"rule", "level", "message", "path", "order", "resource"} about a subject, the facts of a policy or workload, with `more` fields:
#   "witness" and "remediation". Undefined where the kind has no level in the profile.
at(kind, subject, settings, path, message, more) := object.union(_known(more), {
	"rule": kind,
	"level": levels[kind][settings.profile],
	"message": message,
	"path": path,
	"order": subject.order,
	"resource": subject.resource,
})

# METADATA
# description: How messages name an object.
name(subject) := $"{subject.resource.kind} '{subject.resource.name}'"

# METADATA
# description: How messages name what is judged together with a policy.
together(subject) := $"The rules of {name(subject)}" if {
	subject.firewall
} else := $"The policies that select the pods of {name(subject)}"

# A change that nothing is known of is left out.
_known(more) := {field: value | some field, value in more; not value in [[], null]}

# METADATA
# description: The destinations of an allowance as messages name them, the blocks as written.
destinations(given) := "all destinations" if {
	given.everywhere
} else := concat(", ", written) if {
	written := _written(given)
	count(written) > 0
} else := "the pods it selects"

# Each once, in the order of the policy; the images of an IPv6 block were not written. Names are written as they are.
_written(given) := array.concat(
	[claim.cidr |
		some i, claim in given.claims
		_is_written(given.claims, i)
	],
	[peer.name | some peer in given.selectors; peer.name],
)

_is_written(_, 0)

# The images of a block follow it.
_is_written(claims, i) if {
	i > 0
	claims[i].path != claims[i - 1].path
}

# METADATA
# description: The ports of an allowance as messages name them.
ports(given) := "all ports" if {
	some port in given.ports
	port.low == 1
	port.high == 65535
} else := concat(", ", [text | some port in given.ports; text := _port(port)])

_port(port) := $"{port.protocol} {port.name}" if port.name

_port(port) := $"{port.protocol} {port.low}" if port.low == port.high

_port(port) := $"{port.protocol} {port.low}-{port.high}" if port.low < port.high
