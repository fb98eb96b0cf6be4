# METADATA
# title: The dialect of AWS
# description: |
#   Security groups, which allow what any rule allows and nothing else, and network ACLs, whose rules decide in the order of their numbers: of Terraform,
#   CloudFormation, `aws ec2 describe-security-groups` and `describe-network-acls`, and of the objects of ACK and Crossplane. A security group of which CloudFormation or
#   an API is told no egress rule lets everything out; Terraform takes that rule away.
# related_resources:
#   - ref: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
#   - ref: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
package lib.egress.dialects.aws

import data.lib.egress.fields
import data.lib.egress.firewall
import data.lib.egress.infrastructure

_upbound := {
	"SecurityGroup": true, "DefaultSecurityGroup": true, "SecurityGroupRule": true, "SecurityGroupEgressRule": true, "NetworkACL": true, "DefaultNetworkACL": true,
	"NetworkACLRule": true,
}

kinds := {
	"ec2.services.k8s.aws": {"SecurityGroup": true, "NetworkACL": true},
	"ec2.aws.crossplane.io": {"SecurityGroup": true, "SecurityGroupRule": true},
	"ec2.aws.upbound.io": _upbound,
	"ec2.aws.m.upbound.io": _upbound,
}

# METADATA
# description: |
#   The firewalls among some resources (see `infrastructure.resources`), as [{"resource": one of them, "kind", "key", "rules"}].
firewalls(resources) := [found | some one in resources; found := _firewall(one, owners, replaced)] if {
	owners := {one.address | some one in resources; one.type in _owners}
	replaced := {_referred(one, owners, _group_fields) |
		some one in resources
		one.type == "AWS::EC2::SecurityGroupEgress"
		not one.maybe
	}
}

_owners := _groups | _acls

# The rule that AWS puts in goes when CloudFormation adds another one.
_firewall(one, _, replaced) := {"resource": one, "kind": one.type, "key": _key_of_group(one), "rules": [rule |
	some rule in _inline(one)
	count([1 | rule.implied; _key_of_group(one) in replaced]) == 0
]} if {
	one.type in _groups
}

_firewall(one, owners, _) := {"resource": one, "kind": one.type, "key": _referred(one, owners, _group_fields), "rules": [rule |
	_is_egress(one)
	rule := _rule(one.values, one, "", one.unknown)
]} if {
	one.type in _rules
	_is_egress(one)
}

_firewall(one, _, _) := {"resource": one, "kind": one.type, "key": ["acl", one.address], "rules": _entries(one)} if one.type in _acls

_firewall(one, owners, _) := {"resource": one, "kind": one.type, "key": _referred(one, owners, _acl_fields), "rules": [rule |
	rule := _entry(one.values, one, "", one.unknown)
]} if {
	one.type in _acl_rules
	_is_outbound(one.values, one.unknown)
}

_groups := {"aws_security_group", "aws_default_security_group", "AWS::EC2::SecurityGroup", "SecurityGroup", "DefaultSecurityGroup"}

_rules := {
	"aws_security_group_rule", "aws_vpc_security_group_egress_rule", "AWS::EC2::SecurityGroupEgress", "SecurityGroupRule",
	"SecurityGroupEgressRule",
}

_acls := {"aws_network_acl", "aws_default_network_acl", "NetworkAcl", "NetworkACL", "DefaultNetworkACL"}

_acl_rules := {"aws_network_acl_rule", "AWS::EC2::NetworkAclEntry", "NetworkACLRule"}

_key_of_group(one) := ["group", one.address]

_group_fields := ["security_group_id", "GroupId", "securityGroupIdRef", "securityGroupId"]

_acl_fields := ["network_acl_id", "NetworkAclId", "networkAclIdRef", "networkAclId"]

# What a rule belongs to, by its references or its own words; by itself where neither tells.
_referred(one, owners, fields) := [_families[fields[0]], address] if {
	address := [address |
		some text in _mentions(one, fields)
		some address in infrastructure.addresses(text)
		address in owners
	][0]
} else := [_families[fields[0]], text] if {
	text := [text | some text in _mentions(one, fields)][0]
} else := [_families[fields[0]], one.address]

_families := {"security_group_id": "group", "network_acl_id": "acl"}

_mentions(one, fields) := array.flatten([
	[text | some field in fields; some text in infrastructure.references(one, field)],
	[text | some field in fields; some text in _texts_of(one.values[field])],
])

