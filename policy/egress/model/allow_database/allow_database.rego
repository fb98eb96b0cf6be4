# METADATA
# title: Databases are reached by backend pods only
# description: |
#   A rule, of whatever layer, lets pods without the labels of a backend reach a database; or a declared database is reached by no rule.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-4
#     description: NIST 800-53 AC-4, information flow enforcement
#   - ref: https://attack.mitre.org/techniques/T1048/
#     description: MITRE ATT&CK T1048, exfiltration over alternative protocol
# custom:
#   control: egress-model
#   severity: medium
#   levels: {baseline: fail, strict: fail}
#   remediation: |
#     Let the podSelector of the policy require the labels of the backend, or take the database out of its rule.
#   match: [workload, NetworkPolicy]
#   parameters: [models, approvedDestinations, internalBlocks, systemNamespaces]
#   requires_inventory: [NetworkPolicy, workload, Namespace]
#   asks_for: [models]
package egress.model.allow_database

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
	[finding.at("allow-database", breach.policy, view.settings, breach.path, message, {"remediation": remediation.without_rule(breach.policy, breach.rule)}) |
		some breach in view.layers.breaches
		breach.layer == "allow-database"
		message := $"{finding.name(breach.policy)} {_what(breach)}"
	],
	[finding.at("allow-database", view.layers.bearer, view.settings, "", message, {}) |
		some gap in view.layers.missing
		gap.layer == "allow-database"
		message := $"Namespace '{view.namespace}' has no policy that lets {wording.pods(gap.about.from)} reach {wording.destination(gap.about)}"
	],
)

_what(breach) := $"lets every pod reach {finding.destinations(breach.rule.allowance)} on {finding.ports(breach.rule.allowance)}, a port of databases" if {
	breach.about == null
} else := $"lets pods without {wording.labels(breach.about.from)} reach {wording.destination(breach.about)}"
