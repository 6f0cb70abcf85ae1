package storetest

import (
	"context"
	"time"

	"relais/bot"
)

// What twins answer to advisers and administrators.

func (w *twins) Publish(ctx context.Context, versions []bot.Version) (int64, error) {
	return both(w, "publish", func(s Store) (int64, error) { return s.Publish(ctx, versions) })
}

// edition is something that comes with a generation.
type edition[T any] struct {
	Generation int64
	What       T
}

func (w *twins) Published(ctx context.Context) (int64, []bot.Version, error) {
	found, err := both(w, "published", func(s Store) (e edition[[]bot.Version], err error) {
		e.Generation, e.What, err = s.Published(ctx)
		return e, err
	})
	return found.Generation, found.What, err
}

func (w *twins) Version(ctx context.Context, name, hash string) (bot.Version, error) {
	return both(w, "version", func(s Store) (bot.Version, error) { return s.Version(ctx, name, hash) })
}

func (w *twins) Waiting(ctx context.Context) ([]bot.Waiting, error) {
	return both(w, "waiting", func(s Store) ([]bot.Waiting, error) { return s.Waiting(ctx) })
}

func (w *twins) Export(ctx context.Context, a bot.Address) (bot.Dossier, error) {
	return both(w, "export", func(s Store) (bot.Dossier, error) { return s.Export(ctx, a) })
}

func (w *twins) Erase(ctx context.Context, ref bot.Ref, now time.Time) (bool, error) {
	return both(w, "erase", func(s Store) (bool, error) { return s.Erase(ctx, ref, now) })
}

func (w *twins) Territory(ctx context.Context) ([]byte, int64, error) {
	found, err := both(w, "territory", func(s Store) (e edition[[]byte], err error) {
		e.What, e.Generation, err = s.Territory(ctx)
		return e, err
	})
	return found.What, found.Generation, err
}

func (w *twins) SaveTerritory(ctx context.Context, document []byte) (int64, error) {
	return both(w, "save territory", func(s Store) (int64, error) { return s.SaveTerritory(ctx, document) })
}

func (w *twins) Advisers(ctx context.Context) ([]bot.Account, error) {
	return both(w, "advisers", func(s Store) ([]bot.Account, error) { return s.Advisers(ctx) })
}

func (w *twins) Adviser(ctx context.Context, idOrEmail string) (bot.Account, error) {
	return both(w, "adviser", func(s Store) (bot.Account, error) { return s.Adviser(ctx, idOrEmail) })
}

func (w *twins) SaveAdviser(ctx context.Context, a bot.Account) error {
	return w.tell("save adviser", func(s Store) error { return s.SaveAdviser(ctx, a) })
}

func (w *twins) OpenSession(ctx context.Context, in bot.SignIn) error {
	return w.tell("open session", func(s Store) error { return s.OpenSession(ctx, in) })
}

func (w *twins) Signed(ctx context.Context, tokenHash [32]byte, now, until time.Time) (bot.Account, error) {
	return both(w, "signed", func(s Store) (bot.Account, error) { return s.Signed(ctx, tokenHash, now, until) })
}

func (w *twins) CloseSession(ctx context.Context, tokenHash [32]byte) error {
	return w.tell("close session", func(s Store) error { return s.CloseSession(ctx, tokenHash) })
}

func (w *twins) Inbox(ctx context.Context, v bot.Viewer, limit int) ([]bot.Waiter, error) {
	return both(w, "inbox", func(s Store) ([]bot.Waiter, error) { return s.Inbox(ctx, v, limit) })
}

func (w *twins) File(ctx context.Context, v bot.Viewer, id bot.ID) (bot.File, error) {
	return both(w, "file", func(s Store) (bot.File, error) { return s.File(ctx, v, id) })
}

func (w *twins) Read(ctx context.Context, v bot.Viewer, id bot.ID, after int64, limit int) ([]bot.Line, error) {
	return both(w, "read", func(s Store) ([]bot.Line, error) { return s.Read(ctx, v, id, after, limit) })
}

func (w *twins) Items(ctx context.Context, v bot.Viewer, limit int) ([]bot.Item, error) {
	return both(w, "items", func(s Store) ([]bot.Item, error) { return s.Items(ctx, v, limit) })
}
