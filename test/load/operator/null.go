package operator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"relais/test/load/texting"
)

// Numbered ends a text that tells its place in its thread, such as "… n=3": the
// null operator checks the order of those.
const Numbered = "n="

// null takes every text and forgets it. It speaks HTTP by hand: net/http costs
// four times as much, on cores that are being measured.
type null struct {
	tally *Tally
	ids   atomic.Int64
}

// serve answers calls until the listener closes.
func (n *null) serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("null operator: %w", err)
		}
		go n.talk(conn)
	}
}

// talk answers the calls of one connection, until it ends or says something
// that is no call.
func (n *null) talk(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 16<<10)
	var answer []byte
	for {
		method, body, err := readCall(r)
		if err != nil {
			return
		}
		answer = answer[:0]
		if method != "POST" {
			answer = appendAnswer(answer, "200 OK", []byte(`{"messages":[]}`)) // it remembers nothing
		} else {
			n.take(body)
			answer = appendAnswer(answer, "201 Created", fmt.Appendf(nil, `{"sid":"SM%032x","status":"queued","num_segments":"1"}`, n.ids.Add(1)))
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// take counts one text.
func (n *null) take(form []byte) {
	to, _ := url.QueryUnescape(string(formValue(form, "To")))
	body, _ := url.QueryUnescape(string(formValue(form, "Body")))
	n.tally.arrive(personOf(to), placeOf(body), time.Now())
}

// personOf is whose number it is, -1 when it is nobody's of ours.
func personOf(phone string) int {
	number, err := strconv.Atoi(strings.TrimPrefix(phone, "+"))
	if err != nil {
		return -1
	}
	return number - texting.FirstPhone
}

// placeOf reads the number at the end of a numbered text, 0 for others.
func placeOf(body string) int {
	i := strings.LastIndex(body, Numbered)
	if i < 0 {
		return 0
	}
	number, err := strconv.Atoi(body[i+len(Numbered):])
	if err != nil {
		return 0
	}
	return number
}

// formValue finds a value, still escaped, in an encoded form.
func formValue(form []byte, key string) []byte {
	for len(form) > 0 {
		var pair []byte
		pair, form, _ = bytes.Cut(form, []byte("&"))
		if name, value, _ := bytes.Cut(pair, []byte("=")); string(name) == key {
			return value
		}
	}
	return nil
}

// maxBody bounds what a call may bring; the longest text is far below.
const maxBody = 64 << 10

var errCall = errors.New("not a call of the operator's API")

// readCall reads one request with its body.
func readCall(r *bufio.Reader) (method string, body []byte, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return "", nil, err
	}
	name, _, found := bytes.Cut(line, []byte(" "))
	if !found {
		return "", nil, errCall
	}
	method = string(name)
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return "", nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		key, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(key, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 || length > maxBody {
				return "", nil, errCall
			}
		}
	}
	body = make([]byte, length)
	_, err = io.ReadFull(r, body)
	return method, body, err
}

func appendAnswer(b []byte, status string, body []byte) []byte {
	b = append(append(b, "HTTP/1.1 "...), status...)
	b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	return append(append(b, "\r\n\r\n"...), body...)
}