_texts_of(value) := [value] if is_string(value)

_texts_of(value) := [text |
	some key in ["Ref", "Fn::GetAtt", "name"]
	text := _first(value[key])
] if {
	is_object(value)
}

_first(value) := value if is_string(value)

_first(value) := value[0] if is_array(value)

# A rule of a type that says its direction.
_is_egress(one) if {
	not one.type in {"aws_security_group_rule", "SecurityGroupRule"}
}

_is_egress(one) if {
	one.type in {"aws_security_group_rule", "SecurityGroupRule"}
	object.get(one.values, "type", "") != "ingress"
	not infrastructure.is_false(object.get(one.values, "IsEgress", true))
}

# The rules of a group itself. Only where nobody could have written one, nothing is known of none.
_inline(one) := [_implied(one)] if {
	_says_nothing(one)
	one.format in {"cloudformation", "ack"}
} else := array.concat(
	[rule |
		some field in _egress_fields
		some i, written in fields.items(one.values, field)
		rule := _rule(written, one, $".{field}[{i}]", infrastructure.below(one.unknown, [field, i]))
	],
	firewall.unknown_rules([$"{one.path}.{field}" | some field in _egress_fields; _is_left_open(one, field)]),
)

_egress_fields := ["egress", "SecurityGroupEgress", "IpPermissionsEgress", "egressRules"]

_says_nothing(one) if {
	one.unknown != true
	count([1 | some field in _egress_fields; some _ in fields.items(one.values, field)]) == 0
	count([1 | some field in _egress_fields; _is_left_open(one, field)]) == 0
}

# A plan does not tell what nobody wrote, of which Terraform makes nothing, from what is generated of values that are known only later.
_is_left_open(one, field) if object.get(one.unknown, field, false) == true

_is_left_open(one, "egress") if one.unknown == true

# The rules in a list are each known or not.
_is_left_open(one, field) if {
	written := object.get(one.values, field, null)
	not is_array(written)
	infrastructure.is_unknown(written, false)
}

_implied(one) := firewall.rule({
	"path": one.path, "anywhere": true, "ports": firewall.ports("-1", null, null), "implied": true,
})

# A rule as every format writes it, each field under one of its names.
_rule(values, one, below, unknown) := firewall.rule({
	"path": path,
	"blocks": blocks,
	"peers": _peers(values),
	"ports": firewall.ports(firewall.one_of(values, _protocol_fields), firewall.one_of(values, _from_fields), firewall.one_of(values, _to_fields)),
	"unknown": array.flatten([
		later,
		_without_destination(values, unknown, _destination_fields, path),
		[{"path": path, "message": "is open to a prefix list, whose blocks are not known"} |
			some field in _prefix_lists
			_is_given(values, field)
			not infrastructure.is_unknown(values[field], false)
		],
	]),
	"problems": firewall.block_problems(blocks),
}) if {
	path := concat("", [one.path, below])
	blocks := [block | some block in _blocks(values, path); not infrastructure.is_unknown(block[0], false)]
	later := infrastructure.unknown(values, unknown, path, _read_fields)
}

_read_fields := array.flatten([["type", "IsEgress"], _block_fields, _nested_fields, _protocol_fields, _from_fields, _to_fields, _prefix_lists])

# No rule is to nowhere: where no field says to what, not even that it is empty, it is said in a way that is not read.
_without_destination(values, unknown, fields, path) := [{"path": path, "message": "names no destination that can be read"} |
	not infrastructure.is_unknown(values, false)
	count([1 | some field in fields; object.get(values, field, "absent") != "absent"]) == 0
	infrastructure.later(values, unknown, fields) == []
]

_destination_fields := array.flatten([_block_fields, _nested_fields, _prefix_lists, _peer_fields])

_protocol_fields := ["protocol", "ip_protocol", "IpProtocol", "ipProtocol"]

_from_fields := ["from_port", "FromPort", "fromPort"]

_to_fields := ["to_port", "ToPort", "toPort"]

_block_fields := ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6", "CidrIp", "CidrIpv6", "cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6", "CidrIpv4"]

_nested_fields := ["IpRanges", "Ipv6Ranges", "ipRanges", "ipv6Ranges"]

_prefix_lists := [
	"prefix_list_ids", "prefix_list_id", "PrefixListIds", "PrefixListId", "DestinationPrefixListId", "prefixListIDs", "prefixListIds", "prefixListId",
]

