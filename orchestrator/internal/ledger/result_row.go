package ledger

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// resultRow is a result as a statement wants it.
type resultRow struct {
	ID              int64         `col:"id bigint"`
	Attempt         int           `col:"attempt integer"`
	Disposition     string        `col:"disposition text"`
	Recognised      bool          `col:"recognised boolean"`
	Meaning         string        `col:"meaning text"`
	TextID          int64         `col:"text_id bigint or null"`
	TextOpen        bool          `col:"text_open boolean"`
	AwaitsText      bool          `col:"awaits_text boolean"`
	HTTPStatus      int           `col:"http_status integer"`
	Flag            string        `col:"flag text"`
	Code            string        `col:"code text"`
	Message         string        `col:"message text"`
	Detail          string        `col:"detail text"`
	Dictionary      string        `col:"dictionary text"`
	SendTime        time.Time     `col:"send_time timestamptz"`
	ReplyTime       time.Time     `col:"reply_time timestamptz"`
	Request         []byte        `col:"request bytea"`
	Reply           []byte        `col:"reply bytea"`
	State           string        `col:"state text"`
	Outcome         string        `col:"outcome text"`
	Inferred        bool          `col:"inferred boolean"`
	Wait            time.Duration `col:"wait interval"`
	SameDisposition string        `col:"same_disposition text"`
	SameCount       int           `col:"same_count integer"`
	SameSince       time.Time     `col:"same_since timestamptz"`
	AnswerChanges   int           `col:"answer_changes integer"`
	UnsentSince     time.Time     `col:"unsent_since timestamptz"`
	Landed          bool          `col:"landed boolean"`
	Lost            bool          `col:"lost boolean"`
	Verify          bool          `col:"verify boolean"`
}

var resultColumns = ColumnsOf[resultRow]("r")

// resultArgs are the parameters of statements about results.
func resultArgs(results []Result) pgx.StrictNamedArgs {
	rows := make([]resultRow, len(results))
	for i, r := range results {
		rows[i] = resultRow{
			ID: r.ID, Attempt: r.Attempt, Disposition: string(r.given().Disposition),
			Recognised: r.given().Recognised, Meaning: string(r.Answer.Disposition), TextID: r.TextID,
			TextOpen: r.Given.Disposition == "", AwaitsText: r.Next.AwaitsText,
			HTTPStatus: r.HTTPStatus, Flag: r.VendorFlag, Code: r.VendorCode, Message: r.VendorMessage,
			Detail: r.Detail, Dictionary: r.Dictionary, SendTime: r.SendTime, ReplyTime: r.ReplyTime,
			Request: r.Request, Reply: r.Reply, State: string(r.Next.State), Outcome: r.Next.Outcome,
			Inferred: r.Next.Inferred, Wait: r.Next.Wait, SameDisposition: string(r.SameDisposition),
			SameCount: r.SameCount, SameSince: r.SameSince, AnswerChanges: r.AnswerChanges, UnsentSince: r.UnsentSince,
			Landed: r.Answer.Disposition.MayHaveLanded(),
			Lost:   r.Answer.Lost, Verify: r.Next.Verify,
		}
	}
	return resultColumns.Args(rows, nil)
}
