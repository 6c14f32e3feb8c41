package sandbox

import (
	"bufio"
	"net/http"
	"strings"
)

// readAnswer reads a whole HTTP answer that somebody wrote down. Lines may end with or without a carriage return.
func readAnswer(text string) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
}

func isAnswer(text string) bool {
	response, err := readAnswer(text)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}
