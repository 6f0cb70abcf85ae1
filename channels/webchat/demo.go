package webchat

import (
	"html/template"
	"log/slog"
	"net/http"
)

const (
	pageStylePath = "/chat/page.css"
	pageIconPath  = "/chat/icon.svg"
	pageCSP       = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

var (
	pageStyle = newAsset("text/css; charset=utf-8", "", "", "page/page.css")
	pageIcon  = newAsset("image/svg+xml", "", "", "page/icon.svg")
	pageHTML  = template.Must(template.ParseFS(files, "page/index.html"))
)

// PageConfig says what the public page shows.
type PageConfig struct {
	Service   string // the name people know, "Doubs Emploi"
	Territory string // "Département du Doubs"
	Tel       string // where a person answers; "" shows none
	Demo      bool   // links to the console
	Phone     bool   // and to the simulated phone, when there is one
}

// DemoPage serves a small public page with the chat, to show it or to begin with.
// Its own files are among those that Handler serves.
func (s *Server) DemoPage(config PageConfig) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", pageCSP)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		if err := pageHTML.Execute(w, config); err != nil {
			s.config.Log.WarnContext(r.Context(), "public page not shown", slog.Any("error", err))
		}
	})
}
