package postgres

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// addressError tells which part of an address is not usable. It never quotes
// one: an address holds a password, and where that ends is not known when the
// rest cannot be read.
type addressError struct{ fault string }

func (e addressError) Error() string { return "the database's address is not usable: " + e.fault }

const (
	wantAddress = "want postgres://user:password@host:port/name"
	wantPort    = "its port is not a number from 1 to 65535"
	wantEscapes = "signs in its user or password have to be written with %, such as %40 for @ and %2F for /"
	wantSSLMode = "its sslmode is none of disable, allow, prefer, require, verify-ca, verify-full"
)

// parameters are those behind the ? that the driver may refuse.
var parameters = []string{"sslmode", "port", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslsni", "sslnegotiation",
	"connect_timeout", "target_session_attrs", "channel_binding", "min_protocol_version", "max_protocol_version",
	"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity", "service", "servicefile",
	"pool_max_conns", "pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime", "pool_max_conn_lifetime_jitter",
	"pool_max_conn_idle_time", "pool_health_check_period"}

// readAddress reads an address, or names the part that is wrong.
func readAddress(address string) (*pgxpool.Config, error) {
	rest, ok := strings.CutPrefix(address, "postgres://")
	if !ok {
		rest, ok = strings.CutPrefix(address, "postgresql://")
	}
	if !ok {
		return nil, addressError{wantAddress}
	}
	conf, err := pgxpool.ParseConfig(address)
	if err == nil {
		return conf, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, addressError{unreadable(rest)}
	}
	if !goodPorts(u.Host) {
		return nil, addressError{wantPort}
	}
	return nil, addressError{wrongParameter(u)}
}

// wrongParameter names the parameter without which an address can be used.
func wrongParameter(u *url.URL) string {
	for _, name := range parameters {
		query := u.Query()
		if !query.Has(name) {
			continue
		}
		query.Del(name)
		without := *u
		without.RawQuery = query.Encode()
		if _, err := pgxpool.ParseConfig(without.String()); err != nil {
			continue
		}
		switch name {
		case "sslmode":
			return wantSSLMode
		case "port":
			return wantPort
		}
		return "its parameter " + name + " is not usable"
	}
	return wantAddress
}

// unreadable says what is wrong with an address that has no parts; rest is what
// follows its scheme.
func unreadable(rest string) string {
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
		if strings.Contains(rest[end:], "@") {
			return wantEscapes // they ended the password
		}
	}
	if !goodPorts(authority[strings.LastIndexByte(authority, '@')+1:]) {
		return wantPort
	}
	return wantEscapes
}

// goodPorts looks at the ports of host:port,host:port; each may be missing.
func goodPorts(hosts string) bool {
	for host := range strings.SplitSeq(hosts, ",") {
		port := host[strings.LastIndexByte(host, ']')+1:] // an IPv6 address has colons of its own
		_, port, has := strings.Cut(port, ":")
		n, err := strconv.ParseUint(port, 10, 16)
		if has && (err != nil || n == 0) {
			return false
		}
	}
	return true
}
