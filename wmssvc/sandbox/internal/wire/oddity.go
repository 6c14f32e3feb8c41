package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

func code(value string) func(*behaviour.Personality) {
	return func(p *behaviour.Personality) { p.SuccessCode, p.FailureCode = value, value }
}

// flagOnly: only the flag, as one Qimen WMS's production log shows.
func flagOnly(p *behaviour.Personality) {
	code("absent")(p)
	p.TextElement, p.Declaration, p.LineEnds = "absent", "absent", "none"
}

func replace(pattern, with string) func(*reply) {
	re := regexp.MustCompile(pattern)
	return func(r *reply) { r.body = re.ReplaceAllLiteral(r.body, []byte(with)) }
}

func badGateway(r *reply) {
	r.status, r.contentType = http.StatusBadGateway, "text/html"
	r.body = []byte("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
		"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")
}

// redirect sends the client to the same address: one that follows it cancels by a request nobody decided on.
func redirect(r *reply) {
	r.status, r.body, r.location = http.StatusTemporaryRedirect, nil, r.target
}

func extraElements(r *reply) {
	r.insertBefore("</response>",
		"<sub_code></sub_code><request_id>sandbox</request_id><items><itemId>1</itemId></items>")
}

// subCode is how Qimen's generic envelope carries the cause, here a refused signature.
func subCode(r *reply) {
	r.insertBefore("</response>",
		"<sub_code>"+codeSign+"</sub_code><sub_message>Illegal request</sub_message><request_id>sandbox</request_id>")
}

// compressed answers as if compression had been asked for.
func compressed(r *reply) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(r.body) // a bytes.Buffer takes everything
	_ = w.Close()
	r.body, r.encoding = packed.Bytes(), "gzip"
}

func doctype(r *reply) {
	r.insertBefore("<response>", `<!DOCTYPE response [<!ENTITY x "x">]>`)
}

func oversize(r *reply) {
	r.insertBefore("</response>", "<content>"+string(bytes.Repeat([]byte("x"), 3<<19))+"</content>")
}

func (r *reply) insertBefore(mark, text string) {
	r.body = bytes.Replace(r.body, []byte(mark), []byte(text+mark), 1)
}

func declaredGBK(r *reply) {
	r.body = bytes.Replace(r.body, []byte(`encoding="utf-8"`), []byte(`encoding="GBK"`), 1)
	r.contentType = "text/xml;charset=GBK"
	undeclaredGBK(r)
}

func undeclaredGBK(r *reply) {
	if encoded, err := simplifiedchinese.GBK.NewEncoder().Bytes(r.body); err == nil {
		r.body = encoded // what GBK cannot hold stays as it was; the WMS's own texts all fit
	}
}

// asJSON answers as the vendor's newer lower-case methods do.
func asJSON(r *reply) {
	var fields struct {
		Flag    string `xml:"flag" json:"flag"`
		Code    string `xml:"code" json:"code"`
		Message string `xml:"message" json:"message"`
	}
	if xml.Unmarshal(r.body, &fields) != nil {
		return
	}
	if body, err := json.Marshal(fields); err == nil {
		r.contentType, r.body = "application/json", body
	}
}
