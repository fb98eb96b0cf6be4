package lib.egress.wording_test

import data.lib.egress.wording

test_names_labels_in_order if wording.labels({"b": "2", "a": "1"}) == "a=1, b=2"

test_names_pods[name] if {
	some name, row in {
		"all": {"labels": {}, "expected": "its pods"},
		"some": {"labels": {"a": "1"}, "expected": "pods with a=1"},
	}
	wording.pods(row.labels) == row.expected
}

test_names_a_destination if {
	wording.destination({
		"layer": "allow-database", "name": "orders", "labels": {"app": "db"}, "cidrs": ["10.0.0.0/8"],
		"ports": [{"protocol": "TCP", "low": 1, "high": 1}, {"protocol": "UDP", "low": 2, "high": 3}],
	}) == "database 'orders' (app=db, 10.0.0.0/8) on TCP 1, UDP 2-3"
}
