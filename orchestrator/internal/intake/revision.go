package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// LoadRevision reads the document of a scheme's revision, with those of earlier ones that named the orders of their
// time.
func LoadRevision(document string, earlier []ledger.EarlierOrders) (*scheme.Scheme, error) {
	loaded, err := scheme.LoadDocument(document)
	if err != nil {
		return nil, err
	}
	eras, err := Eras(earlier)
	if err != nil {
		return nil, err
	}
	return loaded.WithEras(eras), nil
}

// NewestEntry reads a scheme as its newest revision has it; ledger.ErrNotFound where there is none.
func NewestEntry(ctx context.Context, db ledger.Reads, name string) (Entry, error) {
	newest, err := ledger.NewestSchemeIn(ctx, db, name)
	if err != nil {
		return Entry{}, err
	}
	loaded, err := LoadRevision(newest.Document, newest.Earlier)
	if err != nil {
		return Entry{}, fmt.Errorf("scheme %s: revision %d: %w", name, newest.Revision, err)
	}
	return Entry{Scheme: loaded, Revision: newest.Revision}, nil
}

// Eras reads revisions that named the orders of their time.
func Eras(earlier []ledger.EarlierOrders) (eras []scheme.Era, err error) {
	for _, e := range earlier {
		era := scheme.Era{Until: e.Until, From: e.From}
		if era.Orders, err = scheme.LoadDocument(e.Document); err != nil {
			return nil, fmt.Errorf("revision %d, which named orders before: %w", e.Until-1, err)
		}
		eras = append(eras, era)
	}
	return eras, nil
}

// StillNewest refuses what was decided under a revision or an operator's cutover that is not the scheme's any longer,
// or for a scheme that is retired, and keeps the next one from being stored until the transaction ends. What a new
// revision adds counts from when it is stored: a bill decided under the one before it after that moment would be
// unchanged for all who follow, and what the addition owes of it would be lost. And what is decided under the cutover
// before the operator's would be sent, although it ended before somebody allowed any sending.
func StillNewest(ctx context.Context, tx pgx.Tx, scheme string, revision int, sendSince time.Time) error {
	var newest int
	var cutover time.Time
	var active bool
	if err := tx.QueryRow(ctx, `select revision, send_since, active from scheme where scheme = $1 for key share`,
		scheme).Scan(&newest, &cutover, &active); err != nil {
		return err
	}
	if !active {
		return fmt.Errorf("scheme %s was retired while this was decided: %w", scheme, ledger.ErrConflict)
	}
	if newest != revision {
		return fmt.Errorf("scheme %s has revision %d by now, this was decided under %d: %w",
			scheme, newest, revision, ledger.ErrConflict)
	}
	if !cutover.Equal(sendSince) {
		return fmt.Errorf("scheme %s was set to send while this was decided: %w", scheme, ledger.ErrConflict)
	}
	return nil
}
