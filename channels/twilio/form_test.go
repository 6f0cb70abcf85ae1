package twilio

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestParseForm(t *testing.T) {
	tests := []struct {
		name, raw string
		want      form
	}{
		{"empty", "", form{}},
		{"sorted by key", "b=2&a=1", form{{"a", "1"}, {"b", "2"}}},
		{"repeated key sorted by value", "a=2&a=1&a=2", form{{"a", "1"}, {"a", "2"}, {"a", "2"}}},
		{"no value", "a&b=", form{{"a", ""}, {"b", ""}}},
		{"escapes", "Body=d%C3%A9j%C3%A0+vu%26", form{{"Body", "déjà vu&"}}},
		{"equals sign in a value", "a=b=c", form{{"a", "b=c"}}},
		{"empty parts", "&&a=1&", form{{"a", "1"}}},
		{"as many as allowed", strings.Repeat("&", maxFields-1), form{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseForm(tt.raw)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("parseForm = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	for _, raw := range []string{"a=%zz", "a=%4", "%=1", "a=1;b=2", "a=1&b;", strings.Repeat("&", maxFields)} {
		if got, err := parseForm(raw); err == nil {
			t.Errorf("parseForm(%.20q) = %v, want an error", raw, got)
		}
	}
}

func TestFormRepeats(t *testing.T) {
	for raw, want := range map[string]bool{"": false, "a=1&b=1": false, "a=1&b=2&a=3": true, "a=1&a=1": true, "a&%61": true} {
		fields, err := parseForm(raw)
		if err != nil || fields.repeats() != want {
			t.Errorf("%q: repeats = %v (%v), want %v", raw, fields.repeats(), err, want)
		}
	}
}

// FuzzForm compares with net/url, which reads the same language into a map.
func FuzzForm(f *testing.F) {
	f.Add(sdkForm)
	f.Add(benchForm)
	f.Add("a=1;b=2&c=%zz&&=")
	f.Add("a&a&%00=%ff")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := parseForm(raw)
		values, reference := url.ParseQuery(raw)
		if tooMany := strings.Count(raw, "&") >= maxFields; (err == nil) != (reference == nil && !tooMany) {
			t.Fatalf("error %v, net/url %v", err, reference)
		}
		if err != nil {
			return
		}
		if want := formOf(values); !slices.Equal(got, want) {
			t.Fatalf("%v, net/url %v", got, want)
		}
		for key, list := range values {
			if got.get(key) != slices.Min(list) {
				t.Fatalf("get(%q) = %q", key, got.get(key))
			}
		}
		if in, err := readInbound(got); err == nil && strings.ContainsRune(in.Body, 0) {
			t.Fatal("U+0000 in a text")
		}
	})
}
