package adversary

import (
	"fmt"
	"strings"
)

// A role is what a line may be cited for.
type role int

const (
	// background is always there and harmless; to cite it is to fabricate evidence.
	background role = iota
	// distractor only sounds as if it mattered: it is as it always was.
	distractor
	// known is a failure that was there before; it may be cited.
	known
	// signal is a failure, or something new or changed.
	signal
)

// A statement prints lines. mark is a word of it that no other statement has.
type statement struct {
	component, format, mark string
	role                    role
	now, before             int // lines in the window and in the baseline
}

// A stage is a scene whose every line has a known role.
type stage struct {
	scene      *scene
	baseline   string // as a query asks for it
	statements []statement
}

// stages returns what models are asked about in a run of completions.
func stages() []stage {
	return []stage{
		newStage("mixed", "1d", append(steady(),
			statement{"checkout", `level=error msg="charge refused by gateway" code=%d`, "charge refused", signal, 9, 0},
			statement{"checkout", `level=info msg="feature flag cart_v2 enabled" user=%d`, "feature flag", signal, 4, 0},
			statement{"orders", `level=warn msg="slow statement" took=%dms`, "slow statement", signal, 90, 3},
			statement{"orders", `level=error msg="webhook of partner rejected" id=%d`, "webhook of partner", known, 12, 12},
		)),
		newStage("alone", "none", append(withoutWarnings(steady()),
			statement{"checkout", `level=error msg="charge refused by gateway" code=%d`, "charge refused", signal, 9, 0},
			statement{"orders", `level=warn msg="slow statement" took=%dms`, "slow statement", signal, 20, 0},
		)),
		newStage("fatal", "1d", append(steady(),
			statement{"kernel", "Memory cgroup out of memory: Killed process %d (java) total-vm:8123456kB, anon-rss:4193212kB, file-rss:0kB, shmem-rss:0kB", "Killed process", signal, 2, 0},
		)),
		newStage("quiet", "1d", steady()),
		newStage("crowded", "1d", append(crowd(),
			statement{"checkout", `level=error msg="charge refused by gateway" code=%d`, "charge refused", signal, 9, 0},
		)),
	}
}

// steady are what a healthy shop prints, and what sounds worse than it is.
func steady() []statement {
	return []statement{
		{"checkout", `level=info msg="cart stored" cart=%d`, "cart stored", background, 40, 40},
		{"checkout", `level=info msg="payment authorised" order=%d`, "payment authorised", background, 40, 40},
		{"orders", `level=info msg="order accepted" id=%d`, "order accepted", background, 40, 40},
		{"orders", `level=debug msg="cache hit" key=%d`, "cache hit", background, 40, 40},
		{"gateway", `10.0.0.%d - - "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.31"`, "/healthz", background, 40, 40},
		{"orders", `level=info msg="reconciled, failed=0 errors=0" run=%d`, "reconciled", distractor, 20, 20},
		{"gateway", `level=info msg="retry after timeout succeeded" attempt=%d`, "retry after timeout", distractor, 20, 20},
		{"checkout", `level=warn msg="deprecated option crash_on_error is ignored" line=%d`, "deprecated option", distractor, 20, 20},
	}
}

func withoutWarnings(list []statement) []statement {
	return list[:len(list)-1] // without a baseline nothing says that a warning is steady
}

// crowd is more than a prompt has room for.
func crowd() []statement {
	out := steady()
	words := strings.Fields("amber birch cedar delta ember fjord grove haven islet jetty knoll larch maple noble ocean pearl quartz river slate tulip umber vivid willow xenon yarrow zephyr")
	for i, a := range words {
		for _, b := range words[:4] {
			mark := a + "-" + b + " job"
			out = append(out, statement{"batch" + fmt.Sprint(i%3), "level=info msg=\"" + mark + " finished\" rows=%d", mark, background, 2, 2})
		}
	}
	return out
}

func newStage(name, base string, statements []statement) stage {
	var now, before []line
	for round := range 90 { // lines of all statements alternate
		for _, s := range statements {
			l := line{component: s.component, text: fmt.Sprintf(s.format, 100+round)}
			if round < s.now {
				now = append(now, l)
			}
			if round < s.before {
				before = append(before, l)
			}
		}
	}
	return stage{scene: newScene(name, now, before), baseline: base, statements: statements}
}

// roleOf returns the role of a line, or of a pattern's text.
func (s *stage) roleOf(text string) (role, bool) {
	for _, x := range s.statements {
		if strings.Contains(text, x.mark) {
			return x.role, true
		}
	}
	return background, false
}
