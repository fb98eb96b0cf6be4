# METADATA
# title: A rule allows egress to everywhere
# description: |
#   The rule reaches at least a quarter of the public addresses on at least half of the ports of a protocol. Whoever takes
#   over a pod that the policy selects can download tools from, send data to and be led from any server.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Name the destinations and ports that the pods need, each in a rule of its own, and remove the rule.
#   match: [NetworkPolicy]
#   parameters: [openAddressShare, openPortShare, internalBlocks, approvedDestinations, models]
#   requires_inventory: []
package egress.rules.open_egress

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.witness

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.policy("verdict", input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some policy in view.policies
	some rule in policy.rules
	rule.verdict == "open-egress"
	more := witness.of_rule(policy, rule, view.settings, "open")
	found := finding.at("open-egress", policy, view.settings, rule.path, _message(policy, rule), object.union(more, {"remediation": remediation.without_rule(policy, rule)}))
]

_message(policy, rule) := $"{finding.name(policy)} allows egress to {finding.destinations(rule.allowance)} on all ports"
