package dictionary

import (
	"regexp"
	"slices"
	"strings"
)

// Sentence is something that a text can say as a whole about the order that was asked for, and about nothing else: a
// subject that can only be this order, or none, then the statement, then at most what follows from it. Where a waybill,
// a refund, a line, the goods or the warehouse is the subject, or something stands in the text that is not known here,
// nothing was said. So an answer that would end an order is never taken from a word in it.
type Sentence string

// The sentences.
const (
	// SaysCancelled: this order is cancelled, and was before.
	SaysCancelled Sentence = "order_is_cancelled"
	// SaysDone: this request cancelled it.
	SaysDone Sentence = "cancel_succeeded"
	// SaysMissing: there is no such order.
	SaysMissing Sentence = "order_is_missing"
)

// prefix is how the vendor's answers begin, in its variants; lead is what else may stand before the cause of a failure.
// A success is never read behind a lead: 错误信息: alone is no success without words.
var (
	prefix = regexp.MustCompile(`^(` + vendorLead + `)+`)
	lead   = regexp.MustCompile(`^(` + vendorLead + `|\[?` + vendor +
		` ?(接口|系统)?(返回|提示|响应|反馈)的?(错误|失败|异常)(信息|消息|结果|原因|提示)?\]? ?[:-] ?` +
		`|(错误|失败|异常|报错|提示)(信息|消息|原因|提示|描述|内容)?(是|为)?: ?|error( message)?: ?)+`)
	wrapperEnglish = regexp.MustCompile(`^((the )?(order )?cancel(l?ation)? (failed|failure)|failed to cancel( (the ` +
		`|this )?order)?|duplicate cancel(l?ation)?)` +
		`[:,.;-]* ?((reason|because)[:,]? ?)?`)
)

// vendor is who answers, vendorLead how its answers begin. Without a mark behind it, only the bare 返回 counts: 返回消息已取消
// may be about a message.
const (
	vendor     = `(旺店通 ?(wms)?|wms|奇门)`
	vendorLead = `\[?` + vendor + ` ?(接口|系统)?(返回|提示|响应|反馈)的?(信息|消息|结果)?(\] ?[:-]?| ?[:-]) ?|\[` + vendor + `\] ?:? ?|` +
		vendor + `: ?|` +
		vendor + ` ?(接口|系统)?返回 ?`
)

// maxSentence bounds a sentence in bytes. A longer text says more than one thing, and shall cost nothing to
// find that out.
const maxSentence = 600

// says answers whether every text says it, and one of them at all.
func (s Sentence) says(texts []said, orderType string) bool {
	if len(texts) == 0 {
		return false
	}
	g := grammarOf(orderType)
	for _, text := range texts {
		if len(text.marked) > maxSentence || !g.says(s, text.marked) {
			return false
		}
	}
	return true
}

// words are what each sentence cannot do without, a cheap look before the grammar.
var words = map[Sentence]struct{ chinese, english []string }{
	SaysCancelled: {[]string{"取消", "作废"}, []string{"cancel", "voided"}},
	SaysDone:      {[]string{"成功", "取消", "作废"}, []string{"ok", "success", "cancel", "voided"}},
	SaysMissing:   {[]string{"不存在", "找", "查", "无", "没有"}, []string{"not", "no such", "unknown", "missing", "find"}},
}

func containsAny(text string, any []string) bool {
	return slices.ContainsFunc(any, func(word string) bool { return strings.Contains(text, word) })
}

func (g *grammar) says(s Sentence, marked string) bool {
	inChinese, inEnglish := containsAny(marked, words[s].chinese), containsAny(marked, words[s].english)
	if !inChinese && !inEnglish && s != SaysDone {
		return false
	}
	// A blank behind 失败 parts it from its cause: without it 取消失败单据 are documents that were not cancelled.
	chinese := letters(strings.ReplaceAll(strings.ReplaceAll(marked, "失败 ", "失败,"), " ", ""))
	english := letters(marked)
	if s == SaysDone {
		chinese, english = prefix.ReplaceAllString(chinese, ""), prefix.ReplaceAllString(english, "")
		return chinese == "" || g.done.MatchString(chinese) || inEnglish && g.doneEnglish.MatchString(english)
	}
	chinese = g.wrapper.ReplaceAllString(lead.ReplaceAllString(chinese, ""), "")
	english = wrapperEnglish.ReplaceAllString(lead.ReplaceAllString(english, ""), "")
	if s == SaysMissing {
		return inChinese && g.missing.MatchString(chinese) || inEnglish && g.missingEnglish.MatchString(english)
	}
	return (inChinese || inEnglish) && g.cancelled.MatchString(chinese) ||
		inEnglish && g.cancelledEnglish.MatchString(english)
}

