package postgres_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"relais/bot/postgres"
	"relais/test/pgtest"
)

func TestOpenRefusesAPoolerInTransactionMode(t *testing.T) {
	for name, pick := range map[string]func(free int) int{
		"that takes whoever was free last": func(free int) int { return free - 1 },
		"that goes round":                  func(int) int { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			real := pgtest.Start(t)
			cfg := postgres.Config{URL: startPooler(t, real, pick), Keys: keyring(t, 1)}
			refuses(t, cfg, postgres.ErrPooler, "a connection pooler in transaction mode (pgbouncer?) stands before the server")
			if found := tablesOf(t, real); len(found) != 0 {
				t.Errorf("it migrated first: %v", found)
			}
			findings, err := postgres.Examine(t.Context(), cfg.URL)
			if err != nil || len(findings) != 2 || findings[1].OK || !strings.Contains(findings[1].Detail, "transaction mode") {
				t.Errorf("findings %v (%v)", findings, err)
			}
		})
	}
}

// pooler hands each transaction of its clients to one of two server
// connections. It speaks just enough of the protocol.
type pooler struct {
	settings map[string]string // what a server tells at the start
	pick     func(free int) int

	mu    sync.Mutex
	freed *sync.Cond
	free  []*pgproto3.Frontend
}

// startPooler starts a pooler before a database, and returns its address.
func startPooler(t *testing.T, to string, pick func(free int) int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pooler{pick: pick}
	p.freed = sync.NewCond(&p.mu)
	var clients sync.WaitGroup
	t.Cleanup(clients.Wait)
	for range 2 {
		conn, err := pgx.Connect(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		server, err := conn.PgConn().Hijack()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Conn.Close() })
		p.settings = server.ParameterStatuses
		p.free = append(p.free, server.Frontend)
	}
	t.Cleanup(func() { listener.Close() })
	clients.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() { p.serve(client) })
		}
	})
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = listener.Addr().String(), "sslmode=disable"
	return u.String()
}

func (p *pooler) take() *pgproto3.Frontend {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) == 0 {
		p.freed.Wait()
	}
	k := p.pick(len(p.free))
	server := p.free[k]
	p.free = slices.Delete(p.free, k, k+1)
	return server
}

func (p *pooler) giveBack(server *pgproto3.Frontend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, server)
	p.freed.Signal()
}

// serve greets a client with a process that is none, then carries its
// transactions.
func (p *pooler) serve(conn net.Conn) {
	defer conn.Close()
	client := pgproto3.NewBackend(conn, conn)
	if _, err := client.ReceiveStartupMessage(); err != nil {
		return
	}
	client.Send(&pgproto3.AuthenticationOk{})
	for name, value := range p.settings {
		client.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	client.Send(&pgproto3.BackendKeyData{ProcessID: 7, SecretKey: []byte{1, 2, 3, 4}})
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if err := client.Flush(); err != nil {
		return
	}
	for {
		if err := p.transaction(client); err != nil {
			return
		}
	}
}

// transaction carries one transaction.
func (p *pooler) transaction(client *pgproto3.Backend) error {
	message, err := client.Receive()
	if err != nil {
		return err
	}
	if _, ok := message.(*pgproto3.Terminate); ok {
		return io.EOF
	}
	server := p.take()
	defer p.giveBack(server)
	for {
		server.Send(message)
		if err := server.Flush(); err != nil {
			return err
		}
		switch message.(type) {
		case *pgproto3.Query, *pgproto3.Sync: // these are answered
			status, err := answer(server, client)
			if err != nil || status == 'I' {
				return err
			}
		}
		message, err = client.Receive()
		if _, gone := message.(*pgproto3.Terminate); gone || err != nil {
			return errors.Join(io.EOF, undo(server))
		}
	}
}

// answer passes on what the server says until it is ready, and tells whether
// it is in a transaction.
func answer(from *pgproto3.Frontend, client *pgproto3.Backend) (status byte, err error) {
	for {
		message, err := from.Receive()
		if err != nil {
			return 0, err
		}
		client.Send(message)
		if ready, ok := message.(*pgproto3.ReadyForQuery); ok {
			return ready.TxStatus, client.Flush()
		}
	}
}

// undo ends the transaction of a client that went away.
func undo(server *pgproto3.Frontend) error {
	server.Send(&pgproto3.Query{String: "ROLLBACK"})
	if err := server.Flush(); err != nil {
		return err
	}
	for {
		message, err := server.Receive()
		if err != nil {
			return err
		}
		if _, ok := message.(*pgproto3.ReadyForQuery); ok {
			return nil
		}
	}
}
