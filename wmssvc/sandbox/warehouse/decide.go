package warehouse

import "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"

// Decision is what the WMS makes of a cancel: its outcome, and the answer it would give.
type Decision struct {
	Outcome Outcome
	Flag    string // success or failure
	Code    string // empty: the personality's code for that flag
	Text    string // without the dialect's prefix
}

// The two flags of an answer.
const (
	FlagSuccess = "success"
	FlagFailure = "failure"
)

// Texts of the WMS. 单据不存在 and 超过每分钟最大调用频率限制 are the vendor's in a sister API
// (cunsheng/wangdiantong-api-qjb, a crawl of open.wangdian.cn); the rest is worded here, since no cancel answer of this
// WMS is public.
const (
	textCancelled    = "取消成功"
	textRepeat       = "单据已取消,不能重复取消"
	TextNoop         = "消息接收成功,但未做什么操作"
	textWorking      = "单据作业中,不允许取消"
	textIntercepting = "单据作业中,拦截中"
	textPartly       = "单据已部分入库,不允许取消"
	textDone         = "单据已完成,不允许取消"
	textUnknown      = "单据不存在"
	textAmbiguous    = "存在多张符合条件的单据,请指定单据类型"
	TextThrottled    = "超过每分钟最大调用频率限制"
)

func failure(o Outcome, text string) Decision {
	return Decision{Outcome: o, Flag: FlagFailure, Text: text}
}
func success(o Outcome, text string) Decision {
	return Decision{Outcome: o, Flag: FlagSuccess, Text: text}
}

// decide says what a cancel does to an order in this state. 待审核 and 已审核 can be cancelled and nothing else, by analogy
// with the vendor's wms.stockother.In.cancelOrder (open.wangdian.cn, 旗舰版); this WMS publishes no table.
func decide(o *Order, p *behaviour.Personality) Decision {
	switch o.State {
	case StatePending, StateApproved:
		if p.Approved == "promise" || o.Intercepting {
			return success(OutcomeIntercepting, p.PromiseText)
		}
		return success(OutcomeCancelled, textCancelled)
	case StateWorking:
		if p.Working == "intercept" || o.Intercepting {
			return Decision{Outcome: OutcomeIntercepting, Flag: p.InterceptFlag, Text: textIntercepting}
		}
		return failure(OutcomeRefused, textWorking)
	case StatePartlyReceived:
		return failure(OutcomeRefused, textPartly)
	case StateCancelled:
		switch p.RepeatCancel {
		case "success":
			return success(OutcomeAlready, textCancelled)
		case "noop":
			return success(OutcomeAlready, TextNoop)
		}
		return failure(OutcomeAlready, textRepeat)
	}
	return failure(OutcomeRefused, textDone)
}

func decideUnknown(p *behaviour.Personality) Decision {
	if p.UnknownOrder == "success" {
		return success(OutcomeUnknown, textCancelled)
	}
	return failure(OutcomeUnknown, textUnknown)
}

// decideMismatch: the number exists, but what names the field that fits none of its orders.
func decideMismatch(what string, p *behaviour.Personality) Decision {
	if p.Mismatch == "not_found" {
		return failure(OutcomeMismatch, textUnknown)
	}
	return failure(OutcomeMismatch, what+"与单据不符")
}

// CodeElement says what the code element holds, and whether there is one.
func (v Decision) CodeElement(p *behaviour.Personality) (text string, present bool) {
	code := v.Code
	if code == "" {
		switch v.Flag {
		case FlagSuccess:
			code = p.SuccessCode
		case FlagFailure:
			code = p.FailureCode
		}
	}
	switch code {
	case "absent":
		return "", false
	case "empty":
		return "", true
	}
	return code, code != ""
}

func (v Decision) literalCode(p *behaviour.Personality) string {
	code, _ := v.CodeElement(p)
	return code
}

// Message is the text as it is answered, behind what every text of the protocol begins with.
func (v Decision) Message(prefix string) string {
	if v.Text == "" {
		return ""
	}
	return prefix + v.Text
}
