# METADATA
# title: Allowances
# description: |
#   What one rule of a policy or firewall says, whatever its dialect:
#   {"subject": {"namespace", "selector"}, "action": "allow"|"deny"|"pass", "tier": n, "order": n, "everywhere": bool,
#   "claims": [claim], "selectors": [{"namespaces", "pods"}], "ports": port set, "path": where it is written}.
#   A claim is a block with "except" (blocks inside it), "public" (its public addresses, exceptions not taken off; those have
#   their own), the "cidr" and "path" that it was written as, and "way": "" for the addresses themselves, or that in which IPv6 leads to them (`cidr.windows`).
#   Whoever denies an address denies it by that way only.
package lib.egress.allowance

import data.lib.egress.cidr
import data.lib.egress.ports
import data.lib.egress.space

# Tiers in the order in which they decide; the numbers are those of Calico's tiers, between which others may lie. The tier of approvals comes
# first, what is allowed where nothing speaks last.
tiers := {
	"approved": 0, "firewall": [0], "admin": [1000], "network-policy": [1000000], "baseline": [10000000],
	"implied": {"implied": true},
}

# Where a NetworkPolicy stands in its tier, and what comes before and behind all others there.
orders := {"first": [], "network-policy": [1000], "last": {"last": true}}

# METADATA
# description: What is denied at the end of a tier to those of whom it speaks.
closing(tier, public) := object.union(_everything(public), {"action": "deny", "tier": tier, "order": orders.last})

# METADATA
# description: What is allowed where nobody speaks.
implied(public) := object.union(_everything(public), {"action": "allow", "tier": tiers.implied, "order": orders.last})

_everything(public) := {
	"everywhere": true, "claims": everywhere(public), "selectors": [], "ports": ports.all, "path": "",
}

# METADATA
# description: The claims of an allowance without destinations, every address there is.
everywhere(public) := array.concat(
	[claim(public, cidr.block(4, 0, 0), [], {"cidr": "0.0.0.0/0", "path": ""})],
	claims(public, cidr.block(6, 0, 0), [], {"cidr": "::/0", "path": ""}),
)

# METADATA
# description: A claim of one block less exceptions.
claim(public, block, except, written) := {
	"family": block.family, "length": block.length, "low": block.low, "high": block.high,
	"except": [object.union(hole, {"public": space.public(public, hole)}) | some hole in except],
	"public": space.public(public, block), "cidr": written.cidr, "path": written.path, "way": "",
}

# METADATA
# description: |
#   The claims of a block: itself, and the IPv4 addresses that an IPv6 block reaches as v4-mapped or translated ones.
claims(public, block, except, written) := [claim(public, block, except, written)] if {
	block.family == 4
}

claims(public, block, except, written) := array.concat([claim(public, block, except, written)], [image |
	some [way, found] in cidr.images(block)
	holes := [hole | some exception in except; hole := cidr.image(exception, cidr.windows[way])]
	not found in holes
	image := object.union(claim(public, found, holes, written), {"way": way})
]) if {
	block.family == 6
}

# METADATA
# description: An allowance whose blocks are weighed in another space.
in_space(given, public) := object.union(given, {"claims": [weighed |
	some claim in given.claims
	weighed := object.union(claim, {
		"public": space.public(public, claim),
		"except": [object.union(hole, {"public": space.public(public, hole)}) | some hole in claim.except],
	})
]})
