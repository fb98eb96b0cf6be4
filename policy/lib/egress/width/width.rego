# METADATA
# title: Width
# description: |
#   How wide allowances are, in the control's words. A width is {"open", "any", "broad"}: open is any destination on enough ports of one
#   protocol, any is enough of the public addresses of a family on some port, broad is more than one /8 (IPv4) or /19 (IPv6)
#   of them on some port.
package lib.egress.width

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.ports
import data.lib.egress.reach
import data.lib.egress.selector
import data.lib.egress.space

# Above these sums of public addresses, a /8 and a /19, a port is broad. Written out, as `cidr.powers` are.
narrow := {4: 16777216, 6: 649037107316853453566312041152512}

# METADATA
# description: |
#   The width of some allowances, less what approvals take out: `open` by those that may excuse it, `any` and `broad` by all.
of(allowances, opening, approvals, settings) := {"open": false, "any": false, "broad": false} if {
	_surely_narrow(allowances, settings)
} else := _width(measured_cells(allowances, [], settings), settings) if {
	approvals == []
} else := object.union(
	_width(measured_cells(allowances, approvals, settings), settings),
	{"open": _width(measured_cells(allowances, opening, settings), settings).open},
)

# No sum over a part is above the sum over all, so that this settles most without looking at ports and exceptions.
_surely_narrow(allowances, settings) if {
	sum([claim.public | some given in allowances; some claim in given.claims; claim.family == 4]) <= settings.few[4]
	sum([claim.public | some given in allowances; some claim in given.claims; claim.family == 6]) <= settings.few[6]
}

# METADATA
# description: |
#   How many public addresses of each family are surely neither broad nor any destination, given the share of them that is; none where it
#   depends on which.
few(public, share) := {family: n | some family, most in narrow; n := _few(most, family, public, share)}

_few(most, family, public, share) := most if {
	most * 1000000 < share * space.family(public, family).total
} else := 0

_enough_addresses(n, family, settings) if n * 1000000 >= settings.address_share * space.family(settings.space, family).total

# METADATA
# description: |
#   The cells of some allowances with the public addresses that approvals leave of each: {"cell", "left": {family: n}, "any": bool,
#   "broad": bool}.
measured_cells(allowances, approvals, settings) := [{"cell": cell, "left": left, "any": any, "broad": _broad(left)} |
	cells := reach.cells(array.concat(allowances, approvals))
	by_speaking := {cell.speaking: _left_of(cell.allowances, settings) | some cell in _each_speaking(cells)}
	some cell in cells
	left := by_speaking[cell.speaking]
	any := _any(left, settings)
]

# One cell for each set of allowances that speak: on most ports it is the same few.
_each_speaking(cells) := [cells[i] | some i in {min({i | some i, cell in cells; cell.speaking == speaking}) |
	some speaking in {cell.speaking | some cell in cells}
}]

# A cell that cannot be wide is not measured.
_left_of(allowances, settings) := {4: 0, 6: 0} if {
	_surely_narrow([given | some given in allowances; given.action == "allow"], settings)
} else := _left(allowances)

_left(allowances) := {family: n |
	some family in [4, 6]
	n := reach.addresses(allowances, family, "public")
}

_any(left, settings) if {
	some family, n in left
	n > 0
	_enough_addresses(n, family, settings)
} else := false

_broad(left) if {
	some family, most in narrow
	left[family] > most
} else := false

_width(measured, settings) := {
	"open": enough_ports([found.cell | some found in measured; found.any], settings),
	"any": count([1 | some found in measured; found.any]) > 0,
	"broad": count([1 | some found in measured; found.broad]) > 0,
}

# METADATA
# description: Whether some cells hold enough ports of one protocol.
enough_ports(cells, settings) if {
	some protocol in {cell.protocol | some cell in cells}
	n := sum([cell.count | some cell in cells; cell.protocol == protocol])
	_enough(n, settings)
} else := false

_enough(n, settings) if n * 1000000 >= settings.port_share * ports.total

# METADATA
# description: Whether the ports of an allowance are all ports in the control's sense.
all_ports(given, settings) if {
	some protocol in {port.protocol | some port in given.ports}
	_enough(ports.size(given.ports, protocol), settings)
}

