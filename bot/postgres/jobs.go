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

const (
	deleteJobs = `
DELETE FROM job j USING unnest($1::int4[], $2::text[]) AS n(turn, key) WHERE j.key = n.key AND ` + held

	upsertJobs = `
INSERT INTO job (key, kind, lane, due, conversation, thread, subject, revision, token, lease_until)
SELECT key, kind, lane, due, conversation, thread, subject, revision, token, lease_until
FROM unnest($1::int4[], $2::text[], $3::text[], $4::int2[], $5::timestamptz[], $6::uuid[], $7::uuid[], $8::text[], $9::int8[],
	$10::int8[], $11::timestamptz[]) AS n(turn, key, kind, lane, due, conversation, thread, subject, revision, token, lease_until)
WHERE ` + held + ` ORDER BY key
ON CONFLICT (key) DO UPDATE SET (kind, lane, due, conversation, thread, subject, revision, serial, attempts)
= (excluded.kind, least(job.lane, excluded.lane), excluded.due, excluded.conversation, excluded.thread, excluded.subject,
	excluded.revision, job.serial + 1, 0)`

	// finishJobs ends the jobs that were not planned again while they ran, and
	// gives up the leases of the others. One put off comes again then, unless it
	// was planned again: that plan counts, and its turn is told.
	finishJobs = `
WITH done AS (
	SELECT * FROM unnest($1::int4[], $2::text[], $3::int8[], $4::int8[], $5::timestamptz[]) AS d(turn, key, token, serial, due)
	WHERE ` + held + `
), over AS (
	DELETE FROM job j USING done d WHERE j.key = d.key AND j.token = d.token AND j.serial = d.serial AND d.due IS NULL
)
UPDATE job j SET lease_until = NULL,
	due      = CASE WHEN j.serial = d.serial THEN d.due ELSE j.due END,
	attempts = CASE WHEN j.serial = d.serial THEN j.attempts + 1 ELSE j.attempts END
FROM done d
WHERE j.key = d.key AND j.token = d.token AND (j.serial <> d.serial OR d.due IS NOT NULL)
RETURNING d.turn, j.serial <> d.serial`
)

// jobs forgets, plans, and finishes. A job that was planned again while it ran
// stays, and its new plan counts.
func (w *writer) jobs() {
	forgotten, planned, done := w.rows(), w.stages(), w.rows()
	same := func(a, b *bot.Job) bool { return a.Key == b.Key }
	for _, t := range w.wave {
		for _, key := range t.Forget {
			forgotten.row().int4(t.at).text(key)
		}
		for i := range t.Schedule {
			j := &t.Schedule[i]
			planned.at(before(t.Schedule, i, same)).row().int4(t.at).text(j.Key).text(string(j.Kind)).int2(int16(j.Lane)).
				time(due(j.Due)).uuid(j.Conversation).uuid(j.Thread).text(j.Subject).int8(j.Revision).
				int8(bornWith(j)).time(j.Lease)
		}
		if j := t.Done; j != nil {
			done.row().int4(t.at).text(j.Key).int8(j.Token).int8(j.Serial).time(j.Due)
		}
	}
	w.put(deleteJobs, forgotten)
	w.putAll(upsertJobs, planned)
	if done.n > 0 {
		w.add(w.ctx, finishJobs, w.again, done)
	}
}

// again tells the turns whose job was planned again while it ran.
func (w *writer) again(released pgx.Rows) error {
	var turn int
	var again bool
	_, err := pgx.ForEachRow(released, []any{&turn, &again}, func() error {
		w.all[turn].Again = again
		return nil
	})
	return err
}

// bornWith is the token of a job that is born claimed.
func bornWith(j *bot.Job) int64 {
	if j.Lease.IsZero() {
		return 0
	}
	return j.Token
}

// due is a due time as stored; no time at all is long ago.
func due(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0)
	}
	return t
}

