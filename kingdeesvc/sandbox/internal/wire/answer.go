package wire

import (
	"io"
	"net/http"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// writeAnswer gives an answer as it was written down, with what every answer of the sandbox has around it.
func (s *Face) writeAnswer(w http.ResponseWriter, text string) {
	response, err := behaviour.ReadAnswer(text)
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
