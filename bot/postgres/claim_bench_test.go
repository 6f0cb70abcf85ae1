package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"relais/bot"
	"relais/bot/postgres"
	"relais/test/pgtest"
)

// BenchmarkClaim claims jobs while a million are planned for later: when none
// is due, and out of 100,000 that are, finishing each claim before the next.
func BenchmarkClaim(b *testing.B) {
	url := pgtest.Start(b)
	s := open(b, postgres.Config{URL: url, Keys: keyring(b, 1)})
	fill := func(from, count int, due string) {
		execute(b, url, fmt.Sprintf(`
			INSERT INTO job (key, kind, lane, due, subject, revision)
			SELECT 'deliver:' || md5(i::text), 'deliver', 1 + i %% 2, %s, '', 0 FROM generate_series(%d, %d) i`, due, from, from+count-1))
	}
	claim := func(b *testing.B, want int) []bot.Job {
		claimed, next, err := s.Due(b.Context(), start, want, time.Minute)
		if err != nil || len(claimed) != want || next.IsZero() {
			b.Fatal(len(claimed), next, err)
		}
		return claimed
	}
	fill(0, 1_000_000, `'2026-06-01'::timestamptz + i * interval '1 second'`)
	b.Run("none due", func(b *testing.B) {
		spent := cpu(b, url)
		for b.Loop() {
			if claimed, _, err := s.Due(b.Context(), start, 32, time.Minute); err != nil || len(claimed) > 0 {
				b.Fatal(len(claimed), err)
			}
		}
		_, server := spent()
		b.ReportMetric(float64(server.Microseconds())/float64(b.N), "µs-server/claim")
	})
	for _, size := range []int{16, 64} {
		fill(2_000_000, 100_000, `'2026-01-01'::timestamptz + i * interval '1 millisecond'`)
		b.Run(fmt.Sprintf("claim=%d of 100000", size), func(b *testing.B) {
			var server time.Duration
			claims := 0
			for b.Loop() {
				spent := cpu(b, url)
				done := claim(b, size)
				_, used := spent()
				server += used
				claims++
				group := make([]*bot.Commit, len(done))
				for i := range done {
					done[i].Due = time.Time{}
					group[i] = &bot.Commit{At: start, Done: &done[i]}
				}
				if _, err := s.Commit(b.Context(), group, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(server.Microseconds())/float64(claims), "µs-server/claim")
		})
		execute(b, url, `DELETE FROM job WHERE due < '2026-06-01'`)
	}
}
