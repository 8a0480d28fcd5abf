package testmodel

// The share of error-like tokens in the whole conversation at which the verdict turns. Words behind endOfData are not
// counted, all others are, the system message's too. One such word in 3,000 tokens is enough for a warning; about a
// hundredth of the tokens, which is about a tenth of the words of the log templates in a prompt with ordinary
// instructions, is critical.
const (
	warningShare  = 0.0003
	criticalShare = 0.008
	// criticalWidth is over which share around criticalShare the liking moves from warning to critical. The one for
	// warningShare is twice that value, so that a prompt without such a word is clearly ok.
	criticalWidth = 0.008
	// topicShare is the share of a topic's words at which its category has won over the default.
	topicShare = 0.001
)

// endOfData is the word, at the beginning of a line, behind which a prompt holds no log text any more but instructions.
// Those may name errors without any being there, so nothing behind it is counted. A prompt need not have it.
const endOfData = "TASK"

// errorWords are counted in lower case, capitalised and in upper case, with and without a space before them. The
// verdict words themselves are not among them, for instructions name those.
var errorWords = [...]string{"error", "errors", "err", "fail", "fails", "failed", "failing", "failure", "failures",
	"panic", "fatal", "exception", "exceptions", "timeout", "timeouts", "refused", "denied", "rejected", "crash", "crashed",
	"killed", "oom", "unreachable", "unavailable", "unhealthy", "unauthorized", "forbidden", "exceeded", "backoff",
	"deadlock", "segfault", "corrupt", "corrupted", "aborted", "expired"}

// errorNames are error-like words counted only as they are spelled here.
var errorNames = [...]string{"OOMKilled", "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "BackOff", "Evicted",
	"NXDOMAIN", "ENOSPC", "ECONNREFUSED", "ETIMEDOUT", "OutOfMemoryError", "NullPointerException"}

// topics are the categories that the model can give to its finding, each with the words that speak for it; without any
// it says defaultCategory.
var topics = [...]struct {
	category string
	words    []string
}{
	{"memory", []string{"memory", "heap", "oom", "OOMKilled", "OutOfMemoryError"}},
	{"disk", []string{"disk", "filesystem", "volume", "volumes", "ENOSPC", "device"}},
	{"network", []string{"network", "unreachable", "timeout", "refused", "socket", "ECONNREFUSED", "ETIMEDOUT"}},
	{"dns", []string{"dns", "lookup", "resolve", "resolved", "NXDOMAIN"}},
	{"certificate", []string{"certificate", "tls", "expired"}},
	{"auth", []string{"auth", "password", "unauthorized", "forbidden", "permission", "authentication"}},
	{"database", []string{"database", "deadlock", "postgres", "sql", "query", "table"}},
	{"image", []string{"image", "pull", "manifest", "ImagePullBackOff", "ErrImagePull"}},
}

const defaultCategory = "application"

// otherCategories are the rest of the schema's categories: whole tokens, never chosen.
var otherCategories = [...]string{"cpu", "security", "cache", "messaging", "dependency", "deployment", "configuration",
	"node", "control_plane", "silence", "none", "other"}

// sentence is the prose of every answer, word by word as tokens.
var sentence = [...]string{"made", " up", " text", " of", " a", " test", " model"}

// The answer's fixed parts as tokens of their own. The first two contain the key before the verdict, so that the token
// before the verdict tells whether there is a finding, and the ones after it contain the severity, so that it always
// agrees with the verdict.
const (
	noFindings    = `":[],"verdict":"`
	oneFinding    = `":[{"`
	endFindings   = `"}],"verdict":"`
	severityLow   = `","severity":0`
	severityMid   = `","severity":2`
	severityHigh  = `","severity":3`
	patternLetter = "p"
	firstPattern  = "1"
	textStart     = `":"`
	textNext      = `","`
	textEnd       = `"}`
)

// verdict words, in rising order of the share of error-like tokens; the last is never chosen freely.
const (
	wordOK       = "ok"
	wordWarning  = "warning"
	wordCritical = "critical"
	wordUnknown  = "unknown"
)

// How much the model likes a token, in units of log probability at the usual length of the word vector. A larger one
// wins over all smaller ones among what the schema allows; callStrength must stay above everything else, so that prose
// is the sentence and nothing but it.
const (
	likeKey      = 24.0
	likeJoint    = 16.0
	likePart     = 8.0
	likeCategory = 6.0
	callStrength = 80.0
	dislikeSpace = -32.0
	// verdictSteps is how far apart two verdicts are when the share is far from where the verdict turns.
	verdictSteps = 2.5
	// findingSteps is the same for having a finding or not.
	findingSteps = 8.0
	// topicSteps is how much a fully ramped topic adds to its category.
	topicSteps = 32.0
)

// keyTokens are names of the schema and other words of an answer that are one token each.
var keyTokens = map[string]float64{
	`{"`: likeJoint, "findings": likeKey, "patterns": likeKey, `":["`: likeJoint, `"],"`: likeKey,
	"category": likeKey, `,"`: likeJoint, "summary": likeKey, "root_cause": likeKey, "next_step": likeKey,
	"verdict": likeKey, "severity": likeKey, patternLetter: likePart, textStart: likeJoint, textNext: likeJoint,
	textEnd: likeJoint, endFindings: likeKey, severityLow: likeJoint, severityMid: likeJoint, severityHigh: likeJoint,
	defaultCategory: likePart,
	// For schemas that differ from the usual one.
	`":`: likePart, `":[`: 4, `":{"`: 4, `],"`: likePart, `]`: 2, `]}`: likePart, `}`: 1, `"]`: 3, `0`: 2, `1`: 1,
}
