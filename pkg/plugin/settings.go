package plugin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Limits of the settings. They bound what one query may cost whatever it asks for.
const (
	defaultMaxLines  = 20_000
	hardMaxLines     = 1_000_000
	defaultMaxGroups = 20
	hardMaxGroups    = 100
	// defaultAlertWait leaves most of Grafana's 30 s per evaluation to the other
	// queries of a rule: they run one after another under one deadline.
	defaultAlertWait = 5 * time.Second
	maxAlertWait     = 20 * time.Second
	// defaultConcurrency is how many queries of one request run at once.
	defaultConcurrency = 4
)

// settings are the data source's settings as the rest of the package uses them.
type settings struct {
	lokiURL       string
	lokiTenant    string
	lokiUID       string
	servers       []llm.Config
	maxLines      int
	maxGroups     int
	concurrency   int
	alertWait     time.Duration
	datasourceUID string
	// identity stands for what the data source itself tells Loki of who asks.
	identity   string
	kubernetes kubernetesSettings
	// historyURL is Loki's own where the settings name no other.
	historyEnabled bool
	historyURL     string
	historyKey     []byte
}

// settingsJSON is the wire form of jsonData. Fields of the contract that no code
// reads yet are accepted and ignored.
type settingsJSON struct {
	LokiTenant        string `json:"lokiTenant"`
	LokiDatasourceUID string `json:"lokiDatasourceUid"`
	LLMServers        []struct {
		URL   string `json:"url"`
		Model string `json:"model"`
		Slots int    `json:"slots"`
	} `json:"llmServers"`
	MaxLines             int                `json:"maxLines"`
	MaxGroups            int                `json:"maxGroups"`
	MaxConcurrentQueries int                `json:"maxConcurrentQueries"`
	AlertWait            duration           `json:"alertWait"`
	Kubernetes           kubernetesSettings `json:"kubernetes"`
	HistoryEnabled       bool               `json:"historyEnabled"`
	HistoryURL           string             `json:"historyUrl"`
}

// The names of keys in secureJsonData: of the model servers' API, and what the history
// is signed with.
const (
	secretLLMKey     = "llmApiKey"
	secretHistoryKey = "historyKey"
)

func loadSettings(s backend.DataSourceInstanceSettings) (settings, error) {
	var wire settingsJSON
	if len(s.JSONData) > 0 {
		if err := json.Unmarshal(s.JSONData, &wire); err != nil {
			return settings{}, fmt.Errorf("the data source's settings cannot be read: %w", err)
		}
	}
	out := settings{
		lokiURL: s.URL, lokiTenant: wire.LokiTenant, lokiUID: wire.LokiDatasourceUID, datasourceUID: s.UID,
		maxLines:    orDefault(wire.MaxLines, defaultMaxLines, hardMaxLines),
		maxGroups:   orDefault(wire.MaxGroups, defaultMaxGroups, hardMaxGroups),
		concurrency: orDefault(wire.MaxConcurrentQueries, defaultConcurrency, 10),
		alertWait:   time.Duration(wire.AlertWait),
		kubernetes:  wire.Kubernetes,
		identity:    identity(s),

		historyEnabled: wire.HistoryEnabled, historyURL: cmp.Or(strings.TrimSpace(wire.HistoryURL), s.URL),
		historyKey: []byte(s.DecryptedSecureJSONData[secretHistoryKey]),
	}
	if out.alertWait <= 0 {
		out.alertWait = defaultAlertWait
	}
	out.alertWait = min(out.alertWait, maxAlertWait)
	for _, l := range wire.LLMServers {
		if l.URL == "" {
			continue // an empty row of the settings page
		}
		out.servers = append(out.servers, llm.Config{URL: l.URL, Model: l.Model, Slots: l.Slots, APIKey: s.DecryptedSecureJSONData[secretLLMKey]})
	}
	return out, nil
}

// ownSettings are the keys of jsonData and secureJsonData that say nothing of who asks Loki.
func ownSettings() []string {
	return []string{
		"lokiDatasourceUid", "historyUrl", "historyEnabled", "llmServers", "maxLines", "maxGroups", "maxConcurrentQueries", "alertWait", "memoryLimit", "requireScorecard",
		"kubernetes", "timeout", secretLLMKey, secretHistoryKey,
	}
}

// identity hashes what of the settings is sent to Loki, or decides it: user, password,
// certificates, headers, and every option of Grafana's for these that there is or will be.
// Another one may read other logs. What is Lokalyst's own is left out.
func identity(s backend.DataSourceInstanceSettings) string {
	parts := []string{fmt.Sprint(s.BasicAuthEnabled), s.BasicAuthUser, s.User, s.Database}
	var wire map[string]json.RawMessage
	if json.Unmarshal(s.JSONData, &wire) == nil { // else there are no queries
		for _, name := range slices.Sorted(maps.Keys(wire)) {
			if !slices.Contains(ownSettings(), name) {
				parts = append(parts, "json", name, string(wire[name]))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DecryptedSecureJSONData)) {
		if !slices.Contains(ownSettings(), name) {
			parts = append(parts, "secret", name, s.DecryptedSecureJSONData[name])
		}
	}
	return verdict.KeyOf(parts...).String()
}

// orDefault returns n, the default where n is not positive, at most limit.
func orDefault(n, fallback, limit int) int {
	if n <= 0 {
		n = fallback
	}
	return min(n, limit)
}
