package lib.egress.unjudged_test

import data.lib.egress.unjudged

_is(api_version, kind) if {
	unjudged.is({"apiVersion": api_version, "kind": kind})
} else := false

test_cannot_be_judged[name] if {
	some name, row in {
		"Cilium": {"thing": ["cilium.io/v2", "CiliumNetworkPolicy"], "expected": true},
		"Cilium in a version to come": {"thing": ["cilium.io/v9", "CiliumClusterwideNetworkPolicy"], "expected": true},
		"Calico": {"thing": ["projectcalico.org/v3", "NetworkPolicy"], "expected": true},
		"Calico as it is stored": {"thing": ["crd.projectcalico.org/v1", "GlobalNetworkPolicy"], "expected": true},
		"Antrea": {"thing": ["crd.antrea.io/v1beta1", "ClusterNetworkPolicy"], "expected": true},
		"a ClusterNetworkPolicy of Kubernetes": {"thing": ["policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"], "expected": true},
		"an AdminNetworkPolicy": {"thing": ["policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"], "expected": true},
		"OpenShift": {"thing": ["k8s.ovn.org/v1", "EgressFirewall"], "expected": true},
		"Istio": {"thing": ["networking.istio.io/v1", "ServiceEntry"], "expected": true},
		"a security group": {"thing": ["ec2.services.k8s.aws/v1alpha1", "SecurityGroup"], "expected": true},
		"a chart that is not rendered": {"thing": ["egress-policy/v1", "HelmChart"], "expected": true},
		"a NetworkPolicy": {"thing": ["networking.k8s.io/v1", "NetworkPolicy"], "expected": false},
		"a NetworkPolicy of another version": {"thing": ["networking.k8s.io/v2", "NetworkPolicy"], "expected": true},
		"a NetworkPolicy of an old group, which is invalid": {"thing": ["extensions/v1beta1", "NetworkPolicy"], "expected": false},
		"a NetworkPolicy of another version of it": {"thing": ["extensions/v1", "NetworkPolicy"], "expected": true},
		"a NetworkPolicy of nobody we know": {"thing": ["example.org/v1", "NetworkPolicy"], "expected": false},
		"a NetworkPolicy without group": {"thing": ["v1", "NetworkPolicy"], "expected": false},
		"another kind of a known group": {"thing": ["networking.k8s.io/v2", "Ingress"], "expected": false},
		"a kind of a known group that restricts nothing": {"thing": ["cilium.io/v2", "CiliumNode"], "expected": false},
		"an apiVersion with two slashes": {"thing": ["cilium.io/v2/x", "CiliumNetworkPolicy"], "expected": false},
		"an apiVersion that is null": {"thing": [null, "NetworkPolicy"], "expected": false},
		"an apiVersion that is a number": {"thing": [1, "NetworkPolicy"], "expected": false},
		"a kind that is null": {"thing": ["cilium.io/v2", null], "expected": false},
		"a kind that is a list": {"thing": ["cilium.io/v2", ["CiliumNetworkPolicy"]], "expected": false},
	}
	_is(row.thing[0], row.thing[1]) == row.expected
}

