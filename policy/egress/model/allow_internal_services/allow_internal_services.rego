# METADATA
# title: Services of other namespaces are named by namespace, pods and ports
# description: |
#   A rule reaches pods of other namespaces that the model does not declare, or does not name the namespace, the pods or the ports; or a declared service is
#   reached by no rule.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-4
#     description: NIST 800-53 AC-4, information flow enforcement
# custom:
#   control: egress-model
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Name the namespace by kubernetes.io/metadata.name, the pods by their labels, and the ports.
#   match: [workload, NetworkPolicy]
#   parameters: [models, approvedDestinations, internalBlocks, systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
#   asks_for: [models]
package egress.model.allow_internal_services

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
	[finding.at("allow-internal-services", breach.policy, view.settings, breach.path, message, {"remediation": remediation.without_rule(breach.policy, breach.rule)}) |
		some breach in view.layers.breaches
		breach.layer == "allow-internal-services"
		message := $"{finding.name(breach.policy)} allows egress to pods on {finding.ports(breach.rule.allowance)}, {_why(view.layers.model)}"
	],
	[finding.at("allow-internal-services", view.layers.bearer, view.settings, "", message, {}) |
		some gap in view.layers.missing
		gap.layer == "allow-internal-services"
		message := $"Namespace '{view.namespace}' has no policy that lets {wording.pods(gap.about.from)} reach {wording.destination(gap.about)}"
	],
)

_why("") := "without naming their namespace, labels and ports"

_why(model) := $"not all of which model '{model}' declares" if model != ""
