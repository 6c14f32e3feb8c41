package orchestrator

import (
	"context"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// tellAgain is how often a host writes down that a condition of its own lasts, or still does not.
const tellAgain = time.Minute

// lastingCondition is a condition of a host, which looks again and again whether it lasts. Not safe for concurrent use.
type lastingCondition struct {
	conditions *ledger.Conditions
	condition  ledger.Condition
	logger     *slog.Logger
	// begun is what the log says when it begins, and ended why it ends.
	begun, ended string

	// told is the detail that the open condition has, empty while none is open, and at when that was written.
	told string
	at   time.Time
}

// say opens the condition with a detail, lets it last, or ends it where the detail is empty. That the ledger is away is
// told by whoever watches it: then it is said the next time.
func (c *lastingCondition) say(ctx context.Context, detail string) {
	if detail == c.told && time.Since(c.at) < tellAgain {
		return
	}
	c.condition.Detail = detail
	if detail == "" {
		if _, err := c.conditions.EndCondition(ctx, c.condition, c.ended); err != nil {
			return
		}
	} else {
		if _, err := c.conditions.OpenCondition(ctx, c.condition); err != nil {
			return
		}
		if detail != c.told {
			c.logger.WarnContext(ctx, "a condition of this host", slog.String("condition", string(c.condition.Kind)),
				slog.String("what", c.begun), slog.String("detail", detail))
		}
	}
	c.told, c.at = detail, time.Now()
}
