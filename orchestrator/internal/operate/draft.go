package operate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// SaveDraft saves a person's draft of a scheme over the version that he saw, 0 where there was none, and answers it as
// it stands. A *ledger.DraftError says that somebody else was faster: nothing is saved. The act has the document's
// SHA-256, so that what is applied later can be told to be it.
func SaveDraft(
	ctx context.Context, tx pgx.Tx, act ledger.Act, version int64, document string,
) (ledger.SchemeDraft, error) {
	saved := ledger.SchemeDraft{Scheme: act.Scheme, Document: document, Actor: act.Actor}
	err := tx.QueryRow(ctx, `
with newest as (
    select coalesce((select revision from scheme where scheme = @scheme), 0) as revision
), changed as (
    update scheme_draft d
    set version = d.version + 1, document = @document, actor = @actor, revision = newest.revision, save_time = now()
    from newest
    where d.scheme = @scheme and d.version = @version
    returning d.version, d.revision, d.save_time
), made as (
    insert into scheme_draft (scheme, document, actor, revision)
    select @scheme, @document, @actor, newest.revision from newest where @version = 0
    on conflict (scheme) do nothing
    returning version, revision, save_time
)
select version, revision, save_time from changed
union all
select version, revision, save_time from made`, pgx.StrictNamedArgs{
		"scheme": act.Scheme, "document": document, "actor": act.Actor, "version": version,
	}).Scan(&saved.Version, &saved.Revision, &saved.SaveTime)
	if errors.Is(err, pgx.ErrNoRows) {
		return saved, draftMoved(ctx, tx, act.Scheme)
	}
	if err != nil {
		return saved, err
	}
	return saved, recordDraft(ctx, tx, ledger.SaveDraft, act, draftDeed{
		Scheme: act.Scheme, Version: saved.Version, SHA256: sumOf(document),
	})
}

// draftDeed is what is written down of a draft, whose scheme there may not be yet.
type draftDeed struct {
	Scheme  string `json:"scheme"`
	Version int64  `json:"version"`
	SHA256  string `json:"document_sha256"`
	// SavedBy is who saved what was discarded.
	SavedBy string `json:"saved_by,omitempty"`
}

func sumOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

func recordDraft(ctx context.Context, tx pgx.Tx, verb ledger.Verb, act ledger.Act, deed draftDeed) error {
	var there bool
	err := tx.QueryRow(ctx, `select exists (select from scheme where scheme = $1)`, act.Scheme).Scan(&there)
	if err != nil {
		return err
	}
	if !there {
		act.Scheme = "" // the parameters have it
	}
	_, err = record(ctx, tx, verb, act, deed, nothing{})
	return err
}

// DiscardDraft discards the version of a draft that a person saw. A *ledger.DraftError says that it is another by now:
// nothing is discarded.
func DiscardDraft(ctx context.Context, tx pgx.Tx, act ledger.Act, version int64) error {
	var document, by string
	err := tx.QueryRow(ctx, `delete from scheme_draft where scheme = $1 and version = $2 returning document, actor`,
		act.Scheme, version).Scan(&document, &by)
	if errors.Is(err, pgx.ErrNoRows) {
		return draftMoved(ctx, tx, act.Scheme)
	}
	if err != nil {
		return err
	}
	return recordDraft(ctx, tx, ledger.DiscardDraft, act, draftDeed{
		Scheme: act.Scheme, Version: version, SHA256: sumOf(document), SavedBy: by,
	})
}

// draftMoved says which draft there is instead.
func draftMoved(ctx context.Context, tx pgx.Tx, scheme string) error {
	moved := &ledger.DraftError{}
	err := tx.QueryRow(ctx, `select version, actor from scheme_draft where scheme = $1`, scheme).Scan(&moved.Version,
		&moved.Actor)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	return moved
}
