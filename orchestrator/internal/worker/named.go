package worker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// requestID is the id's key in a job's metadata.
const requestID = "request_id"

// named gives each job the id of the call that asked for it, or one of its own: the lines that it writes here and in
// the adapters have the same id, also where nothing is traced.
type named struct{ river.MiddlewareDefaults }

// InsertMany implements rivertype.JobInsertMiddleware.
func (*named) InsertMany(
	ctx context.Context, jobs []*rivertype.JobInsertParams,
	inner func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	if id := telemetry.RequestID(ctx); id != "" {
		for _, job := range jobs {
			metadata, err := with(job.Metadata, id)
			if err != nil {
				return nil, fmt.Errorf("name a job: %w", err)
			}
			job.Metadata = metadata
		}
	}
	return inner(ctx)
}

// with is the metadata with the id.
func with(metadata []byte, id string) ([]byte, error) {
	fields := make(map[string]json.RawMessage)
	if len(metadata) > 0 {
		if err := json.Unmarshal(metadata, &fields); err != nil {
			return nil, err
		}
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	fields[requestID] = quoted
	return json.Marshal(fields)
}

// Work implements rivertype.WorkerMiddleware.
func (*named) Work(ctx context.Context, job *rivertype.JobRow, inner func(context.Context) error) error {
	var kept struct {
		RequestID string `json:"request_id"`
	}
	// Metadata that cannot be read name no call.
	_ = json.Unmarshal(job.Metadata, &kept)
	if !serve.SaneRequestID(kept.RequestID) {
		kept.RequestID = serve.NewRequestID()
	}
	return inner(telemetry.WithRequestID(ctx, kept.RequestID))
}
