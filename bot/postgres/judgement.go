package postgres

import (
	"fmt"
	"strings"
)

// counts tells what the turns of a wave count on beside their conversation and
// the flows. What none of them counts on is left out of the judgement, where
// each part costs a group as much as some rows do.
type counts struct{ leases, advisers, addresses, errands bool }

// judgements are the statements for all that a wave may count on.
var judgements = func() map[counts]string {
	all := map[counts]string{}
	for i := range 16 {
		c := counts{leases: i&1 > 0, advisers: i&2 > 0, addresses: i&4 > 0, errands: i&8 > 0}
		all[c] = judgement(c)
	}
	return all
}()

// judgement locks what the turns of a wave touch, conversations then jobs, each
// in the order of its keys, gives each turn its verdict, and remembers the
// events of those that hold, in the order of the wave. One that another instance
// is remembering at this moment is waited for, and clashes when that has. It also notes whose errands are born: their job is
// not there. Nobody else plans it meanwhile, since whoever does holds the
// conversation.
//
// The generation is not locked: it is on every turn, and a turn committed just
// before a publication is in order.
//
// It has no joins: what was locked is looked up in hashes, through IN, and a
// single row by its key, through a scalar subquery, since of an EXISTS the
// planner may make a hash of the whole table.
func judgement(c counts) string {
	params := 10
	// arrays are the next parameters, of these types: in the order in which judge
	// passes what there is.
	arrays := func(types ...string) string {
		for i, name := range types {
			params++
			types[i] = fmt.Sprintf("$%d::%s[]", params, name)
		}
		return strings.Join(types, ", ")
	}
	var lost, lease, adviser, address, born string
	told := "NULL::text, NULL"
	if c.leases {
		lost = `), lost AS (
	SELECT turn FROM unnest(` + arrays("int4", "text", "int8") + `) AS l(turn, key, token)
	WHERE (key, token) NOT IN (SELECT key, token FROM jobs WHERE lease_until IS NOT NULL)
`
		lease = `
		WHEN turn IN (SELECT turn FROM lost) THEN '1'`
	}
	if c.advisers {
		adviser = `
		WHEN turn IN (
			SELECT g.turn FROM unnest(` + arrays("int4", "text", "bool") + `) AS g(turn, adviser, active)
			WHERE active <> coalesce((SELECT NOT disabled FROM adviser WHERE id = g.adviser), false)) THEN '3'`
	}
	if c.addresses {
		address = `
		WHEN turn IN (
			SELECT n.turn FROM unnest(` + arrays("int4", "bytea") + `) AS n(turn, hash)
			WHERE (SELECT true FROM thread t WHERE t.hash = n.hash)) THEN '4'`
	}
	if c.errands {
		born = `), born AS (
	SELECT turn FROM unnest(` + arrays("int4", "text") + `) AS e(turn, key) WHERE key NOT IN (SELECT key FROM jobs)
`
		told = `(SELECT string_agg(turn::text, ' ') FROM born),
	set_config('relais.born', coalesce((SELECT array_agg(turn) FROM born), '{}')::text, true)`
	}
	return `
WITH asked AS (
	SELECT * FROM unnest($1::int4[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::int8[], $8::int8[], $9::int8[])
		AS a(turn, source, event, at, conversation, person, version, before, generation)
), found AS (
	SELECT id, person, version, n FROM conversation WHERE id = ANY($5) ORDER BY id FOR UPDATE
), jobs AS (
	SELECT key, token, lease_until FROM job WHERE key = ANY($10::text[]) AND (SELECT count(*) FROM found) >= 0 -- after them
	ORDER BY key FOR UPDATE
` + lost + `), verdict AS (
	SELECT turn, source, event, at, CASE` + lease + `
		WHEN event <> '' AND (SELECT true FROM seen s WHERE s.source = a.source AND s.event = a.event) THEN '2'
		WHEN generation <> (SELECT number FROM setting WHERE key = 'generation') THEN '3'` + adviser + `
		WHEN version > 0 AND (conversation, person, version, before) NOT IN (SELECT id, person, version, n FROM found) THEN '4'
		WHEN version < 0 THEN '4'
		WHEN version = 0 AND (conversation IN (SELECT id FROM found) OR (SELECT true FROM person p WHERE p.id = a.person)) THEN '4'` + address + `
		ELSE '0' END AS said
	FROM asked a
), remembered AS (
	INSERT INTO seen (source, event, at) SELECT source, event, at FROM verdict WHERE said = '0' AND event <> ''
` + born + `)
SELECT string_agg(said, '' ORDER BY turn),
	set_config('relais.held', coalesce(array_agg(turn) FILTER (WHERE said = '0'), '{}')::text, true),
	(SELECT count(*) FROM jobs), -- locked even when no lease asks for it
	` + told + `
FROM verdict`
}

// leaseJudgement is the same for turns that count on nothing but leases.
const leaseJudgement = `
WITH jobs AS (
	SELECT key, token, lease_until FROM job WHERE key = ANY($2::text[]) ORDER BY key FOR UPDATE
), lost AS (
	SELECT turn FROM unnest($3::int4[], $4::text[], $5::int8[]) AS l(turn, key, token)
	WHERE (key, token) NOT IN (SELECT key, token FROM jobs WHERE lease_until IS NOT NULL)
), final AS (
	SELECT turn, CASE WHEN turn IN (SELECT turn FROM lost) THEN '1' ELSE '0' END AS said FROM unnest($1::int4[]) AS a(turn)
)
SELECT string_agg(said, '' ORDER BY turn),
	set_config('relais.held', coalesce(array_agg(turn) FILTER (WHERE said = '0'), '{}')::text, true),
	(SELECT count(*) FROM jobs), NULL::text, NULL
FROM final`
