package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Reads is a pool or a transaction.
type Reads interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// ReadAll runs a query and reads its rows into T, by column name.
func ReadAll[T any](ctx context.Context, db Reads, what, sql string, args pgx.StrictNamedArgs) ([]T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, FaultOf(err))
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, FaultOf(err))
	}
	return found, nil
}

// ReadOne is readAll for the one row that the statement finds; ledger.ErrNotFound, with the name of what was asked for,
// when it finds none.
func ReadOne[T any](
	ctx context.Context, db Reads, what, sql string, args pgx.StrictNamedArgs, name string,
) (T, error) {
	found, err := ReadAll[T](ctx, db, what, sql, args)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// FaultOf marks an error that means the database is away, so that those who know no Postgres can tell it from a
// fault of ours.
func FaultOf(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.Is(err, ErrWentBack) || errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || away(SQLState(err)) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// readOnly is the SQLSTATE of a write that the database does not take.
const readOnly = "25006"

// IsReadOnly says whether an error comes of a database that answers and takes nothing.
func IsReadOnly(err error) bool { return errors.Is(err, ErrReadOnly) || SQLState(err) == readOnly }

// away lists the SQLSTATEs of a server that cannot serve just now: lost connection, shutting or starting up, out of
// resources, read-only.
func away(code string) bool {
	return code == readOnly || strings.HasPrefix(code, "08") ||
		strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "53")
}
