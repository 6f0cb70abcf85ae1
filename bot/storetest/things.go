package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"relais/bot"
)

// fill gives a turn things of up to five kinds.
func (p *play) fill(rt *rapid.T, k int, turn *bot.Commit) {
	things := []func(*rapid.T, int, *bot.Commit){
		p.says, p.answers, p.withdraws, p.queues, p.claims, p.closes, p.books, p.tasks, p.settles, p.refuses,
		p.cancels, p.marks, p.begins, p.guards, p.plans, p.errand, p.opensPage, p.writesDown,
	}
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(things)-1), 0, 5, rapid.ID).Draw(rt, "things") {
		things[i](rt, k, turn)
	}
}

// says adds lines of all sorts.
func (p *play) says(rt *rapid.T, _ int, turn *bot.Commit) {
	c := turn.Conversation
	for range rapid.IntRange(1, 3).Draw(rt, "lines") {
		l := bot.Line{
			From:     rapid.SampledFrom([]bot.From{bot.FromPerson, bot.FromAssistant, bot.FromAdviser, bot.FromSystem}).Draw(rt, "from"),
			Text:     rapid.SampledFrom([]bot.Text{"texte", "", "é\x00\xff", "une ligne\net une autre"}).Draw(rt, "text"),
			Audience: rapid.SampledFrom([]bot.Audience{bot.ForAll, bot.ForNote, bot.ForOrganisation("a"), bot.ForOrganisation("b")}).Draw(rt, "audience"),
			Class:    rapid.SampledFrom([]string{"reply", "crisis", "opt_out", "reminder"}).Draw(rt, "class"),
			Lane:     bot.Lane(rapid.IntRange(0, 3).Draw(rt, "lane")),
			Thread:   rapid.SampledFrom(c.Threads).Draw(rt, "thread").ID,
			Key:      turn.Event, Epoch: c.Epoch,
		}
		if l.From == bot.FromAdviser {
			l.Adviser, l.Name = "ad-a", "Samira"
		}
		if l.Audience == bot.ForAll && l.From != bot.FromPerson {
			l.Delivery, l.Segments = bot.Pending, 1
			l.Choices = []bot.Choice{{Value: "1", Label: "Oui"}, {Value: "2", Label: "Non"}}[:rapid.IntRange(0, 2).Draw(rt, "choices")]
		}
		say(turn, l)
		turn.Lines[len(turn.Lines)-1].At = p.now
	}
}

func (p *play) answerKey(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"commune", "naissance"}).Draw(rt, "question")
}

func (p *play) answers(rt *rapid.T, _ int, turn *bot.Commit) {
	for range rapid.IntRange(1, 3).Draw(rt, "answers") {
		turn.Answers = append(turn.Answers, bot.Answer{
			Key:    p.answerKey(rt),
			Values: rapid.SliceOfN(rapid.SampledFrom([]string{"25056", "oui", `a"b\c,{}`}), 0, 2).Draw(rt, "values"),
			Codes:  rapid.SliceOfN(rapid.SampledFrom([]string{"N1", `a"b\c,{}`, ""}), 0, 2).Draw(rt, "codes"),
			Words:  "à Besançon", By: bot.SMS, Flow: "prediagnostic@9f2c", Shared: rapid.Bool().Draw(rt, "shared"),
			At: p.now.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "µs")) * time.Microsecond),
		})
	}
	turn.Share = rapid.Bool().Draw(rt, "share")
}

func (p *play) withdraws(rt *rapid.T, _ int, turn *bot.Commit) {
	turn.Withdrawn = append(turn.Withdrawn, rapid.SampledFrom([]string{"commune", "naissance", ""}).Draw(rt, "withdrawn"))
}

// queues hands somebody to a team.
func (p *play) queues(rt *rapid.T, _ int, turn *bot.Commit) {
	c := turn.Conversation
	h := bot.HandOff{
		ID: p.h.id(), State: bot.HandOffOffered, Organisation: rapid.SampledFrom(organisations).Draw(rt, "organisation"), Team: "t",
		Reason: rapid.SampledFrom([]string{"housing", "crisis_suicide"}).Draw(rt, "reason"), Urgent: rapid.Bool().Draw(rt, "urgent"),
		AskedBy: bot.FromPerson, Flow: "prediagnostic", Step: "q02", Since: p.now, Alerts: 1, Asked: c.Asked,
	}
	if rapid.Bool().Draw(rt, "promise") {
		h.Deadline, h.Waiting = p.now.Add(time.Hour), p.now
	}
	c.Owner = bot.Owner{Kind: bot.Queue, Organisation: h.Organisation, Team: h.Team}
	c.HandOff, c.Epoch = &h, c.Epoch+1
	turn.HandOffs = append(turn.HandOffs, bot.Hand{HandOff: h})
}

