package ledger

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs we act on.
const (
	codeSerializationFailure   = "40001"
	codeDeadlockDetected       = "40P01"
	codeLockTimeout            = "55P03"
	CodeUniqueViolation        = "23505"
	CodeInsufficientRight      = "42501"
	CodeInvalidTableDefinition = "42P16"
	CodeDependentObjects       = "2BP01"
)

// SQLState is the code of a fault that Postgres named; empty for any other.
func SQLState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

func repeatable(err error) bool {
	code := SQLState(err)
	return code == codeSerializationFailure || code == codeDeadlockDetected
}

// Violates says whether err is the breach of this unique constraint or index.
func Violates(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == CodeUniqueViolation && pgErr.ConstraintName == constraint
}

// RefusesData says whether Postgres refused the data of a statement (its fault classes 22 and 23), as opposed to being
// away or busy: a group that is refused is worth splitting.
func RefusesData(err error) bool {
	code := SQLState(err)
	return len(code) == 5 && (code[:2] == "22" || code[:2] == "23")
}

// LockTimedOut says whether a statement gave up because somebody held what it asked for too long.
func LockTimedOut(err error) bool { return SQLState(err) == codeLockTimeout }
