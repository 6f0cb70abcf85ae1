package webchat

import (
	"net/http"
	"net/url"
	"strings"
)

// allowed tells whether a request may speak for a page. No cookie is used, so
// that one without Origin, which is no page's, does no harm.
func (s *Server) allowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	origin := strings.ToLower(origins[0])
	if s.origins[origin] {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && strings.EqualFold(u.Host, r.Host)
}

// refuseOrigin answers a page that may not embed the chat.
func (s *Server) refuseOrigin(w http.ResponseWriter, r *http.Request) {
	s.config.Log.WarnContext(r.Context(), "chat refused to a page of another origin", "path", r.URL.Path)
	http.Error(w, "cette page n'est pas autorisée à ouvrir le chat", http.StatusForbidden)
}

// shareAnswer lets an allowed page of another origin read the answer.
func shareAnswer(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}
