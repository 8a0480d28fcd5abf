package adversary

import (
	"fmt"
	"strings"
)

func inventedIDs(g generator, a *answerer) string {
	real := ids(g, a.telling, 1)[0]
	id := pick(g, []string{
		"p9999", "p0", "p-1", "p00" + real[1:], strings.ToUpper(real), real + " ", real + "\u200b", "\uff50" + real[1:], "", "p", "p1e1", real + "," + real, "../" + real,
		"p18446744073709551617", "error: out of memory", a.prompt.defined[real],
	})
	return answer(list(finding("disk", id), finding("memory", real)), `"critical"`, "3", "It is "+id)
}

func quietIDs(g generator, a *answerer) string {
	return answer(list(finding("memory", ids(g, a.quiet, 2)...), finding("disk", ids(g, a.quiet, 1)...)), `"critical"`, "3", "Everything is on fire.")
}

func mixedIDs(g generator, a *answerer) string {
	pair := append(ids(g, a.telling, 1), ids(g, a.quiet, 1)...)
	if g.chance(50) {
		pair[0], pair[1] = pair[1], pair[0]
	}
	return answer(list(finding("memory", pair...)), pick(g, []string{`"critical"`, `"warning"`, `"ok"`}), fmt.Sprint(g.IntN(4)), "Two patterns show it.")
}

// absentIDs cites what the dictionary defines or would define, but the window does not show.
func absentIDs(g generator, a *answerer) string {
	absent := []string{fmt.Sprintf("p%d", len(a.prompt.ids)+1+g.IntN(40))}
	for _, id := range a.prompt.ids {
		if !strings.Contains(strings.Join(a.prompt.shown, " ")+" ", id+" ") {
			absent = append(absent, id)
		}
	}
	return answer(list(finding("network", pick(g, absent))), `"critical"`, "3", "What is not shown is the cause.")
}

func wrongTypes(g generator, a *answerer) string {
	odd := []string{`null`, `true`, `3`, `"3"`, `[]`, `{}`, `[[]]`, `"p1"`, `[null]`, `[{"patterns":"p1","category":"disk"}]`, `[{"patterns":[1],"category":"disk"}]`, `[{"patterns":[],"category":7}]`, `3.5`, `-0`, `{"a":1}`}
	parts := []string{list(finding("disk", ids(g, a.telling, 1)...)), `"critical"`, `3`}
	parts[g.IntN(3)] = pick(g, odd)
	text := answer(parts[0], parts[1], parts[2], "types")
	if g.chance(40) {
		text = strings.Replace(text, `"types"`, pick(g, odd), 1+g.IntN(3))
	}
	return text
}

func duplicates(g generator, a *answerer) string {
	id := ids(g, a.telling, 1)[0]
	text := answer(list(finding("disk", id, id), finding("disk", id, id)), `"ok"`, "0", "twice")
	switch g.IntN(5) {
	case 0:
		return strings.Replace(text, `"verdict"`, `"verdict":"critical","verdict"`, 1)
	case 1:
		return strings.Replace(text, `"severity"`, `"severity":3,"severity"`, 1)
	case 2:
		return strings.Replace(text, `"findings"`, `"findings":[],"findings"`, 1)
	case 3:
		return strings.Replace(text, `"findings"`, `"Findings":[],"VERDICT":"critical","verdict\u0000":1,"findings"`, 1)
	}
	return text + text
}

func hugeNumbers(g generator, a *answerer) string {
	n := pick(g, []string{
		"1e999", "-1e999", "99999999999999999999999999", "NaN", "Infinity", "-Infinity", "3.0000000001", "0x3", "1e0", "-1", "4", "2147483648", "9223372036854775807",
		"-9223372036854775808", "03", "+3", "3" + strings.Repeat("0", 5000), "٣",
	})
	return answer(list(finding("cpu", ids(g, a.telling, 1)...)), pick(g, []string{`"critical"`, `"warning"`, `"ok"`}), n, "numbers")
}

func unicodeTricks(g generator, a *answerer) string {
	word := pick(g, []string{`"сritical"`, `"crit\u0069cal"`, `"CRITICAL"`, `"critical\u0000"`, `"\ud800critical"`, `"ｃｒｉｔｉｃａｌ"`, `"ok\u200d"`, `"\u202eko"`, `" ok"`, `"o\u006b"`})
	text := answer(list(finding("cpu", ids(g, a.telling, 1)...)), word, "3", "\u202etxet\u202c \u200b\u2066x\u2069 \ufeff \u0007 \u009b31m \ue000 "+strings.Repeat("e\u0301\u0302\u0303\u0304\u0305\u0306", 20))
	return pick(g, []string{"", "\ufeff", "\u200b", "\u00a0"}) + text
}

// cutOff ends a good answer after each of its bytes, in turn.
func cutOff(g generator, a *answerer) string {
	text := answer(list(finding("database", ids(g, a.telling, 1)...), finding("memory", ids(g, a.quiet, 1)...)), `"critical"`, "3", "cut here")
	return text[:a.n/10%uint64(len(text)+1)]
}

func blank(g generator, _ *answerer) string {
	return pick(g, []string{"", " ", "\n\n\t", "\x00", "\u200b", "null", "{}", "[]", `""`, "<|eot_id|>", "<think></think>", strings.Repeat("\n", 3000)})
}

func prose(g generator, a *answerer) string {
	return pick(g, []string{
		"Sure! Here is my analysis of the logs: everything looks healthy.", "I'm sorry, but I can't help with that.",
		"The verdict is critical because of " + ids(g, a.telling, 1)[0] + ".", "verdict: ok\nseverity: 0", "<verdict>ok</verdict>", "ok", "critical",
		"Thought: the patterns\nAction: finish\n" + a.valid(g) + "\nI hope this helps!", "findings: [], verdict: \"ok\", severity: 0",
	})
}

func junk(g generator, a *answerer) string {
	depth := 10 + g.IntN(3000)
	deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	return pick(g, []string{
		deep, answer(deep, `"critical"`, "3", "deep"), answer("[]", deep, "3", "deep"), strings.Repeat(`{"findings":`, depth), `{"` + strings.Repeat("k", 3000) + `":1}`,
		strings.Replace(a.valid(g), "{", `{"x":{"findings":[],"verdict":"critical","severity":3},`, 1), strings.Replace(a.valid(g), "{", `{"x":`+deep+`,`, 1),
	})
}
