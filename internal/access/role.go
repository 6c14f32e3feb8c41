package access

import "fmt"

// Role is what a caller may do; each may do what the one before it may.
type Role int

// The roles. Whoever is in none may ask for health and nothing else.
const (
	// NoRole is a caller who is not known.
	NoRole Role = iota
	// Viewer 只读 reads: bills, cancellations, work items, schemes, runs, events.
	Viewer
	// Operator 操作员 settles what waits for a person, pauses and resumes, stops all, and asks for runs.
	Operator
	// Admin 管理员 changes what is sent from now on: schemes, modes, watermarks, what an answer means.
	Admin
)

var roleNames = map[Role]string{NoRole: "none", Viewer: "viewer", Operator: "operator", Admin: "admin"}

// String is the role's name, as the file of callers has it.
func (r Role) String() string { return roleNames[r] }

// ParseRole reads viewer, operator or admin.
func ParseRole(name string) (Role, error) {
	for role, text := range roleNames {
		if text == name && role != NoRole {
			return role, nil
		}
	}
	return NoRole, fmt.Errorf("%q is no role; the roles are viewer, operator and admin", name)
}

// Need says who may call a method: whoever has the role or a greater one or, where names are given, only who goes by
// one of them, whatever his role. One that says neither is for nobody.
type Need struct {
	Role  Role
	Names []string
	// Open needs nobody to be known, as health does.
	Open bool
}
