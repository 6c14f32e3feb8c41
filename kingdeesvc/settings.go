package kingdeesvc

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings reads the environment and collects what is wrong with it.
type settings struct {
	getenv   func(string) string
	problems []error
	// named are secrets whose fault was told, so that it is not told again as their being missing.
	named map[string]bool
}

func (s *settings) problem(name, text string) {
	s.problems = append(s.problems, fmt.Errorf("%s: %s", name, text))
}

func (s *settings) text(name, otherwise string) string {
	if value := strings.TrimSpace(s.getenv(name)); value != "" {
		return value
	}
	return otherwise
}

func (s *settings) required(name string) string {
	value := s.text(name, "")
	if value == "" {
		s.problem(name, "missing")
	}
	return value
}

func (s *settings) number(name string, otherwise, least, most int) int {
	text := s.text(name, "")
	if text == "" {
		return otherwise
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		s.problem(name, fmt.Sprintf("want a whole number from %d to %d", least, most))
		return otherwise
	}
	return value
}

// choice is one of a few words; the first is the default.
func (s *settings) choice(name string, words ...string) string {
	value := s.text(name, words[0])
	if !slices.Contains(words, value) {
		s.problem(name, "want "+strings.Join(words, " or "))
		return words[0]
	}
	return value
}

// secret is the setting itself or what stands in the file that <NAME>_FILE names.
func (s *settings) secret(name string) Secret {
	value, file := s.getenv(name), s.text(name+"_FILE", "")
	if file == "" {
		return Secret(value)
	}
	fault := func(setting, text string) Secret {
		if s.named == nil {
			s.named = make(map[string]bool)
		}
		s.named[name] = true
		s.problem(setting, text)
		return ""
	}
	if value != "" {
		return fault(name, "given twice, also as "+name+"_FILE")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fault(name+"_FILE", err.Error())
	}
	if value = strings.TrimRight(string(content), "\r\n"); value == "" {
		return fault(name+"_FILE", file+" is empty")
	}
	return Secret(value)
}

// rate reads "5" or "5/s".
func (s *settings) rate(name string) float64 {
	text := s.text(name, "")
	if text == "" {
		return 0
	}
	value, err := strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64)
	if err != nil || value < 0.01 || value > 100000 {
		s.problem(name, "want requests a second, such as 5 or 0.5/s")
		return 0
	}
	return value
}

// loadZone takes an IANA name or a fixed offset such as +08:00.
func loadZone(name string) (*time.Location, error) {
	if len(name) == 6 && (name[0] == '+' || name[0] == '-') {
		if t, err := time.Parse("-07:00", name); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(name, offset), nil
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, errors.New("want an IANA name such as Asia/Shanghai, or an offset such as +08:00")
	}
	return zone, nil
}
