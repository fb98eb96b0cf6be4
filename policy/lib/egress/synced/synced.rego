# METADATA
# title: What Gatekeeper has synced
# description: |
#   The only place that reads data.inventory, by the narrowest path there is: Gatekeeper's engine converts whatever it is asked for, for each
#   object and rule anew. What is not synced is empty.
package lib.egress.synced

# METADATA
# description: |
#   The objects of a namespace, {apiVersion: {kind: {name: object}}}.
objects(namespace) := found if {
	found := data.inventory.namespace[namespace]
} else := {}

# METADATA
# description: The Namespaces by their name.
namespaces := found if {
	found := data.inventory.cluster.v1.Namespace
} else := {}
