package webchat_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"relais/bot"
	"relais/bot/bus"
	"relais/channels/webchat"
)

// frozen is a store that never answers.
type frozen struct{}

func (frozen) Session(ctx context.Context, _ bot.Address) (bot.Session, error) {
	<-ctx.Done()
	return bot.Session{}, ctx.Err()
}

func (frozen) History(ctx context.Context, _ bot.HistoryQuery) ([]bot.Line, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Whoever says hello while the store does not answer is told so before the page
// gives up, with the numbers to call; and whoever is in danger gets theirs.
func TestFrozenStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := webchat.New(webchat.Config{
			Store: frozen{}, Bus: &bus.Local{}, Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
			Danger: func(text, _ string) string { return map[bool]string{true: "3114"}[text == "danger"] },
		})
		request := httptest.NewRequest("POST", webchat.PollPath, strings.NewReader(`[{"type":"hello"},{"type":"say","id":"1","text":"danger"}]`))
		answer := httptest.NewRecorder()
		start := time.Now()
		server.ServePoll(answer, request)
		if took := time.Since(start); took >= 10*time.Second {
			t.Errorf("answered after %s: the page gives up after 10 s", took)
		}
		var frames []frame
		if err := json.Unmarshal(answer.Body.Bytes(), &frames); err != nil {
			t.Fatal(err)
		}
		if kinds(frames) != "error error" {
			t.Fatalf("answered %s", answer.Body)
		}
		if hello := frames[0]; hello.Code != "unavailable" || hello.ID != "" || !strings.Contains(hello.Text, "15, 17 ou 112, par SMS 114") {
			t.Errorf("the hello: %+v", hello)
		}
		if said := frames[1]; said.ID != "1" || said.Text != "3114" {
			t.Errorf("what was said: %+v", said)
		}
	})
}
