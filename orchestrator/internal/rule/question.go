package rule

import "time"

const (
	// StoodStill is how long the modify date of a bill must have stood still before it is asked whether it lived
	// unseen: who saves a draft saves it again.
	StoodStill = 10 * time.Minute
	// AskedAgain is the least time between two questions about one bill. It doubles with each question of a generation.
	AskedAgain = 24 * time.Hour
	// AskedSeldom is the most it comes to: a plug-in that writes each answer of the warehouse back moves the date for
	// ever.
	AskedSeldom = 32 * AskedAgain
)

// Doubt is what an earlier read left open: nothing but the modify date moved of a bill that was not live at both reads,
// so that it may have lived in between, and an order may have been made that no read showed.
type Doubt struct {
	// Since is when the read left that last showed the date moved; zero: there is no doubt.
	Since time.Time
	// Content is what the first read after the last live one showed, if that maps to other orders than the snapshot;
	// nil if not.
	Content *Bill
	// Asked is when a question about the bill was last asked, Questions how many were in this generation.
	Asked     time.Time
	Questions int
}

// Question asks the WMS once more to cancel orders of a bill that may have lived unseen: those that the decision owes,
// and Orders of Content.
type Question struct {
	// Number is its place in the generation, from 1.
	Number int
	// Since is the doubt's.
	Since   time.Time
	Content *Bill
	Orders  []Order
}

// settled is the doubt once it is asked about, or once the bill was seen live: what was asked stays known.
func (d Doubt) settled() Doubt { return Doubt{Asked: d.Asked, Questions: d.Questions} }

// due is when a question may be asked.
func (d Doubt) due() time.Time {
	due := d.Since.Add(StoodStill)
	if d.Asked.IsZero() {
		return due
	}
	pause := min(AskedAgain<<min(max(d.Questions-1, 0), 16), AskedSeldom)
	if next := d.Asked.Add(pause); next.After(due) {
		return next
	}
	return due
}

// doubted is what is left open once a bill is seen in this state in a generation that it had before, or in a new one.
func (k Known) doubted(seen State, newGeneration bool, readTime time.Time) Doubt {
	doubt := k.Doubt
	if newGeneration {
		doubt.Questions = 0
	}
	switch moved := k.State.ModifyTime; {
	case newGeneration, seen.Live(), k.State.Live():
		return doubt.settled()
	case (k.EverLive || k.once()) && !moved.IsZero() && seen.ModifyTime.After(moved):
		doubt.Since = readTime
	}
	return doubt
}

// firstEnd says whether a read is the first that shows a bill not live after the last that showed it live, in one
// generation. What it shows may be another order than the snapshot's: see Decision.MayHaveLived.
func firstEnd(known *Known, d *Decision) bool {
	return known != nil && !d.NewGeneration && known.State.Live() && !d.After.State.Live() && d.After.Snapshot != nil
}

// MayHaveLived leaves a doubt about what a read shows that is FirstEnd: the bill may have been audited once more with
// that. The caller has found that it maps to an order which the snapshot does not map to.
func (d *Decision) MayHaveLived(seen Bill) {
	d.After.Doubt.Since, d.After.Doubt.Content = d.After.ReadTime, &seen
	if len(d.Triggers) > 0 {
		d.AskAfter = d.After.Doubt.due().Sub(d.After.ReadTime)
	}
}

// ask asks about a doubt once it is due and a trigger holds, and else says when it will be. at is when the trigger's
// event happened, as far as anybody can tell.
func (p Policy) ask(d *Decision, at, readTime time.Time) {
	doubt := d.After.Doubt
	if doubt.Since.IsZero() || len(d.Triggers) == 0 || d.Fault != nil {
		return
	}
	if wait := doubt.due().Sub(readTime); wait > 0 {
		d.AskAfter = wait
		return
	}
	d.Question = &Question{Number: doubt.Questions + 1, Since: doubt.Since, Content: doubt.Content}
	if doubt.Content != nil {
		orders, _ := Orders(*doubt.Content, p.Form, p.Orders)
		d.Question.Orders, _, _ = p.Cutovers.split(orders, at)
	}
	d.After.Doubt = doubt.settled()
}
