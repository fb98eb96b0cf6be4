package egress.gateway.connection_test

import data.egress.gateway.connection

_rest(source, destination) := {"source": source, "destination": destination}

_good := {"address": "8.8.8.8", "port": 443}

test_what_cannot_be_read_is_a_problem[name] if {
	some name, row in {
		"no object": {"question": [], "expected": "the question is no object"},
		"null": {"question": null, "expected": "the question is no object"},
		"nothing": {"question": {}, "expected": "the question has neither source and destination nor Envoy's attributes"},
		"no destination": {"question": {"source": {"namespace": "a"}}, "expected": "the question has neither source and destination nor Envoy's attributes"},
		"a source that is a text": {"question": {"source": "a", "destination": _good}, "expected": "the question has neither source and destination nor Envoy's attributes"},
		"attributes that are null": {"question": {"attributes": null}, "expected": "the question has neither source and destination nor Envoy's attributes"},
		"no namespace": {"question": _rest({}, _good), "expected": "the source's namespace is not known"},
		"a namespace that is null": {"question": _rest({"namespace": null}, _good), "expected": "the source's namespace is not known"},
		"a namespace that is a number": {"question": _rest({"namespace": 1}, _good), "expected": "the source's namespace is not known"},
		"a namespace that is empty": {"question": _rest({"namespace": ""}, _good), "expected": "the source's namespace is not known"},
		"a namespace in capitals": {"question": _rest({"namespace": "Shop"}, _good), "expected": "the source's namespace is not known"},
		"labels that are a list": {"question": _rest({"namespace": "a", "labels": []}, _good), "expected": "the source's labels are no object of texts"},
		"a label that is a number": {"question": _rest({"namespace": "a", "labels": {"b": 1}}, _good), "expected": "the source's labels are no object of texts"},
		"neither host nor address": {"question": _rest({"namespace": "a"}, {"port": 443}), "expected": "the destination has neither host nor address"},
		"no port": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8"}), "expected": "the port is no number from 1 to 65535"},
		"a port that is a text": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8", "port": "443"}), "expected": "the port is no number from 1 to 65535"},
		"port 0": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8", "port": 0}), "expected": "the port is no number from 1 to 65535"},
		"port 65536": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8", "port": 65536}), "expected": "the port is no number from 1 to 65535"},
		"half a port": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8", "port": 443.5}), "expected": "the port is no number from 1 to 65535"},
		"a protocol in small letters": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8", "port": 443, "protocol": "tcp"}), "expected": "the protocol is none of TCP, UDP and SCTP"},
		"a protocol that is a number": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8", "port": 443, "protocol": 6}), "expected": "the protocol is none of TCP, UDP and SCTP"},
		"an address that is a number": {"question": _rest({"namespace": "a"}, {"address": 134744072, "port": 443}), "expected": "the address is no address"},
		"an address with a leading zero": {"question": _rest({"namespace": "a"}, {"address": "010.8.8.8", "port": 443}), "expected": "the address is no address"},
		"an address of three numbers": {"question": _rest({"namespace": "a"}, {"address": "8.8.8", "port": 443}), "expected": "the address is no address"},
		"a block for an address": {"question": _rest({"namespace": "a"}, {"address": "8.8.8.8/24", "port": 443}), "expected": "the address is no address"},
		"an address with a zone": {"question": _rest({"namespace": "a"}, {"address": "fe80::1%eth0", "port": 443}), "expected": "the address is no address"},
		"a leading zero inside IPv6": {"question": _rest({"namespace": "a"}, {"address": "::ffff:08.8.8.8", "port": 443}), "expected": "the address is no address"},
		"a host with a port": {"question": _rest({"namespace": "a"}, {"host": "a.example.com:443", "port": 443}), "expected": "the host is no name of a host"},
		"a host with a user": {"question": _rest({"namespace": "a"}, {"host": "a.example.com@b.example.com", "port": 443}), "expected": "the host is no name of a host"},
		"a host in other letters": {"question": _rest({"namespace": "a"}, {"host": "pаy.example.com", "port": 443}), "expected": "the host is no name of a host"},
		"a host that is one number": {"question": _rest({"namespace": "a"}, {"host": "134744072", "port": 443}), "expected": "the host is no name of a host"},
		"a host that is a number in hexadecimal": {"question": _rest({"namespace": "a"}, {"host": "0x8080808", "port": 443}), "expected": "the host is no name of a host"},
		"a host that is an odd address": {"question": _rest({"namespace": "a"}, {"host": "8.8.2056", "port": 443}), "expected": "the host is no name of a host"},
		"a host with a line break": {"question": _rest({"namespace": "a"}, {"host": "a.example.com\n", "port": 443}), "expected": "the host is no name of a host"},
		"a host with two dots": {"question": _rest({"namespace": "a"}, {"host": "a.example.com..", "port": 443}), "expected": "the host is no name of a host"},
		"an empty host": {"question": _rest({"namespace": "a"}, {"host": "", "port": 443}), "expected": "the host is no name of a host"},
		"a host that is a list": {"question": _rest({"namespace": "a"}, {"host": ["a.example.com"], "port": 443}), "expected": "the host is no name of a host"},
	}
	connection.read(row.question).problems[0] == row.expected
}

