package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthCommand struct{}

// healthPatience is how long the server may take: it makes one row durable.
const healthPatience = 3 * time.Second

// Run asks the server of this configuration whether it could commit a turn now,
// for containers without a shell to ask with. Anything but yes is an error.
func (healthCommand) Run(p *program) error {
	ctx, cancel := context.WithTimeout(p.ctx, healthPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(p.config.Listen)+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking the server: %w", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", response.Status)
	}
	fmt.Fprintln(p.out, "ready")
	return nil
}

// reachable is where a server that listens there is found from its own machine:
// on the loopback when it listens everywhere.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen // ReadConfig has refused it
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
