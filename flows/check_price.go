package flows

import (
	"fmt"
	"strings"

	"relais/flows/segments"
	"relais/flows/understand"
)

// price checks a text against the segments it declares.
func (d *decoder) price(key string, t Text, options []understand.Option, values map[string]worst) {
	count, culprit := dearest(t, options, values)
	if t.SMS == "" || count.Segments <= t.Segments {
		return
	}
	because := ""
	if count.Encoding == segments.UCS2 {
		because = ", because of a letter that GSM-7 lacks"
		if own := segments.Foreign(t.Render(true, options, func(string) (string, bool) { return "", false })); len(own) > 0 {
			because += " (" + spell(own) + ")"
		} else if culprit != "" {
			because += fmt.Sprintf(" in a value of {%s}", culprit)
		}
	}
	d.fault(d.root.at(key), "the text %q costs %d segments by SMS (%d units of %s%s), %d declared",
		key, count.Segments, count.Units, count.Encoding, because, t.Segments)
}

func spell(letters []rune) string {
	var out []string
	for _, r := range letters {
		out = append(out, string(r))
	}
	return strings.Join(out, " ")
}
