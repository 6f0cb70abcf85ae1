package engine

import (
	"fmt"
	"slices"

	"relais/bot"
)

// outcome is what a turn's effects amount to.
type outcome struct {
	commit  *bot.Commit
	refused *bot.Refuse
	seq     int64
	pages   []bot.Text
}

// carryOut turns effects into the rows of one commit. It is the one place that
// knows them all.
func carryOut(next bot.Conversation, effects []bot.Effect, w bot.World) outcome {
	c := &bot.Commit{At: w.Now, Conversation: &next, Lines: make([]bot.Line, 0, lines(effects))}
	out := outcome{commit: c}
	for _, effect := range effects {
		switch x := effect.(type) {
		case bot.Say:
			c.Lines = append(c.Lines, x.Line)
			if x.Line.From == bot.FromPerson {
				out.seq = x.Line.Seq
			}
		case bot.Schedule:
			plan(c, x.Job)
		case bot.Forget:
			forget(c, x.Key)
		case bot.Record:
			c.Answers = append(c.Answers, x.Answer)
		case bot.Withdraw:
			c.Withdrawn = append(c.Withdrawn, x.Key)
		case bot.Share:
			c.Share = true
		case bot.Hand:
			c.HandOffs = append(c.HandOffs, x)
		case bot.OptOut:
			c.OptOuts = append(c.OptOuts, x)
		case bot.OptIn:
			c.OptIns = append(c.OptIns, x)
		case bot.Cancel:
			c.Cancels = append(c.Cancels, x)
		case bot.Book:
			c.Booked = append(c.Booked, x.Appointment)
		case bot.Task:
			c.Items = append(c.Items, x.Item)
		case bot.Settle:
			c.Settled = append(c.Settled, x)
		case bot.Audit:
			c.Audit = append(c.Audit, x.Entry)
		case bot.Guard:
			c.Guards = append(c.Guards, x)
		case bot.Page:
			out.pages = append(out.pages, x.Text)
		case bot.Refuse:
			out.refused = &x
		default:
			panic(fmt.Sprintf("engine: effect %T has nobody to carry it out", effect))
		}
	}
	return out
}

// lines counts those among some effects.
func lines(effects []bot.Effect) (n int) {
	for _, effect := range effects {
		if _, ok := effect.(bot.Say); ok {
			n++
		}
	}
	return n
}

// plan and forget keep the last word on each job key: a turn may forget a job
// and plan it again, or the other way round. A job planned twice keeps the more
// pressing lane.
func plan(c *bot.Commit, job bot.Job) {
	c.Forget = slices.DeleteFunc(c.Forget, func(key string) bool { return key == job.Key })
	for i := range c.Schedule {
		if c.Schedule[i].Key == job.Key {
			job.Lane = min(job.Lane, c.Schedule[i].Lane)
			c.Schedule[i] = job
			return
		}
	}
	c.Schedule = append(c.Schedule, job)
}

func forget(c *bot.Commit, key string) {
	c.Schedule = slices.DeleteFunc(c.Schedule, func(job bot.Job) bool { return job.Key == key })
	if !slices.Contains(c.Forget, key) {
		c.Forget = append(c.Forget, key)
	}
}
