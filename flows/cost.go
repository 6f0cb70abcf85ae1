package flows

import (
	"unicode/utf16"

	"relais/flows/segments"
	"relais/flows/understand"
)

// worst are the values of one name that can make a text dearest: the longest
// one that GSM-7 can write, the longest one in UTF-16, and the longest one
// that GSM-7 cannot write, which alone turns the whole text to UCS-2.
type worst struct {
	gsm, long, foreign string
}

func worstOf(values []string) worst {
	var w worst
	gsm, long, foreign := -1, -1, -1
	for _, v := range values {
		if n := units16(v); n > long {
			w.long, long = v, n
		}
		if len(segments.Foreign(v)) > 0 {
			if n := units16(v); n > foreign {
				w.foreign, foreign = v, n
			}
		} else if n := segments.Measure(v).Units; n > gsm {
			w.gsm, gsm = v, n
		}
	}
	if gsm < 0 {
		w.gsm = w.long
	}
	return w
}

func units16(s string) int { return len(utf16.Encode([]rune(s))) }

// dearest measures a text as it is sent by SMS, with the values that cost
// most: first all in GSM-7, then with one value after the other that is not.
// culprit names the value that turns it to UCS-2, when it is a value that does.
func dearest(t Text, options []understand.Option, values map[string]worst) (most segments.Count, culprit string) {
	measure := func(pick func(name string, w worst) string) segments.Count {
		return segments.Measure(t.Render(true, options, func(name string) (string, bool) {
			w, ok := values[name]
			return pick(name, w), ok
		}))
	}
	most = measure(func(_ string, w worst) string { return w.gsm })
	if all := measure(func(_ string, w worst) string { return w.long }); all.Segments > most.Segments && plain(t, values) {
		most = all
	}
	for name := range namesIn(t) {
		if values[name].foreign == "" {
			continue
		}
		one := measure(func(n string, w worst) string {
			if n == name {
				return w.foreign
			}
			return w.long
		})
		if one.Segments > most.Segments {
			most, culprit = one, name
		}
	}
	return most, culprit
}

// namesIn gives the {names} that a text says by SMS or on the page, each as
// often as it is there.
func namesIn(t Text) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, text := range []string{t.SMS, t.Web, t.Tail} {
			for p := range parts(text) {
				if p.name != "" && !yield(p.name) {
					return
				}
			}
		}
	}
}

// plain tells whether none of the longest values needs UCS-2: those that do
// are measured one by one.
func plain(t Text, values map[string]worst) bool {
	for name := range namesIn(t) {
		if len(segments.Foreign(values[name].long)) > 0 {
			return false
		}
	}
	return true
}
