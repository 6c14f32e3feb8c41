package intake

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// ProbeFirst is how long after a condition of a data centre has opened Kingdee is asked first whether it has ended.
const ProbeFirst = 5 * time.Second

// troubles say which reasons of Kingdee's adapter are everybody's trouble, and not that of one bill or one question.
var troubles = map[string]rule.ConditionKind{
	apierr.ReasonName(kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE): rule.ConditionKingdeeAway,
	apierr.ReasonName(kingdeev1.ErrorReason_ERROR_REASON_SESSION_LOST):       rule.ConditionSessionContended,
	apierr.ReasonName(kingdeev1.ErrorReason_ERROR_REASON_SESSION_CONTENDED):  rule.ConditionSessionContended,
	apierr.ReasonName(kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED):      rule.ConditionLoginRefused,
	apierr.ReasonName(kingdeev1.ErrorReason_ERROR_REASON_ACCOUNT_LOCKED):     rule.ConditionLoginRefused,
}

// TroubleOf is the condition of a data centre that a call to Kingdee's adapter met, by the reason that it gave; nil for
// an error that says nothing of the data centre.
func TroubleOf(err error, dataCenter string) *ledger.Condition {
	if back := (*wentBackError)(nil); errors.As(err, &back) {
		return &ledger.Condition{
			Kind: rule.ConditionKingdeeWentBack, DataCenterID: dataCenter, Detail: back.detail,
		}
	}
	kind, known := troubles[apierr.Info(err, apierr.Kingdee).GetReason()]
	if !known {
		return nil
	}
	return &ledger.Condition{
		Kind: kind, DataCenterID: dataCenter, Detail: VendorFault(apierr.Kingdee, err), ProbeAfter: ProbeFirst,
	}
}

// TroubleStore opens conditions.
type TroubleStore interface {
	OpenCondition(ctx context.Context, c ledger.Condition) (opened bool, err error)
}

// MetTrouble opens the condition that a call to Kingdee's adapter met, and says whether it was one. It is logged once:
// whoever comes later rests.
func MetTrouble(
	ctx context.Context, store TroubleStore, logger *slog.Logger, dataCenter string, err error,
) (bool, error) {
	trouble := TroubleOf(err, dataCenter)
	if trouble == nil {
		return false, nil
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	opened, err := store.OpenCondition(detached, *trouble)
	if opened {
		logger.WarnContext(ctx, "Kingdee cannot be read; runs wait", slog.String("condition", string(trouble.Kind)),
			slog.String("data_center", dataCenter), slog.String("detail", trouble.Detail))
	}
	return true, err
}

// wentBackError: a read shows known bills as they were before. Nothing of it is decided.
type wentBackError struct{ detail string }

func (e *wentBackError) Error() string { return "stamps of known bills went back: " + e.detail }
