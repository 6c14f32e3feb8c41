package rule

// SafetyLimits stop a run away: limits for new cancellations of a scheme, from all sources together.
type SafetyLimits struct{ PerHour, PerDay int64 }

// Trip says whether fresh new cancellations, on top of those of the last hour and day, are too many; empty when not.
func (b SafetyLimits) Trip(lastHour, lastDay, fresh int64) HoldReason {
	switch {
	case fresh == 0:
		return ""
	case lastHour+fresh > b.PerHour:
		return HoldSafetyLimitHour
	case lastDay+fresh > b.PerDay:
		return HoldSafetyLimitDay
	}
	return ""
}
