package generate

import (
	"strconv"
	"time"
)

// A scene is what stays the same in a case: its variables, pods and nodes. A fault and its
// twin share it.
type scene struct {
	seed  uint64
	id    string
	start time.Time
	vars  map[string]string
	fixed map[string]string
	// firstNode is where ${node} points to.
	firstNode int
}

// A replica is a pod or a node of a background service.
type replica struct{ pod, node string }

// An expansion is what one line is written with.
type expansion struct {
	scene  *scene
	random *random
	at     time.Time
	self   replica
	// seq counts the act's lines from 1.
	seq int64
}

// nodes is how many nodes the cluster has.
const nodes = 6

func nodeName(i int) string { return "worker-" + strconv.Itoa(i%nodes+1) }

func newScene(seed uint64, id string, start time.Time) *scene {
	return &scene{
		seed: seed, id: id, start: start, vars: map[string]string{}, fixed: map[string]string{},
		firstNode: newRandom(seed, id, "node").below(nodes),
	}
}

// cached returns a value that is drawn once for the case. It comes from a stream of its own,
// so that it does not depend on when it is first asked for.
func (s *scene) cached(key string, draw func(*random) string) string {
	v, ok := s.fixed[key]
	if !ok {
		v = draw(newRandom(s.seed, s.id, key))
		s.fixed[key] = v
	}
	return v
}

func (s *scene) fix(key string, w writer) string {
	return s.cached("fix:"+key, func(r *random) string {
		return string(w(nil, &expansion{scene: s, random: r, at: s.start}))
	})
}

// node returns the name of the case's node, or of another one that the key names.
func (s *scene) node(key string) string {
	if key == "" {
		return nodeName(s.firstNode)
	}
	return s.cached("node:"+key, func(r *random) string { return nodeName(s.firstNode + 1 + r.below(nodes-1)) })
}

// podAlphabet is what Kubernetes makes the random ends of names of.
const podAlphabet = "bcdfghjklmnpqrstvwxz2456789"

// pod returns the name of a deployment's n-th pod.
func (s *scene) pod(name string, n int) string {
	return s.cached("pod:"+name+":"+strconv.Itoa(n), func(r *random) string {
		set := s.cached("set:"+name, func(r *random) string { return suffix(r, 9) })
		return name + "-" + set + "-" + suffix(r, 5)
	})
}

func suffix(r *random, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = podAlphabet[r.below(len(podAlphabet))]
	}
	return string(b)
}

func (s *scene) uptime(at time.Time) time.Duration {
	boot := s.cached("boot", func(r *random) string { return strconv.FormatInt(r.within(90_000, 9_000_000), 10) })
	n, _ := strconv.ParseInt(boot, 10, 64) // written a line above
	return time.Duration(n)*time.Second + at.Sub(s.start)
}

// layouts are the placeholders that print the line's time.
var layouts = map[string]string{
	"rfc3339":     "2006-01-02T15:04:05.000Z",
	"rfc3339nano": "2006-01-02T15:04:05.000000000Z",
	"rfc3339s":    "2006-01-02T15:04:05Z",
	"klog":        "0102 15:04:05.000000",
	"syslog":      "Jan _2 15:04:05",
	"clf":         "02/Jan/2006:15:04:05 +0000",
	"nginx":       "2006/01/02 15:04:05",
	"pg":          "2006-01-02 15:04:05.000 UTC",
	"java":        "2006-01-02 15:04:05,000",
	"javadot":     "2006-01-02 15:04:05.000",
	"redis":       "02 Jan 2006 15:04:05.000",
}

// plain are the other placeholders without an argument.
var plain = map[string]writer{
	"unix":   func(b []byte, x *expansion) []byte { return strconv.AppendInt(b, x.at.Unix(), 10) },
	"unixms": func(b []byte, x *expansion) []byte { return strconv.AppendInt(b, x.at.UnixMilli(), 10) },
	"unixf": func(b []byte, x *expansion) []byte {
		return strconv.AppendFloat(b, float64(x.at.UnixMilli())/1000, 'f', 3, 64)
	},
	"uptime": func(b []byte, x *expansion) []byte {
		return append(strconv.AppendFloat(append(b, '['), x.scene.uptime(x.at).Seconds(), 'f', 6, 64), ']')
	},
	"uuid": func(b []byte, x *expansion) []byte { return appendUUID(b, x.random) },
	// Addresses of the networks that RFC 5737 keeps for documents: they belong to nobody.
	"ip": func(b []byte, x *expansion) []byte {
		return strconv.AppendInt(append(b, pick(x.random, []string{"203.0.113.", "198.51.100.", "192.0.2."})...), x.random.within(1, 254), 10)
	},
	"podip": func(b []byte, x *expansion) []byte { return appendIP(b, x.random, "10.244.") },
	"svcip": func(b []byte, x *expansion) []byte { return appendIP(b, x.random, "10.96.") },
	"port":  func(b []byte, x *expansion) []byte { return strconv.AppendInt(b, x.random.within(32768, 60999), 10) },
	"seq":   func(b []byte, x *expansion) []byte { return strconv.AppendInt(b, x.seq, 10) },
	"word":  func(b []byte, x *expansion) []byte { return append(b, pick(x.random, words)...) },
	"name":  func(b []byte, x *expansion) []byte { return append(b, pick(x.random, firstNames)...) },
}

var words = []string{
	"lamp", "kettle", "chair", "notebook", "umbrella", "teapot", "basket", "blanket", "mirror", "candle", "backpack", "bottle", "clock", "carpet",
	"helmet", "guitar", "pillow", "scarf", "ladder", "bench", "mug", "vase", "shelf", "tent", "bicycle", "puzzle", "garden-hose", "toaster",
}

var firstNames = []string{
	"anna", "ben", "carla", "david", "elif", "finn", "grace", "hugo", "ines", "jonas", "kaori", "lea", "marek", "nina", "omar", "paula",
	"quentin", "rosa", "sven", "tara", "uma", "viktor", "wanda", "xenia", "yusuf", "zoe",
}

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, r *random, n int) []byte {
	for n > 0 {
		v := r.pcg.Uint64()
		for i := 0; i < 16 && n > 0; i, n = i+1, n-1 {
			b = append(b, hexDigits[v&15])
			v >>= 4
		}
	}
	return b
}

func appendUUID(b []byte, r *random) []byte {
	for i, n := range []int{8, 4, 4, 4, 12} {
		if i > 0 {
			b = append(b, '-')
		}
		b = appendHex(b, r, n)
		if i == 2 {
			b[len(b)-4] = '4'
		}
	}
	return b
}

func appendIP(b []byte, r *random, network string) []byte {
	b = strconv.AppendInt(append(b, network...), r.within(0, 31), 10)
	return strconv.AppendInt(append(b, '.'), r.within(2, 254), 10)
}
