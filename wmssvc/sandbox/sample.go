package sandbox

import (
	"fmt"
	"time"
)

// SampleWarehouses are the five warehouses of the sample, by code.
func SampleWarehouses() map[string]string {
	return map[string]string{
		"CK001": "杭州中心仓", "CK002": "广州南沙仓", "CK003": "成都退货仓", "CK004": "天津冷链仓", "CK005": "上海加工仓",
	}
}

// SampleOrders is a small book for somebody who starts the sandbox alone: the orders of forty assembly bills in five
// warehouses, in every state, inbound as QTRK and outbound as QTCK.
func SampleOrders(now time.Time) []Order {
	states := []State{StateApproved, StatePending, StateApproved, StateWorking, StatePartlyReceived, StateApproved, StateDone, StateCancelled}
	orders := make([]Order, 0, 80)
	for i := range 40 {
		created := now.Add(-time.Duration(40-i) * 37 * time.Minute)
		number := fmt.Sprintf("ZZCX%06d", i+1)
		for nth, orderType := range []string{"QTRK", "QTCK"} {
			state := states[(i+3*nth)%len(states)]
			if orderType == "QTCK" && state == StatePartlyReceived {
				state = StateWorking
			}
			orders = append(orders, Order{
				Key:       Key{WarehouseCode: fmt.Sprintf("CK%03d", (i+nth)%5+1), OrderCode: number, OrderType: orderType},
				OwnerCode: []string{"HZ01", "GZ01"}[i%2],
				State:     state,
				CreatedAt: created,
			})
		}
	}
	return orders
}
