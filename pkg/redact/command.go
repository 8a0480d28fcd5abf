package redact

import (
	"bytes"
	"strings"
)

// A command is a program whose arguments hold a secret that no name announces.
type command struct {
	name string
	// next are the one-letter flags before an argument that is a secret, joined
	// those whose rest is one, as in -pPASSWORD.
	next, joined string
	// user says that the argument is a name, a colon and the password.
	user bool
}

func commands() []command {
	return []command{
		{"curl", "uU", "uU", true},
		{"mysql", "", "p", false},
		{"mariadb", "", "p", false},
		{"sshpass", "p", "p", false},
		{"login ", "p", "p", false},
		{"mongo", "p", "", false},
		{"redis-cli", "a", "a", false},
		{"ldap", "w", "w", false},
		{"sqlcmd", "P", "P", false},
		{"ipmitool", "P", "", false},
		{"snmp", "AX", "", false},
		{"smbclient", "U", "", true},
		{"7z ", "", "p", false},
		{"openssl", "kK", "", false},
		{"zip ", "P", "", false},
	}
}

// commandMax bounds the number of commands.
const commandMax = 16

// argumentsMax is how far behind a command its arguments are looked for, in bytes.
const argumentsMax = 1024

// command marks the first argument of a command that is a secret. The mask waits
// until the reading arrives there, because other secrets may stand before it.
func (s *scanner) command(k int, at span) {
	c := &s.rules.commands[k]
	if at.from < s.commands[k] || s.later.to > 0 || !boundary(s.text, at.from) {
		return
	}
	text := s.text[:min(len(s.text), at.to+argumentsMax)]
	i := at.to
	if strings.HasSuffix(c.name, " ") {
		i--
	}
	for i < len(text) && (word | dot).holds(text[i]) {
		i++ // the rest of a name such as mysqldump
	}
	for range 32 {
		from := nextArgument(text, i)
		if from < 0 {
			break
		}
		i = argumentEnd(text, from)
		if v := s.secretArgument(c, text, span{from, i}); v.to > 0 {
			s.later, s.commands[k] = v, v.to
			return
		}
	}
	s.commands[k] = i
}

// nextArgument returns where the next argument starts behind i, -1 behind the last.
// Arguments stand between blanks or, as in JSON, between quotes and commas.
func nextArgument(text []byte, i int) int {
	start := i
	for i < len(text) && strings.IndexByte(" \t\"',[\\", text[i]) >= 0 {
		if text[i] == '\\' && i+1 < len(text) && text[i+1] == '\n' {
			i++
		}
		i++
	}
	if i == start || i == len(text) {
		return -1
	}
	if quoted := text[i-1] == '"' || text[i-1] == '\''; !quoted && strings.IndexByte("\n|;&)]}", text[i]) >= 0 {
		return -1 // the command ends
	}
	return i
}

// argumentEnd returns where the argument ends that starts at from: at a blank, or at
// the quote that stands before it, unless the argument goes on behind it.
func argumentEnd(text []byte, from int) int {
	i := from
	if q := text[from-1]; q == '"' || q == '\'' {
		k := bytes.IndexByte(text[from:], q)
		if k >= 0 && (from+k+1 == len(text) || text[from+k+1] != ':') {
			for k > 0 && text[from+k-1] == '\\' {
				k--
			}
			return from + k
		}
		i += max(k, 0) + 1
	}
	for i < len(text) && !space(text[i]) {
		if text[i] == '\'' || text[i] == '"' {
			if k := bytes.IndexByte(text[i+1:], text[i]); k >= 0 {
				i += k + 1
			}
		}
		i++
	}
	return min(i, len(text))
}

// secretArgument returns the secret in an argument or in the one behind it.
func (s *scanner) secretArgument(c *command, text []byte, arg span) span {
	v := text[arg.from:arg.to]
	switch {
	case len(v) >= 2 && v[0] == '-' && letters.holds(v[1]) && strings.IndexByte(c.joined, v[1]) >= 0 && len(v) > 2:
		return s.argument(c, text, span{arg.from + 2, arg.to})
	case len(v) >= 2 && v[0] == '-' && letters.end(v, 1) == len(v) && strings.IndexByte(c.next, v[len(v)-1]) >= 0,
		c.user && isAny(v, "--user", "--proxy-user"), c.name == "login " && isAny(v, "password"):
		if from := nextArgument(text, arg.to); from > 0 {
			return s.argument(c, text, span{from, argumentEnd(text, from)})
		}
	case c.user && (hasFold(v, "--user=") || hasFold(v, "--proxy-user=")):
		return s.argument(c, text, span{arg.from + bytes.IndexByte(v, '=') + 1, arg.to})
	}
	return span{}
}

// argument returns the secret part of an argument, or nothing.
func (s *scanner) argument(c *command, text []byte, at span) span {
	for at.from < at.to && strings.IndexByte("='\"", text[at.from]) >= 0 {
		at.from++
	}
	for at.to > at.from && strings.IndexByte("'\"),]", text[at.to-1]) >= 0 {
		at.to--
	}
	if c.user {
		k := bytes.IndexAny(text[at.from:at.to], ":%")
		if k < 0 {
			return span{}
		}
		if at.from+k+1 < at.to {
			at.from += k + 1
		} else {
			at.to-- // a key as the name, without a password
		}
	}
	v := text[at.from:at.to]
	if len(v) == 0 || masked(v) || spared(v) || v[0] == '-' {
		return span{}
	}
	return at
}
