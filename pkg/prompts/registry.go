package prompts

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed builtin/*.yaml
var builtinFiles embed.FS

// scorecardFiles may hold no scorecard: "all:" takes the hidden file that keeps the folder.
//
//go:embed all:scorecards
var scorecardFiles embed.FS

// maxScorecards bounds the scorecards of a registry.
const maxScorecards = 1000

// OriginBuiltIn is the Origin of the prompts that the plugin ships with.
const OriginBuiltIn = "built-in"

// ErrUnknown is wrapped by the error of [Registry.Get] for an unknown prompt.
var ErrUnknown = errors.New("unknown prompt")

// A Registry holds the prompts that queries can name, and their scorecards. It is owned by the process
// and safe for concurrent use.
type Registry struct {
	mu   sync.RWMutex
	byID map[string][]*Prompt // newest version first
	// scorecards are in the order in which they were added: a later one goes before an
	// earlier one.
	scorecards []Scorecard
}

// NewRegistry returns a registry with the built-in prompts and scorecards.
func NewRegistry() (*Registry, error) {
	r := &Registry{byID: map[string][]*Prompt{}}
	files, err := builtinFiles.ReadDir("builtin")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		raw, err := builtinFiles.ReadFile(path.Join("builtin", f.Name()))
		if err != nil {
			return nil, err
		}
		if err := r.Add(OriginBuiltIn, raw); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return r, r.addBuiltInScorecards()
}

func (r *Registry) addBuiltInScorecards() error {
	files, err := scorecardFiles.ReadDir("scorecards")
	if err != nil {
		return err
	}
	for _, f := range files {
		if path.Ext(f.Name()) != ".json" {
			continue
		}
		raw, err := scorecardFiles.ReadFile(path.Join("scorecards", f.Name()))
		if err != nil {
			return err
		}
		if err := r.AddScorecard(OriginBuiltIn, raw); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return nil
}

// AddScorecard parses a scorecard and registers it in place of an earlier one for the same
// judge, prompt, model and signatures: the precedence of sources is the order in which they
// are added. It fails where the scorecard is invalid or 1000 others are registered.
func (r *Registry) AddScorecard(origin string, raw []byte) error {
	s, err := ParseScorecard(raw)
	if err != nil {
		return err
	}
	s.Origin = origin
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(r.scorecards), func(o Scorecard) bool {
		return o.PromptHash == s.PromptHash && o.Model == s.Model && o.Rules == s.Rules
	})
	if len(list) >= maxScorecards {
		return fmt.Errorf("%d scorecards are registered already, more are not kept", maxScorecards)
	}
	r.scorecards = append(list, s)
	return nil
}

// Scorecard returns the scorecard that was added last for a prompt's hash and a model's
// identity, whatever signatures it was measured with; see [Scorecard.Rules]. Both are empty
// for the rules verdict's. What it refers to must not be changed.
func (r *Registry) Scorecard(promptHash, model string) (s Scorecard, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range slices.Backward(r.scorecards) {
		if s.PromptHash == promptHash && s.Model == model {
			return s, true
		}
	}
	return Scorecard{}, false
}

// Add parses a prompt and registers it. The same id and version with another
// content is refused: a released prompt does not change, it gets a new version.
func (r *Registry) Add(origin string, raw []byte) error {
	p, err := Parse(raw)
	if err != nil {
		return err
	}
	p.Origin = origin
	r.mu.Lock()
	defer r.mu.Unlock()
	versions := r.byID[p.ID]
	for _, q := range versions {
		if q.Version == p.Version {
			if q.hash != p.hash {
				return fmt.Errorf("prompt %s %s is registered from %q with another content: raise its version", p.ID, p.Version, q.Origin)
			}
			return nil
		}
	}
	versions = append(slices.Clone(versions), p)
	slices.SortFunc(versions, func(a, b *Prompt) int { return compareVersions(b.Version, a.Version) })
	r.byID[p.ID] = versions
	return nil
}

// Get returns the prompt that ref names: an id for its newest version, or
// id@version. The error for an unknown one lists what is known.
func (r *Registry) Get(ref string) (*Prompt, error) {
	id, version, pinned := strings.Cut(ref, "@")
	r.mu.RLock()
	defer r.mu.RUnlock()
	versions := r.byID[id]
	if len(versions) == 0 {
		return nil, fmt.Errorf("%w %q; known are: %s", ErrUnknown, ref, orNone(r.ids()))
	}
	if !pinned {
		return versions[0], nil
	}
	var known []string
	for _, p := range versions {
		if p.Version == version {
			return p, nil
		}
		known = append(known, p.Version)
	}
	return nil, fmt.Errorf("%w %q; versions of %q are: %s", ErrUnknown, ref, id, orNone(known))
}

// List returns the newest version of each prompt, ordered by id.
func (r *Registry) List() []*Prompt {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var out []*Prompt
	for _, id := range r.ids() {
		out = append(out, r.byID[id][0])
	}
	return out
}

// ids returns the known ids in order. The caller holds r.mu.
func (r *Registry) ids() []string {
	out := make([]string, 0, len(r.byID))
	for id := range r.byID {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// compareVersions orders versions by their numbers; a pre-release comes before
// its release, pre-releases of one version in the order of their text.
func compareVersions(a, b string) int {
	an, ap, _ := strings.Cut(a, "-")
	bn, bp, _ := strings.Cut(b, "-")
	as, bs := strings.Split(an, "."), strings.Split(bn, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x - y
		}
	}
	switch {
	case ap == bp:
		return 0
	case ap == "":
		return 1
	case bp == "":
		return -1
	}
	return strings.Compare(ap, bp)
}
