package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"relais/test/load/operator"
	"relais/test/load/texting"
)

// open texts a server that runs already, somewhere: in an open loop at a rate,
// or in a closed one. Its processor time is not known here, nor whether replies
// leave.
func open(_ context.Context, args []string, out io.Writer) error {
	o := newOptions("open", onSQLite)
	target := o.flags.String("url", "", "public address of the server, such as http://127.0.0.1:8080")
	account := o.flags.String("account", o.account.SID, "account SID it knows")
	number := o.flags.String("number", o.account.Number, "its own number")
	rate := o.flags.Float64("rate", 100, "texts per second; 0 plays a closed loop")
	connections := o.flags.Int("c", openConns, "connections")
	if err := o.parse(args); err != nil {
		return err
	}
	o.account = operator.Account{SID: *account, Token: os.Getenv("TWILIO_AUTH_TOKEN"), Number: *number}
	service, err := remote(o, *target)
	if err != nil {
		return err
	}
	if *rate < 0 || *connections < 1 || *connections > 1024 {
		return errors.New("-rate: want 0 or more; -c: want 1 to 1024")
	}
	crowd := texting.NewCrowd(0, o.people)
	var outcome texting.Outcome
	if *rate > 0 {
		outcome, err = texting.Open{Service: service, Crowd: crowd, Connections: *connections, Rate: *rate, Warm: o.warmUp, For: o.duration}.Run()
	} else {
		outcome, err = texting.Closed{Service: service, Crowd: crowd, Connections: *connections, Warm: o.warmUp, For: o.duration}.Run()
	}
	if err != nil {
		return err
	}
	r := Run{Part: "open", Store: "remote", Round: 1, Connections: *connections, Rate: *rate}
	r.see(outcome)
	fmt.Fprintf(out, "%.0f answered/s, p50 %s ms, p99 %s ms, %d failed, %d begun late\n", r.PerSecond, ms(r.P50), ms(r.P99), r.Failures, r.Late)
	return (&lab{options: o, out: out, runs: []Run{r}}).close()
}

// remote is a server that others may be using, with a real operator behind it:
// only people whose numbers belong to nobody text it.
func remote(o *options, address string) (texting.Service, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Path != "" && u.Path != "/":
		return texting.Service{}, errors.New("-url: want http://host:port")
	case u.Scheme != "http":
		return texting.Service{}, errors.New("-url: want http://: texts go over plain connections, beside the proxy")
	case o.account.Token == "":
		return texting.Service{}, errors.New("TWILIO_AUTH_TOKEN: must be the token that the server checks signatures with")
	case o.people > texting.Fictional:
		return texting.Service{}, fmt.Errorf("-people: at most %d on a remote server, whose numbers belong to nobody", texting.Fictional)
	}
	host := u.Host
	if u.Port() == "" {
		host += ":80"
	}
	return texting.Service{
		Address: host, Public: strings.TrimRight(address, "/"), Account: o.account.SID, Token: o.account.Token, Number: o.account.Number,
	}, nil
}
