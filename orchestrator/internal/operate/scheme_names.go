package operate

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// organisationRow is a stock organisation with its name.
type organisationRow struct {
	Number string `col:"number text"`
	Name   string `col:"name text"`
}

var (
	warehouseColumns    = ledger.ColumnsOf[SchemeWarehouse]("d")
	organisationColumns = ledger.ColumnsOf[organisationRow]("d")
)

// writeNames writes the warehouse table and the names of a revision that becomes the newest, in place of those before.
func writeNames(ctx context.Context, tx pgx.Tx, f SchemeFile) error {
	for _, table := range []string{"scheme_warehouse", "scheme_organisation"} {
		if _, err := tx.Exec(ctx, `delete from `+table+` where scheme = $1`, f.Scheme); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `
insert into scheme_warehouse (scheme, warehouse_number, warehouse_name, account, warehouse_code, outside)
select @scheme, d.number, d.name, d.account, d.code, d.outside from `+warehouseColumns.From,
		warehouseColumns.Args(f.Warehouses, pgx.StrictNamedArgs{"scheme": f.Scheme})); err != nil {
		return err
	}
	var organisations []organisationRow
	for _, number := range slices.Sorted(maps.Keys(f.OrganisationNames)) {
		organisations = append(organisations, organisationRow{number, f.OrganisationNames[number]})
	}
	_, err := tx.Exec(ctx, `
insert into scheme_organisation (scheme, organisation, organisation_name)
select @scheme, d.number, d.name from `+organisationColumns.From,
		organisationColumns.Args(organisations, pgx.StrictNamedArgs{"scheme": f.Scheme}))
	return err
}
