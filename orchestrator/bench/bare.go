package main

import (
	"context"
	"crypto/md5" //nolint:gosec // the vendor's signature
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// inFlight is what wmssvc allows itself at a sandbox.
const inFlight = 64

// bare is the least that can cancel orders: sign, post, read, look for success. It keeps nothing and knows nothing of
// bills; what it does in a second is what the machine and the WMS give.
type bare struct {
	client *http.Client
	url    string
	zone   *time.Location
}

func newBare(address string) bare {
	return bare{
		url: address, zone: time.FixedZone("Asia/Shanghai", 8*60*60),
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
			MaxIdleConns: inFlight, MaxIdleConnsPerHost: inFlight, DisableCompression: true,
		}},
	}
}

// cancel cancels all, as many at a time as ours, and answers how long it took.
func (b bare) cancel(ctx context.Context, keys []warehouse.Key) (time.Duration, error) {
	began := time.Now()
	var next atomic.Int64
	var group sync.WaitGroup
	faults := make([]error, inFlight)
	for worker := range inFlight {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(keys)) && faults[worker] == nil; i = next.Add(1) - 1 {
				faults[worker] = b.one(ctx, keys[i])
			}
		})
	}
	group.Wait()
	return time.Since(began), errors.Join(faults...)
}

func (b bare) one(ctx context.Context, key warehouse.Key) error {
	body := "<request><warehouseCode>" + key.WarehouseCode + "</warehouseCode><orderCode>" + key.OrderCode +
		"</orderCode><orderType>" +
		key.OrderType + "</orderType><cancelReason>金蝶作废 " + key.OrderCode + "</cancelReason></request>"
	stamp := time.Now().In(b.zone).Format(time.DateTime)
	// Every parameter and its value in order of their names, the body, the secret at both ends; spaces do not count.
	text := wsandbox.DemoSecret + "appkey" + wsandbox.DemoAppKey + "formatxmlmethod" + method + "sid" +
		wsandbox.DemoSID + "sign_methodmd5timestamp" +
		stamp + body + wsandbox.DemoSecret
	stripped := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(text)
	sum := md5.Sum([]byte(stripped)) //nolint:gosec // the vendor's signature
	query := url.Values{
		"appkey": {wsandbox.DemoAppKey}, "format": {"xml"}, "method": {method},
		"sid": {wsandbox.DemoSID}, "sign_method": {"md5"},
		"timestamp": {stamp}, "sign": {strings.ToUpper(hex.EncodeToString(sum[:]))},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"?"+query.Encode(), strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/xml; charset=utf-8")
	response, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !strings.Contains(string(reply), "<flag>success</flag>") {
		return fmt.Errorf("bare loop: cancel %s: %s: %s", key, response.Status, reply)
	}
	return nil
}

const method = "WDT_WMS_ORDER_CANCEL"
