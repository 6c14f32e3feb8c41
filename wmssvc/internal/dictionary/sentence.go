package dictionary

import (
	"regexp"
	"slices"
	"strings"
)

// Sentence is something that a text can say as a whole about the order that was asked for, and about nothing else: a subject that can
// only be this order, or none, then the statement, then at most what follows from it. Where a waybill, a refund, a line, the goods or
// the warehouse is the subject, or something stands in the text that is not known here, nothing was said. So an answer that would end
// an order is never taken from a word in it.
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

// prefix is how the vendor's answers begin; wrapper is the bare "the cancel failed" before its cause.
var (
	prefix  = regexp.MustCompile(`^((旺店通(wms)?|wms|奇门)返回(信息|消息|结果)?: ?)+`)
	wrapper = regexp.MustCompile(`^([\[(]*(单据|订单|出库单|入库单|加工单)?(号|编号)?:?[\[(]*C?[\])]*取消(单据|订单|出库单|入库单|加工单)?失败|取消不成功)` +
		`([,:;.!"-]+((失败)?(原因|错误)(是|为)?[:,]*)?|(失败)?原因(是|为)?[:,]*|[(\["])`)
	wrapperEnglish = regexp.MustCompile(`^(order )?cancel(l?ation)? (failed|failure)[:,.;-]* ?((reason|because)[:,]? ?)?`)
)

// maxSentence bounds a sentence in bytes. A longer text says more than one thing, and shall cost nothing to find that out.
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
	chinese := prefix.ReplaceAllString(letters(strings.ReplaceAll(marked, " ", "")), "")
	english := strings.TrimSpace(prefix.ReplaceAllString(letters(marked), ""))
	if s == SaysDone {
		return chinese == "" || g.done.MatchString(chinese) || inEnglish && g.doneEnglish.MatchString(english)
	}
	chinese = wrapper.ReplaceAllString(chinese, "")
	english = wrapperEnglish.ReplaceAllString(english, "")
	if s == SaysMissing {
		return inChinese && g.missing.MatchString(chinese) || inEnglish && g.missingEnglish.MatchString(english)
	}
	return (inChinese || inEnglish) && g.cancelled.MatchString(chinese) || inEnglish && g.cancelledEnglish.MatchString(english)
}

// letters writes the marks as the capital letters that the patterns below have for them; folded text has no capitals.
var marksAsLetters = strings.NewReplacer(string(markCode), "C", string(markWarehouse), "W", string(markType), "T", string(markTime), "D")

func letters(marked string) string { return marksAsLetters.Replace(marked) }

