package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

func (s *Server) controlPersonality(*http.Request) (any, error) { return s.Personality(), nil }

// controlSetPersonality changes the switches that are named, and keeps the others.
func (s *Server) controlSetPersonality(r *http.Request) (any, error) {
	p := s.Personality()
	if err := decode(r, &p); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, errors.Join(errRequest, err)
	}
	s.SetPersonality(p)
	return p, nil
}

func (s *Server) controlFaults(*http.Request) (any, error) { return s.faultList(), nil }

func (s *Server) faultList() map[string]any {
	damage := []Damage{}
	if d := s.damage.Load(); d != nil {
		for _, x := range d.byBill {
			damage = append(damage, x)
		}
	}
	faults := s.Faults()
	if faults == nil {
		faults = []Fault{}
	}
	return map[string]any{"faults": faults, "damage": damage}
}

func (s *Server) controlAddFault(r *http.Request) (any, error) {
	var f Fault
	if err := decode(r, &f); err != nil {
		return nil, err
	}
	if err := s.AddFault(f); err != nil {
		return nil, errors.Join(errRequest, err)
	}
	return s.faultList(), nil
}

func (s *Server) controlClearFaults(*http.Request) (any, error) {
	s.ClearFaults()
	return s.faultList(), nil
}

func (s *Server) controlDamage(r *http.Request) (any, error) {
	var d Damage
	if err := decode(r, &d); err != nil {
		return nil, err
	}
	if err := s.Damage(d); err != nil {
		return nil, err
	}
	return s.faultList(), nil
}

func (s *Server) controlSessions(*http.Request) (any, error) {
	return map[string]any{"open": s.Sessions(), "calls": s.Calls()}, nil
}

func (s *Server) controlExpire(*http.Request) (any, error) {
	return map[string]int{"expired": s.ExpireSessions()}, nil
}

func (s *Server) controlCopy(*http.Request) (any, error) {
	s.Keep()
	return map[string]int{"bills": len(s.store.all())}, nil
}

func (s *Server) controlGoBack(*http.Request) (any, error) {
	if err := s.GoBack(); err != nil {
		return nil, err
	}
	return map[string]int{"bills": len(s.store.all())}, nil
}

func (s *Server) controlSampleDay(*http.Request) (any, error) { return SampleDay(), nil }

func (s *Server) controlPlay(r *http.Request) (any, error) {
	n, err := strconv.Atoi(r.PathValue("step"))
	steps := SampleDay()
	if err != nil || n < 1 || n > len(steps) {
		return nil, errors.Join(errRequest, fmt.Errorf("step is a number from 1 to %d", len(steps)))
	}
	return s.Play(r.Context(), steps[n-1])
}

// controlReset empties the sandbox, or fills it with the bills of a seed.
func (s *Server) controlReset(r *http.Request) (any, error) {
	var body struct {
		Seed uint64 `json:"seed"`
	}
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if err := s.Reset(r.Context(), body.Seed); err != nil {
		return nil, err
	}
	return map[string]int{"bills": len(s.store.all())}, nil
}
