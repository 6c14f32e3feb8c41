package revision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// DiffBills answers where the requests for one page of stored bills, those behind the bill after and at most limit,
// would differ from those of the newest revision. It reads the ledger only. ledger.ErrNotFound when there is no such
// scheme, ledger.ErrNoRevision when it has no such revision. fault is what is wrong with the document.
func DiffBills(
	ctx context.Context, db ledger.Reads, order ledger.BillDiffOrder, after int64, limit int,
) (found ledger.BillDiff, fault, err error) {
	before, err := load(ctx, db, order.Scheme, 0)
	if err != nil {
		return found, nil, err
	}
	var other *scheme.Scheme
	if order.Revision > 0 {
		other, err = load(ctx, db, order.Scheme, order.Revision)
	} else {
		other, fault = inDocument(order.Document, order.Scheme)
	}
	if err != nil || fault != nil {
		return found, fault, err
	}
	if other, err = withEras(ctx, db, order, before, other); err != nil {
		return found, nil, err
	}
	bills, err := query.StoredBills(ctx, db, order.Scheme, order.From, order.To, after, limit+1)
	if err != nil {
		return found, nil, err
	}
	if len(bills) > limit {
		bills = bills[:limit]
		found.Last = bills[limit-1].Bill.ID
	}
	for _, bill := range bills {
		found.Bills++
		differences, same := compared(bill, before, other)
		found.Differences, found.Same = append(found.Differences, differences...), found.Same+same
		for _, d := range differences {
			if found.Counts == nil {
				found.Counts = map[ledger.MappingChange]int64{}
			}
			found.Counts[d.Change]++
		}
	}
	return found, nil, nil
}

// withEras is a scheme that is to follow the newest revision of its name, with the eras that it would have: those of
// the newest and, where it counts from now on, that of the newest itself.
func withEras(
	ctx context.Context, db ledger.Reads, order ledger.BillDiffOrder, newest, next *scheme.Scheme,
) (*scheme.Scheme, error) {
	earlier, err := query.EarlierOrders(ctx, db, order.Scheme)
	if err != nil {
		return nil, err
	}
	eras, err := intake.Eras(earlier)
	if err != nil {
		return nil, err
	}
	if order.Orders == ledger.OrdersFromNow {
		eras = append(eras, scheme.Era{Until: math.MaxInt, From: time.Now(), Orders: newest})
	}
	return next.WithEras(eras), nil
}

// inDocument finds a scheme in the text of a schemes file.
func inDocument(document, name string) (*scheme.Scheme, error) {
	schemes, err := scheme.Load([]byte(document), "document")
	if err != nil {
		return nil, err
	}
	for _, s := range schemes {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", errNotNamed, name)
}

// spot is where an order of a bill comes from.
type spot struct{ order, warehouse string }

// compared says for which orders of one bill two mappings make different requests, and for how many they make the same.
func compared(
	bill ledger.StoredBill, before, after *scheme.Scheme,
) (differences []ledger.MappingDifference, same int64) {
	was, faultBefore := requestsOf(before, bill)
	is, faultAfter := requestsOf(after, bill)
	spots := maps.Clone(was)
	maps.Copy(spots, is)
	if len(spots) == 0 && (faultBefore != nil || faultAfter != nil) {
		spots = map[spot]scheme.OrderRequest{{}: {}}
	}
	for _, at := range slices.SortedFunc(maps.Keys(spots), func(a, b spot) int {
		return slices.Compare([]string{a.order, a.warehouse}, []string{b.order, b.warehouse})
	}) {
		d := ledger.MappingDifference{
			BillID: bill.Bill.ID, BillNo: bill.Bill.Number, Generation: bill.Generation,
			OrderKind: at.order, Warehouse: at.warehouse,
		}
		d.Before, d.After = mapped(was, at), mapped(is, at)
		fault := errors.Join(faultBefore, faultAfter, was[at].Fault, is[at].Fault)
		switch {
		case alike(d.Before, d.After) && (fault == nil ||
			d.Before == nil && text(was[at].Fault) == text(is[at].Fault) && text(faultBefore) == text(faultAfter)):
			same++
			continue
		case fault != nil:
			d.Change, d.Fault = ledger.MappingFaulty, fault.Error()
		case d.Before == nil:
			d.Change = ledger.MappingAdded
		case d.After == nil:
			d.Change = ledger.MappingRemoved
		default:
			d.Change = ledger.MappingChanged
		}
		differences = append(differences, d)
	}
	return differences, same
}

func requestsOf(s *scheme.Scheme, bill ledger.StoredBill) (map[spot]scheme.OrderRequest, error) {
	requests, err := s.Requests(bill.Bill)
	found := map[spot]scheme.OrderRequest{}
	for _, request := range requests {
		found[spot{request.Order.Kind().String(), request.Order.Warehouse}] = request
	}
	return found, err
}

func mapped(requests map[spot]scheme.OrderRequest, at spot) *rule.Request {
	found, ok := requests[at]
	if !ok || found.Fault != nil {
		return nil
	}
	return &found.Request
}

func alike(a, b *rule.Request) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Account == b.Account && a.WarehouseCode == b.WarehouseCode && a.OrderCode == b.OrderCode &&
		a.OrderType == b.OrderType &&
		a.CancelReason == b.CancelReason && a.OwnerCode == b.OwnerCode && maps.Equal(a.ExtendProps, b.ExtendProps)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
