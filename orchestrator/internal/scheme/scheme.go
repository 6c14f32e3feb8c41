package scheme

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Scheme is one loaded scheme. Its fields are read, never changed.
type Scheme struct {
	// Name is unique in the file and what the scheme is known by for ever; Title is what people read.
	Name, Title string
	Form        string
	// DataCenter is the id of the Kingdee data centre 账套 that it reads; a login to another one stops it.
	DataCenter string
	// Keys are Kingdee's keys of columns that the form leaves open, by kingdeesvc's names; nil where none is given.
	Keys map[string]string
	// ClosedEnds: a closed 关闭 bill counts as voided.
	ClosedEnds bool
	// Organisations are the stock organisations by number; empty for all.
	Organisations []string
	// OrganisationNames are what people call stock organisations, by number.
	OrganisationNames map[string]string
	// NumberReuse is what becomes of a bill's number once its order was cancelled.
	NumberReuse rule.NumberReuse
	// SharedOrders: several bills make one order, which is cancelled once the last of them lets go.
	SharedOrders bool
	// Triggers are what it acts on, in the file's order.
	Triggers []rule.Trigger
	// ExtraBillFields and ExtraLineFields are further Kingdee keys that its expressions use, as bill.extra and
	// line.extra.
	ExtraBillFields, ExtraLineFields []string
	// EffectiveFrom is the cutover for bills never seen live, zero for the moment of the baseline.
	EffectiveFrom time.Time
	// VerifyAfter is how old the last look at a bill may be when its request is sent: 5 to 300 s.
	VerifyAfter time.Duration
	// SandboxOnly schemes never run on real vendors.
	SandboxOnly bool

	file                string
	node                *yaml.Node
	keys                map[string]*yaml.Node
	terms               map[rule.Trigger]rule.Terms
	selector            func(rule.Bill) (bool, error)
	orders              map[rule.OrderKind]mapping
	warehouses          map[string]Warehouse
	orderTypes          []string
	examples            []example
	incrementalInterval time.Duration
	dryRunOnly          bool
	safetyLimits        rule.SafetyLimits
	timing              rule.Timing
	intervals           intervals
	eras                []Era
}

// Warehouse is what the warehouse table says of a Kingdee warehouse.
type Warehouse struct {
	// Account is the configured WMS account, Code the WMS's own warehouse code.
	Account, Code string
	// Outside: left alone on purpose; its orders are not in the scheme. Account and Code are empty.
	Outside bool
	// Name is what people call it; empty where the scheme does not say.
	Name string
	// Since is from when on it counts; zero for the cutover that it gets when it is added.
	Since time.Time
}

// Warehouse looks a Kingdee warehouse number up. There is no fallback: what the table does not list is not ok.
func (s *Scheme) Warehouse(number string) (Warehouse, bool) {
	w, ok := s.warehouses[number]
	return w, ok
}

// Accounts are the WMS accounts that the warehouse table names, sorted.
func (s *Scheme) Accounts() []string {
	var accounts []string
	for _, w := range s.warehouses {
		if !w.Outside && !slices.Contains(accounts, w.Account) {
			accounts = append(accounts, w.Account)
		}
	}
	slices.Sort(accounts)
	return accounts
}

// BillForm is what the rules know of the form of the scheme's bills.
func (s *Scheme) BillForm() rule.Form {
	f, _ := form.Of(s.Form)
	return f
}

// Kinds are the order kinds that the scheme cancels, as its form lists them.
func (s *Scheme) Kinds() []rule.OrderKind {
	var kinds []rule.OrderKind
	for _, kind := range s.BillForm().OrderKinds() {
		if _, ok := s.orders[kind]; ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Lists says whether the scheme asks for such an order at all: it has the kind and the warehouse, and that is not
// outside.
func (s *Scheme) Lists(order rule.Order) bool {
	_, kind := s.orders[order.Kind()]
	warehouse, listed := s.warehouses[order.Warehouse]
	return kind && listed && !warehouse.Outside
}

// Policy is what the scheme says about deciding, with the cutover that is kept with its watermark and those of what was
// added later.
func (s *Scheme) Policy(cutover time.Time, cutovers rule.Cutovers) rule.Policy {
	p := rule.Policy{
		Cutover: cutover, Triggers: s.terms, Orgs: map[string]bool{}, Form: s.BillForm(),
		Orders: map[rule.OrderKind]rule.Source{}, Selector: s.selector, Cutovers: cutovers,
		SharedOrders: s.SharedOrders,
	}
	for _, org := range s.Organisations {
		p.Orgs[org] = true
	}
	for kind, m := range s.orders {
		p.Orders[kind] = m.source
	}
	return p
}

// Timing is how long it waits for what.
func (s *Scheme) Timing() rule.Timing { return s.timing }

// SafetyLimits are its limits for new cancellations.
func (s *Scheme) SafetyLimits() rule.SafetyLimits { return s.safetyLimits }
