# METADATA
# title: An object is there twice
# description: |
#   Two documents have the same group, kind, namespace and name. Whichever is applied last wins, so that both are judged.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Remove or rename one of them.
#   match: [NetworkPolicy, workload]
#   parameters: []
#   requires_inventory: []
#   not_in_cluster: a cluster has one of each
package egress.rules.duplicate_resource

import data.lib.egress.finding
import data.lib.egress.inventory

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	subjects := [subject |
		some subject in array.flatten([view.policies, view.workloads, view.unjudged])
		subject.object.metadata.name == subject.resource.name
	]
	keys := {[inventory.group(subject.resource.apiVersion), subject.resource.kind, subject.resource.namespace, subject.resource.name, subject.order] | some subject in subjects}
	count({array.slice(key, 0, 4) | some key in keys}) < count(keys)
	sorted := sort(keys)
	some i, key in sorted
	i > 0
	array.slice(sorted[i - 1], 0, 4) == array.slice(key, 0, 4)
	subject := [subject | some subject in subjects; subject.order == key[4]][0]
	message := $"{finding.name(subject)} is there more than once in namespace '{view.namespace}', and the last one applied counts"
	found := finding.at("duplicate-resource", subject, view.settings, "", message, {})
]
