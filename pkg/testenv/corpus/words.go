package corpus

import "strings"

// The words that statements are made of. Their counts matter: see statementAt.
const (
	objectWords = `lease shard replica snapshot segment checkpoint bucket session cart invoice payment shipment
		voucher route listener upstream certificate token manifest artifact container volume mount device
		sensor gauge index partition topic offset consumer batch cursor transaction ledger journal
		digest thumbnail playlist subtitle webhook calendar mailbox ticket profile avatar catalog warehouse`
	verbWords = `accepted archived attached cached cloned compacted confirmed copied created delivered detached
		drained encoded enqueued evicted expired exported fetched flushed imported indexed loaded locked merged
		moved opened parsed pinned published purged queued rebuilt refreshed registered released renamed
		replayed reserved resolved restored`
	phaseWords = `startup shutdown rebalance failover compaction bootstrap handover warmup rollback upgrade resync
		election throttling migration reload replay rotation discovery reconciliation scheduling admission
		negotiation validation enumeration prefetch housekeeping cleanup inspection recovery provisioning
		deployment calibration aggregation replication settlement checkout onboarding indexing rendering
		transcoding sampling balancing draining scaling forwarding delegation renewal enrolment export
		import backfill verification autosave`
	causeWords = `connection refused|context deadline exceeded|permission denied|unexpected end of stream|checksum differs|
		resource version is stale|peer sent a reset|quota is used up|name does not resolve|handshake timed out|
		schema is unknown|precondition does not hold`
	segmentWords = `var lib data spool tmp srv opt blobs chunks wal queue media uploads state work stage`
	titleWords   = `north south amber cobalt winter summer harbor meadow granite copper linen cedar violet saffron`
)

// A format is the layout in which a service prints its statements.
type format int

const (
	plain format = iota
	klog
	logfmt
	jsonLines
	syslog
	log4j
	python
	zap
	ansi
	access
)

// A service is one made-up program. All its statements have one format.
type service struct {
	name   string
	format format
}

func services() []service {
	names := map[format]string{
		plain: "checkout catalog-api billing search", klog: "kube-proxy scheduler node-agent",
		logfmt: "ingester distributor ruler gateway", jsonLines: "orders payments notifier inventory",
		syslog: "chronyd auditd", log4j: "broker coordinator warehouse-sync", python: "recommender etl-worker",
		zap: "operator image-cache", ansi: "devportal", access: "edge-proxy storefront api-gateway",
	}
	var out []service
	for f := plain; f <= access; f++ {
		for name := range strings.FieldsSeq(names[f]) {
			out = append(out, service{name, f})
		}
	}
	return out
}

func causes() []string {
	var out []string
	for c := range strings.SplitSeq(causeWords, "|") {
		out = append(out, strings.TrimSpace(c))
	}
	return out
}
