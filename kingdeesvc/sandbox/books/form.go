package books

import "slices"

// Forms of bill that the sandbox keeps.
const (
	AssembledApp = "STK_AssembledApp" // 组装拆卸单
	ReturnApp    = "PUR_MRAPP"        // 退料申请单
)

// form is what the flow of a bill needs to know of its form. What queries and View show of it stands in package form.
type form struct {
	id string
	// prefix begins the numbers that bills are given, billType is that of a bill made without one.
	prefix, billType string
	// kinds are the values of AffairType, the first that of a bill made without one; none: the form has no such field.
	kinds []string
	// closes: an audited bill may be closed 关闭.
	closes bool
	// partner is the key, in Bill.Extra, of whom goods are had from or sent to.
	partner string
	// ways are the directions of the goods, by kind of bill.
	ways map[string]ways
}

// ways are where the goods of lines and of component lines go; an empty one: the form has none of those.
type ways struct{ lines, components string }

// forms is a function's result and not a variable so that nobody can change it. The first is the form of a bill that
// is made without one.
func forms() []form {
	return []form{
		{
			id: AssembledApp, prefix: "ZZCX", billType: DefaultBillType, kinds: []string{Assembly, Dassembly},
			ways: map[string]ways{Assembly: {Inbound, Outbound}, Dassembly: {Outbound, Inbound}},
		},
		{
			id: ReturnApp, prefix: "TLSQ", billType: "TLSQD01_SYS", closes: true, partner: "FSUPPLIERID",
			ways: map[string]ways{"": {lines: Outbound}},
		},
	}
}

// formOf is the form of this id; false if there is none.
func formOf(id string) (form, bool) {
	all := forms()
	if at := slices.IndexFunc(all, func(f form) bool { return f.id == id }); at >= 0 {
		return all[at], true
	}
	return form{}, false
}
