package record

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Outcome is how a dialogue ended.
type Outcome int

// The outcomes.
const (
	Saved Outcome = iota
	Skipped
	Quit
)

// A move is where an answer leads.
type move int

const (
	forward move = iota
	back
	skip
	quit
	again // the key means nothing here
)

// maxText bounds a text that is typed, in characters.
const maxText = 300

// A dialogue asks for the judgement on one window.
type dialogue struct {
	Screen
	view  *View
	keys  *Keys
	label Label
	// chosen says that category and evidence are the user's, no longer suggestions.
	chosen bool
}

// Ask shows the window and asks for its judgement, one key an answer. Nothing is kept
// unless the outcome is Saved.
func Ask(ctx context.Context, v *View, keys *Keys, s Screen) (Label, Outcome, error) {
	d := &dialogue{Screen: s, view: v, keys: keys, label: v.Suggested}
	d.Show(v)
	questions := []func(context.Context) (move, error){d.severityOf, d.category, d.evidence, d.component, d.note, d.save}
	for at := 0; at < len(questions); {
		m, err := questions[at](ctx)
		if err != nil {
			return Label{}, Quit, err
		}
		switch m {
		case forward:
			at++
			if at == 1 && d.label.Severity <= verdict.Healthy {
				at = 4 // where nothing is wrong there is nothing to name
			}
		case back:
			if at == 4 && d.label.Severity <= verdict.Healthy {
				at = 1
			}
			at = max(0, at-1)
		case skip:
			d.line("%s", "Skipped; nothing is written.")
			return Label{}, Skipped, nil
		case quit:
			d.line("%s", "Nothing is written.")
			return Label{}, Quit, nil
		}
	}
	return d.label, Saved, nil
}

// ask shows a question with its keys and reads one. What every question understands is
// answered here: m is again where the key is the question's own.
func (d *dialogue) ask(ctx context.Context, question string, choices ...string) (key rune, m move, err error) {
	for i, c := range choices {
		k, name, _ := strings.Cut(c, " ")
		choices[i] = d.style(bold, k) + " " + name
	}
	fmt.Fprintf(d.W, "%s  %s  %s  ", d.style(bold, question), strings.Join(choices, "  "), d.style(dim, "b back  s skip  q quit"))
	return d.common(ctx)
}

// common reads a key and answers what every question understands.
func (d *dialogue) common(ctx context.Context) (key rune, m move, err error) {
	key, err = d.keys.next(ctx)
	switch {
	case err != nil:
		d.line("")
		return 0, quit, err
	case key == 'b' || key == keyEscape:
		d.line("back")
		return key, back, nil
	case key == 's':
		d.line("")
		return key, skip, nil
	case key == 'q' || key == keyInterrupt:
		d.line("")
		return key, quit, nil
	}
	return key, again, nil
}

func (d *dialogue) severityOf(ctx context.Context) (move, error) {
	byKey := map[rune]verdict.Severity{'h': verdict.Healthy, 'n': verdict.Notice, 'w': verdict.Warning, 'c': verdict.Critical, 'u': verdict.Inconclusive, keyEnter: d.label.Severity}
	key, m, err := d.ask(ctx, "How bad is it?", "h healthy", "n notice", "w warning", "c critical", "u unknown", "Enter "+d.severity(d.label.Severity))
	for err == nil && m == again {
		if s, ok := byKey[key]; ok {
			if s != d.label.Severity || !d.chosen {
				component, note := d.label.Component, d.label.Note
				d.label = d.view.withSeverity(s)
				d.label.Component, d.label.Note = component, note
			}
			d.chosen = true
			d.line("%s", d.severity(s))
			return forward, nil
		}
		key, m, err = d.common(ctx)
	}
	return m, err
}

