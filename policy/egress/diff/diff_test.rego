package egress.diff_test

import data.egress.diff
import data.lib.egress.parameters
import data.lib.egress.testing

_said(old, new, given) := diff.namespace(
	{"namespace": "shop", "old": testing.documents(old), "new": testing.documents(new)},
	"", parameters.settings(given),
)

# The shape of one entry whole; below only what matters.
test_an_entry_says_where_how_and_why if {
	before := testing.egress([])
	after := testing.egress([testing.to_blocks(["8.8.8.0/24"], [{"port": 443, "endPort": 444}])])
	_said([testing.deployment("web"), before], [testing.deployment("web"), after], {}) == {
		"namespace": "shop",
		"workloads": [{
			"kind": "Deployment", "name": "web", "change": "changed", "order": 0, "closed": [],
			"opened": [{
				"protocol": "TCP", "port": 443, "endPort": 444, "destination": {"cidr": "8.8.8.0/24"}, "approved": false,
				"sources": [{"policy": "app", "order": 1, "path": "spec.egress[0].to[0].ipBlock.cidr"}],
			}],
		}],
		"unjudged": [],
		"totals": {"workloads": 1, "opened": 1, "unapproved": 1, "closed": 0, "unjudged": 0},
	}
}

# As [who, protocol, port, destination, whether it is approved].
_brief(found, field) := sort([[_who(workload), entry.protocol, entry.port, entry.destination, entry.approved] |
	some workload in found.workloads
	some entry in workload[field]
])

_who(workload) := $"{workload.change} {workload.kind} {workload.name}" if workload.kind

_who(workload) := $"{workload.change} pods" if not workload.kind

