package rpc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A page token is the key of the last row shown, followed by a checksum over that key and the query it belongs to: all
// of the request but page_size and page_token. It is no secret and grants nothing; the checksum keeps a token from
// being used with another query, where it would silently skip rows.

const (
	defaultPageSize = 50
	tokenSumBytes   = 12
	tokenVersion    = "1"
)

// paged is a request for a list.
type paged interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

func pageSize(req paged) int {
	if req.GetPageSize() == 0 {
		return defaultPageSize
	}
	return int(req.GetPageSize())
}

// cut takes the row too many off a page and makes the token for what follows; an empty token means that nothing does.
func cut[T any](req paged, rows []T, size int, key func(T) string) ([]T, string) {
	if len(rows) <= size {
		return rows, ""
	}
	rows = rows[:size]
	return rows, pageToken(req, key(rows[size-1]))
}

// pageToken goes on after the given key.
func pageToken(req paged, last string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte(last), tokenSum(req, last)...))
}

// pageKey is the key after which the page begins; empty for the first page.
func pageKey(req paged) (string, error) {
	if req.GetPageToken() == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(req.GetPageToken())
	if err != nil || len(raw) <= tokenSumBytes || base64.RawURLEncoding.EncodeToString(raw) != req.GetPageToken() {
		// The decoder overlooks line breaks and stray bits at the end; we do not.
		return "", errPageToken
	}
	key, sum := string(raw[:len(raw)-tokenSumBytes]), raw[len(raw)-tokenSumBytes:]
	if subtle.ConstantTimeCompare(sum, tokenSum(req, key)) != 1 {
		return "", errPageToken
	}
	return key, nil
}

// pageNumber is pageKey for keys that are numbers; 0 for the first page.
func pageNumber(req paged) (int64, error) {
	key, err := pageKey(req)
	if err != nil || key == "" {
		return 0, err
	}
	number, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0, errPageToken
	}
	return number, nil
}

func tokenSum(req paged, key string) []byte {
	query := proto.Clone(req).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		query.Clear(query.Descriptor().Fields().ByName(name))
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(query.Interface())
	if err != nil {
		// Only text that is not UTF-8 gets here, and no such request passes validation.
		content = nil
	}
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(tokenVersion), []byte(query.Descriptor().FullName()), []byte(key), content} {
		sum.Write([]byte(strconv.Itoa(len(part)) + ":"))
		sum.Write(part)
	}
	return sum.Sum(nil)[:tokenSumBytes]
}
