package worker

import (
	"context"
	"encoding/json"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
)

// The adapters, by the names that package host gives them.
const (
	kingdee = "kingdee"
	wms     = "wms"
)

const (
	// offeredFor is how long a job is offered to the other hosts, every offerEvery. After that it goes: the rows say
	// what is due, and the next job for them comes by itself.
	offeredFor = 10 * time.Second
	offerEvery = time.Second
	// askedEvery is how often a job that a person asked for is offered, for as long as it takes.
	askedEvery = 5 * time.Second
)

// needs says which jobs can do nothing without which adapter.
var needs = map[string]string{
	queue.RunArgs{}.Kind(): kingdee, queue.ReconcileArgs{}.Kind(): kingdee, queue.BackfillArgs{}.Kind(): kingdee,
	queue.BatchArgs{}.Kind(): wms, queue.ProbeArgs{}.Kind(): wms,
}

// elsewhere leaves a job to the other hosts while this one does not reach the adapter that it needs: it would only
// learn, job by job, what it knows. A host that is the only one does nothing then, and writes next to nothing.
type elsewhere struct {
	river.MiddlewareDefaults

	reaches func(adapter string) bool
}

// Work implements rivertype.WorkerMiddleware.
func (e *elsewhere) Work(ctx context.Context, job *rivertype.JobRow, inner func(context.Context) error) error {
	adapter, any := needs[job.Kind]
	if !any || e.reaches(adapter) {
		return inner(ctx)
	}
	var args struct {
		Asked bool `json:"asked"`
	}
	// Args that cannot be read ask for nothing.
	_ = json.Unmarshal(job.EncodedArgs, &args)
	switch {
	case args.Asked:
		return river.JobSnooze(askedEvery)
	case time.Since(job.CreatedAt) < offeredFor:
		return river.JobSnooze(offerEvery)
	}
	return nil
}
