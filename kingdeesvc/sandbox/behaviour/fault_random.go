package behaviour

// randomFaults are what a bad day consists of.
func randomFaults() []Fault {
	return []Fault{
		{Shape: "F1", MsgCode: MsgException},
		{Shape: "F1", MsgCode: 6},  // database failure
		{Shape: "F1", MsgCode: 13}, // locked by another user
		{Shape: "F1", MsgCode: 14}, // call restriction
		{ExpireSessions: true},
		{Shape: "F7", MsgCode: MsgException},
		{Shape: "F10"},
		{Shape: "F12"},
		{Shape: "F14"},
		{Drop: DropBefore},
		{Drop: DropAfter},
		{Drop: DropInside},
		{Drop: DropHalf},
		{DelayMillis: 100},
	}
}

// RandomFault hits a share of the queries, chosen by the personality's seed.
func (c *Conduct) RandomFault(p Personality) (Fault, bool) {
	if p.FaultRate <= 0 {
		return Fault{}, false
	}
	rng := c.Random(p)
	if rng.Float64() >= p.FaultRate {
		return Fault{}, false
	}
	all := randomFaults()
	return all[rng.IntN(len(all))], true
}
