package understand

// longestYes is how many words may follow a "oui" that still answers a question.
const longestYes = 12

func readYesNoQuestion(q Question, d doc) Reading {
	if len(q.Options) > 0 {
		if r := newChooser(q, d).named(); r.Status == Understood {
			return r
		}
	}
	a, s := readYesNo(d, q.Lang)
	if s != Understood {
		return Reading{Status: s}
	}
	return read(a)
}

// readYesNo gives "yes" or "no" when Understood. A question is no answer, two
// opposite words cancel out, and what comes after a "oui" must not weaken it.
func readYesNo(d doc, lang Lang) (string, Status) {
	if d.asks() {
		return "", Unclear
	}
	lex := answers()
	toks := withoutFillers(d.toks)
	if len(toks) == 1 {
		if a := initial(toks[0].w, lang); a != "" {
			return a, Understood
		}
	}
	t := lex.ids(toks)
	switch yes, no := lex.covers("yes", t), lex.covers("no", t); {
	case yes && !no:
		return "yes", Understood
	case no && !yes:
		return "no", Understood
	}
	if s, ok := avoidance(toks); ok {
		return "", s
	}
	if lead := lex.sections["lead"]; len(t) > 0 {
		if end := lead.at(t, 0); end > 0 && end < len(t) {
			rest := doc{toks: toks[end:]}
			if a, s := readYesNo(rest, lang); s == Understood {
				return a, s
			}
		}
	}
	return headedBy(lex, toks, t)
}

// initial reads the single letter of old phones, and "wé" ("we" is English).
func initial(w string, lang Lang) string {
	switch {
	case w == "n":
		return "no"
	case (w == "o" || w == "we") && lang != English, w == "y" && lang == English:
		return "yes"
	}
	return ""
}

// headedBy reads an answer that goes on after its "oui" or "non".
func headedBy(lex *lexicon, toks []token, t []ids) (string, Status) {
	if len(toks) < 2 || len(toks) > longestYes+1 {
		return "", Unclear
	}
	answer, doubts := "yes", "doubt-yes"
	begin := lex.sections["yes"].at(t, 0)
	if lex.sections["yes-head"].at(t, 0) == 0 {
		answer, doubts = "no", "doubt-no"
		begin = 1
		if lex.sections["no-head"].at(t, 0) == 0 {
			return "", Unclear
		}
	}
	for i := begin; i < len(toks); i++ {
		w := toks[i].w
		if answer == "yes" && noTrouble(lex, toks, i) {
			i++
			for i < len(toks) && (toks[i].w == "de" || lex.is("doubt", toks[i].w)) {
				i++
			}
			continue
		}
		if lex.is("doubt", w) || lex.is(doubts, w) {
			return "", Unclear
		}
	}
	return answer, Understood
}

// noTrouble recognises "pas de souci", "sans problème", "no problem", which
// strengthen a yes and settle nothing alone.
func noTrouble(lex *lexicon, toks []token, i int) bool {
	switch toks[i].w {
	case "pas", "sans", "aucun", "no", "y":
	default:
		return false
	}
	for _, t := range toks[i+1 : min(i+4, len(toks))] {
		switch singular(t.w) {
		case "souci", "probleme", "problem", "worrie":
			return true
		case "de", "un", "a", "pa":
		default:
			return false
		}
	}
	return false
}
