package appointments

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Why a telephone number cannot be written to. The words are French, for the
// report of an import, and never repeat the number.
var (
	ErrPhoneUnreadable = errors.New("numéro de téléphone illisible")
	ErrPhoneInvalid    = errors.New("ce numéro de téléphone n'existe pas")
	ErrPhoneLandline   = errors.New("numéro fixe : pas de SMS possible")
	ErrPhoneSpecial    = errors.New("ce n'est pas un numéro de mobile : pas de SMS possible")
)

// maxPhone is longer than any number with its spaces, dots and "+33 (0)".
const maxPhone = 40

// ParseMobile reads a telephone number that can receive SMS, as people write
// it in France, and gives it in E.164 ("+33612345678"). Without a country it
// is French, the overseas territories included; a spreadsheet may have lost
// its leading zero. Other countries' mobiles are taken too: people live on one
// side of a border and work on the other.
//
// The error is one of the ErrPhone values.
func ParseMobile(s string) (e164 string, err error) {
	s = oneLine(s)
	if len(s) > maxPhone || strings.ContainsFunc(s, notInPhone) {
		return "", ErrPhoneUnreadable
	}
	number, err := phonenumbers.Parse(s, "FR")
	if err != nil {
		return "", ErrPhoneUnreadable
	}
	if fictional(number) {
		return phonenumbers.Format(number, phonenumbers.E164), nil
	}
	if number.GetCountryCode() == 33 {
		number = overseas(number)
	}

	if !phonenumbers.IsValidNumber(number) {
		return "", ErrPhoneInvalid
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
	case phonenumbers.FIXED_LINE:
		return "", ErrPhoneLandline
	default:
		if !platform(number) {
			return "", ErrPhoneSpecial
		}
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// notInPhone refuses letters above all: the library would dial them.
func notInPhone(r rune) bool {
	return !strings.ContainsRune("0123456789+().-/ ", r)
}

// overseas gives a number dialled as if in metropolitan France ("0692…") the
// country code of the territory whose range it is in (Arcep's numbering plan).
func overseas(number *phonenumbers.PhoneNumber) *phonenumbers.PhoneNumber {
	national := phonenumbers.GetNationalSignificantNumber(number)
	if len(national) != 9 {
		return number
	}
	var region string
	switch national[:3] {
	case "262", "263", "692", "693":
		region = "RE"
	case "269", "639":
		region = "YT"
	case "590", "690", "691":
		region = "GP"
	case "594", "694":
		region = "GF"
	case "596", "696", "697":
		region = "MQ"
	default:
		return number
	}
	there, err := phonenumbers.Parse("0"+national, region)
	if err != nil {
		return number
	}
	return there
}

// fictional tells the range of mobiles 06 39 98, which Arcep keeps for works of
// fiction (decision 2018-0881): demonstrations and tests are such. The library
// knows nobody there.
func fictional(number *phonenumbers.PhoneNumber) bool {
	national := phonenumbers.GetNationalSignificantNumber(number)
	return number.GetCountryCode() == 33 && len(national) == 9 && national[:5] == "63998"
}

// platform tells the French ranges 09 37 to 09 39, which Arcep keeps for
// messages between people and platforms (decision 2022-1583). The library
// takes them for voice over IP.
func platform(number *phonenumbers.PhoneNumber) bool {
	if number.GetCountryCode() != 33 {
		return false
	}
	switch phonenumbers.GetNationalSignificantNumber(number)[:3] {
	case "937", "938", "939":
		return true
	}
	return false
}
