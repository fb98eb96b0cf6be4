# METADATA
# title: A rule reaches a cloud's metadata service
# description: |
#   A block of the rule holds the address at which a cloud hands out credentials of the node, on TCP 80.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Except the metadata addresses from the block, or name narrower blocks.
#   match: [NetworkPolicy]
#   parameters: [approvedDestinations, models]
#   requires_inventory: []
package egress.rules.metadata_endpoint

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.witness

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.policy("metadata", input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some policy in view.policies
	not policy.firewall # clouds answer there whatever their firewalls say
	some rule in policy.rules
	count(rule.metadata) > 0
	message := $"{finding.name(policy)} allows egress to a cloud's metadata service, by {finding.destinations(rule.allowance)}"
	more := witness.of_metadata(policy, rule)
	found := finding.at("metadata-endpoint", policy, view.settings, rule.metadata[0].path, message, object.union(more, {"remediation": remediation.without_metadata(policy, rule)}))
]
