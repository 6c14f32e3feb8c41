package sandbox

import (
	"maps"
	"slices"
)

// faultPlan says what a fault does to one request.
type faultPlan struct {
	commits bool               // the cancel happens as if nothing were wrong
	instead *decision          // if it does not commit: what the WMS says instead
	mute    bool               // the client is given no readable answer of the WMS
	late    bool               // the delay comes after the commit
	shape   func(*Personality) // this answer's looks
	bend    func(*reply)       // what happens to the finished answer
}

var noFault = faultPlan{commits: true}

// FaultKinds lists every fault, sorted.
func FaultKinds() []FaultKind { return allFaults }

var allFaults = slices.Sorted(maps.Keys(faultPlans))

// faultPlans: the broken connections and gateways first, then the odd answers. A looks-only oddity commits; one that
// replaces what the WMS says does not.
var faultPlans = map[FaultKind]faultPlan{
	FaultCommitThenDrop:       {commits: true, mute: true, bend: func(r *reply) { r.wire = wireDrop }},
	FaultDropBeforeCommit:     {mute: true, bend: func(r *reply) { r.wire = wireDrop }},
	FaultCommitThenCut:        {commits: true, mute: true, bend: func(r *reply) { r.wire = wireCut }},
	FaultBadGateway:           {mute: true, bend: badGateway},
	FaultCommitThenBadGateway: {commits: true, mute: true, bend: badGateway},
	FaultSlow:                 {commits: true},
	FaultSlowReply:            {commits: true, late: true},
	FaultThrottle:             {instead: &decision{outcome: OutcomeThrottled, flag: flagFailure, text: textThrottled}},
	"redirect":                {mute: true, bend: redirect},

	// Looks that public answers of this or a Qimen WMS have had.
	"msg_element":     {commits: true, shape: func(p *Personality) { p.TextElement = "msg" }},
	"empty_message":   {commits: true, bend: replace(`<message>[^<]*</message>`, "<message></message>")},
	"no_message":      {commits: true, shape: func(p *Personality) { p.TextElement = "absent" }},
	"no_code":         {commits: true, shape: code("absent")},
	"empty_code":      {commits: true, shape: code("empty")},
	"code_0000":       {commits: true, shape: code("0000")},
	"code_200":        {commits: true, shape: code("200")},
	"bare":            {commits: true, shape: flagOnly},
	"no_declaration":  {commits: true, shape: func(p *Personality) { p.Declaration, p.LineEnds = "absent", "none" }},
	"upper_charset":   {commits: true, shape: func(p *Personality) { p.Declaration = "upper" }},
	"text_plain":      {commits: true, bend: func(r *reply) { r.contentType = "plain/text" }},
	"extra_elements":  {commits: true, bend: extraElements},
	"declared_gbk":    {commits: true, bend: declaredGBK},
	"byte_order_mark": {commits: true, bend: func(r *reply) { r.body = append([]byte("\ufeff"), r.body...) }},

	// Looks that a careful client must refuse to read; the cancel happened all the same.
	"undeclared_gbk": {commits: true, mute: true, bend: undeclaredGBK},
	"no_flag":        {commits: true, mute: true, bend: replace(`<flag>[^<]*</flag>`, "")},
	"doctype":        {commits: true, mute: true, bend: doctype},
	"oversize":       {commits: true, mute: true, bend: oversize},
	"broken_xml":     {commits: true, mute: true, bend: func(r *reply) { r.body = r.body[:len(r.body)*2/3] }},
	"empty_body":     {commits: true, mute: true, bend: func(r *reply) { r.body = nil }},
	"not_xml":        {commits: true, mute: true, bend: func(r *reply) { r.contentType, r.body = "text/plain", []byte("OK") }},
	"json":           {commits: true, mute: true, bend: asJSON},
	"gzip":           {commits: true, mute: true, bend: compressed},

	// Things the WMS, or its sister products, say instead of doing it.
	"noop":         {instead: &decision{outcome: OutcomeNotDone, flag: flagSuccess, text: textNoop}},
	"not_deployed": {instead: &decision{outcome: OutcomeNotDone, flag: flagFailure, code: codeMethod, text: "接口未部署或暂不支持"}},
	"db_error":     {instead: &decision{outcome: OutcomeNotDone, flag: flagFailure, text: "Lock wait timeout exceeded; try restarting transaction"}},
	"race":         {instead: &decision{outcome: OutcomeNotDone, flag: flagFailure, text: "取消失败,请重试"}},
	"sub_code":     {instead: &decision{outcome: OutcomeNotDone, flag: flagFailure, code: "15"}, bend: subCode},
	"flag_error":   {instead: &decision{outcome: OutcomeNotDone, flag: "error", code: "-1", text: "系统异常"}},
}
