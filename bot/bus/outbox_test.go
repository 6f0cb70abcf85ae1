package bus

import (
	"encoding/binary"
	"slices"
	"testing"

	"relais/bot"
)

func about(topic uint64, n int64) hint {
	h := hint{Hint: bot.Hint{N: n}}
	binary.BigEndian.PutUint64(h.topic[:], topic)
	return h
}

func TestALaterHintReplacesAnEarlierOne(t *testing.T) {
	o := outbox{wake: make(chan struct{}, 1)}
	for _, h := range []hint{about(1, 1), about(2, 1), about(1, 2), about(1, 3)} {
		if n := o.add(h); n != 0 {
			t.Errorf("%d hints were dropped", n)
		}
	}
	batch, _ := o.take()
	if want := []hint{about(1, 3), about(2, 1)}; !slices.Equal(batch, want) {
		t.Errorf("batch %v, want %v", batch, want)
	}
	if batch, everything := o.take(); batch != nil || everything {
		t.Errorf("an empty outbox gives %v, %t", batch, everything)
	}
}

// What did not fit is made up for by one hint about everything, after the rest.
func TestAFullOutboxOwesEverything(t *testing.T) {
	o := outbox{wake: make(chan struct{}, 1)}
	var dropped int64
	for i := range uint64(outboxSize + 10) {
		dropped += o.add(about(i, 1))
	}
	if dropped != 10 {
		t.Errorf("%d hints were dropped, want 10", dropped)
	}
	var left []hint
	for {
		batch, everything := o.take()
		if len(batch) > batchSize {
			t.Fatalf("%d hints in one message", len(batch))
		}
		if len(batch) == 0 {
			if !everything {
				t.Error("nobody is told of what was dropped")
			}
			break
		}
		left = append(left, batch...)
	}
	if len(left) != outboxSize || left[0] != about(10, 1) {
		t.Errorf("%d hints left, from %v: want the latest %d", len(left), left[0], outboxSize)
	}
	if _, everything := o.take(); everything {
		t.Error("everything is told twice")
	}
	o.add(about(1, 1))
	if n := o.drop(); n != 1 {
		t.Errorf("%d hints were dropped, want 1", n)
	}
	if _, everything := o.take(); !everything {
		t.Error("nobody is told of what could not leave")
	}
}

func FuzzMessage(f *testing.F) {
	f.Add(encode([selfSize]byte{1}, nil))
	f.Add(encode([selfSize]byte{1}, []hint{about(1, 2), about(1<<60, -1)}))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, data []byte) {
		from, batch, ok := decode(data)
		if !ok {
			return
		}
		if again := encode(from, batch); !slices.Equal(again, data) {
			t.Errorf("%x is read as %x", data, again)
		}
	})
}
