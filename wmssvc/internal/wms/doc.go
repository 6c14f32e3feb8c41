// Package wms speaks 旺店通WMS's cancel interface (WDT_WMS_ORDER_CANCEL), and the Qimen order.cancel it descends from, in
// the vendor's own vocabulary: it writes the XML body, signs it, sends it once and reads what came back.
//
// It promises that one Send is at most one HTTP request, that a request which it reports as not having left did not put
// a single byte on the wire, and that no secret shows in what it returns. What an answer means for a cancellation, how
// fast to go and whom to tell is left to others.
//
// Public sources for the protocol: the scheme page
// https://www.qeasy.cloud/solution-article/1273-jin-die-yun-xing-kong-yu-wang-dian-tong-wmsdui-jie-ji-cheng-tui-liao-shen-qing-cha-xun-lian-tong-qu-xiao-jie-kou-qu-xiao-jie-kou-wang-dian-tong-zu-zhuang-chai-xie-ru-ku,
// the vendor's pages below https://www.yuque.com/huice-wiki/bhxv6e, the working clients in the public
// repositories maodanltt/kdt (ApiService.java, HttpClientService.java) and tyiner/erp (BaiLuLocationService.php),
// and for Qimen https://developer.alibaba.com/docs/api.htm?apiId=26000.
package wms
