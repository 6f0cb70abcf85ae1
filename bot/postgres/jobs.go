package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"relais/bot"
)

// jobs forgets, plans, and finishes. A job that was planned again while it ran
// stays, and its new plan counts.
func (w *writer) jobs() {
	if len(w.c.Forget) > 0 {
		w.Queue(`DELETE FROM job WHERE key = ANY($1)`, w.c.Forget)
	}
	for i := range w.c.Schedule {
		w.schedule(&w.c.Schedule[i])
	}
	done := w.c.Done
	if done == nil {
		return
	}
	if done.Due.IsZero() {
		w.Queue(`DELETE FROM job WHERE key = $1 AND token = $2 AND serial = $3`, done.Key, done.Token, done.Serial)
	} else {
		w.Queue(`
			UPDATE job SET due = $4, attempts = attempts + 1 WHERE key = $1 AND token = $2 AND serial = $3`,
			done.Key, done.Token, done.Serial, due(done.Due))
	}
	w.Queue(`UPDATE job SET lease_until = NULL WHERE key = $1 AND token = $2`, done.Key, done.Token)
}

func (w *writer) schedule(j *bot.Job) {
	w.Queue(`
		INSERT INTO job (key, kind, lane, due, conversation, thread, subject, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (key) DO UPDATE SET (kind, lane, due, conversation, thread, subject, revision, serial, attempts)
		= (excluded.kind, least(job.lane, excluded.lane), excluded.due, excluded.conversation, excluded.thread, excluded.subject,
			excluded.revision, job.serial + 1, 0)`,
		j.Key, string(j.Kind), int16(j.Lane), due(j.Due), uid(j.Conversation), uid(j.Thread), j.Subject, j.Revision)
}

// due is a due time as stored; no time at all is long ago.
func due(t time.Time) pgtype.Timestamptz {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return stamp(t)
}

// Due claims jobs whose time has come; see bot.Store. Those that another
// instance is claiming at this moment are passed over.
func (s *Store) Due(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]bot.Job, time.Time, error) {
	var jobs []bot.Job
	var next pgtype.Timestamptz
	err := s.write(ctx, "claim", func(b *pgx.Batch) {
		b.Queue(`
			WITH ready AS (
				SELECT key, lease_until IS NOT NULL AS reclaimed FROM job
				WHERE due <= $1 AND (lease_until IS NULL OR lease_until <= $1)
				ORDER BY lane, due, key LIMIT $2 FOR UPDATE SKIP LOCKED
			)
			UPDATE job SET token = nextval('lease'), lease_until = $3, attempts = attempts + reclaimed::int
			FROM ready WHERE job.key = ready.key
			RETURNING job.key, kind, lane, due, conversation, thread, subject, revision, token, serial, attempts, reclaimed`,
			stamp(now), max(limit, 0), stamp(now.Add(lease))).Query(func(rows pgx.Rows) (err error) {
			jobs, err = pgx.CollectRows(rows, scanJob)
			return err
		})
		b.Queue(`
			SELECT min(due) FROM job WHERE lease_until IS NULL OR lease_until <= $1`, stamp(now)).QueryRow(func(row pgx.Row) error {
			return row.Scan(&next)
		})
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("claim jobs: %w", err)
	}
	slices.SortFunc(jobs, func(a, b bot.Job) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), a.Due.Compare(b.Due), strings.Compare(a.Key, b.Key))
	})
	return jobs, moment(next), nil
}

func scanJob(row pgx.CollectableRow) (j bot.Job, err error) {
	var conversation, thread pgtype.UUID
	var due pgtype.Timestamptz
	err = row.Scan(&j.Key, &j.Kind, &j.Lane, &due, &conversation, &thread, &j.Subject, &j.Revision,
		&j.Token, &j.Serial, &j.Attempts, &j.Reclaimed)
	j.Due, j.Conversation, j.Thread = moment(due), conversation.Bytes, thread.Bytes
	return j, err
}

// Renew keeps claimed jobs, and leaves out those that are no longer ours; see
// bot.Store.
func (s *Store) Renew(ctx context.Context, jobs []bot.Job, until time.Time) ([]bot.Job, error) {
	keys, tokens := make([]string, len(jobs)), make([]int64, len(jobs))
	for i := range jobs {
		keys[i], tokens[i] = jobs[i].Key, jobs[i].Token
	}
	var renewed []string
	err := s.write(ctx, "claim", func(b *pgx.Batch) {
		b.Queue(`
			WITH ours AS (
				SELECT key FROM job JOIN unnest($1::text[], $2::bigint[]) AS held(key, token) USING (key, token)
				WHERE lease_until IS NOT NULL ORDER BY key FOR UPDATE OF job
			)
			UPDATE job SET lease_until = $3 FROM ours WHERE job.key = ours.key
			RETURNING job.key`, keys, tokens, stamp(until)).Query(func(rows pgx.Rows) (err error) {
			renewed, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	kept := make([]bot.Job, 0, len(renewed))
	for _, j := range jobs {
		if slices.Contains(renewed, j.Key) {
			kept = append(kept, j)
		}
	}
	return kept, nil
}
