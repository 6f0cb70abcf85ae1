package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"relais/bot"
)

// holds checks that a job is still under that lease.
func (t *tx) holds(job *bot.Job) error {
	if job == nil {
		return nil
	}
	var leased bool
	err := t.row(`SELECT lease_until IS NOT NULL FROM job WHERE key = ? AND token = ?`, job.Key, job.Token).Scan(&leased)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !leased) {
		return bot.ErrLease
	}
	if err != nil {
		return fmt.Errorf("check the lease of job %s: %w", job.Kind, err)
	}
	return nil
}

// born tells whether the job of an errand is not there yet.
func (t *tx) born(e *bot.Errand) (bool, error) {
	if e == nil {
		return false, nil
	}
	e.Born = false // of an earlier try
	var there bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM job WHERE key = ?)`, e.Key).Scan(&there); err != nil {
		return false, fmt.Errorf("look for a job: %w", err)
	}
	return !there, nil
}

// putJobs drops, plans, then finishes jobs: a job that its own turn plans
// again lives on.
func (s *Store) putJobs(t *tx, c *bot.Commit, _ place) error {
	for _, key := range c.Forget {
		if _, err := t.exec(`DELETE FROM job WHERE key = ?`, key); err != nil {
			return fmt.Errorf("forget a job: %w", err)
		}
	}
	for i := range c.Schedule {
		if err := t.plan(&c.Schedule[i]); err != nil {
			return err
		}
	}
	return t.finish(c)
}

// plan writes a job, or moves it. Its lease stays with whoever has it; its
// attempts start again; it keeps the more pressing lane.
func (t *tx) plan(j *bot.Job) error {
	_, err := t.exec(`
		INSERT INTO job (key, kind, lane, due, conversation, thread, subject, revision, serial, attempts, token, lease_until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 0, coalesce(nullif(?, 0), random() >> 2 & 0x1fffffffffffffff), ?)
		ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, lane = min(lane, excluded.lane), due = excluded.due,
			conversation = excluded.conversation, thread = excluded.thread, subject = excluded.subject,
			revision = excluded.revision, serial = serial + 1, attempts = 0`,
		j.Key, string(j.Kind), int64(j.Lane), due(j.Due), nullable(j.Conversation), nullable(j.Thread), j.Subject, j.Revision,
		bornWith(j), micro(j.Lease))
	if err != nil {
		return fmt.Errorf("plan a job of kind %q: %w", j.Kind, err)
	}
	return nil
}

// bornWith is the token of a job that is born claimed.
func bornWith(j *bot.Job) int64 {
	if j.Lease.IsZero() {
		return 0
	}
	return j.Token
}

// finish ends a job, or puts it off when Due says until when. One that was
// planned again since it was claimed only loses its lease.
func (t *tx) finish(c *bot.Commit) (err error) {
	c.Again = false // of an earlier try
	done := c.Done
	if done == nil {
		return nil
	}
	var same int64
	if done.Due.IsZero() {
		same, err = t.exec(`DELETE FROM job WHERE key = ? AND token = ? AND serial = ?`, done.Key, done.Token, done.Serial)
	} else {
		same, err = t.exec(`UPDATE job SET due = ?, attempts = attempts + 1, lease_until = NULL WHERE key = ? AND token = ? AND serial = ?`,
			due(done.Due), done.Key, done.Token, done.Serial)
	}
	var kept int64
	if err == nil && same == 0 {
		kept, err = t.exec(`UPDATE job SET lease_until = NULL WHERE key = ? AND token = ?`, done.Key, done.Token)
	}
	if err != nil {
		return fmt.Errorf("finish a job of kind %q: %w", done.Kind, err)
	}
	c.Again = kept > 0
	return nil
}

// due is a due time as stored; no time at all is long ago.
func due(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Due claims jobs whose time has come. It looks without claiming first, so
// that an idle service writes nothing.
func (s *Store) Due(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]bot.Job, time.Time, error) {
	waiting, next, err := s.next(ctx, now)
	if err != nil || !waiting || limit <= 0 {
		return nil, next, err
	}
	var jobs []bot.Job
	err = s.writer.write(ctx, claim, func(t *tx) (err error) {
		jobs, err = t.claim(now, limit, now.Add(lease))
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("claim jobs: %w", err)
	}
	if _, next, err = s.next(ctx, now); err != nil {
		return jobs, time.Time{}, nil // what was claimed is ours to do
	}
	return jobs, next, nil
}

// next tells whether a job can be claimed now, and else when the first one can
// be: when it is due, or when its lease ends. Jobs under a lease are few and
// were due when they were claimed, so they are looked for among those only; one
// that was put off meanwhile counts by its new time.
func (s *Store) next(ctx context.Context, now time.Time) (bool, time.Time, error) {
	var waiting bool
	var next sql.NullInt64
	err := s.reader.row(ctx, `
		WITH lanes(lane) AS (VALUES (0), (1), (2), (3)), waiting(due) AS (
			SELECT (SELECT due FROM job WHERE lane = lanes.lane AND due <= ?1 AND (lease_until IS NULL OR lease_until <= ?1)
				ORDER BY due LIMIT 1)
			FROM lanes)
		SELECT count(due) > 0, CASE WHEN count(due) > 0 THEN min(due) ELSE (
			SELECT min(at) FROM (
				SELECT (SELECT due FROM job WHERE lane = lanes.lane AND due > ?1 ORDER BY due LIMIT 1) AS at FROM lanes
				UNION ALL
				SELECT (SELECT min(lease_until) FROM job WHERE lane = lanes.lane AND due <= ?1) FROM lanes)) END
		FROM waiting`, now.UnixMicro()).Scan(&waiting, &next)
	if err != nil {
		return false, time.Time{}, fmt.Errorf("look for due jobs: %w", err)
	}
	return waiting, moment(next), nil
}

// claim takes the due jobs lane by lane, so that the index gives them in order.
func (t *tx) claim(now time.Time, limit int, until time.Time) ([]bot.Job, error) {
	var jobs []bot.Job
	for lane := bot.LaneCrisis; lane <= bot.LaneBulk && len(jobs) < limit; lane++ {
		err := t.each(func(row scanner) error {
			j, err := jobOf(row)
			jobs = append(jobs, j)
			return err
		}, `
			SELECT key, kind, lane, due, conversation, thread, subject, revision, serial, token, attempts,
				lease_until IS NOT NULL
			FROM job WHERE lane = ? AND due <= ?2 AND (lease_until IS NULL OR lease_until <= ?2)
			ORDER BY due, key LIMIT ?3`, int64(lane), now.UnixMicro(), limit-len(jobs))
		if err != nil {
			return nil, err
		}
	}
	for i := range jobs {
		jobs[i].Token++
		if jobs[i].Reclaimed {
			jobs[i].Attempts++
		}
		_, err := t.exec(`UPDATE job SET token = ?, attempts = ?, lease_until = ? WHERE key = ?`,
			jobs[i].Token, jobs[i].Attempts, until.UnixMicro(), jobs[i].Key)
		if err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

func jobOf(row scanner) (j bot.Job, err error) {
	var (
		conversation, thread []byte
		due                  int64
	)
	err = row.Scan(&j.Key, &j.Kind, &j.Lane, &due, &conversation, &thread, &j.Subject, &j.Revision, &j.Serial,
		&j.Token, &j.Attempts, &j.Reclaimed)
	j.Due = time.UnixMicro(due).UTC()
	j.Conversation, j.Thread = idOf(conversation), idOf(thread)
	return j, err
}

// Renew keeps claimed jobs, and leaves out those that are no longer ours.
func (s *Store) Renew(ctx context.Context, jobs []bot.Job, until time.Time) ([]bot.Job, error) {
	kept := make([]bot.Job, 0, len(jobs))
	err := s.writer.write(ctx, claim, func(t *tx) error {
		for _, j := range jobs {
			n, err := t.exec(`UPDATE job SET lease_until = ? WHERE key = ? AND token = ? AND lease_until IS NOT NULL`,
				until.UnixMicro(), j.Key, j.Token)
			if err != nil {
				return err
			}
			if n > 0 {
				kept = append(kept, j)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	return kept, nil
}
