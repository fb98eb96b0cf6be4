# METADATA
# title: A rule allows any destination on some ports
# description: |
#   The rule reaches at least a quarter of the public addresses, though not on half of the ports. An attacker's server
#   listens on 443 or 53 as well: limited ports do not stop exfiltration.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Give the rule the addresses that the pods need. For DNS that is kube-dns in kube-system. A destination that must be
#     wide is listed in approvedDestinations, with an owner and a date.
#   match: [NetworkPolicy]
#   parameters: [openAddressShare, openPortShare, internalBlocks, approvedDestinations, models]
#   requires_inventory: []
package egress.rules.any_destination

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
	rule.verdict == "any-destination"
	more := witness.of_rule(policy, rule, view.settings, "any")
	found := finding.at("any-destination", policy, view.settings, rule.path, _message(policy, rule), object.union(more, {"remediation": remediation.without_rule(policy, rule)}))
]

_message(policy, rule) := message if {
	written := finding.destinations(rule.allowance)
	message := $"{finding.name(policy)} allows egress to {written} on {finding.ports(rule.allowance)}"
}
