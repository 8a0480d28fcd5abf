package testenv

import (
	"encoding/json"
	"path/filepath"
	"strconv"
)

// lokiMaxLine is the longest line that the test server takes, in bytes; Loki's own default is 256 KB.
const lokiMaxLine = 2 << 20

// lokiConfig returns the configuration of a single Loki below dir: nothing leaves the machine, it starts in a second,
// and it takes whatever a test pushes, however old or much. As JSON it is valid YAML whatever the folder is called.
func lokiConfig(dir string, httpPort, grpcPort int, multiTenant bool) ([]byte, error) {
	type section = map[string]any
	quick := section{"min_ready_duration": "0s", "final_sleep": "0s"}
	return json.MarshalIndent(section{
		"auth_enabled": multiTenant,
		"analytics":    section{"reporting_enabled": false},
		"server": section{
			"http_listen_address": "127.0.0.1", "http_listen_port": httpPort,
			"grpc_listen_address": "127.0.0.1", "grpc_listen_port": grpcPort,
			"grpc_server_max_recv_msg_size": 128 << 20, "grpc_server_max_send_msg_size": 128 << 20,
			"log_level": "info",
		},
		"common": section{
			"instance_addr": "127.0.0.1", "path_prefix": dir, "replication_factor": 1,
			"ring": section{"kvstore": section{"store": "inmemory"}},
			"storage": section{"filesystem": section{
				"chunks_directory": filepath.Join(dir, "chunks"), "rules_directory": filepath.Join(dir, "rules")}},
		},
		"schema_config": section{"configs": []section{{
			"from": "2020-01-01", "store": "tsdb", "object_store": "filesystem", "schema": "v13",
			"index": section{"prefix": "index_", "period": "24h"}}}},
		// A stream takes lines that are half of this older than its newest.
		"ingester":         section{"lifecycler": quick, "max_chunk_age": "87600h"},
		"pattern_ingester": section{"enabled": false},
		// Without an address the queries go through a ring of schedulers, which takes ten seconds to be ready and five
		// more until it answers the first query.
		"frontend_worker": section{"frontend_address": "127.0.0.1:" + strconv.Itoa(grpcPort), "dns_lookup_duration": "100ms"},
		// What was pushed with an old time is still in the ingester, and answers of a moment ago are already wrong.
		"querier":     section{"query_ingesters_within": "0s"},
		"query_range": section{"cache_results": false},
		"limits_config": section{
			"reject_old_samples": false, "max_line_size": lokiMaxLine,
			"ingestion_rate_mb": 1024, "ingestion_burst_size_mb": 2048,
			"per_stream_rate_limit": "1GB", "per_stream_rate_limit_burst": "2GB",
			"max_global_streams_per_user": 0, "max_query_length": "0s",
			"allow_structured_metadata": true, "discover_log_levels": true,
		},
	}, "", "  ")
}
