# METADATA
# title: Field paths
# description: The text of a path into an object, as in spec.egress[0].to[1].ipBlock.cidr and metadata.labels["a.b/c"].
package lib.egress.path

# METADATA
# description: The path of a field below another; a key that could be misread is quoted.
field(base, key) := $"{base}.{key}" if {
	regex.match(`^[A-Za-z0-9_-]+$`, key)
} else := $"{base}[{json.marshal(key)}]"
