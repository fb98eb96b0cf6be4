# METADATA
# title: HTTPS goes to approved destinations
# description: |
#   A rule reaches addresses that the model of the namespace does not approve, or whose approval has ended; or a declared destination is reached by no rule.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SC-7
#     description: NIST 800-53 SC-7, boundary protection
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-4
#     description: NIST 800-53 AC-4, information flow enforcement
#   - ref: https://attack.mitre.org/techniques/T1048/
#     description: MITRE ATT&CK T1048, exfiltration over alternative protocol
#   - ref: https://attack.mitre.org/techniques/T1071/
#     description: MITRE ATT&CK T1071, application layer protocol
# custom:
#   control: egress-model
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Narrow the rule to the destinations of the model, or have the destination added with owner, reason and expiry.
#   match: [workload, NetworkPolicy]
#   parameters: [models, approvedDestinations, internalBlocks, systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
#   asks_for: [models]
package egress.model.allow_https

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
	[finding.at("allow-https", breach.policy, view.settings, breach.path, message, {"remediation": remediation.without_rule(breach.policy, breach.rule)}) |
		some breach in view.layers.breaches
		breach.layer == "allow-https"
		message := $"{finding.name(breach.policy)} allows egress to {finding.destinations(breach.rule.allowance)} on {finding.ports(breach.rule.allowance)}, {_why(breach.about, view.layers.model)}"
	],
	[finding.at("allow-https", view.layers.bearer, view.settings, "", message, {}) |
		some gap in view.layers.missing
		gap.layer == "allow-https"
		message := $"Namespace '{view.namespace}' has no policy that lets {wording.pods(gap.about.from)} reach {wording.destination(gap.about)}"
	],
)

_why(null, "") := "which is wider than HTTPS to specific destinations"

_why(null, model) := $"not all of which model '{model}' approves for its pods" if model != ""

_why(ended, _) := $"which was approved as '{ended.name}' until {ended.expires}" if ended != null
