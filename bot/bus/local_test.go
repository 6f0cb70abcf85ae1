package bus_test

import (
	"testing"

	"relais/bot"
	"relais/bot/bus"
)

func TestLocal(t *testing.T) {
	var b bus.Local
	heard := map[string]int{}
	listen := func(name, topic string) func() {
		return b.Subscribe(topic, func(bot.Hint) { heard[name]++ })
	}
	leave := listen("a1", "a")
	listen("a2", "a")
	listen("b", "b")

	b.Publish("a", bot.Hint{N: 1})
	leave()
	leave() // twice is once
	b.Publish("a", bot.Hint{N: 2})
	b.Publish("nobody", bot.Hint{})
	b.PublishAll()

	for name, want := range map[string]int{"a1": 1, "a2": 3, "b": 1} {
		if heard[name] != want {
			t.Errorf("%s heard %d hints, want %d", name, heard[name], want)
		}
	}
}

func TestAWatcherMayLeaveWhileItIsTold(t *testing.T) {
	var b bus.Local
	var leave func()
	told := 0
	leave = b.Subscribe("a", func(bot.Hint) { told++; leave() })
	b.Publish("a", bot.Hint{})
	b.Publish("a", bot.Hint{})
	if told != 1 {
		t.Errorf("told %d times after it left, want once", told)
	}
}