const (
	// claimJobs takes lane after lane until there are enough. Within a lane the
	// index gives jobs in order, so that only what is claimed is read, however
	// much is due. What another instance is claiming at this moment is passed
	// over. One more than asked for is looked at: when there is one, nextJob
	// need not look.
	claimJobs = `
WITH ready AS (
	SELECT j.key, j.due, j.reclaimed, row_number() OVER () AS place
	FROM (VALUES (0), (1), (2), (3)) AS lanes(lane)
	CROSS JOIN LATERAL (
		SELECT key, due, lease_until IS NOT NULL AS reclaimed FROM job
		WHERE lane = lanes.lane AND due <= $1 AND (lease_until IS NULL OR lease_until <= $1)
		ORDER BY due LIMIT $2 + 1 FOR UPDATE SKIP LOCKED) j
	LIMIT $2 + 1
)
UPDATE job SET token = nextval('lease'), lease_until = $3, attempts = attempts + reclaimed::int
FROM ready WHERE job.key = ready.key AND place <= $2
RETURNING job.key, kind, lane, job.due, conversation, thread, subject, revision, token, serial, attempts, reclaimed,
	(SELECT due FROM ready WHERE place > $2 AND set_config('relais.more', 'on', true) = 'on')`

	// nextJob looks, lane by lane, for the first job that nobody has, and for
	// those ahead of it that somebody has.
	nextJob = `
SELECT least(min(free.due), min(leased.until)) FROM (VALUES (0), (1), (2), (3)) AS lanes(lane)
LEFT JOIN LATERAL (
	SELECT due FROM job WHERE lane = lanes.lane AND (lease_until IS NULL OR lease_until <= $1)
	ORDER BY due LIMIT 1) free ON true
CROSS JOIN LATERAL (
	SELECT min(greatest(due, lease_until)) AS until FROM job
	WHERE lane = lanes.lane AND due <= coalesce(free.due, 'infinity') AND lease_until > $1) leased
WHERE current_setting('relais.more', true) IS DISTINCT FROM 'on'`
)

// Due claims jobs whose time has come; see bot.Store.
func (s *Store) Due(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]bot.Job, time.Time, error) {
	var jobs []bot.Job
	var more, next pgtype.Timestamptz
	err := s.write(ctx, "claim", func(b *pgx.Batch) {
		b.Queue(claimJobs, stamp(now), max(limit, 0), stamp(now.Add(lease))).Query(func(rows pgx.Rows) (err error) {
			jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (bot.Job, error) { return scanJob(row, &more) })
			return err
		})
		b.Queue(nextJob, stamp(now)).QueryRow(func(row pgx.Row) error { return row.Scan(&next) })
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("claim jobs: %w", err)
	}
	slices.SortFunc(jobs, func(a, b bot.Job) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), a.Due.Compare(b.Due), strings.Compare(a.Key, b.Key))
	})
	if more.Valid {
		next = more
	}
	return jobs, moment(next), nil
}

func scanJob(row pgx.CollectableRow, more *pgtype.Timestamptz) (j bot.Job, err error) {
	var conversation, thread pgtype.UUID
	var due pgtype.Timestamptz
	err = row.Scan(&j.Key, &j.Kind, &j.Lane, &due, &conversation, &thread, &j.Subject, &j.Revision,
		&j.Token, &j.Serial, &j.Attempts, &j.Reclaimed, more)
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
	type lease struct {
		Key   string
		Token int64
	}
	var renewed []lease
	err := s.write(ctx, "claim", func(b *pgx.Batch) {
		b.Queue(`
			WITH ours AS (
				SELECT key FROM job JOIN unnest($1::text[], $2::bigint[]) AS held(key, token) USING (key, token)
				WHERE lease_until IS NOT NULL ORDER BY key FOR UPDATE OF job
			)
			UPDATE job SET lease_until = $3 FROM ours WHERE job.key = ours.key
			RETURNING job.key, job.token`, keys, tokens, stamp(until)).Query(func(rows pgx.Rows) (err error) {
			renewed, err = pgx.CollectRows(rows, pgx.RowToStructByPos[lease])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	kept := make([]bot.Job, 0, len(renewed))
	for _, j := range jobs {
		if slices.Contains(renewed, lease{j.Key, j.Token}) {
			kept = append(kept, j)
		}
	}
	return kept, nil
}
