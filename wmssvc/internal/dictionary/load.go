package dictionary

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed default.yaml
var defaultFile []byte

// maxRetryAfter bounds what a dictionary may ask for; a longer pause is an outage that a person should declare.
const maxRetryAfter = time.Hour

type file struct {
	Version string      `yaml:"version"`
	Entries []yaml.Node `yaml:"entries"`
}

type fileEntry struct {
	Name string `yaml:"name"`
	// Source and See say where the words come from: for people, and for the tests of the embedded file.
	Source      string   `yaml:"source"`
	See         []string `yaml:"see"`
	Flag        string   `yaml:"flag"`
	Sentence    string   `yaml:"sentence"`
	Fault       string   `yaml:"fault"`
	Disposition string   `yaml:"disposition"`
	Recognised  *bool    `yaml:"recognised"`
	RetryAfter  string   `yaml:"retry_after"`
	Codes       []string `yaml:"codes"`
	Texts       []string `yaml:"texts"`
	Patterns    []string `yaml:"patterns"`
}

// Default is the embedded dictionary.
func Default() (*Dictionary, error) { return Extend(nil) }

// Extend puts the entries of a file of the same form before the embedded ones; an entry with the name of an embedded
// one replaces it. All that is wrong with the file is reported at once, each with its line.
func Extend(extension []byte) (*Dictionary, error) {
	base, err := parse(defaultFile)
	if err != nil {
		return nil, fmt.Errorf("embedded dictionary: %w", err)
	}
	if extension == nil {
		return build(base.version, base.entries), nil
	}
	more, err := parse(extension)
	if err != nil {
		return nil, err
	}
	taken := make(map[string]bool, len(more.entries))
	for _, e := range more.entries {
		taken[e.name] = true
	}
	entries := more.entries
	for i := range entries {
		entries[i].own = true
	}
	for _, e := range base.entries {
		if !taken[e.name] {
			entries = append(entries, e)
		}
	}
	sum := sha256.Sum256(extension)
	return build(base.version+"+"+more.version+"."+hex.EncodeToString(sum[:4]), entries), nil
}

func build(version string, entries []entry) *Dictionary {
	d := &Dictionary{version: version}
	for _, e := range entries {
		if e.onSuccess {
			d.success = append(d.success, e)
		}
		if e.onFault {
			d.failure = append(d.failure, e)
		}
		if e.onPlatform {
			d.platform = append(d.platform, e)
		}
	}
	d.prepare()
	return d
}

type parsed struct {
	version string
	entries []entry
}

func parse(content []byte) (parsed, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var f file
	if err := decoder.Decode(&f); err != nil {
		return parsed{}, fmt.Errorf("dictionary: %w", err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return parsed{}, errors.New("dictionary: more than one document")
	}
	out := parsed{version: f.Version}
	var problems []error
	if f.Version == "" {
		problems = append(problems, errors.New("dictionary: version is missing"))
	}
	seen := make(map[string]bool, len(f.Entries))
	for i := range f.Entries {
		e, err := parseEntry(&f.Entries[i])
		if err == nil && seen[e.name] {
			err = fmt.Errorf("a second entry named %q", e.name)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("dictionary line %d: %w", f.Entries[i].Line, err))
			continue
		}
		seen[e.name] = true
		out.entries = append(out.entries, e)
	}
	return out, errors.Join(problems...)
}

var entryKeys = map[string]bool{
	"name": true, "flag": true, "disposition": true, "recognised": true,
	"source": true, "see": true, "retry_after": true, "codes": true, "texts": true, "patterns": true,
	"sentence": true, "fault": true,
}

func parseEntry(node *yaml.Node) (entry, error) {
	var raw fileEntry
	if err := node.Decode(&raw); err != nil {
		return entry{}, err
	}
	var problems []error
	// KnownFields does not reach into nodes that are decoded later.
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i].Value; !entryKeys[key] {
			problems = append(problems, fmt.Errorf("unknown key %q", key))
		}
	}
	if raw.Name == "" {
		problems = append(problems, errors.New("name is missing"))
	}
	e := entry{
		name: raw.Name, meaning: Meaning{Disposition: Disposition(raw.Disposition), Recognised: true, Entry: raw.Name},
	}
	if raw.Recognised != nil {
		e.meaning.Recognised = *raw.Recognised
	}
	problems = append(problems, raw.checkSource(), e.setFlag(raw.Flag), e.setRetryAfter(raw.RetryAfter),
		e.setFault(raw.Fault), e.setSentence(raw.Sentence),
		e.check(raw.Source), e.setPatterns(raw), e.closeOnlyAsAWhole())
	if err := errors.Join(problems...); err != nil {
		return entry{}, err
	}
	return e, nil
}

func (f *fileEntry) checkSource() error {
	switch f.Source {
	case "", "analogy", "sandbox", "sentence":
		return nil
	case "public":
		if len(f.See) == 0 {
			return errors.New("source public wants see: where the words are on record")
		}
		return nil
	default:
		return fmt.Errorf("source %q is none of public, sandbox, analogy, sentence", f.Source)
	}
}

