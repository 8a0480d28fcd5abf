package redact

import "bytes"

// The roots of names that secrets are kept under, by what is masked behind them; see
// [root]. The last are services whose keys have no prefix, so that only the name
// beside a key tells what it is.
const (
	plainRoots = `pw= pw: pwd pswd psw bindpw rootpw cookie sig otp pin cvv cvc ssn jwt hmac psk samlresponse requirepass masterauth rediscli_auth from-literal
		contraseña senha mot_de_passe motdepasse kennwort wachtwoord haslo heslo пароль 密码 密碼 パスワード 비밀번호`
	directRoots   = "sess sid"
	keyRoots      = "pass secret token key auth api cred access"
	providerRoots = `adafruit adobe airtable algolia alibaba asana atlassian confluence jira beamer bitbucket bittrex
		meraki cloudflare codecov cohere coinbase confluent contentful datadog discord droneci dropbox etsy facebook
		fastly finicity finnhub flickr freshbooks gitter gocardless contribsys heroku hubspot intercom jfrog artifactory
		bintray kraken kucoin launchdarkly linkedin linked-in linked_in linear looker mailchimp mailgun mapbox mattermost
		messagebird message-bird message_bird netlify newrelic new-relic new_relic nytimes new-york-times newyorktimes okta openai
		plaid planetscale privateai private-ai private_ai rapidapi sendbird sentry shippo snyk sonar sourcegraph
		squarespace cloudsmith mixpanel onesignal opsgenie pagerduty rollbar loggly sumo telegr travis trello twilio twitch twitter typeform yandex zendesk`
)

// A class tells how much a name says about the value behind it.
type class uint8

const (
	// none: the value is masked where it is random.
	none class = iota
	// hinted: it is masked where it looks chosen, with a digit or a sign.
	hinted
	// secret: it is masked unless it is no secret by its form.
	secret
	// password is secret, for names whose value may hold blanks.
	password
	// number: it is masked where it is a short number, such as a PIN.
	number
	// authorization and cookie are the HTTP headers, signature a value that gives
	// a right within a URL.
	authorization
	cookie
	signature
	// encodedAuth: a name and a password in base64, as in Docker's configuration.
	encodedAuth
	// opaque: the value is public or a reference, whatever it looks like.
	opaque
)

// A folded name is an identifier in lower case without separators, at most its end.
type folded struct {
	buf [48]byte
	n   int
}

func (n *folded) bytes() []byte { return n.buf[:n.n] }

func fold(id []byte) folded {
	var n folded
	id = id[max(0, len(id)-idMax):]
	for _, c := range id {
		if !(alnum | foreign).holds(c) {
			continue
		}
		if n.n == len(n.buf) {
			copy(n.buf[:], n.buf[1:])
			n.n--
		}
		n.buf[n.n] = lower(c)
		n.n++
	}
	return n
}

// classify tells what a name says. Words that describe the value, such as the 2 of
// password2 or the hash of token_hash, do not count.
func classify(id []byte) class {
	name := fold(id)
	n := name.bytes()
	for trimmed := true; trimmed; {
		n, trimmed = trimWord(n)
	}
	switch {
	case hasAnySuffix(n, "password", "passwd", "passwort", "passphrase", "passcode", "pwd", "pswd", "psw", "bindpw", "rootpw",
		"requirepass", "masterauth", "rediscliauth", "contraseña", "senha", "motdepasse", "kennwort", "wachtwoord", "haslo", "heslo", "пароль", "密码", "密碼",
		"パスワード", "비밀번호"):
		return password
	case lastWordIs(id, "pw"), hasAnySuffix(n, "dbpw", "userpw", "adminpw"):
		return password
	case hasAnySuffix(n, "secret", "token", "jwt", "phpsessid", "jsessionid", "aspnetsessionid", "connectsid", "contribsyscom", "fromliteral", "psk", "samlresponse"):
		return secret
	case bytes.HasSuffix(n, []byte("key")):
		return classifyKey(n[:len(n)-3])
	case bytes.HasSuffix(n, []byte("pass")):
		return classifyPass(n[:len(n)-4])
	case hasAnySuffix(n, "credential", "credentials", "creds", "cred", "passwords"):
		return hinted
	case hasAnySuffix(n, "proxyauthorization", "authorization"):
		return authorization
	case hasAnySuffix(n, "cookie", "cookies"):
		return cookie
	case hasAnySuffix(n, "auth"):
		return encodedAuth
	case hasAnySuffix(n, "signature", "hmac"), lastWordIs(id, "sig"):
		return signature
	case lastWordIs(id, "otp"), lastWordIs(id, "totp"), lastWordIs(id, "pin"), lastWordIs(id, "cvv"), lastWordIs(id, "cvc"), lastWordIs(id, "ssn"):
		return number
	}
	return none
}

