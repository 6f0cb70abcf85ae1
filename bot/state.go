package bot

import (
	"errors"

	"relais/flows"
)

// A conversation is stored in the protobuf wire format, with the field numbers
// below: any tool reads it, an older program skips the fields of a newer one,
// and decoding costs a handful of allocations (encoding/json costs 93 for the
// same state, see ARCHITECTURE.md). A number is never used again for something
// else.

// ErrBadState is returned for bytes that no version of this program wrote.
var ErrBadState = errors.New("conversation state is not readable")

// AppendConversation appends the stored form of c to b. Version is not part
// of it: the row has its own.
func AppendConversation(b []byte, c *Conversation) []byte {
	b = putID(b, 1, c.ID)
	b = putID(b, 2, c.Person)
	b = putTime(b, 3, c.Created)
	b = putTime(b, 4, c.Heard)
	b = putString(b, 5, c.Lang)
	b = putInt(b, 6, c.N)
	b = putInt(b, 7, c.Asked)
	b = putMessage(b, 8, func(b []byte) []byte { return appendOwner(b, &c.Owner) })
	b = putInt(b, 9, c.Epoch)
	b = putBool(b, 10, c.Paused)
	b = putBool(b, 11, c.Known)
	for i := range c.Threads {
		b = putMessage(b, 12, func(b []byte) []byte { return appendThread(b, &c.Threads[i]) })
	}
	for i := range c.Frames {
		b = putMessage(b, 13, func(b []byte) []byte { return appendFrame(b, &c.Frames[i]) })
	}
	if c.HandOff != nil {
		b = putMessage(b, 14, func(b []byte) []byte { return appendHandOff(b, c.HandOff) })
	}
	for i := range c.Crisis {
		b = putMessage(b, 15, func(b []byte) []byte {
			return putTime(putString(b, 1, c.Crisis[i].Family), 2, c.Crisis[i].At)
		})
	}
	b = putMessage(b, 16, func(b []byte) []byte { return appendPace(b, &c.Pace) })
	b = putString(b, 17, c.Step)
	b = putInt(b, 18, int64(c.Booked))
	b = putBool(b, 19, c.Withheld)
	return putTime(b, 20, c.Watch)
}

// ParseConversation reads what AppendConversation wrote. The strings of the
// result share one copy of data.
func ParseConversation(data []byte) (Conversation, error) {
	var c Conversation
	r := reader{b: data, s: string(data)}
	for r.next() {
		switch r.field {
		case 1:
			c.ID = r.id()
		case 2:
			c.Person = r.id()
		case 3:
			c.Created = r.time()
		case 4:
			c.Heard = r.time()
		case 5:
			c.Lang = r.str
		case 6:
			c.N = r.int
		case 7:
			c.Asked = r.int
		case 8:
			c.Owner = parseOwner(r.message())
		case 9:
			c.Epoch = r.int
		case 10:
			c.Paused = r.int != 0
		case 11:
			c.Known = r.int != 0
		case 12:
			c.Threads = append(c.Threads, parseThread(r.message()))
		case 13:
			c.Frames = append(c.Frames, parseFrame(r.message()))
		case 14:
			h := parseHandOff(r.message())
			c.HandOff = &h
		case 15:
			c.Crisis = append(c.Crisis, parseCrisis(r.message()))
		case 16:
			c.Pace = parsePace(r.message())
		case 17:
			c.Step = r.str
		case 18:
			c.Booked = int(r.int)
		case 19:
			c.Withheld = r.int != 0
		case 20:
			c.Watch = r.time()
		}
	}
	if r.bad {
		return Conversation{}, ErrBadState
	}
	return c, nil
}

func appendOwner(b []byte, o *Owner) []byte {
	b = putString(b, 1, string(o.Kind))
	b = putString(b, 2, o.Organisation)
	b = putString(b, 3, o.Team)
	b = putString(b, 4, o.Adviser)
	return putString(b, 5, o.Name)
}

func parseOwner(r *reader) (o Owner) {
	for r.next() {
		switch r.field {
		case 1:
			o.Kind = OwnerKind(r.str)
		case 2:
			o.Organisation = r.str
		case 3:
			o.Team = r.str
		case 4:
			o.Adviser = r.str
		case 5:
			o.Name = r.str
		}
	}
	return o
}

func appendThread(b []byte, t *Thread) []byte {
	b = putID(b, 1, t.ID)
	b = putString(b, 2, string(t.Channel))
	b = putInt(b, 3, t.Seq)
	b = putBool(b, 4, t.OptedOut)
	b = putString(b, 5, t.Own)
	return putTime(b, 6, t.HeardAt)
}

func parseThread(r *reader) (t Thread) {
	for r.next() {
		switch r.field {
		case 1:
			t.ID = r.id()
		case 2:
			t.Channel = Channel(r.str)
		case 3:
			t.Seq = r.int
		case 4:
			t.OptedOut = r.int != 0
		case 5:
			t.Own = r.str
		case 6:
			t.HeardAt = r.time()
		}
	}
	return t
}