func (d *dialogue) category(ctx context.Context) (move, error) {
	all := verdict.Categories()
	for from := 0; from < len(all); from += 6 {
		row := make([]string, 0, 6)
		for i := from; i < min(from+6, len(all)); i++ {
			row = append(row, d.style(bold, string(letters[i]))+fmt.Sprintf(" %-14s", all[i]))
		}
		d.line("  %s", strings.TrimRight(strings.Join(row, " "), " "))
	}
	key, m, err := d.ask(ctx, "What is it about?", "Enter "+string(d.label.Category))
	for err == nil && m == again {
		if i := strings.IndexRune(letters, key); i >= 0 && i < len(all) {
			d.label.Category = all[i]
		} else if key != keyEnter {
			key, m, err = d.common(ctx)
			continue
		}
		d.line("%s", string(d.label.Category))
		return forward, nil
	}
	return m, err
}

func (d *dialogue) evidence(ctx context.Context) (move, error) {
	d.line("%s  keys of patterns turn them on and off, 0 none, Enter goes on  %s", d.style(bold, "What shows it?"), d.style(dim, "b back  s skip  q quit"))
	for {
		start := "\r"
		if d.Styled {
			start = "\r\x1b[K"
		}
		fmt.Fprintf(d.W, "%s  evidence: %s  ", start, rowNames(d.label.Evidence, " "))
		key, m, err := d.common(ctx)
		if err != nil || m != again {
			return m, err
		}
		i := strings.IndexRune(rowKeys, key)
		switch {
		case key == keyEnter:
			d.line("")
			return forward, nil
		case key == '0':
			d.label.Evidence = nil
		case i >= 0 && i < len(d.view.Rows):
			d.label.Evidence = toggled(d.label.Evidence, i+1)
		}
	}
}

func toggled(rows []int, n int) []int {
	if slices.Contains(rows, n) {
		return slices.DeleteFunc(slices.Clone(rows), func(r int) bool { return r == n })
	}
	out := append(slices.Clone(rows), n)
	slices.Sort(out)
	return out
}

func (d *dialogue) component(ctx context.Context) (move, error) {
	return d.text(ctx, "Which component is at fault?", &d.label.Component)
}

func (d *dialogue) note(ctx context.Context) (move, error) {
	return d.text(ctx, "A note?", &d.label.Note)
}

// text reads a line. Its letters are text, so that only Escape and Ctrl-C lead away.
func (d *dialogue) text(ctx context.Context, question string, value *string) (move, error) {
	fmt.Fprintf(d.W, "%s  %s  ", d.style(bold, question), d.style(dim, "Enter "+orNone(*value)+"  Escape back  Ctrl-C quit"))
	var typed []rune
	for {
		key, err := d.keys.next(ctx)
		switch {
		case err != nil:
			d.line("")
			return quit, err
		case key == keyEscape:
			d.line("back")
			return back, nil
		case key == keyInterrupt:
			d.line("")
			return quit, nil
		case key == keyEnter:
			if len(typed) > 0 {
				*value = strings.TrimSpace(string(typed))
			}
			d.line("")
			return forward, nil
		case key == keyBackspace && len(typed) > 0:
			typed = typed[:len(typed)-1]
			fmt.Fprint(d.W, "\b \b")
		case unicode.IsPrint(key) && len(typed) < maxText:
			typed = append(typed, key)
			fmt.Fprint(d.W, string(key))
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "nothing"
	}
	return "“" + text + "”"
}

func (d *dialogue) save(ctx context.Context) (move, error) {
	l := d.label
	d.line("")
	d.line("  %s, %s, evidence %s%s%s", d.severity(l.Severity), l.Category, rowNames(l.Evidence, " "), part(", component ", l.Component), part(", note ", l.Note))
	key, m, err := d.ask(ctx, "Save?", "Enter yes")
	for err == nil && m == again {
		if key == keyEnter || key == 'y' {
			d.line("")
			return forward, nil
		}
		key, m, err = d.common(ctx)
	}
	return m, err
}

func part(name, text string) string {
	if text == "" {
		return ""
	}
	return name + "“" + text + "”"
}
