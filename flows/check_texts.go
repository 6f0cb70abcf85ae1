package flows

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"relais/flows/understand"
)

// use is one place of the logic where a text is said.
type use struct {
	key   string
	at    pos    // in the logic
	state *State // nil for texts of the recap
	asks  bool
}

// uses gives every text that the flow says.
func (c *flowCheck) uses() []use {
	var out []use
	for s := range c.states {
		for i, key := range s.Say {
			out = append(out, use{key, c.at(s.Name, "say", i), s, false})
		}
		if s.Ask != "" {
			out = append(out, use{s.Ask, c.at(s.Name, "ask"), s, true})
		}
		if s.Silence != nil && s.Silence.Say != "" {
			out = append(out, use{s.Silence.Say, c.silenceAt(s, "say"), s, false})
		}
	}
	for i, key := range c.f.Recap {
		said := "recap." + key
		if c.f.Private[key] {
			said = "recap.private"
		}
		out = append(out, use{said, c.d.root.at("recap", i), nil, false})
	}
	return out
}

// texts checks the catalogues against the logic: nothing missing, nothing too
// many, every name known by then, and each text within its price.
func (c *flowCheck) texts() {
	uses := c.uses()
	known := c.known()
	values := c.values()
	for _, lang := range c.languages {
		d := c.loader.texts[lang][c.f.Name]
		if d == nil {
			c.d.fault(pos{}, "there is no %s: the flow needs its texts in %q", textsFile(lang, c.f.Name), lang)
			continue
		}
		if d.root == nil {
			continue // its fault is told
		}
		alike := map[string]bool{}
		for _, u := range uses {
			if _, ok := c.f.Texts[lang][u.key]; !ok {
				c.d.fault(u.at, "the text %q is missing in %s%s", u.key, d.file, suggest(u.key, slices.Collect(maps.Keys(c.f.Texts[lang]))))
				continue
			}
			c.placeholders(d, lang, u, known.must)
			if u.asks {
				c.optionTexts(d, lang, u)
			}
			if u.state == nil || alike[c.manner(u)] {
				continue // one question may serve many states
			}
			alike[c.manner(u)] = true
			c.price(d, lang, u, values[lang])
			if u.asks {
				c.words(d, lang, u.state)
			}
		}
		c.unused(d, lang, uses)
	}
}

// manner names all that makes a text cost and be read as it does.
func (c *flowCheck) manner(u use) string {
	if !u.asks {
		return u.key
	}
	s := u.state
	parts := []string{u.key, string(s.Kind), s.Skip, strconv.FormatBool(s.Words)}
	for _, o := range s.Options {
		parts = append(parts, o.Value, strconv.FormatBool(c.handsOver(o)))
	}
	return strings.Join(parts, "\x00")
}

// unused tells texts and options that no state says.
func (c *flowCheck) unused(d *decoder, lang string, uses []use) {
	options := map[string]map[string]bool{}
	for _, u := range uses {
		if options[u.key] == nil {
			options[u.key] = map[string]bool{}
		}
		if !u.asks {
			continue
		}
		for _, o := range u.state.Options {
			options[u.key][o.Value] = true
		}
		if u.state.Kind == understand.YesNo {
			options[u.key]["yes"], options[u.key]["no"] = true, true
		}
	}
	for key, text := range c.f.Texts[lang] {
		if options[key] == nil {
			d.fault(pos{text.Line, text.Column}, "no state says the text %q", key)
			continue
		}
		for value := range text.Options {
			if !options[key][value] {
				d.fault(d.root.keyAt(value, key, "options"), "no question that says %q has the option %q%s", key, value, suggest(value, slices.Collect(maps.Keys(options[key]))))
			}
		}
	}
}

func (c *flowCheck) optionTexts(d *decoder, lang string, u use) {
	if u.state.Kind == understand.YesNo {
		return // people know how to say yes and no
	}
	text := c.f.Texts[lang][u.key]
	unlisted := ""
	for _, o := range u.state.Options {
		label, ok := text.Options[o.Value]
		switch {
		case o.Value == "":
		case !ok:
			d.fault(pos{text.Line, text.Column}, "the option %q of the state %q has no label here", o.Value, u.state.Name)
		case label.Label == "":
			unlisted = o.Value
		case unlisted != "" && u.state.Kind != understand.Commune:
			d.fault(d.root.keyAt(o.Value, u.key, "options"), "the option %q is listed after %q, which has no label: numbers would not fit", o.Value, unlisted)
		}
	}
}

