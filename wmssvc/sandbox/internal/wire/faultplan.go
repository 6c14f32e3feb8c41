package wire

import (
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// faultPlan says what a fault does to one request.
type faultPlan struct {
	warehouse.Course
	late  bool                         // the delay comes after the commit
	shape func(*behaviour.Personality) // this answer's looks
	bend  func(*reply)                 // what happens to the finished answer
}

// The courses that faults take.
var (
	done    = warehouse.Course{Commits: true}             // done and answered
	unheard = warehouse.Course{Commits: true, Mute: true} // done, and nobody can read so
	dropped = warehouse.Course{Mute: true}                // neither done nor answered
	noFault = faultPlan{Course: done}
)

func say(v warehouse.Decision) warehouse.Course { return warehouse.Course{Instead: &v} }

// faultPlans: the broken connections and gateways first, then the odd answers. A looks-only oddity commits; one that
// replaces what the WMS says does not.
var faultPlans = map[behaviour.FaultKind]faultPlan{
	behaviour.FaultCommitThenDrop:       {Course: unheard, bend: func(r *reply) { r.wire = wireDrop }},
	behaviour.FaultDropBeforeCommit:     {Course: dropped, bend: func(r *reply) { r.wire = wireDrop }},
	behaviour.FaultCommitThenCut:        {Course: unheard, bend: func(r *reply) { r.wire = wireCut }},
	behaviour.FaultBadGateway:           {Course: dropped, bend: badGateway},
	behaviour.FaultCommitThenBadGateway: {Course: unheard, bend: badGateway},
	behaviour.FaultSlow:                 {Course: done},
	behaviour.FaultSlowReply:            {Course: done, late: true},
	behaviour.FaultThrottle: {Course: say(warehouse.Decision{
		Outcome: warehouse.OutcomeThrottled, Flag: warehouse.FlagFailure, Text: warehouse.TextThrottled,
	})},
	"redirect": {Course: dropped, bend: redirect},

	// Looks that public answers of this or a Qimen WMS have had.
	"msg_element":   {Course: done, shape: func(p *behaviour.Personality) { p.TextElement = "msg" }},
	"empty_message": {Course: done, bend: replace(`<message>[^<]*</message>`, "<message></message>")},
	"no_message":    {Course: done, shape: func(p *behaviour.Personality) { p.TextElement = "absent" }},
	"no_code":       {Course: done, shape: code("absent")},
	"empty_code":    {Course: done, shape: code("empty")},
	"code_0000":     {Course: done, shape: code("0000")},
	"code_200":      {Course: done, shape: code("200")},
	"bare":          {Course: done, shape: flagOnly},
	"no_declaration": {
		Course: done, shape: func(p *behaviour.Personality) { p.Declaration, p.LineEnds = "absent", "none" },
	},
	"upper_charset":   {Course: done, shape: func(p *behaviour.Personality) { p.Declaration = "upper" }},
	"text_plain":      {Course: done, bend: func(r *reply) { r.contentType = "plain/text" }},
	"extra_elements":  {Course: done, bend: extraElements},
	"declared_gbk":    {Course: done, bend: declaredGBK},
	"byte_order_mark": {Course: done, bend: func(r *reply) { r.body = append([]byte("\ufeff"), r.body...) }},

	// Looks that a careful client must refuse to read; the cancel happened all the same.
	"undeclared_gbk": {Course: unheard, bend: undeclaredGBK},
	"no_flag":        {Course: unheard, bend: replace(`<flag>[^<]*</flag>`, "")},
	"doctype":        {Course: unheard, bend: doctype},
	"oversize":       {Course: unheard, bend: oversize},
	"broken_xml":     {Course: unheard, bend: func(r *reply) { r.body = r.body[:len(r.body)*2/3] }},
	"empty_body":     {Course: unheard, bend: func(r *reply) { r.body = nil }},
	"not_xml":        {Course: unheard, bend: func(r *reply) { r.contentType, r.body = "text/plain", []byte("OK") }},
	"json":           {Course: unheard, bend: asJSON},
	"gzip":           {Course: unheard, bend: compressed},

	// Things the WMS, or its sister products, say instead of doing it.
	"noop": {Course: say(warehouse.Decision{
		Outcome: warehouse.OutcomeNotDone, Flag: warehouse.FlagSuccess, Text: warehouse.TextNoop,
	})},
	"not_deployed": {Course: say(warehouse.Decision{
		Outcome: warehouse.OutcomeNotDone, Flag: warehouse.FlagFailure, Code: codeMethod, Text: "接口未部署或暂不支持",
	})},
	"db_error": {Course: say(warehouse.Decision{
		Outcome: warehouse.OutcomeNotDone, Flag: warehouse.FlagFailure,
		Text: "Lock wait timeout exceeded; try restarting transaction",
	})},
	"race": {Course: say(warehouse.Decision{
		Outcome: warehouse.OutcomeNotDone, Flag: warehouse.FlagFailure, Text: "取消失败,请重试",
	})},
	"sub_code": {
		Course: say(warehouse.Decision{Outcome: warehouse.OutcomeNotDone, Flag: warehouse.FlagFailure, Code: "15"}),
		bend:   subCode,
	},
	"flag_error": {
		Course: say(warehouse.Decision{Outcome: warehouse.OutcomeNotDone, Flag: "error", Code: "-1", Text: "系统异常"}),
	},
}
