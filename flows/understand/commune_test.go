package understand

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryCommune: each of the communes is found by its name, by its name in
// capitals without accents, and by its name with its postal code.
func TestEveryCommune(t *testing.T) {
	g := communes()
	if len(g.places) != 563 {
		t.Fatalf("%d communes, want 563", len(g.places))
	}
	q := Question{Kind: Commune, Lang: French}
	asked := 0
	for _, p := range g.places {
		forms := []string{p.Name, strings.ToUpper(p.plain), "j'habite à " + p.Name, strings.ReplaceAll(p.Name, "-", " ")}
		for _, cp := range p.Postal {
			forms = append(forms, p.Name+" "+cp, cp+" "+p.Name)
		}
		for _, f := range forms {
			r := Read(q, f)
			switch {
			case r.Status == Understood && r.Values[0] == p.Code:
			case r.Status == Ask && slices.ContainsFunc(r.Candidates, func(o Option) bool { return o.Value == p.Code }):
				asked++
			default:
				t.Errorf("%q reads %s %v %v, want %s", f, r.Status, r.Values, r.Candidates, p.Code)
			}
		}
		// The person can always end an "ask" by choosing among the candidates.
		if r := Read(q, p.Name); r.Status == Ask {
			if again := Read(Question{Kind: Commune, Lang: French, Options: r.Candidates}, p.Name); again.Status != Understood || again.Values[0] != p.Code {
				t.Errorf("%q among its candidates reads %s %v", p.Name, again.Status, again.Values)
			}
		}
	}
	t.Logf("%d forms are asked back", asked)
}

// TestMistypedCommunes: one letter changed, dropped, doubled or swapped in a
// name of six letters or more never reads as another commune unless what was
// written is nearly the name of that one ("la osse" is Osse with an article).
func TestMistypedCommunes(t *testing.T) {
	q := Question{Kind: Commune, Lang: French}
	total, right, wrong := 0, 0, 0
	for _, p := range communes().places {
		if len(p.plain) < 6 {
			continue
		}
		for i := 1; i+1 < len(p.plain); i += 2 {
			w := p.plain
			for _, typo := range []string{w[:i] + w[i+1:], w[:i] + "q" + w[i+1:], w[:i] + w[i:i+1] + w[i:], w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:]} {
				total++
				switch r := Read(q, typo); {
				case r.Status == Understood && r.Values[0] == p.Code:
					right++
				case r.Status == Understood:
					if wrong++; distance(strings.ReplaceAll(typo, " ", ""), strings.ReplaceAll(communes().places[communes().byCode[r.Values[0]]].plain, " ", ""), 3) > 2 {
						name, _, _ := CommuneName(r.Values[0])
						t.Errorf("%q, mistyped from %s, reads %s", typo, p.Name, name)
					}
				}
			}
		}
	}
	t.Logf("%d typos: %d read right, %d as another commune as near", total, right, wrong)
	if right*100 < total*85 {
		t.Errorf("only %d of %d typos are read", right, total)
	}
}

func TestFormerCommunes(t *testing.T) {
	var old []struct {
		Name string `json:"nom"`
		Seat string `json:"chefLieu"`
	}
	if err := loadJSON("data/communes-25-anciennes.json", &old); err != nil {
		t.Fatal(err)
	}
	if len(old) != 34 {
		t.Fatalf("%d former communes, want 34", len(old))
	}
	for _, o := range old {
		if r := Read(Question{Kind: Commune}, o.Name); r.Status != Understood || r.Values[0] != o.Seat {
			t.Errorf("%s reads %s %v %v, want %s", o.Name, r.Status, r.Values, r.Candidates, o.Seat)
		}
	}
}

func TestPostalCodes(t *testing.T) {
	g := communes()
	if len(g.byPostal) != 70 {
		t.Fatalf("%d postal codes, want 70", len(g.byPostal))
	}
	for cp, here := range g.byPostal {
		r := Read(Question{Kind: Commune}, cp)
		switch {
		case len(here) == 1 && r.Status == Understood && r.Values[0] == g.places[here[0]].Code:
		case len(here) > 1 && r.Status == Ask && len(r.Candidates) == len(here):
		default:
			t.Errorf("%s, shared by %d communes, reads %s with %d candidates", cp, len(here), r.Status, len(r.Candidates))
		}
	}
}

func TestNicknamesAreCommunes(t *testing.T) {
	for nick, code := range nicknames {
		if _, ok := communes().byCode[code]; !ok {
			t.Errorf("%s: no commune %s", nick, code)
		}
	}
	for name := range elsewhere {
		if p := communes().byFull[name]; len(p) > 0 {
			t.Errorf("%s is a commune of the territory", name)
		}
	}
}

func TestCommuneName(t *testing.T) {
	name, postal, ok := CommuneName("25056")
	if name != "Besançon" || !slices.Equal(postal, []string{"25000"}) || !ok {
		t.Errorf("25056 is %q %v %v", name, postal, ok)
	}
	postal[0] = "changed"
	if _, again, _ := CommuneName("25056"); again[0] != "25000" {
		t.Error("the list of postal codes is shared")
	}
	if _, _, ok := CommuneName("75056"); ok {
		t.Error("75056 is known")
	}
}