func (e *entry) setFlag(flag string) error {
	switch flag {
	case "", "failure":
		e.onFault = true
	case "success":
		e.onSuccess = true
	case "any":
		e.onSuccess, e.onFault, e.onPlatform = true, true, true
	case "platform":
		e.onPlatform = true
	default:
		return fmt.Errorf("flag %q is none of success, failure, any, platform", flag)
	}
	return nil
}

func (e *entry) setRetryAfter(text string) error {
	switch {
	case text == "":
		return nil
	case e.meaning.Disposition != Throttled:
		return errors.New("retry_after belongs to throttled only")
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxRetryAfter {
		return fmt.Errorf("retry_after %q is not a duration up to %s, such as 5m", text, maxRetryAfter)
	}
	e.meaning.RetryAfter = d
	return nil
}

// setFault: an account that is refused is refused for its credentials unless the entry says that it is for its clock.
func (e *entry) setFault(text string) error {
	refused := e.meaning.Disposition == Auth
	switch fault := Fault(text); {
	case fault == NoFault && refused:
		e.meaning.Fault = Credentials
	case fault == NoFault:
	case !refused:
		return errors.New("fault belongs to auth only")
	case fault == Credentials || fault == Clock:
		e.meaning.Fault = fault
	default:
		return fmt.Errorf("fault %q is none of credentials, clock", text)
	}
	return nil
}

func (e *entry) setSentence(text string) error {
	switch e.sentence = Sentence(text); e.sentence {
	case "", SaysCancelled, SaysDone, SaysMissing:
		return nil
	}
	return fmt.Errorf("sentence %q is none of %s, %s, %s", text, SaysCancelled, SaysDone, SaysMissing)
}

// check holds disposition, kind of answer and recognition together: the flag comes first, so a failure is never a fresh
// cancel, and only the platform in front can vouch that it let nothing through.
func (e *entry) check(source string) error {
	switch e.meaning.Disposition {
	case Cancelled:
		if e.onFault || e.onPlatform {
			return errors.New("a failure cannot mean cancelled; already_cancelled can")
		}
	case NotSent:
		if e.onSuccess || e.onFault {
			return fmt.Errorf("disposition %q is never the meaning of a WMS's answer, only of the platform's before it",
				e.meaning.Disposition)
		}
	case AlreadyCancelled, InProgress, TooLate, NotFound, Rejected, Auth, Throttled, Unknown:
	default:
		return fmt.Errorf("disposition %q is not in the list", e.meaning.Disposition)
	}
	if !e.meaning.Recognised && e.meaning.Disposition != Rejected {
		return errors.New("recognised: false belongs to rejected only")
	}
	if source == "analogy" && e.closes() {
		return fmt.Errorf("a guess (source: analogy) never means %s: it would end an order", e.meaning.Disposition)
	}
	return nil
}

// closes says that the entry's meaning ends an order.
func (e *entry) closes() bool {
	return e.meaning.Disposition == Cancelled || e.meaning.Disposition == AlreadyCancelled
}

// closeOnlyAsAWhole makes the texts of an entry that ends an order whole ones: a text that merely contains such words
// may speak of something else, or deny it.
func (e *entry) closeOnlyAsAWhole() error {
	if !e.closes() {
		return nil
	}
	for _, text := range e.texts {
		e.whole = append(e.whole, wholeText(text))
	}
	e.texts = nil
	var problems []error
	for i, pattern := range e.patterns {
		whole, err := regexp.Compile(`^(?:` + vendorLead + `)*(?:` + pattern.String() + `)[,.;:!]*$`)
		problems = append(problems, err)
		e.patterns[i] = whole
	}
	return errors.Join(problems...)
}

func (e *entry) setPatterns(raw fileEntry) error {
	if len(raw.Codes)+len(raw.Texts)+len(raw.Patterns) == 0 && raw.Sentence == "" {
		return errors.New("none of codes, texts, patterns, sentence is given")
	}
	var problems []error
	for _, code := range raw.Codes {
		if strings.TrimSuffix(code, "*") == "" {
			problems = append(problems, errors.New("an empty code"))
		}
		e.codes = append(e.codes, code)
	}
	for _, text := range raw.Texts {
		folded := fold(text)
		if folded == "" {
			problems = append(problems, errors.New("an empty text would match every answer"))
		}
		e.texts = append(e.texts, folded)
	}
	for _, pattern := range raw.Patterns {
		compiled, err := regexp.Compile(pattern)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("pattern %q: %w", pattern, err))
		case compiled.MatchString(""):
			problems = append(problems, fmt.Errorf("pattern %q would match every answer", pattern))
		default:
			e.patterns = append(e.patterns, compiled)
		}
	}
	return errors.Join(problems...)
}
