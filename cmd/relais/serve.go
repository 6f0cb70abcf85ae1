package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"relais/bot"
	"relais/bot/bus"
	"relais/bot/engine"
	"relais/channels/twilio"
	"relais/channels/twilio/simulator"
	"relais/channels/webchat"
	"relais/handoff/console"
)

type serveCommand struct{}

// Run serves until a signal, then stops in this order: no new connection,
// polite goodbyes to the chats, jobs under way, the store.
func (serveCommand) Run(p *program) (err error) {
	service, err := openService(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.store.Close()) }()
	if err := service.publishNews(p.ctx, p.config, p.log); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", p.config.Listen)
	if err != nil {
		return err
	}
	s, err := newServer(p, service, listener.Addr().String())
	if err != nil {
		return err
	}
	if err := s.announce(p); err != nil {
		return err
	}
	defer profiled(p.log)()
	tuneMemory()
	debug.FreeOSMemory() // compiling the flows and hashing passwords took far more than serving will
	return s.run(p.ctx, listener)
}

// server is everything that runs, wired.
type server struct {
	config      Config
	log         *slog.Logger
	service     *service
	engine      *engine.Engine
	remote      *bus.Redis          // nil without Redis
	operator    *simulator.Operator // nil with a real one, as is its API's listener
	operatorAPI net.Listener
	chat        *webchat.Server
	console     *console.Console
	mux         *http.ServeMux

	admin         *http.Server // nil without a listener of its own
	adminListener net.Listener
}

func newServer(p *program, svc *service, address string) (*server, error) {
	config := p.config
	if p.config.PublicURL == "http://"+p.config.Listen {
		config.PublicURL = "http://" + address // the port that a listener on :0 was given
	}
	s := &server{config: config, log: p.log, service: svc, mux: http.NewServeMux()}
	sms, err := s.openSMS()
	if err != nil {
		return nil, err
	}
	senders := map[bot.Channel]bot.Sender{}
	var archive engine.Archive
	if sms != nil {
		senders[bot.SMS], archive = sms.sender, smsArchive(sms.sender)
	}
	shared, remote, err := openBus(p.config, svc.keys, s.rate(), p.log)
	if err != nil {
		return nil, err
	}
	s.remote = remote
	s.engine = engine.New(engine.Config{
		Store: svc.store, Flows: svc.flows, Senders: senders, Archive: archive,
		Bus: shared, Log: p.log, Pace: s.pacer(shared), OnCall: p.config.OnCall, Idle: holding(),
	})
	if err := s.routes(p.ctx, shared, sms); err != nil {
		return nil, err
	}
	return s, s.routeMetrics(s.metrics(shared))
}

// rate is the pace of outgoing texts. The simulated operator needs none.
func (s *server) rate() float64 {
	if s.operator != nil {
		return 0
	}
	return s.config.SMSRate
}

// smsEdge is the SMS channel: how texts leave, and how the operator calls us.
type smsEdge struct {
	sender     smsSender
	tokens     []string
	accountSID string
}

// openSMS uses the operator's account; in the demonstration, the simulated
// operator in its place. Without either it is nil: texts wait in their outbox.
func (s *server) openSMS() (*smsEdge, error) {
	account := s.config.Twilio
	switch {
	case account.Set():
	case !s.config.Demo:
		s.log.Warn("no SMS operator: texts wait until TWILIO_ACCOUNT_SID is set")
		return nil, nil
	default:
		s.operator = simulator.New(simulator.Config{Webhook: simulator.WebhookAt(s.config.PublicURL), Log: s.log})
		sid, token := s.operator.Credentials()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("opening the simulated operator: %w", err)
		}
		s.operatorAPI = listener
		account = TwilioConfig{AccountSID: sid, AuthTokens: []string{token}, From: s.operator.Number(), APIURL: "http://" + listener.Addr().String()}
	}
	sender, err := twilio.NewSender(senderConfig(account, s.config.PublicURL))
	if err != nil {
		return nil, err
	}
	return &smsEdge{sender: smsSender{sender}, tokens: account.AuthTokens, accountSID: account.AccountSID}, nil
}

