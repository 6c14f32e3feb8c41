package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// storyKind is something that goes on at a merchant's and has to come to the right end all the same.
type storyKind string

// The stories. Each is played more than twenty times in a storm of 120 kills.
const (
	fileDiffers storyKind = "host_with_another_file" // a host begins with a file that is not what the ledger has
	dropped     storyKind = "warehouse_removed"      // a scheme without a warehouse is applied
	returned    storyKind = "warehouse_added"        // and one that has it again
	numberHeld  storyKind = "number_given_again"     // by a bill that is un-audited when it matters
	hiddenWhole storyKind = "permission_lost"        // no bill of an organisation is shown, for some seconds
	hiddenPart  storyKind = "permission_lost_in_part"
)

var stories = []storyKind{fileDiffers, dropped, returned, numberHeld, hiddenWhole, hiddenPart}

// How often each comes.
const (
	changeEvery = 8 * time.Second
	hideEvery   = 8 * time.Second
	reuseEvery  = 13 * time.Second
)

// change is a scheme that a person applies: without a warehouse, or with all of them.
type change struct {
	At      time.Duration
	Without string `json:",omitempty"`
}

// hiding is a permission in Kingdee that is lost for a while: Share of an organisation's bills are not shown.
type hiding struct {
	At, For      time.Duration
	Organisation string
	Share        float64
}

func (h hiding) story() storyKind {
	if h.Share < 1 {
		return hiddenPart
	}
	return hiddenWhole
}

// makeChanges takes a warehouse out and puts it back, one after the other.
func makeChanges(r *rand.Rand, storm time.Duration) []change {
	var changes []change
	for at := 3 * time.Second; at < storm; at += changeEvery {
		c := change{At: at + between(r, 0, 2*time.Second)}
		if len(changes)%2 == 0 {
			c.Without = stocks[3+r.IntN(2)]
		}
		changes = append(changes, c)
	}
	return changes
}

// makeHidings hides an organisation, or a part of the one that has the herd. Of the herd so many are hidden then that
// voidrelay believes no deletion of them: with five or less it would, after absent_wait.
func makeHidings(r *rand.Rand, storm time.Duration) []hiding {
	var hidings []hiding
	for at := 5 * time.Second; at < storm; at += hideEvery {
		h := hiding{
			At: at + between(r, 0, 2*time.Second), For: between(r, 1500*time.Millisecond, 4*time.Second),
			Organisation: organisations[r.IntN(len(organisations))], Share: 1,
		}
		if len(hidings)%2 == 1 {
			h.Organisation, h.Share = herdOrganisation, 0.6
		}
		hidings = append(hidings, h)
	}
	return hidings
}

const (
	herdPrefix       = "MM"
	herdSize         = 20
	herdOrganisation = "300"
	reusePrefix      = "CY"
)

// herd are bills that are live from the beginning to the end.
func herd() []step {
	var all []step
	for i := range herdSize {
		number := fmt.Sprintf("%s%03d", herdPrefix, i+1)
		all = append(all, step{Number: number, Do: create, Bill: oneOrder(number, herdOrganisation)})
	}
	return all
}

// reuse gives the numbers of deleted bills to others, every second of which is for another warehouse. These are
// un-audited for less than the dwell again and again, also when the deletion of the former is proved, a while after
// absentWait, and its cancel is due.
func reuse(storm, absentWait time.Duration) []step {
	var steps []step
	for i := 0; ; i++ {
		at := time.Second + time.Duration(i)*reuseEvery
		number := fmt.Sprintf("%s%05d", reusePrefix, i+1)
		second := oneOrder(number, organisations[0])
		if i%2 == 1 {
			second.Lines[0].Stock = stocks[1]
		}
		one := []step{
			{Do: create, Bill: oneOrder(number, organisations[0])}, {At: 1500 * time.Millisecond, Do: unaudit},
			{At: 1600 * time.Millisecond, Do: remove}, {At: 1800 * time.Millisecond, Do: create, Bill: second},
		}
		for from := 2600 * time.Millisecond; from < absentWait+9*time.Second; from += 4 * time.Second {
			one = append(one, step{At: from, Do: unaudit}, step{At: from + 1400*time.Millisecond, Do: audit})
		}
		if at+one[len(one)-1].At >= storm {
			return steps
		}
		for _, s := range one {
			s.At, s.Number = s.At+at, number
			steps = append(steps, s)
		}
	}
}

// document is the plan's scheme, without some warehouses. It says of the WMS what is so.
func (p plan) document(without ...string) []byte {
	text := schemeFile
	if !p.wms.RecreateCancelled {
		text = bytes.Replace(text, []byte("number_reuse: same"), []byte("number_reuse: new"), 1)
	}
	text = bytes.Replace(text, []byte("absent_wait: 2s"), []byte("absent_wait: "+p.absentWait.String()), 1)
	var kept []byte
	for line := range bytes.Lines(text) {
		name, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if !slices.Contains(without, string(name)) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// hides says whether Kingdee leaves that bill out while the permission is lost, as its sandbox does.
func (h hiding) hides(id int64, organisation string) bool {
	return organisation == h.Organisation && float64(id*7919%100) < h.Share*100
}
