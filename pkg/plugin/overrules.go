package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of overrules.
const (
	// maxOverrules is how many of a data source apply, the newest.
	maxOverrules = 500
	// overruleEvery is how often the history is asked what others have overruled.
	overruleEvery = time.Minute
)

// overrules are what the users of a data source have overruled. They outlive its
// instances and are safe for concurrent use.
type overrules struct {
	mu      sync.Mutex
	rules   []rules.Rule // by time, the oldest first
	version int          // counts the changes of rules
	read    time.Time    // when the history was read last
	reading bool
}

// overrulesOf returns those of a data source.
func (h *Host) overrulesOf(org int64, uid string) *overrules {
	key := verdict.KeyOf(fmt.Sprint(org), uid)
	h.mu.Lock()
	defer h.mu.Unlock()
	o := h.overrules[key]
	if o == nil {
		o = &overrules{version: 1}
		h.overrules[key] = o
	}
	return o
}

// add takes a rule in place of the one with its id, unless that was written later.
func (o *overrules) add(r rules.Rule) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.IndexFunc(o.rules, func(known rules.Rule) bool { return known.ID == r.ID }); i >= 0 {
		if !r.At.After(o.rules[i].At.Time) {
			return
		}
		o.rules = slices.Delete(o.rules, i, i+1)
	}
	o.rules = append(o.rules, r)
	slices.SortStableFunc(o.rules, func(a, b rules.Rule) int { return a.At.Compare(b.At.Time) })
	o.rules = o.rules[max(0, len(o.rules)-maxOverrules):]
	o.version++
}

// all returns the rules and their version.
func (o *overrules) all() (list []rules.Rule, version int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.rules), o.version
}

// due reports whether the history should be read, and that somebody does.
func (o *overrules) due(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reading || now.Sub(o.read) < overruleEvery {
		return false
	}
	o.reading, o.read = true, now
	return true
}

func (o *overrules) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reading = false
}

// userRules are the signatures with the users' rules, as they were made last.
type userRules struct {
	mu      sync.Mutex
	version int
	set     *rules.Set
}

// signatures returns the signatures that apply to the data source: the built-in ones,
// those of the ConfigMaps, and what was overruled. What others have overruled is read
// from the history in the background.
func (d *datasource) signatures(ctx context.Context, org int64) *rules.Set {
	o := d.host.overrulesOf(org, d.settings.datasourceUID)
	if d.kept != nil && o.due(d.host.now()) {
		detached, end := d.host.work.detach(ctx)
		detached, cancel := context.WithTimeout(detached, restoreTime)
		d.host.work.run(func() {
			defer end()
			defer cancel()
			defer o.done()
			if err := d.readOverrules(detached, o); err != nil && !errors.Is(err, context.Canceled) {
				backend.Logger.Error("What was overruled could not be read", "error", err)
			}
		})
	}
	d.rules.mu.Lock()
	defer d.rules.mu.Unlock()
	list, version := o.all()
	if d.rules.version != version {
		if d.cluster != nil {
			list = append(slices.Clone(d.cluster.rules), list...)
		}
		d.rules.version, d.rules.set = version, d.host.engine.Signatures
		if len(list) > 0 {
			d.rules.set = d.host.engine.Signatures.With(list)
		}
	}
	return d.rules.set
}

// readOverrules takes the signed overrules of the history.
func (d *datasource) readOverrules(ctx context.Context, o *overrules) error {
	now := d.host.now()
	lines, err := d.kept.newest(ctx, selectKind(verdict.KindOverrule), loki.Window{Start: now.Add(-rules.MaxOverrule), End: now.Add(time.Minute)}, 2*maxOverrules)
	if err != nil {
		return err
	}
	for _, l := range lines {
		record, signed, err := verdict.DecodeRecord(l.Text, d.kept.tenant, l.Time, d.kept.key)
		if err != nil || !signed || record.Kind != verdict.KindOverrule {
			continue // anybody can write a line
		}
		var r rules.Rule
		if json.Unmarshal(record.Body, &r) == nil && r.Check() == nil {
			r.At.Time = record.TS
			o.add(r)
		}
	}
	return nil
}

// overrule makes a rule of what a user says and keeps it. kept says where.
func (d *datasource) overrule(ctx context.Context, pc backend.PluginContext, r rules.Rule) (out rules.Rule, kept string, err error) {
	if pc.User == nil || (pc.User.Role != "Editor" && pc.User.Role != "Admin") {
		return r, "", errForbidden
	}
	now := d.host.now()
	r.By, r.At.Time = pc.User.Login, now.UTC()
	if r.Expires.IsZero() {
		r.Expires.Time = now.Add(7 * 24 * time.Hour).UTC().Truncate(time.Second)
	}
	if r.ID == "" {
		r.ID = r.OverruleID()
	}
	if err := r.Check(); err != nil {
		return r, "", inputError("the overrule cannot be used: %s", err.Error())
	}
	if r.Expires.Sub(now) > rules.MaxOverrule {
		return r, "", inputError("an overrule lasts 30 days at most; put a lasting rule into a ConfigMap labelled lokalyst.io/rules")
	}
	kept = "memory"
	if d.kept != nil {
		if err := d.kept.pushOverrule(ctx, r); err != nil {
			return r, "", err
		}
		kept = "history"
	}
	d.host.overrulesOf(pc.OrgID, d.settings.datasourceUID).add(r)
	return r, kept, nil
}

// pushOverrule writes an overrule to the history and returns when Loki has acknowledged
// it.
func (h *history) pushOverrule(ctx context.Context, r rules.Rule) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	text, err := verdict.EncodeRecord(verdict.Record{Kind: verdict.KindOverrule, TS: r.At.Time, Body: body}, h.tenant, h.key)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	return h.client.Push(ctx, verdict.KindOverrule, loki.PushLine{Time: r.At.Time, Text: text})
}

var errForbidden = errors.New("overruling a verdict needs the role Editor")
