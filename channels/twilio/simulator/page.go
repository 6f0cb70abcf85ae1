package simulator

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// PagePath is where [PageHandler] serves the phone.
const PagePath = "/demo/phone"

const (
	maxPageRequest = 16 << 10
	maxWatchers    = 64
	watchFor       = 25 * time.Second
	sendWithin     = 20 * time.Second // a webhook and its retries take 15 s at most
	pageCSP        = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

//go:embed page
var pageFiles embed.FS

// fictional are the numbers the page may speak for: 06 39 98 xx xx, which no
// real telephone has in France (Arcep keeps the range for works of fiction).
var fictional = regexp.MustCompile(`^\+3363998[0-9]{4}$`)

// PageConfig says what the phone page shows. Its zero value works.
type PageConfig struct {
	// Service is the name at the top of the conversation. Defaults to "Le service".
	Service string
	// Phones are the numbers offered, E.164. Defaults to three fictional ones.
	Phones []string
}

// PageHandler serves a phone at [PagePath], for demonstrations: its messages go
// through op like any other. It speaks for fictional numbers only, takes
// requests from its own origin only, and never puts a number or a text in a URL.
//
// POST PagePath/send takes {"phone","text"} and answers {"id"}. POST
// PagePath/thread takes {"phone","log","after","wait"} and answers
// {"log","rev","messages":[{"id","from","text","at","state","segments"}]}: the
// messages that changed since after, all of them when log is another one. With
// wait it waits up to 25 s for a change. from is person, service or operator;
// state is pending, sent, delivered or failed. A refusal is {"error"}, in French.
func PageHandler(op *Operator, config PageConfig) http.Handler {
	if config.Service == "" {
		config.Service = "Le service"
	}
	if len(config.Phones) == 0 {
		config.Phones = []string{"+33639980001", "+33639980002", "+33639980003"}
	}
	p := &phonePage{
		op: op, config: config, log: newSID(""),
		html:     template.Must(template.New("phone.html").Funcs(template.FuncMap{"spaced": spaced}).ParseFS(pageFiles, "page/phone.html")),
		watchers: make(chan struct{}, maxWatchers),
	}
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	assets := http.StripPrefix(PagePath+"/", http.FileServerFS(files))
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PagePath, p.show)
	mux.Handle("GET "+PagePath+"/phone.css", assets)
	mux.Handle("GET "+PagePath+"/phone.js", assets)
	mux.HandleFunc("POST "+PagePath+"/send", p.send)
	mux.HandleFunc("POST "+PagePath+"/thread", p.thread)
	return secured(http.NewCrossOriginProtection().Handler(mux))
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", pageCSP)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

type phonePage struct {
	op       *Operator
	config   PageConfig
	log      string // changes when the operator's memory starts anew
	html     *template.Template
	watchers chan struct{}
}

func (p *phonePage) show(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	err := p.html.Execute(w, map[string]any{
		"Service": p.config.Service, "Number": p.op.Number(), "Phones": p.config.Phones,
		"Path": PagePath, "MaxText": MaxText,
	})
	if err != nil {
		p.op.config.Log.Warn("phone page not shown", "err", err)
	}
}

func (p *phonePage) send(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Phone string `json:"phone"`
		Text  string `json:"text"`
	}
	if !readPageRequest(w, r, &wanted) {
		return
	}
	phone, ok := p.readFictional(w, wanted.Phone)
	if !ok {
		return
	}
	extendDeadline(w, sendWithin)
	// The message goes on when the page is closed, as on a phone.
	sid, status, err := p.op.Text(context.WithoutCancel(r.Context()), phone, wanted.Text)
	switch {
	case errors.Is(err, ErrText):
		pageError(w, http.StatusUnprocessableEntity, "Écrivez un message de 1 à 1600 caractères.")
	case err != nil || status != 0 && !answered2xx(status):
		pageError(w, http.StatusBadGateway, "Le service n'a pas pris le message. Réessayez dans un instant.")
	default:
		writeJSON(w, http.StatusOK, map[string]string{"id": sid})
	}
}