// routes mounts every page and door.
func (s *server) routes(ctx context.Context, shared sharedBus, sms *smsEdge) error {
	territory, err := s.service.flows.Territory(ctx)
	if err != nil {
		return err
	}
	s.chat = webchat.New(webchat.Config{
		Engine: s.engine, Store: s.service.store, Bus: shared, Limits: shared, Key: s.service.keys.SessionKey(),
		Origins: append([]string{s.config.PublicURL}, s.config.Origins...), Zone: territory.Zone, Danger: s.service.danger, Log: s.log,
	})
	s.console = console.New(console.Config{
		Engine: s.engine, Store: s.accounts(), Bus: shared, Limits: shared, Presence: s.presence(shared), Territory: s.service.flows.Territory,
		Label: s.service.label, Question: s.service.question, Asked: s.service.asked(), Log: s.log, Secure: isHTTPS(s.config.PublicURL),
	})
	m := s.mux
	if sms != nil {
		if err := s.routeSMS(sms); err != nil {
			return err
		}
	}
	m.Handle("/chat/", s.chat.Handler())
	m.Handle("/console/", s.console.Handler())
	m.HandleFunc("GET /healthz", serveAlive)
	m.HandleFunc("GET /readyz", s.serveReady)
	if s.config.Demo {
		m.Handle("GET /{$}", s.chat.DemoPage(webchat.PageConfig{
			Service: territory.Service, Territory: territory.Name, Tel: territory.Tel, Demo: true, Phone: s.operator != nil,
		}))
	}
	if s.config.Demo && s.operator != nil {
		phone := simulator.PageHandler(s.operator, simulator.PageConfig{Service: territory.Service})
		m.Handle(simulator.PagePath, phone)
		m.Handle(simulator.PagePath+"/", phone)
	}
	return nil
}

// routeSMS mounts the doors that the operator calls.
func (s *server) routeSMS(sms *smsEdge) error {
	hooks, err := twilio.NewWebhook(twilio.WebhookConfig{
		PublicURL: s.config.PublicURL, Tokens: sms.tokens, AccountSID: sms.accountSID,
		Receive: smsInbound(s.engine), Status: smsStatus(s.engine), Log: s.log,
	})
	if err != nil {
		return err
	}
	s.mux.HandleFunc(twilio.InboundPath, hooks.ServeInbound)
	s.mux.HandleFunc(twilio.StatusPath, hooks.ServeStatus)
	return nil
}

// accounts is the store as the console signs advisers in with.
func (s *server) accounts() console.Store {
	if s.config.Demo {
		return s.service.store
	}
	return withoutDemo{s.service.store}
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https"
}

func serveAlive(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

// serveReady tells whether a turn could be committed now.
func (s *server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.engine.Ready(ctx); err != nil {
		plain(w, http.StatusServiceUnavailable, "not ready")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// stopTime is how long a stop may take before what is left is cut off. Nothing
// acknowledged is lost by a cut.
const stopTime = 10 * time.Second

func (s *server) run(ctx context.Context, listener net.Listener) error {
	web := &http.Server{
		Handler: s.mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	engineStops, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return s.engine.Run(engineStops) })
	if s.remote != nil {
		group.Go(func() error { return s.remote.Run(engineStops) })
	}
	if s.operator != nil {
		group.Go(func() error { return s.operator.Run(engineStops) })
	}
	group.Go(func() error { return serve(web, listener) })
	if s.admin != nil {
		group.Go(func() error { return serve(s.admin, s.adminListener) })
	}
	api := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	if s.operator != nil {
		api.Handler = s.operator.Handler()
		group.Go(func() error { return serve(api, s.operatorAPI) })
	}
	group.Go(func() error {
		<-running.Done()
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		s.chat.Close()
		s.console.Close()
		err := web.Shutdown(stopping)
		stopEngine()
		if s.admin != nil {
			err = errors.Join(err, s.admin.Close())
		}
		return errors.Join(err, api.Close())
	})
	return group.Wait()
}

func serve(s *http.Server, l net.Listener) error {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
