package bus

import (
	"sync"
	"time"
)

// presenceLasts is how long somebody counts as here after the last sign of it.
const presenceLasts = 90 * time.Second

// presence knows who gave a sign lately. Its zero value is ready.
type presence struct {
	mu     sync.Mutex
	groups map[string]map[string]time.Time // group → member → last sign
}

func (p *presence) note(group, member string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.groups == nil {
		p.groups = map[string]map[string]time.Time{}
	}
	if p.groups[group] == nil {
		p.groups[group] = map[string]time.Time{}
	}
	p.groups[group][member] = now
}

// count counts those of a group who are here, and forgets the others.
func (p *presence) count(group string, now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	members := p.groups[group]
	for member, last := range members {
		if now.Sub(last) >= presenceLasts {
			delete(members, member)
		}
	}
	if len(members) == 0 {
		delete(p.groups, group)
	}
	return len(members)
}