// grammar holds the sentences for one kind of order.
type grammar struct {
	cancelled, done, missing                      *regexp.Regexp
	cancelledEnglish, doneEnglish, missingEnglish *regexp.Regexp
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

// newGrammar puts the patterns together; C, W, T and D are the order's number, warehouse, type and a time.
func newGrammar(nouns string) *grammar {
	const (
		open, shut = `[\[("{<]*`, `[\])"}>]*`
		label      = `((仓库|仓)(编码|代码|编号)?|(单据|订单)?类型(编码|代码)?|(单据|订单|业务单)?(单号|编号|编码|号))?[:=]?`
		which      = `(该|此|本|当前|这张|这个|您的|你的)?(条|张|笔)?`
		number     = `(号码|单号|编号|编码|代码|号)?[:=#]?`
		end        = `[.!,;~\])"]*$`
	)
	noun := `(业务单据|业务单|单据|订单|单号|单子|单|order` + nouns + `)`
	code := open + `C` + shut + `([\[(](` + label + `[CWTD][,;/]?)+[\])])?`
	// The warehouse and the type may stand before the order, never alone: 仓库CK001已作废 is about the warehouse.
	before := `(` + label + open + `[WT]` + shut + `(仓库|仓)?(的|中|下|内)?[,;:/|-]?)*`
	order := `(` + open + `C` + shut + `[:,-]+)?` + before + which + `(` + noun + number + `(` + code + `)?|` + code + `)(的)?[,:]?`
	subject := `(` + order + `)?`

	already := `(当前|现在|目前|之前|此前)?(已经|已|早已|业已|早就|先前已)(被|由)?(仓库|系统|用户|客户|人工|商家|操作员)?((于|在)?D)?(成功)?`
	gone := already + `(取消|作废)(成功|过)?了?(状态)?`
	state := `(当前|目前)?(的)?(单据|订单)?状态(已经|已)?(是|为|变为|变更为|更新为|:)?` + open + `(已经|已|已被)(取消|作废)` + shut + `(状态)?了?` +
		`|(当前|目前)?(的)?(单据|订单)?状态(已经|已)?(是|为|:)` + open + `(取消|作废|cancell?ed)` + shut + `` +
		`|(当前|目前|现在)?(已经|已)?(是|为|处于|属于)` + open + `(已经|已|已被)(取消|作废)` + shut + `(的?状态|的?单据|的?订单|的)?` +
		`|(当前|目前|现在)?(已经|已)?(是|为|处于)` + open + `(取消|作废)` + shut + `状态了?`
	// What follows from it, as far as it says nothing else.
	forbids := `(不能|不可以?|不允许|无法|无需|无须|不需要?|不必|不用|请勿|禁止|不支持)`
	again := `(再次|再|重复|重新|多次|继续|进行|执行|做)*`
	follows := `([,;.!]*((因此|所以|故|请)?` + subject + forbids + again + `(取消|作废|操作|提交|处理|修改|变更|发货|出库|入库|收货)(操作|处理|请求|申请|该单|此单|单据|订单)?了?` +
		`|` + subject + `(重复|取消)(取消|失败)))*`
	trailing := `([,;:.]*((取消|作废)时间[:]?)?` + open + `D` + shut + `)?([,;:.]*` + number + code + `)?`

	lacks := `(不存在|未找到|没有?找到|找不到|查不到|未查到|查询不到|未查询到|没有?查询到|没有?查到|未能找到|无法找到)`
	within := `((在)?(系统|wms|旺店通|wms系统|仓库|本仓|W|系统里面)(中|内|里)?[,]?)?`
	maybe := `((或|或者|,或)(者)?(已经|已|已被)(取消|删除|作废))?`
	object := `(该|此|这个|对应的?|相应的?|指定的?|符合条件的?)?(的)?` + noun + `(信息|记录|数据)?` + number + `(` + code + `)?`
	afterwards := `([,;.!]*(取消失败|(请)?(检查|核实|核对|确认)(后再试|后重试|单号|编号)?|` + forbids + `(取消|操作)(该单|单据|订单)?))*`

	english := `(the |this |your )?(order|document|bill|doc)( (no|number|code|id))?[.:#]* ?(` + open + ` ?C ?` + shut + ` ?)?|` + open + `C` + shut + ` `
	cancelledWord := `(cancell?ed|voided)`
	return &grammar{
		cancelled: compile(`^` + open + subject + `(` + gone + `|` + state + `)` + trailing + follows + end),
		cancelledEnglish: compile(`^(((` + english + `)((has |had )(already )?been |(is|was) (already )?|(already )?)` + cancelledWord +
			`|(it )?((has |had )?already (been )?|(is|was) already |has been )` + cancelledWord + `)( before| already| earlier|( on| at)? ?D)?` +
			`|(` + english + `)(is |was )in (a |the )?` + cancelledWord + ` (status|state)|(the )?(order )?status( is|:) ?` + cancelledWord + `)` +
			`([,;.]? ?(and |it |the order )*(can ?not|cannot|can't|need not) (be )?(cancel|cancell?ed)( again| twice)?)?[.!]*$`),
		done: compile(`^(` + subject + `(已经|已)?(被)?(取消|作废)(` + object + `)?(操作)?(已经|已)?成功了?|` + subject + `(已经|已)?成功取消(` + object +
			`)?了?|(操作)?成功|ok|success(ful|fully)?|` + subject + `(` + gone + `|` + state + `))` + trailing + end),
		doneEnglish: compile(`^(ok|success(ful|fully)?|(the )?(order )?cancel(l?ation)?( order)? (is |was )?(ok|success|successful|successfully|succeeded|done)|(` + english +
			`)((has |had )?been |is |was )?` + cancelledWord + `( successfully)?|(successfully )?` + cancelledWord + `( successfully)?)[.!]*$`),
		missing: compile(`^` + open + `(` + order + `(在)?` + within + lacks + maybe + `|` + within + `(查无|无|没有|不存在|` + lacks + `)` + object +
			`|` + order + within + `查无此单)` + trailing + afterwards + end),
		missingEnglish: compile(`^((` + english + `)((is |was )?(not found|missing|unknown)|does ?n[o']t exist|not exists?|does not exist)|no such (order|document)` +
			`|unknown (order|document)( ` + open + `C` + shut + `)?|(can ?not|cannot|could not|unable to) find (the |this )?(order|document)( (no|number|code))?[.:#]* ?(` + open + `C` + shut + `)?)[.!]*$`),
	}
}
