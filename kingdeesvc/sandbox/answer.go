package sandbox

import (
	"bufio"
	"io"
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

// writeAnswer gives an answer as it was written down, with what every answer of the sandbox has around it.
func (s *Server) writeAnswer(w http.ResponseWriter, text string) {
	response, err := readAnswer(text)
	if err != nil {
		write(w, errorPage(http.StatusInternalServerError))
		return
	}
	defer func() { _ = response.Body.Close() }()
	for name, values := range response.Header {
		w.Header()[name] = append(w.Header()[name], values...)
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}
