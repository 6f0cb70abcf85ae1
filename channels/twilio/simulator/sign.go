package simulator

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Sign gives the X-Twilio-Signature of a form posted to an address: the Base64
// HMAC-SHA1, under the account's token, of the address as requested (without its
// fragment) followed by each key and value, keys in byte order, the distinct
// values of a repeated key sorted.
//
// Source: the operator's "Security" page and the vectors of its helper libraries.
func Sign(token, address string, form url.Values) string {
	address, _, _ = strings.Cut(address, "#")
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, key := range sortedKeys(form) {
		for _, value := range distinctSorted(form[key]) {
			mac.Write([]byte(key + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func sortedKeys(form url.Values) []string {
	keys := make([]string, 0, len(form))
	for key := range form {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func distinctSorted(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
