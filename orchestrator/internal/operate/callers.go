package operate

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// RecordCallers writes down how a host's file of callers was changed, as an act of the host: who edits the file is
// known to the machine alone. Of a token it has the beginning of its digest.
func RecordCallers(ctx context.Context, tx pgx.Tx, host string, change access.CallersChange) error {
	_, err := record(ctx, tx, ledger.ChangeCallers, ledger.Act{Actor: host, Reason: "AUTH_CALLERS_FILE"},
		struct {
			Host  string   `json:"host"`
			Added []string `json:"added"`
			Ended []string `json:"ended"`
		}{host, texts(change.Added), texts(change.Ended)}, nothing{})
	return err
}

func texts(lines []access.Listed) []string {
	all := make([]string, 0, len(lines))
	for _, l := range lines {
		all = append(all, l.Text())
	}
	return all
}
