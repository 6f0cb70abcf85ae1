package texting

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// phone is a service that takes every text and remembers who sent it.
type phone struct {
	mu    sync.Mutex
	from  map[string]int
	texts int
	stall chan struct{} // when set, the first text waits for it
}

func (p *phone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	p.mu.Lock()
	p.from[r.PostForm.Get("From")]++
	p.texts++
	stall := p.stall
	p.stall = nil
	p.mu.Unlock()
	if stall != nil {
		<-stall
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *phone) seen() (texts, people int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.texts, len(p.from)
}

func serve(t *testing.T, h http.Handler) Service {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s := service
	s.Address, s.Public = strings.TrimPrefix(server.URL, "http://"), server.URL
	return s
}

func TestClosedLoopTextsForEverybody(t *testing.T) {
	p := &phone{from: map[string]int{}}
	crowd := NewCrowd(0, 10)
	began, ended := false, false
	out, err := Closed{Service: serve(t, p), Crowd: crowd, Connections: 3, Warm: 20 * time.Millisecond, For: 100 * time.Millisecond,
		Begin: func() { began = true }, End: func() { ended = true }}.Run()
	if err != nil {
		t.Fatal(err)
	}
	texts, people := p.seen()
	if people != 10 || !began || !ended || out.Failures != 0 {
		t.Errorf("%d people texted, marks %v %v, %d failures: %v", people, began, ended, out.Failures, out.Fault)
	}
	if len(out.Delays) == 0 || len(out.Delays) > texts || crowd.Texts() != texts {
		t.Errorf("counted %d and %d of %d texts", len(out.Delays), crowd.Texts(), texts)
	}
	if !slices.IsSorted(out.Delays) {
		t.Error("delays are not sorted")
	}
}

func TestMeet(t *testing.T) {
	p := &phone{from: map[string]int{}}
	if err := Meet(serve(t, p), NewCrowd(5, 20), 32); err != nil {
		t.Fatal(err)
	}
	if texts, people := p.seen(); texts != 20*len(opening) || people != 20 {
		t.Errorf("%d texts of %d people, want what opens of each of 20", texts, people)
	}
}

// TestOpenLoopCountsFromWhenItWasDue: a service that stalls makes everybody
// wait, also those whose text could not even be sent.
func TestOpenLoopCountsFromWhenItWasDue(t *testing.T) {
	stall := make(chan struct{})
	p := &phone{from: map[string]int{}, stall: stall}
	time.AfterFunc(200*time.Millisecond, func() { close(stall) })
	out, err := Open{Service: serve(t, p), Crowd: NewCrowd(0, 50), Connections: 1, Rate: 100, For: 400 * time.Millisecond}.Run()
	if err != nil {
		t.Fatal(err)
	}
	if texts, _ := p.seen(); texts != 40 || len(out.Delays) != 40 {
		t.Errorf("%d texts, %d counted, want the 40 that were due", texts, len(out.Delays))
	}
	if median := Quantile(out.Delays, 0.25); Quantile(out.Delays, 1) < 190*time.Millisecond || Quantile(out.Delays, 0.75) < 50*time.Millisecond {
		t.Errorf("quarter %v, longest %v: the stall is not seen", median, Quantile(out.Delays, 1))
	}
	if out.Late < 15 {
		t.Errorf("%d texts begun late, want those of the stall", out.Late)
	}
}

func TestOpenLoopEndsEarly(t *testing.T) {
	over := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() { close(over) })
	p := &phone{from: map[string]int{}}
	began := time.Now()
	out, err := Open{Service: serve(t, p), Crowd: NewCrowd(0, 50), Connections: 4, Rate: 200, For: time.Hour, Until: over}.Run()
	if err != nil || time.Since(began) > 10*time.Second || len(out.Delays) == 0 {
		t.Errorf("%d texts in %v: %v", len(out.Delays), time.Since(began), err)
	}
}

// replies is a watcher whose replies come by hand.
type replies struct {
	mu    sync.Mutex
	count map[int]int
}

func (r *replies) Arrived(person int) (int, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count[person], time.Now()
}

// TestTextsComeNoFasterThanReplies: with nothing arriving, only as many texts
// as may be ahead are sent.
func TestTextsComeNoFasterThanReplies(t *testing.T) {
	p := &phone{from: map[string]int{}}
	r := &replies{count: map[int]int{}}
	time.AfterFunc(300*time.Millisecond, func() { // everything arrives in the end
		r.mu.Lock()
		defer r.mu.Unlock()
		for person := range 100 {
			r.count[person] = 1
		}
	})
	out, err := Closed{Service: serve(t, p), Crowd: NewCrowd(0, 100), Connections: 2, For: 100 * time.Millisecond, Watcher: r, Ahead: 10}.Run()
	if err != nil {
		t.Fatal(err)
	}
	if texts, _ := p.seen(); texts != 10 {
		t.Errorf("%d texts went ahead of their replies, want 10", texts)
	}
	if out.Arrived != 0 || out.Silent != 0 || out.Drain <= 0 {
		t.Errorf("arrived %d, silent %d, drain %v: want none in time, none silent, a drain", out.Arrived, out.Silent, out.Drain)
	}
}

func TestRefusedTextsAreCounted(t *testing.T) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	out, err := Closed{Service: serve(t, refuse), Crowd: NewCrowd(0, 4), Connections: 2, For: 10 * time.Second}.Run()
	if err == nil || out.Failures != 2*tooMany {
		t.Errorf("%d failures, error %v: want two connections that gave up", out.Failures, err)
	}
}

// TestDialogueGoesRound: after the opening the questions come again and again,
// for some after fewer answers than for others.
func TestDialogueGoesRound(t *testing.T) {
	c := NewCrowd(0, len(laps))
	for i, lap := range laps {
		var said []string
		for range len(opening) + 2*(lap+1) {
			said = append(said, c.next(i))
		}
		round := slices.Concat(answers[:lap], []string{restart})
		if !slices.Equal(said, slices.Concat(opening, round, round)) {
			t.Errorf("person %d said %q", i, said)
		}
		if again := c.Again(); again.next(i) != answers[0] {
			t.Error("a copy of the crowd has lost its place")
		}
	}
}
