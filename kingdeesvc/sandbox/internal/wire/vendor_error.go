package wire

import (
	"encoding/json"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

const sessionLostText = "会话信息已丢失，请重新登录"

// vendorError is a failure that Kingdee reports inside HTTP 200.
type vendorError struct {
	code behaviour.MsgCode
	text string
}

func (e *vendorError) Error() string { return e.text }

type responseStatus struct {
	ErrorCode       int               `json:"ErrorCode,omitempty"`
	IsSuccess       bool              `json:"IsSuccess"`
	Errors          []errorDetail     `json:"Errors"`
	SuccessEntitys  []string          `json:"SuccessEntitys"`
	SuccessMessages []string          `json:"SuccessMessages"`
	MsgCode         behaviour.MsgCode `json:"MsgCode"`
}

type errorDetail struct {
	FieldName *string `json:"FieldName"`
	Message   string  `json:"Message"`
	DIndex    int     `json:"DIndex"`
}

type resultBody struct {
	Result resultInner `json:"Result"`
}

type resultInner struct {
	ResponseStatus responseStatus `json:"ResponseStatus"`
	Result         any            `json:"Result,omitempty"`
}

func (e *vendorError) body() resultBody {
	return resultBody{resultInner{ResponseStatus: responseStatus{
		ErrorCode: 500, MsgCode: e.code,
		Errors:         []errorDetail{{Message: e.text}},
		SuccessEntitys: []string{}, SuccessMessages: []string{},
	}}}
}

// object is the shape of View, BillQuery and lost sessions there.
func (e *vendorError) object() []byte { return mustJSON(e.body()) }

// rows is the shape of ExecuteBillQuery: the error object as the one cell of the
// one row.
func (e *vendorError) rows() []byte { return mustJSON([][]resultBody{{e.body()}}) }

// mustJSON encodes what cannot fail to encode.
func mustJSON(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return body
}
