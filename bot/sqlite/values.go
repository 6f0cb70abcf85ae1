package sqlite

import (
	"database/sql"
	"encoding/json"
	"time"

	"relais/bot"
)

// micro is a time as stored: microseconds since 1970, NULL for the zero time.
func micro(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// moment reads what micro wrote.
func moment(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}

// nullable is an identifier as stored, NULL for the zero one.
func nullable(id bot.ID) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// idOf reads what nullable wrote.
func idOf(b []byte) (id bot.ID) {
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// list is a list of codes as stored: JSON, which SQLite's own functions read.
func list(values []string) string {
	if len(values) == 0 {
		return "[]"
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic("sqlite: " + err.Error()) // strings always marshal
	}
	return string(text)
}

func listOf(text string) (values []string, err error) {
	if text == "[]" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &values)
	return values, err
}
