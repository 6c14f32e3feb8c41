package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs we act on.
const (
	codeSerializationFailure   = "40001"
	codeDeadlockDetected       = "40P01"
	codeUniqueViolation        = "23505"
	codeInsufficientRight      = "42501"
	codeInvalidTableDefinition = "42P16"
	codeDependentObjects       = "2BP01"
)

func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

func repeatable(err error) bool {
	code := sqlState(err)
	return code == codeSerializationFailure || code == codeDeadlockDetected
}

// violates says whether err is the breach of this unique constraint or index.
func violates(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == codeUniqueViolation && pgErr.ConstraintName == constraint
}

// Refused says whether Postgres refused the data of a statement (its fault classes 22 and 23), as opposed to being away or
// busy: a group that is refused is worth splitting.
func refused(err error) bool {
	code := sqlState(err)
	return len(code) == 5 && (code[:2] == "22" || code[:2] == "23")
}
