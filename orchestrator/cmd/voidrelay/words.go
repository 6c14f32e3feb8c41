package main

import (
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func stateWords(s orchestratorv1.CancellationState) string {
	switch s {
	case orchestratorv1.CancellationState_CANCELLATION_STATE_PLANNED:
		return "待记账 planned"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_OPEN:
		return "待发送 open"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_HELD:
		return "待放行 held"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_DONE:
		return "已取消 done"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_NEEDS_ATTENTION:
		return "待人工 needs_attention"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_WITHDRAWN:
		return "已撤回 withdrawn"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_DRY_RUN:
		return "仅观察 dry_run"
	case orchestratorv1.CancellationState_CANCELLATION_STATE_CLOSED:
		return "已关闭 closed"
	}
	return s.String()
}

func modeWords(m orchestratorv1.SchemeMode) string {
	switch m {
	case orchestratorv1.SchemeMode_SCHEME_MODE_DRY_RUN:
		return "仅观察 dry_run"
	case orchestratorv1.SchemeMode_SCHEME_MODE_SEND:
		return "发送 send"
	}
	return m.String()
}

// order is how a warehouse order is written: warehouse/number/type.
func order(c *orchestratorv1.Cancellation) string {
	return c.GetWarehouseCode() + "/" + c.GetOrderCode() + "/" + c.GetOrderType()
}

// named is a number or code with what people call it, where that is known.
func named(code, name string) string {
	if name == "" {
		return code
	}
	return code + "（" + name + "）"
}
