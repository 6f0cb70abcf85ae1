package flows_test

import (
	"fmt"
	"os"
	"testing/fstest"
	"time"

	"relais/flows"
	"relais/flows/understand"
)

var lunch = map[string][]byte{
	"lunch.yaml": []byte(`flow: lunch
states:
  hungry:
    ask: hungry
    kind: choice
    save: hungry
    options:
      - {value: soup, to: soup}
      - {value: nothing}
    next: bye
  soup:
    say: [soup]
    next: bye
  bye:
    say: [bye]
    end: true
`),
	"texts/fr/lunch.yaml": []byte(`hungry:
  sms: "Avez-vous faim ?"
  options: {soup: "Une soupe", nothing: "Rien, merci"}
soup: "La soupe arrive."
bye: "Bonne journée."
`),
}

func ExampleCompileOne() {
	flow, faults := flows.CompileOne("lunch", lunch)
	if len(faults) > 0 {
		fmt.Println(faults)
		return
	}
	facts := flows.Facts{Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	at, _ := flow.Enter(flows.Position{}, "start", facts)

	question, _ := flow.Question(at, "fr", facts)
	text, _ := flow.Text("fr", "hungry")
	fmt.Println(text.Render(true, question.Options, nil))

	_, outcome := flow.Answer(at, understand.Read(question, "soupe"), facts)
	for _, move := range outcome.Moves {
		if move.Say != "" {
			text, _ := flow.Text("fr", move.Say)
			fmt.Println(text.Render(true, nil, nil))
		}
	}
	// Output:
	// Avez-vous faim ?
	// 1 Une soupe
	// 2 Rien, merci
	// La soupe arrive.
	// Bonne journée.
}

func ExampleLoad() {
	_, faults := flows.Load(fstest.MapFS{
		"lunch.yaml":           {Data: []byte("flow: lunch\nstates:\n  hungry: {say: [soupe], next: bey}\n  bye: {end: true}\n")},
		"texts/fr/lunch.yaml":  {Data: []byte("soup: \"La soupe est prête.\"\n")},
		"texts/fr/common.yaml": {Data: []byte("stop: [\n")},
	}, flows.DefaultSamples())
	for _, fault := range faults {
		fmt.Println(fault)
	}
	// Output:
	// lunch.yaml:3:18: the text "soupe" is missing in texts/fr/lunch.yaml; did you mean "soup"?
	// lunch.yaml:3:32: there is no state "bey"; did you mean "bye"?
	// lunch.yaml:4:3: unreachable: no entry leads to the state "bye"
	// texts/fr/common.yaml:1:7: sequence end token ']' not found
	// texts/fr/lunch.yaml:1:1: no state says the text "soup"
}

func ExampleFlow_Diagram() {
	flow, _ := flows.CompileOne("lunch", lunch)
	if err := flow.Diagram(os.Stdout, "mermaid"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// stateDiagram-v2
	//     s_hungry: hungry (choice)
	//     s_soup: soup
	//     s_bye: bye
	//     [*] --> s_hungry: start
	//     s_hungry --> s_soup: soup
	//     s_hungry --> s_bye
	//     s_soup --> s_bye
	//     s_bye --> [*]
}
