// Package flows holds the dialogues as data: their files, their checker, the
// transition tables compiled from them, and how a conversation walks through
// them. It does no I/O beyond reading the files it is given, and knows neither
// the clock nor the network.
//
// # A flow is two kinds of file
//
// The logic, one file per flow, in English, without a sentence in it:
//
//	flow: prediagnostic
//	entries: {start: q01, resume: q01}   # "start" alone when left out: the first state
//	recap: [commune, rsa, health]        # what {recap} tells back, in this order
//	private: [health]                    # … and what it only calls "a personal matter"
//	silence: {after: 72h, say: nudge}  # for every question without its own; always within the hours for texts nobody provoked
//	states:
//	  q01:
//	    ask: q01                         # a text key; the dialogue waits here
//	    kind: choice                     # choice, choices, yes_no, number, date, commune, text
//	    save: urgency
//	    options:
//	      - {value: shelter, codes: [ft contrainte_logement=SANS_LOGEMENT, diag 27], to: q01_shelter}
//	      - {value: none}
//	    next: q02                        # or a list of edges
//	  q01_shelter:
//	    do:
//	      - {crisis: homeless}
//	      - {handoff: urgent_housing, urgent: true}
//	    next: q02
//	  q02:
//	    part: commune                    # states of one part settle one point together
//	    ask: q02
//	    kind: commune
//	    save: commune
//	    next:
//	      - {if: {_reading: ask}, to: q02_which}
//	      - {if: {_reading: elsewhere}, to: q02_out}
//	      - {to: q03}
//	  branch:                            # no ask: it goes on at once
//	    next:
//	      - {if: {_todo: housing}, drop: {_todo: housing}, set: {_topic: housing}, to: b_housing}
//	      - {to: recap}
//	  done:
//	    say: [closing]
//	    do: [{submit: true}]
//	    end: true
//
// The texts, one catalogue per language and flow (texts/fr/prediagnostic.yaml),
// and one of texts that belong to no flow (texts/fr/common.yaml):
//
//	nudge: "{service} : il reste {n} questions. OUI pour finir, PLUS TARD, ou CONSEILLER."
//	q01:
//	  sms: "1/12 Une urgence aujourd'hui ?"
//	  web: "Avez-vous une urgence aujourd'hui ?"   # when it may be longer; else sms serves both
//	  tail: "Un numéro, ou PASSER."                # after the numbered choices, by SMS only
//	  segments: 1                                  # the most it may cost; 1 when left out
//	  options:
//	    shelter: {label: "Où dormir ce soir", words: [dormir, dehors]}
//	    none: "Non"
//	recap.commune: "commune {value}"
//
// # Conditions and variables
//
// A condition compares one variable: a value or a list (any of them),
// {more_than: 3} (how many values), {younger_than: 16} (a year of birth),
// {known: true}. All conditions of "if" hold together; none of "unless" may.
// Answers are variables under their save key. Variables that begin with "_"
// stay inside the dialogue; _reading says how the last answer was read (read,
// unknown, declined, ask, elsewhere). The facts of the moment (channel, lang,
// team_open…) are variables too: see FactNames.
//
// "set", "add" and "drop" change variables on an option, on an edge, or as an
// action of "do". "back" beside "to" says where the dialogue returns once the
// part of that state is settled: correcting one answer needs no other wiring.
//
// # Questions
//
// What a person passes is saved as "declined", or as what "skip" says; an
// option of that value is then taken as chosen, and so is an option "unknown"
// when they do not know. "limit" bounds several choices, "min" and "max" a
// number. "words: off" leaves the words that act everywhere to the question
// (danger, STOP and START are read all the same); such a question must lead to
// a hand-off. An option without a label is not listed, it is reached by its
// words, and stands after those that are; beside a commune no option is listed.
// A text says {commune}, or the name of any answer, only where every way leads
// through that answer. {topic} is what the options call the value of _topic.
//
// A library is checked as a whole, see Load: every fault of every file is told
// at once, with its place. flow.schema.json and texts.schema.json tell editors
// what may stand where.
//
// # What happens at run time
//
// A Flow is immutable. Enter, Answer, Skip, Undo and Silent move a Position
// and say what follows, as plain values; looplab/fsm holds the transition
// table and decides which state an edge leads to: conditions are judged
// outside, in the order of the file, then the one event of that edge is fired.
// "I did not understand" is not an error: the caller counts it in the position
// and asks again. A flow that cannot go on ends with a hand-off of reason
// "flow_fault".
package flows