// claims gives somebody who waits to an adviser.
func (p *play) claims(rt *rapid.T, _ int, turn *bot.Commit) {
	c := turn.Conversation
	if c.HandOff == nil {
		return
	}
	h := *c.HandOff
	h.State, h.Acknowledged, h.Waiting = bot.HandOffAccepted, true, time.Time{}
	adviser := viewer(h.Organisation).Adviser
	c.Owner = bot.Owner{Kind: bot.Adviser, Organisation: h.Organisation, Team: h.Team, Adviser: adviser, Name: "Samira"}
	c.HandOff, c.Epoch = &h, c.Epoch+1
	turn.HandOffs = append(turn.HandOffs, bot.Hand{HandOff: h, Adviser: adviser})
}

// closes ends a hand-off.
func (p *play) closes(rt *rapid.T, _ int, turn *bot.Commit) {
	c := turn.Conversation
	if c.HandOff == nil {
		return
	}
	h := *c.HandOff
	h.State = bot.HandOffClosed
	c.Owner, c.HandOff, c.Epoch = bot.Owner{Kind: bot.Assistant}, nil, c.Epoch+1
	turn.HandOffs = append(turn.HandOffs, bot.Hand{HandOff: h, Adviser: viewer(h.Organisation).Adviser, Outcome: "done", Ended: p.now})
}

func (p *play) books(rt *rapid.T, _ int, turn *bot.Commit) {
	for range rapid.IntRange(1, 2).Draw(rt, "appointments") {
		a := booking(p.appointment(rapid.IntRange(0, 3).Draw(rt, "appointment")),
			p.now.Add(time.Duration(rapid.IntRange(-48, 48).Draw(rt, "in hours"))*time.Hour))
		a.Revision = rapid.IntRange(1, 9).Draw(rt, "revision")
		if rapid.Bool().Draw(rt, "nothing said") {
			a.Said, a.SaidAt, a.BookedAt = "", time.Time{}, time.Time{}
		}
		turn.Booked = append(turn.Booked, a)
	}
	turn.Conversation.Booked += len(turn.Booked)
}

// appointment is the id at their source of the appointments of this life.
func (p *play) appointment(i int) string { return fmt.Sprintf("%d-%d", p.life, i) }

func (p *play) tasks(rt *rapid.T, _ int, turn *bot.Commit) {
	i := bot.Item{
		ID: p.h.id(), Conversation: turn.Conversation.ID, Kind: "call", Organisation: rapid.SampledFrom(organisations).Draw(rt, "organisation"),
		Team: "t", Subject: "csv|1|p1", Reason: "?", Text: "rappelez-moi", At: p.now,
	}
	if rapid.Bool().Draw(rt, "deadline") {
		i.Deadline = p.now.Add(time.Hour)
	}
	p.items = append(p.items, i.ID)
	turn.Items = append(turn.Items, i)
}

func (p *play) settles(rt *rapid.T, _ int, turn *bot.Commit) {
	if len(p.items) == 0 {
		return
	}
	turn.Settled = append(turn.Settled, bot.Settle{
		Item: rapid.SampledFrom(p.items).Draw(rt, "item"), Organisation: rapid.SampledFrom(organisations).Draw(rt, "organisation"), By: "ad-a",
	})
}

// refuses ends the texts to an address, or lets them begin again.
func (p *play) refuses(rt *rapid.T, _ int, turn *bot.Commit) {
	th := rapid.SampledFrom(turn.Conversation.Threads).Draw(rt, "thread")
	if rapid.Bool().Draw(rt, "again") {
		turn.OptIns = append(turn.OptIns, bot.OptIn{Thread: th.ID, At: p.now})
		return
	}
	turn.OptOuts = append(turn.OptOuts, bot.OptOut{Thread: th.ID, At: p.now, Proof: "STOP"})
}

func (p *play) cancels(rt *rapid.T, _ int, turn *bot.Commit) {
	c := bot.Cancel{Bot: rapid.Bool().Draw(rt, "of the assistant"), Class: rapid.SampledFrom([]string{"", "reply"}).Draw(rt, "class")}
	if rapid.Bool().Draw(rt, "on one thread") {
		c.Thread = rapid.SampledFrom(turn.Conversation.Threads).Draw(rt, "thread").ID
	}
	turn.Cancels = append(turn.Cancels, c)
}

