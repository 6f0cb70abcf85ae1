package simulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

const (
	apiVersion  = "2010-04-01"
	maxFormSize = 64 << 10
)

// Handler serves the operator's Messages API under /2010-04-01/Accounts/{sid}/.
func (o *Operator) Handler() http.Handler {
	mux := http.NewServeMux()
	account := "/" + apiVersion + "/Accounts/{account}/"
	mux.HandleFunc("POST "+account+"Messages.json", o.create)
	mux.HandleFunc("GET "+account+"Messages.json", o.faultyRead(o.list))
	mux.HandleFunc("GET "+account+"Messages/{file}", o.faultyRead(o.fetch))
	mux.HandleFunc("POST "+account+"Messages/{file}", o.redact)
	mux.HandleFunc("DELETE "+account+"Messages/{file}", o.remove)
	mux.HandleFunc("GET "+account+"IncomingPhoneNumbers.json", o.faultyRead(o.numbers))
	mux.HandleFunc(account+"Messages.json", refuse(errMethod))
	mux.HandleFunc(account+"Messages/{file}", refuse(errMethod))
	mux.HandleFunc("/", refuse(errNotFound))
	return o.authenticated(mux)
}

func refuse(e *apiError) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeError(w, e) }
}

// authenticated lets the account's own credentials in, for its own resources.
func (o *Operator) authenticated(next http.Handler) http.Handler {
	own := "/" + apiVersion + "/Accounts/" + o.config.AccountSID + "/"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if !o.knows(user, password) {
			writeError(w, errAuthenticate)
			return
		}
		if !strings.HasPrefix(r.URL.Path, own) {
			writeError(w, errNotFound)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxFormSize)
		next.ServeHTTP(w, r)
	})
}

func (o *Operator) knows(user, password string) bool {
	token := same(user, o.config.AccountSID) & same(password, o.config.AuthToken)
	key := same(user, o.config.APIKey) & same(password, o.config.APISecret)
	return token == 1 || o.config.APIKey != "" && o.config.APISecret != "" && key == 1
}

// same compares in a time that tells nothing, not even the length.
func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

func (o *Operator) fetch(w http.ResponseWriter, r *http.Request) {
	rec, ok := o.requested(r)
	if !ok {
		writeError(w, errNotFound)
		return
	}
	writeJSON(w, http.StatusOK, o.resource(rec))
}

// redact empties the operator's record; the phone keeps its copy.
func (o *Operator) redact(w http.ResponseWriter, r *http.Request) {
	rec, ok := o.requested(r)
	if !ok {
		writeError(w, errNotFound)
		return
	}
	if err := r.ParseForm(); err != nil {
		writeError(w, errForm)
		return
	}
	if !r.PostForm.Has("Body") || r.PostForm.Get("Body") != "" || len(r.PostForm) != 1 {
		writeError(w, errUpdate)
		return
	}
	if !rec.complete() {
		writeError(w, errNotComplete)
		return
	}
	rec, _ = o.archive.update(rec.SID, o.now(), func(r *record) { r.redacted = true })
	writeJSON(w, http.StatusOK, o.resource(rec))
}

// remove deletes the operator's record; the phone keeps its copy.
func (o *Operator) remove(w http.ResponseWriter, r *http.Request) {
	rec, ok := o.requested(r)
	if !ok {
		writeError(w, errNotFound)
		return
	}
	if !rec.complete() {
		writeError(w, errNotComplete)
		return
	}
	o.archive.update(rec.SID, o.now(), func(r *record) { r.deleted = true })
	w.WriteHeader(http.StatusNoContent)
}

// complete says whether a record may be redacted or deleted. For the API an
// inbound message is received from its first moment.
func (r *record) complete() bool { return r.Status.final() || r.Direction == Inbound }

func (o *Operator) requested(r *http.Request) (record, bool) {
	sid, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	if !isJSON {
		return record{}, false
	}
	rec, ok := o.archive.find(sid)
	return rec, ok && rec.public()
}

// public says whether the API shows a record.
func (r *record) public() bool { return !r.deleted && r.Direction != AutoReply }

// faultyRead lets the next planned fault strike a call that only reads.
func (o *Operator) faultyRead(read http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fault := next(&o.faults, &o.faults.reads)
		if refuseBefore(w, fault) {
			return
		}
		answerFaulty(w, r, fault, func(w http.ResponseWriter) { read(w, r) })
	}
}
