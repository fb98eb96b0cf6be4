# METADATA
# title: A rule reaches a large part of the internet
# description: |
#   On some port the rule reaches more public addresses than one /8 (IPv4) or one /19 (IPv6) has. That is more than any one
#   partner's network.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Narrow the blocks to the networks that the pods need, or list the destination in approvedDestinations.
#   match: [NetworkPolicy]
#   parameters: [internalBlocks, approvedDestinations, models]
#   requires_inventory: []
package egress.rules.broad_destination

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
	rule.verdict == "broad-destination"
	more := witness.of_rule(policy, rule, view.settings, "broad")
	found := finding.at("broad-destination", policy, view.settings, rule.path, _message(policy, rule), object.union(more, {"remediation": remediation.without_rule(policy, rule)}))
]

_message(policy, rule) := message if {
	written := finding.destinations(rule.allowance)
	message := $"{finding.name(policy)} allows egress to a large part of the public addresses, by {written} on {finding.ports(rule.allowance)}"
}
