package redact

import (
	"cmp"
	"slices"
	"strings"
)

// gramCount is the number of keys that three bytes make, of which five bits count.
const gramCount = 1 << 15

// An action is what is tried where a keyword stands.
type action uint8

const (
	tryFormat  action = iota // a token with the keyword as its prefix
	tryAround                // a token with the keyword inside it
	tryName                  // a value behind a name of a secret
	tryScheme                // credentials behind the name of a scheme
	tryCommand               // an argument of a command
	tryPEM                   // a private key
	tryPutty                 // the private lines of a PuTTY key
	tryData                  // the data of a Kubernetes Secret
	trySQL                   // IDENTIFIED BY
	tryJWT                   // a JSON Web Token, and base64 of one or of PEM
	tryEmail                 // an e-mail address whose sign is escaped
)

// A trigger starts an action where its text stands.
type trigger struct {
	text string
	// at is where in the text the three bytes stand that find it.
	at    int
	gram  uint32
	do    action
	exact bool // the case of letters counts; otherwise the text is in lower case
	arg   int  // the index of the format, the infix or the command, or the root's kind
}

// rules are the tables that scanning uses. They are built once and never changed.
type rules struct {
	formats  []format
	infixes  []infix
	commands []command
	triggers []trigger // sorted by gram
	// first is the index of a gram's first trigger plus one, 0 where it has none.
	first [gramCount]uint16
}

func newRules() *rules {
	r := &rules{formats: formats(), infixes: infixes(), commands: commands()}
	for i, f := range r.formats {
		exact := len(f.prefix) < 4 || len(f.prefix) == 4 && !strings.HasSuffix(f.prefix, "_")
		text := f.prefix
		if !exact {
			text = strings.ToLower(text)
		}
		r.add(text, tryFormat, exact, i)
	}
	for i, a := range r.infixes {
		r.add(a.text, tryAround, true, i)
	}
	for kind, roots := range [...]string{plainRoot: plainRoots, directRoot: directRoots, keyRoot: keyRoots, providerRoot: providerRoots} {
		for w := range strings.FieldsSeq(roots) {
			r.add(w, tryName, false, kind)
		}
	}
	for i, c := range r.commands {
		r.add(c.name, tryCommand, false, i)
	}
	r.add("%40", tryEmail, false, 0)
	for _, w := range [...]string{"eyJ", "eyA", "ZXlK", "LS0tLS1CRUdJTi"} {
		r.add(w, tryJWT, true, 0)
	}
	r.add("bearer", tryScheme, false, 0)
	r.add("basic ", tryScheme, false, 0)
	r.add("begin ", tryPEM, false, 0)
	r.add("private-lines:", tryPutty, false, 0)
	r.add("data", tryData, false, 0)
	r.add("identified ", trySQL, false, 0)
	slices.SortStableFunc(r.triggers, func(a, b trigger) int { return cmp.Compare(a.gram, b.gram) })
	for i := range slices.Backward(r.triggers) {
		r.first[r.triggers[i].gram] = uint16(i + 1) //nolint:gosec // there are some hundred triggers
	}
	return r
}

func (r *rules) add(text string, do action, exact bool, arg int) {
	at := rarest(text)
	var gram uint32
	for _, c := range []byte(text[at : at+3]) {
		gram = gram<<5 | uint32(c&31)
	}
	r.triggers = append(r.triggers, trigger{text: text, at: at, gram: gram, do: do, exact: exact, arg: arg})
}

// rarest returns where the three bytes of text stand that occur least in plain
// text, judged by how frequent their letters are in English.
func rarest(text string) int {
	const frequent = "zqxjkvbpgwyfmculdhrsnioate"
	best, at := -1, 0
	for i := 0; i+3 <= len(text); i++ {
		score := 0
		for _, c := range []byte(text[i : i+3]) {
			switch k := strings.IndexByte(frequent, lower(c)); {
			case k >= 0:
				score += len(frequent) - k
			case c == '-' || c == '.' || c == '/' || c == ' ' || c == ':':
				score += 4 // the filter takes them for m, n, o, a grave accent and z
			default:
				score += 20
			}
		}
		if score > best {
			best, at = score, i
		}
	}
	return at
}

// try runs the triggers of the gram that ends at i, beginning with the first, until
// one masks something.
func (s *scanner) try(first int, gram uint32, i int) {
	done := s.done
	for k := first; k < len(s.rules.triggers) && s.rules.triggers[k].gram == gram; k++ {
		t := &s.rules.triggers[k]
		from := i - 2 - t.at
		if from < done || from+len(t.text) > len(s.text) {
			continue
		}
		if t.exact {
			if string(s.text[from:from+len(t.text)]) != t.text {
				continue
			}
		} else if !hasFold(s.text[from:], t.text) {
			continue
		}
		if s.run(t, span{from, from + len(t.text)}); s.done > done {
			return
		}
	}
}

// run tries the trigger's action for the keyword at a place.
func (s *scanner) run(t *trigger, at span) {
	switch t.do {
	case tryFormat:
		s.format(&s.rules.formats[t.arg], at)
	case tryAround:
		s.around(&s.rules.infixes[t.arg], at)
	case tryName:
		if c := s.text[at.to-1]; c == '=' || c == ':' {
			at.to-- // the operator belongs to the keyword only to find it
		}
		s.assign(at, root(t.arg)) //nolint:gosec // it was one
	case tryScheme:
		s.scheme(at)
	case tryCommand:
		s.command(t.arg, at)
	case tryPEM:
		s.privateKey(at)
	case tryPutty:
		s.puttyKey(at)
	case tryData:
		s.secretData(at)
	case trySQL:
		s.identifiedBy(at)
	case tryJWT:
		s.webToken(at)
	case tryEmail:
		s.email(at.from, at.to)
	}
}
