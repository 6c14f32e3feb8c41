package syncrun_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

const suspected = `select coalesce(string_agg(kind || ' ' || reason, ', '), '') from condition where end_time is null`

// hide takes the status of these bills away, as a lost field permission does.
func hide(b *runtest.Bench, ids ...int64) {
	for _, id := range ids {
		b.Books.Fresh(id, fmt.Sprint("A", id), "CK001")
		b.Books.Bills[id].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_UNSPECIFIED
	}
}

func TestEveryOneOfTheLastFiveBillsUndecodableIsPermissionSuspect(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(2 * time.Hour) // no run reads A1 any more
	b.Run()
	b.Later(time.Minute)
	hide(b, 2, 3, 4)
	b.Run()
	b.Later(time.Minute)
	b.Run()
	require.Empty(t, b.Text(suspected), "three, however often they are read")
	b.Later(time.Minute)
	hide(b, 5, 6)
	b.Run()
	require.Equal(t, "permission_suspect ALL_BILLS_UNDECODABLE", b.Text(suspected))
	require.Equal(t, "true", b.Text(`select (blocks_reading and blocks_sending and by_person)::text from condition`))
	require.Equal(t, "5", b.Text(`select count(*)::text from work_item where close_time is null`))
	standing, err := b.Store.Scheme(t.Context(), "assembly-void")
	require.NoError(t, err)
	require.True(t, standing.Stopped)

	// A person has looked: the five were broken each by itself, and are that person's work items.
	require.NoError(t, b.Acts().Resume(t.Context(), ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "five broken drafts",
	}))
	b.Later(time.Minute)
	b.Books.Fresh(7, "A7", "CK001")
	b.Run()
	require.Empty(t, b.Text(suspected))
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 7`))
}

func TestABillThatCanBeReadEndsTheRow(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	hide(b, 2, 3, 4)
	b.Run()
	b.Later(time.Minute)
	b.Books.Fresh(5, "A5", "CK001")
	hide(b, 6, 7)
	b.Run()
	require.Empty(t, b.Text(suspected))
}

// At 7 s an answer, asking for known bills once a minute took as much of a session as the runs themselves.
func TestASlowKingdeeIsAskedForKnownBillsMoreSeldom(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(2 * time.Hour) // no run reads A1 any more
	asked := func() int {
		before := len(b.Books.Asked)
		for range 10 {
			b.Later(time.Minute)
			b.Run()
		}
		return len(b.Books.Asked) - before
	}
	require.Equal(t, 10, asked(), "once a minute")
	e, _ := b.Job.Registry.Entry("assembly-void")
	pace := e.Pace
	pace.Saw(7 * time.Second)
	require.Equal(t, 3, asked(), "once in twenty answers")
	pace.Saw(120 * time.Second)
	require.Equal(t, 2, asked(), "once in five minutes")
}

const openItems = `select coalesce(string_agg(kind || ' ' || bill_no || ' ' || detail, '; ' order by bill_no), '')
	from work_item where close_time is null`

// Somebody's field permission, or a plug-in, empties the organisation of a bill that had one.
func TestABillThatLostItsOrganisationIsItsOwnTroubleAndOwesWhatItOwedOnceItIsBack(t *testing.T) {
	b := setupLiving(t)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "A2", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	b.Books.Bills[1].OrgNumber = ""
	b.Run()
	b.Later(time.Minute)
	b.Run()
	require.Equal(t, "2 WH-HZ01 open voided", b.cancellations(), "the other bill goes on")
	require.Equal(t, "bill_undecodable A1 stock organisation 库存组织: null or blank", b.Text(openItems))
	require.Equal(t, "需人工", b.Text(`select verdict from reporting.bill_verdict where bill_id = 1`))
	require.Equal(t, "100", b.Text(`select org from bill where bill_id = 1`), "what an earlier read showed")

	b.Later(time.Minute)
	b.Books.Bills[1].OrgNumber = "100"
	b.Run()
	require.Equal(t, "1 WH-HZ01 open voided; 2 WH-HZ01 open voided", b.cancellations())
	require.Empty(t, b.Text(openItems), "it closes by itself")
}

// Its order was cancelled and its void taken back: that it is live shows without an organisation, too.
func TestABillWithoutItsOrganisationIsSeenRestored(t *testing.T) {
	b := setupLiving(t)
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1 WH-HZ01 open voided", b.cancellations())
	b.Later(time.Minute)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Bills[1].OrgNumber = ""
	b.Run()
	require.Equal(t, "1 WH-HZ01 withdrawn voided", b.cancellations())
}

// Whether a bill that shows no organisation is one of those that the scheme names, nobody knows.
func TestWhereASchemeNamesOrganisationsABillWithoutOneIsUndecodable(t *testing.T) {
	b := setupWith(t, "organisations: []", `organisations: ["100"]`)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Void(1)
	b.Books.Fresh(2, "A2", "CK001")
	b.Books.Void(2)
	b.Books.Bills[1].OrgNumber, b.Books.Bills[2].OrgNumber = "", "200"
	b.Run()
	require.Empty(t, b.cancellations())
	require.Equal(t, "bill_undecodable A1 stock organisation 库存组织: null or blank", b.Text(openItems))
	require.Equal(t, "undecodable,not_selected", b.Text(`select string_agg(class, ',' order by bill_id) from bill`))
}

// A scheme that takes all bills has no use for the organisation of one that never had any.
func TestWhereASchemeNamesNoOrganisationsABillThatNeverHadOneIsTaken(t *testing.T) {
	b := setupLiving(t)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Bills[1].OrgNumber = ""
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1 WH-HZ01 open voided", b.cancellations())
	require.Empty(t, b.Text(openItems))
}

// The permission to see the organisation may be lost for all bills at once.
func TestFiveBillsInARowWithoutTheirOrganisationArePermissionSuspect(t *testing.T) {
	b := setupLiving(t)
	for id := int64(1); id <= 6; id++ {
		b.Books.Fresh(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Later(time.Minute)
	for id := int64(1); id <= 5; id++ {
		b.Books.Void(id)
		b.Books.Bills[id].OrgNumber = ""
	}
	b.Books.Bills[6].OrgNumber = ""
	b.Run()
	require.Equal(t, "permission_suspect ALL_BILLS_UNDECODABLE", b.Text(suspected))
	require.Empty(t, b.cancellations())
}