func appendFrame(b []byte, f *Frame) []byte {
	b = putString(b, 1, f.Flow)
	b = putString(b, 2, f.Hash)
	b = putMessage(b, 3, func(b []byte) []byte { return appendPosition(b, &f.At) })
	b = putString(b, 4, f.Subject)
	b = putInt(b, 5, f.Asked)
	b = putTime(b, 6, f.AskedAt)
	return putInt(b, 7, f.Line)
}

func parseFrame(r *reader) (f Frame) {
	for r.next() {
		switch r.field {
		case 1:
			f.Flow = r.str
		case 2:
			f.Hash = r.str
		case 3:
			f.At = parsePosition(r.message())
		case 4:
			f.Subject = r.str
		case 5:
			f.Asked = r.int
		case 6:
			f.AskedAt = r.time()
		case 7:
			f.Line = r.int
		}
	}
	return f
}

func appendPosition(b []byte, p *flows.Position) []byte {
	b = putString(b, 1, p.State)
	for i := range p.Vars {
		b = putMessage(b, 2, func(b []byte) []byte {
			b = putString(b, 1, p.Vars[i].Name)
			for _, value := range p.Vars[i].Values {
				b = putText(b, 2, value)
			}
			return b
		})
	}
	for i := range p.Trail {
		b = putMessage(b, 3, func(b []byte) []byte {
			b = putString(b, 1, p.Trail[i].State)
			b = putInt(b, 2, int64(p.Trail[i].Known))
			return putString(b, 3, p.Trail[i].Back)
		})
	}
	b = putString(b, 4, p.Back)
	return putInt(b, 5, int64(p.Misses))
}

func parsePosition(r *reader) (p flows.Position) {
	// Two allocations for the logs instead of one per growth.
	p.Vars = make(flows.Vars, 0, r.count(2))
	p.Trail = make([]flows.Step, 0, r.count(3))
	values := make([]string, 0, 2*cap(p.Vars)) // one backing array for the values of all variables
	for r.next() {
		switch r.field {
		case 1:
			p.State = r.str
		case 2:
			var v flows.Var
			from := len(values)
			for m := r.message(); m.next(); {
				switch m.field {
				case 1:
					v.Name = m.str
				case 2:
					values = append(values, m.str)
				}
			}
			v.Values = values[from:len(values):len(values)]
			p.Vars = append(p.Vars, v)
		case 3:
			var s flows.Step
			for m := r.message(); m.next(); {
				switch m.field {
				case 1:
					s.State = m.str
				case 2:
					s.Known = int(m.int)
				case 3:
					s.Back = m.str
				}
			}
			p.Trail = append(p.Trail, s)
		case 4:
			p.Back = r.str
		case 5:
			p.Misses = int(r.int)
		}
	}
	return p
}

func appendHandOff(b []byte, h *HandOff) []byte {
	b = putID(b, 1, h.ID)
	b = putString(b, 2, string(h.State))
	b = putString(b, 3, h.Organisation)
	b = putString(b, 4, h.Team)
	b = putString(b, 5, h.Reason)
	b = putBool(b, 6, h.Urgent)
	b = putString(b, 7, string(h.AskedBy))
	b = putString(b, 8, h.Flow)
	b = putString(b, 9, h.Step)
	b = putTime(b, 10, h.Since)
	b = putTime(b, 11, h.Deadline)
	b = putInt(b, 12, int64(h.Missed))
	b = putTime(b, 13, h.Waiting)
	b = putBool(b, 14, h.Acknowledged)
	b = putInt(b, 15, int64(h.Alerts))
	return putInt(b, 16, h.Asked)
}

func parseHandOff(r *reader) (h HandOff) {
	for r.next() {
		switch r.field {
		case 1:
			h.ID = r.id()
		case 2:
			h.State = HandOffState(r.str)
		case 3:
			h.Organisation = r.str
		case 4:
			h.Team = r.str
		case 5:
			h.Reason = r.str
		case 6:
			h.Urgent = r.int != 0
		case 7:
			h.AskedBy = From(r.str)
		case 8:
			h.Flow = r.str
		case 9:
			h.Step = r.str
		case 10:
			h.Since = r.time()
		case 11:
			h.Deadline = r.time()
		case 12:
			h.Missed = int(r.int)
		case 13:
			h.Waiting = r.time()
		case 14:
			h.Acknowledged = r.int != 0
		case 15:
			h.Alerts = int(r.int)
		case 16:
			h.Asked = r.int
		}
	}
	return h
}

func parseCrisis(r *reader) (s CrisisSent) {
	for r.next() {
		switch r.field {
		case 1:
			s.Family = r.str
		case 2:
			s.At = r.time()
		}
	}
	return s
}

func appendPace(b []byte, p *Pace) []byte {
	for _, at := range p.Stalls {
		b = putInt(b, 1, at)
	}
	b = putTime(b, 2, p.Minute)
	b = putInt(b, 3, int64(p.Count))
	return putBool(b, 4, p.Parked)
}

func parsePace(r *reader) (p Pace) {
	for r.next() {
		switch r.field {
		case 1:
			p.Stalls = append(p.Stalls, r.int)
		case 2:
			p.Minute = r.time()
		case 3:
			p.Count = int(r.int)
		case 4:
			p.Parked = r.int != 0
		}
	}
	return p
}
