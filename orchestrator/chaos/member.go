package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

const (
	// reachTime is how long a process may take to reach the point where it is to die; then it is killed wherever it is.
	reachTime = 6 * time.Second
	// againTime is waited before a start that failed is tried again: its database may be away.
	againTime = 300 * time.Millisecond
)

// member is one of our services: always the same settings and address, one process after another.
type member struct {
	name, role string
	settings   map[string]string
	log        *os.File
	// armed is the file that arms a named point.
	armed string

	// mu is held through each blow, so that one member suffers one at a time.
	mu sync.Mutex
	p  *install.Process
	// where is its last address, door its first.
	where, door atomic.Pointer[string]
	// deserted counts lives that ended without a blow.
	deserted int
	// begun is called with each life that began; differed counts those of an orchestrator whose file was not what had
	// been applied last.
	begun    func()
	differed int
}

// rest is where an orchestrator's REST is, now or in its last life.
func (m *member) rest() string { return *m.where.Load() }

// grpc is where an orchestrator's gRPC is, in the same way.
func (m *member) grpc() string { return *m.door.Load() }

// begin starts a life, again and again until it listens.
func (m *member) begin(ctx context.Context) error {
	for {
		p, err := install.StartProcess(ctx, m.role, m.settings, m.log)
		if err == nil {
			m.p = p
			if m.begun != nil {
				m.begun()
			}
			m.door.Store(&p.Addrs[0])
			m.where.Store(&p.Addrs[len(p.Addrs)-1])
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(againTime):
		}
	}
}

// dead is for the end of a life that nobody asked for.
func (m *member) dead() bool {
	select {
	case <-m.p.Ended():
		return true
	default:
		return false
	}
}

// kill ends it, lets it lie and starts the next life.
func (m *member) kill(ctx context.Context, down time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note()
	m.p.Kill()
	return m.again(ctx, down)
}

// killAt lets it die at a named point; reached is false when it did not come there in time and was killed where it was.
func (m *member) killAt(ctx context.Context, point crashpoint.Name, down time.Duration) (reached bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.note(); !m.dead() {
		if err := os.WriteFile(m.armed+".new", []byte(point), 0o600); err != nil {
			return false, err
		}
		if err := os.Rename(m.armed+".new", m.armed); err != nil {
			return false, err
		}
		select {
		case <-m.p.Ended():
		case <-time.After(reachTime):
		case <-ctx.Done():
		}
		// Disarmed by us, or taken by the one who died of it.
		reached = errors.Is(os.Remove(m.armed), os.ErrNotExist)
		m.p.Kill()
	}
	return reached, m.again(ctx, down)
}

// freeze stops it and lets it go on, as a host that is suspended.
func (m *member) freeze(ctx context.Context, down time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.note()
	if m.dead() {
		return m.begin(ctx)
	}
	if err := syscall.Kill(m.p.PID(), syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze %s: %w", m.name, err)
	}
	wait(ctx, down)
	if err := syscall.Kill(m.p.PID(), syscall.SIGCONT); err != nil {
		return fmt.Errorf("thaw %s: %w", m.name, err)
	}
	return nil
}

func (m *member) again(ctx context.Context, down time.Duration) error {
	wait(ctx, down)
	return m.begin(ctx)
}

// note counts a life that ended by itself.
func (m *member) note() {
	if m.dead() {
		m.deserted++
	}
}

// alive starts it if it ended by itself.
func (m *member) alive(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead() {
		return nil
	}
	m.deserted++
	return m.begin(ctx)
}

// end asks it to stop.
func (m *member) end(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p.Stop(ctx)
}

// abandon kills it if it still runs.
func (m *member) abandon() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.p != nil {
		m.p.Kill()
	}
	_ = m.log.Close()
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
