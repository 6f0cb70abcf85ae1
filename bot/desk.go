package bot

import (
	"context"
	"time"
)

// Registry keeps what the service is set up with: the territory's document,
// the advisers' accounts and their sessions. The store is the truth once the
// territory's directory has seeded it.
type Registry interface {
	// Territory returns the territory's document as last saved, and the
	// generation it came with; ErrNotFound before the first.
	Territory(ctx context.Context) (document []byte, generation int64, err error)
	// SaveTerritory replaces it and raises the generation.
	SaveTerritory(ctx context.Context, document []byte) (generation int64, err error)

	// Advisers lists the accounts, by name; Adviser finds one by id or e-mail
	// (in lower case), ErrNotFound.
	Advisers(ctx context.Context) ([]Account, error)
	Adviser(ctx context.Context, idOrEmail string) (Account, error)
	// SaveAdviser creates or replaces an account by id. Another account with
	// the same e-mail is ErrConflict. Disabling it, or changing its password,
	// ends its sessions.
	SaveAdviser(ctx context.Context, a Account) error

	// OpenSession keeps the hash of a session's token; Signed finds the account
	// behind one that has not expired and moves its expiry to until, never back
	// (with now it only looks) and never beyond Latest; CloseSession ends it.
	// Signed answers ErrNotFound for all that is not a live session.
	OpenSession(ctx context.Context, s SignIn) error
	Signed(ctx context.Context, tokenHash [32]byte, now, until time.Time) (Account, error)
	CloseSession(ctx context.Context, tokenHash [32]byte) error
}

// Account is an adviser's.
type Account struct {
	ID           string // 32 hexadecimal digits
	Email        string // in lower case
	Name         string // the working name a person reads, "Samira"
	Organisation string
	Team         string
	Role         string // adviser, lead, admin
	Password     string // an argon2id hash with its parameters, never the password
	Disabled     bool
	Created      time.Time
}

// SignIn is one adviser's session: idle sessions end at Until, all at Latest.
type SignIn struct {
	TokenHash [32]byte
	Adviser   string
	Until     time.Time
	Latest    time.Time
}

// Viewer is who asks to read: what they may not see is neither returned nor
// counted.
type Viewer struct {
	Adviser      string
	Organisation string
	Team         string
	Role         string
}

// Desk is what advisers read. What they do goes through a turn.
type Desk interface {
	// Inbox lists the conversations of the viewer's organisation that wait in
	// a queue or belong to an adviser, the most pressing first: crisis, then
	// urgent, then the oldest promise.
	Inbox(ctx context.Context, v Viewer, limit int) ([]Waiter, error)
	// File returns one conversation's page; ErrNotFound also when the viewer
	// may not see it.
	File(ctx context.Context, v Viewer, id ID) (File, error)
	// Read returns the lines the viewer may see, after N, oldest first.
	Read(ctx context.Context, v Viewer, id ID, after int64, limit int) ([]Line, error)
	// Items lists the open work items of the viewer's organisation.
	Items(ctx context.Context, v Viewer, limit int) ([]Item, error)
}

// Waiter is one row of the inbox.
type Waiter struct {
	Conversation ID
	HandOff      ID
	Owner        Owner
	Reason       string
	Urgent       bool
	Crisis       bool
	Since        time.Time // when the hand-off was asked for
	Waiting      time.Time // the oldest message nobody answered; zero: none
	Deadline     time.Time
	Channel      Channel // of the thread last heard
	Lang         string
	N            int64
}

// File is a conversation as an adviser opens it.
type File struct {
	Conversation Conversation
	Addresses    []Address
	Answers      []Answer
	HandOffs     []Hand
	Items        []Item
}
