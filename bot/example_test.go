package bot_test

import (
	"fmt"
	"time"

	"relais/bot"
)

// A turn is an ordinary function: what it is given decides what it returns.
func ExampleTurn() {
	lib, _ := builtin()
	territory, _ := doubs()
	world := bot.World{
		Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Nonce: bot.Nonce{1},
		Territory: territory, Fresh: &bot.Fresh{Channel: bot.SMS},
	}
	event := bot.Event{Source: "twilio", ID: "SM1", At: world.Now, What: bot.Said{Text: "CONSEILLER"}}

	conversation, effects := bot.Turn(lib, bot.Conversation{}, event, world)

	fmt.Println("owner:", conversation.Owner.Kind, conversation.Owner.Team)
	for _, effect := range effects {
		switch e := effect.(type) {
		case bot.Say:
			if e.Line.Audience == bot.ForAll {
				fmt.Printf("%s: %s\n", e.Line.From, string(e.Line.Text))
			}
		case bot.Hand:
			fmt.Println("hand-off:", e.HandOff.State, e.HandOff.Reason)
		}
	}
	// Output:
	// owner: queue accueil
	// person: CONSEILLER
	// hand-off: offered asked
	// assistant: Transmis à l'équipe Accueil insertion. Une personne vous répond ici avant lun. 23/11 à 14h30. Écrivez encore si besoin. Plus besoin ? RETOUR
}
