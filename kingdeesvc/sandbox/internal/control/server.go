package control

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

func (s *API) personality(*http.Request) (any, error) { return s.Conduct.Personality(), nil }

// setPersonality changes the switches that are named, and keeps the others.
func (s *API) setPersonality(r *http.Request) (any, error) {
	p := s.Conduct.Personality()
	if err := decode(r, &p); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, errors.Join(errRequest, err)
	}
	s.Conduct.SetPersonality(p)
	return p, nil
}

func (s *API) faults(*http.Request) (any, error) { return s.faultList(), nil }

func (s *API) faultList() map[string]any {
	damage := s.Conduct.Damaged()
	if damage == nil {
		damage = []behaviour.Damage{}
	}
	faults := s.Conduct.Faults()
	if faults == nil {
		faults = []behaviour.Fault{}
	}
	return map[string]any{"faults": faults, "damage": damage}
}

func (s *API) addFault(r *http.Request) (any, error) {
	var f behaviour.Fault
	if err := decode(r, &f); err != nil {
		return nil, err
	}
	if err := s.Conduct.AddFault(f); err != nil {
		return nil, errors.Join(errRequest, err)
	}
	return s.faultList(), nil
}

func (s *API) clearFaults(*http.Request) (any, error) {
	s.Conduct.ClearFaults()
	return s.faultList(), nil
}

func (s *API) damage(r *http.Request) (any, error) {
	var d behaviour.Damage
	if err := decode(r, &d); err != nil {
		return nil, err
	}
	id, err := s.Clerk.Resolve(d.Bill)
	if err != nil {
		return nil, err
	}
	s.Conduct.SetDamage(id, d)
	return s.faultList(), nil
}

func (s *API) sessions(*http.Request) (any, error) {
	return map[string]any{"open": s.Face.Sessions(), "calls": s.Face.Calls()}, nil
}

func (s *API) expire(*http.Request) (any, error) {
	return map[string]int{"expired": s.Face.ExpireSessions()}, nil
}

func (s *API) copy(*http.Request) (any, error) {
	s.Store.Keep()
	return map[string]int{"bills": len(s.Store.All())}, nil
}

func (s *API) goBack(*http.Request) (any, error) {
	if err := s.Store.GoBack(); err != nil {
		return nil, err
	}
	return map[string]int{"bills": len(s.Store.All())}, nil
}

func (s *API) sampleDay(*http.Request) (any, error) { return sample.Day(), nil }

func (s *API) play(r *http.Request) (any, error) {
	n, err := strconv.Atoi(r.PathValue("step"))
	steps := sample.Day()
	if err != nil || n < 1 || n > len(steps) {
		return nil, errors.Join(errRequest, fmt.Errorf("step is a number from 1 to %d", len(steps)))
	}
	return sample.Play(r.Context(), s.Clerk, steps[n-1])
}

// reset empties the sandbox, or fills it with the bills of a seed.
func (s *API) reset(r *http.Request) (any, error) {
	var body struct {
		Seed uint64 `json:"seed"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := s.Reset(r.Context(), body.Seed); err != nil {
		return nil, err
	}
	return map[string]int{"bills": len(s.Store.All())}, nil
}
