# METADATA
# title: An object could not be judged
# description: |
#   The object opens or restricts egress in a dialect, version or form that is not read. What it allows is unknown.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   control: egress-restricted
#   severity: medium
#   levels: {baseline: warn, strict: fail}
#   remediation: |
#     Judge the object by hand. Helm charts and kustomizations are rendered where helm and kustomize (or kubectl) are on PATH; or do it yourself:
#     helm template CHART | egress audit -
#   match: [unjudged, NetworkPolicy]
#   parameters: []
#   requires_inventory: []
package egress.rules.not_evaluated

import data.lib.egress.admission
import data.lib.egress.finding

# METADATA
# description: What Gatekeeper reports of the reviewed object.
violation contains said if some said in admission.misconfigured(input)

violation contains said if {
	view := admission.unjudged_alone(input)
	some said in admission.own(findings(view), view)
}

# METADATA
# description: The findings of a namespace, given its view.
findings(view) := [found |
	some subject in view.unjudged
	message := $"{finding.name(subject)} ({subject.resource.apiVersion}) {_reason(subject)}"
	found := finding.at("not-evaluated", subject, view.settings, object.get(subject, "path", ""), message, {})
]

# What a proxy beside a pod refuses can be gone around; Istio says so itself.
_reason(subject) := $"could not be judged: {subject.path} {subject.message}" if {
	subject.message
} else := "is no firewall: whoever goes around the proxy goes anywhere" if {
	startswith(subject.resource.apiVersion, "networking.istio.io/")
} else := $"is not rendered: {object.get(subject, ["object", "reason"], way)}" if {
	way := _ways[subject.resource.kind]
	startswith(subject.resource.apiVersion, _renderers[subject.resource.kind])
} else := "could not be judged"

_ways := {
	"HelmChart": "helm template FOLDER | egress audit -",
	"Kustomization": "kubectl kustomize FOLDER | egress audit -",
	"Component": "kubectl kustomize FOLDER | egress audit -, of a kustomization that uses it",
}

_renderers := {"HelmChart": "egress-policy/", "Kustomization": "kustomize.config.k8s.io/", "Component": "kustomize.config.k8s.io/"}
