package understand

// Crisis is the family of danger that a text tells of.
type Crisis string

// The families, in the order in which they win when several are told.
const (
	NoCrisis Crisis = "none"
	Suicide  Crisis = "suicide"
	Child    Crisis = "child"
	Violence Crisis = "violence"
	Threat   Crisis = "threat"
	Homeless Crisis = "homeless"
	Food     Crisis = "food"
	// SuicideSoft is a doubtful word ("marre de tout"): the flow gives the line and asks.
	SuicideSoft Crisis = "suicide_soft"
)

// crisisFamilies are in order of gravity. The guarded ones are not read when
// the words before them deny them or put them in the past; for suicide,
// violence and children a false alarm is preferred to a miss.
var crisisFamilies = []struct {
	section string
	crisis  Crisis
	guarded bool
}{
	{"suicide", Suicide, false}, {"child", Child, false}, {"violence", Violence, false}, {"threat", Threat, true},
	{"homeless", Homeless, true}, {"food", Food, true}, {"soft", SuicideSoft, false},
}

// ReadCrisis looks for someone in danger anywhere in a text, in both languages
// whatever lang says. Idioms that only sound like danger ("mort de rire",
// "en finir avec mes dettes") are set aside first.
func ReadCrisis(text string, _ Lang) Crisis {
	toks := withoutNe(parse(text).toks)
	if len(toks) == 0 {
		return NoCrisis
	}
	lex := dangers()
	t := lex.ids(toks)
	setAside(lex, t)
	if isSuicideAlone(toks) {
		return Suicide
	}
	doubtful := false
	for _, f := range crisisFamilies {
		s := lex.sections[f.section]
		for i := range t {
			end := s.at(t, i)
			switch {
			case end == i, f.guarded && denied(toks, i, end):
			case f.crisis == Suicide && i > 0 && (toks[i-1].w == "pas" || toks[i-1].w == "jamais"):
				// "je n'ai pas envie de mourir": left to [soft], unless worse follows
				doubtful = true
			default:
				return f.crisis
			}
		}
	}
	if doubtful {
		return SuicideSoft
	}
	return NoCrisis
}

// isSuicideAlone: the bare word, said alone, is a call; within a story it may
// be about somebody else.
func isSuicideAlone(toks []token) bool {
	if len(toks) > 2 {
		return false
	}
	for _, t := range toks {
		switch t.w {
		case "suicide", "suicidaire", "suicider", "suicidal":
			return true
		}
	}
	return false
}

func withoutNe(toks []token) []token {
	out := make([]token, 0, len(toks))
	for _, t := range toks {
		if t.w != "ne" && t.w != "n" {
			out = append(out, t)
		}
	}
	return out
}

// setAside makes the words of idioms match nothing.
func setAside(lex *lexicon, t []ids) {
	idioms := lex.sections["idiom"]
	for i := 0; i < len(t); {
		end := idioms.at(t, i)
		if end == i {
			i++
			continue
		}
		for ; i < end; i++ {
			t[i] = ids{}
		}
	}
}

// denied looks at what stands just before and after an expression: "je ne suis
// plus à la rue", "j'étais à la rue", "j'ai peur d'être à la rue", "à la rue l'an
// dernier".
func denied(toks []token, from, to int) bool {
	for _, t := range toks[max(0, from-3):from] {
		switch t.w {
		case "etais", "etait", "etions", "risque", "risquons", "peur", "eviter", "evite", "jamais", "never", "avant", "ancien", "ancienne":
			return true
		}
	}
	for _, t := range toks[max(0, from-2):from] {
		switch t.w {
		case "plus", "pas", "not", "longer", "t":
			return true
		}
	}
	for _, t := range toks[to:min(len(toks), to+3)] {
		switch t.w {
		case "dernier", "derniere", "avant", "longtemps": // "l'an dernier"
			return true
		}
	}
	return false
}
