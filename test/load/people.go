package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// path is where the operator posts what people text.
const path = "/sms/twilio/inbound"

// run plays one closed loop: c people at once, each waits for the answer to
// one text before another one writes.
func run(o options, c int) (result, error) {
	s, err := target(o)
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	var (
		mu       sync.Mutex
		delays   []time.Duration
		failures atomic.Int64
		next     atomic.Int64
		counting atomic.Bool
		wg       sync.WaitGroup
	)
	deadline := time.Now().Add(o.warmUp + o.duration)
	time.AfterFunc(o.warmUp, func() { s.markCPU(); counting.Store(true) })
	for range c {
		wg.Go(func() {
			texter, err := dial(s.address, o, s.public)
			if err != nil {
				failures.Add(1)
				return
			}
			defer texter.conn.Close()
			var own []time.Duration
			for time.Now().Before(deadline) {
				n := next.Add(1)
				began := time.Now()
				if err := texter.text(int(n)%o.people, answers[int(n)/o.people%len(answers)]); err != nil {
					failures.Add(1)
					return
				}
				if counting.Load() {
					own = append(own, time.Since(began))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			delays = append(delays, own...)
		})
	}
	wg.Wait()
	cpu := s.cpu()
	slices.Sort(delays)
	r := result{Concurrency: c, Delivered: o.deliver, Errors: int(failures.Load())}
	if len(delays) == 0 {
		return r, fmt.Errorf("no turn was answered")
	}
	r.PerSecond = float64(len(delays)) / o.duration.Seconds()
	r.P50, r.P99 = delays[len(delays)/2], delays[len(delays)*99/100]
	r.ServerCPU = cpu / time.Duration(len(delays))
	return r, nil
}

// answers walk a person through the first questions, one text per lap.
var answers = []string{"Bonjour", "oui", "5", "besançon", "1990", "1", "1 et 6", "2", "trouver un emploi", "5", "2", "5", "5", "1"}

// texter signs requests as the operator does, on one kept connection.
type texter struct {
	conn   net.Conn
	reader *bufio.Reader
	o      options
	url    string
	host   string
	buffer bytes.Buffer
}

func dial(address string, o options, public string) (*texter, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &texter{conn: conn, reader: bufio.NewReader(conn), o: o, url: public + path, host: address}, nil
}

// text posts one signed form and reads the answer.
func (t *texter) text(person int, body string) error {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	form := url.Values{
		"ToCountry": {"FR"}, "ToState": {""}, "SmsMessageSid": {"SM" + hex.EncodeToString(id[:])}, "NumMedia": {"0"}, "ToCity": {""},
		"FromZip": {""}, "SmsSid": {"SM" + hex.EncodeToString(id[:])}, "FromState": {""}, "SmsStatus": {"received"}, "FromCity": {""},
		"Body": {body}, "FromCountry": {"FR"}, "To": {t.o.number}, "ToZip": {""}, "NumSegments": {"1"},
		"MessageSid": {"SM" + hex.EncodeToString(id[:])}, "AccountSid": {t.o.account}, "From": {number(person)}, "ApiVersion": {"2010-04-01"},
	}
	encoded := form.Encode()
	t.buffer.Reset()
	fmt.Fprintf(&t.buffer, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, t.host, sign(t.o.token, t.url, form), len(encoded), encoded)
	if _, err := t.conn.Write(t.buffer.Bytes()); err != nil {
		return err
	}
	response, err := http.ReadResponse(t.reader, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("answered %d", response.StatusCode)
	}
	return nil
}

// number is one of the French mobile numbers of the run.
func number(person int) string { return "+336" + fmt.Sprintf("%08d", person) }

// sign follows the operator's published rule: HMAC-SHA1 over the URL and the
// sorted fields.
func sign(token, address string, form url.Values) string {
	keys := make([]string, 0, len(form))
	for key := range form {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var data strings.Builder
	data.WriteString(address)
	for _, key := range keys {
		data.WriteString(key + form.Get(key))
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(data.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
