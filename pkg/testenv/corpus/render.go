package corpus

import (
	"strconv"
	"strings"
)

const (
	milliseconds = "2006-01-02T15:04:05.000Z"
	commaMillis  = "2006-01-02 15:04:05,000"
)

// render appends a line of the statement in its service's format.
func (g *Generator) render(b []byte, s *statement) []byte {
	v, name := &g.values, g.services[s.service].name
	switch g.services[s.service].format {
	case klog:
		b = append(b, "DIWE"[s.level])
		if s.level == debug {
			b[len(b)-1] = 'I'
		}
		b = v.now.AppendFormat(b, "0102 15:04:05.000000")
		b = append(b, "       1 "...)
		b = append(b, s.object...)
		b = append(b, ".go:"...)
		b = strconv.AppendInt(b, line(s), 10)
		b = append(b, "] "...)
		return g.prose(b, s)
	case logfmt:
		return g.logfmt(b, s, name)
	case jsonLines:
		return g.json(b, s, name)
	case syslog:
		b = v.now.AppendFormat(b, "Jan _2 15:04:05 node-")
		b = strconv.AppendInt(b, int64(v.r.IntN(9)), 10)
		b = append(b, ' ')
		b = append(b, name...)
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(300+v.r.IntN(30_000)), 10)
		b = append(b, "]: "...)
		return g.prose(b, s)
	case log4j:
		return g.prose(g.log4j(b, s), s)
	case python:
		b = v.now.AppendFormat(b, commaMillis)
		b = append(b, " - "...)
		b = append(b, name...)
		b = append(b, '.')
		b = append(b, s.object...)
		b = append(b, " - "...)
		b = append(b, [...]string{"DEBUG", "INFO", "WARNING", "ERROR"}[s.level]...)
		b = append(b, " - "...)
		return g.prose(b, s)
	case zap:
		return g.zap(b, s, name)
	case ansi:
		b = append(b, "\x1b["...)
		b = append(b, [...]string{"36mDEBU", "32mINFO", "33mWARN", "31mERRO"}[s.level]...)
		b = append(b, "\x1b[0m["...)
		b = v.now.AppendFormat(b, milliseconds)
		b = append(b, "] "...)
		return g.prose(b, s)
	case access:
		return g.access(b, name)
	default:
		b = v.now.AppendFormat(b, milliseconds)
		b = append(b, ' ')
		b = append(b, strings.ToUpper(levelNames()[s.level])...)
		b = append(b, " ["...)
		b = append(b, name...)
		b = append(b, "] "...)
		return g.prose(b, s)
	}
}

// line is the statement's line in its source file.
func line(s *statement) int64 {
	return int64(20 + (len(s.object)*131+len(s.verb)*37+int(s.phase[0])*7)%900)
}

// prose appends message and fields as a sentence.
func (g *Generator) prose(b []byte, s *statement) []byte {
	b = s.message(b)
	for _, k := range s.fields {
		b = append(b, ' ')
		b = append(b, leads()[k]...)
		b = append(b, ' ')
		b = g.values.append(b, k)
	}
	return b
}

func (g *Generator) logfmt(b []byte, s *statement, name string) []byte {
	b = append(b, "ts="...)
	b = g.values.now.AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, " level="...)
	b = append(b, levelNames()[s.level]...)
	b = append(b, " component="...)
	b = append(b, name...)
	b = append(b, " caller="...)
	b = append(b, s.object...)
	b = append(b, ".go:"...)
	b = strconv.AppendInt(b, line(s), 10)
	b = append(b, ` msg="`...)
	b = s.message(b)
	b = append(b, '"')
	for _, k := range s.fields {
		b = append(b, ' ')
		b = append(b, keys()[k]...)
		b = append(b, '=')
		b = g.values.append(b, k)
	}
	return b
}

func (g *Generator) json(b []byte, s *statement, name string) []byte {
	b = append(b, `{"time":"`...)
	b = g.values.now.AppendFormat(b, milliseconds)
	b = append(b, `","level":"`...)
	b = append(b, levelNames()[s.level]...)
	b = append(b, `","logger":"`...)
	b = append(b, name...)
	b = append(b, `","msg":`...)
	if s.level == warn {
		// The whole sentence is the message, so that quotes in it are escaped.
		g.message = g.prose(g.message[:0], s)
		b = strconv.AppendQuote(b, string(g.message))
		return append(b, '}')
	}
	g.message = s.message(g.message[:0])
	b = strconv.AppendQuote(b, string(g.message))
	b = append(b, `,"ctx":{`...)
	b = g.fields(b, s)
	return append(b, "}}"...)
}

// fields appends the statement's fields as the members of a JSON object.
func (g *Generator) fields(b []byte, s *statement) []byte {
	for i, k := range s.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, keys()[k]...)
		b = append(b, `":`...)
		if k == number || k == status || k == quoted {
			b = g.values.append(b, k)
			continue
		}
		b = append(b, '"')
		b = g.values.append(b, k)
		b = append(b, '"')
	}
	return b
}

func (g *Generator) zap(b []byte, s *statement, name string) []byte {
	b = g.values.now.AppendFormat(b, milliseconds)
	b = append(b, '\t')
	b = append(b, strings.ToUpper(levelNames()[s.level])...)
	b = append(b, '\t')
	b = append(b, name...)
	b = append(b, '/')
	b = append(b, s.object...)
	b = append(b, ".go:"...)
	b = strconv.AppendInt(b, line(s), 10)
	b = append(b, '\t')
	b = s.message(b)
	b = append(b, "\t{"...)
	b = g.fields(b, s)
	return append(b, '}')
}

func (g *Generator) log4j(b []byte, s *statement) []byte {
	b = g.values.now.AppendFormat(b, commaMillis)
	b = append(b, " ["...)
	b = append(b, [...]string{"main", "pool-2-thread-", "http-nio-8080-exec-"}[g.values.r.IntN(3)]...)
	if b[len(b)-1] == '-' {
		b = strconv.AppendInt(b, int64(1+g.values.r.IntN(40)), 10)
	}
	b = append(b, "] "...)
	b = append(b, [...]string{"DEBUG", "INFO ", "WARN ", "ERROR"}[s.level]...)
	b = append(b, " org.example."...)
	b = append(b, s.phase...)
	b = append(b, '.')
	b = append(b, capital(s.object)...)
	return append(b, "Manager - "...)
}

// access appends a line of a web server's access log. The service's name is its virtual host.
func (g *Generator) access(b []byte, name string) []byte {
	v := &g.values
	b = append(b, name...)
	b = append(b, ".example "...)
	b = v.address(b)
	b = append(b, " - "...)
	if v.r.IntN(4) > 0 {
		b = append(b, '-')
	} else {
		b = v.user(b)
	}
	b = v.now.AppendFormat(b, " [02/Jan/2006:15:04:05 -0700] \"")
	b = append(b, [...]string{"GET", "GET", "GET", "POST", "PUT", "DELETE"}[v.r.IntN(6)]...)
	b = append(b, ' ')
	b = v.path(b)
	b = append(b, ` HTTP/1.1" `...)
	b = v.append(b, status)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(v.r.IntN(200_000)), 10)
	b = append(b, ` "-" "`...)
	b = append(b, [...]string{"curl/8.5.0", "kube-probe/1.31", "Mozilla/5.0 (X11; Linux x86_64)", "okhttp/4.12.0"}[v.r.IntN(4)]...)
	b = append(b, '"')
	b = append(b, ' ')
	return appendHex(b, v.unique, 16)
}
