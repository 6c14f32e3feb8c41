// Package sample is a small order book for somebody who starts the sandbox alone.
package sample

import (
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Warehouses are the five warehouses of the sample, by code.
func Warehouses() map[string]string {
	return map[string]string{
		"CK001": "杭州中心仓", "CK002": "广州南沙仓", "CK003": "成都退货仓", "CK004": "天津冷链仓", "CK005": "上海加工仓",
	}
}

// Orders is a small book for somebody who starts the sandbox alone: the orders of forty assembly bills in five
// warehouses, in every state, inbound as QTRK and outbound as QTCK.
func Orders(now time.Time) []warehouse.Order {
	states := []warehouse.State{
		warehouse.StateApproved, warehouse.StatePending, warehouse.StateApproved, warehouse.StateWorking,
		warehouse.StatePartlyReceived, warehouse.StateApproved, warehouse.StateDone, warehouse.StateCancelled,
	}
	orders := make([]warehouse.Order, 0, 80)
	for i := range 40 {
		created := now.Add(-time.Duration(40-i) * 37 * time.Minute)
		number := fmt.Sprintf("ZZCX%06d", i+1)
		for nth, orderType := range []string{"QTRK", "QTCK"} {
			state := states[(i+3*nth)%len(states)]
			if orderType == "QTCK" && state == warehouse.StatePartlyReceived {
				state = warehouse.StateWorking
			}
			orders = append(orders, warehouse.Order{
				Key: warehouse.Key{
					WarehouseCode: fmt.Sprintf("CK%03d", (i+nth)%5+1), OrderCode: number, OrderType: orderType,
				},
				OwnerCode: []string{"HZ01", "GZ01"}[i%2],
				State:     state,
				CreatedAt: created,
			})
		}
	}
	return orders
}