test_what_opened_and_closed[name] if {
	some name, row in {
		"the same manifests are no change": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"a block in two halves is no change": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "other", "namespace": "shop"}, "spec": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 443, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "10.128.0.0/9"}}]}, {"ports": [{"port": 443, "endPort": 443}], "to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}, {"ipBlock": {"cidr": "10.0.0.0/16"}}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"a block with an exception that another rule fills is no change": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}, {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"one policy in two, with its ports in other ranges, is no change": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 1, "endPort": 100}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 1, "endPort": 60}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "b", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 50, "endPort": 100}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"half a block more is the other half": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "TCP", 443, {"cidr": "10.128.0.0/9"}, false]], "closed": [], "unjudged": 0,
		},
		"half a block less is closed, by the rule that there was": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [], "closed": [["changed Deployment web", "TCP", 443, {"cidr": "10.128.0.0/9"}, false]], "unjudged": 0,
		},
		"two halves that two policies open are one block": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "b", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.128.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "TCP", 443, {"cidr": "10.0.0.0/8"}, false]], "closed": [], "unjudged": 0,
		},
		"a workload that nothing isolates any more reaches everything": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [["changed Deployment web", "SCTP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "SCTP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "SCTP", 1, {"namespaceSelector": {}}, false], ["changed Deployment web", "TCP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "TCP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "TCP", 1, {"namespaceSelector": {}}, false], ["changed Deployment web", "UDP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "UDP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "UDP", 1, {"namespaceSelector": {}}, false]], "closed": [], "unjudged": 0,
		},
		"a rule without destinations and no policy at all allow the same": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"an invalid policy isolates nobody, and is said to be invalid": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 1, "endPort": 65535}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "SCTP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "SCTP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "SCTP", 1, {"namespaceSelector": {}}, false], ["changed Deployment web", "UDP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "UDP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "UDP", 1, {"namespaceSelector": {}}, false]], "closed": [], "unjudged": 1,
		},
		"everything but a block leaves an exception": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "TCP", 443, {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}, false]], "closed": [], "unjudged": 0,
		},
		"ports between are told on their own": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 400, "endPort": 500}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "TCP", 400, {"cidr": "10.0.0.0/8"}, false], ["changed Deployment web", "TCP", 444, {"cidr": "10.0.0.0/8"}, false]], "closed": [], "unjudged": 0,
		},
		"another protocol is another port": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443, "protocol": "UDP"}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "UDP", 443, {"cidr": "10.0.0.0/9"}, false]], "closed": [["changed Deployment web", "TCP", 443, {"cidr": "10.0.0.0/9"}, false]], "unjudged": 0,
		},
		"a named port is one that all numbers hold": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 1, "endPort": 1000}, {"port": 1001, "endPort": 65535}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"protocol": "TCP"}, {"port": "https"}, {"port": "https", "protocol": "UDP"}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "UDP", "https", {"cidr": "10.0.0.0/8"}, false]], "closed": [], "unjudged": 0,
		},
		"IPv6 beside IPv4 is told as what it is, and not as the IPv4 that a gateway makes of it": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "::/0"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "2001:db8::/32"}}, {"ipBlock": {"cidr": "8.8.8.0/24"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "TCP", 443, {"cidr": "8.8.8.0/24"}, false]], "closed": [["changed Deployment web", "TCP", 443, {"cidr": "0:0:0:0:0:0:0:0/0", "except": ["2001:db8:0:0:0:0:0:0/32"]}, false]], "unjudged": 0,
		},
		"a block with leading zeros is the block that the API server reads": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "010.000.1.0/09"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"policies add up, and one taken away takes away what no other allows": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "more", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [], "closed": [["changed Deployment web", "TCP", 443, {"cidr": "10.128.0.0/9"}, false]], "unjudged": 0,
		},
		"a peer in other words is no change": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["db"]}]}, "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}], "ports": [{"port": 5432}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"one peer with two values in two is no change": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "cache"]}]}}], "ports": [{"port": 5432}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "cache"}}}, {"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"one value more is that value": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "cache"]}]}}], "ports": [{"port": 5432}]}]}}],
			"given": {}, "opened": [["changed pods", "TCP", 5432, {"podSelector": {"matchLabels": {"app": "cache"}}}, false]], "closed": [], "unjudged": 0,
		},
		"one value less is that value": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "cache"]}]}}], "ports": [{"port": 5432}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}}],
			"given": {}, "opened": [], "closed": [["changed pods", "TCP", 5432, {"podSelector": {"matchLabels": {"app": "cache"}}}, false]], "unjudged": 0,
		},
		"a wider peer is told less what was reachable": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 5432}]}]}}],
			"given": {}, "opened": [["changed pods", "TCP", 5432, {"except": [{"podSelector": {"matchLabels": {"app": "db"}}}], "namespaceSelector": {}}, false]], "closed": [], "unjudged": 0,
		},
		"a narrower peer opens nothing": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db", "tier": "x"}}}], "ports": [{"port": 5432}]}]}}],
			"given": {}, "opened": [], "closed": [["changed pods", "TCP", 5432, {"except": [{"podSelector": {"matchLabels": {"app": "db", "tier": "x"}}}], "podSelector": {"matchLabels": {"app": "db"}}}, false]], "unjudged": 0,
		},
		"pods of everything are among what a rule without destinations allowed": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 5432}]}, {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, {"to": [{"ipBlock": {"cidr": "::/0"}}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": 5432}]}, {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, {"to": [{"ipBlock": {"cidr": "::/0"}}]}]}}],
			"given": {}, "opened": [], "closed": [["changed pods", "TCP", 5432, {"except": [{"podSelector": {}}], "namespaceSelector": {}}, false]], "unjudged": 0,
		},
		"what is opened within an approved destination is approved, the rest of it is not": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}, {"port": 80}]}]}}],
			"given": {"approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/17"], "ports": [443]}]}, "opened": [["changed pods", "TCP", 80, {"cidr": "151.101.0.0/16"}, false], ["changed pods", "TCP", 443, {"cidr": "151.101.0.0/17"}, true], ["changed pods", "TCP", 443, {"cidr": "151.101.128.0/17"}, false]], "closed": [], "unjudged": 0,
		},
		"what is all approved fails nothing": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}, {"port": 80}]}]}}],
			"given": {"approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/16"]}]}, "opened": [["changed pods", "TCP", 80, {"cidr": "151.101.0.0/16"}, true], ["changed pods", "TCP", 443, {"cidr": "151.101.0.0/16"}, true]], "closed": [], "unjudged": 0,
		},
		"an approval that is over approves of nothing": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"given": {"now": "2026-12-31", "approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/16"], "expires": "2026-12-30"}]}, "opened": [["changed pods", "TCP", 443, {"cidr": "151.101.0.0/16"}, false]], "closed": [], "unjudged": 0,
		},
		"an approval on its last day still holds": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"given": {"now": "2026-12-31", "approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/16"], "expires": "2026-12-31"}]}, "opened": [["changed pods", "TCP", 443, {"cidr": "151.101.0.0/16"}, true]], "closed": [], "unjudged": 0,
		},
		"an approval for other pods approves of nothing": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"given": {"approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/16"], "podLabels": {"app": "checkout"}}]}, "opened": [["changed pods", "TCP", 443, {"cidr": "151.101.0.0/16"}, false]], "closed": [], "unjudged": 0,
		},
		"an approval for these pods holds": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"given": {"approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/16"], "podLabels": {"app": "web"}, "namespaces": ["sh?p"]}]}, "opened": [["changed pods", "TCP", 443, {"cidr": "151.101.0.0/16"}, true]], "closed": [], "unjudged": 0,
		},
		"an approval for a workload's labels holds for it": {
			"old": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "151.101.0.0/16"}}], "ports": [{"port": 443}]}]}}],
			"given": {"approvedDestinations": [{"name": "payments", "cidrs": ["151.101.0.0/16"], "podLabels": {"app": "web"}}]}, "opened": [["changed Deployment other", "TCP", 443, {"cidr": "151.101.0.0/16"}, false], ["changed Deployment web", "TCP", 443, {"cidr": "151.101.0.0/16"}, true]], "closed": [], "unjudged": 0,
		},
		"no list of destinations approves of pods": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 443}]}]}}],
			"given": {"approvedDestinations": [{"name": "all", "cidrs": ["0.0.0.0/0", "::/0"], "open": true}]}, "opened": [["changed pods", "TCP", 443, {"cidr": "0.0.0.0/0"}, true], ["changed pods", "TCP", 443, {"cidr": "0:0:0:0:0:0:0:0/0"}, true], ["changed pods", "TCP", 443, {"namespaceSelector": {}}, false]], "closed": [], "unjudged": 0,
		},
		"a new workload that is isolated opens what it reaches": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "report"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [["added Job report", "TCP", 443, {"cidr": "10.0.0.0/8"}, false]], "closed": [], "unjudged": 0,
		},
		"a workload that is gone closes what it reached": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "report"}}, "spec": {"containers": []}}}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [], "closed": [["removed Job report", "TCP", 443, {"cidr": "10.0.0.0/8"}, false]], "unjudged": 0,
		},
		"a new workload that may reach nothing is no change": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "report"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"a workload of a newer version of its API is the same workload": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": "shop"}, "spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": "nightly"}}, "spec": {"containers": []}}}}}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly", "namespace": "shop"}, "spec": {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": "nightly"}}, "spec": {"containers": []}}}}}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"a workload on the network of its host reaches everything": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "udp", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"protocol": "UDP"}, {"protocol": "SCTP"}]}, {"to": [{"ipBlock": {"cidr": "::/0"}}, {"namespaceSelector": {}}]}]}}, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "agent", "namespace": "shop"}, "spec": {"containers": []}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "udp", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"protocol": "UDP"}, {"protocol": "SCTP"}]}, {"to": [{"ipBlock": {"cidr": "::/0"}}, {"namespaceSelector": {}}]}]}}, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "agent", "namespace": "shop"}, "spec": {"containers": [], "hostNetwork": true}}],
			"given": {}, "opened": [["changed Pod agent", "TCP", 1, {"cidr": "0.0.0.0/0"}, false]], "closed": [], "unjudged": 0,
		},
		"another label takes a workload out of its policy": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "dns", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"dns": "yes"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.96.0.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web", "dns": "yes"}}, "spec": {"containers": []}}}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "dns", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"dns": "yes"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.96.0.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web", "dns": "no"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [], "closed": [["changed Deployment web", "UDP", 53, {"cidr": "10.96.0.10/32"}, false]], "unjudged": 0,
		},
		"a second copy of a policy that isolates less takes the isolation away": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "none"}}, "policyTypes": ["Egress"], "egress": [{"ports": [{"protocol": "TCP"}, {"protocol": "SCTP"}]}]}}],
			"given": {}, "opened": [["changed Deployment web", "SCTP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "SCTP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "SCTP", 1, {"namespaceSelector": {}}, false], ["changed Deployment web", "TCP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "TCP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "TCP", 1, {"namespaceSelector": {}}, false], ["changed Deployment web", "TCP", 443, {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}, false], ["changed Deployment web", "TCP", 444, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "UDP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed Deployment web", "UDP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed Deployment web", "UDP", 1, {"namespaceSelector": {}}, false]], "closed": [], "unjudged": 0,
		},
		"without workloads a policy is about the pods that it selects": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [["changed pods", "TCP", 443, {"cidr": "10.0.0.0/8"}, false]], "closed": [], "unjudged": 0,
		},
		"without workloads one policy for two apps in two is no change": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "both", "namespace": "shop"}, "spec": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "b", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "b"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"podSelector": {"matchLabels": {"app": "a"}}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}],
			"given": {}, "opened": [], "closed": [], "unjudged": 0,
		},
		"a workload is told when the other side has policies only": {
			"old": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"new": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}]}}, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report", "namespace": "shop"}, "spec": {"template": {"metadata": {"labels": {"app": "report"}}, "spec": {"containers": []}}}}],
			"given": {}, "opened": [["added Job report", "TCP", 443, {"cidr": "10.0.0.0/8"}, false]], "closed": [], "unjudged": 0,
		},
		"a policy of another dialect that is the same says nothing": {
			"old": [{"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "world", "namespace": "shop"}, "spec": {"endpointSelector": {}, "egress": [{"toEntities": ["cluster"]}]}}],
			"new": [{"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "world", "namespace": "shop"}, "spec": {"endpointSelector": {}, "egress": [{"toEntities": ["cluster"]}]}}, {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}],
			"given": {}, "opened": [], "closed": [["changed pods", "SCTP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed pods", "SCTP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed pods", "SCTP", 1, {"namespaceSelector": {}}, false], ["changed pods", "TCP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed pods", "TCP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed pods", "TCP", 1, {"namespaceSelector": {}}, false], ["changed pods", "UDP", 1, {"cidr": "0.0.0.0/0"}, false], ["changed pods", "UDP", 1, {"cidr": "0:0:0:0:0:0:0:0/0"}, false], ["changed pods", "UDP", 1, {"namespaceSelector": {}}, false]], "unjudged": 0,
		},
	}
	found := _said(row.old, row.new, row.given)
	[_brief(found, "opened"), _brief(found, "closed"), count(found.unjudged)] == [row.opened, row.closed, row.unjudged]
}

# Pods that no policy selects any more stand where one did.
test_pods_that_no_policy_selects_any_more if {
	found := _said([testing.egress_of("web", [])], [], {})
	[[workload.order, workload.change, count(workload.opened)] | some workload in found.workloads] == [[0, "changed", 9]]
}

test_an_opened_block_around_an_exception_names_the_rules_that_open_it if {
	before := testing.egress([testing.to_blocks(["10.1.0.0/16"], testing.https)])
	after := testing.egress([
		{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.2.0.0/16"]}}], "ports": testing.https},
		testing.to_blocks(["10.2.0.0/17"], testing.https),
	])
	found := _said([before, testing.deployment("web")], [after, testing.deployment("web")], {})
	count(found.workloads[0].opened) > 0
}

test_asks_about_each_shard if {
	shard := {"namespace": "shop", "old": [], "new": testing.documents([testing.deployment("web")])}
	found := diff.namespaces with input as {"namespace": "", "shards": [shard, shard]}
	[one.totals.workloads | some one in found] == [1, 1]
}

_totals(opened, unapproved, closed, unjudged) := {"workloads": opened + closed, "opened": opened, "unapproved": unapproved, "closed": closed, "unjudged": unjudged}

test_reports[name] if {
	some name, row in {
		"nothing": {
			"totals": [_totals(0, 0, 0, 0)], "errors": 0, "status": "same",
			"summary": "No destination became reachable, and none is no longer reachable.",
		},
		"what opened": {
			"totals": [_totals(2, 1, 0, 0), _totals(0, 0, 3, 0)], "errors": 0, "status": "opened",
			"summary": "2 destinations became reachable, 1 of them not approved; 3 are no longer reachable.",
		},
		"what is approved": {
			"totals": [_totals(1, 0, 0, 0)], "errors": 0, "status": "changed",
			"summary": "1 destinations became reachable, 0 of them not approved; 0 are no longer reachable.",
		},
		"what could not be read": {
			"totals": [_totals(1, 1, 0, 2)], "errors": 1, "status": "error",
			"summary": "1 destinations became reachable, 1 of them not approved; 0 are no longer reachable. 2 changed objects could not be judged.",
		},
	}
	found := diff.report with input as {"totals": row.totals, "namespaces": 2, "errors": row.errors}
	[found.status, found.summary] == [row.status, row.summary]
}
