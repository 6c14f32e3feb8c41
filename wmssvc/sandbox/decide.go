package sandbox

// decision is what the WMS makes of a cancel: its outcome, and the answer it would give.
type decision struct {
	outcome Outcome
	flag    string // success or failure
	code    string // empty: the personality's code for that flag
	text    string // without the dialect's prefix
}

const (
	flagSuccess = "success"
	flagFailure = "failure"
)

// Texts of the WMS. 单据不存在 and 超过每分钟最大调用频率限制 are the vendor's in a sister API
// (cunsheng/wangdiantong-api-qjb, a crawl of open.wangdian.cn); the rest is worded here, since no cancel answer of this
// WMS is public.
const (
	textCancelled    = "取消成功"
	textRepeat       = "单据已取消,不能重复取消"
	textNoop         = "消息接收成功,但未做什么操作"
	textWorking      = "单据作业中,不允许取消"
	textIntercepting = "单据作业中,拦截中"
	textPartly       = "单据已部分入库,不允许取消"
	textDone         = "单据已完成,不允许取消"
	textUnknown      = "单据不存在"
	textAmbiguous    = "存在多张符合条件的单据,请指定单据类型"
	textThrottled    = "超过每分钟最大调用频率限制"
)

func failure(o Outcome, text string) decision {
	return decision{outcome: o, flag: flagFailure, text: text}
}
func success(o Outcome, text string) decision {
	return decision{outcome: o, flag: flagSuccess, text: text}
}

// decide says what a cancel does to an order in this state. 待审核 and 已审核 can be cancelled and nothing else, by analogy
// with the vendor's wms.stockother.In.cancelOrder (open.wangdian.cn, 旗舰版); this WMS publishes no table.
func decide(o *Order, p *Personality) decision {
	switch o.State {
	case StatePending, StateApproved:
		if p.Approved == "promise" || o.Intercepting {
			return success(OutcomeIntercepting, p.PromiseText)
		}
		return success(OutcomeCancelled, textCancelled)
	case StateWorking:
		if p.Working == "intercept" || o.Intercepting {
			return decision{outcome: OutcomeIntercepting, flag: p.InterceptFlag, text: textIntercepting}
		}
		return failure(OutcomeRefused, textWorking)
	case StatePartlyReceived:
		return failure(OutcomeRefused, textPartly)
	case StateCancelled:
		switch p.RepeatCancel {
		case "success":
			return success(OutcomeAlready, textCancelled)
		case "noop":
			return success(OutcomeAlready, textNoop)
		}
		return failure(OutcomeAlready, textRepeat)
	}
	return failure(OutcomeRefused, textDone)
}

func decideUnknown(p *Personality) decision {
	if p.UnknownOrder == "success" {
		return success(OutcomeUnknown, textCancelled)
	}
	return failure(OutcomeUnknown, textUnknown)
}

// decideMismatch: the number exists, but what names the field that fits none of its orders.
func decideMismatch(what string, p *Personality) decision {
	if p.Mismatch == "not_found" {
		return failure(OutcomeMismatch, textUnknown)
	}
	return failure(OutcomeMismatch, what+"与单据不符")
}

// codeElement says what the code element holds, and whether there is one.
func (v decision) codeElement(p *Personality) (text string, present bool) {
	code := v.code
	if code == "" {
		switch v.flag {
		case flagSuccess:
			code = p.SuccessCode
		case flagFailure:
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

func (v decision) literalCode(p *Personality) string {
	code, _ := v.codeElement(p)
	return code
}

// message is the text as it is answered, behind what every text of the protocol begins with.
func (v decision) message(prefix string) string {
	if v.text == "" {
		return ""
	}
	return prefix + v.text
}
