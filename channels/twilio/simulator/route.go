package simulator

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// failure is a set of ways in which one webhook attempt can fail.
type failure uint8

const (
	failConnect failure = 1 << iota
	failRead
	fail4xx
	fail5xx
	failAny = failConnect | failRead | fail4xx | fail5xx
)

// route is a webhook address with the connection overrides of its fragment.
//
// Source: the operator's page "Webhooks: Connection Overrides".
type route struct {
	address              string // without the fragment: what is requested and signed
	connect, read, total time.Duration
	retries              int
	retryOn              failure
}

// parseRoute reads an address such as "https://host/path?x=1#rc=2&rp=ct,5xx".
// Without overrides there is one retry, and only when no connection was made.
func parseRoute(raw string) (route, error) {
	address, fragment, _ := strings.Cut(raw, "#")
	if !webAddress(address) {
		return route{}, fmt.Errorf("webhook address is not an absolute http or https URL")
	}
	overrides, err := url.ParseQuery(fragment)
	if err != nil {
		return route{}, fmt.Errorf("webhook connection overrides cannot be read")
	}
	r := route{address: address, retryOn: failConnect}
	milliseconds := func(key string, lowest, highest, otherwise int) time.Duration {
		return time.Duration(override(overrides, key, lowest, highest, otherwise)) * time.Millisecond
	}
	r.connect = milliseconds("ct", 100, 10_000, 5_000)
	r.read = milliseconds("rt", 100, 15_000, 15_000)
	r.total = milliseconds("tt", 100, 15_000, 15_000)
	r.retries = override(overrides, "rc", 0, 5, 1)
	if policy := overrides.Get("rp"); policy != "" {
		r.retryOn = readRetryPolicy(policy)
	}
	return r, nil
}

// override reads one number of the fragment; out of range counts as not given.
func override(overrides url.Values, key string, lowest, highest, otherwise int) int {
	n, err := strconv.Atoi(overrides.Get(key))
	if err != nil || n < lowest || n > highest {
		return otherwise
	}
	return n
}

func readRetryPolicy(policy string) failure {
	var on failure
	for _, word := range strings.Split(policy, ",") {
		switch strings.TrimSpace(word) {
		case "ct":
			on |= failConnect
		case "rt":
			on |= failRead
		case "4xx":
			on |= fail4xx
		case "5xx":
			on |= fail5xx
		case "all":
			on |= failAny
		}
	}
	return on
}

// webAddress says whether s can be a webhook: absolute, http or https, and no
// underscore in its host, which the operator refuses.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.Contains(u.Host, "_")
}
