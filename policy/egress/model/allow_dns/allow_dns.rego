# METADATA
# title: DNS goes to the pods of the cluster's DNS, and nowhere else
# description: |
#   A rule lets pods ask another resolver than the cluster's, which is a tunnel to the outside; or no rule lets them ask the cluster's, on both UDP and TCP.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SC-7
#     description: NIST 800-53 SC-7, boundary protection
#   - ref: https://attack.mitre.org/techniques/T1071/
#     description: MITRE ATT&CK T1071, application layer protocol
# custom:
#   control: egress-model
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Allow UDP and TCP 53 to the DNS pods of the cluster only, by namespace and labels.
#   match: [workload, NetworkPolicy]
#   parameters: [models, approvedDestinations, internalBlocks, systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
#   asks_for: [models]
package egress.model.allow_dns

import data.lib.egress.admission
import data.lib.egress.finding
import data.lib.egress.remediation
import data.lib.egress.wording

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.layered(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := array.concat(
	[finding.at("allow-dns", breach.policy, view.settings, breach.path, message, {"remediation": remediation.without_rule(breach.policy, breach.rule)}) |
		some breach in view.layers.breaches
		breach.layer == "allow-dns"
		message := $"{finding.name(breach.policy)} allows {finding.ports(breach.rule.allowance)} to {finding.destinations(breach.rule.allowance)}, which holds DNS servers other than the cluster's"
	],
	[finding.at("allow-dns", view.layers.bearer, view.settings, "", message, {}) |
		some gap in view.layers.missing
		gap.layer == "allow-dns"
		message := $"Namespace '{view.namespace}' has no policy that lets {wording.pods(gap.about.from)} reach {wording.destination(gap.about)}"
	],
)
