package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// maxFile bounds a file that a setting names: secrets and token lists are small, and a device file has no end.
const maxFile = 1 << 20

var (
	byteOrderMark = []byte("\uFEFF")
	// UTF-16 is what an old Windows editor saves as "Unicode".
	utf16Marks = [][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}}
)

// ReadFile reads a file that a setting names: at most 1 MiB, without the byte order mark that some editors write. Its
// errors name the file and never quote its content.
func ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > maxFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(content, mark) {
			return nil, fmt.Errorf("%s is UTF-16; save it as UTF-8", path)
		}
	}
	return bytes.TrimPrefix(content, byteOrderMark), nil
}

// ReadText is ReadFile for what must be text in UTF-8.
func ReadText(path string) (string, error) {
	content, err := ReadFile(path)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return "", fmt.Errorf("%s is not a UTF-8 text", path)
	}
	return string(content), nil
}

// ReadSecret reads a file that holds one secret, which has no line break; blanks around it are not a part of it.
func ReadSecret(path string) (Secret, error) {
	text, err := ReadText(path)
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", errors.New(path + " is empty")
	case strings.ContainsAny(text, "\r\n"):
		return "", errors.New(path + " has more than one line; a secret is one")
	}
	return Secret(text), nil
}