// placeholders checks that each {name} of a text has a value by then.
func (c *flowCheck) placeholders(d *decoder, lang string, u use, must map[string]names) {
	for name := range namesIn(c.f.Texts[lang][u.key]) {
		at := d.root.at(u.key)
		_, product := c.samples[name]
		needs := []string{}
		switch {
		case name == "value" && u.state == nil:
			continue
		case name == "recap":
			if len(c.f.Recap) == 0 {
				d.fault(at, "{recap} is said, and the flow lists nothing under recap")
			}
			continue
		case name == "topic":
			needs = append(needs, "_topic")
		case name == "COMMUNE":
			needs = append(needs, "commune")
		case name == "cp":
			needs = append(needs, "commune", "_candidates")
		case product:
			continue
		case c.vars[name] == nil || u.state == nil:
			d.fault(at, "unknown name {%s} in the text %q%s", name, u.key, suggest(name, c.sayable()))
			continue
		default:
			needs = append(needs, name)
		}
		set := func(variable string) bool {
			return c.given(variable) || c.holds(must[u.state.Name], variable)
		}
		if c.seen[u.state.Name] && !slices.ContainsFunc(needs, set) {
			d.fault(at, "{%s} is said in the state %q before %s is set on every way there", name, u.state.Name, strings.Join(needs, " or "))
		}
	}
}

func (c *flowCheck) sayable() []string {
	return append(slices.Collect(maps.Keys(c.samples)), append(c.names(), "recap", "topic")...)
}

// price counts a text as the person receives it.
func (c *flowCheck) price(d *decoder, lang string, u use, values map[string]worst) {
	text := c.f.Texts[lang][u.key]
	var options []understand.Option
	if u.asks {
		options = c.f.question(u.state, lang, false).Options
	}
	d.price(u.key, text, options, values)
}

// values gives what each name may stand for in each language, at its worst.
func (c *flowCheck) values() map[string]map[string]worst {
	c.f.labels = c.f.labelTable()
	out := map[string]map[string]worst{}
	for _, lang := range c.languages {
		values := maps.Clone(c.product)
		for name, v := range c.vars {
			if _, product := values[name]; !product {
				values[name] = worstOf(c.said(lang, name, v))
			}
		}
		values["topic"] = values["_topic"]
		values["recap"] = worstOf(c.recaps(lang, values))
		out[lang] = values
	}
	return out
}

// freeText stands for what people write themselves when a text says it back.
const freeText = "quelques mots que la personne a écrits, sans détail"

// said gives the ways a saved value can be said in a text.
func (c *flowCheck) said(lang, name string, v *variable) []string {
	var out []string
	for value := range v.values {
		if label := c.f.Label(lang, name, value); label != "" {
			value = label
		}
		out = append(out, value)
	}
	switch c.f.kindOf(name) {
	case understand.Date:
		out = append(out, "2026-12-30")
	case understand.Number:
		out = append(out, "2026")
	case understand.Text:
		out = append(out, freeText)
	case understand.Commune:
		out = append(out, "25000")
	}
	return out
}

// recaps writes the longest recaps there can be: every line at its longest,
// then each line in turn with the value that GSM-7 cannot write.
func (c *flowCheck) recaps(lang string, values map[string]worst) []string {
	type line struct{ key, gsm, long, foreign string }
	var lines []line
	private := false
	for _, key := range c.f.Recap {
		v := c.vars[key]
		if v == nil || private && c.f.Private[key] {
			continue
		}
		textKey := "recap." + key
		if c.f.Private[key] {
			private, textKey = true, "recap.private"
		}
		w := worstOf(c.toldBack(lang, key, v))
		l := line{key, c.f.recapLine(lang, textKey, w.gsm), c.f.recapLine(lang, textKey, w.long), ""}
		if w.foreign != "" {
			l.foreign = c.f.recapLine(lang, textKey, w.foreign)
		}
		lines = append(lines, l)
	}
	join := func(pick func(line) string) string {
		var out []string
		for _, l := range lines {
			out = append(out, pick(l))
		}
		return strings.Join(out, ", ")
	}
	all := []string{join(func(l line) string { return l.gsm }), join(func(l line) string { return l.long })}
	for _, one := range lines {
		if one.foreign != "" {
			all = append(all, join(func(l line) string {
				if l.key == one.key {
					return l.foreign
				}
				return l.long
			}))
		}
	}
	return all
}

// toldBack gives the ways the recap can say an answer.
func (c *flowCheck) toldBack(lang, key string, v *variable) []string {
	var out []string
	var every Vars
	for _, value := range slices.Sorted(maps.Keys(v.values)) {
		one := Vars{{Name: key, Values: []string{value}}}
		out = append(out, c.f.told(lang, key, one))
		every = append(every, one...)
	}
	switch c.f.kindOf(key) {
	case understand.Choices:
		var all []string
		for _, one := range every {
			all = append(all, one.Values...)
		}
		out = append(out, c.f.told(lang, key, Vars{{Name: key, Values: all}}))
	case understand.Commune:
		out = append(out, c.samples["COMMUNE"]...)
	case understand.Date:
		out = append(out, "30/12/2026")
	case understand.Number:
		out = append(out, "2026")
	case understand.Text:
		out = append(out, freeText)
	}
	return out
}