// letters writes the marks as the capital letters that the patterns below have for them; folded text has no capitals.
var marksAsLetters = strings.NewReplacer(string(markCode), "C", string(markWarehouse), "W", string(markType), "T",
	string(markTime), "D")

func letters(marked string) string { return marksAsLetters.Replace(marked) }

// grammar holds the sentences for one kind of order.
type grammar struct {
	cancelled, done, missing                      *regexp.Regexp
	cancelledEnglish, doneEnglish, missingEnglish *regexp.Regexp
	// wrapper is "the cancel of this order failed" before its cause.
	wrapper *regexp.Regexp
}

// grammars are by the end of the order type: 出库单 is another document than an inbound order, and the other way round.
var grammars = map[string]*grammar{
	"":  newGrammar(``),
	"R": newGrammar(`|(其[他它]|采购|生产|调拨|退货|换货|销退|销售退货|普通|b2b)?入库(通知)?(单据|订单|单)|收货通知单`),
	"T": newGrammar(`|(其[他它]|退货|换货|销退|销售退货)?入库(通知)?(单据|订单|单)|(销售|销退)?退货(通知)?单|换货单`),
	"C": newGrammar(`|(其[他它]|生产|调拨|换货|补发|普通|一般交易|交易|销售|b2b)?(出库|发货)(通知)?(单据|订单|单)`),
	"G": newGrammar(`|(采购退货|采退)?出库(通知)?(单据|订单|单)|(采购退货|采退)单`),
	"J": newGrammar(`|(仓内)?加工(单据|单)|(组装|拆卸|组装拆卸)单`),
}

func grammarOf(orderType string) *grammar {
	switch {
	case orderType == "CNJG":
		return grammars["J"]
	case orderType == "CGTH":
		return grammars["G"]
	case orderType == "THRK" || orderType == "HHRK" || orderType == "XTRK":
		return grammars["T"]
	case strings.HasSuffix(orderType, "RK"):
		return grammars["R"]
	case strings.HasSuffix(orderType, "CK"):
		return grammars["C"]
	}
	return grammars[""]
}

// compile makes a pattern whose groups are not remembered: nobody asks for them, and they cost most of the time.
func compile(pattern string) *regexp.Regexp {
	var plain strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		plain.WriteByte(pattern[i])
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			plain.WriteByte(pattern[i])
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(' && pattern[i+1] != '?':
			plain.WriteString("?:")
		}
	}
	return regexp.MustCompile(plain.String())
}

// The parts that the sentences share.
const (
	open, shut = `[\[("{<]*`, `[\])"}>]*`
	// An ellipsis at the end is no end: what is cut off may turn the sentence round.
	end = `[!,;~\])"]*\.?[!,;~\])"]*$`
	// who are those whose cancelling the order ends it; a name in Chinese only behind what says that it is one.
	person = `(用户|操作员|操作人|管理员|员工|客服|仓管|仓管员|账号)`
	byWhom = `((被|由)?(仓库|系统|客户|人工|商家|` + person + `)?|(被|由)` + person + `?[a-z0-9_.@-]{2,32}|(被|由)` +
		person + `[\[("][a-z0-9_.@\p{Han}-]{1,32}[\])"])`
	signedBy = `([,;.]*` + open +
		`(操作人|操作员|取消人|作废人|操作用户|经办人)(为|是)?(:` + open + `([a-z0-9_.@-]{2,32}|\p{Han}{2,3})` + shut +
		`|[\[("]([a-z0-9_.@-]{2,32}|\p{Han}{2,3})[\])"]` + shut + `))?`
)

