package sandbox

// faultPlan says what a fault does to one request.
type faultPlan struct {
	course
	late  bool               // the delay comes after the commit
	shape func(*Personality) // this answer's looks
	bend  func(*reply)       // what happens to the finished answer
}

// The courses that faults take.
var (
	done    = course{commits: true}             // done and answered
	unheard = course{commits: true, mute: true} // done, and nobody can read so
	dropped = course{mute: true}                // neither done nor answered
	noFault = faultPlan{course: done}
)

func say(v decision) course { return course{instead: &v} }

// faultPlans: the broken connections and gateways first, then the odd answers. A looks-only oddity commits; one that
// replaces what the WMS says does not.
var faultPlans = map[FaultKind]faultPlan{
	FaultCommitThenDrop:       {course: unheard, bend: func(r *reply) { r.wire = wireDrop }},
	FaultDropBeforeCommit:     {course: dropped, bend: func(r *reply) { r.wire = wireDrop }},
	FaultCommitThenCut:        {course: unheard, bend: func(r *reply) { r.wire = wireCut }},
	FaultBadGateway:           {course: dropped, bend: badGateway},
	FaultCommitThenBadGateway: {course: unheard, bend: badGateway},
	FaultSlow:                 {course: done},
	FaultSlowReply:            {course: done, late: true},
	FaultThrottle:             {course: say(decision{outcome: OutcomeThrottled, flag: flagFailure, text: textThrottled})},
	"redirect":                {course: dropped, bend: redirect},

	// Looks that public answers of this or a Qimen WMS have had.
	"msg_element":     {course: done, shape: func(p *Personality) { p.TextElement = "msg" }},
	"empty_message":   {course: done, bend: replace(`<message>[^<]*</message>`, "<message></message>")},
	"no_message":      {course: done, shape: func(p *Personality) { p.TextElement = "absent" }},
	"no_code":         {course: done, shape: code("absent")},
	"empty_code":      {course: done, shape: code("empty")},
	"code_0000":       {course: done, shape: code("0000")},
	"code_200":        {course: done, shape: code("200")},
	"bare":            {course: done, shape: flagOnly},
	"no_declaration":  {course: done, shape: func(p *Personality) { p.Declaration, p.LineEnds = "absent", "none" }},
	"upper_charset":   {course: done, shape: func(p *Personality) { p.Declaration = "upper" }},
	"text_plain":      {course: done, bend: func(r *reply) { r.contentType = "plain/text" }},
	"extra_elements":  {course: done, bend: extraElements},
	"declared_gbk":    {course: done, bend: declaredGBK},
	"byte_order_mark": {course: done, bend: func(r *reply) { r.body = append([]byte("\ufeff"), r.body...) }},

	// Looks that a careful client must refuse to read; the cancel happened all the same.
	"undeclared_gbk": {course: unheard, bend: undeclaredGBK},
	"no_flag":        {course: unheard, bend: replace(`<flag>[^<]*</flag>`, "")},
	"doctype":        {course: unheard, bend: doctype},
	"oversize":       {course: unheard, bend: oversize},
	"broken_xml":     {course: unheard, bend: func(r *reply) { r.body = r.body[:len(r.body)*2/3] }},
	"empty_body":     {course: unheard, bend: func(r *reply) { r.body = nil }},
	"not_xml":        {course: unheard, bend: func(r *reply) { r.contentType, r.body = "text/plain", []byte("OK") }},
	"json":           {course: unheard, bend: asJSON},
	"gzip":           {course: unheard, bend: compressed},

	// Things the WMS, or its sister products, say instead of doing it.
	"noop":         {course: say(decision{outcome: OutcomeNotDone, flag: flagSuccess, text: textNoop})},
	"not_deployed": {course: say(decision{outcome: OutcomeNotDone, flag: flagFailure, code: codeMethod, text: "接口未部署或暂不支持"})},
	"db_error":     {course: say(decision{outcome: OutcomeNotDone, flag: flagFailure, text: "Lock wait timeout exceeded; try restarting transaction"})},
	"race":         {course: say(decision{outcome: OutcomeNotDone, flag: flagFailure, text: "取消失败,请重试"})},
	"sub_code":     {course: say(decision{outcome: OutcomeNotDone, flag: flagFailure, code: "15"}), bend: subCode},
	"flag_error":   {course: say(decision{outcome: OutcomeNotDone, flag: "error", code: "-1", text: "系统异常"})},
}
