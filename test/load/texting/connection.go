package texting

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// patience is how long an answer may take.
const patience = 15 * time.Second

var errAnswer = errors.New("the answer cannot be read")

// connection is one kept connection of the operator to the service.
type connection struct {
	form *form
	conn net.Conn
	read []byte
}

func dial(s Service) (*connection, error) {
	var seed [32]byte
	rand.Read(seed[:])
	c := &connection{form: newForm(s, seed), read: make([]byte, 4096)}
	return c, c.redial()
}

func (c *connection) redial() error {
	c.close()
	conn, err := net.DialTimeout("tcp", c.form.service.Address, patience)
	if err != nil {
		return fmt.Errorf("connect to the service: %w", err)
	}
	c.conn = conn
	return nil
}

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// text posts one text and waits for the answer. After an error the connection
// is a new one.
func (c *connection) text(from, body string) error {
	if c.conn == nil {
		if err := c.redial(); err != nil {
			return err
		}
	}
	status, err := c.exchange(c.form.post(from, body))
	if err != nil {
		c.close()
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("answered %d", status)
	}
	return nil
}

func (c *connection) exchange(request []byte) (status int, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	got := 0
	for {
		n, err := c.conn.Read(c.read[got:])
		if err != nil {
			return 0, err
		}
		got += n
		status, size, err := parseAnswer(c.read[:got])
		switch {
		case err != nil:
			return 0, err
		case size == got:
			return status, nil
		case got == len(c.read) || size > 0 && size < got:
			return 0, errAnswer
		}
	}
}

// parseAnswer reads the status of an answer and its whole length in bytes, 0
// when its head is not complete yet. It knows answers without a body and with a
// Content-Length, which is all that webhooks get here.
func parseAnswer(b []byte) (status, size int, err error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, 0, nil
	}
	head := b[:end]
	if len(head) < len("HTTP/1.1 200") || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return 0, 0, errAnswer
	}
	if status, err = strconv.Atoi(string(head[9:12])); err != nil {
		return 0, 0, errAnswer
	}
	size = end + 4
	if status == 204 {
		return status, size, nil
	}
	_, length, found := bytes.Cut(head, []byte("\r\nContent-Length: "))
	if !found {
		return 0, 0, errAnswer
	}
	length, _, _ = bytes.Cut(length, []byte("\r\n"))
	n, err := strconv.Atoi(string(length))
	if err != nil || n < 0 {
		return 0, 0, errAnswer
	}
	return status, size + n, nil
}
