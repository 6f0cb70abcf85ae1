package twilio

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// maxFields bounds the fields of one form; Twilio's richest has about forty.
const maxFields = 256

var (
	errForm     = errors.New("the form cannot be read")
	errRepeated = errors.New("the form repeats a key")
)

// field is one decoded key and value.
type field struct{ key, value string }

// form is sorted by key, then value: the order in which Twilio signs.
type form []field

// parseForm reads an application/x-www-form-urlencoded body or query the way
// url.ParseQuery does, keeping every repetition. A bad escape, a semicolon or too
// many fields make the whole unreadable, since nothing may be dropped from what a
// signature covers.
func parseForm(raw string) (form, error) {
	if strings.Contains(raw, ";") || strings.Count(raw, "&") >= maxFields {
		return nil, errForm
	}
	fields := make(form, 0, strings.Count(raw, "&")+1)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		key, keyErr := url.QueryUnescape(key)
		value, valueErr := url.QueryUnescape(value)
		if keyErr != nil || valueErr != nil {
			return nil, errForm
		}
		fields = append(fields, field{key, value})
	}
	slices.SortFunc(fields, compareFields)
	return fields, nil
}

// formOf turns values that were parsed elsewhere into a form.
func formOf(values url.Values) form {
	var fields form
	for key, list := range values {
		for _, value := range list {
			fields = append(fields, field{key, value})
		}
	}
	slices.SortFunc(fields, compareFields)
	return fields
}

func compareFields(a, b field) int {
	return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
}

// repeats tells whether a key stands more than once, with whatever values.
func (f form) repeats() bool {
	for i := 1; i < len(f); i++ {
		if f[i].key == f[i-1].key {
			return true
		}
	}
	return false
}

// get returns the value of a key, or "".
func (f form) get(key string) string {
	i, found := slices.BinarySearchFunc(f, key, func(f field, key string) int {
		return strings.Compare(f.key, key)
	})
	if !found {
		return ""
	}
	return f[i].value
}