_envoy(more) := {"attributes": object.union(
	{
		"source": {"principal": "spiffe://cluster.local/ns/shop/sa/checkout", "address": {"socketAddress": {"address": "10.1.0.5", "portValue": 40000}}},
		"destination": {"address": {"socketAddress": {"address": "151.101.2.9", "portValue": 443}}},
	},
	more,
)}

_http(host, more) := {"request": {"http": object.union({"host": host, "method": "GET", "scheme": "https"}, more)}}

_forward(host, more) := object.union(_http(host, more), {"contextExtensions": {"dials": "host"}})

test_envoy_is_read[name] if {
	some name, row in {
		"by certificate and address": {"more": {}, "expected": {"namespace": "shop", "labels": null, "host": null, "address": "151.101.2.9", "port": 443, "protocol": "TCP"}},
		"by what the configuration says": {"more": {"source": {}, "contextExtensions": {"namespace": "shop", "labels": "app=checkout,tier=backend"}}, "expected": {"namespace": "shop", "labels": {"app": "checkout", "tier": "backend"}}},
		"by both": {"more": {"contextExtensions": {"namespace": "shop"}}, "expected": {"namespace": "shop", "problems": []}},
		"with the host of the TLS session": {"more": {"tlsSession": {"sni": "pay.example.com"}}, "expected": {"host": "pay.example.com", "address": "151.101.2.9"}},
		"with the host of the request": {"more": _http("pay.example.com", {}), "expected": {"host": "pay.example.com", "address": "151.101.2.9", "port": 443}},
		"over UDP": {"more": {"destination": {"address": {"socketAddress": {"protocol": "UDP", "address": "8.8.8.8", "portValue": 53}}}}, "expected": {"protocol": "UDP", "port": 53}},
		"a forward proxy's CONNECT": {"more": _forward("pay.example.com:8443", {"method": "CONNECT", "scheme": ""}), "expected": {"host": "pay.example.com", "address": null, "port": 8443}},
		"a forward proxy's plain request": {"more": _forward("pay.example.com", {"scheme": "http"}), "expected": {"host": "pay.example.com", "port": 80}},
		"a forward proxy's address": {"more": _forward("[2001:db8:5::1]:443", {}), "expected": {"host": null, "address": "2001:db8:5::1", "port": 443}},
	}
	found := connection.read(_envoy(row.more))
	found.problems == []
	object.subset(found, row.expected)
}

test_envoy_is_doubted[name] if {
	some name, row in {
		"two namespaces": {"more": {"contextExtensions": {"namespace": "data"}}, "expected": "the client's certificate and the gateway's configuration name two namespaces"},
		"nobody": {"more": {"source": {"principal": ""}}, "expected": "the source's namespace is not known"},
		"a certificate of something else": {"more": {"source": {"principal": "CN=shop"}}, "expected": "the source's namespace is not known"},
		"a certificate of a longer path": {"more": {"source": {"principal": "spiffe://x/ns/shop/sa/a/ns/data/sa/b"}}, "expected": "the source's namespace is not known"},
		"a header that says who": {"more": {"source": {"principal": ""}, "request": {"http": {"host": "a.example.com", "headers": {"x-namespace": "shop"}}}}, "expected": "the source's namespace is not known"},
		"labels that are no pairs": {"more": {"contextExtensions": {"labels": "checkout"}}, "expected": "the source's labels are no object of texts"},
		"a label twice": {"more": {"contextExtensions": {"labels": "app=a,app=b"}}, "expected": "the source's labels are no object of texts"},
		"no destination": {"more": {"destination": null}, "expected": "the address is no address"},
		"a forward proxy without a request": {"more": {"contextExtensions": {"dials": "host"}}, "expected": "the destination has neither host nor address"},
		"a CONNECT without a port": {"more": _forward("pay.example.com", {"method": "CONNECT", "scheme": ""}), "expected": "the port is no number from 1 to 65535"},
		"a host with a user": {"more": _forward("pay.example.com:443@evil.example.com", {}), "expected": "the host is no name of a host"},
		"a port that is too large": {"more": _forward("pay.example.com:99999", {}), "expected": "the port is no number from 1 to 65535"},
		"a host that is a number": {"more": _forward(1, {}), "expected": "the host is no name of a host"},
	}
	connection.read(_envoy(row.more)).problems[0] == row.expected
}
