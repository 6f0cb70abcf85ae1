// Package handoff holds the pure rules of handing a conversation to people:
// the organisations and teams of a territory, their opening hours, which team
// a request goes to, and what a person may be promised. bot.Turn calls it.
package handoff
