package verdict

import (
	"encoding/json"
	"errors"
	"io"
)

// errHead ends the reading of a text whose head is whole.
var errHead = errors.New("the head is whole")

// ParseHead reads findings, verdict and severity out of an answer that is still
// being written, as soon as the three are whole: a number counts as whole when a
// comma or brace follows it. They are checked as in [ParseAnswer], the answer is
// marked as partial. ok is false while something is missing, and for good where
// something is wrong. Call it with the whole text so far after each token; it costs
// microseconds, and texts of more than 64 KiB are refused.
func ParseHead(partial string, ids []string, words Words) (a Answer, ok bool) {
	members, err := headMembers(partial, true)
	if !errors.Is(err, errHead) {
		return Answer{}, false
	}
	return partialAnswer(members, ids, words)
}

// Salvage reads the head of an answer that [ParseAnswer] refuses because of what
// comes behind the head: it is cut off, broken or breaks the schema there. It is
// also how an answer to [HeadSchema] is read. The answer is marked as partial and
// has neither prose nor fields, because what stands there was not checked as a
// whole. ok is false where the head itself is not whole and right, or where the
// text contradicts itself by writing a key twice.
func Salvage(raw string, ids []string, words Words) (a Answer, ok bool) {
	members, err := headMembers(raw, false)
	if errors.Is(err, errDuplicate) {
		return Answer{}, false
	}
	return partialAnswer(members, ids, words)
}

// headMembers collects the members of the head. With first it ends with errHead as
// soon as it has them.
func headMembers(raw string, first bool) (map[string]json.RawMessage, error) {
	if len(raw) > maxAnswer {
		return nil, io.ErrShortBuffer
	}
	members := map[string]json.RawMessage{}
	err := eachMember(raw, func(key string, value json.RawMessage) error {
		switch key {
		case keyFindings, keyVerdict, keySeverity:
			members[key] = value
		}
		if first && len(members) == len(headKeys()) {
			return errHead
		}
		return nil
	})
	return members, err
}

func partialAnswer(members map[string]json.RawMessage, ids []string, words Words) (Answer, bool) {
	a, err := headOf(members, ids, words)
	if err != nil {
		return Answer{}, false
	}
	a.Partial = true
	return a, true
}
