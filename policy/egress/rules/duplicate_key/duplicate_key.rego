# METADATA
# title: A field is written twice
# description: |
#   The last one counts, and the other is lost without a word. Readers of the file may take the first for the truth.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Remove one of the two.
#   match: [NetworkPolicy, workload]
#   parameters: []
#   requires_inventory: []
#   not_in_cluster: an API server hands on no key twice
package egress.rules.duplicate_key

import data.lib.egress.finding
import data.lib.egress.remediation

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some document in view.documents
	some duplicate in document.source.duplicates
	subject := [one | some one in array.concat(view.policies, view.workloads); one.order == document.source.order][0]
	message := $"{finding.name(subject)} has the field {duplicate.path} twice, and the last one counts"
	found := finding.at("duplicate-key", subject, view.settings, duplicate.path, message, {"remediation": [thing | subject.problems == []; thing := remediation.clean(document.object)]})
]
