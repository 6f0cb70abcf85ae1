package simulator

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
)

// refuseBefore answers a fault that strikes before anything was done, and says
// whether there was one.
func refuseBefore(w http.ResponseWriter, fault APIFault) bool {
	switch fault {
	case ServerError:
		writeError(w, errServer)
	case HTMLUnavailable:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("<!doctype html><title>503</title><h1>Service Unavailable</h1>"))
	case TooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(RetryAfter.Seconds())))
		writeError(w, errConcurrency)
	default:
		return false
	}
	return true
}

// answerFaulty answers a call that was carried out, in the way the fault wants;
// without one the answer goes out whole.
func answerFaulty(w http.ResponseWriter, r *http.Request, fault APIFault, write func(http.ResponseWriter)) {
	switch fault {
	case AcceptHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case AcceptReset:
		reset(w)
	case AcceptServerError:
		writeError(w, errServer)
	case AcceptTruncate:
		truncate(w, write)
	default:
		write(w)
	}
}

// reset ends the connection with an RST instead of an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// truncate announces the whole answer and sends half of it.
func truncate(w http.ResponseWriter, write func(http.ResponseWriter)) {
	whole := answerBuffer{header: w.Header()}
	write(&whole)
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status)
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// answerBuffer holds an answer back.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *answerBuffer) Header() http.Header         { return b.header }
func (b *answerBuffer) WriteHeader(status int)      { b.status = status }
func (b *answerBuffer) Write(p []byte) (int, error) { return b.body.Write(p) }
