package bot

import "fmt"

// Before is the number of the conversation's last line before the turn's own.
func (c *Commit) Before() int64 { return c.Conversation.N - int64(len(c.Lines)) }

// Numbered checks that the lines of a turn end where its conversation and its
// threads say, and follow each other without gap. With the version, that keeps
// a whole log without gap.
func (c *Commit) Numbered() error {
	if before := c.Before(); c.Conversation.Version == 0 && before != 0 {
		return fmt.Errorf("a new conversation begins with line %d", before+1)
	}
	left := make(map[ID]int64, 2)
	for i := len(c.Lines) - 1; i >= 0; i-- {
		l := &c.Lines[i]
		if want := c.Conversation.N - int64(len(c.Lines)-1-i); l.N != want {
			return fmt.Errorf("line %d stands where line %d of the conversation belongs", l.N, want)
		}
		th := c.Conversation.Thread(l.Thread)
		if l.Seq == 0 || th == nil {
			continue
		}
		if want := th.Seq - left[th.ID]; l.Seq != want {
			return fmt.Errorf("line %d has number %d of its thread instead of %d", l.N, l.Seq, want)
		}
		left[th.ID]++
	}
	return nil
}
