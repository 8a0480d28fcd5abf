package rules

import "strings"

// A speaker is whose words a value holds.
type speaker uint8

const (
	unknownSpeaker speaker = iota
	ownSpeaker
	foreignSpeaker
)

// Words of keys, and words in front of quoted text, that tell whose words the value is.
var (
	ownWords = setOf("msg", "message", "error", "err", "errors", "errmsg", "errormessage", "exception", "exc", "throwable", "thrown", "stack",
		"stacktrace", "trace", "traceback", "backtrace", "cause", "causes", "reason", "detail", "details", "log", "event", "warning", "warn", "fatal",
		"panic", "failure", "failures", "fault", "stderr", "stdout", "output", "result", "status", "state", "condition", "conditions", "phase", "severity", "level",
		"lvl", "type", "code", "class", "signal", "flags", "hint", "desc", "description", "exit", "diagnostic", "crit", "alert", "problem", "summary")

	foreignWords = setOf("user", "users", "username", "usr", "uname", "login", "logname", "account", "acct", "customer", "client", "visitor", "guest", "agent",
		"useragent", "ua", "browser", "path", "url", "urls", "uri", "href", "link", "location", "query", "querystring", "qs", "q", "search", "searching", "term", "terms", "keyword", "keywords",
		"param", "params", "parameter", "parameters", "arg", "args", "argument", "arguments", "argv", "referer", "referrer", "host", "hosts", "authority", "vhost", "domain", "fqdn", "qname", "rrname",
		"question", "sni", "servername", "email", "mail", "mailto", "recipient", "recipients", "rcpt", "sender", "from", "to", "cc", "bcc", "subject", "header", "headers",
		"cookie", "cookies", "origin", "xff", "forwarded", "body", "payload", "content", "contents", "input", "form", "field", "value", "values", "val", "comment", "comments",
		"title", "name", "names", "filename", "file", "directory", "nick", "nickname", "displayname", "fullname", "firstname", "lastname", "realm", "session", "request", "req", "method", "route", "endpoint",
		"tag", "tags", "label", "labels", "statement", "statements", "sql", "stmt", "command", "cmd", "cmdline", "rhost", "ruser", "address", "addr", "phone", "city",
		"country", "locale", "feedback", "review", "answer", "prompt", "prompts", "chat", "campaign", "slug", "coupon", "product", "item", "order", "lookup", "resolve", "resolving", "resolved",
		"parsing", "received", "got", "said", "says", "typed", "entered", "submitted", "sent", "token", "string", "keys", "key", "principal", "subscriber", "member", "owner", "author", "actor", "text", "document",
		"upload", "attachment", "channel", "room", "topic", "hostname", "www", "for")

	// quoters are words in front of "message", whose message it then is.
	quoters = setOf("user", "chat", "customer", "commit", "sms", "comment", "mail", "email", "review", "request", "client", "visitor", "guest", "post", "tweet", "feedback", "contact", "push")

	// headerWords are followed by a colon and foreign words up to the end of the item.
	headerWords = setOf("useragent", "ua", "referer", "referrer", "cookie", "setcookie", "xff", "xforwardedfor", "xforwardedhost", "xrealip", "qname", "querystring",
		"acceptlanguage", "acceptencoding", "cmdline", "nickname", "displayname", "username")

	// personWords are followed by a name that has no quotes.
	personWords = setOf("user", "username")

	// named are words in front of such a word that a name must follow.
	named = setOf("invalid", "unknown", "for", "by")

	// verbs follow such a word where it is no name's.
	verbs = setOf("or", "and", "is", "not", "has", "was", "does", "login", "authentication", "space", "limit", "name", "agent", "error", "id", "with", "could", "cannot", "failed", "exited", "from")

	// lookups are followed by a name of the domain name system, or an address.
	lookups = setOf("lookup", "resolve", "resolving", "host", "hostname", "domain", "qname", "query", "url", "uri", "path", "server", "get", "post", "put", "delete", "head", "options", "patch", "email", "from", "to")
)

// speakerOf tells whose words the value of a key is. The last word of the key that tells
// anything decides: an error_message is the program's, an error_url its caller's.
func speakerOf(key string) speaker {
	end := len(key)
	later := ""
	for end > 0 {
		from := wordStart(key, end)
		word := letters(key[from:end])
		switch {
		case word == "":
		case ownWords[word]:
			if later == "" && (word == "message" || word == "msg" || word == "text") && quoters[letters(key[wordStart(key, max(from-1, 0)):from])] {
				return foreignSpeaker
			}
			return ownSpeaker
		case foreignWords[word]:
			return foreignSpeaker
		default:
			later = word
		}
		end = from
	}
	if whole := letters(key); foreignWords[whole] || strings.HasPrefix(strings.ToLower(key), "x-") || strings.HasPrefix(strings.ToLower(key), "http_x_") || strings.HasPrefix(strings.ToLower(key), "utm_") {
		return foreignSpeaker
	}
	return unknownSpeaker
}

// wordStart returns where the word of a key begins that ends before end: behind
// punctuation, or at a capital letter that follows a small one.
func wordStart(key string, end int) int {
	i := end
	for i > 0 && !isWordLetter(key[i-1]) {
		i--
	}
	for i > 0 && isWordLetter(key[i-1]) {
		i--
		if i > 0 && key[i] >= 'A' && key[i] <= 'Z' && key[i-1] >= 'a' && key[i-1] <= 'z' {
			break
		}
	}
	return i
}

func isWordLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// letters returns the letters of a word in lower case.
func letters(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' && s[i] < 0x80 {
			b = append(b, c)
		}
	}
	return string(b)
}