// bubble is a message as the page shows it.
type bubble struct {
	ID       string    `json:"id"`
	From     string    `json:"from"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
	State    string    `json:"state"`
	Segments int       `json:"segments"`
}

func (p *phonePage) thread(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Phone string `json:"phone"`
		Log   string `json:"log"`
		After uint64 `json:"after"`
		Wait  bool   `json:"wait"`
	}
	if !readPageRequest(w, r, &wanted) {
		return
	}
	phone, ok := p.readFictional(w, wanted.Phone)
	if !ok {
		return
	}
	if wanted.Log != p.log {
		wanted.After, wanted.Wait = 0, false
	}
	if wanted.Wait {
		extendDeadline(w, watchFor+sendWithin)
		p.watch(r.Context(), phone, wanted.After)
	}
	messages, rev := p.op.archive.thread(phone, wanted.After)
	bubbles := make([]bubble, len(messages))
	for i, m := range messages {
		bubbles[i] = bubble{m.SID, speaker(m), m.Body, m.Created, state(m), m.Segments}
	}
	writeJSON(w, http.StatusOK, map[string]any{"log": p.log, "rev": rev, "messages": bubbles})
}

// watch returns when the phone changed after rev, or after a while. When too
// many watch already it returns at once.
func (p *phonePage) watch(ctx context.Context, phone string, after uint64) {
	select {
	case p.watchers <- struct{}{}:
		defer func() { <-p.watchers }()
	default:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	// The end of the wait is an answer like another: nothing changed.
	_, _ = p.op.archive.wait(ctx, phone, func(_ []Message, rev uint64) bool { return rev > after })
}

func speaker(m Message) string {
	switch m.Direction {
	case Inbound:
		return "person"
	case AutoReply:
		return "operator"
	}
	return "service"
}

// state is what the page says of a message: a person's own text is delivered
// once the service has taken it.
func state(m Message) string {
	switch m.Status {
	case Receiving, Sent:
		return "sent"
	case Delivered:
		return "delivered"
	case Undelivered:
		return "failed"
	case Received:
		if answered2xx(m.Answer) {
			return "delivered"
		}
		return "failed"
	}
	return "pending"
}

// readPageRequest reads one JSON object of the page; when it cannot it has
// answered.
func readPageRequest(w http.ResponseWriter, r *http.Request, into any) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		pageError(w, http.StatusUnsupportedMediaType, "Requête illisible.")
		return false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPageRequest))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		pageError(w, http.StatusRequestEntityTooLarge, "Message trop long.")
		return false
	}
	if err != nil {
		pageError(w, http.StatusBadRequest, "Requête illisible.")
		return false
	}
	return true
}

// readFictional reads a number typed by a person and lets only fictional ones
// through.
func (p *phonePage) readFictional(w http.ResponseWriter, typed string) (string, bool) {
	number := strings.NewReplacer(" ", "", ".", "", "-", "", "\u00a0", "", "\u202f", "").Replace(typed)
	if national, ok := strings.CutPrefix(number, "0"); ok {
		number = "+33" + national
	}
	if !fictional.MatchString(number) || number == p.op.Number() {
		pageError(w, http.StatusUnprocessableEntity, "Cette démonstration n'utilise que des numéros fictifs : 06 39 98 et quatre chiffres.")
		return "", false
	}
	return number, true
}

func pageError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}

// extendDeadline gives a slow answer the time it needs on a server that limits
// the others; not every ResponseWriter knows how, and then nothing is limited.
func extendDeadline(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d))
}

// spaced writes a French number the way people read it: 06 39 98 00 01.
func spaced(number string) string {
	national, french := strings.CutPrefix(number, "+33")
	if !french || len(national) != 9 {
		return number
	}
	text := "0" + national[:1]
	for i := 1; i < len(national); i += 2 {
		text += " " + national[i:i+2]
	}
	return text
}