# METADATA
# description: Whether an allowance selects pods, or has blocks that restraints before it and approvals leave, on enough ports.
unapproved_on_all_ports(given, _, _, settings) if {
	all_ports(given, settings)
	count(given.selectors) > 0
}

unapproved_on_all_ports(given, restraints, approvals, settings) if {
	all_ports(given, settings)
	left := [cell |
		some cell in reach.cells(array.concat(array.concat([given], restraints), approvals))
		_any_address(cell.allowances)
	]
	enough_ports(left, settings)
}

_any_address(allowances) if {
	some family in [4, 6]
	reach.addresses(allowances, family, "all") > 0
}

# METADATA
# description: Whether an allowance selects every pod of every namespace on all ports.
every_pod(given, namespaces, settings) if {
	some peer in given.selectors
	peer.namespaces != null
	selector.empty(peer.pods)
	selector.matches_every_namespace(peer.namespaces, namespaces)
	all_ports(given, settings)
}

# METADATA
# description: Whether an allowance holds a public address, those for documentation among them, that restraints before it leave and no approval lists.
unlisted(given, restraints, approvals, settings) if {
	count([claim | some claim in given.claims; space.public(settings.listed_space, claim) > 0]) > 0
	ways := {[claim.family, claim.way] | some claim in given.claims}
	weighed := [allowance.in_space(_by(one, ways), settings.listed_space) | some one in array.concat(array.concat([given], restraints), approvals)]
	some cell in reach.cells(weighed)
	some family in [4, 6]
	reach.addresses(cell.allowances, family, "public") > 0
}

# What leads nowhere by these ways has no say in them.
_by(given, ways) := object.union(given, {"claims": [claim | some claim in given.claims; [claim.family, claim.way] in ways]})

# METADATA
# description: |
#   Where an allowance holds a cloud's metadata service by a block, on TCP 80, not taken out by restraints before it and not excused by approvals, as
#   {"path", "address"}.
metadata(given, restraints, approvals) := [{"path": claim.path, "address": address} |
	not given.everywhere
	ports.holds(given.ports, "TCP", 80)
	excused := [approval | some approval in approvals; ports.holds(approval.ports, "TCP", 80)]
	some claim in given.claims
	some service in metadata_services
	_reaches(claim, service)
	count([1 | some approval in excused; some approved in approval.claims; approved.way == claim.way; cidr.inside(service, approved)]) == 0
	_left_over(given, restraints, service, claim.way)
	address := cidr.address_text(service.family, service.low)
]

_left_over(_, [], _, _)

_left_over(given, restraints, service, way) if {
	count(restraints) > 0
	speaking := [one | some one in array.concat([given], restraints); ports.holds(one.ports, "TCP", 80)]
	reach.allows([reach.ways(speaking, service.family)[way]], service)
}

_reaches(claim, address) if {
	cidr.inside(address, claim)
	not _excepted(claim, address)
}

_excepted(claim, address) if {
	some hole in claim.except
	cidr.inside(address, hole)
}

# METADATA
# description: The addresses of the clouds' metadata services, as blocks of one address, written out as those of `space` are.
metadata_services := [
	{"family": 4, "length": 32, "low": 2852039166, "high": 2852039166, "plain": true},
	{"family": 4, "length": 32, "low": 2852039170, "high": 2852039170, "plain": true},
	{"family": 4, "length": 32, "low": 2852039191, "high": 2852039191, "plain": true},
	{"family": 4, "length": 32, "low": 2822734096, "high": 2822734096, "plain": true},
	{"family": 4, "length": 32, "low": 1684301000, "high": 1684301000, "plain": true},
	{"family": 6, "length": 128, "low": 336294982257581694735330614659971547732, "high": 336294982257581694735330614659971547732, "plain": true},
	{"family": 6, "length": 128, "low": 336460852754058308267229706403515990612, "high": 336460852754058308267229706403515990612, "plain": true},
]

# METADATA
# description: The share of the public IPv4 addresses that some allowances allow on any port, cut to 6 decimals.
public_share(allowances, settings) := 0 if {
	bound := sum([claim.public | some given in allowances; some claim in given.claims; claim.family == 4])
	bound * 1000000 < space.family(settings.space, 4).total
} else := floor((n * 1000000) / space.family(settings.space, 4).total) / 1000000 if {
	n := reach.anywhere(allowances, reach.cells(allowances))
}
