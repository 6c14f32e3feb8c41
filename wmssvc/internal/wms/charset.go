package wms

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Faults of a reply whose characters cannot be told.
var (
	ErrCharset = errors.New("the answer declares a charset that is not decoded here")
	ErrNotText = errors.New("the answer's bytes do not fit its charset")
)

var utf8Mark = []byte("\xEF\xBB\xBF")

// decodeText answers the reply, without a mark before it, in UTF-8. The document's own declaration names the charset;
// without one the HTTP header does, and without that it is UTF-8.
func decodeText(raw []byte, contentType string) ([]byte, error) {
	label := declaredCharset(raw)
	if label == "" {
		label = headerCharset(contentType)
	}
	var from encoding.Encoding
	switch strings.ToLower(label) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		if !utf8.Valid(raw) {
			return nil, ErrNotText
		}
		return raw, nil
	case "gb18030", "gbk", "gb2312", "cp936", "x-gbk":
		// GB18030 is a superset of the older two.
		from = simplifiedchinese.GB18030
	case "iso-8859-1", "latin1", "windows-1252":
		from = charmap.Windows1252
	default:
		return nil, fmt.Errorf("%w: %q", ErrCharset, label)
	}
	text, err := from.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, fmt.Errorf("%w %q", ErrNotText, label)
	}
	return text, nil
}

// declaredCharset reads encoding="…" from an XML declaration at the very start.
func declaredCharset(raw []byte) string {
	if plainDeclaration(raw) != nil {
		return "utf-8"
	}
	if !bytes.HasPrefix(raw, documentStart) {
		return ""
	}
	end := bytes.Index(raw, []byte("?>"))
	if end < 0 {
		return ""
	}
	_, rest, found := bytes.Cut(raw[:end], []byte("encoding"))
	if !found {
		return ""
	}
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	label, _, closed := bytes.Cut(rest[1:], rest[:1])
	if !closed {
		return ""
	}
	return string(label)
}

func headerCharset(contentType string) string {
	if !strings.Contains(contentType, "charset") {
		return ""
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}
