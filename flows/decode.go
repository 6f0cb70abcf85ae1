package flows

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The keys of each kind of mapping. flow.schema.json and texts.schema.json
// tell the same to editors; a test holds them equal.
var (
	flowKeys    = []string{"flow", "entries", "recap", "private", "silence", "states"}
	stateKeys   = []string{"part", "say", "do", "ask", "kind", "save", "options", "limit", "min", "max", "skip", "words", "silence", "next", "end"}
	optionKeys  = []string{"value", "codes", "if", "set", "add", "drop", "to", "back"}
	edgeKeys    = []string{"if", "unless", "set", "add", "drop", "to", "back"}
	testKeys    = []string{"more_than", "younger_than", "known"}
	silenceKeys = []string{"after", "say", "to"}
	actionKeys  = []string{"handoff", "urgent", "submit", "withhold", "start", "entry", "crisis", "appointment", "erase", "copy", "optout", "set", "add", "drop"}
	textKeys    = []string{"sms", "web", "tail", "segments", "options"}
	labelKeys   = []string{"label", "web", "words"}
)

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	saveForm = regexp.MustCompile(`^_?[a-z][a-z0-9_]*(\.([a-z0-9_]+|\{_?[a-z][a-z0-9_]*\}))?$`)
	varForm  = regexp.MustCompile(`^_?[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$`)
)

// decoder turns the nodes of one file into values and tells what is wrong with
// them. It never stops at a fault: the value read is then the zero one.
type decoder struct {
	file   string
	root   *node
	faults *faults
}

// open parses a file. A decoder without a root has told its fault.
func open(file string, data []byte, faults *faults) *decoder {
	root, at, err := parseYAML(data)
	if err != nil {
		faults.add(file, at, "%s", err)
	}
	return &decoder{file: file, root: root, faults: faults}
}

func (d *decoder) fault(at pos, format string, args ...any) {
	d.faults.add(d.file, at, format, args...)
}

func (d *decoder) want(n *node, kind nodeKind) bool {
	if n.kind == kind {
		return true
	}
	hint := ""
	if kind == isString && (n.kind == isBool || n.kind == isNumber) {
		hint = "; put it in quotes"
	}
	d.fault(n.pos, "want %s here, found %s%s", kind, n.kind, hint)
	return false
}

// fields gives the entries of a mapping whose keys are known, each once.
func (d *decoder) fields(n *node, keys []string) iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		for e := range d.entries(n) {
			if !slices.Contains(keys, e.key) {
				d.fault(e.pos, "unknown key %q%s", e.key, suggest(e.key, keys))
				continue
			}
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}

// entries gives the entries of a mapping whose keys are free, each once.
func (d *decoder) entries(n *node) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		if !d.want(n, isMapping) {
			return
		}
		seen := make(map[string]pos, len(n.entries))
		for _, e := range n.entries {
			if first, twice := seen[e.key]; twice {
				d.fault(e.pos, "%q is already said in line %d", e.key, first.line)
				continue
			}
			seen[e.key] = e.pos
			if !yield(e) {
				return
			}
		}
	}
}

func (d *decoder) list(n *node) []*node {
	if n.kind != isList {
		return []*node{n} // one stands for a list of one
	}
	return n.items
}

func (d *decoder) text(n *node) string {
	if !d.want(n, isString) {
		return ""
	}
	if strings.TrimSpace(n.text) == "" {
		d.fault(n.pos, "this text is empty")
		return ""
	}
	return n.text
}

func (d *decoder) texts(n *node) []string {
	var out []string
	for _, item := range d.list(n) {
		if s := d.text(item); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// matching reads a text of a given form; what tells the form in words.
func (d *decoder) matching(n *node, form *regexp.Regexp, what string) string {
	s := d.text(n)
	if s != "" && (!form.MatchString(s) || len(s) > 64) {
		d.fault(n.pos, "%q is not %s", s, what)
		return ""
	}
	return s
}

const nameWords = "a name: small letters, digits and _, a letter first, 64 at most"

func (d *decoder) name(n *node) string { return d.matching(n, nameForm, nameWords) }

func (d *decoder) names(n *node) []string {
	var out []string
	for _, item := range d.list(n) {
		if s := d.name(item); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (d *decoder) whole(n *node, low, high int) int {
	if !d.want(n, isNumber) {
		return 0
	}
	v, err := strconv.Atoi(n.text)
	if err != nil || v < low || v > high {
		d.fault(n.pos, "want a whole number from %d to %d, found %s", low, high, n.text)
		return 0
	}
	return v
}

// truth reads true or false, or on and off. What cannot be read is otherwise.
func (d *decoder) truth(n *node, otherwise bool) bool {
	switch {
	case n.kind == isBool:
		return n.text == "true" || n.text == "True" || n.text == "TRUE"
	case n.kind == isString && (n.text == "on" || n.text == "off"):
		return n.text == "on"
	}
	d.want(n, isBool)
	return otherwise
}

// affirmed reads a key that is only ever written with true.
func (d *decoder) affirmed(n *node) {
	if n.kind != isBool || !d.truth(n, true) {
		d.fault(n.pos, "want true here, or leave the key out")
	}
}

const (
	minSilence = time.Minute
	maxSilence = 90 * 24 * time.Hour
)

func (d *decoder) duration(n *node) time.Duration {
	s := d.text(n)
	if s == "" {
		return 0
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		d.fault(n.pos, "%q is not a duration: write 30m or 72h", s)
		return 0
	}
	if v < minSilence || v > maxSilence {
		d.fault(n.pos, "a duration is between 1m and %dh, found %s", int(maxSilence.Hours()), s)
		return 0
	}
	return v
}
