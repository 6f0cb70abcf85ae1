// Package twilio is the SMS channel: it receives texts and delivery reports from
// Twilio's webhooks, and sends texts through its Messages API.
//
// Three things keep it honest:
//
//   - Nothing is acknowledged before it is kept: a webhook is answered 204 only when
//     Receive or Status returned nil, and 503 otherwise. Twilio may repeat a request,
//     and a signature holds for ever, so what receives must be keyed on MessageSID.
//   - Nothing is believed before it is authentic: the form is read strictly, a form
//     that repeats a key is refused, and the signature covers the configured public
//     URL with the request target exactly as it came. Host and X-Forwarded headers
//     play no part.
//   - Sending an SMS is not idempotent: every failure says whether the text certainly
//     did not leave (NotSent), was refused, or may have left (Unknown). Unknown is
//     settled by evidence, a status callback carrying our reference or the list of
//     messages, before anything is sent again.
//
// No phone number and no text ever stands in an error or a log line of this package.
package twilio