// newGrammar puts the patterns together; C, W, T and D are the order's number, warehouse, type and a time. nouns are
// what only this kind of order is called.
func newGrammar(nouns string) *grammar {
	noun := `(业务单据|业务单|单据|订单|单号|单子|单|order` + nouns + `)`
	subject, order := subjects(noun)
	gone, state := cancelledStates()
	g := &grammar{
		wrapper: compile(`^` + open + `(` + order + `)?取消(` + noun + `(号|编号)?)?:?(` + open + `C` + shut + `)?` +
			`(失败|不成功)([,:;.!"-]+((失败)?(原因|错误)(信息)?(是|为)?[:,]*)?|(失败)?原因(是|为)?[:,]*|[(\["])`),
	}
	trailing := `([,;:.]*((取消|作废|操作)?时间:?)?` + open + `D` + shut + `)?([,;:.]*` + number + code + `)?`
	who := signedBy + trailing
	g.cancelled = compile(`^` + open + subject + `(` + gone + `|` + state + `)` + trailing + who +
		followed(subject) + end)
	object := `(该|此|这个|对应的?|相应的?|指定的?|符合条件的?)?(的)?` + noun + `(信息|记录|数据)?` + number + `(` + code + `)?`
	g.done = compile(`^(` + subject + `(已经|已)?(被)?(取消|作废)(` + object + `)?(操作)?(已经|已)?成功了?|` + subject +
		`(已经|已)?成功取消(` + object +
		`)?了?|(操作)?成功|ok|success(ful|fully)?|` + subject + `(` + gone + `|` + state + `))` + trailing + end)
	g.missing = compile(missingSentence(noun, order, trailing))
	g.cancelledEnglish, g.doneEnglish, g.missingEnglish = englishSentences()
	return g
}

const (
	label  = `((仓库|仓)(编码|代码|编号)?|(单据|订单)?类型(编码|代码)?|(单据|订单|业务单)?(单号|编号|编码|号))?[:=]?`
	which  = `(该|此|本|当前|这张|这个|您的|你的)?(条|张|笔)?`
	number = `(号码|单号|编号|编码|代码|号)?(为|是)?[:=#]?`
	code   = open + `C([/,|]+C)?` + shut + `([\[(](` + label + `[CWTD][,;/]?)+[\])])?`
	// named is a label that only the order's own number has.
	named = `((外部|erp|业务|oms)?(单据|订单)?(单号|编号|编码|单据号|订单号|号码)|order ?_?(code|no|id))(为|是)?[:=#]?`
)

// subjects are the ways to speak of this order: subject may be nothing at all, order must name it.
func subjects(noun string) (subject, order string) {
	// The warehouse and the type may stand before the order, never alone: 仓库CK001已作废 is about the warehouse.
	before := `(` + label + open + `[WT]` + shut + `(仓库|仓)?(的|中|下|内)?[,;:/|-]?)*`
	numbered := `(` + noun + number + `|` + named + `)?` + code
	order = `(` + open + `D` + shut + `[,:]?)?(` + before + numbered + `[:,;-]+)?` + before + which +
		`(` + noun + number + `(` + code + `)?|` + code + `(` + noun + `)?|` + named + code + `(的` + which +
		noun + `)?)(的)?[,:]?`
	return `(` + order + `|` + open + `D` + shut + `[,:]?)?`, order
}

// cancelledStates are the statements that something is cancelled: by verb, and by its state.
func cancelledStates() (gone, state string) {
	already := `((于|在)D)?(当前|现在|目前|之前|此前)?(已经|已|早已|业已|早就|先前已)((于|在)?D)?` + byWhom + `((于|在)?D)?(成功)?`
	gone = already + `(取消|作废)(成功|过)?了?(状态)?`
	state = `(当前|目前)?(的)?(单据|订单)?状态(已经|已)?(是|为|变为|变更为|更新为)?:?` + open + `(已经|已|已被)(取消|作废)` + shut + `(状态)?了?` +
		`|(当前|目前)?(的)?(单据|订单)?状态(已经|已)?(是|为|:)+` + open + `(取消|作废|cancell?ed)` + shut + `` +
		`|(当前|目前|现在)?(已经|已)?(是|为|处于|属于)` + open + `(已经|已|已被)(取消|作废)` + shut + `(的?状态|的?单据|的?订单|的)?` +
		`|(当前|目前|现在)?(已经|已)?(是|为|处于)` + open + `(取消|作废)` + shut + `状态了?`
	return gone, state
}

const forbids = `(不能|不可以?|不允许|无法|无需|无须|不需要?|不必|不用|请勿|禁止|不支持)`

// followed is what follows from it, as far as it says nothing else.
func followed(subject string) string {
	again := `(再次|再|重复|重新|多次|继续|进行|执行|做)*`
	return `([,;.!]*((因此|所以|故|请)?` + subject + forbids + again +
		`(取消|作废|操作|提交|处理|修改|变更|发货|出库|入库|收货)(操作|处理|请求|申请|该单|此单|单据|订单)?了?` +
		`|` + subject + `(重复|取消)(取消|失败)))*`
}

