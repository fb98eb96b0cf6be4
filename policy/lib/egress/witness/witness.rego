# METADATA
# title: Witnesses
# description: A packet that would get out, for a finding that something is too wide. What it says is really allowed.
package lib.egress.witness

import data.lib.egress.allowance
import data.lib.egress.cidr
import data.lib.egress.reach
import data.lib.egress.space
import data.lib.egress.width

# METADATA
# description: |
#   The witness of a rule that is "open", "any" or "broad", as {"witness": {"from", "to", "port", "protocol"}}; empty where none can be named,
#   as for named ports. What is open is so in spite of approvals that do not say that it may be.
of_rule(policy, rule, settings, word) := of_reach(
	{"allowances": array.concat([rule.allowance], object.get(rule, "restraints", [])), "approvals": rule.approvals},
	pods(policy, object.get(rule, "restraints", [])), settings, word,
) if {
	not _narrows(policy)
} else := {}

# What allows only what others allow as well lets nothing out by itself.
_narrows(policy) if {
	policy.narrows
	count(policy.selected) > 0
}

# METADATA
# description: The witness of a reach.
of_reach(found, source, settings, word) := {"witness": object.union({"from": source}, packet)} if {
	packet := _packet(width.measured_cells(found.allowances, _excusing(found.approvals, word), settings), settings, word)
} else := {}

_excusing(approvals, "open") := [a.allowance | some a in approvals; a.open]

_excusing(approvals, word) := [a.allowance | some a in approvals] if word != "open"

# METADATA
# description: The witness of a workload that nothing guards. What others deny does not get out all the same.
unrestricted(workload, settings) := object.union({"from": source(workload)}, packet) if {
	packet := _unasked(workload, settings)[0]
} else := {"from": source(workload), "to": cidr.address_text(family, number), "port": 4444, "protocol": "TCP"} if {
	[family, number] := _address([allowance.implied(settings.space)], settings)
}

_unasked(workload, settings) := [packet |
	some reach in object.get(workload, "reaches", [])
	reach.restraints != []
	measured := width.measured_cells(array.concat(reach.restraints, [allowance.implied(settings.space)]), [], settings)
	packet := _packet(measured, settings, "open")
]

# METADATA
# description: The witness of a rule that reaches a cloud's metadata service.
of_metadata(policy, rule) := {"witness": {"from": from, "to": rule.metadata[0].address, "port": 80, "protocol": "TCP"}} if {
	not _narrows(policy)
	from := pods(policy, object.get(rule, "metadata_under", []))
} else := {}

# METADATA
# description: How a witness names the pods of a workload.
source(workload) := $"{workload.resource.namespace}/{workload.resource.kind}/{workload.resource.name}"

# METADATA
# description: |
#   How a witness names the pods that a policy selects: by the first of their workloads that some restraints, and no others, hold for, where one is known.
pods(policy, restraints) := min(found) if {
	found := {source(pod) | some pod in policy.selected; object.get(pod, "restraints", []) == restraints}
	count(found) > 0
} else := $"a machine behind {policy.resource.kind} {policy.resource.name}" if {
	policy.firewall
} else := $"{policy.resource.namespace}/pods of {policy.resource.kind} {policy.resource.name}"

# A public address that a cell allows; undefined where there is none. The first addresses of what is allowed and public are among the
# first addresses of blocks and those that follow a block.
_packet(measured, settings, word) := {"to": cidr.address_text(found[0], found[1]), "port": _port(cell), "protocol": cell.protocol} if {
	cells := [found.cell | some found in measured; _counts(found, word); found.cell.low]
	cell := _preferred(cells)
	found := _address(cell.allowances, settings)
}

_counts(found, "open") if found.any

_counts(found, "any") if found.any

_counts(found, "broad") if found.broad

# TCP and a port that no service has say best that it is not about a service. Cells stand in another order in each engine.
_preferred(cells) := cells[i] if {
	[_, _, i] := min({[rank, _port(cell), i] | some i, cell in cells; rank := _rank(cell)})
}

_rank(cell) := (4 * _one(_port(cell) != 4444)) + _protocols[cell.protocol]

_protocols := {"TCP": 0, "UDP": 1, "SCTP": 2}

_one(true) := 1

_one(false) := 0

_port(cell) := 4444 if {
	cell.low <= 4444
	cell.high >= 4444
} else := cell.low

# An address itself before one that only a gateway leads to, as not every cluster has one.
_address(allowances, settings) := [4, address] if {
	address := _first(reach.direct(allowances, 4), 4, allowances, settings)
} else := [6, address] if {
	address := _first(reach.direct(allowances, 6), 6, allowances, settings)
} else := [4, address] if {
	address := _first(reach.ways(allowances, 4), 4, allowances, settings)
}

# An address of example.com says at a glance what it is.
_first(ways, family, allowances, settings) := usual if {
	family == 4
	usual := cidr.parse("93.184.215.14/32").low
	_allowed(ways, 4, usual, settings)
} else := min(found) if {
	found := _edges(ways, family, allowances, settings)
	count(found) > 0
}

_edges(ways, family, allowances, settings) := {address |
	mentioned := reach.mentions(allowances, family, "all")
	starts := {m[1] | some m in mentioned} | {block.low | some block in space.family(settings.space, family).public}
	blocks := [cidr.block(family, m[0], m[1]) | some m in mentioned]
	follows := {next |
		some block in array.concat(blocks, space.family(settings.space, family).hidden)
		next := block.high + 1
	}
	some address in (starts | follows)
	_allowed(ways, family, address, settings)
}

_allowed(ways, family, address, settings) if {
	address < cidr.size(family, 0)
	block := cidr.block(family, cidr.address_bits[family], address)
	space.public(settings.space, block) > 0
	reach.allows(ways, block)
}
