package bus

import "github.com/redis/go-redis/v9"

// clock gives the time to a script in microseconds. Times stay below 2^53, so
// that Lua's numbers hold them exactly; they are written with all their digits.
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`

// take is limit.take: KEYS[1] holds when nothing will be owed any more; ARGV
// are each, slack, cost and horizon. It returns the wait in microseconds.
const take = `
local each, slack, cost, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now or full - now > horizon then full = now end
local wait = full - now - slack
if wait > 0 then return wait end
full = full + cost * each
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return 0
`

// here notes a member (ARGV[1]) of the group KEYS[1], and forgets those who gave
// no sign for ARGV[2] milliseconds; present counts the others.
const (
	here = `
local lasts = tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - lasts * 1000))
redis.call('PEXPIRE', KEYS[1], lasts)
return 1
`
	present = `return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now - tonumber(ARGV[1]) * 1000), '+inf')`
)

// Compiled by Redis once and called by their hash.
var (
	takeScript    = redis.NewScript(clock + take)
	hereScript    = redis.NewScript(clock + here)
	presentScript = redis.NewScript(clock + present)
)
