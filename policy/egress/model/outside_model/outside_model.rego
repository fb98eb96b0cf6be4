# METADATA
# title: A rule is in no layer of the model
# description: |
#   The rule allows what none of the six layers has: other ports than theirs, or pods that no model declares.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SC-7
#     description: NIST 800-53 SC-7, boundary protection
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-4
#     description: NIST 800-53 AC-4, information flow enforcement
# custom:
#   control: egress-model
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Declare the destination in the model, or remove the rule.
#   match: [workload, NetworkPolicy]
#   parameters: [models, approvedDestinations, internalBlocks, systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
#   asks_for: [models]
package egress.model.outside_model

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.layered(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [finding.at("outside-model", breach.policy, view.settings, breach.path, message, {"remediation": remediation.without_rule(breach.policy, breach.rule)}) |
	some breach in view.layers.breaches
	breach.layer == "outside-model"
	message := $"{finding.name(breach.policy)} allows egress to {finding.destinations(breach.rule.allowance)} on {finding.ports(breach.rule.allowance)}, which no layer of the model has"
]
