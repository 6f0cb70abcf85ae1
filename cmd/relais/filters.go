package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"relais/channels/twilio"
	"relais/flows/segments"
	"relais/flows/understand"
)

// The filters read standard input line by line and print one JSON object per
// line, so that anybody can try what the assistant understands and counts.

// lineLimit bounds one line of input, in bytes.
const lineLimit = 1 << 20

// eachLine calls f for each line of r, without its end.
func eachLine(r io.Reader, f func(line string) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 64<<10), lineLimit)
	for scanner.Scan() {
		if err := f(strings.TrimSuffix(scanner.Text(), "\r")); err != nil {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	return nil
}

type understandCommand struct {
	Kind    string `required:"" enum:"yes_no,choice,choices,number,date,commune,intent,crisis" help:"What the text answers: ${enum}."`
	Options string `type:"existingfile" help:"JSON array of {\"value\",\"label\"} for choices."`
	Lang    string `default:"fr" enum:"fr,en" help:"Language the question was asked in."`
	At      string `help:"Now, in RFC 3339: relative dates are read only when it is given."`
}

// Run reads one text per line.
func (c understandCommand) Run(p *program) error {
	q := understand.Question{Kind: understand.Kind(c.Kind), Lang: understand.Lang(c.Lang)}
	if c.At != "" {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			return fmt.Errorf("--at: want a time such as 2026-11-24T10:00:00+01:00")
		}
		q.At = at
	}
	if c.Options != "" {
		data, err := os.ReadFile(c.Options)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &q.Options); err != nil {
			return fmt.Errorf("%s: want a JSON array of {\"value\",\"label\"}: %w", c.Options, err)
		}
	}
	if len(q.Options) == 0 && (q.Kind == understand.Choice || q.Kind == understand.Choices) {
		return fmt.Errorf("--options: a file is needed for --kind %s", c.Kind)
	}
	out := bufio.NewWriter(p.out)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return eachLine(p.in, func(text string) error { return encoder.Encode(c.read(q, text)) })
}

type understood struct {
	Text   string            `json:"text"`
	Value  any               `json:"value"`
	Intent understand.Intent `json:"intent"`
}

func (c understandCommand) read(q understand.Question, text string) understood {
	intent, _, _ := understand.ReadIntent(text, q.Lang)
	crisis := understand.ReadCrisis(text, q.Lang)
	if crisis != understand.NoCrisis {
		intent = understand.InDanger
	}
	answer := understood{Text: text, Intent: intent}
	switch c.Kind {
	case "intent":
		answer.Value = intent
	case "crisis":
		answer.Value = family(crisis)
	default:
		answer.Value = understand.JSONValue(q.Kind, understand.Read(q, text))
	}
	return answer
}

// family names a crisis as the outside knows it: doubtful words are of the
// family that they may belong to.
func family(c understand.Crisis) understand.Crisis {
	if c == understand.SuicideSoft {
		return understand.Suicide
	}
	return c
}

type smsCommand struct {
	Segments segmentsCommand `cmd:"" help:"Read texts from standard input, one JSON string or plain line each, and print what each costs."`
}

type segmentsCommand struct{}

// Run counts one text per line.
func (segmentsCommand) Run(p *program) error {
	out := bufio.NewWriter(p.out)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	return eachLine(p.in, func(line string) error {
		text := line
		if strings.HasPrefix(line, `"`) {
			var decoded string
			if json.Unmarshal([]byte(line), &decoded) == nil {
				text = decoded
			}
		}
		m := segments.Measure(text)
		return encoder.Encode(struct {
			Encoding segments.Encoding `json:"encoding"`
			Units    int               `json:"units"`
			Segments int               `json:"segments"`
		}{m.Encoding, m.Units, m.Segments})
	})
}

type twilioCommand struct {
	Verify verifyCommand `cmd:"" help:"Read requests from standard input, one JSON object per line, and tell whether each signature is valid."`
}

type verifyCommand struct{}

// Run checks one request per line.
func (verifyCommand) Run(p *program) error {
	out := bufio.NewWriter(p.out)
	defer out.Flush()
	n := 0
	return eachLine(p.in, func(line string) error {
		n++
		if strings.TrimSpace(line) == "" {
			return nil
		}
		var r twilio.Request
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return fmt.Errorf("line %d: want {\"method\",\"url\",\"contentType\",\"body\",\"signature\",\"tokens\"}: %w", n, err)
		}
		_, err := fmt.Fprintf(out, "{\"valid\":%t}\n", twilio.Verify(r))
		return err
	})
}
