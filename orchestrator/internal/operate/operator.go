package operate

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Operator does what people ask for, each in the transaction that records it. Safe for concurrent use.
type Operator struct {
	*ledger.Schemes
	*ledger.RunRows
}

// NewOperator acts through a pool that ledger.Open made.
func NewOperator(pool *pgxpool.Pool) *Operator {
	return &Operator{Schemes: ledger.NewSchemes(pool), RunRows: ledger.NewRunRows(pool)}
}
