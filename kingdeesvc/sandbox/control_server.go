package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

func (s *API) controlPersonality(*http.Request) (any, error) { return s.Conduct.Personality(), nil }

// controlSetPersonality changes the switches that are named, and keeps the others.
func (s *API) controlSetPersonality(r *http.Request) (any, error) {
	p := s.Conduct.Personality()
	if err := decode(r, &p); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, errors.Join(errRequest, err)
	}
	s.Conduct.SetPersonality(p)
	return p, nil
}

func (s *API) controlFaults(*http.Request) (any, error) { return s.faultList(), nil }

func (s *API) faultList() map[string]any {
	damage := s.Conduct.damaged()
	if damage == nil {
		damage = []Damage{}
	}
	faults := s.Conduct.Faults()
	if faults == nil {
		faults = []Fault{}
	}
	return map[string]any{"faults": faults, "damage": damage}
}

func (s *API) controlAddFault(r *http.Request) (any, error) {
	var f Fault
	if err := decode(r, &f); err != nil {
		return nil, err
	}
	if err := s.Conduct.AddFault(f); err != nil {
		return nil, errors.Join(errRequest, err)
	}
	return s.faultList(), nil
}

func (s *API) controlClearFaults(*http.Request) (any, error) {
	s.Conduct.ClearFaults()
	return s.faultList(), nil
}

func (s *API) controlDamage(r *http.Request) (any, error) {
	var d Damage
	if err := decode(r, &d); err != nil {
		return nil, err
	}
	id, err := s.Clerk.resolve(d.Bill)
	if err != nil {
		return nil, err
	}
	s.Conduct.setDamage(id, d)
	return s.faultList(), nil
}

func (s *API) controlSessions(*http.Request) (any, error) {
	return map[string]any{"open": s.Face.Sessions(), "calls": s.Face.Calls()}, nil
}

func (s *API) controlExpire(*http.Request) (any, error) {
	return map[string]int{"expired": s.Face.ExpireSessions()}, nil
}

func (s *API) controlCopy(*http.Request) (any, error) {
	s.Store.keep()
	return map[string]int{"bills": len(s.Store.all())}, nil
}

func (s *API) controlGoBack(*http.Request) (any, error) {
	if err := s.Store.goBack(); err != nil {
		return nil, err
	}
	return map[string]int{"bills": len(s.Store.all())}, nil
}

func (s *API) controlSampleDay(*http.Request) (any, error) { return SampleDay(), nil }

func (s *API) controlPlay(r *http.Request) (any, error) {
	n, err := strconv.Atoi(r.PathValue("step"))
	steps := SampleDay()
	if err != nil || n < 1 || n > len(steps) {
		return nil, errors.Join(errRequest, fmt.Errorf("step is a number from 1 to %d", len(steps)))
	}
	return playStep(r.Context(), s.Clerk, steps[n-1])
}

// controlReset empties the sandbox, or fills it with the bills of a seed.
func (s *API) controlReset(r *http.Request) (any, error) {
	var body struct {
		Seed uint64 `json:"seed"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := s.Reset(r.Context(), body.Seed); err != nil {
		return nil, err
	}
	return map[string]int{"bills": len(s.Store.all())}, nil
}
