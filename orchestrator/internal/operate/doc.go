// Package operate is what people do: to cancellations, work items, schemes, runs and the watermark. Each act is one
// function over a transaction that records who did it and why; the Recorder keeps the reply in the same transaction, so
// that a call that is repeated is answered alike and does nothing twice. It also stores what schemes files say.
package operate
