package warehouse

import "strings"

// WdtTypes are the order types that 旺店通WMS lists for its own cancel.
func WdtTypes() map[string]bool {
	return typeSet("JYCK HHCK BFCK PTCK DBCK B2BCK QTCK CGTH SCCK SCRK CGRK DBRK QTRK B2BRK THRK HHRK")
}

// QimenTypes are those that 奇门 lists for order.cancel.
func QimenTypes() map[string]bool {
	return typeSet("JYCK HHCK BFCK PTCK DBCK B2BCK QTCK CGTH SCRK CGRK DBRK QTRK B2BRK THRK HHRK XTRK LYRK CCRK CNJG")
}

func typeSet(codes string) map[string]bool {
	set := map[string]bool{}
	for _, code := range strings.Fields(codes) {
		set[code] = true
	}
	return set
}

var ofWDT, ofQimen = WdtTypes(), QimenTypes()

// knownType says whether an order of this type can exist in the book at all, whatever the protocol that cancels it.
func knownType(code string) bool { return ofWDT[code] || ofQimen[code] }
