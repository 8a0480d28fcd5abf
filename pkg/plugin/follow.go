package plugin

import (
	"context"
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// follow answers a query of a browser that asks again until the answer is whole: at
// once with the rules verdict, later with what the model has said so far. An id that is
// not known, as after a restart, begins afresh.
func (d *datasource) follow(ctx context.Context, q query, who asker) (framesOut, error) {
	owner := d.follower(who.context)
	x := d.host.jobs.find(q.queryID, owner)
	begins := x == nil
	if begins {
		r := d.request(ctx, q, who)
		x = d.host.jobs.start(ctx, owner, func(ctx context.Context, x *job) (*analysis.Result, error) {
			r.Partial = x.update
			r.Progress = func(_, detail string) { x.note(detail) }
			return d.analyse(ctx, r)
		})
	}
	if x == nil { // too many are followed
		result, err := d.analyse(ctx, d.request(ctx, q, who))
		if err != nil {
			return nil, err
		}
		return d.frames(result, q)
	}
	wait := longPoll
	if begins {
		wait = firstPoll
	}
	state, err := x.next(ctx, wait)
	if err != nil && begins {
		d.host.jobs.drop(x) // its asker left without learning the id
	}
	if err != nil {
		return nil, err
	}
	if state.status == jobDone {
		d.host.jobs.drop(x)
	}
	if state.err != nil {
		return nil, state.err
	}
	return d.jobFrames(state, q)
}

// follower names who may follow a job: nobody else learns of it or can cancel it.
func (d *datasource) follower(pc backend.PluginContext) verdict.Key {
	login := ""
	if pc.User != nil {
		login = pc.User.Login
	}
	return verdict.KeyOf(strconv.FormatInt(pc.OrgID, 10), d.settings.datasourceUID, login)
}

// jobFrames shapes a state of a job. Where nothing is new it is one frame without
// fields, which keeps what the browser shows.
func (d *datasource) jobFrames(s jobState, q query) (framesOut, error) {
	var frames framesOut
	if s.result == nil {
		frames = framesOut{data.NewFrame("")}
		frames[0].Meta = &data.FrameMeta{Custom: frameCustom{}}
	} else {
		var err error
		if frames, err = d.frames(s.result, q); err != nil {
			return nil, err
		}
	}
	for _, f := range frames {
		if c, ok := f.Meta.Custom.(frameCustom); ok {
			c.QueryID, c.Status, c.Progress = s.id, s.status, s.progress
			f.Meta.Custom = c
		}
	}
	if s.progress != "" {
		frames[0].AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: capital(s.progress) + " …"})
	}
	return frames, nil
}
