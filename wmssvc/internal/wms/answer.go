package wms

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Answer is the vendor's reply, its texts unchanged. Only Flag decides; the rest is for the dictionary and for people.
type Answer struct {
	// Flag is success or failure in the specification.
	Flag string
	// Code may be absent, empty, 0, 0000, 200 or a word: it is never a number to us.
	Code string
	// Message is the text of the element message, or of msg, which the vendor's per-method tables call it.
	Message string
	// SubCode and SubMessage come with Qimen's generic envelope.
	SubCode    string
	SubMessage string
	// Platform says that the platform in front of the WMS answered in its stead (error_response). Such an answer
	// has no flag.
	Platform bool
}

// Faults of a reply that cannot be read as an answer.
var (
	ErrNoFlag     = errors.New("the answer has no flag")
	ErrDirective  = errors.New("the answer has a document type or entity declaration")
	ErrTwice      = errors.New("the answer says the same thing twice, differently")
	ErrRoot       = errors.New("the answer's root element is not response")
	ErrJSON       = errors.New("the answer is JSON; XML was asked for")
	ErrBrokenOff  = errors.New("the answer begins and breaks off")
	ErrEmpty      = errors.New("the answer is empty")
	ErrNested     = errors.New("the answer is nested too deeply, or has elements in its flag")
	ErrEncoding   = errors.New("the answer is compressed, though that was not accepted")
	ErrIncomplete = errors.New("the answer is cut short or has something behind its end")
)

const maxDepth = 64

// The roots of what is read: the WMS's answer, and the platform's in its stead.
const (
	rootResponse = "response"
	rootPlatform = "error_response"
)

// ParseAnswer reads a reply document. Unknown elements are ignored; a declared charset other than UTF-8 is decoded
// where we know it, and what a PHP server puts before and behind a document is left out. It refuses what a vendor's
// answer never needs: document types, entity declarations, a second root. Of JSON only the platform's
// error_response is read.
func ParseAnswer(raw []byte, contentType string) (Answer, error) {
	raw = trimDocument(raw)
	if len(raw) == 0 {
		return Answer{}, ErrEmpty
	}
	text, err := decodeText(raw, contentType)
	if err != nil {
		return Answer{}, err
	}
	if text[0] == '{' || text[0] == '[' {
		return platformJSON(text)
	}
	if answer, ok := plainAnswer(text); ok {
		return answer, nil
	}
	return parseText(text)
}

// parseText reads any document.
func parseText(text []byte) (Answer, error) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	// The text is UTF-8 by now, whatever its declaration still says.
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	return readAnswer(decoder)
}

// slots are the elements we read: the place of each, and whether it has been seen.
type slots struct {
	answer      Answer
	msg, subMsg string
	seen        [7]bool
}

// place answers where the text of the element belongs; nil for an element that we do not know.
func (s *slots) place(name string) (*string, error) {
	var at int
	var place *string
	switch name {
	case "flag":
		at, place = 0, &s.answer.Flag
	case "code":
		at, place = 1, &s.answer.Code
	case "message":
		at, place = 2, &s.answer.Message
	case "msg":
		at, place = 3, &s.msg
	case "sub_code":
		at, place = 4, &s.answer.SubCode
	case "sub_message":
		at, place = 5, &s.answer.SubMessage
	case "sub_msg":
		at, place = 6, &s.subMsg
	default:
		return nil, nil
	}
	if s.seen[at] {
		return nil, fmt.Errorf("%w: %s", ErrTwice, name)
	}
	s.seen[at] = true
	return place, nil
}

// finish applies what only the whole document can tell.
func (s *slots) finish() (Answer, error) {
	if s.answer.Message == "" {
		s.answer.Message = s.msg
	}
	if s.answer.SubMessage == "" {
		s.answer.SubMessage = s.subMsg
	}
	if s.answer.Platform {
		return platformAnswer(s.answer)
	}
	if s.answer.Flag == "" {
		return Answer{}, ErrNoFlag
	}
	return s.answer, nil
}

func readAnswer(decoder *xml.Decoder) (Answer, error) {
	var s slots
	var into *string // which element's text is being read
	var text []byte
	depth, roots := 0, 0
	take := func() {
		if into != nil {
			*into, into, text = string(text), nil, text[:0]
		}
	}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Answer{}, unreadable(err, roots > 0)
		}
		switch t := token.(type) {
		case xml.Directive:
			return Answer{}, ErrDirective
		case xml.StartElement:
			depth++
			if depth > maxDepth || depth > 2 && into == &s.answer.Flag {
				return Answer{}, ErrNested
			}
			take()
			switch {
			case depth == 1 && roots > 0:
				return Answer{}, ErrIncomplete
			case depth == 1 && t.Name.Local != rootResponse && t.Name.Local != rootPlatform:
				return Answer{}, ErrRoot
			case depth == 1:
				s.answer.Platform = t.Name.Local == rootPlatform
				roots++
			case depth == 2:
				if into, err = s.place(t.Name.Local); err != nil {
					return Answer{}, err
				}
			}
		case xml.EndElement:
			depth--
			take()
		case xml.CharData:
			if into != nil {
				text = append(text, t...)
			} else if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return Answer{}, ErrIncomplete
			}
		}
	}
	if roots == 0 {
		return Answer{}, ErrRoot
	}
	return s.finish()
}

// unreadable tells a document that breaks off after it began from one that is none.
func unreadable(err error, began bool) error {
	var syntax *xml.SyntaxError
	if began && errors.As(err, &syntax) && syntax.Msg == "unexpected EOF" {
		return fmt.Errorf("%w: %w", ErrBrokenOff, err)
	}
	return fmt.Errorf("read answer: %w", err)
}
