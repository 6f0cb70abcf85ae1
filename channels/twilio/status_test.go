package twilio

import "testing"

func TestRank(t *testing.T) {
	tests := []struct {
		status   string
		rank     int
		delivery Delivery
	}{
		{"accepted", 0, Queued}, {"scheduled", 0, Queued}, {"queued", 1, Queued}, {"sending", 2, Queued},
		{"sent", 3, Sent}, {"delivered", 4, Delivered}, {"undelivered", 4, Failed}, {"failed", 4, Failed},
		{"canceled", 4, Failed}, {"read", 5, Read},
	}
	for _, tt := range tests {
		rank, known := Rank(tt.status)
		delivery, translated := DeliveryOf(tt.status)
		if !known || !translated || rank != tt.rank || delivery != tt.delivery {
			t.Errorf("%s: rank %d %v, delivery %q %v; want %d %q", tt.status, rank, known, delivery, translated, tt.rank, tt.delivery)
		}
	}
	for _, status := range []string{"", "SENT", "received", "receiving", "partially_delivered"} {
		if _, known := Rank(status); known {
			t.Errorf("Rank knows %q", status)
		}
		if _, known := DeliveryOf(status); known {
			t.Errorf("DeliveryOf knows %q", status)
		}
	}
}

func TestFailure(t *testing.T) {
	for code, want := range map[int]Kind{
		21610: OptedOut,
		30001: Throttled, 63018: Throttled,
		30002: Configuration,
		30003: NotSent, 30036: NotSent, 63012: NotSent,
		30004: Permanent, 30005: Permanent, 30006: Permanent, 30007: Permanent, 30450: Permanent,
		30008: Unknown, 30410: Unknown,
		0: Permanent, -1: Permanent, 39999: Permanent,
	} {
		if got := Failure(code); got != want {
			t.Errorf("Failure(%d) = %s, want %s", code, got, want)
		}
	}
}
