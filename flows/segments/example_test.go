package segments_test

import (
	"fmt"

	"relais/flows/segments"
)

func ExampleMeasure() {
	for _, text := range []string{"Bientôt à Besançon.", "A demain : 10h, prix 0€"} {
		count := segments.Measure(text)
		fmt.Println(count.Encoding, count.Units, count.Segments)
	}
	// Output:
	// UCS-2 19 1
	// GSM-7 24 1
}

func ExampleForeign() {
	fmt.Printf("%c\n", segments.Foreign("Bientôt, c’est à Besançon."))
	// Output: [ô ’ ç]
}

func ExampleSplit() {
	text := "Votre demande est bien enregistrée. Une personne de l'agence vous répond avant mardi 10h.\n" +
		"En attendant, gardez ce numéro : vous pouvez écrire ici à tout moment, le soir aussi, nous lirons."
	for _, part := range segments.Split(text, 1) {
		fmt.Printf("%q\n", part)
	}
	// Output:
	// "Votre demande est bien enregistrée. Une personne de l'agence vous répond avant mardi 10h.\n"
	// "En attendant, gardez ce numéro : vous pouvez écrire ici à tout moment, le soir aussi, nous lirons."
}
