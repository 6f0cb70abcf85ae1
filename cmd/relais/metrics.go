package main

import (
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"relais/bot"
	"relais/bot/bus"
)

// metricsPath is where Prometheus asks.
const metricsPath = "GET /metrics"

// metrics shows the figures of this instance, and what waits in the store.
func (s *server) metrics(hints bot.Bus) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(),
		sockets("chat", s.chat.Open), sockets("console", s.console.Open), busUp(hints),
		&waiting{store: s.service.store, now: time.Now},
	)
	registry.MustRegister(s.engine.Collectors()...)
	if s.remote != nil {
		registry.MustRegister(busCounts(s.remote.Counts())...)
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 5 * time.Second,
	})
}

// routeMetrics puts /metrics on its own listener when there is one, with the two
// questions that whoever watches asks besides, else beside the rest.
func (s *server) routeMetrics(metrics http.Handler) (err error) {
	if s.config.AdminListen == "" {
		s.mux.Handle(metricsPath, metrics)
		return nil
	}
	s.admin = &http.Server{Handler: s.adminMux(metrics), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute}
	s.adminListener, err = net.Listen("tcp", s.config.AdminListen)
	if err == nil {
		s.log.Info("metrics", "url", "http://"+s.adminListener.Addr().String()+"/metrics")
	}
	return err
}

func (s *server) adminMux(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(metricsPath, metrics)
	mux.HandleFunc("GET /healthz", serveAlive)
	mux.HandleFunc("GET /readyz", s.serveReady)
	return mux
}

// buildInfo names the program that runs.
func buildInfo() prometheus.Collector {
	labels := prometheus.Labels{"version": "unknown", "revision": "unknown", "go": "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		labels["version"], labels["go"] = info.Main.Version, info.GoVersion
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				labels["revision"] = setting.Value
			}
		}
	}
	return gauge("relais_build_info", "The program that runs.", labels, func() float64 { return 1 })
}

func sockets(kind string, open func() int) prometheus.Collector {
	return gauge("relais_sockets", "Connections that wait for news: chats, by socket or poll, and adviser pages.",
		prometheus.Labels{"kind": kind}, func() float64 { return float64(open()) })
}

// busUp tells whether hints reach other instances. A bus within one process has
// none to reach.
func busUp(hints bot.Bus) prometheus.Collector {
	remote, ok := hints.(interface{ Healthy() bool })
	return gauge("relais_bus_up", "Whether hints pass between instances; 1 without Redis.", nil, func() float64 {
		return number(!ok || remote.Healthy())
	})
}

// busCounts are what a bus between instances counts.
func busCounts(c *bus.Counts) []prometheus.Collector {
	return []prometheus.Collector{
		counter("relais_bus_hints_sent_total", "Hints given to Redis for other instances.", &c.Sent),
		counter("relais_bus_hints_received_total", "Hints of other instances.", &c.Received),
		counter("relais_bus_hints_dropped_total", "Hints that other instances missed: they were told to look at everything.", &c.Dropped),
		counter("relais_bus_failed_calls_total", "Calls that Redis did not answer, or that were not made while it was away.", &c.Failures),
		counter("relais_bus_losses_total", "Times that Redis went away.", &c.Losses),
	}
}

func counter(name, help string, n *atomic.Int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(n.Load()) })
}

func gauge(name, help string, labels prometheus.Labels, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value)
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
