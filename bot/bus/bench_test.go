package bus_test

import (
	"fmt"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/test/redistest"
)

// BenchmarkRedis is what a call costs while Redis is there: Publish on the way
// of every turn, Take on that of every text at a pace, Allow on that of every
// chat message.
func BenchmarkRedis(b *testing.B) {
	r := running(b, redistest.Start(b), 1e5)
	topics := make([]string, 1000)
	for i := range topics {
		topics[i] = fmt.Sprint("conversation:", i)
	}
	b.Run("publish", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.Publish(topics[i%len(topics)], bot.Hint{N: int64(i)})
		}
	})
	b.Run("take", func(b *testing.B) {
		for b.Loop() {
			r.Take(b.Context(), "sender", bot.LaneReply, 1, time.Now())
		}
	})
	b.Run("allow, eight at once", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				r.Allow(b.Context(), "session", 1e5, 1e5, time.Now())
			}
		})
	})
}

// BenchmarkLocal is the same within one process.
func BenchmarkLocal(b *testing.B) {
	l := &bus.Local{Rate: 1e5}
	b.Run("publish", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.Publish("topic", bot.Hint{N: int64(i)})
		}
	})
	b.Run("take", func(b *testing.B) {
		for b.Loop() {
			l.Take(b.Context(), "sender", bot.LaneReply, 1, time.Now())
		}
	})
}
