package wms

import (
	"cmp"
	"encoding/json"
	"errors"
)

// The platform below Qimen answers in the WMS's stead when it does not let a request through, or lost it on the way:
// error_response with code, msg, sub_code, sub_msg, in XML or JSON
// (http://blog.unvs.cn/archives/taobao-oauth-top-error-code.html is a copy of its table).

// errPlatform is a platform's answer that says nothing, or has a flag, which only the WMS gives.
var errPlatform = errors.New("the answer is an error_response without a code, or with a flag")

func platformAnswer(a Answer) (Answer, error) {
	if a.Flag != "" || a.Code == "" && a.SubCode == "" {
		return Answer{}, errPlatform
	}
	return a, nil
}

// platformJSON reads the platform's error_response and no other JSON. What only informs may be of any type.
func platformJSON(text []byte) (Answer, error) {
	var document struct {
		Flag     any `json:"flag"`
		Answer   any `json:"response"`
		Response *struct {
			Flag       any `json:"flag"`
			Code       any `json:"code"`
			Msg        any `json:"msg"`
			SubCode    any `json:"sub_code"`
			SubMsg     any `json:"sub_msg"`
			SubMessage any `json:"sub_message"`
			Message    any `json:"message"`
		} `json:"error_response"`
	}
	if json.Unmarshal(text, &document) != nil || document.Response == nil ||
		document.Flag != nil || document.Answer != nil {
		return Answer{}, ErrJSON
	}
	r := document.Response
	return platformAnswer(Answer{
		Platform: true, Flag: scalar(r.Flag), Code: scalar(r.Code),
		Message: cmp.Or(scalar(r.Msg), scalar(r.Message)), SubCode: scalar(r.SubCode),
		SubMessage: cmp.Or(scalar(r.SubMsg), scalar(r.SubMessage)),
	})
}

// scalar writes a code as it was meant, number or text.
func scalar(value any) string {
	if text, ok := value.(string); ok || value == nil {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}
