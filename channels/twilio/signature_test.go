package twilio

import (
	"net/url"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"
)

// The vectors of Twilio's own libraries.
const (
	sdkToken = "12345"
	sdkURL   = "https://mycompany.com/myapp.php?foo=1&bar=2"
	sdkForm  = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
	sdkJSON  = `{"property": "value", "boolean": true}`
	sdkHash  = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
	sdkSign  = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	formType = "application/x-www-form-urlencoded; charset=UTF-8"
	twice    = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
)

func TestVerify(t *testing.T) {
	form := func(url, body, signature string) Request {
		return Request{"POST", url, formType, body, signature, []string{sdkToken}}
	}
	json := func(url, body, signature string) Request {
		return Request{"POST", url, "application/json", body, signature, []string{sdkToken}}
	}
	with := func(r Request, change func(*Request)) Request {
		change(&r)
		return r
	}
	good := form(sdkURL, sdkForm, sdkSign)
	goodJSON := json(sdkURL+"&"+sdkHash, sdkJSON, "a9nBmqA0ju/hNViExpshrM61xv4=")

	tests := []struct {
		name string
		r    Request
		want bool
	}{
		{"form", good, true},
		{"method left out", with(good, func(r *Request) { r.Method = "" }), true},
		{"type left out", with(good, func(r *Request) { r.ContentType = "" }), true},
		{"signed with port 443", form(sdkURL, sdkForm, "kvajT1Ptam85bY51eRf/AJRuM3w="), true},
		{"called with port 443, signed without", form("https://mycompany.com:443/myapp.php?foo=1&bar=2", sdkForm, sdkSign), true},
		{"http, signed with port 80", form("http://mycompany.com/myapp.php?foo=1&bar=2", sdkForm, "0ZXoZLH/DfblKGATFgpif+LLRf4="), true},
		{"http, port 1234", form("http://mycompany.com:1234/myapp.php?foo=1&bar=2", sdkForm, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="), true},
		{"user and password", form("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", sdkForm, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="), true},
		{"a key that begins another", form(sdkURL, sdkForm+"&ReasonConferenceEnded=test&Reason=Participant", "vOEb5UThFn24KEfnOFLQY2AE5FY="), true},
		{"repeated key", form(sdkURL, twice, "IK+Dwps556ElfBT0I3Rgjkr1wJU="), true},
		{"JSON", goodJSON, true},
		{"JSON, hash alone in the query", json("https://mycompany.com/myapp.php?"+sdkHash, sdkJSON, "y77kIzt2vzLz71DgmJGsen2scGs="), true},
		{"GET", Request{"GET", sdkURL, "", "", Sign(sdkToken, sdkURL, nil), []string{sdkToken}}, true},
		{"second token of two", with(good, func(r *Request) { r.Tokens = []string{"old", sdkToken} }), true},
		{"IPv6 host with port", form("https://[2001:db8::1]:8443/x", "a=1", Sign("12345", "https://[2001:db8::1]/x", url.Values{"a": {"1"}})), true},
		{"IPv6 host without port", form("https://[2001:db8::1]/x", "a=1", Sign("12345", "https://[2001:db8::1]:443/x", url.Values{"a": {"1"}})), true},
		{"empty form", form(sdkURL, "", Sign(sdkToken, sdkURL, nil)), true},
		{"escapes in the target stay as they came", form("https://x.fr/a?b=l'%C3%A9t%c3%a9", "a=1", Sign("12345", "https://x.fr/a?b=l'%C3%A9t%c3%a9", url.Values{"a": {"1"}})), true},

		{"no signature", with(good, func(r *Request) { r.Signature = "" }), false},
		{"no token", with(good, func(r *Request) { r.Tokens = nil }), false},
		{"empty token", with(good, func(r *Request) { r.Tokens, r.Signature = []string{""}, Sign("", sdkURL, nil); r.Body = "" }), false},
		{"other token", with(good, func(r *Request) { r.Tokens = []string{"54321"} }), false},
		{"longer signature", with(good, func(r *Request) { r.Signature += "=" }), false},
		{"other URL", with(good, func(r *Request) { r.URL += "&baz=3" }), false},
		{"other scheme", with(good, func(r *Request) { r.URL = strings.Replace(r.URL, "https", "http", 1) }), false},
		{"other value", with(good, func(r *Request) { r.Body = strings.Replace(r.Body, "1234", "1235", 1) }), false},
		{"appended field", with(good, func(r *Request) { r.Body += "&Body=x" }), false},
		{"appended value of a signed key", with(good, func(r *Request) { r.Body += "&Digits=999" }), false},
		{"one value of the repeated key", form(sdkURL, "Sid=CA123&SidAccount=AC123&Digits=5678", "IK+Dwps556ElfBT0I3Rgjkr1wJU="), false},
		{"broken escape", form(sdkURL, "a=%zz", Sign(sdkToken, sdkURL, nil)), false},
		{"semicolon", form(sdkURL, "a=1;b=2", Sign(sdkToken, sdkURL, nil)), false},
		{"JSON, other body", with(goodJSON, func(r *Request) { r.Body += " " }), false},
		{"JSON without a hash", json(sdkURL, sdkJSON, Sign(sdkToken, sdkURL, nil)), false},
		{"GET with a body", Request{"GET", sdkURL, formType, sdkForm, sdkSign, []string{sdkToken}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Verify(tt.r); got != tt.want {
				t.Errorf("Verify = %v, want %v", got, tt.want)
			}
		})
	}
}

// twilio-go is right about all vectors but the repeated key, the reason why the check
// is written here. When this fails, theirs has changed: look again.
func TestVerifyBesideTheLibrary(t *testing.T) {
	library := client.NewRequestValidator(sdkToken)
	if !library.ValidateBody(sdkURL, []byte(sdkForm), sdkSign) {
		t.Error("twilio-go refuses the plain vector")
	}
	if library.ValidateBody(sdkURL, []byte(twice), "IK+Dwps556ElfBT0I3Rgjkr1wJU=") {
		t.Error("twilio-go now accepts genuine repeated keys")
	}
	if !library.ValidateBody(sdkURL, []byte(sdkForm+"&Digits=999"), sdkSign) {
		t.Error("twilio-go now refuses an unsigned second value")
	}
}

func TestSign(t *testing.T) {
	form, err := url.ParseQuery(sdkForm)
	if err != nil {
		t.Fatal(err)
	}
	if got := Sign(sdkToken, sdkURL, form); got != sdkSign {
		t.Errorf("Sign = %q, want %q", got, sdkSign)
	}
}

// FuzzVerify holds that what was signed is valid, that twilio-go agrees unless a key
// repeats, and that one more field is noticed.
func FuzzVerify(f *testing.F) {
	f.Add("token", "/sms/twilio/status?ref=a", sdkForm)
	f.Add("a b", "/?q=l'%C3%A9t%C3%A9&x=%2F", "Body=d%C3%A9j%C3%A0+vu&Empty=&=")
	f.Add("t", "/x", twice)
	f.Fuzz(func(t *testing.T, token, target, body string) {
		u := "https://relais.example.fr/" + target
		values, err := url.ParseQuery(body)
		if err != nil || token == "" || strings.Contains(target, "bodySHA256") || strings.Count(body, "&") > 200 {
			return
		}
		signature := Sign(token, u, values)
		request := Request{"POST", u, formType, body, signature, []string{"other", token}}
		if !Verify(request) {
			t.Fatalf("a signed request is refused")
		}
		library := client.NewRequestValidator(token)
		if _, err := url.Parse(u); err == nil && !formOf(values).repeats() && !library.ValidateBody(u, []byte(body), signature) {
			t.Fatal("twilio-go refuses what Sign made")
		}
		request.Body = body + "&zzz=1"
		if values.Get("zzz") == "" && Verify(request) {
			t.Fatal("an unsigned field is accepted")
		}
	})
}

const benchForm = "ToCountry=FR&ToState=&SmsMessageSid=SM0123456789abcdef0123456789abcdef&NumMedia=0&ToCity=" +
	"&FromZip=&SmsSid=SM0123456789abcdef0123456789abcdef&FromState=&SmsStatus=received&FromCity=" +
	"&Body=Oui%2C+je+viens+mardi+%C3%A0+14h30&FromCountry=FR&To=%2B33937000000&ToZip=&NumSegments=1" +
	"&MessageSid=SM0123456789abcdef0123456789abcdef&AccountSid=AC0123456789abcdef0123456789abcdef" +
	"&From=%2B33639980001&ApiVersion=2010-04-01"

func BenchmarkParseAndCheck(b *testing.B) {
	target := "https://relais.example.fr/sms/twilio/inbound"
	values, err := url.ParseQuery(benchForm)
	if err != nil {
		b.Fatal(err)
	}
	signature := Sign(sdkToken, target, values)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		tokens := []string{sdkToken}
		for b.Loop() {
			fields, err := parseForm(benchForm)
			if err != nil || fields.repeats() || !validSignature(tokens, target, fields, signature) {
				b.Fatal("refused")
			}
			if _, err := readInbound(fields); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) { // without the strict parse it would also need
		b.ReportAllocs()
		library := client.NewRequestValidator(sdkToken)
		body := []byte(benchForm)
		for b.Loop() {
			if !library.ValidateBody(target, body, signature) {
				b.Fatal("refused")
			}
		}
	})
}
