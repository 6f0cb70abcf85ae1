package main

import (
	"errors"
	"fmt"

	"relais/flows"
)

type flowsCommand struct {
	Check   flowsCheck   `cmd:"" help:"Report every fault of every flow as file:line:col: message."`
	Diagram flowsDiagram `cmd:"" help:"Print a flow as a picture."`
	Publish flowsPublish `cmd:"" help:"Publish the flows; says who is waiting where."`
}

type flowsCheck struct {
	Dir string `arg:"" optional:"" type:"existingdir" help:"Directory of the flows. Defaults to RELAIS_FLOWS, or those built in."`
}

// Run reports on the flows of a directory.
func (c flowsCheck) Run(p *program) error {
	dir := c.Dir
	if dir == "" {
		dir = p.config.Flows
	}
	samples, err := samples(p.config)
	if err != nil {
		return err
	}
	library, faults := flows.Load(flowsFS(dir), samples)
	for _, fault := range faults {
		fmt.Fprintln(p.out, fault)
	}
	if len(faults) > 0 {
		return exitStatus(1)
	}
	fmt.Fprintf(p.out, "%d flows in %d languages, no fault\n", len(library.Flows), len(library.Languages))
	return nil
}

type flowsDiagram struct {
	Name   string `arg:"" help:"Name of the flow."`
	Format string `default:"mermaid" enum:"mermaid,dot,svg" help:"${enum}."`
}

// Run draws one flow.
func (c flowsDiagram) Run(p *program) error {
	library, err := loadFlows(p.config)
	if err != nil {
		return err
	}
	flow := library.Flows[c.Name]
	if flow == nil {
		return fmt.Errorf("no flow is called %q", c.Name)
	}
	return flow.Diagram(p.out, c.Format)
}

type flowsPublish struct {
	Dir string `arg:"" optional:"" type:"existingdir" help:"Directory of the flows. Defaults to RELAIS_FLOWS, or those built in."`
}

// Run publishes what is new. People in a dialogue keep the version they began
// with, so those at a step that goes lose nothing.
func (c flowsPublish) Run(p *program) (err error) {
	if c.Dir != "" {
		p.config.Flows = c.Dir
	}
	library, err := loadFlows(p.config)
	if err != nil {
		return err
	}
	s, _, err := openStore(p.ctx, p.config, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	svc := &service{store: s, library: library}
	orphans, err := svc.orphans(p.ctx)
	if err != nil {
		return err
	}
	for _, w := range orphans {
		fmt.Fprintf(p.out, "%s: %d waiting; they finish on the version they began with\n", w.Step, w.People)
	}
	_, current, err := s.Published(p.ctx)
	if err != nil {
		return err
	}
	news, gone := changes(library, current)
	if len(news)+len(gone) == 0 {
		fmt.Fprintln(p.out, "nothing new to publish")
		return nil
	}
	generation, err := s.Publish(p.ctx, versionsOf(library))
	if err != nil {
		return err
	}
	for _, v := range news {
		fmt.Fprintf(p.out, "published %s@%s\n", v.Name, v.Hash[:8])
	}
	for _, name := range gone {
		fmt.Fprintf(p.out, "withdrawn %s\n", name)
	}
	fmt.Fprintf(p.out, "generation %d\n", generation)
	return nil
}
