package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// ZeroTimes makes a connection read SQL's null into a time.Time as the zero time, which is our unset date, and every
// time in UTC. So rows scan straight into records whose times may be unset. Open asks for it; whoever makes a pool of
// another kind does so, too.
func ZeroTimes(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: zeroTimeCodec{&pgtype.TimestamptzCodec{}},
	})
	return nil
}

// zeroTimeCodec is the codec of pgx but for the target *time.Time.
type zeroTimeCodec struct{ *pgtype.TimestamptzCodec }

// PlanScan is how a value is read into target.
func (c zeroTimeCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, isTime := target.(*time.Time); !isTime {
		return c.TimestamptzCodec.PlanScan(m, oid, format, target)
	}
	plan := c.TimestamptzCodec.PlanScan(m, oid, format, new(pgtype.Timestamptz))
	if plan == nil {
		return nil
	}
	return zeroTimePlan{plan}
}

type zeroTimePlan struct{ pgtype.ScanPlan }

// Scan reads one value into a *time.Time.
func (p zeroTimePlan) Scan(src []byte, target any) error {
	var read pgtype.Timestamptz
	if err := p.ScanPlan.Scan(src, &read); err != nil {
		return err
	}
	if read.InfinityModifier != pgtype.Finite {
		return fmt.Errorf("read a time: %s is none", read.InfinityModifier)
	}
	at, _ := target.(*time.Time)
	*at = time.Time{}
	if read.Valid {
		*at = read.Time.UTC()
	}
	return nil
}
