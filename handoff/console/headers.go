package console

import (
	"net/http"
	"strings"
)

// policy lets the console's own files act, and nothing else. A page never
// carries a script or a style of its own, and only the one place in live.js
// that reads a fetched page may make a document from text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types relais-console"

// guard sets the headers of every answer, and refuses what another site makes
// a browser send.
func (c *Console) guard(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Not "no-referrer": with it, browsers hide the Origin of our own forms.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Cookie")
		if c.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if err := protection.Check(r); err != nil || !fromConsole(r) {
			c.fail(w, r, errForeign)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fromConsole asks for proof that what writes comes from one of our pages.
// CrossOriginProtection lets requests pass that say nothing of where they come
// from; every browser says it, and nobody else has business here.
func fromConsole(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return site != "cross-site" || r.Header.Get("Sec-Fetch-Mode") == "navigate"
	case http.MethodPost:
		return site == "same-origin" || site == "" && r.Header.Get("Origin") != ""
	}
	return true // the mux knows no other method
}

// wantsJSON tells a script of ours from a form.
func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}