_known := {
	"cilium.io": ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumEgressGatewayPolicy"],
	"crd.projectcalico.org": ["NetworkPolicy", "GlobalNetworkPolicy"],
	"projectcalico.org": ["NetworkPolicy", "GlobalNetworkPolicy"],
	"crd.antrea.io": ["NetworkPolicy", "ClusterNetworkPolicy"],
	"security.antrea.tanzu.vmware.com": ["NetworkPolicy", "ClusterNetworkPolicy"],
	"policy.networking.k8s.io": ["ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"],
	"k8s.ovn.org": ["EgressFirewall", "AdminPolicyBasedExternalRoute"],
	"network.openshift.io": ["EgressNetworkPolicy"],
	"networking.istio.io": ["Sidecar", "ServiceEntry"],
	"networking.gke.io": ["FQDNNetworkPolicy"],
	"networking.k8s.aws": ["ApplicationNetworkPolicy", "ClusterNetworkPolicy", "PolicyEndpoint"],
	"policy.linkerd.io": ["EgressNetwork"],
	"kuma.io": ["MeshExternalService", "MeshPassthrough"],
	"kubeovn.io": ["SecurityGroup"],
	"k8s.cni.cncf.io": ["MultiNetworkPolicy"],
	"vpcresources.k8s.aws": ["SecurityGroupPolicy"],
	"ec2.services.k8s.aws": ["SecurityGroup", "NetworkACL"],
	"ec2.aws.crossplane.io": ["SecurityGroup", "SecurityGroupRule"],
	"ec2.aws.upbound.io": ["SecurityGroup", "SecurityGroupRule", "SecurityGroupEgressRule", "NetworkACL", "NetworkACLRule"],
	"ec2.aws.m.upbound.io": ["SecurityGroup", "SecurityGroupRule", "SecurityGroupEgressRule", "NetworkACL", "NetworkACLRule"],
	"compute.cnrm.cloud.google.com": ["ComputeFirewall", "ComputeFirewallPolicy", "ComputeFirewallPolicyRule"],
	"compute.gcp.upbound.io": ["Firewall", "FirewallPolicy", "FirewallPolicyRule"],
	"compute.gcp.m.upbound.io": ["Firewall", "FirewallPolicy", "FirewallPolicyRule"],
	"network.azure.upbound.io": ["SecurityGroup", "SecurityRule"],
	"network.azure.m.upbound.io": ["SecurityGroup", "SecurityRule"],
	"network.azure.com": ["NetworkSecurityGroup", "NetworkSecurityGroupsSecurityRule"],
}

test_these_kinds_cannot_be_judged[group] if {
	some group, kinds in _known
	every kind in kinds { _is(concat("/", [group, "v1"]), kind) }
}

_without_namespaces := {
	"cilium.io": ["CiliumClusterwideNetworkPolicy", "CiliumEgressGatewayPolicy"],
	"crd.projectcalico.org": ["GlobalNetworkPolicy"],
	"projectcalico.org": ["GlobalNetworkPolicy"],
	"crd.antrea.io": ["ClusterNetworkPolicy"],
	"security.antrea.tanzu.vmware.com": ["ClusterNetworkPolicy"],
	"policy.networking.k8s.io": ["ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"],
}

test_these_kinds_have_no_namespace[group] if {
	some group, kinds in _without_namespaces
	every kind in kinds { _cluster_wide({"apiVersion": concat("/", [group, "v1"]), "kind": kind}) }
}

test_cannot_be_judged_without_these_fields if {
	not unjudged.is({})
	not unjudged.is({"kind": "NetworkPolicy"})
	not unjudged.is({"apiVersion": "cilium.io/v2"})
}

_cluster_wide(thing) if {
	unjudged.cluster_wide(thing)
} else := false

test_has_no_namespace[name] if {
	some name, row in {
		"a Namespace": {"thing": {"apiVersion": "v1", "kind": "Namespace"}, "expected": true},
		"a Namespace of somebody else": {"thing": {"apiVersion": "example.org/v1", "kind": "Namespace"}, "expected": false},
		"a policy of the whole cluster": {
			"thing": {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy"}, "expected": true,
		},
		"a chart": {"thing": {"apiVersion": "egress-policy/v1", "kind": "HelmChart"}, "expected": true},
		"a policy of a namespace": {"thing": {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy"}, "expected": false},
		"a Pod": {"thing": {"apiVersion": "v1", "kind": "Pod"}, "expected": false},
		"nothing said": {"thing": {}, "expected": false},
		"an apiVersion that is null": {"thing": {"apiVersion": null, "kind": "Namespace"}, "expected": false},
		"no apiVersion": {"thing": {"kind": "Namespace"}, "expected": false},
		"no kind": {"thing": {"apiVersion": "v1"}, "expected": false},
	}
	_cluster_wide(row.thing) == row.expected
}
