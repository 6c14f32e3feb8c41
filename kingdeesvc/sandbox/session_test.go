package sandbox_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

const (
	lostRows = `[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"FieldName":null,` +
		`"Message":"会话信息已丢失，请重新登录","DIndex":0}],"SuccessEntitys":[],"SuccessMessages":[],"MsgCode":1}}}]]`
	lostObject = `{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"FieldName":null,` +
		`"Message":"会话信息已丢失，请重新登录","DIndex":0}],"SuccessEntitys":[],"SuccessMessages":[],"MsgCode":1}}}`
)

func (b *bundle) view(id string) reply {
	b.Helper()
	return b.post(queryService+"View.common.kdsvc",
		`{"formid":"STK_AssembledApp","data":{"CreateOrgId":0,"Number":"","Id":"`+id+`","IsSortBySeq":"false"}}`,
		"kdservice-sessionid", b.session)
}

func TestALostSessionIsSaidInTheShapeOfTheCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lost := func(b *bundle) {
		b.Helper()
		require.Equal(b, lostRows, b.ask(map[string]any{"FieldKeys": "FID"}).body)
		require.Equal(b, lostObject, b.view("1").body)
	}
	b.rows("FID", "", "")

	b.clock.advance(19 * time.Minute)
	b.rows("FID", "", "") // a call renews it
	b.clock.advance(19 * time.Minute)
	b.rows("FID", "", "")
	b.clock.advance(20 * time.Minute)
	lost(b)

	b.session = b.login()
	require.Equal(t, 1, b.server.ExpireSessions())
	lost(b)

	b.session = b.login()
	require.Equal(t, "true", b.post(authService+"Logout.common.kdsvc", "{}", "kdservice-sessionid", b.session).body)
	lost(b)

	b.session = ""
	lost(b)
}

func TestASecondLoginMayThrowTheFirstOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.session
	b.login()
	b.rows("FID", "", "")
	b.server.SetPersonality(behaviour.Personality{OneSessionPerUser: true})
	b.session = b.login()
	b.rows("FID", "", "")
	b.session = first
	require.Equal(t, lostRows, b.ask(map[string]any{"FieldKeys": "FID"}).body)
	require.Equal(t, 1, b.server.Sessions())
}

func TestManyRequestsOnOneSessionAreAllAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			r, err := b.send(queryService+"ExecuteBillQuery.common.kdsvc",
				`{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FBillNo"}}`, "kdservice-sessionid", b.session)
			if err != nil || r.body != `[["A"]]` {
				t.Errorf("%v %s", err, r.body)
			}
		})
	}
	group.Wait()
}
