package wms

import (
	"bytes"
	"regexp"
)

// A PHP server puts things around a document that are not part of it: byte order marks, one for each file that was
// saved with one; blank lines before and behind its tags; the texts of warnings; a NUL of the C library below.

// phpNotice is a warning that PHP prints into its output, as a page or as a text (display_errors and html_errors,
// https://www.php.net/manual/en/errorfunc.configuration.php). After a fatal error nobody knows what else was not done:
// those are not read.
var phpNotice = regexp.MustCompile(`^(?:<br\s*/?>\s*)?(?:<b>)?(?:PHP )?(?:Warning|Notice|Deprecated|Strict ` +
	`Standards|User Warning|User Notice|User Deprecated)(?:</b>)?:` +
	`[^\r\n]+? on line (?:<b>)?\d+(?:</b>)?(?:<br\s*/?>)?`)

// maxNotices bounds how many warnings are left out at each end.
const maxNotices = 20

// trimDocument takes off what stands before and behind the document.
func trimDocument(raw []byte) []byte {
	raw = trimBlank(raw)
	for range maxNotices {
		if len(raw) == 0 || bytes.HasPrefix(raw, documentStart) || bytes.HasPrefix(raw, plainRoot) {
			break
		}
		notice := phpNotice.FindIndex(raw)
		if notice == nil {
			break
		}
		raw = trimBlank(raw[notice[1]:])
	}
	if end := bytes.LastIndexByte(raw, '>'); end == len(raw)-1 && !bytes.Contains(raw, noticeWord) {
		return raw
	}
	return trimNotices(raw)
}

var (
	documentStart = []byte("<?xml")
	noticeWord    = []byte(" on line ")
)

// trimNotices takes warnings off behind the end of the root element.
func trimNotices(raw []byte) []byte {
	for _, root := range []string{rootResponse, rootPlatform} {
		_, after, found := bytes.Cut(raw, []byte("</"+root+">"))
		if !found {
			continue
		}
		document := raw[:len(raw)-len(after)]
		for range maxNotices {
			after = trimBlank(after)
			notice := phpNotice.FindIndex(after)
			if notice == nil {
				break
			}
			after = after[notice[1]:]
		}
		if len(after) == 0 {
			return document
		}
	}
	return raw
}

// trimBlank takes off blanks, byte order marks and NULs at both ends.
func trimBlank(raw []byte) []byte {
	for {
		trimmed := bytes.Trim(raw, " \t\r\n\x00")
		trimmed = bytes.TrimSuffix(bytes.TrimPrefix(trimmed, utf8Mark), utf8Mark)
		if len(trimmed) == len(raw) {
			return raw
		}
		raw = trimmed
	}
}
