// Package transcripts plays conversations written as text files, and writes
// down what the assistant says. A transcript reads like a chat:
//
//	# Somebody asks for a human, and an adviser answers.
//	@ 2026-03-02 09:00
//	> conseiller
//	! handoff offered to accueil: asked, before 2026-03-02 12:00
//	< Transmis à l'équipe Accueil insertion…
//	= Samira claims
//	= Samira writes Bonjour, je vous écoute.
//	< Samira: Bonjour, je vous écoute.
//
// What happens:
//
//	# …                        a comment
//	@ 2026-03-02 09:00         the clock moves, what is due on the way is done; every transcript
//	                           begins with one, in the territory's zone
//	> text                     the person writes, by SMS; half a minute has passed
//	>web text                  … on the web page
//	> [photo]                  … sends a picture without a word
//	>web [yes]                 … presses the button of that value
//	= Samira claims            an adviser takes the conversation, of the person heard last
//	= Samira writes …          … writes to the person
//	= Samira notes …           … notes something for colleagues
//	= Samira acknowledges      … has seen a crisis alert
//	= Samira gives back        … hands the conversation back to the assistant
//	= Samira closes OUTCOME    … ends the hand-off
//	+ rdv-1 planned 2026-03-05 14:30; place CMS, BESANCON; organisation departement; lang fr; sensitive
//	                           the source of appointments tells how rdv-1 now stands
//
// What follows, which a transcript expects and -update rewrites:
//
//	< text                     what the person reads; further lines are set in by two spaces,
//	                           buttons stand between brackets
//	<web text                  … on the web page
//	! effect                   what follows besides, kind by kind in the order of tell.go; of
//	                           alerts in a row only the last one
//
// Run "go test ./test/transcripts -update" to rewrite them, and read the diff.
//
// The same files are played on the pure turn ([Pure]) and on the engine with a
// SQLite store ([Live]); both must give the same text.
package transcripts
