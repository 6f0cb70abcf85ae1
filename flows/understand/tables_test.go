package understand

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A row is one line of testdata/*.txt: what somebody wrote, what is read.
// The files can be extended by anybody:
//
//	# a comment
//	@ choice fr             a kind and a language, then, for the rows below it,
//	@ at 2026-11-23         when it is said
//	@ bounds 1900 2026      what a number may be
//	- car: Voiture, moto, scooter / caisse, bagnole
//	le 1 => car
//
// A value is what the command prints; "ask: Nans, Onans" gives the candidates
// too, "-" is what cannot be read.
type row struct {
	file string
	line int
	q    Question
	text string
	want string
}

func rows(t testing.TB, name string) []row {
	t.Helper()
	file := filepath.Join("testdata", name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	var q Question
	for n, line := range strings.Split(string(data), "\n") {
		at := fmt.Sprintf("%s:%d", file, n+1)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@ "):
			heading(t, at, strings.Fields(line)[1:], &q)
		case strings.HasPrefix(line, "- "):
			q.Options = append(q.Options[:len(q.Options):len(q.Options)], option(t, at, line[2:]))
		default:
			text, want, ok := strings.Cut(line, " => ")
			if !ok {
				t.Fatalf("%s: no => in %q", at, line)
			}
			out = append(out, row{file, n + 1, q, strings.ReplaceAll(text, `\n`, "\n"), strings.TrimSpace(want)})
		}
	}
	return out
}

func heading(t testing.TB, at string, f []string, q *Question) {
	t.Helper()
	var err error
	switch {
	case f[0] == "at" && len(f) == 2:
		q.At, err = time.ParseInLocation("2006-01-02", f[1], time.FixedZone("CET", 3600))
		q.At = q.At.Add(23*time.Hour + 30*time.Minute) // late, so that a wrong zone shows
	case f[0] == "bounds" && len(f) == 3:
		if q.Min, err = strconv.Atoi(f[1]); err == nil {
			q.Max, err = strconv.Atoi(f[2])
		}
	case len(f) == 2:
		*q = Question{Kind: Kind(f[0]), Lang: Lang(f[1])}
	default:
		t.Fatalf("%s: unknown heading", at)
	}
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
}

func option(t testing.TB, at, line string) Option {
	t.Helper()
	value, rest, ok := strings.Cut(line, ": ")
	if !ok {
		t.Fatalf("%s: no value in %q", at, line)
	}
	label, words, _ := strings.Cut(rest, " / ")
	o := Option{Value: value, Label: label}
	if words != "" {
		o.Words = strings.Split(words, ", ")
	}
	return o
}

// shown writes a reading as the tables do.
func shown(k Kind, r Reading) string {
	switch v := JSONValue(k, r).(type) {
	case nil:
		if r.Status == Elsewhere || r.Status == Unknown || r.Status == Declined {
			return string(r.Status)
		}
		return "-"
	case []string:
		return strings.Join(v, ",")
	case string:
		if r.Status != Ask {
			return v
		}
		names := make([]string, len(r.Candidates))
		for i, c := range r.Candidates {
			names[i] = c.Label
		}
		return "ask: " + strings.Join(names, ", ")
	default:
		return fmt.Sprint(v)
	}
}

func TestReadTables(t *testing.T) {
	for _, name := range []string{"yes_no.txt", "choice.txt", "choices.txt", "number.txt", "date.txt", "commune.txt", "text.txt"} {
		t.Run(name, func(t *testing.T) {
			for _, r := range rows(t, name) {
				if got := shown(r.q.Kind, Read(r.q, r.text)); got != r.want && !(r.want == "ask" && strings.HasPrefix(got, "ask: ")) {
					t.Errorf("%s:%d: %q reads %s, want %s", r.file, r.line, r.text, got, r.want)
				}
			}
		})
	}
}

func TestIntentTable(t *testing.T) {
	for _, r := range rows(t, "intent.txt") {
		intent, lang, operator := ReadIntent(r.text, r.q.Lang)
		got := string(intent)
		if lang != "" {
			got += " " + string(lang)
		}
		if operator {
			got += " operator"
		}
		if got != r.want {
			t.Errorf("%s:%d: %q reads %s, want %s", r.file, r.line, r.text, got, r.want)
		}
	}
}

func TestCrisisTable(t *testing.T) {
	for _, r := range rows(t, "crisis.txt") {
		if got := ReadCrisis(r.text, r.q.Lang); string(got) != r.want {
			t.Errorf("%s:%d: %q reads %s, want %s", r.file, r.line, r.text, got, r.want)
		}
	}
}
