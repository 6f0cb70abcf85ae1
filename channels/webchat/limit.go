package webchat

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Limiter lets something through and returns 0, or returns how long to wait
// before trying again: burst at once, and rate per second over time, for each
// key.
type Limiter interface {
	Allow(ctx context.Context, key string, rate float64, burst int, now time.Time) (wait time.Duration)
}

// over is how long a limit takes to come back whole.
const over = 10 * time.Second

// mayFor takes one of what a key may do, and returns how long to wait when there
// is none left, in whole milliseconds as clients are told.
func (s *Server) mayFor(ctx context.Context, key string, burst int) time.Duration {
	wait := s.config.Limits.Allow(ctx, key, float64(burst)/over.Seconds(), burst, s.config.Clock())
	return (wait + time.Millisecond - 1).Truncate(time.Millisecond)
}

// maySay tells how long a session waits before its next message.
func (s *Server) maySay(ctx context.Context, session string) time.Duration {
	return s.mayFor(ctx, "say:"+session, s.config.Says)
}

// mayEnter tells how long somebody waits before a hello. Where they come from
// counts, since a session costs nothing; it is not known behind a proxy of this
// machine that does not tell, and then everybody enters.
func (s *Server) mayEnter(ctx context.Context, place string) time.Duration {
	return s.mayFrom(ctx, "hello:", place)
}

// mayAsk tells how long somebody waits before a text of theirs is read for signs
// of danger: that is asked without a session.
func (s *Server) mayAsk(ctx context.Context, place string) time.Duration {
	return s.mayFrom(ctx, "heed:", place)
}

func (s *Server) mayFrom(ctx context.Context, what, place string) time.Duration {
	if place == "" {
		return 0
	}
	return s.mayFor(ctx, what+place, s.config.Hellos)
}

// place is the network address a request comes from, "" when it is not known.
// Behind a proxy on this machine or its private network, it is what that proxy
// saw: the last address it added. A whole IPv6 network is one place.
func place(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	if peer.IsLoopback() || peer.IsPrivate() {
		seen := r.Header.Get("X-Forwarded-For")
		last, err := netip.ParseAddr(strings.TrimSpace(seen[strings.LastIndexByte(seen, ',')+1:]))
		switch {
		case err == nil:
			peer = last
		case peer.IsLoopback():
			return ""
		}
	}
	peer = peer.Unmap().WithZone("")
	if peer.Is6() {
		network, _ := peer.Prefix(64) // it has more bits than that
		return network.String()
	}
	return peer.String()
}
