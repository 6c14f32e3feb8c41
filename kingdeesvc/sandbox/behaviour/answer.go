package behaviour

import (
	"bufio"
	"net/http"
	"strings"
)

// ReadAnswer reads a whole HTTP answer that somebody wrote down. Lines may end with or without a carriage return.
func ReadAnswer(text string) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
}

func isAnswer(text string) bool {
	response, err := ReadAnswer(text)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}
