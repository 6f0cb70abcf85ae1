package postgres

import (
	"bytes"
	"cmp"
	"slices"

	"relais/bot"
)

const (
	// markLines raises how far lines got. Failed and cancelled lines stay so; a
	// lower rank only fills in what was not known: the operator's id, the
	// segments.
	markLines = `
UPDATE line l SET
	delivery = CASE WHEN m.delivery > l.delivery AND l.delivery < 7 OR m.delivery = 1 AND l.delivery = 2 THEN m.delivery ELSE l.delivery END,
	error    = CASE WHEN m.error <> 0 AND m.delivery >= l.delivery AND l.delivery < 7 THEN m.error ELSE l.error END,
	provider = CASE WHEN m.provider <> '' AND (l.provider = '' OR m.delivery >= l.delivery) THEN m.provider ELSE l.provider END,
	segments = CASE WHEN m.segments <> 0 AND (l.segments = 0 OR m.delivery >= l.delivery) THEN m.segments ELSE l.segments END
FROM unnest($1::int4[], $2::int2[], $3::int8[], $4::text[], $5::int8[], $6::uuid[], $7::int8[])
	AS m(turn, delivery, error, provider, segments, conversation, n)
WHERE l.conversation = m.conversation AND l.n = m.n AND ` + held

	// cancelLines withdraws what has not begun to leave. The crisis lane always
	// leaves. What waits is found through its thread, so that the length of a
	// conversation does not matter.
	cancelLines = `
UPDATE line SET delivery = 8 FROM (
	SELECT l.conversation, l.n
	FROM unnest($1::int4[], $2::uuid[], $3::uuid[], $4::bool[], $5::text[]) AS c(turn, conversation, thread, bot, class)
	CROSS JOIN LATERAL (
		SELECT id FROM thread WHERE id = c.thread AND (c.conversation IS NULL OR conversation = c.conversation)
		UNION ALL
		SELECT id FROM thread WHERE c.thread IS NULL AND conversation = c.conversation) t
	CROSS JOIN LATERAL (
		SELECT conversation, n FROM line WHERE thread = t.id AND delivery IN (1, 2) AND delivery = 1 AND lane <> 0
			AND (NOT c.bot OR from_ = 'assistant') AND (c.class = '' OR class = c.class) OFFSET 0) l
	WHERE ` + held + `
) waiting
WHERE line.conversation = waiting.conversation AND line.n = waiting.n AND line.delivery IS NOT DISTINCT FROM 1`

	// insertLines runs before the conversation gets its new owner: a note
	// belongs to the organisation that had it. The line of an errand is begun when its
	// job is born.
	insertLines = `
INSERT INTO line (conversation, n, thread, seq, from_, adviser, audience, org, at, key, epoch, lane, class,
	delivery, provider, error, segments, body)
SELECT n.conversation, n.n, n.thread, n.seq, n.from_, n.adviser, n.audience,
	CASE n.audience WHEN 'note' THEN coalesce(nullif((SELECT owner_org FROM conversation WHERE id = n.conversation), ''), n.org) ELSE '' END,
	n.at, n.key, n.epoch, n.lane, n.class,
	CASE WHEN n.errand AND turn = ANY ((SELECT current_setting('relais.born')::int4[])::int4[]) THEN 2 ELSE n.delivery END,
	n.provider, n.error, n.segments, n.body
FROM unnest($1::int4[], $2::uuid[], $3::int8[], $4::uuid[], $5::int8[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::timestamptz[], $11::text[], $12::int8[], $13::int2[], $14::text[], $15::int2[], $16::text[], $17::int8[], $18::int8[], $19::bytea[], $20::bool[])
	AS n(turn, conversation, n, thread, seq, from_, adviser, audience, org,
		at, key, epoch, lane, class, delivery, provider, error, segments, body, errand)
WHERE ` + held
)

// marks raises how far lines got, in the order of the lines: marks lock no
// conversation, and two groups must not wait for each other in a circle.
func (w *writer) marks() {
	type mark struct {
		*bot.Mark
		turn, stage int
	}
	var list []mark
	same := func(a, b *bot.Mark) bool { return a.N == b.N && a.Conversation == b.Conversation }
	for _, t := range w.wave {
		for i := range t.Marks {
			list = append(list, mark{&t.Marks[i], t.at, before(t.Marks, i, same)})
		}
	}
	slices.SortStableFunc(list, func(a, b mark) int {
		return cmp.Or(bytes.Compare(a.Conversation[:], b.Conversation[:]), cmp.Compare(a.N, b.N))
	})
	marks := w.stages()
	for _, m := range list {
		marks.at(m.stage).row().int4(m.turn).int2(int16(m.Delivery)).int8(int64(m.Error)).text(m.Provider).
			int8(int64(m.Segments)).uuid(m.Conversation).int8(m.N)
	}
	w.putAll(markLines, marks)
}

// cancels withdraws lines that wait.
func (w *writer) cancels() {
	r := w.rows()
	for _, t := range w.wave {
		for _, c := range t.Cancels {
			r.row().int4(t.at).uuid(t.id()).uuid(c.Thread).bool(c.Bot).text(c.Class)
		}
	}
	w.put(cancelLines, r)
}

// lines adds the turns' own.
func (w *writer) lines() {
	r := w.rows()
	for _, t := range w.wave {
		for i := range t.Lines {
			l := &t.Lines[i]
			r.row().int4(t.at).uuid(l.Conversation).int8(l.N).uuid(l.Thread).int8(l.Seq).text(string(l.From)).text(l.Adviser).
				text(string(l.Audience)).text(t.Conversation.Owner.Organisation).time(l.At).text(l.Key).int8(l.Epoch).int2(int16(l.Lane)).
				text(l.Class).int2(int16(l.Delivery)).text(l.Provider).int8(int64(l.Error)).int8(int64(l.Segments)).bytes(t.sealed.Lines[i]).
				bool(t.Errand != nil && t.Errand.N == l.N)
		}
	}
	w.put(insertLines, r)
}
