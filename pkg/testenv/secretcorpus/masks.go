package secretcorpus

import "strings"

// Masks returns how many secrets were masked on the way from before to after: the
// placeholders in after beyond those in before, as known tells them, without those of
// e-mail addresses, which a line may hold and yet be free of secrets.
func Masks(before, after string, known func(name string) bool) int {
	return placeholders(after, known) - placeholders(before, known)
}

func placeholders(s string, known func(name string) bool) int {
	n := 0
	for _, part := range strings.Split(s, "<")[1:] {
		name, _, closed := strings.Cut(part, ">")
		if closed && known(name) && !strings.HasPrefix(name, "email") {
			n++
		}
	}
	return n
}