_peer_fields := [
	"security_groups", "source_security_group_id", "referenced_security_group_id", "self", "UserIdGroupPairs", "DestinationSecurityGroupId",
	"userIDGroupPairs", "userIdGroupPairs", "sourceSecurityGroupId", "sourceSecurityGroupIdRef", "sourceSecurityGroupIdSelector", "referencedSecurityGroupId",
	"referencedSecurityGroupIdRef", "referencedSecurityGroupIdSelector", "ReferencedGroupInfo",
]

_is_given(values, field) if not object.get(values, field, null) in [null, [], "", false]

_blocks(values, path) := array.concat(
	[[text, $"{path}.{field}{at}"] |
		some field in _block_fields
		some [text, at] in _texts(values[field])
	],
	[[text, $"{path}.{field}[{i}].{key}"] |
		some field in _nested_fields
		some i, entry in fields.items(values, field)
		some key in ["CidrIp", "CidrIpv6", "cidrIP", "cidrIPv6", "cidrIp", "cidrIpv6"]
		text := entry[key]
	],
)

_texts(value) := [[value, ""]] if is_string(value)

_texts(value) := [[text, $"[{i}]"] | some i, text in value] if is_array(value)

_peers(values) := array.concat(
	["security groups" | count([1 | some field in _peer_fields; _is_given(values, field)]) > 0],
	["prefix lists" | count([1 | some field in _prefix_lists; _is_given(values, field)]) > 0],
)

# The entries of an ACL for what goes out; behind them all the rest is denied.
_entries(one) := array.concat(
	[_entry(written, one, $".{field}[{i}]", unknown) |
		some field in ["egress", "Entries", "entries"]
		some i, written in fields.items(one.values, field)
		unknown := infrastructure.below(one.unknown, [field, i])
		_is_outbound(written, unknown)
	],
	firewall.unknown_rules([$"{one.path}.egress" | _is_left_open(one, "egress")]),
)

_is_outbound(values, _) if {
	said := firewall.one_of(values, _outbound_fields)
	said != null
	not infrastructure.is_false(said)
}

# Terraform has the entries of a network ACL in a list for each direction.
_is_outbound(values, _) if {
	firewall.one_of(values, _outbound_fields) == null
	not values.rule_number
	not values.RuleNumber
	not values.ruleNumber
}

_is_outbound(_, unknown) if count(infrastructure.later({}, unknown, _outbound_fields)) > 0

_outbound_fields := ["egress", "Egress"]

_entry(values, one, below, unknown) := firewall.rule({
	"path": path,
	"action": _action(firewall.one_of(values, _action_fields)),
	"order": firewall.place(number, null),
	"blocks": blocks,
	"ports": _ports_of_entry(values),
	"unknown": array.concat(later, _without_destination(values, unknown, _acl_blocks, path)),
	"problems": array.concat(firewall.block_problems(blocks), firewall.place_problems(number, null, path, later)),
}) if {
	path := concat("", [one.path, below])
	number := firewall.one_of(values, _number_fields)
	blocks := [[text, $"{path}.{field}"] | some field in _acl_blocks; text := values[field]; is_string(text); text != ""; not infrastructure.is_unknown(text, false)]
	later := infrastructure.unknown(values, unknown, path, _entry_fields)
}

_number_fields := ["rule_no", "rule_number", "RuleNumber", "ruleNumber"]

_entry_fields := array.flatten([
	_outbound_fields, _number_fields, _acl_blocks, _action_fields, _range_fields, _from_fields, _to_fields, ["protocol", "Protocol"],
])

_range_fields := ["PortRange", "portRange"]

_action_fields := ["action", "rule_action", "RuleAction", "ruleAction"]

_action(text) := lower(text) if {
	is_string(text)
	lower(text) in {"allow", "deny"}
} else := "none"

_acl_blocks := ["cidr_block", "ipv6_cidr_block", "CidrBlock", "Ipv6CidrBlock", "cidrBlock", "ipv6CidrBlock"]

_ports_of_entry(values) := firewall.ports(firewall.one_of(values, ["protocol", "Protocol"]), range[0], range[1]) if {
	found := firewall.one_of(values, _range_fields)
	is_object(found)
	range := [firewall.one_of(found, ["From", "from"]), firewall.one_of(found, ["To", "to"])]
} else := firewall.ports(firewall.one_of(values, ["protocol", "Protocol"]), firewall.one_of(values, _from_fields), firewall.one_of(values, _to_fields))
