package understand

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// place is one present commune of the territory.
type place struct {
	Code   string   `json:"code"`
	Name   string   `json:"nom"`
	Postal []string `json:"codesPostaux"`

	plain  string // its name in plain words
	longer []int  // the communes whose name begins with this one
}

// placeName is one way of writing a commune, present or former.
type placeName struct {
	place int
	full  string // words parted by one space: "villers le lac"
	glued string // without spaces, for typos and forgotten hyphens
	core  []string
	mask  uint32
}

// gazetteer is the index of the communes.
type gazetteer struct {
	places   []place // by name
	byCode   map[string]int
	byPostal map[string][]int
	byFull   map[string][]int // full name → places
	byCore   map[string][]int // name without articles and prepositions → places
	names    []placeName
	byLen    map[int][]int // length of glued → names
}

// communes is built from the embedded lists when first used. A fault there is
// a fault of the program, seen by the tests.
var communes = sync.OnceValue(func() *gazetteer {
	g, err := loadGazetteer("data/communes-25.json", "data/communes-25-anciennes.json")
	if err != nil {
		panic(err)
	}
	return g
})

func loadGazetteer(present, former string) (*gazetteer, error) {
	g := &gazetteer{byCode: map[string]int{}, byPostal: map[string][]int{}, byFull: map[string][]int{}, byCore: map[string][]int{}, byLen: map[int][]int{}}
	if err := loadJSON(present, &g.places); err != nil {
		return nil, err
	}
	for i := range g.places {
		g.places[i].plain = strings.Join(placeWords(parse(g.places[i].Name).toks), " ")
	}
	slices.SortFunc(g.places, func(a, b place) int { return strings.Compare(a.plain, b.plain) })
	for i, p := range g.places {
		for j := i + 1; j < len(g.places) && strings.HasPrefix(g.places[j].plain, p.plain); j++ {
			if strings.HasPrefix(g.places[j].plain, p.plain+" ") {
				g.places[i].longer = append(g.places[i].longer, j)
			}
		}
		g.byCode[p.Code] = i
		for _, cp := range p.Postal {
			g.byPostal[cp] = append(g.byPostal[cp], i)
		}
		g.addName(i, p.Name)
	}
	var old []struct {
		Name string `json:"nom"`
		Seat string `json:"chefLieu"`
	}
	if err := loadJSON(former, &old); err != nil {
		return nil, err
	}
	for _, o := range old {
		i, ok := g.byCode[o.Seat]
		if !ok {
			return nil, fmt.Errorf("%s: no commune %s for %s", former, o.Seat, o.Name)
		}
		g.addName(i, o.Name)
	}
	return g, nil
}

func loadJSON(file string, into any) error {
	text, err := data.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

func (g *gazetteer) addName(p int, name string) {
	words := placeWords(parse(name).toks)
	full := strings.Join(words, " ")
	core := coreWords(words)
	if slices.Contains(g.byFull[full], p) {
		return
	}
	g.byFull[full] = append(g.byFull[full], p)
	if short := strings.Join(core, " "); !slices.Contains(g.byCore[short], p) {
		g.byCore[short] = append(g.byCore[short], p)
	}
	g.addGlued(placeName{place: p, full: full, glued: strings.Join(words, ""), core: core})
	if short := strings.Join(core, ""); short != strings.Join(words, "") && len(short) >= 5 {
		g.addGlued(placeName{place: p, full: full, glued: short, core: core})
	}
}

func (g *gazetteer) addGlued(n placeName) {
	n.mask = letters(n.glued)
	g.byLen[len(n.glued)] = append(g.byLen[len(n.glued)], len(g.names))
	g.names = append(g.names, n)
}

// placeWords writes the words of a place in one way: St is Saint, lez is lès.
func placeWords(toks []token) []string {
	words := make([]string, 0, len(toks))
	for _, t := range toks {
		switch t.w {
		case "st":
			words = append(words, "saint")
		case "ste":
			words = append(words, "sainte")
		case "lez":
			words = append(words, "les")
		case "s":
			words = append(words, "sur")
		default:
			words = append(words, t.w)
		}
	}
	return words
}

// coreWords drops the small words of a name; a name made of them keeps them.
func coreWords(words []string) []string {
	core := make([]string, 0, len(words))
	for _, w := range words {
		switch w {
		case "le", "la", "les", "l", "de", "du", "des", "d", "et", "en", "sur", "sous", "aux", "au", "a":
		default:
			core = append(core, w)
		}
	}
	if len(core) == 0 {
		return words
	}
	return core
}

// CommuneName gives the name and the postal codes of a commune of the
// territory by its INSEE code.
func CommuneName(insee string) (name string, postalCodes []string, ok bool) {
	g := communes()
	i, ok := g.byCode[insee]
	if !ok {
		return "", nil, false
	}
	return g.places[i].Name, slices.Clone(g.places[i].Postal), true
}

// nicknames are short names that everybody uses, and districts whose name
// stands for the town.
var nicknames = map[string]string{
	"besac": "25056", "besak": "25056", "bezak": "25056", "bzc": "25056", "bsc": "25056", "besanc": "25056",
	"planoise": "25056", "palente": "25056", "montrapon": "25056", "clairs soleils": "25056",
	"montbe": "25388", "petite hollande": "25388", "la petite hollande": "25388",
	"ponta": "25462", "pontar": "25462", "baume": "25047", "pont de roide": "25463", "villers le lac": "25321", "valda": "25578",
}

// elsewhere are towns, departments and countries outside the territory that
// people are likely to name.
var elsewhere = wordMap(`paris|marseille|lyon|toulouse|nice|nantes|montpellier|strasbourg|bordeaux|lille|rennes|reims|toulon|saint etienne|le havre|
grenoble|dijon|angers|nimes|villeurbanne|clermont ferrand|le mans|aix en provence|brest|tours|amiens|limoges|annecy|perpignan|metz|nancy|orleans|rouen|
mulhouse|caen|colmar|epinal|troyes|chaumont|langres|belfort|vesoul|dole|dole jura|lons le saunier|lons|gray|hericourt|delle|lure|luxeuil|luxeuil les bains|
saint loup sur semouse|champagnole|poligny|arbois|morez|les rousses|salins les bains|saint amour|tavaux|offemont|valdoie|beaucourt|grandvillars|bavilliers|
beaune|chalon sur saone|chalon|macon|bourg en bresse|auxerre|nevers|le creusot|montceau les mines|auxonne|rioz|marnay|pesmes|port sur saone|saint dizier|
bale|basel|geneve|geneva|lausanne|la chaux de fonds|chaux de fonds|le locle|yverdon|yverdon les bains|porrentruy|delemont|vallorbe|berne|zurich|
jura|haute saone|territoire de belfort|cote d or|saone et loire|haut rhin|bas rhin|alsace|vosges|suisse|switzerland|allemagne|belgique|london|londres`)

func wordMap(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.SplitSeq(strings.ReplaceAll(list, "\n", ""), "|") {
		m[w] = true
	}
	return m
}
