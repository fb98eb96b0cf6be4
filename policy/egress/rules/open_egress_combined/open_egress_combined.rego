# METADATA
# title: Rules together allow egress to everywhere
# description: |
#   No rule is open by itself, but all that select a workload are together. Policies add up: two halves are the whole.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Narrow the rules that the patch names, or remove them.
#   match: [workload, NetworkPolicy]
#   parameters: [openAddressShare, openPortShare, internalBlocks, approvedDestinations, models]
#   requires_inventory: [NetworkPolicy, workload]
package egress.rules.open_egress_combined

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.witness

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.together(input)
	some said in admission.own(findings(view), view)
}

# A new or changed policy that makes others of it, together with policies that are there.
violation contains said if {
	view := admission.together(input)
	some said in admission.said(admission.caused(findings(view), view, "open", input), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := array.concat(_on_workloads(view), _on_policies(view))

_on_workloads(view) := [found |
	some workload in view.governed
	reach := [reach | some reach in workload.reaches; _only_together(reach, view)][0]
	message := $"The policies that select {finding.name(workload)} together allow egress to everywhere on all ports"
	found := finding.at("open-egress-combined", workload, view.settings, "", message, _more(view, reach, witness.source(workload)))
]

_on_policies(view) := [found |
	some group in view.combined
	_only_together(group.reach, view)
	not _said_of_everyone(view, group)
	policy := view.policies[group.first]
	message := $"{finding.together(policy)} together allow egress to everywhere on all ports"
	more := _more(view, group.reach, witness.pods(policy, object.get(group.reach, "restraints", [])))
	found := finding.at("open-egress-combined", policy, view.settings, object.get(policy, "at", "spec.egress"), message, more)
]

_only_together(reach, view) if {
	reach.left.open
	count([1 | some i in reach.policies; some rule in view.all[i].rules; rule.verdict in {"open-egress"}]) == 0
}

_said_of_everyone(view, group) if {
	not group.everyone
	not view.policies[group.first].firewall
	some other in view.combined
	other.everyone
	_only_together(other.reach, view)
}

_more(view, reach, source) := object.union(
	witness.of_reach(reach, source, view.settings, "open"),
	{"remediation": remediation.without_public_rules([view.all[i] | some i in reach.policies])},
)
