package warehouse

import "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"

// fits says which field of the request keeps it from meaning this order; empty: it fits.
func (r *Request) fits(o *Order, match string) (misfit string) {
	ignoreWarehouse := match == "ignore_warehouse" || match == "code_only"
	ignoreType := match == "ignore_type" || match == "code_only" || (r.Key.OrderType == "" && !r.TypeRequired)
	anyWarehouse := r.AnyWarehouse != "" && r.Key.WarehouseCode == r.AnyWarehouse
	switch {
	case r.Key.WarehouseCode != o.WarehouseCode && !ignoreWarehouse && !anyWarehouse:
		return "仓库编码"
	case r.Key.OrderType != o.OrderType && !ignoreType:
		return "单据类型"
	case r.OwnerCode != "" && o.OwnerCode != "" && r.OwnerCode != o.OwnerCode:
		return "货主编码"
	case r.OrderID != "" && r.OrderID != o.WMSOrderID:
		return "仓储系统单据编码"
	}
	return ""
}

// find picks the order that a request means among those of its number: the one of exactly its key, else the only one
// that fits. A lenient WMS with several to choose from takes the first that is not cancelled yet, as lenient ones do.
func (r *Request) find(entries []*entry, p *behaviour.Personality) (*entry, Decision) {
	var fitting []*entry
	known, misfit := 0, ""
	for _, e := range entries {
		if e.truth.Order == nil {
			continue
		}
		known++
		m := r.fits(e.truth.Order, p.Match)
		if m != "" {
			misfit = m
			continue
		}
		if e.truth.Key == r.Key {
			return e, Decision{}
		}
		fitting = append(fitting, e)
	}
	switch {
	case known == 0:
		return nil, decideUnknown(p)
	case len(fitting) == 0:
		return nil, decideMismatch(misfit, p)
	case len(fitting) > 1 && p.Match == "strict":
		return nil, failure(OutcomeAmbiguous, textAmbiguous)
	}
	for _, e := range fitting {
		if e.truth.Order.State != StateCancelled {
			return e, Decision{}
		}
	}
	return fitting[0], Decision{}
}