// missingSentence says that there is no such order. The warehouse is where it is missing only with a word that says so:
// 单据仓库不存在 is about the warehouse. 无单号 and 没有订单号 are about the request, which gave none.
func missingSentence(noun, order, trailing string) string {
	lacks := `(不存在|未找到|没有?找到|找不到|查不到|未查到|查询不到|未查询到|没有?查询到|没有?查到|未能找到|无法找到)`
	systems := `(系统|wms系统|wms|旺店通|系统里面)`
	places := `(仓库|本仓|(仓库)?` + open + `W` + shut + `)`
	within := `((在)?(` + systems + `|` + places + `)(中|内|里)?[,]?)?`
	where := `(在?` + systems + `(中|内|里)?|在` + places + `(中|内|里)?|` + places + `(中|内|里))?,?`
	maybe := `((或|或者|,或)(者)?(已经|已|已被)(取消|删除|作废))?`
	such := `(该|此|这个|对应的?|相应的?|指定的?|符合条件的?)(的)?`
	documents := noun + `(信息|记录|数据)?`
	given := `(` + named + code + `的)`
	object := `(` + such + `|` + given + `)?(的)?` + documents + number + `(` + code + `)?`
	// 无 and 没有 say it of a document, or of a number that is named.
	owned := `(` + such + documents + number + `(` + code + `)?|` + given + documents + `|` + strings.Replace(documents,
		`|单号`, ``, 1) + `(` + number + code + `)?)`
	afterwards := `([,;.!]*(取消失败|(请)?(检查|核实|核对|确认)(后再试|后重试|单号|编号)?|` + forbids + `(取消|操作)(该单|单据|订单)?))*`
	return `^` + open + `(` + order + where + lacks + maybe + `|` + within + `((查无|不存在|` + lacks + `)` + object +
		`|(无|没有)` + owned + `)` +
		`|` + order + where + `查无此单)` + trailing + afterwards + end
}

// englishSentences are the same in English; apostrophes are folded to quotes.
func englishSentences() (cancelled, done, missing *regexp.Regexp) {
	quoted := open + ` ?C ?` + shut
	english := `(` + quoted +
		`[:,-]? )?(the |this |your )?(order|document|bill|doc)( ?(no|number|code|id))? ?[.:#]* ?(` + quoted + ` ?)?|` +
		quoted + ` `
	word := `(cancell?ed|voided)`
	by := `( by (the )?((user|operator) ` + open + `[a-z0-9_.@-]{2,32}` +
		shut + `|user|operator|admin|administrator|system|customer|warehouse))?`
	forbidden := `([,;.]? ?(and |it |the order )*((can ?not|cannot|can"t|need not) (be )?(cancel|cancell?ed)( again| ` +
		`twice)?|(please )?do(n"t| not) cancel (it )?again))*`
	cancelled = compile(`^(((` + english + `)((has |had )(already )?been |(is|was) (already )?|(already )?)` + word +
		`|(it )?((has |had )?already (been )?|(is|was) already |has been )` + word +
		`)( before| already| earlier|( on| at)? ?D)?` + by + `(( on| at)? ?D)?` +
		`|(` + english + `)(is |was )(already )?in (a |the )?` + word + ` (status|state)|((` + english +
		`)|(the )?(order )?)status( is|:) ?` + word + `)` +
		forbidden + `[!]*\.?[!]*$`)
	done = compile(`^(ok|success(ful|fully)?|(the )?(order )?cancel(l?ation)?( order)? (is |was ` +
		`)?(ok|success|successful|successfully|succeeded|done)|(` + english +
		`)((has |had )?been |is |was )?` + word + `( successfully)?|(successfully )?` +
		word + `( successfully)?)[!]*\.?[!]*$`)
	// "order no missing" is about the request.
	missing = compile(`^((` + english +
		`)((is |was )?(not found|unknown)|does ?n[o"]t exist|not exists?|does not exist)|no such (order|document)` +
		`|unknown (order|document)( ` + quoted + `)?|(can ?not|cannot|could not|unable to) find (the |this ` +
		`)?(order|document)( (no|number|code))? ?[.:#]* ?(` + quoted + `)?)[!]*\.?[!]*$`)
	return cancelled, done, missing
}
