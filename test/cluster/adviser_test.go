package cluster

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"relais/test/program"
)

const password = "un mot de passe assez long"

// adviser is somebody at the console of one instance.
type adviser struct {
	base     string
	client   *http.Client
	gestures int
	epoch    string

	mu    sync.Mutex
	hints int // that the console's live stream gave about the conversation
	heard time.Time
}

var (
	reference = regexp.MustCompile(`/console/c/([0-9a-f]{32})`)
	epochOf   = regexp.MustCompile(`name="epoch" value="(\d+)"`)
)

// hire adds an account, once for the cluster.
func (c *cluster) hire(t *testing.T) {
	t.Helper()
	path, err := program.Path()
	if err != nil {
		t.Fatal(err)
	}
	add := exec.Command(path, "advisers", "add", "--email", "samira@doubs.example", "--name", "Samira", "--team", "accueil")
	add.Env, add.Stdin = append(os.Environ(), c.env...), strings.NewReader(password+"\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("adding an adviser: %v: %s", err, out)
	}
}

// signIn opens the console of an instance.
func signIn(t *testing.T, address string) *adviser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &adviser{base: "http://" + address, client: &http.Client{Jar: jar}}
	if page := a.post(t, "/console/login", url.Values{"email": {"samira@doubs.example"}, "password": {password}}); page != http.StatusOK {
		t.Fatalf("signing in was answered %d", page)
	}
	return a
}

// get returns a page.
func (a *adviser) get(t *testing.T, path string) string {
	t.Helper()
	response, err := a.client.Get(a.base + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s was answered %d: %v", path, response.StatusCode, err)
	}
	return string(body)
}

// post sends a form as the page does, and returns the status of the answer.
func (a *adviser) post(t *testing.T, path string, form url.Values) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", a.base)
	response, err := a.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// waiting returns the conversations that wait, as the list shows them.
func (a *adviser) waiting(t *testing.T) []string {
	t.Helper()
	var ids []string
	for _, found := range reference.FindAllStringSubmatch(a.get(t, "/console/"), -1) {
		if !slices.Contains(ids, found[1]) {
			ids = append(ids, found[1])
		}
	}
	return ids
}

// claim takes a conversation.
func (a *adviser) claim(t *testing.T, id string) {
	t.Helper()
	if status := a.post(t, "/console/c/"+id+"/claim", url.Values{"id": {a.gesture()}}); status != http.StatusOK {
		t.Fatalf("claiming was answered %d", status)
	}
	found := epochOf.FindStringSubmatch(a.get(t, "/console/c/"+id))
	if found == nil {
		t.Fatal("the conversation is not the adviser's after all")
	}
	a.epoch = found[1]
}

// write replies in a conversation that is the adviser's.
func (a *adviser) write(t *testing.T, id, text string) {
	t.Helper()
	form := url.Values{"id": {a.gesture()}, "epoch": {a.epoch}, "text": {text}}
	if status := a.post(t, "/console/c/"+id+"/reply", form); status != http.StatusOK {
		t.Errorf("a reply was answered %d", status)
	}
}

func (a *adviser) gesture() string {
	a.gestures++
	return fmt.Sprintf("gesture-%08d-%d", a.gestures, time.Now().UnixNano())
}

// watch follows the live stream of a conversation until the test ends.
func (a *adviser) watch(t *testing.T, id string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.base+"/console/live?c="+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := a.client.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the live stream: %v, %v", response, err)
	}
	var reading sync.WaitGroup
	t.Cleanup(func() { response.Body.Close(); reading.Wait() })
	reading.Go(func() {
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if lines.Text() == "event: conversation" {
				a.mu.Lock()
				a.hints, a.heard = a.hints+1, time.Now()
				a.mu.Unlock()
			}
		}
	})
}

// heardSince tells when the stream last gave a hint, if it did after n of them.
func (a *adviser) heardSince(n int) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard, a.hints > n
}

func (a *adviser) hintsSoFar() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hints
}
