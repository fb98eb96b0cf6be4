package system.log_test

import data.system.log

test_manifests_and_what_a_client_writes_are_left_out if {
	{"/input/shards", "/input/review", "/input/attributes/request/http/headers", "/input/parsed_body"} & log.mask == {
		"/input/shards", "/input/review",
		"/input/attributes/request/http/headers", "/input/parsed_body",
	}
}