// classifyKey tells what a name that ends in key says by what stands before it.
func classifyKey(n []byte) class {
	switch {
	case hasAnySuffix(n, "api", "secret", "private", "priv", "access", "auth", "encryption", "encrypt", "decryption", "signing",
		"master", "account", "shared", "preshared", "storage", "ssh", "subscription", "consumer", "hmac", "aes", "unseal",
		"webhook", "wg", "crypto", "apitoken"):
		return secret
	case hasAnySuffix(n, "public", "pub", "primary", "foreign", "partition", "routing", "sort", "cache", "object", "s3", "map",
		"group", "hot", "index", "idempotency", "turn", "mon", "don"):
		return opaque
	case hasAnySuffix(n, "app", "application", "client", "service", "session", "license", "admin", "root", "server", "integration",
		"ingest", "insert", "project", "deploy", "write", "read", "developer", "merchant", "recovery", "activation", "hash", "user"):
		return hinted
	}
	return none
}

// classifyPass tells apart dbpass from bypass.
func classifyPass(n []byte) class {
	switch {
	case hasAnySuffix(n, "by", "com", "tres", "sur", "multi", "over", "under", "first", "second", "one", "single", "test", "tests"):
		return none
	case len(n) == 0:
		return hinted
	}
	return secret
}

// trimWord takes one describing word from the end of a folded name.
func trimWord(n []byte) ([]byte, bool) {
	if k := len(n); k > 0 && n[k-1] >= '0' && n[k-1] <= '9' {
		return n[:k-1], true
	}
	for _, w := range [...]string{"value", "plaintext", "plain", "text", "string", "hash", "hashed", "digest", "encrypted", "encoded", "base64",
		"hex", "raw", "old", "new", "current", "previous", "confirm", "confirmation", "repeat", "again", "header", "base"} {
		if len(n) > len(w) && bytes.HasSuffix(n, []byte(w)) {
			return n[:len(n)-len(w)], true
		}
	}
	return n, false
}

func hasAnySuffix(n []byte, suffixes ...string) bool {
	for _, s := range suffixes {
		if len(n) >= len(s) && string(n[len(n)-len(s):]) == s {
			return true
		}
	}
	return false
}

// lastWordIs reports whether the last word of an identifier, in any case, is w,
// which is in lower case: for short words that are also parts of others, such as pin.
func lastWordIs(id []byte, w string) bool {
	k := len(id) - len(w)
	if k < 0 || !hasFold(id[k:], w) {
		return false
	}
	return k == 0 || !letters.holds(id[k-1]) || lowers.holds(id[k-1]) && uppers.holds(id[k])
}

// benign reports whether an identifier names what is no secret although it is
// random: an identity, a digest, a place, a time. More names are where the root
// stands apart, in another word of the text.
func benign(id []byte, apart bool) bool {
	name := fold(id)
	n := name.bytes()
	if hasAnySuffix(n, "keyid", "apiid", "traceid", "spanid", "requestid", "correlationid", "transactionid", "messageid", "containerid", "imageid", "podid", "nodeid",
		"deviceid", "taskid", "jobid", "buildid", "eventid", "traceparent", "sha", "sha1", "sha256", "digest", "checksum", "md5", "etag",
		"commit", "revision", "version", "image", "fingerprint", "thumbprint", "serial", "timestamp", "resourceversion") {
		return true
	}
	return apart && hasAnySuffix(n, "id", "ids", "uid", "uuid", "guid", "span", "trace", "request", "hash", "rev", "ver", "tag", "pod", "node",
		"container", "host", "hostname", "instance", "name", "path", "file", "url", "uri", "time", "ts", "date", "user", "namespace", "build",
		"release", "session", "client", "server", "addr", "address", "type", "kind", "from", "by", "at")
}
