package wire

import (
	"strconv"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// view answers View: one bill by Id or Number as nested objects with the names of
// the object model (BillNo, not FBillNo). MsgCode 10 means that it is gone.
func (s *Face) view(args, data arguments, p behaviour.Personality) ([]byte, error) {
	id := args.text("formid")
	if list, given, _ := args.positional(); given && len(list) > 1 {
		id = scalarText(list[0])
	}
	fields, err := s.form(id, p)
	if err != nil {
		return nil, err
	}
	key, number := data.text("id"), data.text("number")
	if key == "" && number == "" {
		return nil, &vendorError{behaviour.MsgParameter, "单据内码和编码不能同时为空"}
	}
	b := s.viewed(fields.FormID, key, number)
	switch {
	case b == nil:
		return nil, &vendorError{behaviour.MsgNoData, "未找到单据: " + key + number + "，数据不存在或已被删除"}
	case p.Hides(b):
		return nil, &vendorError{behaviour.MsgNoPermission, "您没有该数据的查看权限"}
	}
	return mustJSON(resultBody{resultInner{
		ResponseStatus: responseStatus{
			IsSuccess: true, Errors: []errorDetail{}, SuccessEntitys: []string{}, SuccessMessages: []string{},
		},
		Result: fields.Model(b),
	}}), nil
}

// viewed finds a bill of a form as a reader sees it now; the id wins over the number.
func (s *Face) viewed(form, id, number string) *books.Bill {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		n = 0
	}
	if b := s.Store.Seen(n, number, s.Now()); b != nil && b.Form == form {
		return b
	}
	return nil
}
