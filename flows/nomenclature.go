package flows

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed nomenclatures/*.json
var nomenclatures embed.FS

// nomenclature holds, for each way of writing a code up to its value ("ft
// niveau_etude=", "diag ", "diag 24/", "cdb logement/"), the values that exist.
type nomenclature map[string][]string

// codeLists is built from the embedded lists when first used. A fault there is
// a fault of the program, seen by the tests.
var codeLists = sync.OnceValue(func() nomenclature {
	n, err := readNomenclature()
	if err != nil {
		panic(err)
	}
	return n
})

type coded struct {
	Code string `json:"code"`
}

func readNomenclature() (nomenclature, error) {
	var orientation struct {
		Pathways      []coded                      `json:"parcours"`
		Organisations []coded                      `json:"organisme"`
		Criteria      map[string][]json.RawMessage `json:"criteres"`
	}
	var diagnosis struct {
		Constraints []struct {
			coded
			Situations []coded `json:"situations"`
		} `json:"contraintes"`
		Needs []coded `json:"thematiquesBesoins"`
	}
	var logbook struct {
		Situations map[string][]string `json:"situations"`
	}
	var claim struct {
		Headings []struct {
			Field  string  `json:"champ"`
			Values []coded `json:"valeurs"`
		} `json:"rubriques"`
	}
	for file, into := range map[string]any{
		"france-travail-orientation.json": &orientation, "france-travail-diagnostic.json": &diagnosis,
		"carnet-de-bord-diagnostic.json": &logbook, "rsa-dsp.json": &claim,
	} {
		data, err := nomenclatures.ReadFile("nomenclatures/" + file)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, into); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
	}

	n := nomenclature{
		"ft parcours=":  codesOf(orientation.Pathways),
		"ft organisme=": codesOf(orientation.Organisations),
		"besoin theme ": codesOf(diagnosis.Needs),
	}
	for field, values := range orientation.Criteria {
		for _, v := range values {
			var c coded
			if json.Unmarshal(v, &c) != nil || c.Code == "" {
				c.Code = strings.Trim(string(v), `"`) // true, false, or a plain code
			}
			n["ft "+field+"="] = append(n["ft "+field+"="], c.Code)
		}
	}
	for _, c := range diagnosis.Constraints {
		n["diag "] = append(n["diag "], c.Code)
		n["diag "+c.Code+"/"] = codesOf(c.Situations)
	}
	for theme, situations := range logbook.Situations {
		n["cdb "+theme+"/"] = situations
	}
	for _, h := range claim.Headings {
		n["dsp "+h.Field+"="] = codesOf(h.Values)
	}
	return n, nil
}

func codesOf(list []coded) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Code)
	}
	return out
}

// unknown says what is wrong with a code, "" when it exists. Several
// candidates are joined by "|".
func (n nomenclature) unknown(code string) string {
	list, values := splitCode(code)
	known, ok := n[list]
	if !ok {
		return fmt.Sprintf("no nomenclature has codes written %q%s", code, suggest(list, slices.Collect(maps.Keys(n))))
	}
	for v := range strings.SplitSeq(values, "|") {
		if !slices.Contains(known, v) {
			return fmt.Sprintf("the code %q does not exist%s", list+v, suggest(v, known))
		}
	}
	return ""
}

// splitCode parts a code from what names its list.
func splitCode(code string) (list, values string) {
	cut := func(mark string) (string, string) {
		i := strings.Index(code, mark)
		if i < 0 {
			return code, ""
		}
		return code[:i+len(mark)], code[i+len(mark):]
	}
	switch kind, rest, _ := strings.Cut(code, " "); {
	case kind == "cdb", kind == "diag" && strings.Contains(rest, "/"):
		return cut("/")
	case kind == "diag":
		return cut(" ")
	case kind == "besoin":
		return cut("theme ")
	}
	return cut("=")
}
