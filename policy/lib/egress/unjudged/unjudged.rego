# METADATA
# title: What cannot be judged
# description: Objects that open or restrict egress in a dialect, version or form that no dialect here reads.
package lib.egress.unjudged

# METADATA
# description: Whether an object opens or restricts egress in a way that cannot be judged.
is(thing) if _kinds[_group(thing.apiVersion)][thing.kind]

# A version of a known group that is not known.
is(thing) if {
	thing.kind == "NetworkPolicy"
	_group(thing.apiVersion) == "networking.k8s.io"
	thing.apiVersion != "networking.k8s.io/v1"
}

is(thing) if {
	thing.kind == "NetworkPolicy"
	_group(thing.apiVersion) == "extensions"
	thing.apiVersion != "extensions/v1beta1"
}

# METADATA
# description: Whether an object would be looked at were it written as a manifest, as it opens or restricts egress.
is_about_egress(thing) if is(thing)

is_about_egress(thing) if {
	thing.kind == "NetworkPolicy"
	_group(thing.apiVersion) in {"networking.k8s.io", "extensions"}
}

_group(api_version) := parts[0] if {
	parts := split(api_version, "/")
	count(parts) == 2
}

# METADATA
# description: The kinds that cannot be judged in any version, by API group.
kinds := _kinds

# Written out, without references: Gatekeeper would put it together anew for each object.
_kinds := {
	"cilium.io": {"CiliumNetworkPolicy": true, "CiliumClusterwideNetworkPolicy": true, "CiliumEgressGatewayPolicy": true},
	"crd.projectcalico.org": {"NetworkPolicy": true, "GlobalNetworkPolicy": true},
	"projectcalico.org": {"NetworkPolicy": true, "GlobalNetworkPolicy": true},
	"crd.antrea.io": {"NetworkPolicy": true, "ClusterNetworkPolicy": true},
	"security.antrea.tanzu.vmware.com": {"NetworkPolicy": true, "ClusterNetworkPolicy": true},
	"policy.networking.k8s.io": {"ClusterNetworkPolicy": true, "AdminNetworkPolicy": true, "BaselineAdminNetworkPolicy": true},
	"k8s.ovn.org": {"EgressFirewall": true, "AdminPolicyBasedExternalRoute": true},
	"network.openshift.io": {"EgressNetworkPolicy": true},
	"networking.istio.io": {"Sidecar": true, "ServiceEntry": true},
	"networking.gke.io": {"FQDNNetworkPolicy": true},
	"networking.k8s.aws": {"ApplicationNetworkPolicy": true, "ClusterNetworkPolicy": true, "PolicyEndpoint": true},
	"policy.linkerd.io": {"EgressNetwork": true},
	"kuma.io": {"MeshExternalService": true, "MeshPassthrough": true},
	"kubeovn.io": {"SecurityGroup": true},
	"k8s.cni.cncf.io": {"MultiNetworkPolicy": true},
	"vpcresources.k8s.aws": {"SecurityGroupPolicy": true},
	"ec2.services.k8s.aws": {"SecurityGroup": true, "NetworkACL": true},
	"ec2.aws.crossplane.io": {"SecurityGroup": true, "SecurityGroupRule": true},
	"ec2.aws.upbound.io": {
		"SecurityGroup": true, "DefaultSecurityGroup": true, "SecurityGroupRule": true, "SecurityGroupEgressRule": true, "NetworkACL": true,
		"DefaultNetworkACL": true, "NetworkACLRule": true,
	},
	"ec2.aws.m.upbound.io": {
		"SecurityGroup": true, "DefaultSecurityGroup": true, "SecurityGroupRule": true, "SecurityGroupEgressRule": true, "NetworkACL": true,
		"DefaultNetworkACL": true, "NetworkACLRule": true,
	},
	"compute.cnrm.cloud.google.com": {"ComputeFirewall": true, "ComputeFirewallPolicy": true, "ComputeFirewallPolicyRule": true},
	"compute.gcp.upbound.io": {
		"Firewall": true, "FirewallPolicy": true, "FirewallPolicyRule": true, "NetworkFirewallPolicyRule": true, "RegionNetworkFirewallPolicyRule": true,
	},
	"compute.gcp.m.upbound.io": {
		"Firewall": true, "FirewallPolicy": true, "FirewallPolicyRule": true, "NetworkFirewallPolicyRule": true, "RegionNetworkFirewallPolicyRule": true,
	},
	"network.azure.upbound.io": {"SecurityGroup": true, "SecurityRule": true},
	"network.azure.m.upbound.io": {"SecurityGroup": true, "SecurityRule": true},
	"network.azure.com": {"NetworkSecurityGroup": true, "NetworkSecurityGroupsSecurityRule": true},
	"egress-policy": {"HelmChart": true},
	"kustomize.config.k8s.io": {"Kustomization": true, "Component": true},
}

# METADATA
# description: Whether an object is of a kind without namespaces, among those that matter.
cluster_wide(thing) if {
	thing.kind == "Namespace"
	thing.apiVersion == "v1"
}

cluster_wide(thing) if _cluster_wide[_group(thing.apiVersion)][thing.kind]

# Whatever namespace the operator of a cloud keeps its objects in, they guard the cluster.
cluster_wide(thing) if operators[_group(thing.apiVersion)]

# A document of a cloud's tool has no kind.
cluster_wide(thing) if {
	not thing.apiVersion
	not thing.kind
	not thing in [{}, []]
}

cluster_wide(thing) if startswith(thing.kind, "compute#")

# METADATA
# description: The API groups whose objects stand for resources of a cloud, with the operator's format of them.
operators := {
	"ec2.services.k8s.aws": {"format": "ack", "cloud": "aws"},
	"ec2.aws.crossplane.io": {"format": "crossplane", "cloud": "aws"},
	"ec2.aws.upbound.io": {"format": "crossplane", "cloud": "aws"},
	"ec2.aws.m.upbound.io": {"format": "crossplane", "cloud": "aws"},
	"compute.gcp.upbound.io": {"format": "crossplane", "cloud": "google"},
	"compute.gcp.m.upbound.io": {"format": "crossplane", "cloud": "google"},
	"compute.cnrm.cloud.google.com": {"format": "kcc", "cloud": "google"},
	"network.azure.upbound.io": {"format": "crossplane", "cloud": "azure"},
	"network.azure.m.upbound.io": {"format": "crossplane", "cloud": "azure"},
	"network.azure.com": {"format": "aso", "cloud": "azure"},
}

_cluster_wide := {
	"cilium.io": {"CiliumClusterwideNetworkPolicy": true, "CiliumEgressGatewayPolicy": true, "CiliumCIDRGroup": true},
	"crd.projectcalico.org": {"GlobalNetworkPolicy": true, "GlobalNetworkSet": true, "Tier": true},
	"projectcalico.org": {"GlobalNetworkPolicy": true, "GlobalNetworkSet": true, "Tier": true},
	"crd.antrea.io": {"ClusterNetworkPolicy": true, "ClusterGroup": true, "Tier": true},
	"security.antrea.tanzu.vmware.com": {"ClusterNetworkPolicy": true},
	"policy.networking.k8s.io": {"ClusterNetworkPolicy": true, "AdminNetworkPolicy": true, "BaselineAdminNetworkPolicy": true},
	"egress-policy": {"HelmChart": true},
	"kustomize.config.k8s.io": {"Kustomization": true, "Component": true},
}