func (p *play) mark(rt *rapid.T, conversation bot.ID) bot.Mark {
	return bot.Mark{
		Conversation: conversation, N: rapid.Int64Range(1, 12).Draw(rt, "line"),
		Delivery: bot.Delivery(rapid.IntRange(int(bot.Pending), int(bot.Cancelled)).Draw(rt, "rank")),
		Provider: rapid.SampledFrom([]string{"", "SM1", "SM2"}).Draw(rt, "provider"),
		Error:    rapid.SampledFrom([]int{0, 30003}).Draw(rt, "error"), Segments: rapid.IntRange(0, 2).Draw(rt, "segments"),
	}
}

func (p *play) marks(rt *rapid.T, _ int, turn *bot.Commit) {
	for range rapid.IntRange(1, 3).Draw(rt, "marks") {
		turn.Marks = append(turn.Marks, p.mark(rt, turn.Conversation.ID))
	}
}

func (p *play) begins(rt *rapid.T, _ int, turn *bot.Commit) {
	turn.Begin = &bot.Begin{Thread: rapid.SampledFrom(turn.Conversation.Threads).Draw(rt, "thread").ID}
}

func (p *play) guards(rt *rapid.T, _ int, turn *bot.Commit) {
	turn.Guards = append(turn.Guards, bot.Guard{Kind: bot.GuardAdviser, Key: "ad-a", Want: rapid.Int64Range(0, 1).Draw(rt, "active")})
}

// plans plans the job that sends what waits, at times after it was forgotten.
func (p *play) plans(rt *rapid.T, k int, turn *bot.Commit) {
	if len(turn.Schedule) > 0 {
		return
	}
	if rapid.Bool().Draw(rt, "forget") {
		turn.Forget = append(turn.Forget, p.delivery(k))
	}
	j := p.deliverJob(rt, k, turn)
	p.bear(rt, &j)
	turn.Schedule = append(turn.Schedule, j)
}

func (p *play) deliverJob(rt *rapid.T, k int, turn *bot.Commit) bot.Job {
	return bot.Job{
		Key: p.delivery(k), Kind: bot.JobDeliver, Lane: bot.LaneReply, Due: p.in(rapid.IntRange(-5, 5).Draw(rt, "in")),
		Conversation: turn.Conversation.ID, Thread: turn.Conversation.Threads[0].ID, Subject: "s", Revision: 1,
	}
}

// errand takes the delivery up with the turn itself.
func (p *play) errand(rt *rapid.T, k int, turn *bot.Commit) {
	if len(turn.Schedule) > 0 {
		return
	}
	j := p.deliverJob(rt, k, turn)
	p.dues++
	j.Token, j.Lease = 1<<61|int64(p.life)<<24|int64(p.dues), p.now.Add(10*time.Second)
	turn.Schedule = append(turn.Schedule, j)
	turn.Errand = &bot.Errand{Key: j.Key}
	for _, l := range turn.Lines {
		if l.Delivery == bot.Pending && l.Thread == j.Thread && rapid.Bool().Draw(rt, "with a line") {
			turn.Errand.N = l.N
		}
	}
}

// opensPage gives somebody a second address.
func (p *play) opensPage(rt *rapid.T, k int, turn *bot.Commit) {
	c := turn.Conversation
	if len(c.Threads) > 1 {
		return
	}
	thread := bot.Thread{ID: p.h.id(), Channel: bot.Web, Own: "", HeardAt: p.now}
	a := bot.Address{Channel: bot.Web, Value: fmt.Sprintf("page-%d-%d", p.life, k)}
	c.Threads = append(c.Threads, thread)
	if turn.Addresses == nil {
		turn.Addresses = map[bot.ID]bot.Address{}
	}
	turn.Addresses[thread.ID] = a
	p.pages[k] = a
}

func (p *play) writesDown(rt *rapid.T, _ int, turn *bot.Commit) {
	turn.Conversation.Step = rapid.SampledFrom([]string{"", "prediagnostic/q02", "welcome/first"}).Draw(rt, "step")
	turn.Conversation.Lang = rapid.SampledFrom([]string{"fr", "ar"}).Draw(rt, "language")
	turn.Audit = append(turn.Audit, bot.AuditEntry{At: p.now, Actor: "system", Action: "x", Detail: "y"})
}
