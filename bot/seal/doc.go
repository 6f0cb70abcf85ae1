// Package seal keeps what is personal unreadable at rest, the same way for
// every store.
//
// The deployment has one master key, a Keyring. Each person has a data key of
// their own, a Key, stored wrapped by the keyring: destroying that one row
// makes everything sealed under it unreadable, but for backups that hold the row. Addresses and
// appointments are found through keyed hashes, so that a copy of the database
// cannot be searched for a phone number.
//
// A sealed value is bound to its Cell, the table, column and row it was
// written for; moved anywhere else it no longer opens. It is a version byte,
// a random nonce of 96 bits, and AES-256-GCM.
//
// rows.go says which part of each row is personal, in one place for all
// stores: texts, names, choices, values and words of answers, addresses, and
// the details of appointments and work items. Codes, owners and times are not.
//
// The package does no I/O besides drawing random bytes.
package seal
