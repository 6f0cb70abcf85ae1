package bus_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/test/redistest"
)

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		url string
		ok  bool
	}{
		{"redis://localhost:6379", true},
		{"redis://user:password@redis.example.fr/3", true},
		{"rediss://redis.example.fr:6380", true},
		{"unix:///run/redis.sock", true},
		{"", false},
		{"localhost:6379", false},
		{"redis://", false},
		{"unix://", false},
		{"http://localhost", false},
		{"redis://localhost/three", false},
		{"redis://:secret@localhost:port", false},
	} {
		b, err := bus.Open(bus.Config{URL: c.url, Key: key})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, bus.ErrURL) {
			t.Errorf("open %q: %v", c.url, err)
		}
		if b != nil {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := b.Run(ended); err != nil {
				t.Errorf("run and stop: %v", err)
			}
		}
	}
	if _, err := bus.Open(bus.Config{URL: "redis://localhost", Key: []byte("short")}); err == nil {
		t.Error("a short key is taken")
	}
}

// Nothing that Redis is told holds a number, an address or a name.
func TestNothingIsToldInClear(t *testing.T) {
	server := redistest.Start(t)
	told := monitor(t, server)
	a, b := running(t, server, 1), running(t, server, 1)
	canaries := []string{"+33639980001", "639980001", "192.0.2.77", "samira@exemple.fr", "0123456789abcdef", "departement"}
	far := listen(b, bot.AddressTopic(bot.Address{Channel: bot.SMS, Value: canaries[0]}))
	now := time.Now()
	a.Take(t.Context(), canaries[0], bot.LaneReply, 1, now)
	a.Allow(t.Context(), "hello:"+canaries[2], 1, 10, now)
	a.Allow(t.Context(), "account:"+canaries[3], 1, 10, now)
	a.Here(t.Context(), canaries[5], canaries[4], now)
	a.Publish(bot.OrganisationTopic(canaries[5]), bot.Hint{N: 1})
	a.Publish(bot.AddressTopic(bot.Address{Channel: bot.SMS, Value: canaries[0]}), bot.Hint{N: 2})
	far.until(t, bot.Hint{N: 2})
	if err := server.Client().Set(t.Context(), "the end", "", 0).Err(); err != nil {
		t.Fatal(err)
	}
	commands := 0
	for late := time.After(patience); ; {
		select {
		case line := <-told:
			for _, canary := range canaries {
				if strings.Contains(line, canary) {
					t.Errorf("Redis was told %s", line)
				}
			}
			if strings.Contains(line, "the end") {
				if commands < 5 {
					t.Errorf("only %d commands were seen", commands)
				}
				return
			}
			commands++
		case <-late:
			t.Fatal("the end did not come")
		}
	}
}

// monitor gives every command that a server gets.
func monitor(t *testing.T, server *redistest.Server) <-chan string {
	t.Helper()
	conn, err := net.Dial("unix", strings.TrimPrefix(server.URL(), "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || line != "+OK\r\n" {
		t.Fatalf("monitor: %q, %v", line, err)
	}
	lines := make(chan string, 10_000)
	go func() {
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	return lines
}

// Two deployments on one Redis do not hear one another, nor share a pace.
func TestAnotherKeyIsAnotherBus(t *testing.T) {
	server := redistest.Start(t)
	ours := running(t, server, 1)
	theirs, err := bus.Open(bus.Config{URL: server.URL(), Key: []byte("another key, as long as ours is"), Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- theirs.Run(ctx) }()
	defer func() { stop(); <-ended }()
	await(t, theirs, true)
	other := running(t, server, 1)
	ear, friend := listen(theirs, "topic"), listen(other, "topic")
	ours.Publish("topic", bot.Hint{N: 1})
	friend.until(t, bot.Hint{N: 1})
	if n := len(ear.hints); n != 0 {
		t.Errorf("another deployment heard %d hints", n)
	}
	now := time.Now()
	if ours.Take(t.Context(), "sender", bot.LaneReply, 5, now) != 0 || theirs.Take(t.Context(), "sender", bot.LaneReply, 5, now) != 0 {
		t.Error("two deployments share a pace")
	}
}

// Hints for the same topic that come faster than Redis takes them are joined;
// the receiver still gets the last one.
func TestHintsAreJoined(t *testing.T) {
	server := redistest.Start(t)
	a, b := running(t, server, 0), running(t, server, 0)
	far := listen(b, "topic")
	const n = 50_000
	for i := range int64(n) {
		a.Publish("topic", bot.Hint{N: i + 1})
	}
	far.until(t, bot.Hint{N: n})
	if sent := a.Counts().Sent.Load(); sent >= n {
		t.Errorf("%d hints were sent of %d", sent, n)
	}
}
