package flows

import (
	"fmt"
	"slices"
	"strings"
)

// suggest names the candidate nearest to a misspelt name, as the end of a
// message; nothing when none is near.
func suggest(name string, candidates []string) string {
	if len(name) < 3 {
		return ""
	}
	best, least := "", min(3, (len(name)+1)/2)+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance(name, c); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance counts the letters to change, add or leave out between two names.
// Names longer than 64 bytes are only equal or far.
func distance(a, b string) int {
	if a == b {
		return 0
	}
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// listed writes a few names for a message.
func listed(names []string) string {
	const most = 8
	quoted := make([]string, 0, most)
	for _, n := range names {
		if len(quoted) == most {
			quoted = append(quoted, "…")
			break
		}
		quoted = append(quoted, n)
	}
	return strings.Join(quoted, ", ")
}
