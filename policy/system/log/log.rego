# METADATA
# title: What decision logs leave out
# description: |
#   Where in a decision secrets may stand: manifests hold them in environment variables, requests in headers, bodies and queries. OPA asks for `mask` where
#   decision_logs.mask_decision is /system/log/mask, erases these, and lists in the log what it erased.
# related_resources:
#   - ref: https://www.openpolicyagent.org/docs/management-decision-logs#masking-sensitive-data
package system.log

mask contains path if {
	some path in [
		"/input/shards",
		"/input/review",
		"/input/attributes/request/http/headers",
		"/input/attributes/request/http/body",
		"/input/attributes/request/http/raw_body",
		"/input/attributes/request/http/path",
		"/input/attributes/request/http/query",
		"/input/parsed_body",
		"/input/parsed_path",
		"/input/parsed_query",
	]
}
