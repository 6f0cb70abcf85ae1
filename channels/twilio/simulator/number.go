package simulator

import (
	"regexp"
	"strings"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// validNumber says whether the operator takes s as a telephone number. French
// numbers must have their nine digits.
func validNumber(s string) bool {
	if !e164.MatchString(s) {
		return false
	}
	national, french := strings.CutPrefix(s, "+33")
	return !french || len(national) == 9 && national[0] != '0'
}

// canText says whether a valid number is one that SMS can reach. Of French
// numbers these are 06, 07 and the 09 37 to 09 39 given to platforms; a fixed
// line is refused at once (error 21614).
func canText(s string) bool {
	if !validNumber(s) {
		return false
	}
	national, french := strings.CutPrefix(s, "+33")
	if !french {
		return true
	}
	switch national[0] {
	case '6', '7':
		return true
	case '9':
		return national[1] == '3' && national[2] >= '7'
	}
	return false
}
