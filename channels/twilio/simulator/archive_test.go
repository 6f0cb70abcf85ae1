package simulator

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func text(a *archive, phone string, i int) {
	a.add(record{Message: Message{SID: fmt.Sprintf("SM%s%d", phone, i), Direction: Inbound, From: phone}})
}

func TestArchiveForgetsTheOldest(t *testing.T) {
	a := newArchive(10)
	text(a, "once", 0)
	for i := range 25 {
		text(a, "often", i)
	}
	if len(a.order) != 10 || len(a.bySID) != 10 {
		t.Errorf("remembers %d in order and %d by id, want 10", len(a.order), len(a.bySID))
	}
	if len(a.phones) != 1 {
		t.Errorf("%d phones, want the one that still holds messages", len(a.phones))
	}
	thread, _ := a.thread("often", 0)
	if len(thread) != 10 || thread[0].SID != "SMoften15" || thread[9].SID != "SMoften24" {
		t.Errorf("%d messages from %s", len(thread), thread[0].SID)
	}
	if _, known := a.update("SMoften0", time.Time{}, func(*record) { t.Error("changed a forgotten message") }); known {
		t.Error("a forgotten message is known")
	}
}

func TestArchiveBoundsOnePhone(t *testing.T) {
	a := newArchive(10 * perPhone)
	for i := range perPhone + 5 {
		text(a, "often", i)
	}
	thread, _ := a.thread("often", 0)
	if len(thread) != perPhone || thread[0].SID != "SMoften5" {
		t.Errorf("%d messages from %s", len(thread), thread[0].SID)
	}
	if _, known := a.find("SMoften0"); !known {
		t.Error("the operator forgot what only the phone dropped")
	}
}

// Whoever waits is woken although the phone was forgotten in between.
func TestArchiveWakesAcrossForgetting(t *testing.T) {
	a := newArchive(1)
	woken := make(chan error, 1)
	watching := make(chan struct{})
	go func() {
		first := true
		_, err := a.wait(context.Background(), "mine", func(thread []Message, _ uint64) bool {
			if first {
				first = false
				close(watching)
			}
			return len(thread) > 0 && thread[0].SID == "SMmine2"
		})
		woken <- err
	}()
	<-watching
	text(a, "mine", 1)
	text(a, "other", 1)
	text(a, "mine", 2)
	select {
	case err := <-woken:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("never woken")
	}
	if len(a.phones) != 1 {
		t.Errorf("%d phones left", len(a.phones))
	}
}

func TestArchiveGivesWhatChanged(t *testing.T) {
	a := newArchive(10)
	text(a, "mine", 1)
	text(a, "mine", 2)
	_, rev := a.thread("mine", 0)
	text(a, "other", 1)
	if changed, same := a.thread("mine", rev); len(changed) != 0 || same != rev {
		t.Errorf("another phone's message changed this one: %d, rev %d", len(changed), same)
	}
	a.update("SMmine1", time.Time{}, func(r *record) { r.Status = Received })
	changed, _ := a.thread("mine", rev)
	if len(changed) != 1 || changed[0].Status != Received {
		t.Errorf("%d changed", len(changed))
	}
}
