package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"strings"

	"relais/bot"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var static embed.FS

// templates holds each page together with the layout around it.
var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// layout is what every page has around it.
type layout struct {
	Title   string
	Service string       // the territory's name for the service
	Account *bot.Account // nil at the door
	Count   int          // conversations that wait for somebody
	Here    string       // "inbox" on the waiting list
}

// layout names the service; without a territory the pages still work.
func (c *Console) layout(r *http.Request, title string) layout {
	l := layout{Title: title}
	if t, err := c.Territory(r.Context()); err == nil {
		l.Service = t.Service
	}
	return l
}

// render writes a page, whole or not at all.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, view); err != nil {
		c.Log.Error("rendering a page", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "La page ne peut pas être affichée.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(page.Bytes())
	}
}

type problemView struct {
	Layout layout
	Text   string
}

// fail shows what went wrong, in words; the cause goes to the log.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.cause != nil {
		c.Log.Error("console", slog.String("route", r.Pattern), slog.Any("error", p.cause))
	}
	if p.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if errors.Is(err, errNotSignedIn) {
		http.SetCookie(w, c.cookie(""))
	}
	if wantsJSON(r) {
		writeJSON(w, p.status, reply{Why: strings.ToLower(http.StatusText(p.status)), Text: p.text})
		return
	}
	c.render(w, r, p.status, "problem.html", problemView{Layout: c.layout(r, "Un problème"), Text: p.text})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// staticFiles serves scripts and styles. Browsers ask each time whether theirs
// is still right: a new version is never mixed with an old page.
func staticFiles() http.Handler {
	entries, err := static.ReadDir("static")
	if err != nil {
		panic("console: " + err.Error()) // embedded: it is there
	}
	type file struct {
		body []byte
		etag string
	}
	files := map[string]file{}
	for _, entry := range entries {
		body, err := static.ReadFile(path.Join("static", entry.Name()))
		if err != nil {
			panic("console: " + err.Error())
		}
		sum := sha256.Sum256(body)
		files[entry.Name()] = file{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", f.etag)
		if r.Header.Get("If-None-Match") == f.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Write(f.body)
	})
}
